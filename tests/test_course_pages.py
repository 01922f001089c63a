"""The data behind the book's map, reading paths and verdicts name what is there."""
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from docutils.nodes import make_id

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
from chapters import chapters_of, data, minutes, parts
from verdicts import DATA, VERDICTS

CHAPTERS = data()["chapters"]
ROWS = yaml.safe_load((ROOT / DATA).read_text(encoding="utf-8"))


def headings_of(name):
    cells = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {make_id(line) for line in re.findall(r"(?m)^#+ (.*)$", text)}


def test_every_notebook_is_a_chapter_in_the_order_of_the_contents():
    assert set(CHAPTERS) == {f"notebooks/{path.stem}" for path in ROOT.glob("notebooks/*.ipynb")}
    listed = [name for names in parts().values() for name in names]
    assert set(listed) == set(CHAPTERS)
    core = [name for name in listed if not name.endswith(("benchmarks", "coming_from"))]
    assert core == [name for name in CHAPTERS if name in core]


def test_a_chapter_needs_only_what_comes_before_it():
    names = list(CHAPTERS)
    for name, chapter in CHAPTERS.items():
        assert all(names.index(other) < names.index(name) for other in chapter["needs"]), name


@pytest.mark.parametrize("title", data()["paths"])
def test_a_path_goes_forwards(title):
    names = chapters_of(data()["paths"][title])
    for i, name in enumerate(names):
        assert (ROOT / f"{name}.ipynb").exists() or (ROOT / f"{name}.md").exists()
        assert not set(CHAPTERS.get(name, {"needs": ()})["needs"]) & set(names[i:])


def test_minutes_grow_with_words_and_figures_and_leave_exercises_apart():
    core, optional, exercises = minutes("notebooks/softmax_collapse")
    assert 10 <= core <= 40 and optional >= 5 and exercises >= 15
    assert minutes("notebooks/benchmarks")[1:] == (0, 0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["claim"][:40])
def test_a_verdict_has_a_place_in_the_book_and_a_source(row):
    assert set(row) == {"claim", "source", "ran", "verdict", "at"} and row["verdict"] in VERDICTS
    page, _, place = row["at"].partition("#")
    assert place in headings_of(page)
    notebook = (ROOT / f"notebooks/{page}.ipynb").read_text(encoding="utf-8")
    assert row["source"] in notebook, "the chapter does not cite the source of the claim"
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    assert re.search(rf"^@\w+\{{{row['source']},", bibliography, re.MULTILINE)

"""Pages of the book run once, in parallel, and again when what they are made of changes; failures say where."""
import re
import sys
from pathlib import Path

import nbformat
import pytest
from docutils import nodes, utils

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
import pages
from code_folds import join_folds
from exercise_forms import leave_code_out

from toolkit.live.page import keep_module

IMPORTS = """
import numpy as np
from toolkit.elementary import exp
from toolkit.live import Axis, Bars, Plot, Slider, live_figure

def figure(body):
    return live_figure(
        controls=[Slider("x", 0, 1, 0.5)], outputs={"y": 1}, caption="c",
        plot=Plot((Bars("y"),), x=Axis("x", (0, 2)), y=Axis("y", (0, 3))))(body)
"""
GOOD = "def grow(x, y):\n    y[0] = exp(x)\n\nfigure(grow)"


@pytest.fixture
def kept(monkeypatch, tmp_path):
    folder = tmp_path / "kept"
    monkeypatch.setattr(pages, "KEPT", folder)
    monkeypatch.setattr(pages, "SECONDS", folder / "seconds.json")
    return folder


def page_of(folder, *cells, name="page", words="Words."):
    made = [nbformat.v4.new_markdown_cell(words), *map(nbformat.v4.new_code_cell, cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), folder / f"{name}.ipynb")
    return pages.Page(folder / f"{name}.ipynb")


def test_pages_run_once_side_by_side(kept, tmp_path, capsys):
    first, second = page_of(tmp_path, IMPORTS, GOOD), page_of(tmp_path, "print(6 * 7)", name="other")
    pages.make([first, second], processes=2)
    said = capsys.readouterr().out
    assert "Running 2 pages in 2 processes." in said and "[2/2]" in said and "s left" in said
    shown = nbformat.read(first.executed, as_version=4).cells
    assert [cell.metadata for cell in shown] == [cell.metadata for cell in first.read().cells]  # jupyter-cache compares
    assert len(shown) == 3 and '<figure class="live-figure"' in shown[2].outputs[0].data["text/html"]
    assert first.module.read_text().startswith('<script type="application/json" id="live-module">')
    assert nbformat.read(second.executed, as_version=4).cells[1].outputs[0].text == "42\n"
    assert not second.module.read_text() and not list(kept.glob("*.partial"))

    second.executed.write_text("{}")
    pages.make([first, second])
    assert second.executed.read_text() == "{}" and not capsys.readouterr().out


@pytest.mark.parametrize("damage", [lambda text: "", lambda text: text[:-20], lambda text: "\udcff"])
def test_damaged_results_are_made_anew(kept, tmp_path, damage):
    kept.mkdir()
    page = page_of(tmp_path, "1")
    page.executed.write_text('{"cells": []}')
    keep_module(page.module, [])
    assert page.is_made
    for file in (page.executed, page.module.with_suffix(".kernels")):
        text = file.read_text()
        file.write_text(damage(text), errors="surrogateescape")
        assert not page.is_made
        file.write_text(text)
    page.module.write_text("other")
    assert not page.is_made


@pytest.mark.parametrize("cell, words", [
    ("def sorts(x, y):\n    y[0] = np.sort(y)[0]\n\nfigure(sorts)",
     ["kernel 'sorts' cannot run in WebAssembly", "page.ipynb, code cell 2", "line 2", "y[0] = np.sort(y)[0]",
      "np.sort"]),
    (GOOD + "\n\ndef grow(x, y):\n    y[0] = x\n\nfigure(grow)", ["page.ipynb", "two figures are named ['grow']"]),
    ("1 / 0", ["page.ipynb, code cell 2", "ZeroDivisionError"]),
])
def test_a_failure_says_where_and_why(kept, tmp_path, cell, words):
    page = page_of(tmp_path, IMPORTS, cell)
    with pytest.raises(pages.PageFailed) as failure:
        pages.make([page])
    assert not [word for word in words if word not in str(failure.value)], failure.value
    assert not page.is_made and not list(kept.glob("*.ipynb"))


def test_results_are_as_old_as_cells_modules_and_data_not_as_words(kept, tmp_path):
    code = "from toolkit.softmax import sparsemax"
    page = page_of(tmp_path, code)
    assert page_of(tmp_path, code, words="Other words.").key == page.key
    assert page_of(tmp_path, code + "\n").key != page.key
    assert pages.Page(page.source, data="other data").key != page.key


def test_only_the_modules_that_a_page_reaches_count(monkeypatch, tmp_path):
    page = page_of(tmp_path, "from toolkit.softmax import sparsemax")
    asked = []
    monkeypatch.setattr(pages, "_digest_of_file", lambda file: asked.append(file) or file.name)
    assert page.key
    names = {file.relative_to(ROOT / "toolkit").as_posix() for file in asked}
    assert {"softmax/_sparse_maps.py", "_core/emulated.py", "_core/sorting.py"} <= names
    assert not {name for name in names if name.split("/")[0] in ("losses", "training", "activations", "live")}


def test_exercises_count_where_they_are_checked():
    def chapters(code):
        return {file.stem for file in pages._files_behind(code) if file.match("exercises/[!_]*.py")}

    first = "from toolkit.course.exercises import check\n"
    assert not chapters(first)
    assert chapters(first + 'check("sparse.gap", answer)') == {"sparse_maps"}


def test_data_and_lock_count():
    paths = {path for pattern in pages.DATA for path in ROOT.glob(pattern)}
    assert ROOT / "requirements.lock" in paths
    assert any(path.suffix == ".npz" for path in paths)


def test_a_data_file_counts_where_it_is_named(tmp_path, monkeypatch):
    naming, other = page_of(tmp_path, 'open("kept.json")'), page_of(tmp_path, "1", name="other")
    data = tmp_path / "kept.json"
    keys = []
    monkeypatch.setattr(pages, "NAMED", ("kept.json",))
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "_files_behind", lambda code: [])
    for text in ("1", "2"):
        data.write_text(text)
        pages._digest_of_file.cache_clear()
        keys.append([pages.Page(page.source, "").key for page in (naming, other)])
    assert keys[0][0] != keys[1][0] and keys[0][1] == keys[1][1]
    names = {path.name for pattern in ("notebooks/data/*", "benchmarks/*.json") for path in ROOT.glob(pattern)}
    assert {"exp_binades.json", "results.json"} <= names


@pytest.mark.parametrize("page", pages.all_pages(), ids=lambda page: page.name)
def test_a_page_imports_what_is_installed(page):
    """Only the package is: its neighbours are found where a person happens to start Python."""
    for cell in page.cells:
        assert not re.search(r"^(?:from|import) (?:benchmarks|scripts|tests)\b", cell.source, re.MULTILINE), cell.source


def test_stale_results_are_removed(kept, tmp_path):
    kept.mkdir()
    old, other = kept / "page-0123.ipynb", kept / "page_two-0123.ipynb"
    for file in (old, other):
        file.write_text("")
    page_of(tmp_path, "1").forget_others()
    assert not old.exists() and other.exists()


def cell_of(code, *shown, **options):
    source = nodes.container("", nodes.literal_block(code, code), nb_element="cell_code_source")
    cell = nodes.container("", source, **options)
    cell += [nodes.container("", nodes.paragraph(text, text)) for text in shown]
    return cell


def test_hidden_code_without_output_is_folded_below_the_next_figure():
    hidden, page = {"hide_mode": "input"}, utils.new_document("page")
    page += [cell_of("imports", **hidden), cell_of("kernel", **hidden), cell_of("figure", "plot", **hidden),
             cell_of("alone", **hidden), nodes.paragraph("", "Words."), cell_of("shown"), cell_of("last", **hidden)]
    join_folds(None, page)
    assert [[part.astext() for part in cell] for cell in page] == [
        ["imports\n\nkernel\n\nfigure", "plot"], ["alone"], ["Words."], ["shown"], ["last"]]


def exercise_of(code, html):
    cell = nodes.container("", nb_element="cell_code")
    cell += nodes.container("", nodes.literal_block(code, code, language="python"), nb_element="cell_code_source")
    cell += nodes.container("", nodes.raw(html, html, format="html"), nb_element="cell_code_output")
    return cell


def test_beside_a_form_no_code_asks_for_an_answer():
    asks = 'answer = ...\ncheck("waits.rest", answer)'
    form, lab = '<form class="exercise">', '<p class="exercise exercise-lab">'
    page = utils.new_document("page")
    page += [exercise_of(f"from toolkit.course.exercises import check\n\n{asks}", form), exercise_of(asks, lab),
             exercise_of(f"rows = [\n    1,\n]\n\n{asks}", form), exercise_of(f"rows = 1\n\n{asks}", lab),
             exercise_of(asks, "<figure>")]
    leave_code_out(None, page)
    shown = [cell.astext().partition("<")[0].strip() for cell in page]
    assert shown == ["", "", "rows = [\n    1,\n]", f"rows = 1\n\n{asks}", asks]
    assert page[2][0][0]["language"] == "python"

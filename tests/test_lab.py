"""What `make lab` opens: copies with readable text and folded code, whose edits are never lost."""
import ast
import dis
import json
import re
import sys
from pathlib import Path
from types import CodeType

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "scripts"))
import lab
from fold import fold, is_folded_on_the_page
from plain_markdown import Chapter

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A folder of copies, as the first `make lab` makes them."""
    work = tmp_path_factory.mktemp("lab") / "work"
    lab.prepare(work)
    return work


@pytest.fixture(scope="module")
def sources():
    return lab.sources_of(ROOT / "book/references.bib")


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(cell):
    return "\n".join("" if line.startswith(("%", "!")) else line for line in "".join(cell["source"]).split("\n"))


def names_in(source, *operations):
    """Global names that a cell's code stores or loads."""
    found, left = set(), [compile(source, "", "exec")]
    while left:
        each = left.pop()
        found |= {step.argval for step in dis.get_instructions(each) if step.opname in operations}
        left += [part for part in each.co_consts if isinstance(part, CodeType)]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_that_the_book_folds_is_folded_in_jupyterlab(path):
    notebook = {"cells": cells_of(path)}
    assert any(map(is_folded_on_the_page, notebook["cells"]))
    assert not fold(notebook), "scripts/fold.py marks the cells"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_copy_runs_without_its_solutions(path, copies):
    notebook = nbformat.read(copies / path.name, as_version=4)
    nbformat.validate(notebook)
    solved, known, shown = set(), set(), "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for cell in cells_of(path):
        if "hide-cell" in cell["metadata"].get("tags", ()):
            solved |= names_in(code(cell), "STORE_NAME")
            assert f"```python\n{''.join(cell['source'])}\n```\n\n</details>" in shown
    for cell in notebook.cells:
        if cell.cell_type == "code":
            known |= names_in(code(cell), "STORE_NAME")
            assert not (solved - known) & names_in(code(cell), "LOAD_NAME", "LOAD_GLOBAL")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_text_of_a_copy_needs_no_myst(path, copies):
    texts = "\n".join(cell["source"] for cell in cells_of(copies / path.name) if cell["cell_type"] == "markdown")
    assert not re.findall(r"\{[a-z:]+\}`|(?:`{3}|:{3})\{|\]\([^)\s]*#[^)\s]*=|^\([\w-]+\)=", texts, re.MULTILINE)
    for call in re.findall(r"`(\w+\.show\(.*?\))`", texts):
        assert all(isinstance(ast.literal_eval(key.value), (str, float, int, list))
                   for key in ast.parse(call).body[0].value.keywords)
    for target in re.findall(r"\]\(([\w./-]+\.\w+)\)", texts):
        assert (ROOT / "notebooks" / target).exists()


def test_roles_boxes_and_links_in_plain_words(sources):
    cells = [{"cell_type": "code", "source": [
        '@live_figure(controls=[Choice("way", ("as it is", "a, b")), Slider("c", 0, 9, 1.0)], caption="")\n',
        "def shift(way, c): pass"]}]
    chapter = Chapter(cells, sources)
    assert chapter.plain("(here)=\nso {footcite}`higham1993accuracy,blanchard2021accurately`.") == (
        "so ([Higham, 1993](https://doi.org/10.1137/0914050);"
        " [Blanchard et al., 2021](https://doi.org/10.1093/imanum/draa038)).")
    assert chapter.plain("```{footbibliography}\n```").splitlines()[0] == (
        "- Higham (1993). *The accuracy of floating point summation*. SIAM Journal on Scientific Computing."
        " https://doi.org/10.1137/0914050")
    assert chapter.plain("Try [it](#shift.way=a%2C+b&shift.c=2), or [that](intro.ipynb#hero.x=1).") == (
        'Try it (`shift.show(way="a, b", c=2)`), or [that](intro.ipynb).')
    assert chapter.plain(":::{note} Why\n:class: x\nBecause\n{term}`the logit <logit>`.\n:::") == (
        "> **Why**\n>\n> Because\n> the logit.")


def test_edits_are_kept_and_new_chapters_are_told(tmp_path, sources):
    chapter, work, made = tmp_path / "a.ipynb", tmp_path / "work", {}
    work.mkdir()
    copy = work / "a.ipynb"

    def write(path, *texts, outputs=()):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text, outputs=list(outputs))
                                                   for text in texts])
        nbformat.write(notebook, path)

    def texts(path):
        return ["".join(cell["source"]) for cell in cells_of(path)]

    write(chapter, "1")
    assert lab.bring(chapter, work, made, sources) is None and texts(copy) == ["1"]
    write(copy, "1", outputs=[nbformat.v4.new_output("stream", text="1")])
    assert lab.bring(chapter, work, made, sources) is None and cells_of(copy)[0]["outputs"], "what has run stays"
    write(chapter, "2")
    assert lab.bring(chapter, work, made, sources) is None and texts(copy) == ["2"], "not edited: the new chapter"
    write(copy, "2", "mine")
    assert lab.bring(chapter, work, made, sources) is None and texts(copy) == ["2", "mine"]
    write(chapter, "3")
    assert "a.ipynb has edits and is kept" in lab.bring(chapter, work, made, sources)
    assert texts(copy) == ["2", "mine"]
    assert "the one with edits is now a.2" in lab.bring(chapter, work, made, sources, fresh=True)
    assert texts(copy) == ["3"] and [texts(path) for path in work.glob("a.2*.ipynb")] == [["2", "mine"]]
    assert lab.bring(chapter, work, made, sources) is None

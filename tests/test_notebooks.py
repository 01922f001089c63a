"""Every notebook has run top to bottom in a fresh kernel, as it is now, and is stored without outputs."""
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))
from pages import Page

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_has_run_for_the_book(built_book, path):
    """The book's kernel ran these very cells; a cell that fails ends the build of the book."""
    page = Page(path)
    assert page.is_made, "the book's results are older than the notebook or what it imports"
    executed = nbformat.read(page.executed, as_version=4)
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.source for cell in cells] == [cell.source for cell in page.cells]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [cell.id for cell in cells for output in cell.outputs if output.output_type == "error"]
    live = [cell for cell in cells if "@live_figure" in cell.source or "live_simulation(" in cell.source]
    shown = "".join(output.data.get("text/html", "") for cell in cells for output in cell.outputs if "data" in output)
    assert shown.count('<figure class="live-figure"') >= len(live) > 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell.id for cell in cells if cell.outputs or cell.execution_count]
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_lines_fit_a_phone_and_a_projector(path):
    notebook = nbformat.read(path, as_version=4)
    lines = [line for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert not [line for line in lines if len(line) > 80]

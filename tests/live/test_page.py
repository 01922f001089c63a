"""A page's figures are found by running its cells, and become one WebAssembly module."""

import nbformat
import pytest

from toolkit.live.page import code_cells, figures_of, keep_module, module_in

IMPORTS = """
import numpy as np
from toolkit.elementary import exp
from toolkit.live import Axis, Bars, Plot, Slider, live_figure

def figure(body):
    return live_figure(
        controls=[Slider("x", 0, 1, 0.5)], outputs={"y": 1}, caption="c",
        plot=Plot((Bars("y"),), x=Axis("x", (0, 2)), y=Axis("y", (0, 3))))(body)
"""
GOOD = "def grow(x, y):\n    y[0] = exp(x)\n\ngrow = figure(grow)\ngrow"


def notebook(path, *cells):
    code = [nbformat.v4.new_code_cell(cell) for cell in (IMPORTS, *cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=code), path)
    return path


def entries_of(page):
    return [entry for figure in figures_of(page) for entry in figure.entry_points]


def test_a_page_has_one_module_with_all_its_kernels(tmp_path):
    page = notebook(tmp_path / "page.ipynb", GOOD, "def twice(x, y):\n    y[0] = 2 * exp(x)\n\nfigure(twice)")
    target = tmp_path / "kept/page.html"
    keep_module(target, entries_of(page))
    block = target.read_text()
    assert block.startswith('<script type="application/json" id="live-module">')
    module = module_in(block)
    assert set(module.manifest["kernels"]) == {"grow", "twice"}
    assert module.bytes[:4] == b"\0asm"
    assert sorted(target.parent.iterdir()) == [target, target.with_suffix(".kernels")]


def test_the_same_kernels_are_not_built_twice(tmp_path, monkeypatch):
    first, second = tmp_path / "kept/first.html", tmp_path / "kept/second.html"
    keep_module(first, entries_of(notebook(tmp_path / "page.ipynb", GOOD)))
    monkeypatch.setattr("toolkit.live.page.build_module", lambda entries: pytest.fail("built again"))
    keep_module(second, entries_of(notebook(tmp_path / "page.ipynb", "# words\n\n" + GOOD, "print(1)")))
    assert second.read_text() == first.read_text()
    with pytest.raises(pytest.fail.Exception):
        keep_module(second, entries_of(notebook(tmp_path / "page.ipynb", GOOD.replace("exp(x)", "exp(-x)"))))


def test_a_page_without_figures_has_no_module(tmp_path):
    keep_module(tmp_path / "page.html", [])
    assert not (tmp_path / "page.html").read_text()


def test_two_figures_of_one_name_are_refused(tmp_path):
    page = notebook(tmp_path / "page.ipynb", GOOD + "\n\ndef grow(x, y):\n    y[0] = x\n\nfigure(grow)")
    with pytest.raises(ValueError, match=r"two figures are named \['grow'\]"):
        figures_of(page)


def test_lines_for_ipython_alone_are_left_out_but_counted(tmp_path):
    page = notebook(tmp_path / "page.ipynb", "%matplotlib inline\n!echo hi\n" + GOOD)
    assert list(code_cells(page))[1].startswith("\n\ndef grow")
    assert [figure.name for figure in figures_of(page)] == ["grow"]


def test_pages_in_markdown_work_alike(tmp_path):
    page = tmp_path / "page.md"
    cell = "```{{code-cell}} python\n{}\n```\n"
    header = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n# Page\n"
    page.write_text(header + cell.format(IMPORTS) + cell.format(GOOD))
    assert [figure.name for figure in figures_of(page)] == ["grow"]

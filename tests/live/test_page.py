"""A page's figures become one WebAssembly module, kept until something changes; what cannot be built says why."""
import base64
import json
import zlib

import nbformat
import pytest

from toolkit.live.page import code_cells, figures_of, page_assets

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
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (IMPORTS, *cells)]), path)
    return path


def test_a_page_has_one_module_with_all_its_kernels(tmp_path):
    page = notebook(tmp_path / "page.ipynb", GOOD, "def twice(x, y):\n    y[0] = 2 * exp(x)\n\nfigure(twice)")
    block = page_assets(page, tmp_path / "cache")
    assert block.startswith('<script type="application/json" id="live-module">')
    module = json.loads(block.partition(">")[2].rpartition("</script>")[0])
    assert set(module["manifest"]["kernels"]) == {"grow", "twice"}
    assert zlib.decompress(base64.b64decode(module["wasm"]))[:4] == b"\0asm"


def test_a_page_is_built_once_and_again_when_it_changes(tmp_path):
    page, cache = notebook(tmp_path / "page.ipynb", GOOD), tmp_path / "cache"
    first = page_assets(page, cache)
    (kept,) = cache.iterdir()
    kept.write_text(first + "<!-- kept -->")
    assert page_assets(page, cache).endswith("<!-- kept -->")
    notebook(page, GOOD + "\n# changed")
    assert page_assets(page, cache) == first
    assert not list(cache.glob("*.partial"))


@pytest.mark.parametrize("cell, words", [
    ("def sorts(x, y):\n    y[0] = np.sort(y)[0]\n\nfigure(sorts)",
     ["kernel 'sorts' cannot run in WebAssembly", "page.ipynb, code cell 2", "line 2", "y[0] = np.sort(y)[0]", "np.sort"]),
    ("import math\ndef roots(x, y):\n    y[0] = math.exp(x)\n\nfigure(roots)", ["math.exp", "toolkit.elementary.exp", "line 3"]),
    (GOOD + "\n\ndef grow(x, y):\n    y[0] = x\n\nfigure(grow)", ["two figures named ['grow']"]),
    ("1 / 0", ["page.ipynb, code cell 2", "ZeroDivisionError"]),
])
def test_what_cannot_be_built_says_where_and_why(tmp_path, cell, words):
    page = notebook(tmp_path / "page.ipynb", cell)
    with pytest.raises(RuntimeError) as failure:
        page_assets(page, tmp_path / "cache")
    for word in words:
        assert word in str(failure.value)
    assert not (tmp_path / "cache").exists(), "nothing half-built stays"


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

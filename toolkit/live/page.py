"""One page of the book: find its figures, compile all their kernels to one WebAssembly module."""
import base64
import contextlib
import io
import json
import linecache
import zlib
from pathlib import Path

from toolkit.live.hosts.page import json_block
from toolkit.live.style import SYMBOLS
from toolkit.live.wasm import WasmModule, build_module

__all__ = ["figures_of", "keep_module", "module_block", "module_in"]


def code_cells(source):
    """The code of each code cell of a notebook or MyST page, without lines that only IPython understands."""
    import nbformat

    if source.suffix == ".ipynb":
        cells = nbformat.read(source, as_version=4).cells
    else:
        from myst_nb.core.read import read_myst_markdown_notebook

        cells = read_myst_markdown_notebook(source.read_text(encoding="utf-8")).cells
    for cell in cells:
        if cell.cell_type == "code":
            lines = cell.source.splitlines(keepends=True)
            yield "".join("\n" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def figures_of(source):
    """Run a page's code cells and return the live figures they make; errors in cells name the cell's own lines."""
    from toolkit.live.base import made

    first, namespace = len(made), {"__name__": "__main__"}
    for number, code in enumerate(code_cells(source), start=1):
        name = f"{source.name}, code cell {number}"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, name, "exec"), namespace)
    return _with_different_names(made[first:])


def _with_different_names(figures):
    names = [figure.name for figure in figures]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two figures are named {sorted(twice)}; allowed: one figure per name and page")
    return figures


def module_block(module):
    """The data block from which the runtime starts a `WasmModule`; deflated, it is half as large."""
    wasm = base64.b64encode(zlib.compress(module.bytes, 9)).decode()
    return json_block({"wasm": wasm, "manifest": module.manifest, "symbols": SYMBOLS}, id="live-module")


def module_in(block):
    """The `WasmModule` of a data block."""
    data = json.loads(block.partition(">")[2].rpartition("<")[0])
    return WasmModule(zlib.decompress(base64.b64decode(data["wasm"])), data["manifest"])


def keep_module(target, entries=None):
    """Compile kernels, or those of all figures that this process has made, and write their data block into a file.

    It is empty where there are none.
    """
    from toolkit.live.base import made

    if entries is None:
        entries = [entry for figure in _with_different_names(made) for entry in figure.entry_points]
    block = module_block(build_module(entries)) if entries else ""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(block, encoding="utf-8")
    partial.replace(target)

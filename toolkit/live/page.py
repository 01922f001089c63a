"""One page of the book: find its figures, compile all their kernels to one WebAssembly module.

The module is built in a process of its own, so that the cells of a page cannot disturb the build of the book,
and kept in a cache keyed by the page, the toolkit's sources and the compiler's versions.
"""
import argparse
import base64
import contextlib
import hashlib
import io
import linecache
import subprocess
import sys
import zlib
from importlib.metadata import version
from pathlib import Path

from toolkit.live.hosts.page import json_block
from toolkit.live.style import SYMBOLS
from toolkit.live.wasm import UnsupportedInWebAssembly, build_module

__all__ = ["module_block", "page_assets"]


def page_assets(source, cache_dir):
    """The block with the page's WebAssembly module, as HTML to put at the end of the page.

    Parameters
    ----------
    source : path of the page: a notebook (.ipynb) or a MyST page with code cells (.md)
    cache_dir : folder where built blocks are kept

    Raises
    ------
    RuntimeError
        When the page's cells fail or a kernel uses what WebAssembly cannot have; the message names page and line.
    """
    source = Path(source).resolve()
    kept = Path(cache_dir) / f"{source.stem}-{_key(source)}.html"
    if not kept.exists():
        build = [sys.executable, "-m", "toolkit.live.page", str(source), str(kept)]
        done = subprocess.run(build, capture_output=True, text=True, check=False, cwd=source.parent)
        if done.returncode:
            raise RuntimeError(f"{source.name}: {done.stderr.strip()}")
    return kept.read_text(encoding="utf-8")


def _key(source):
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(source.read_bytes())
    data = [*(source.parent / "data").glob("*"), *package.parent.glob("benchmarks/results.json")]  # what chapters read
    for file in sorted([*package.rglob("*.py"), *package.rglob("*.npz"), *data]):
        digest.update(file.read_bytes())
    digest.update(f"{version('numba')} {version('llvmlite')} {version('numpy')}".encode())
    return digest.hexdigest()[:16]


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
    figures = made[first:]
    names = [figure.name for figure in figures]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{source.name} has two figures named {sorted(twice)}; allowed: one figure per name and page")
    return figures


def module_block(module):
    """The data block from which the runtime starts a `WasmModule`; deflated, it is half as large."""
    wasm = base64.b64encode(zlib.compress(module.bytes, 9)).decode()
    return json_block({"wasm": wasm, "manifest": module.manifest, "symbols": SYMBOLS}, id="live-module")


def build_page(source):
    """Compile the kernels of a page's figures; returns the `WasmModule`."""
    return build_module([entry for figure in figures_of(source) for entry in figure.entry_points])


def _main():
    parser = argparse.ArgumentParser(prog="python -m toolkit.live.page", description="Compile a page's live figures.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    try:
        module = build_page(arguments.source)
    except UnsupportedInWebAssembly as error:
        sys.exit(str(error))
    block = module_block(module)
    arguments.target.parent.mkdir(parents=True, exist_ok=True)
    partial = arguments.target.with_suffix(".partial")
    partial.write_text(block, encoding="utf-8")
    partial.replace(arguments.target)


if __name__ == "__main__":
    _main()

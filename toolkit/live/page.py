"""One page of the book: find its figures, compile all their kernels to one WebAssembly module."""
import base64
import contextlib
import io
import json
import linecache
import re
import sys
import zlib
from pathlib import Path

import llvmlite
import numba

from toolkit._core.compile_notice import told_when_long
from toolkit._core.content import content_of
from toolkit._core.kernel_cache import KernelCache
from toolkit._core.stamp import Unknown, digest_of, files_behind
from toolkit._core.whole_files import write_text
from toolkit.live.base import collected, made
from toolkit.live.entry_source import clear
from toolkit.live.hosts.page import json_block
from toolkit.live.style import SYMBOLS
from toolkit.live.wasm import WasmModule, build_module

__all__ = ["figure_of", "figures_of", "is_kept", "keep_module", "kernels_of", "kept_module", "module_block",
           "module_data", "module_in", "title_of"]


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


def title_of(source):
    """The first heading of a notebook or MyST page, or its name."""
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    return heading[1].strip() if heading else source.stem


def figures_of(source):
    """Run a page's code cells and return the live figures they make; errors in cells name the cell's own lines."""
    figures = []
    for made_so_far in _figures_cell_by_cell(source):
        figures = made_so_far
    return _with_different_names(figures)


def figure_of(source, name):
    """The figure of a page by its name, from the code cells up to the one that makes it.

    Raises
    ------
    ValueError
        When there is none; it lists those that there are.
    """
    names = []
    for figures in _figures_cell_by_cell(source):
        names = [figure.name for figure in figures]
        if name in names:
            return figures[names.index(name)]
    raise ValueError(f"there is no figure {name!r} in {source.name}; allowed: {', '.join(names) or 'none'}")


def _figures_cell_by_cell(source):
    """All figures that a page's code cells have made, after each of them."""
    namespace, cells = {"__name__": "__main__"}, list(code_cells(source))
    with collected() as figures, contextlib.chdir(source.parent):
        for number, code in enumerate(cells, start=1):
            name = f"{source.name}, code cell {number}"
            linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(code, name, "exec"), namespace)
            yield figures


def _with_different_names(figures):
    names = [figure.name for figure in figures]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two figures are named {sorted(twice)}; allowed: one figure per name and page")
    return figures


def module_block(module):
    """The data block from which the runtime starts a `WasmModule`; deflated, it is half as large."""
    return json_block(module_data(module), id="live-module")


def module_data(module):
    """What the runtime starts a `WasmModule` from, as JSON."""
    wasm = base64.b64encode(zlib.compress(module.bytes, 9)).decode()
    return {"wasm": wasm, "manifest": module.manifest, "symbols": SYMBOLS}


def module_in(block):
    """The `WasmModule` of a data block."""
    data = json.loads(block.partition(">")[2].rpartition("<")[0])
    return WasmModule(zlib.decompress(base64.b64decode(data["wasm"])), data["manifest"])


def kernels_of(entries):
    """A digest of what a module's bytes depend on, its entries and the compiler; None if that cannot be told."""
    compiler = [file.read_text(encoding="utf-8") for file in sorted(files_behind("import toolkit.live.wasm"))]
    try:
        kernels = [f"{name} {content_of(getattr(function, 'py_func', function))} {list(map(str, types))}"
                   for name, function, types in entries]
    except Unknown:
        return None
    return digest_of(sys.version, numba.__version__, llvmlite.__version__, *compiler, *kernels)


def keep_module(target, entries=None):
    """Compile kernels, or those of all figures that a page's kernel has made, and write their data block into a file.

    It is empty where there are none. A module of the same kernels that lies in the same folder is taken over.
    """
    if entries is None:
        entries = [entry for figure in _with_different_names(made) for entry in figure.entry_points]
    target, kernels = Path(target), kernels_of(entries)
    block = _kept_block(target.parent, kernels) if kernels else None
    if block is None:
        with told_when_long("compiling the kernels of figures to WebAssembly"):
            block = module_block(build_module(entries)) if entries else ""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_text(target, block)
    write_text(target.with_suffix(".kernels"), f"{kernels or ''} {digest_of(block)}")


def is_kept(target, kernels=None):
    """Whether `keep_module` wrote this file, of these kernels if they are given, and nothing has happened to it."""
    try:
        said = Path(target).with_suffix(".kernels").read_text(encoding="utf-8")
        found, _, digest = said.rpartition(" ")
        return kernels in (None, found) and digest_of(Path(target).read_text(encoding="utf-8")) == digest
    except (OSError, UnicodeDecodeError):
        return False


def _kept_block(folder, kernels):
    for said in folder.glob("*.kernels"):
        if is_kept(said.with_suffix(".html"), kernels):
            return said.with_suffix(".html").read_text(encoding="utf-8")
    return None


def kept_module(entries):
    """The `WasmModule` of a figure, built once and kept beside the machine code of kernels."""
    kernels, folder = kernels_of(entries), Path(KernelCache(clear).cache_path, "modules")
    place = folder / f"{kernels}.html"
    with contextlib.suppress(OSError, ValueError, KeyError, zlib.error):
        if kernels:
            return module_in(place.read_text(encoding="utf-8"))
    with told_when_long("compiling a figure to WebAssembly"):
        module = build_module(entries)
    with contextlib.suppress(OSError):  # nothing can be kept: it is built again next time
        if kernels:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(place, module_block(module))
    return module

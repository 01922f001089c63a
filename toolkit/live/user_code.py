"""Which code is the user's own: the functions that a kernel reaches outside of the package and of other libraries."""
import inspect
import json
import linecache
import sys
from functools import cache
from pathlib import Path

import numba

from toolkit._core.stamp import is_ours

__all__ = ["cell_of", "cells_of_the_book", "functions_in", "is_generated", "is_of_the_book", "is_users",
           "notebook_shell"]

_LIBRARIES = Path(numba.__file__).parents[1]


def is_users(filename):
    """Whether a file, or what stands for one, holds code of the user."""
    return not is_ours(filename) and _LIBRARIES not in Path(filename).parents


def is_generated(filename):
    """Whether the code is that of a figure in short form."""
    return filename.startswith("<figure ")


def cell_of(filename):
    """All that stands in a file, or in the cell that it stands for."""
    return "".join(linecache.getlines(filename)).strip()


def is_of_the_book(filename):
    """Whether a cell of the book's notebooks says the same, or the code is that of a figure in short form."""
    return is_generated(filename) or cell_of(filename) in cells_of_the_book()


@cache
def cells_of_the_book():
    """The code of all cells in the notebooks beside the package."""
    cells = set()
    for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            cells.add("".join(cell["source"]).strip())
    return cells


def notebook_shell():
    """IPython's shell, if this process has one."""
    package = sys.modules.get("IPython")
    return package and package.get_ipython()


def functions_in(kernel, found=None):
    """The Python functions of a kernel and of all kernels of the user's that it calls, the kernel's first."""
    function, found = getattr(kernel, "py_func", kernel), {} if found is None else found
    if function not in found and is_users(function.__code__.co_filename):
        found[function] = kernel
        names = inspect.getclosurevars(function)
        for value in (*names.globals.values(), *names.nonlocals.values()):
            if hasattr(value, "py_func"):
                functions_in(value, found)
    return found

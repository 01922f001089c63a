"""Which code is the user's own: the functions that a kernel reaches outside of the package and of other libraries."""
import inspect
from pathlib import Path

import numba

from toolkit._core.stamp import is_ours

__all__ = ["functions_in", "is_users"]

_LIBRARIES = Path(numba.__file__).parents[1]


def is_users(filename):
    """Whether a file, or what stands for one, holds code of the user."""
    return not is_ours(filename) and _LIBRARIES not in Path(filename).parents


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

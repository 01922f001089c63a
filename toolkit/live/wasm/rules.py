"""Which functions a kernel may call in WebAssembly, and the plain sentence for each that it may not.

Allowed is what gives the same bits natively and in WebAssembly without a C library: IEEE operations that are
WebAssembly instructions, and casts. Of kernels and `@overload` functions Numba decides.
"""
import math

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher

from toolkit import elementary

__all__ = ["CONTAINERS", "why_not_callable", "why_not_method"]

_ALLOWED_METHODS = ("reshape", "view")

_ALLOWED = [
    abs, bool, enumerate, float, int, isinstance, len, max, min, range, slice, zip,
    math.ceil, math.copysign, math.fabs, math.floor, math.isfinite, math.isinf, math.isnan, math.sqrt,
    math.trunc,
    np.absolute, np.ceil, np.copysign, np.fabs, np.floor, np.isfinite, np.isinf, np.isnan, np.negative,
    np.rint, np.sign, np.signbit, np.sqrt, np.square, np.trunc,
    np.bool_, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.intp, np.uint8, np.uint16,
    np.uint32, np.uint64,
]

# Packages whose functions are refused unless allowed above; functions of others are for Numba to judge.
_VETTED_PACKAGES = {"builtins", "cmath", "math", "numpy", "random", "scipy", "time"}

_ELEMENTARY_NAMES = {"power": "pow", "float_power": "pow", "expit": "sigmoid"}
_ALLOCATING = {
    "arange", "array", "asarray", "concatenate", "copy", "empty", "empty_like", "full", "full_like", "hstack",
    "linspace", "ones", "ones_like", "repeat", "stack", "tile", "vstack", "zeros", "zeros_like",
}
_SIGNED_ZEROS = {"fmax", "fmin", "maximum", "minimum"}
_WITHOUT_MEMORY = "a kernel cannot allocate memory, so let the array arrive as an output or scratch argument"

CONTAINERS = {
    "dict": "dicts are not available in WebAssembly: use arrays and numbers.",
    "list": "lists are not available in WebAssembly: use an array argument, or a tuple of numbers.",
    "set": "sets are not available in WebAssembly: use arrays and numbers.",
    "str": "text is not available in WebAssembly: pass an integer code and keep words outside the kernel.",
}


def why_not_callable(name, function):
    """Why a kernel cannot call `function` in WebAssembly, or None if nothing here speaks against it.

    Parameters
    ----------
    name : the call as the user wrote it, like ``np.exp``
    function : the Python object behind it
    """
    if isinstance(function, (Dispatcher, types.Type)) or any(function is allowed for allowed in _ALLOWED):
        return None
    if isinstance(function, type) and issubclass(function, BaseException):
        return None
    owner = getattr(function, "__module__", None) or type(function).__module__
    if owner.split(".")[0] not in _VETTED_PACKAGES:
        return None
    return CONTAINERS.get(name) or f"{name} is not available in WebAssembly: {_instead(name, owner)}."


def why_not_method(name):
    """Why a kernel cannot call the method `name` of one of its values, or None."""
    if name in _ALLOWED_METHODS:
        return None
    instead = _WITHOUT_MEMORY if name in _ALLOCATING else "write it as a loop over the elements"
    return f"the method .{name}() is not available in WebAssembly: {instead}."


def _instead(name, owner):
    last = name.rsplit(".", 1)[-1]
    substitute = _ELEMENTARY_NAMES.get(last, last)
    if substitute in elementary.__all__:
        return f"use toolkit.elementary.{substitute}"
    if "random" in name or owner == "random":
        return "carry the state of a random generator in an array argument"
    if last in _ALLOCATING:
        return _WITHOUT_MEMORY
    if last in _SIGNED_ZEROS:
        return "it treats signed zeros differently there, so write `a if a > b else b`"
    if last == "print":
        return "write what you want to see into an output"
    return "write it with arithmetic, loops and toolkit.elementary functions"

"""What a kernel is made of, wherever it was written: its code and all that its global names stand for.

A kernel of a module is known by the files it can reach (`stamp`). A notebook's cell, a closure and a generated function
have no file of their own; machine code holds what their names stood for when it was compiled. `content_of` puts that
into words: equal text, equal machine code, in any process.
"""
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher

from toolkit._core.stamp import Unknown, digest_of, is_ours, stamp_of_imported

__all__ = ["content_of", "is_of_a_module"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))


def is_of_a_module(function):
    """Whether a function stands in a file of the package, under its name."""
    return is_ours(function.__code__.co_filename) and not function.__closure__ and "<" not in function.__qualname__


def content_of(function):
    """A digest of a function's code and of what it refers to; raises `Unknown` where that cannot be told."""
    return digest_of(_words(function, []))


def _words(value, above):
    """What a value says about machine code made of it. `above` are the functions whose words hold these."""
    if isinstance(value, _PLAIN):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, Dispatcher):
        return f"kernel {sorted(value.targetoptions.items(), key=str)} {_words(value.py_func, above)}"
    if isinstance(value, FunctionType):
        return _function(value, above)
    if isinstance(value, CodeType):
        return f"code {value.co_code.hex()} {value.co_varnames} {value.co_names} {_words(value.co_consts, above)}"
    if isinstance(value, (tuple, frozenset)):
        members = [_words(member, above) for member in value]
        return f"{type(value).__qualname__} ({', '.join(members if isinstance(value, tuple) else sorted(members))})"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return f"array {value.dtype} {value.shape} {value.flags.f_contiguous} {value.tobytes().hex()}"
    if isinstance(value, np.generic):
        return f"{value.dtype} {value.tobytes().hex()}"
    if isinstance(value, types.Type):
        return f"type {value}"
    if isinstance(value, (type, BuiltinFunctionType, np.ufunc, ModuleType)):
        return _named(value)
    raise Unknown(f"{type(value).__name__} {value!r:.80}")


def _function(function, above):
    if function in above:  # a circle: said by its place in it
        return f"function {above.index(function)}"
    above = [*above, function]
    cells = [_words(cell.cell_contents, above) for cell in function.__closure__ or () if _is_filled(cell)]
    if is_ours(function.__code__.co_filename):
        code = function.__code__
        place = f"{code.co_firstlineno} {stamp_of_imported(code.co_filename)}"
        return f"{function.__module__}.{function.__qualname__} {place} {cells}"
    if (function.__module__ or "").partition(".")[0] in _LIBRARIES:  # generated code may have no module
        return f"{function.__module__}.{function.__qualname__}"
    defaults = _words((function.__defaults__ or (), tuple((function.__kwdefaults__ or {}).items())), above)
    names = set(_global_names(function.__code__))
    globals_ = [f"{name}: {_global(function.__globals__[name], names, above)}" for name in sorted(names)
                if name in function.__globals__]
    return f"function {_words(function.__code__, above)} {defaults} {cells} {globals_}"


def _global(value, names, above):
    """Of a module the attributes count that the code names."""
    if not isinstance(value, ModuleType) or value.__name__.partition(".")[0] in _LIBRARIES:
        return _words(value, above)
    return [f"{name}: {_global(vars(value)[name], names, above)}" for name in sorted(names & set(vars(value)))]


def _global_names(code):
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _named(value):
    module = getattr(value, "__module__", None) or ""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    if isinstance(value, type) and not is_ours(file) and module.partition(".")[0] not in {*_LIBRARIES, "builtins"}:
        raise Unknown(f"class {value.__qualname__}")
    stamp = stamp_of_imported(file) if is_ours(file) else ""
    return f"{module} {getattr(value, '__qualname__', value.__name__)} {stamp}"


def _is_filled(cell):
    try:
        return cell.cell_contents is not None or True
    except ValueError:
        return False


_LIBRARIES = {"numpy", "numba", "math", "operator", "cmath"}

"""Names that tell functions apart by what they are made of, so that code of one build can be linked in another."""
from functools import cache
from pathlib import Path
from types import FunctionType

from numba.core.dispatcher import Dispatcher

from toolkit._core.content import content_of
from toolkit._core.stamp import Unknown, digest_of

__all__ = ["UNKNOWN", "compiler_digest", "identity_of"]

UNKNOWN = "unknown"  # stands in the name of a function that is only known in this build


@cache
def compiler_digest():
    """Of the files that decide what code a kernel becomes."""
    return digest_of(*(file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))))


def identity_of(function):
    """A digest of a function's code and surroundings, equal in any process; None if that cannot be told."""
    try:
        return content_of(_of_library(function, []) if _is_of_numba(function) else function)
    except (Unknown, ValueError):  # such as a cell that is still empty
        return None


def _is_of_numba(function):
    return (function.__module__ or "").partition(".")[0] == "numba"


def _of_library(value, above):
    """Numba makes many functions of one name: their code and what they enclose tell them apart."""
    if isinstance(value, Dispatcher):
        value = value.py_func
    if isinstance(value, FunctionType) and _is_of_numba(value):
        if value in above:
            return above.index(value)
        cells = [_of_library(cell.cell_contents, [*above, value]) for cell in value.__closure__ or ()]
        return value.__module__, value.__qualname__, value.__code__, tuple(cells)
    if isinstance(value, tuple):
        return tuple(_of_library(each, above) for each in value)
    return value

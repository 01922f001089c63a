"""What a number of an emulated format does, in Python: with NUMBA_DISABLE_JIT=1 kernels run on these classes.

A `code` here is a format's code relative to float64's, ``fmt ^ FLOAT64.code``: 0 rounds nothing.
"""
import functools
import inspect
import operator

import numpy as np
from numba import config

from toolkit._core.arguments import shown
from toolkit._core.format import FLOAT64, get_format
from toolkit._core.kernel import kernel
from toolkit._core.rounding import round_to_code

__all__ = ["EmulatedNumber", "EmulatedRow", "as_numbers", "entered", "in_format", "lifted", "like", "literal",
           "relative", "rounded", "unrounded"]

FLOAT64_CODE = FLOAT64.code
_EXACT = (np.negative, np.absolute, np.copysign, np.rint, np.floor, np.ceil, np.sign)


@kernel
def relative(fmt):
    """The code that belongs to `fmt`."""
    return 0 if fmt is None else fmt ^ FLOAT64_CODE


@kernel
def rounded(x, code):
    """`x` in a format."""
    return round_to_code(x, code ^ FLOAT64_CODE)


@kernel
def entered(x, code):
    """A plain number in a format. An infinity stays, also where the format has none: it marks a masked class."""
    return x if abs(x) == np.inf else rounded(x, code)


@kernel
def literal(x, code):
    """`entered`, at no cost for a constant 0, 1/2, 1 or 2: these are in every format."""
    return x if x == 0.0 or abs(x) == 0.5 or abs(x) == 1.0 or abs(x) == 2.0 else entered(x, code)


class EmulatedNumber(np.lib.mixins.NDArrayOperatorsMixin):
    """A float64 and the code of the format to which operations round, or a float32 and 0."""

    def __init__(self, value, code):
        self.value, self.code = value if isinstance(value, np.float32) else np.float64(value), code

    def result(self, value):
        """What an operation on this number gives."""
        return EmulatedNumber(value if isinstance(value, np.float32) else rounded(value, self.code), self.code)

    def __array_ufunc__(self, function, method, *inputs, out=None):
        result = function(*map(unrounded, inputs))
        if isinstance(result, np.bool_):
            return result
        result = function(*(like(x, self).value for x in inputs))
        return EmulatedNumber(result, self.code) if function in _EXACT else self.result(result)

    def __float__(self):
        return float(self.value)

    def __int__(self):
        return int(self.value)


_NUMBERS = (int, float, np.integer, np.floating, np.bool_, EmulatedNumber)


class EmulatedRow:
    """An array whose numbers are `EmulatedNumber`."""

    def __init__(self, values, code):
        self.values, self.code = values, code

    size = property(lambda self: self.values.size)
    shape = property(lambda self: self.values.shape)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        item = self.values[index]
        return (EmulatedRow if isinstance(item, np.ndarray) else EmulatedNumber)(item, self.code)

    def __setitem__(self, index, x):
        self.values[index] = unrounded(like(x, self))


def in_format(x, fmt):
    """An array as the row of a kernel, or a number: of its own dtype, or of an emulated format.

    Parameters
    ----------
    x : float64 or float32 array of any dimension, or a number
    fmt : None, or the code of a format; outside of kernels also what `toolkit.formats.get_format` accepts
        With a format, `x` is of float64. The values of an array are taken to be in the format already; a number is
        rounded to it.
    """
    code = relative(fmt if fmt is None else _code_of(fmt))
    if isinstance(x, np.ndarray):
        return EmulatedRow(x, code) if fmt is not None or x.dtype == np.float32 else x
    return x if fmt is None else EmulatedNumber(entered(np.float64(x), code), code)


def _code_of(fmt):
    try:
        return operator.index(fmt)
    except TypeError:
        return get_format(fmt).code


def like(value, x):
    """`value` as a number like `x`, which is a number or a row: in its dtype, rounded to its format."""
    of_row = isinstance(x, EmulatedNumber | EmulatedRow)
    if of_row and isinstance(value, EmulatedNumber):
        return value
    dtype = np.asarray(getattr(x, "values", getattr(x, "value", x))).dtype
    with np.errstate(over="ignore"):  # compiled, the cast to float32 gives inf without a word
        value = dtype.type(value) if dtype.kind == "f" else np.float64(value)
    return EmulatedNumber(value if dtype == np.float32 else entered(value, x.code), x.code) if of_row else value


def as_numbers(given, x):
    """The floats of a tuple as numbers like `x`; what else it holds stays."""
    return tuple(like(each, x) if isinstance(each, float) else each for each in given)


def unrounded(x):
    """`x` as a plain number of its dtype: nothing computed from it is rounded to the format."""
    return x.value if isinstance(x, EmulatedNumber) else x


def _check_numbers(name, names, given, options):
    if options or len(given) != len(names):
        raise TypeError(f"{name}() takes {len(names)} number(s) without keywords: {', '.join(names)}; given: "
                        f"{', '.join([*map(shown, given), *options]) or 'nothing'}")
    for each, value in zip(names, given):
        if not isinstance(value, _NUMBERS):
            raise TypeError(f"{name}(): {each} is {shown(value)}; allowed: a number")


def lifted(function):
    """A function of floats as one of numbers, whose result is rounded once."""
    names = tuple(inspect.signature(getattr(function, "py_func", function)).parameters)

    @functools.wraps(function, updated=())
    def of_numbers(*x, **options):
        if options or len(x) != len(names) or not all(isinstance(each, _NUMBERS) for each in x):
            _check_numbers(function.__name__, names, x, options)
        number = next((each for each in x if not isinstance(each, (int, float))), x[0])  # a float64 is a float
        try:
            value = function(*(unrounded(like(each, number)) for each in x))
        except OverflowError:
            name, value = next(each for each in zip(names, x) if isinstance(each[1], int) and abs(each[1]) >= 2**1023)
            raise ValueError(f"{function.__name__}(): {name} is {shown(value)}; allowed: what float64 holds") from None
        if not isinstance(number, EmulatedNumber):
            # Uncompiled kernels go on with a NumPy scalar, which divides by 0 as compiled code does.
            return like(value, number) if config.DISABLE_JIT else value
        return number.result(value)

    return of_numbers

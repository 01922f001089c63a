"""What public functions say of arguments that they cannot take: the name, the value, and what is allowed.

`toolkit._core.public` puts the name of the function before it.
"""
import operator
from numbers import Integral, Real

import numpy as np

__all__ = ["check_choice", "check_count", "check_finite", "check_flag", "check_number", "check_temperature",
           "check_whole", "chosen", "shown"]


def shown(value):
    """A value in few words: an array by its shape, another by its repr, if that is short."""
    if isinstance(value, Integral) and not isinstance(value, bool) and abs(int(value)) >= 2**100:
        return f"an integer of {int(value).bit_length()} bits"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not isinstance(value, np.generic):
        return f"an array of shape {shape}"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer of thousands of digits in a list
        return f"a {type(value).__name__}"
    if " at 0x" in text:  # the repr of any object, or of a function
        return f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:40]} ..., a {type(value).__name__}"


def _wrong(kind, name, value, allowed):
    return kind(f"{name} is {shown(value)}; allowed: {allowed}")


def check_choice(name, value, allowed):
    """Index of `value` in the tuple `allowed`, or a ValueError that names the argument."""
    for index, each in enumerate(allowed):
        if each is value or isinstance(value, type(each)) and each == value:
            return index
    raise _wrong(ValueError, name, value, ", ".join(map(repr, allowed)))


def chosen(name, value, table):
    """What the dict `table` has under `value`, or a ValueError that names the argument."""
    return table[tuple(table)[check_choice(name, value, tuple(table))]]


def _number(name, value, allowed):
    """`value` as a float, if it is a number; too large a one is an infinity."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise _wrong(TypeError, name, value, allowed)
    try:
        return float(value)
    except OverflowError:
        return np.copysign(np.inf, 1 if value > 0 else -1)


def check_number(name, value, low, high):
    """`value` as a float from `low` to `high`, or an error that names the argument."""
    allowed = f"a number from {low:g} to {high:g}"
    number = _number(name, value, allowed)
    if not low <= number <= high:
        raise _wrong(ValueError, name, value, allowed)
    return number


def check_finite(name, value, low=-np.inf, *, above=False):
    """`value` as a finite float of at least `low`, or `above` it, or an error that names the argument."""
    allowed = "a finite number" + (f" {'>' if above else '>='} {low:g}") * (low > -np.inf)
    number = _number(name, value, allowed)
    if not (low < number < np.inf if above else low <= number < np.inf and number > -np.inf):
        raise _wrong(ValueError, name, value, allowed)
    return number


def check_temperature(temperature):
    """`temperature` as a float >= 0."""
    number = _number("temperature", temperature, "a number >= 0")
    if not number >= 0:
        raise _wrong(ValueError, "temperature", temperature, "a number >= 0")
    return abs(number)  # -0.0 would turn the signs of the gaps


def check_flag(name, value):
    """`value` as True or False, or an error that names the argument."""
    if isinstance(value, (bool, np.bool_)) or isinstance(value, Integral) and value in (0, 1):
        return bool(value)
    raise _wrong(TypeError, name, value, "True, False")


def check_whole(name, value, low, high=None):
    """`value` as an int from `low` to `high`, or an error that names the argument.

    Without `high`, more than an int64 holds counts as 2**62.
    """
    allowed = f"an integer, at least {low}" if high is None else f"an integer from {shown(low)} to {shown(high)}"
    try:
        whole = operator.index(value)
    except TypeError:
        raise _wrong(TypeError, name, value, allowed) from None
    if isinstance(value, (bool, np.bool_)):
        raise _wrong(TypeError, name, value, allowed)
    if not low <= whole or high is not None and whole > high:
        raise _wrong(ValueError, name, value, allowed)
    return min(whole, 2**62) if high is None else whole


def check_count(k, name="k"):
    """`k` as an int of at least 1."""
    return check_whole(name, k, 1)

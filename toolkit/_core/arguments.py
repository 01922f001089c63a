"""What public functions say of arguments that they cannot take: the name, the value, and what is allowed."""
import operator

import numpy as np

__all__ = ["check_choice", "check_count", "check_number", "check_temperature", "chosen"]


def check_choice(name, value, allowed):
    """Index of `value` in the tuple `allowed`, or a ValueError that names the argument."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; allowed: {', '.join(map(repr, allowed))}")
    return allowed.index(value)


def chosen(name, value, table):
    """What the dict `table` has under `value`, or a ValueError that names the argument."""
    return table[tuple(table)[check_choice(name, value, tuple(table))]]


def check_number(name, value, low, high):
    """`value` as a float from `low` to `high`, or an error that names the argument."""
    allowed = f"{name} is {value!r}; allowed: a number from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(allowed)
    if not low <= value <= high:
        raise ValueError(allowed)
    return float(value)


def check_temperature(temperature):
    """`temperature` as a float >= 0."""
    if not isinstance(temperature, (int, float, np.integer, np.floating)):
        raise TypeError(f"temperature is {temperature!r}; allowed: a number >= 0")
    if not temperature >= 0:
        raise ValueError(f"temperature is {temperature!r}; allowed: a number >= 0")
    return abs(float(temperature))  # -0.0 would turn the signs of the gaps


def check_count(k, name="k"):
    """`k` as an int of at least 1."""
    try:
        count = operator.index(k)
    except TypeError:
        raise TypeError(f"{name} is {k!r}; allowed: an integer, at least 1") from None
    if count < 1:
        raise ValueError(f"{name} is {k!r}; allowed: an integer, at least 1")
    return count

"""Lines of numbers as steps of a few neighbours: a row, part of a row, or up to 16 columns side by side.

A *walk* ``(start, stride, steps, width, tail)`` visits places ``start + t * stride`` of a flat array, `width`
neighbours at each of `steps` steps, and after them `tail` neighbours more. In a row, lanes hold entries of one line,
and what a walk has found in its lanes must be merged. In columns, each lane is a line of its own.
"""
import numpy as np

from toolkit._kernel import kernel
from toolkit.throughput._lane_arithmetic import (choose, fused, largest_of, narrowed, rotated_1, rotated_2, rotated_4,
                                                 sum_of, widened)
from toolkit.throughput._lanes import by_dtype, load, spread

__all__ = ["added", "are_calm", "count_at", "difference", "extremes", "first_of", "largest", "merged", "nothing",
           "place", "quotient_pair", "steps_of", "two_sum", "walk_of"]


_CALM = 2048.0  # k ln 2 is right to a third of an ulp up to here
_CALM_GAP = 60.0  # with 2**26 terms in the sum, the smallest quotient is a normal float32


@kernel
def walk_of(lines, i, merge, width):
    """The walk along the i-th of `lines`: rows if they are to be merged, else columns.

    `lines` is ``(base, count, classes, stride, lanes)``: where they begin, how many walks they take, how long a line
    is, and for columns the distance of two entries and how many columns there are.
    """
    base, _count, classes, stride, lanes = lines
    if merge:
        return base + i * classes, width, classes // width, width, classes % width
    return base + i * width, stride, classes, min(width, lanes - i * width), 0


@kernel
def first_of(i, merge, width):
    """The number of the first line of the i-th walk."""
    return i if merge else i * width


@kernel
def steps_of(walk):
    return walk[2] + (1 if walk[4] > 0 else 0)


@kernel
def place(walk, t):
    return walk[0] + t * walk[1]


@kernel
def count_at(walk, t):
    return walk[3] if t < walk[2] else walk[4]


@kernel
def largest(z, walk):
    """The largest number of each lane, NaN left out."""
    m = load(z, walk[0], 0, -np.inf)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), -np.inf)
        m = choose(m < x, x, m)
    return m


@kernel
def extremes(z, walk):
    """``(m, least)``: the largest number of each lane, and the smallest above -inf, NaN left out."""
    m, least = load(z, walk[0], 0, -np.inf), load(z, walk[0], 0, np.inf)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), np.nan)
        m = choose(m < x, x, m)
        least = choose(x < least, choose(x == -np.inf, least, x), least)
    return m, least


@kernel
def are_calm(m, least):
    """Whether the row with these extremes is *calm*: no number is large, and no exponential far below another but 0.

    Columns side by side are never called so: the digits of one would depend on the others.
    """
    high, low = largest_of(m), -largest_of(0.0 - least)
    return high <= _CALM and low >= -_CALM and high - low <= _CALM_GAP


@kernel
def difference(a, b):
    """``(d, e)`` with ``d = fl(a - b)`` and ``d + e = a - b``."""
    d = a - b
    back = d - a
    return d, (a - (d - back)) - (b + back)


@kernel
def two_sum(a, b):
    """``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b``."""
    s = a + b
    back = s - a
    return s, (a - (s - back)) + (b - back)


@kernel
def nothing(like):
    """A sum of lanes as nothing has been added."""
    zero = widened(spread(0.0, like))
    return zero, zero


@kernel
def add_wide(x, total, lost):
    return total + widened(x), lost


@kernel
def add_pair(x, total, lost):
    total, rest = two_sum(total, x)
    return total, lost + rest


# The sum of lanes ``(total, lost)`` plus x: ``added(x, total, lost)``. float32 adds up in float64, float64 in pairs.
added = by_dtype(add_wide, add_pair)


@kernel
def merge_wide(like, total, lost):
    return spread(sum_of(total), total), lost


@kernel
def merge_pairs(like, total, lost):
    lost = spread(sum_of(lost), lost)
    total, lost = add_pair(rotated_4(total), total, lost)
    total, lost = add_pair(rotated_2(total), total, lost)
    return add_pair(rotated_1(total), total, lost)


# One sum, in every lane, of the sums in all lanes: ``merged(like, total, lost)``, `like` a vector of what was added.
merged = by_dtype(merge_wide, merge_pairs)


@kernel
def wide_remainder(hi, q, numerator, s, rest):
    return q - widened(hi)


@kernel
def exact_remainder(hi, q, numerator, s, rest):
    return (fused(0.0 - q, s, numerator) - q * rest) / s


# What `hi` lacks of ``numerator / (s + rest)``, whose float64 is q.
remainder = by_dtype(wide_remainder, exact_remainder)


@kernel
def quotient_pair(like, numerator, total, lost):
    """``(hi, lo)`` in the dtype of `like`: ``hi + lo = numerator / (total + lost)`` to about twice its precision."""
    s = total + lost
    q = numerator / s
    hi = narrowed(q, like)
    return hi, narrowed(remainder(hi, q, numerator, s, lost - (s - total)), like)

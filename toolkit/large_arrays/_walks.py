"""Along lines of numbers in steps of a few neighbours, and sums that keep their digits on the way.

A *walk* ``(start, stride, steps, width, tail)`` visits places ``start + t * stride`` of memory, `width` neighbours at
each of `steps` steps, and after them `tail` neighbours more. In a row, lanes hold entries of one line; in columns, each
lane is a line of its own.
"""
import numpy as np

from toolkit._core.across_lanes import rotated_1, rotated_2, rotated_4, sum_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, narrowed, widened
from toolkit._core.lanes import by_dtype, lane, load, spread

__all__ = ["added", "count_at", "difference", "extremes", "largest", "merge_lanes", "nothing", "place",
           "quotient_pair", "steps_of", "two_sum"]


@kernel
def steps_of(walk):
    return walk[2] + (1 if walk[4] > 0 else 0)


@kernel
def place(walk, t):
    return walk[0] + t * walk[1]


@kernel
def count_at(walk, t):
    return walk[3] if t < walk[2] else walk[4]


@kernel(forceinline=True)
def largest(z, walk):
    """The largest number of each lane, NaN left out."""
    m = load(z, walk[0], 0, -np.inf)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), -np.inf)
        m = choose(m < x, x, m)
    return m


@kernel(forceinline=True)
def extremes(z, walk):
    """``(m, least)``: the largest number of each lane, and the smallest above -inf, NaN left out."""
    m, least = load(z, walk[0], 0, -np.inf), load(z, walk[0], 0, np.inf)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), np.nan)
        m = choose(m < x, x, m)
        least = choose(x < least, choose(x == -np.inf, least, x), least)
    return m, least


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


@kernel(forceinline=True)
def merge_wide(like, total, lost):
    return sum_of(total), lane(lost, 0)


@kernel
def sum_of_pairs(total, lost, other, other_lost):
    total, rest = two_sum(total, other)
    return total, (lost + other_lost) + rest


@kernel(forceinline=True)
def merge_pairs(like, total, lost):
    total, lost = sum_of_pairs(total, lost, rotated_4(total), rotated_4(lost))
    total, lost = sum_of_pairs(total, lost, rotated_2(total), rotated_2(lost))
    total, lost = sum_of_pairs(total, lost, rotated_1(total), rotated_1(lost))
    return lane(total, 0), lane(lost, 0)


# One sum ``(total, lost)`` of those in all lanes: ``merge_lanes(like, total, lost)``.
merge_lanes = by_dtype(merge_wide, merge_pairs)


@kernel
def wide_remainder(hi, q, numerator, s, rest):
    return q - widened(hi)


@kernel
def exact_remainder(hi, q, numerator, s, rest):
    return (fused(0.0 - q, s, numerator) - q * rest) / s


# What `hi` lacks of ``numerator / (s + rest)``, whose float64 is q.
remainder = by_dtype(wide_remainder, exact_remainder)


@kernel(forceinline=True)
def quotient_pair(like, numerator, total, lost):
    """``(hi, lo)`` in the dtype of `like`: ``hi + lo = numerator / (total + lost)`` to about twice its precision."""
    s = total + lost
    q = numerator / s
    hi = narrowed(q, like)
    return hi, narrowed(remainder(hi, q, numerator, s, lost - (s - total)), like)

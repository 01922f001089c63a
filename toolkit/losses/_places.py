"""Where a number lies among equal steps of a range: the nearest step, and how far from it, to all digits.

A small distance from an edge is a difference of numbers as large as the range. It is computed in float64, as a pair of
numbers, and is exact to a few ulp of itself, whatever the range and the number of steps.
"""
import numpy as np

from toolkit._core.exact_sums import divide_pairs, fast_two_sum, multiply_pairs, two_product, two_sum
from toolkit._core.kernel import kernel

__all__ = []

_LARGEST = 1.7976931348623157e308


@kernel
def scale_of(low, high):
    """A power of two that takes the ends to where nothing computed from them over- or underflows."""
    size = max(abs(low), abs(high))
    if size > 1e100:
        return 2.0**-700
    return 2.0**700 if size < 1e-100 else 1.0


@kernel
def add_pairs(a, a_lo, b, b_lo):
    s, e = two_sum(a, b)
    return fast_two_sum(s, e + (a_lo + b_lo))


@kernel
def nearest_step(at, at_lo, range_, range_lo, steps):
    """``(j, r)`` with ``j + r = at / range`` and j from 0 to `steps`: |r| <= 1/2 where `at` is in the range."""
    j = min(max(np.rint(at / range_), 0.0), float(steps))
    covered, covered_lo = multiply_pairs(range_, range_lo, j, 0.0)
    rest, rest_lo = add_pairs(at, at_lo, -covered, -covered_lo)
    r, r_lo = divide_pairs(rest, rest_lo, range_, range_lo)
    return np.int64(j), r + r_lo


@kernel
def place_of(value, low, high, steps):
    """``(j, r)``: a finite value is r steps from the end of step j. Outside of [low, high] j is that end."""
    scale = scale_of(low, high)
    value, low, high = value * scale, low * scale, high * scale
    range_, range_lo = two_sum(high, -low)
    if value < low:
        return 0, max((value - low) / range_ * steps, -_LARGEST)
    if value > high:
        return steps, min((value - high) / range_ * steps, _LARGEST)
    at, at_lo = two_sum(value, -low)
    at, at_lo = multiply_pairs(at, at_lo, steps, 0.0)
    return nearest_step(at, at_lo, range_, range_lo, steps)


@kernel
def place_of_moved(i, reward, discount, low, high, steps):
    """`place_of` of ``reward + discount a``, a the end of step i, moved into [low, high]; j = -1 if that is NaN."""
    scale = scale_of(low, high)
    reward, low, high = reward * scale, low * scale, high * scale
    range_, range_lo = two_sum(high, -low)
    roughly = reward + discount * (low + range_ * (i / steps))
    if not low - range_ < roughly < high + range_:
        return (0, 0.0) if roughly < low else (steps, 0.0) if roughly > high else (-1, 0.0)
    end, end_lo = multiply_pairs(range_, range_lo, i, 0.0)  # all of it times `steps`, so that nothing is divided
    below, below_lo = two_product(low, float(steps))
    end, end_lo = add_pairs(end, end_lo, below, below_lo)
    end, end_lo = multiply_pairs(end, end_lo, discount, 0.0)
    moved, moved_lo = two_product(reward, float(steps))
    moved, moved_lo = add_pairs(moved, moved_lo, end, end_lo)
    at, at_lo = add_pairs(moved, moved_lo, -below, -below_lo)
    if at != at:  # the discount is so large that parts of it overflow
        at, at_lo = (roughly - low) * steps, 0.0
    j, r = nearest_step(at, at_lo, range_, range_lo, steps)
    return j, max(r, 0.0) if j == 0 else min(r, 0.0) if j == steps else r

"""Exponentials to twice the digits of a float64: for sums of them that nearly cancel, and for sums that nearly tie.

Each takes about 50 times as long as `exp`, so that they are for the rows that need them.
"""
import numpy as np

from toolkit._core.exact_sums import divide_pairs, fast_two_sum, multiply_pairs, two_sum
from toolkit._core.kernel import kernel
from toolkit._core.rounding import power_of_two
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log1p

__all__ = []

_INV_LN2 = 1.4426950408889634
# ln 2 in three parts, of which the first two have 42 bits: their products with an exponent are exact.
_LN2_HIGH, _LN2_MIDDLE, _LN2_LOW = 0.6931471805598903, 5.49792301870721e-14, 1.1612227229362532e-26
_HALVINGS = 6
_LOWEST = -120.0  # exp of less is below 2**-173, nothing beside 1


@kernel
def add_pairs(a, a_lo, b, b_lo):
    """``(a + a_lo) + (b + b_lo)`` as a pair."""
    s, e = two_sum(a, b)
    return fast_two_sum(s, e + (a_lo + b_lo))


@kernel
def expm1_of_small(s, s_lo):
    """``exp(s + s_lo) - 1`` as a pair, for |s| <= 0.006: the Taylor series, its last terms in float64."""
    y, y_lo = 1 + s / 8 * (1 + s / 9 * (1 + s / 10 * (1 + s / 11))), 0.0
    for k in range(7, 1, -1):
        y, y_lo = multiply_pairs(s, s_lo, y, y_lo)
        y, y_lo = divide_pairs(y, y_lo, float(k), 0.0)
        y, y_lo = add_pairs(1.0, 0.0, y, y_lo)
    return multiply_pairs(s, s_lo, y, y_lo)


@kernel
def exp_as_pair(x, x_lo):
    """``exp(x + x_lo)`` as a pair right to about 2**-95, for float64 from -120 to 1; 0 below."""
    if x < _LOWEST:
        return 0.0, 0.0
    n = np.rint(x * _INV_LN2)
    r, r_lo = two_sum(x - n * _LN2_HIGH, -n * _LN2_MIDDLE)
    r, r_lo = fast_two_sum(r, r_lo + (x_lo - n * _LN2_LOW))
    part = power_of_two(-_HALVINGS)
    y, y_lo = expm1_of_small(r * part, r_lo * part)
    for _ in range(_HALVINGS):  # (1 + y)**2 - 1
        square, square_lo = multiply_pairs(y, y_lo, y, y_lo)
        y, y_lo = add_pairs(2 * y, 2 * y_lo, square, square_lo)
    y, y_lo = add_pairs(1.0, 0.0, y, y_lo)
    scale = power_of_two(int(n))
    return scale * y, scale * y_lo


@kernel
def exp_of_gap(z, m):
    """``exp(z - m)`` as a pair, for float64 z <= m."""
    if not z - m >= _LOWEST:
        return 0.0, 0.0
    gap, gap_lo = two_sum(z, -m)
    return exp_as_pair(gap, gap_lo)


@kernel
def logsumexp_near_zero(z, least):
    """``log sum exp(z)`` of a row without a logit above 0, from what the sum has above 1.

    In float64 that is right to 2**-53 of 1, which is enough where it is at least `least`.
    """
    plain = sum_like(1.0)
    plain += -1.0
    for i in range(z.size):
        plain += exp(float(z[i]))
    if abs(plain.value) >= least:
        return log1p(plain.value)
    rest, rest_lo = -1.0, 0.0
    for i in range(z.size):
        y, y_lo = exp_as_pair(float(z[i]), 0.0)
        rest, rest_lo = add_pairs(rest, rest_lo, y, y_lo)
    return log1p(rest) + rest_lo / (1 + rest)


@kernel
def reaches_share(negated, m, count, share):
    """Whether the largest `count` of logits up to m have at least that share of the sum of exponentials.

    `negated` has minus the logits, those of the largest last.
    """
    excess, excess_lo = 0.0, 0.0  # of (1 - share) times the first over share times the others
    for i in range(negated.size):
        y, y_lo = exp_of_gap(-float(negated[i]), m)
        part, part_lo = multiply_pairs(share, 0.0, y, y_lo)
        excess, excess_lo = add_pairs(excess, excess_lo, -part, -part_lo)
        if i >= negated.size - count:
            excess, excess_lo = add_pairs(excess, excess_lo, y, y_lo)
    return excess >= 0


@kernel
def reaches_ratio(z, m, ratio):
    """Whether ``exp(z - m) >= ratio``."""
    y, y_lo = exp_of_gap(z, m)
    return y > ratio or (y == ratio and y_lo >= 0)

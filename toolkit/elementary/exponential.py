"""exp, exp2 and expm1: reduction to |r| <= ln(2)/2, a polynomial, and one rounding.

``x = k ln 2 + r`` gives ``exp(x) = 2**k exp(r)``. ln 2 is split in two so that ``r`` is exact to about 2**-75, and
``exp(r) = 1 + r + r**2 P(r)`` is kept as a pair ``s + e`` where ``s = fl(1 + r)`` and ``e`` holds the bits that
this sum lost: only the last addition rounds noticeably.
"""
import numpy as np

from toolkit._kernel import kernel, like
from toolkit._rounding import bits_of, float_of
from toolkit.elementary._twofold import fast_two_sum, two_sum

__all__ = ["exp", "expm1"]

# Adding 1.5 * 2**52 rounds to an integer and leaves it in the low bits of the sum.
_ROUNDER = 6755399441055744.0
_ROUNDER_BITS = np.int64(0x4338000000000000)
_ONE_BITS = np.int64(0x3FF0000000000000)
_QUANTUM = 4.9406564584124654e-324

_INV_LN2 = 1.4426950408889634
_LN2_HI = 0.6931471805598903  # 42 bits: k * _LN2_HI is exact
_LN2_LO = 5.497923018708371e-14

_OVERFLOW = 709.782712893384  # largest x with finite exp(x)
_NO_DIGIT_LEFT = 38.0  # exp(-38) < 2**-54: expm1 rounds to -1


@kernel
def exp_polynomial(r):
    """``(exp(r) - 1 - r) / r**2`` for |r| <= ln(2)/2: Chebyshev fit, relative error 3e-18, summed as a tree."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5 + r * 0.1666666666666667) + r2 * (0.04166666666666667 + r * 0.008333333333326136)
    middle = (0.0013888888888883748 + r * 0.00019841269874820627) + r2 * (
        2.4801587325547743e-05 + r * 2.7557255400206422e-06)
    high = (2.75572736431103e-07 + r * 2.5105217004720745e-08) + r2 * 2.0914686968086876e-09
    return low + r4 * (middle + r4 * high)


@kernel
def exp_pair(r_hi, r_lo):
    """``(s, e)`` with ``s + e = exp(r_hi + r_lo)``, for |r_hi| <= ln(2)/2 and a much smaller r_lo."""
    r = r_hi + r_lo
    s, e = fast_two_sum(1.0, r_hi)
    return s, e + (r_lo + r * r * exp_polynomial(r))


@kernel
def exp_reduced(x, x_lo):
    """``(s, e, bits)``: ``exp(x + x_lo) = (s + e) * 2**k`` where k is in the low 12 bits of `bits`."""
    rounded = x * _INV_LN2 + _ROUNDER
    k = rounded - _ROUNDER
    s, e = exp_pair(x - k * _LN2_HI, x_lo - k * _LN2_LO)
    return s, e, bits_of(rounded)


@kernel
def scale_pair(s, e, k):
    """``(s + e) * 2**k`` for s near 1 and any k in [-1080, 1024], rounded once even where it is subnormal."""
    if k > -1022 or (k == -1022 and s >= 1.0):
        return (s + e) * float_of(((k >> 1) << 52) + _ONE_BITS) * float_of(((k - (k >> 1)) << 52) + _ONE_BITS)
    if k < -1076:
        return 0.0
    # Adding 2**(-1022 - k) puts the last bit of the sum where 2**k scales it to the smallest subnormal.
    grid = float_of(((-1022 - k) << 52) + _ONE_BITS)
    t, lost = fast_two_sum(grid, s)
    t += lost + e
    return (t - grid) * float_of(((k + 1074) << 52) + _ONE_BITS) * _QUANTUM


@kernel
def exp_edge(x):
    """exp where the result may overflow, be subnormal, zero or NaN."""
    if x != x:
        return x
    if x > _OVERFLOW:
        return np.inf
    if x < -746.0:
        return 0.0
    s, e, bits = exp_reduced(x, 0.0)
    return scale_pair(s, e, bits - _ROUNDER_BITS)


@kernel
def exp64(x):
    """exp of a float64."""
    if not (-708.0 <= x <= 709.0):
        return exp_edge(x)
    s, e, bits = exp_reduced(x, 0.0)
    return (s + e) * float_of((bits << 52) + _ONE_BITS)


@kernel
def expm1_64(x):
    """exp(x) - 1 of a float64."""
    if not (-_NO_DIGIT_LEFT <= x <= 709.0):
        if x < 0.0:
            return -1.0
        return exp_edge(x)
    s, e, bits = exp_reduced(x, 0.0)
    scale = float_of((bits << 52) + _ONE_BITS)
    total, lost = two_sum(scale * s, -1.0)
    return np.copysign(total + (lost + scale * e), x)


@kernel
def exp(x):
    """Exponential function."""
    return like(exp64(np.float64(x)), x)


@kernel
def expm1(x):
    """``exp(x) - 1``, accurate near 0."""
    return like(expm1_64(np.float64(x)), x)

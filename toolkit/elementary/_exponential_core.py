"""How exp, exp2 and expm1 are computed: reduction to |r| <= ln(2)/2, a polynomial, and one rounding that counts.

``x = k ln 2 + r`` gives ``exp(x) = 2**k exp(r)``. ln 2 is a sum of two numbers, so that r is right to 2**-95,
and ``exp(r) = 1 + r + p`` is a pair ``s + e`` where ``s = fl(1 + r)`` and e holds p and the bits that s lost.
"""
import numpy as np
from numba import types
from numba.extending import overload

from toolkit._core.exact_sums import fast_two_sum, split
from toolkit._core.kernel import kernel
from toolkit._core.rounding import bits_of, float_of

__all__ = ["INV_LN2", "LN2_HI", "LN2_LO", "ROUNDER", "exp2_64", "exp64", "exp_by_type", "exp_pair", "exp_reduced",
           "exp_tail", "exp_unrounded", "expm1_64", "exponent_of", "round_scaled"]

# Adding 1.5 * 2**52 rounds to an integer and leaves that integer in the low bits of the sum.
ROUNDER = 6755399441055744.0
_ROUNDER_BITS = np.int64(0x4338000000000000)
_ONE_BITS = np.int64(0x3FF0000000000000)
_SMALLEST = 5e-324
_SHORTENER = 201326592.0  # 1.5 * 2**27: adding and subtracting it leaves 26 bits of a number below 1

INV_LN2 = 1.4426950408889634
LN2_HI = 0.6931471805598903  # 42 bits: k * LN2_HI is exact
LN2_LO = 5.497923018708371e-14
_LN2 = 0.6931471805599453
_LN2_SHORT = 0.6931471675634384  # 26 bits: its product with another 26 bits is exact
_LN2_REST = 1.2996506893889889e-08


@kernel
def exp_tail(r):
    """``(exp(r) - 1 - r - r**2 / 2) / r**3`` for |r| <= ln(2)/2 (benchmarks/elementary_coefficients.py)."""
    r2 = r * r
    low = (0.16666666666666669 + r * 0.041666666666666664) + r2 * (
        0.008333333333330062 + r * 0.0013888888888886552)
    middle = (0.00019841269863053618 + r * 2.4801587317144498e-05) + r2 * (
        2.7557268459997064e-06 + r * 2.755728296954995e-07)
    high = 2.510038549551032e-08 + r * 2.0911236630261545e-09
    return low + (r2 * r2) * (middle + (r2 * r2) * high)


@kernel
def exp_pair(r, r_lo):
    """``(s, e)`` with ``s + e = exp(r + r_lo)``, for |r| <= ln(2)/2, |r_lo| < 2**-32; s is ``fl(1 + r)``."""
    s, e = fast_two_sum(1.0, r)
    p = (r * r) * (0.5 + r * exp_tail(r))
    return s, e + (p + r_lo * (s + p))


@kernel
def exp_reduced(x, x_lo):
    """``(s, e, bits)``: ``exp(x + x_lo) = (s + e) * 2**k``, k in the low 12 bits of `bits`; |x| <= 746."""
    rounded = x * INV_LN2 + ROUNDER
    k = rounded - ROUNDER
    s, e = exp_pair(x - k * LN2_HI, x_lo - k * LN2_LO)
    return s, e, bits_of(rounded)


@kernel
def exp2_reduced(x):
    """`exp_reduced` for base 2 and -1080 <= x <= 1024."""
    rounded = x + ROUNDER
    f = x - (rounded - ROUNDER)
    f_hi, f_lo = split(f)
    r, r_lo = fast_two_sum(f_hi * _LN2_SHORT, f_hi * _LN2_REST + f_lo * _LN2)
    s, e = exp_pair(r, r_lo)
    return s, e, bits_of(rounded)


@kernel
def exponent_of(bits):
    """k, of the low bits of `bits`."""
    return bits - _ROUNDER_BITS


@kernel
def round_scaled(s, e, bits):
    """``(s + e) * 2**k`` with k in the low bits of `bits` and -1080 <= k <= 1025, rounded once.

    Rounding s + e to 53 bits and scaling it into the subnormals would round twice.
    """
    k = exponent_of(bits)
    if k > 1024 or (k == 1024 and s + e >= 1.0):
        return np.inf
    if k > -1022 or (k == -1022 and s >= 1.0):
        half = k >> 1
        return (s + e) * float_of((half << 52) + _ONE_BITS) * float_of(((k - half) << 52) + _ONE_BITS)
    if k < -1076:
        return 0.0
    # The last bit of grid + s is the one that 2**k scales to the smallest subnormal: the adder rounds there.
    grid = float_of(((-1022 - k) << 52) + _ONE_BITS)
    t, lost = fast_two_sum(grid, s)
    t += lost + e
    return (t - grid) * float_of(((k + 1074) << 52) + _ONE_BITS) * _SMALLEST


@kernel
def exp_edge(x):
    """exp where the result may overflow, be subnormal, zero or NaN."""
    if x != x:
        return x
    if x > 710.0:
        return np.inf
    if x < -746.0:
        return 0.0
    s, e, bits = exp_reduced(x, 0.0)
    return round_scaled(s, e, bits)


@kernel
def exp64(x):
    """exp of a float64."""
    if not (-708.0 <= x <= 709.0):
        return exp_edge(x)
    s, e, bits = exp_reduced(x, 0.0)
    return (s + e) * float_of((bits << 52) + _ONE_BITS)


@kernel
def exp_clamped(x):
    """exp of a float64 clamped to ±700, without a branch: for float32, whose results are 0 or inf long before."""
    x = -700.0 if x < -700.0 else x
    x = 700.0 if x > 700.0 else x
    s, e, bits = exp_reduced(x, 0.0)
    return (s + e) * float_of((bits << 52) + _ONE_BITS)


def exp_by_type(x):
    """exp of a float32 without a branch, so that LLVM turns loops over it into vector code; else `exp64`."""
    with np.errstate(over="ignore"):  # compiled, the cast to float32 gives inf without a word
        return np.float32(exp_clamped(float(x))) if isinstance(x, np.float32) else exp64(np.float64(x))


@overload(exp_by_type)
def _exp_by_type(x):
    if x == types.float32:
        return lambda x: np.float32(exp_clamped(np.float64(x)))
    return lambda x: exp64(np.float64(x))


@kernel
def exp_unrounded(x):
    """``(hi, lo)`` with ``hi + lo = exp(x)`` to about 2**-56 and ``hi = fl(hi + lo)``, for |x| <= 700."""
    s, e, bits = exp_reduced(x, 0.0)
    s, e = fast_two_sum(s, e)
    scale = float_of((bits << 52) + _ONE_BITS)
    return scale * s, scale * e


@kernel
def exp2_edge(x):
    """exp2 where the result may overflow, be subnormal, zero or NaN."""
    if x != x:
        return x
    if x >= 1024.0:
        return np.inf
    if x < -1076.0:
        return 0.0
    s, e, bits = exp2_reduced(x)
    return round_scaled(s, e, bits)


@kernel
def exp2_64(x):
    """exp2 of a float64."""
    if not (-1021.0 <= x <= 1023.0):
        return exp2_edge(x)
    s, e, bits = exp2_reduced(x)
    return (s + e) * float_of((bits << 52) + _ONE_BITS)


@kernel
def expm1_64(x):
    """expm1 of a float64."""
    if not (-38.0 <= x <= 709.0):  # exp(-38) < 2**-54: nothing but -1 is left
        return -1.0 if x < 0.0 else exp_edge(x)
    if abs(x) < 7e-9:  # the next term, x**3 / 6, is below 2**-56 of the first
        return np.copysign(x + 0.5 * x * x, x)
    rounded = x * INV_LN2 + ROUNDER
    k = rounded - ROUNDER
    scale = float_of((bits_of(rounded) << 52) + _ONE_BITS)
    r = x - k * LN2_HI
    r_lo = -k * LN2_LO
    # The -1 cancels up to half of the result, so the square, too, is a pair: short**2 is exact.
    short = (r + _SHORTENER) - _SHORTENER
    square = 0.5 * short * short
    rest = 0.5 * (r - short) * (r + short) + (r * r) * r * exp_tail(r)
    s, e = fast_two_sum(1.0, r)
    total, lost = fast_two_sum(scale * s, -1.0) if scale >= 1.0 else fast_two_sum(-1.0, scale * s)
    total, lost2 = fast_two_sum(total, scale * square)
    rest = e + (rest + r_lo * (s + (square + rest)))
    return np.copysign(total + ((lost + lost2) + scale * rest), x)

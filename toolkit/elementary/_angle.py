"""Reduction of an angle to [-pi/4, pi/4] and a quadrant, for every finite float64.

Up to 2**20 quarter turns, pi/2 is subtracted in four parts whose products are exact (Cody and Waite). Beyond,
the angle times 2/pi is formed in integers, and only the digits that matter: whole turns are never computed
(Payne and Hanek). No float64 comes closer than 2**-61 to a multiple of pi/2, which fixes the number of
digits.
"""
import numpy as np

from toolkit._core.exact_sums import fast_two_sum, two_product, two_sum
from toolkit._core.kernel import kernel
from toolkit._core.rounding import bits_of

__all__ = ["reduce_angle"]

_ROUNDER = 6755399441055744.0  # see exponential.py
_TWO_OVER_PI = 0.6366197723675814
_PIO2 = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32)
_PIO2_HI = 1.5707963267948966
_PIO2_LO = 6.123233995736766e-17
_LARGEST_MEDIUM = 1647099.0

# 2/pi after the point in digits of 30 bits; the zeros stand for the digits before the point.
_DIGITS = np.array([
    0, 0, 0, 683565275, 618938706, 670080351, 301282525, 808900773, 429114425, 17299781, 598466235,
    827878857, 115581988, 927694873, 154069513, 879003455, 568242635, 78028027, 679622133, 196006177,
    244958978, 449936889, 20550102, 241226958, 524929093, 1043265508, 674963448, 637532033, 427884274,
    1011232104, 174923629, 228570057, 1018207092, 1025047962, 509602349, 491384497, 1052663575,
    754195687, 931811986, 983236311, 991033557, 874600460,
], dtype=np.int64)
_MASK = (1 << 30) - 1


@kernel
def reduce_medium(x):
    """``(r, r_lo, q)`` with ``x = q pi/2 + r + r_lo``, for |x| below 2**20 quarter turns."""
    rounded = x * _TWO_OVER_PI + _ROUNDER
    n = rounded - _ROUNDER
    r, lo = two_sum(x - n * _PIO2[0], -n * _PIO2[1])
    r, lo2 = two_sum(r, -n * _PIO2[2])
    r, r_lo = fast_two_sum(r, (lo + lo2) - n * _PIO2[3])
    return r, r_lo, bits_of(rounded) & 3


@kernel
def column(i, m0, m1, m2):
    """Column of the long multiplication of three digits by 2/pi; at most 2**62."""
    return m0 * _DIGITS[i] + m1 * _DIGITS[i + 1] + m2 * _DIGITS[i + 2]


@kernel
def reduce_huge(x):
    """``(r, r_lo, q)`` with ``x = q pi/2 + r + r_lo`` up to whole turns, for a finite x >= 2**20."""
    bits = bits_of(x)
    exponent = (bits >> 52) - 1075 + 60
    mantissa = (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000
    first = exponent // 30
    shift = exponent - 30 * first
    # x = (m0 + m1 2**30 + m2 2**60) * 2**(30 first - 60)
    m0 = (mantissa & _MASK) << shift
    m1 = ((mantissa >> 30) << shift) + (m0 >> 30)
    m2 = m1 >> 30
    m0 &= _MASK
    m1 &= _MASK
    d5 = column(first + 5, m0, m1, m2)
    d4 = column(first + 4, m0, m1, m2) + (d5 >> 30)
    d3 = column(first + 3, m0, m1, m2) + (d4 >> 30)
    d2 = column(first + 2, m0, m1, m2) + (d3 >> 30)
    d1 = column(first + 1, m0, m1, m2) + (d2 >> 30)
    q = column(first, m0, m1, m2) + (d1 >> 30)
    # A fraction above 1/2 is replaced by its distance to 1: digits of one sign do not cancel.
    above = (d1 >> 29) & 1
    flip = above * _MASK
    sign = 1.0 - 2.0 * above
    f, lo = fast_two_sum(((d1 ^ flip) & _MASK) * 2.0**-30, ((d2 ^ flip) & _MASK) * 2.0**-60)
    f, lo2 = fast_two_sum(f, ((d3 ^ flip) & _MASK) * 2.0**-90)
    tail = ((d4 ^ flip) & _MASK) * 2.0**-120 + ((d5 ^ flip) & _MASK) * 2.0**-150
    f, f_lo = fast_two_sum(f, (lo + lo2) + tail)
    r, lost = two_product(f, _PIO2_HI)
    r, r_lo = fast_two_sum(r, lost + (f * _PIO2_LO + f_lo * _PIO2_HI))
    return sign * r, sign * r_lo, (q + above) & 3


@kernel
def reduce_angle(x):
    """``(r, r_lo, q)`` with ``x = q pi/2 + r + r_lo`` up to whole turns, |r| <= pi/4, q in 0..3, x finite."""
    if abs(x) < _LARGEST_MEDIUM:
        return reduce_medium(x)
    r, r_lo, q = reduce_huge(abs(x))
    if x < 0.0:
        return -r, -r_lo, (4 - q) & 3
    return r, r_lo, q

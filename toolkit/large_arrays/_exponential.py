"""exp in lanes: exact subtraction, reduction to |r| <= ln(2)/2, a polynomial, and one rounding at the end.

Rounding ``z - m`` would cost exp up to ``|z - m| / 2`` ulp, so the difference is a pair ``d + e``. With
``d + e = k ln 2 + r`` its exponential is ``2**k`` times the mantissa ``1 + r + r**2 q(r)``; the polynomial q is from
benchmarks/elementary_coefficients.py. The power gets a factor 2**64 (float64: 2**512) on top: *lifted* numbers stay
normal down to the smallest subnormal, and arithmetic with subnormals, a hundred times slower, is avoided until
`lowered` rounds once, with integers.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import bit_distance, choose, fused, low_bits_as_exponent
from toolkit._core.lanes import by_dtype, spread

__all__ = ["calm_shift", "exp_calm", "exp_far", "exp_lifted", "exp_plain", "lift_of", "lifted_power", "lowered",
           "mantissa_and_power"]

_LOG2_E = 1.4426950408889634
_LIFT_32, _LIFT_64 = 2.0**64, 2.0**512

# Adding 1.5 * 2**23 (2**52) rounds to an integer and leaves it in the last bits of the sum. With the bias of the
# exponent and that of the lift added, these bits shifted to the exponent are the lifted power.
_ROUNDER_32, _ROUNDER_64 = 1.5 * 2.0**23, 1.5 * 2.0**52
_BIASED_32, _BIASED_64 = _ROUNDER_32 + 127 + 64, _ROUNDER_64 + 1023 + 512
# ln 2 = HI + LO; k * HI is exact.
_HI_32, _LO_32 = 0.693359375, -0.00021219444170128554
_HI_64, _LO_64 = 0.6931471805598903, 5.497923018708371e-14
_LEAST_32, _LEAST_64 = -104.0, -746.0  # exp of less rounds to 0
_FAR_32, _FAR_64 = -131.0, -1062.0  # exp of less, lifted, is no longer normal


@kernel
def mantissa_and_power_32(d, e):
    k = fused(d, _LOG2_E, _ROUNDER_32) - _ROUNDER_32
    r = fused(k, -_LO_32, fused(k, -_HI_32, d)) + e
    q = fused(fused(fused(fused(0.0013926184037700295, r, 0.008363178931176662), r, 0.041666556149721146), r,
                    0.16666576266288757), r, 0.5)
    return fused(q * r, r, r) + 1.0, k


@kernel
def mantissa_and_power_64(d, e):
    k = fused(d, _LOG2_E, _ROUNDER_64) - _ROUNDER_64
    r = fused(k, -_LO_64, fused(k, -_HI_64, d)) + e
    r2 = r * r
    low = fused(fused(0.008333333333330062, r, 0.04166666666662413), r2, fused(0.16666666666666669, r, 0.5))
    high = fused(fused(2.7557268459997064e-06, r, 2.4801521295954376e-05), r2,
                 fused(0.00019841269863053618, r, 0.0013888888917213717))
    top = fused(2.510038549551032e-08, r, 2.7620088445409746e-07)
    r4 = r2 * r2
    q = fused(fused(top, r4, high), r4, low)
    return fused(q, r2, r) + 1.0, k


# ``(f, k)`` with ``exp(d + e) = f * 2**k``, f in [0.707, 1.415] within 1.5 ulp, k an integral float.
mantissa_and_power = by_dtype(mantissa_and_power_32, mantissa_and_power_64)


@kernel
def lifted_power_32(k):
    return choose(k < -151.0, 0.0, low_bits_as_exponent(k + _BIASED_32))


@kernel
def lifted_power_64(k):
    return choose(k < -1076.0, 0.0, low_bits_as_exponent(k + _BIASED_64))


# ``2**k``, lifted, for integral floats k <= 0; 0 where that is below the subnormals.
lifted_power = by_dtype(lifted_power_32, lifted_power_64)


@kernel
def exp_lifted_32(d, e):
    f, k = mantissa_and_power_32(d, e)
    return choose(d < _LEAST_32, 0.0, f * low_bits_as_exponent(k + _BIASED_32))


@kernel
def exp_lifted_64(d, e):
    f, k = mantissa_and_power_64(d, e)
    return choose(d < _LEAST_64, 0.0, f * low_bits_as_exponent(k + _BIASED_64))


# ``exp(d + e)``, lifted, for d <= 0, within 1.5 ulp; 0 below the subnormals, NaN for NaN.
exp_lifted = by_dtype(exp_lifted_32, exp_lifted_64)


@kernel
def exp_far_32(d, e):
    f, k = mantissa_and_power_32(d, e)
    x = f * low_bits_as_exponent(k + _BIASED_32)
    return choose(d < _FAR_32, 0.0, x), choose(d < _LEAST_32, 0.0, x)


@kernel
def exp_far_64(d, e):
    f, k = mantissa_and_power_64(d, e)
    x = f * low_bits_as_exponent(k + _BIASED_64)
    return choose(d < _FAR_64, 0.0, x), choose(d < _LEAST_64, 0.0, x)


# `exp_lifted` twice: for a sum, in which many terms that round to 0 alone add up to more, and for a result.
exp_far = by_dtype(exp_far_32, exp_far_64)


@kernel
def lowered_32(x):
    tiny = x < 2.0**-62
    grid = spread(2.0**-62, x)  # its last bit is the lifted smallest subnormal
    return choose(tiny, bit_distance(x + grid, grid), choose(tiny, 0.0, x) * 2.0**-64)


@kernel
def lowered_64(x):
    tiny = x < 2.0**-510
    grid = spread(2.0**-510, x)
    return choose(tiny, bit_distance(x + grid, grid), choose(tiny, 0.0, x) * 2.0**-512)


# A lifted number >= 0 as it is, rounded once; into the subnormals by the rounding of ``x + grid``, whose last bits are
# then those of the result.
lowered = by_dtype(lowered_32, lowered_64)


@kernel
def exp_plain_32(z):
    f, k = mantissa_and_power_32(z, spread(0.0, z))
    large = f * low_bits_as_exponent(k + (_BIASED_32 - 128.0)) * _LIFT_32
    x = choose(k < 0.0, lowered_32(f * lifted_power_32(k)), large)
    return choose(z < _LEAST_32, 0.0, choose(100.0 < z, np.inf, x))  # r is not small where k is inexact


@kernel
def exp_plain_64(z):
    f, k = mantissa_and_power_64(z, spread(0.0, z))
    large = f * low_bits_as_exponent(k + (_BIASED_64 - 1024.0)) * _LIFT_64
    x = choose(k < 0.0, lowered_64(f * lifted_power_64(k)), large)
    return choose(z < _LEAST_64, 0.0, choose(720.0 < z, np.inf, x))  # r is not small where k is inexact


# exp(z), not lifted, of any z.
exp_plain = by_dtype(exp_plain_32, exp_plain_64)


@kernel
def lift_32(z):
    return _LIFT_32


@kernel
def lift_64(z):
    return _LIFT_64


# By what lifted numbers of the dtype of `z` are larger.
lift_of = by_dtype(lift_32, lift_64)


@kernel
def calm_shift_32(m):
    return (_ROUNDER_32 + 127.0) - mantissa_and_power_32(m, spread(0.0, m))[1]


@kernel
def calm_shift_64(m):
    return (_ROUNDER_64 + 1023.0) - mantissa_and_power_64(m, spread(0.0, m))[1]


# What `exp_calm` needs to know of the largest number m of a line.
calm_shift = by_dtype(calm_shift_32, calm_shift_64)


@kernel
def exp_calm(z, shift):
    """``exp(z) / 2**base``, base the exponent of exp(m), for a calm row: only integers are subtracted, and no result
    needs a lift. Within 1.5 ulp for |z| <= 2048."""
    f, k = mantissa_and_power(z, spread(0.0, z))
    return choose(z == -np.inf, 0.0, f * low_bits_as_exponent(k + shift))

"""exp and expm1 in lanes, before they are rounded: a sum of a few numbers, times a power of 2.

Where all lanes are *easy*, that is, far from overflow and underflow, the short way is taken. Others take the careful
one, with powers that are *lifted* (see `_exponential`) until the last rounding; no digit depends on the lanes beside.
"""
from toolkit._core.across_lanes import all_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, low_bits_as_exponent, signed_as, size
from toolkit._core.lanes import by_dtype
from toolkit.large_arrays._exponential import lowered

__all__ = ["at_most", "decay", "exp_below", "exp_parts", "expm1_below", "expm1_parts", "far_decay", "far_limit",
           "far_parts", "is_easy"]

_LOG2_E = 1.4426950408889634
# Adding 1.5 * 2**23 (2**52) rounds to an integer and leaves it in the last bits of the sum; shifted to the exponent
# with its bias added they are the power, and with a bias of 64 (512) more the lifted power.
_BIASED_32, _BIASED_64 = 1.5 * 2.0**23 + 127, 1.5 * 2.0**52 + 1023
_LIFT_32, _LIFT_64 = 64.0, 512.0
# ln 2 = HI + LO; k * HI is exact.
_HI_32, _LO_32 = 0.693359375, -0.00021219444170128554
_HI_64, _LO_64 = 0.6931471805598903, 5.497923018708371e-14


@kernel(forceinline=True)
def exp_parts_32(d):
    shifted = fused(d, _LOG2_E, _BIASED_32)
    k = shifted - _BIASED_32
    exact = fused(k, -_HI_32, d)
    r = fused(k, -_LO_32, exact)
    lost = fused(k, -_LO_32, exact - r)
    q = fused(fused(fused(fused(fused(0.00019890990824673654, r, 0.0013933649996309251), r, 0.0083333109254809), r,
                          0.041666464925285904), r, 0.16666666681623232), r, 0.5)
    return r, fused(q * r, r, lost), shifted


@kernel(forceinline=True)
def exp_parts_64(d):
    shifted = fused(d, _LOG2_E, _BIASED_64)
    k = shifted - _BIASED_64
    exact = fused(k, -_HI_64, d)
    r = fused(k, -_LO_64, exact)
    lost = fused(k, -_LO_64, exact - r)
    r2 = r * r
    low = fused(fused(0.041666666666666664, r, 0.16666666666666669), r, 0.5)
    middle = fused(fused(0.00019841269863053618, r, 0.0013888888888886552), r, 0.008333333333330062)
    high = fused(fused(2.755728296954995e-07, r, 2.7557268459997064e-06), r, 2.4801587317144498e-05)
    r3 = r2 * r
    top = fused(2.0911236630261545e-09, r, 2.510038549551032e-08)
    q = fused(fused(fused(top, r3, high), r3, middle), r3, low)
    return r, fused(q, r2, lost), shifted


# ``(r, rest, shifted)`` with ``exp(d) = (1 + r + rest) * low_bits_as_exponent(shifted)``, |r| <= ln(2) / 2.
exp_parts = by_dtype(exp_parts_32, exp_parts_64)


@kernel
def far_parts_32(d):
    r, rest, shifted = exp_parts_32(d)
    k = shifted - _BIASED_32
    return r, rest, choose(k < -120.0, 0.0, low_bits_as_exponent(shifted)), low_bits_as_exponent(shifted + _LIFT_32)


@kernel
def far_parts_64(d):
    r, rest, shifted = exp_parts_64(d)
    k = shifted - _BIASED_64
    return r, rest, choose(k < -1000.0, 0.0, low_bits_as_exponent(shifted)), low_bits_as_exponent(shifted + _LIFT_64)


# ``(r, rest, power, lifted power)`` of `exp_parts`, for d down to minus `far_limit`; a power that is nothing beside 1
# is 0.
far_parts = by_dtype(far_parts_32, far_parts_64)


@kernel
def far_limit_32(x):
    return 131.0


@kernel
def far_limit_64(x):
    return 1062.0


# exp of minus this rounds to 0, also times a number that is not large.
far_limit = by_dtype(far_limit_32, far_limit_64)


@kernel
def is_easy_32(x):
    return size(x) < 80.0


@kernel
def is_easy_64(x):
    return size(x) < 690.0


# In which lanes neither exp(x) nor exp(-x), nor a product of it with x, comes near overflow or underflow.
is_easy = by_dtype(is_easy_32, is_easy_64)


@kernel
def at_most(x, bound):
    """The smaller of the two; NaN for NaN."""
    return choose(bound < x, bound, x)


@kernel(forceinline=True)
def decay(x):
    """``(|x|, m, power)`` with ``exp(-|x|) = m * power``, of easy lanes."""
    a = size(x)
    r, rest, shifted = exp_parts(0.0 - a)
    return a, 1.0 + (r + rest), low_bits_as_exponent(shifted)


@kernel
def far_decay(x):
    """``(a, m, power, lifted power)`` of `decay`, a not beyond where the exponential is 0: inf times 0 would be NaN."""
    a = at_most(size(x), far_limit(x))
    r, rest, power, lifted = far_parts(0.0 - a)
    return a, 1.0 + (r + rest), power, lifted


@kernel(forceinline=True)
def expm1_parts(d):
    """``(e, lost)`` with ``e + lost = exp(d) - 1``, for easy d."""
    r, rest, shifted = exp_parts(d)
    power = low_bits_as_exponent(shifted)
    p = r + rest
    head, grown = power - 1.0, p * power
    e = head + grown
    return e, fused((r - p) + rest, power, grown - (e - head))


@kernel(forceinline=True)
def exp_below(x):
    """``exp(min(x, 0))``, within an ulp."""
    d = choose(0.0 < x, 0.0, x)
    if all_of(is_easy(d)):
        _, m, power = decay(d)
        return m * power
    _, m, _, lifted = far_decay(d)
    return lowered(m * lifted)


@kernel(forceinline=True)
def expm1_below(x):
    """``exp(min(x, 0)) - 1``, within an ulp."""
    d = choose(0.0 < x, 0.0, choose(x < -40.0, -40.0, x))
    e, lost = expm1_parts(d)
    return signed_as(e + lost, x)

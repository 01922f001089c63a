"""Sigmoid, tanh, softplus and exponentials in lanes: of an exponential that is not yet rounded.

As in `toolkit.elementary`, the exponential arrives as a pair of numbers, so that the sums with 1 lose nothing. Where
all lanes are *easy*, that is, far from overflow and underflow, the short way is taken. Others take the careful way,
with powers that are *lifted* (see `_exponential`) until the last rounding; no digit depends on the lanes beside.
"""
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import (
    all_of,
    choose,
    fused,
    inverse_of,
    low_bits_as_exponent,
    signed_as,
    size,
)
from toolkit._core.lanes import by_dtype, spread
from toolkit.elementary.logarithm import log_tail as log_tail_64
from toolkit.large_arrays._exponential import lowered
from toolkit.large_arrays._walks import two_sum

__all__ = ["at_most", "decay", "exp_below", "exp_parts", "expm1_below", "far_decay", "far_parts", "is_easy",
           "sigmoid_far", "sigmoid_lanes", "sigmoid_slope_lanes", "softplus_lanes", "tanh_lanes", "tanh_slope_lanes"]

_LOG2_E = 1.4426950408889634
# Adding 1.5 * 2**23 (2**52) rounds to an integer and leaves it in the last bits of the sum; shifted to the exponent
# with its bias added they are the power, and with a bias of 64 (512) more the lifted power.
_BIASED_32, _BIASED_64 = 1.5 * 2.0**23 + 127, 1.5 * 2.0**52 + 1023
_LIFT_32, _LIFT_64 = 64.0, 512.0
# ln 2 = HI + LO; k * HI is exact.
_HI_32, _LO_32 = 0.693359375, -0.00021219444170128554
_HI_64, _LO_64 = 0.6931471805598903, 5.497923018708371e-14
_SQRT_2 = 1.4142135623730951


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


@kernel
def ratio(n, n_lo, d, d_lo):
    """``(n + n_lo) / (d + d_lo)``, rounded once but for about an eighth of an ulp."""
    inverse = inverse_of(d)
    q = n * inverse
    return fused(fused(0.0 - q, d_lo, fused(0.0 - q, d, n) + n_lo), inverse, q)


@kernel
def one_over(d, d_lo):
    """``1 / (d + d_lo)``, rounded once but for about an eighth of an ulp."""
    q = inverse_of(d)
    return fused(fused(0.0 - q, d_lo, fused(0.0 - q, d, 1.0)), q, q)


@kernel(forceinline=True)
def sigmoid_easy(x):
    """``1 / (1 + t)`` with ``t = exp(-x)``, of easy lanes."""
    r, rest, shifted = exp_parts(0.0 - x)
    power = low_bits_as_exponent(shifted)
    p = r + rest
    m = 1.0 + p
    t = m * power
    d = 1.0 + t
    large = choose(1.0 < t, t, 1.0)
    small = choose(1.0 < t, 1.0, t)
    return one_over(d, fused((1.0 - m) + p, power, small - (d - large)))


@kernel
def sigmoid_far(x):
    """``(q, lifted power)``: where x < 0 the sigmoid is their product, else q."""
    r, rest, power, lifted = far_parts(0.0 - at_most(size(x), far_limit(x)))
    p = r + rest
    m = 1.0 + p
    m_lo = (1.0 - m) + p
    t = m * power
    d = 1.0 + t
    positive = 0.0 < x
    q = ratio(choose(positive, 1.0, m), choose(positive, 0.0, m_lo), d, fused(m_lo, power, (1.0 - d) + t))
    return q, lifted


@kernel(forceinline=True)
def sigmoid_lanes(x):
    """The logistic function, within 1 ulp."""
    easy, y = is_easy(x), sigmoid_easy(x)
    if all_of(easy):
        return y
    q, lifted = sigmoid_far(x)
    return choose(easy, y, choose(0.0 < x, q, lowered(q * lifted)))


@kernel(forceinline=True)
def sigmoid_slope_of(m, power):
    """``m / (1 + t)**2`` with ``t = m * power``."""
    t = m * power
    d = 1.0 + t
    return m * inverse_of(fused(d, d, 2.0 * d * ((1.0 - d) + t)))


@kernel(forceinline=True)
def sigmoid_slope_lanes(x):
    """``s(x) s(-x) = t / (1 + t)**2`` with ``t = exp(-|x|)``."""
    if all_of(is_easy(x)):
        _, m, power = decay(x)
        return sigmoid_slope_of(m, power) * power
    _, m, power, lifted = far_decay(x)
    return lowered(sigmoid_slope_of(m, power) * lifted)


@kernel
def saturated_32(x):
    return 9.2


@kernel
def saturated_64(x):
    return 20.0


# tanh of this, and of more, rounds to 1.
saturated = by_dtype(saturated_32, saturated_64)


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
def tanh_lanes(x):
    """tanh, within 1 ulp: ``e / (e + 2)`` with ``e = expm1(2 |x|)``."""
    a = at_most(size(x), saturated(x))
    e, lost = expm1_parts(a + a)
    d = e + 2.0
    large, small = choose(2.0 < e, e, 2.0), choose(2.0 < e, 2.0, e)
    return signed_as(ratio(e, lost, d, (small - (d - large)) + lost), x)


@kernel(forceinline=True)
def tanh_slope_lanes(x):
    """``4 t / (1 + t)**2`` with ``t = exp(-2 |x|)``."""
    return 4.0 * sigmoid_slope_lanes(x + x)


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


@kernel
def log_tail_32(z):
    return fused(fused(fused(0.23330581938241893, z, 0.2855081659971155), z, 0.40000121876972), z,
                 0.6666666655445165)


# ``(2 artanh(s) / s - 2) / s**2`` at ``z = s**2``, for |s| up to 0.172.
log_tail = by_dtype(log_tail_32, log_tail_64)


@kernel
def ln2_32(x):
    return 0.693145751953125, 1.4286068203094172e-06


@kernel
def ln2_64(x):
    return 0.6931471805598903, 5.497923018708371e-14


# ln 2 as a number of the dtype with some last bits 0, and the rest.
ln2 = by_dtype(ln2_32, ln2_64)


@kernel(forceinline=True)
def softplus_easy(x):
    """``max(x, 0) + log1p(exp(-|x|))`` of easy lanes.

    ``1 + t`` is f or 2 f with f within a factor sqrt(2) of 1, and ``log f = g - (g**2 / 2 - s (g**2 / 2 + tail))``
    with ``g = f - 1`` and ``s = g / (g + 2)``.
    """
    r, rest, shifted = exp_parts(0.0 - size(x))
    power = low_bits_as_exponent(shifted)
    p = r + rest
    m = 1.0 + p
    t = m * power
    u = 1.0 + t
    missing = (1.0 - u) + t
    missing = missing + fused((1.0 - m) + p, power, (-0.5 * missing) * missing)
    halved, nothing = _SQRT_2 < u, spread(0.0, x)
    high, low = ln2(x)
    g = choose(halved, 0.5 * u, u) - 1.0
    s = g * inverse_of(g + 2.0)
    half = 0.5 * g * g
    z = s * s
    small = fused(s, fused(z, log_tail(z), half), choose(halved, low, nothing) - half)
    small = fused(choose(halved, 0.5 * missing, missing), fused(g, g, 1.0 - g), small)
    head, lost = two_sum(choose(0.0 < x, x, nothing), choose(halved, high, nothing))
    head, lost_too = two_sum(head, g)
    return head + ((lost + lost_too) + small)


@kernel(forceinline=True)
def softplus_lanes(x):
    """``log(1 + exp(x))``, within an ulp: x, or exp(x), where that is not easy."""
    easy, y = is_easy(x), softplus_easy(x)
    return y if all_of(easy) else choose(easy, y, choose(0.0 < x, x, exp_below(x)))

"""Sigmoid, tanh and softplus in lanes: quotients and logarithms of an exponential that is not yet rounded.

As in `toolkit.elementary`, the exponential arrives as a pair of numbers, so that the sums with 1 lose nothing.
"""
from toolkit._core.across_lanes import all_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, inverse_of, low_bits_as_exponent, signed_as, size
from toolkit._core.lanes import by_dtype, spread
from toolkit.elementary.logarithm import log_tail as log_tail_64
from toolkit.large_arrays._exponential import lowered
from toolkit.large_arrays._walks import two_sum
from toolkit.large_arrays.exponentials import at_most, exp_below, exp_parts, expm1_parts, far_limit, far_parts, is_easy

__all__ = ["sigmoid_far", "sigmoid_lanes", "sigmoid_slope_lanes", "softplus_lanes", "tanh_lanes", "tanh_slope_lanes"]

_SQRT_2 = 1.4142135623730951


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
def sigmoid_slope_of(p, power):
    """``m / (1 + t)**2`` with ``m = 1 + p`` and ``t = m * power``."""
    m = 1.0 + p
    t = m * power
    d = 1.0 + t
    square = fused(d, d, 2.0 * d * ((1.0 - d) + t))
    inverse = inverse_of(square)
    q = m * inverse
    return fused(fused(0.0 - q, square, m) + ((1.0 - m) + p), inverse, q)


@kernel(forceinline=True)
def sigmoid_slope_lanes(x):
    """``s(x) s(-x) = t / (1 + t)**2`` with ``t = exp(-|x|)``."""
    if all_of(is_easy(x)):
        r, rest, shifted = exp_parts(0.0 - size(x))
        power = low_bits_as_exponent(shifted)
        return sigmoid_slope_of(r + rest, power) * power
    r, rest, power, lifted = far_parts(0.0 - at_most(size(x), far_limit(x)))
    return lowered(sigmoid_slope_of(r + rest, power) * lifted)


@kernel
def saturated_32(x):
    return 9.2


@kernel
def saturated_64(x):
    return 20.0


# tanh of this, and of more, rounds to 1.
saturated = by_dtype(saturated_32, saturated_64)


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

"""A number times a function that vanishes exponentially: the product underflows only where its result does.

Written as a product, ``e^x`` has lost digits or is 0 before a large factor brings it back: in float32 below -87.
"""
import numpy as np

from toolkit._core.exact_sums import split
from toolkit._core.kernel import kernel
from toolkit._core.numbers import elementary_function, like
from toolkit._core.rounding import power_of_two
from toolkit.elementary._exponential_core import exp_reduced, exponent_of
from toolkit.elementary.normal import INV_SQRT_2PI, mills_ratio

__all__ = ["times_bell", "times_exp", "times_gelu_slope", "times_normal_cdf"]


@kernel
def times_exp64(v, x):
    """``v exp(x)`` of float64, for x <= 0; 0 at x = -inf."""
    if v != v or x != x:
        return v + x
    if x == -np.inf:
        return np.copysign(0.0, v)
    if abs(v) == np.inf:
        return v
    if x < -1460.0:
        return np.copysign(0.0, v)
    s, e, bits = exp_reduced(x, 0.0)
    k = exponent_of(bits)
    quarter = k >> 2
    part = power_of_two(quarter)
    return v * part * (s + e) * part * part * power_of_two(k - 3 * quarter)


@kernel
def times_bell64(v, t):
    """``v exp(-t**2 / 2)`` of float64, for t >= 0."""
    if not t < 64.0:  # then it is 0
        return times_exp64(v, -0.5 * t * t)
    short, lost = split(t)  # the square of `short` is exact
    rest = 0.5 * lost * (t + short)  # below 2**-14
    return times_exp64(v * (1.0 - rest * (1.0 - rest * (0.5 - rest / 6.0))), -0.5 * short * short)


@kernel
def times_normal_cdf64(v, x):
    """``v Phi(x)`` of float64, for x <= -0.7."""
    return times_bell64(v * mills_ratio(min(-x, 64.0)), -x)


@kernel
def times_gelu_slope64(v, x):
    """``v (Phi(x) + x phi(x))`` of float64, for x <= -2."""
    t = min(-x, 64.0)
    return times_bell64(v, -x) * (mills_ratio(t) - t * INV_SQRT_2PI)


@kernel
def rounded_product(of, v, x):
    """``of(v, x)``, computed in float64 and rounded once to the dtype of `x`."""
    return like(of(np.float64(v), np.float64(x)), x)


@elementary_function
@kernel
def times_exp(v, x):
    """``v exp(x)`` for x <= 0; 0 at x = -inf, also for an infinite v. At most 1.5 ulp in float64 (tested)."""
    return rounded_product(times_exp64, v, x)


@elementary_function
@kernel
def times_bell(v, x):
    """``v exp(-x**2 / 2)``; 0 at x = ±inf. At most 3 ulp in float64 (tested)."""
    return rounded_product(times_bell64, v, abs(x))


@elementary_function
@kernel
def times_normal_cdf(v, x):
    """``v Phi(x)`` for x <= -0.7; 0 at -inf. At most 6 ulp in float64 (tested)."""
    return rounded_product(times_normal_cdf64, v, x)


@elementary_function
@kernel
def times_gelu_slope(v, x):
    """``v (Phi(x) + x phi(x))`` for x <= -2; 0 at -inf. At most 8 ulp in float64 (tested)."""
    return rounded_product(times_gelu_slope64, v, x)

"""tanh, sigmoid and softplus: quotients and logarithms of an exponential that is not yet rounded.

The exponential arrives as a pair ``hi + lo``, so the sums with 1 lose nothing and the last operation alone
rounds.
"""
import numpy as np

from toolkit._core.exact_sums import divide_pairs, fast_two_sum, two_sum
from toolkit._core.kernel import kernel
from toolkit._core.numbers import through_float64
from toolkit.elementary._exponential_core import exp64, exp_unrounded
from toolkit.elementary._hard_cases import rounded_once, sigmoid_beside, softplus_beside
from toolkit.elementary.logarithm import log_unrounded

__all__ = ["sigmoid", "softplus", "tanh"]

# Beyond 40, 1 + exp(-x) is 1, and log1p(exp(-x)) is exp(-x), to 1/25 of an ulp.
_SATURATED = 40.0


@kernel
def tanh_tail(z):
    """``(tanh(x) / x - 1) / z`` at ``z = x**2 <= 0.1296`` (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    low = (-0.3333333333333333 + z * 0.13333333333332578) + z2 * (
        -0.05396825396669524 + z * 0.02186948841228676)
    high = (-0.008863230589354409 + z * 0.0035920170244781394) + z2 * (
        -0.0014543620323563238 + z * 0.0005785381418443278)
    return low + (z2 * z2) * (high + (z2 * z2) * -0.00018964726016580815)


@kernel
def tanh64(x):
    """tanh of a float64."""
    a = abs(x)
    if a < 0.35:
        z = x * x
        return np.copysign(x + x * (z * tanh_tail(z)), x)
    if not a < 22.0:
        return x if x != x else np.copysign(1.0, x)
    t, t_lo = exp_unrounded(2.0 * a)
    n, n_lo = fast_two_sum(t, -1.0)
    d, d_lo = fast_two_sum(t, 1.0)
    q, q_lo = divide_pairs(n, n_lo + t_lo, d, d_lo + t_lo)
    return np.copysign(q + q_lo, x)


@kernel
def sigmoid64(x):
    """sigmoid of a float64."""
    if not (-_SATURATED <= x <= _SATURATED):
        return 1.0 if x > 0.0 else exp64(x)
    t, t_lo = exp_unrounded(-abs(x))
    d, lost = fast_two_sum(1.0, t)
    d_lo = lost + t_lo
    if x > 0.0:
        t, t_lo = 1.0, 0.0
    q, q_lo = divide_pairs(t, t_lo, d, d_lo)
    return q + q_lo


@kernel
def softplus64(x):
    """softplus of a float64."""
    if not (-_SATURATED <= x <= _SATURATED):
        return x if x > 0.0 else exp64(x)
    t, t_lo = exp_unrounded(-abs(x))
    if x < -34.0:
        return t + (t_lo - 0.5 * t * t)
    u, lost = fast_two_sum(1.0, t)
    hi, lo = log_unrounded(u, lost + t_lo, 0.0)
    total, lost = two_sum(hi, x if x > 0.0 else 0.0)
    return total + (lost + lo)


@kernel
def tanh(x):
    """Hyperbolic tangent.

    ``x + x**3 P(x**2)`` up to 0.35, then ``(t - 1) / (t + 1)`` with ``t = exp(2|x|)``, all as pairs. From the
    rounded t alone the quotient loses the digits of a small x.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``tanh(±0) = ±0``, ``tanh(±inf) = ±1``, ``tanh(nan) = nan``; exactly ±1 from 19.07 on.

    *Accuracy*: float64 at most 0.65 ulp (tested with mpmath); float32 is correctly rounded, at all 2**32
    patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    T. J. Dekker (1971), doi:10.1007/BF01397083, for the quotient of pairs.

    Examples
    --------
    >>> from toolkit.elementary import exp, tanh
    >>> t = exp(2e-10)
    >>> (t - 1) / (t + 1), tanh(1e-10)
    (1.000000082640371e-10, 1e-10)
    """
    return through_float64(tanh64, x)


@kernel
def sigmoid(x):
    """Logistic function ``1 / (1 + exp(-x))``.

    ``t / (1 + t)`` for negative x and ``1 / (1 + t)`` else, with ``t = exp(-|x|)`` that never overflows: a
    very negative x keeps all digits of ``exp(x)``, down to the subnormals.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``sigmoid(±0) = 0.5``, ``sigmoid(-inf) = 0``, ``sigmoid(inf) = 1``,
    ``sigmoid(nan) = nan``; exactly 1 from 37.43 on (float32: 17.33), subnormal below -708.40 (-87.34), 0
    below -745.13 (-103.97).

    *Accuracy*: float64 at most 0.65 ulp, subnormal results included (tested with mpmath); float32 is correctly
    rounded, at all 2**32 patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. Blanchard, D. J. Higham, N. J. Higham (2021), doi:10.1093/imanum/draa038, for the
    shift that cannot overflow.

    Examples
    --------
    The textbook form in float64 returns 0 where the true value is still a number, because
    ``exp(720)`` is inf.

    >>> from toolkit.elementary import exp, sigmoid
    >>> 1 / (1 + exp(720.0)), sigmoid(-720.0)
    (0.0, 2.0322308024e-313)
    """
    return rounded_once(sigmoid64, sigmoid_beside, x)


@kernel
def softplus(x):
    """``log(1 + exp(x))``, the smooth maximum of x and 0.

    ``max(x, 0) + log(1 + exp(-|x|))``: nothing overflows, and ``exp(x)`` survives where ``1 + exp(x)`` is 1.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``softplus(±0) = log(2)``, ``softplus(-inf) = 0``, ``softplus(inf) = inf``,
    ``softplus(nan) = nan``; subnormal below -708.40 (float32: -87.34), 0 below -745.13 (-103.97).

    *Accuracy*: float64 at most 0.75 ulp, subnormal results included (tested with mpmath); float32 is correctly
    rounded, at all 2**32 patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    M. Mächler, Accurately computing log(1 - exp(-|a|)) (2012), vignette of the R package Rmpfr.

    Examples
    --------
    >>> from toolkit.elementary import exp, log, softplus
    >>> log(1 + exp(-40.0)), softplus(-40.0)
    (0.0, 4.248354255291589e-18)
    >>> log(1 + exp(1000.0)), softplus(1000.0)
    (inf, 1000.0)
    """
    return rounded_once(softplus64, softplus_beside, x)

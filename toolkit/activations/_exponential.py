"""Activations that end below 0 in an exponential: ELU, SELU and CELU."""
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, or_infinite
from toolkit.activations._lanes import elu_lanes, elu_slope_lanes
from toolkit.elementary import exp, expm1
from toolkit.elementary.products import times_exp

__all__ = ["celu", "elu", "selu"]
KERNELS = ["celu_naive", "celu_slope", "celu_value", "elu_naive", "elu_slope", "elu_slope_from_value", "elu_value",
           "selu_naive", "selu_slope", "selu_value"]

SELU_LAMBDA, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_PRODUCT = 1.7580993408473766


@kernel
def elu_value(x, alpha):
    return x if x >= 0 else alpha * expm1(x)


@kernel
def elu_naive(x, alpha):
    return x if x > 0 else alpha * (exp(x) - 1)


@kernel
def elu_slope(x, alpha):
    if x > 0:
        return 1.0
    t = exp(x)
    return times_exp(alpha, x) if t * t == 0 else alpha * t


@kernel
def elu_slope_from_value(x, alpha):
    return 1.0 if x > 0 else elu_value(x, alpha) + alpha


@kernel
def selu_value(x):
    return SELU_LAMBDA * x if x > 0 else _PRODUCT * expm1(x)


@kernel
def selu_naive(x):
    return SELU_LAMBDA * x if x > 0 else _PRODUCT * (exp(x) - 1)


@kernel
def selu_slope(x):
    return SELU_LAMBDA if x > 0 else _PRODUCT * exp(x)


@kernel
def celu_value(x, alpha):
    if x >= 0:
        return x
    q = x / alpha
    if q * q == 0:  # then e^q - 1 is q
        return x
    return alpha * expm1(or_infinite(q, x))


@kernel
def celu_naive(x, alpha):
    return x if x > 0 else alpha * (exp(x / alpha) - 1)


@kernel
def celu_slope(x, alpha):
    return 1.0 if x >= 0 else exp(or_infinite(x / alpha, x))


@elementwise(elu_value, elu_naive, slope=elu_slope, naive_slope=elu_slope_from_value, ulp=1, slope_ulp=1,
             lanes=elu_lanes, slope_lanes=elu_slope_lanes)
def elu(x, *, alpha=1.0, form="stable", format=None):
    """Exponential linear unit: x above 0, ``alpha (e^x - 1)`` below.

    expm1 keeps a small x, of which ``exp(x) - 1`` leaves nothing.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    alpha : float or array_like, broadcast to the shape of `x`
        Minus the limit at -inf. Only 1 gives a continuous derivative.

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 1 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > 0, else ``alpha e^x``, also at 0 (as PyTorch).

    "naive" is ``elu(x) + alpha``, from a value that was kept: below -17 it is 0 in float32.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units,
    ICLR 2016, arXiv:1511.07289.

    Examples
    --------
    >>> import numpy as np
    >>> [float(elu(np.float32(-1e-8), form=form)) for form in ("naive", "stable")]
    [0.0, -9.99999993922529e-09]
    """


@elementwise(selu_value, selu_naive, slope=selu_slope, ulp=2.5, slope_ulp=2.5)
def selu(x, *, form="stable", format=None):
    """Scaled exponential linear unit: ``lambda elu(x, alpha)``, with which mean 0 and variance 1 are a fixed point.

    ``lambda = 1.0507009873554805`` and ``alpha = 1.6732632423543772`` solve ``E selu(z) = 0``, ``E selu(z)**2 = 1``
    for a normal z.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 2.5 ulp, the derivative at most 2.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``lambda`` for x > 0, else ``lambda alpha e^x``, also at 0 (as PyTorch).

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, Self-Normalizing Neural Networks, NeurIPS 2017,
    arXiv:1706.02515.

    Examples
    --------
    >>> selu([-2.0, 1.5])
    array([-1.52016647,  1.57605148])
    """


@elementwise(celu_value, celu_naive, slope=celu_slope, ulp=1, slope_ulp=1, above=0)
def celu(x, *, alpha=1.0, form="stable", format=None):
    """Continuously differentiable ELU: x above 0, ``alpha (e^(x / alpha) - 1)`` below; its slope at 0 is 1.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    alpha : float or array_like, broadcast to the shape of `x`
        Minus the limit at -inf, positive.

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 1 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > 0, else ``e^(x / alpha)``.

    The bound is that of an `alpha` that divides exactly; else the rounding of ``x / alpha`` adds as many ulp as it is
    large.

    References
    ----------
    J. T. Barron, Continuously Differentiable Exponential Linear Units, 2017, arXiv:1704.07483.

    Examples
    --------
    >>> celu([-2.0, 1.5], alpha=2.0)
    array([-1.26424112,  1.5       ])
    """

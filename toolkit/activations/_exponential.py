"""Activations that end below 0 in an exponential: ELU, SELU and CELU."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.activations._elementwise import constant, elementwise
from toolkit.elementary import exp, expm1

__all__ = ["SELU_ALPHA", "SELU_LAMBDA"]

SELU_LAMBDA, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_PRODUCT = 1.7580993408473766


@kernel
def exp_minus_one(x, fmt):
    """``exp(x) - 1`` as it is written."""
    return rnd(rnd(exp(x), fmt) - like(1.0, x), fmt)


@kernel
def elu_value(x, alpha, fmt):
    return x if x > like(0.0, x) else rnd(alpha * rnd(expm1(x), fmt), fmt)


@kernel
def elu_naive(x, alpha, fmt):
    return x if x > like(0.0, x) else rnd(alpha * exp_minus_one(x, fmt), fmt)


@kernel
def elu_slope(x, alpha, fmt):
    return like(1.0, x) if x > like(0.0, x) else rnd(alpha * rnd(exp(x), fmt), fmt)


@kernel
def elu_slope_from_value(x, alpha, fmt):
    return like(1.0, x) if x > like(0.0, x) else rnd(elu_value(x, alpha, fmt) + alpha, fmt)


@kernel
def selu_value(x, fmt):
    if x > like(0.0, x):
        return rnd(constant(SELU_LAMBDA, x, fmt) * x, fmt)
    return rnd(constant(_PRODUCT, x, fmt) * rnd(expm1(x), fmt), fmt)


@kernel
def selu_naive(x, fmt):
    if x > like(0.0, x):
        return rnd(constant(SELU_LAMBDA, x, fmt) * x, fmt)
    return rnd(constant(_PRODUCT, x, fmt) * exp_minus_one(x, fmt), fmt)


@kernel
def selu_slope(x, fmt):
    if x > like(0.0, x):
        return constant(SELU_LAMBDA, x, fmt)
    return rnd(constant(_PRODUCT, x, fmt) * rnd(exp(x), fmt), fmt)


@kernel
def celu_value(x, alpha, fmt):
    return x if x > like(0.0, x) else rnd(alpha * rnd(expm1(rnd(x / alpha, fmt)), fmt), fmt)


@kernel
def celu_naive(x, alpha, fmt):
    return x if x > like(0.0, x) else rnd(alpha * exp_minus_one(rnd(x / alpha, fmt), fmt), fmt)


@kernel
def celu_slope(x, alpha, fmt):
    return like(1.0, x) if x > like(0.0, x) else rnd(exp(rnd(x / alpha, fmt)), fmt)


@elementwise(elu_value, elu_naive, ulp=1)
def elu(x, *, alpha=1.0, form="stable", format=None):
    """Exponential linear unit: x above 0, ``alpha (e^x - 1)`` below.

    expm1 keeps a small x, of which ``exp(x) - 1`` leaves nothing.

    Parameters
    ----------
    alpha : float or array_like, broadcast to the shape of `x`
        Minus the limit at -inf. Only 1 gives a continuous derivative.

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


@elementwise(elu_slope, elu_slope_from_value, ulp=1)
def elu_grad(x, *, alpha=1.0, form="stable", format=None):
    """Derivative of `elu`: 1 for x > 0, else ``alpha e^x``, also at 0 (as PyTorch).

    "naive" is ``elu(x) + alpha``, from a value that was kept: below -17 it is 0 in float32.
    """


@elementwise(selu_value, selu_naive, ulp=2.5)
def selu(x, *, form="stable", format=None):
    """Scaled exponential linear unit: ``lambda elu(x, alpha)``, with which mean 0 and variance 1 are a fixed point.

    ``lambda = 1.0507009873554805`` and ``alpha = 1.6732632423543772`` solve ``E selu(z) = 0``, ``E selu(z)**2 = 1``
    for a normal z.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, Self-Normalizing Neural Networks, NeurIPS 2017,
    arXiv:1706.02515.

    Examples
    --------
    >>> selu([-2.0, 1.5])
    array([-1.52016647,  1.57605148])
    """


@elementwise(selu_slope, ulp=2.5)
def selu_grad(x, *, format=None):
    """Derivative of `selu`: lambda for x > 0, else ``lambda alpha e^x``, also at 0 (as PyTorch)."""


@elementwise(celu_value, celu_naive, ulp=1, positive=True)
def celu(x, *, alpha=1.0, form="stable", format=None):
    """Continuously differentiable ELU: x above 0, ``alpha (e^(x / alpha) - 1)`` below; its slope at 0 is 1.

    Parameters
    ----------
    alpha : float or array_like, broadcast to the shape of `x`
        Minus the limit at -inf, positive.

    References
    ----------
    J. T. Barron, Continuously Differentiable Exponential Linear Units, 2017, arXiv:1704.07483.

    Examples
    --------
    >>> celu([-2.0, 1.5], alpha=2.0)
    array([-1.26424112,  1.5       ])
    """


@elementwise(celu_slope, ulp=1, positive=True)
def celu_grad(x, *, alpha=1.0, format=None):
    """Derivative of `celu`: 1 for x > 0, else ``e^(x / alpha)``.

    The bound is that of an `alpha` that divides exactly; else the rounding of ``x / alpha`` adds as many ulp as it is
    large.
    """

"""Activations that saturate, and the logarithms of them: both tails keep their digits."""
import numpy as np

from toolkit import elementary
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.activations._elementwise import elementwise
from toolkit.elementary import exp, log


@kernel
def sigmoid_value(x, fmt):
    return rnd(elementary.sigmoid(x), fmt)


@kernel
def sigmoid_naive(x, fmt):
    return rnd(like(1.0, x) / rnd(like(1.0, x) + rnd(exp(-x), fmt), fmt), fmt)


@kernel
def sigmoid_slope(x, fmt):
    return rnd(sigmoid_value(x, fmt) * sigmoid_value(-x, fmt), fmt)


@kernel
def sigmoid_slope_from_value(x, fmt):
    p = sigmoid_value(x, fmt)
    return rnd(p * rnd(like(1.0, x) - p, fmt), fmt)


@kernel
def tanh_value(x, fmt):
    return rnd(elementary.tanh(x), fmt)


@kernel
def tanh_naive(x, fmt):
    t = rnd(exp(rnd(x + x, fmt)), fmt)
    return rnd(rnd(t - like(1.0, x), fmt) / rnd(t + like(1.0, x), fmt), fmt)


@kernel
def tanh_slope(x, fmt):
    a = abs(x)
    t = rnd(exp(rnd(-a - a, fmt)), fmt)
    u = rnd(like(1.0, t) + t, fmt)
    return rnd(rnd(like(4.0, t) * t, fmt) / rnd(u * u, fmt), fmt)


@kernel
def tanh_slope_from_value(x, fmt):
    t = tanh_value(x, fmt)
    return rnd(like(1.0, t) - rnd(t * t, fmt), fmt)


@kernel
def softplus_value(x, beta, fmt):
    return rnd(rnd(elementary.softplus(rnd(beta * x, fmt)), fmt) / beta, fmt)


@kernel
def softplus_naive(x, beta, fmt):
    return rnd(rnd(log(rnd(like(1.0, x) + rnd(exp(rnd(beta * x, fmt)), fmt), fmt)), fmt) / beta, fmt)


@kernel
def softplus_slope(x, beta, fmt):
    return sigmoid_value(rnd(beta * x, fmt), fmt)


@kernel
def softplus_slope_naive(x, beta, fmt):
    t = rnd(exp(rnd(beta * x, fmt)), fmt)
    return rnd(t / rnd(like(1.0, t) + t, fmt), fmt)


@kernel
def log_sigmoid_value(x, fmt):
    return -rnd(elementary.softplus(-x), fmt)


@kernel
def log_sigmoid_naive(x, fmt):
    return rnd(log(sigmoid_naive(x, fmt)), fmt)


@kernel
def log_sigmoid_slope(x, fmt):
    return sigmoid_value(-x, fmt)


@kernel
def log_sigmoid_slope_naive(x, fmt):
    return rnd(like(1.0, x) - sigmoid_value(x, fmt), fmt)


@kernel
def softsign_value(x, fmt):
    a = abs(x)
    if a == np.inf:
        return np.copysign(like(1.0, x), x)
    return rnd(x / rnd(like(1.0, x) + a, fmt), fmt)


@kernel
def softsign_naive(x, fmt):
    return rnd(x / rnd(like(1.0, x) + abs(x), fmt), fmt)


@kernel
def softsign_slope(x, fmt):
    q = rnd(like(1.0, x) / rnd(like(1.0, x) + abs(x), fmt), fmt)
    return rnd(q * q, fmt)


@kernel
def softsign_slope_naive(x, fmt):
    w = rnd(like(1.0, x) + abs(x), fmt)
    return rnd(like(1.0, x) / rnd(w * w, fmt), fmt)


@elementwise(sigmoid_value, sigmoid_naive, ulp=1)
def sigmoid(x, *, form="stable", format=None):
    """Logistic function ``1 / (1 + e^-x)``.

    For negative x it is ``e^x / (1 + e^x)``: the written form overflows in exp and returns 0 from -12 on in float16.

    Examples
    --------
    >>> [float(sigmoid(-12.0, form=form, format="float16")) for form in ("naive", "stable")]
    [0.0, 6.139278411865234e-06]
    """


@elementwise(sigmoid_slope, sigmoid_slope_from_value, ulp=2.5)
def sigmoid_grad(x, *, form="stable", format=None):
    """Derivative of `sigmoid`: ``s(x) s(-x)``.

    "naive" is ``s (1 - s)``, from a value that was kept: at x = 20 it is 0 in float32, the truth 2.06e-9.
    """


@elementwise(tanh_value, tanh_naive, ulp=1)
def tanh(x, *, form="stable", format=None):
    """Hyperbolic tangent.

    "naive" is ``(e^2x - 1) / (e^2x + 1)``: NaN where exp overflows, and without digits for a small x.

    Examples
    --------
    >>> import numpy as np
    >>> float(tanh(np.float16(6.0))), float(tanh(-1e-9))
    (1.0, -1e-09)
    """


@elementwise(tanh_slope, tanh_slope_from_value, ulp=4.5)
def tanh_grad(x, *, form="stable", format=None):
    """Derivative of `tanh`: ``4 t / (1 + t)**2`` with ``t = e^(-2|x|)``.

    "naive" is ``1 - tanh**2``, from a value that was kept: at x = 10 it is 0 in float32, the truth 8.24e-9.
    """


@elementwise(softplus_value, softplus_naive, ulp=1, positive=True)
def softplus(x, *, beta=1.0, form="stable", format=None):
    """Smooth rectifier ``log(1 + e^(beta x)) / beta``, computed as ``max(x, 0) + log1p(e^-|x|)``.

    As written, exp overflows from 89 on in float32 (12 in float16), and 1 + e^x is 1 from -17 down.

    Parameters
    ----------
    beta : float or array_like, broadcast to the shape of `x`
        Sharpness, positive. The bound below is that of beta = 1; the rounding of ``beta x`` adds as many ulp as it is
        large.

    References
    ----------
    C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, NIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> [float(softplus(np.float32(-20.0), form=form)) for form in ("naive", "stable")]
    [0.0, 2.06115369216775e-09]
    """


@elementwise(softplus_slope, softplus_slope_naive, ulp=1, positive=True)
def softplus_grad(x, *, beta=1.0, form="stable", format=None):
    """Derivative of `softplus`: ``sigmoid(beta x)``.

    "naive" is ``e^x / (1 + e^x)``, inf / inf where exp overflows.
    """


@elementwise(log_sigmoid_value, log_sigmoid_naive, ulp=1)
def log_sigmoid(x, *, form="stable", format=None):
    """Logarithm of the sigmoid, ``-softplus(-x)``.

    "naive" takes the logarithm of the written sigmoid: -inf from -89 on in float32, from -12 on in float16.

    Examples
    --------
    >>> log_sigmoid([-100.0, 0.0, 40.0])
    array([-1.00000000e+02, -6.93147181e-01, -4.24835426e-18])
    """


@elementwise(log_sigmoid_slope, log_sigmoid_slope_naive, ulp=1)
def log_sigmoid_grad(x, *, form="stable", format=None):
    """Derivative of `log_sigmoid`: ``sigmoid(-x)``; "naive" is ``1 - sigmoid(x)``."""


@elementwise(softsign_value, softsign_naive, ulp=2)
def softsign(x, *, form="stable", format=None):
    """``x / (1 + |x|)``: a sigmoid whose tails are powers, not exponentials.

    Special values
    --------------
    ±1 at ±inf in the stable form; NaN in the naive one.

    References
    ----------
    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.

    Examples
    --------
    >>> softsign([-3.0, 1.0])
    array([-0.75,  0.5 ])
    """


@elementwise(softsign_slope, softsign_slope_naive, ulp=4)
def softsign_grad(x, *, form="stable", format=None):
    """Derivative of `softsign`: the square of ``1 / (1 + |x|)``.

    "naive" divides by the square, which overflows from x = 255 on in float16: 0 for 1.5e-5.
    """

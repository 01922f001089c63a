"""Activations that saturate, and the logarithms of them: both tails keep their digits."""
import numpy as np

from toolkit import elementary
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, or_infinite, scaled
from toolkit.activations._rectifiers import relu_value
from toolkit.elementary import exp, log
from toolkit.elementary.products import times_exp
from toolkit.large_arrays import sigmoidal

__all__ = ["log_sigmoid", "sigmoid", "softplus", "softsign", "tanh"]
KERNELS = ["log_sigmoid_naive", "log_sigmoid_slope", "log_sigmoid_slope_naive", "log_sigmoid_value", "sigmoid_naive",
           "sigmoid_slope", "sigmoid_slope_from_value", "sigmoid_value", "softplus_naive", "softplus_slope",
           "softplus_slope_naive", "softplus_value", "softsign_naive", "softsign_slope", "softsign_slope_naive",
           "softsign_value", "tanh_naive", "tanh_slope", "tanh_slope_from_value", "tanh_value"]


@kernel
def sigmoid_value(x):
    return elementary.sigmoid(x)


@kernel
def sigmoid_naive(x):
    return 1 / (1 + exp(-x))


@kernel
def sigmoid_slope(x):
    return sigmoid_value(x) * sigmoid_value(-x)


@kernel
def sigmoid_slope_from_value(x):
    p = sigmoid_value(x)
    return p * (1 - p)


@kernel
def tanh_value(x):
    return elementary.tanh(x)


@kernel
def tanh_naive(x):
    t = exp(x + x)
    return (t - 1) / (t + 1)


@kernel
def tanh_slope(x):
    a = abs(x)
    t = exp(or_infinite(-a - a, -a))
    u = 1 + t
    return 4 * t / (u * u)


@kernel
def tanh_slope_from_value(x):
    t = tanh_value(x)
    return 1 - t * t


@kernel
def softplus_value(x, beta):
    """Where ``beta x`` overflows it is ``max(x, 0)``; in the tail it underflows only where the quotient does."""
    y = scaled(x, beta)
    if abs(y) == np.inf or abs(x) == np.inf:
        return relu_value(x)
    t = elementary.softplus(y)
    if beta < 1 and t * t == 0:
        return times_exp(1 / beta, y)
    return t / beta


@kernel
def softplus_naive(x, beta):
    return log(1 + exp(beta * x)) / beta


@kernel
def softplus_slope(x, beta):
    return sigmoid_value(scaled(x, beta))


@kernel
def softplus_slope_naive(x, beta):
    t = exp(beta * x)
    return t / (1 + t)


@kernel
def log_sigmoid_value(x):
    return -elementary.softplus(-x)


@kernel
def log_sigmoid_naive(x):
    return log(sigmoid_naive(x))


@kernel
def log_sigmoid_slope(x):
    return sigmoid_value(-x)


@kernel
def log_sigmoid_slope_naive(x):
    return 1 - sigmoid_value(x)


@kernel
def softsign_value(x):
    a = abs(x)
    return np.copysign(1.0, x) if a == np.inf else x / (1 + a)


@kernel
def softsign_naive(x):
    return x / (1 + abs(x))


@kernel
def softsign_slope(x):
    q = 1 / (1 + abs(x))
    return q * q


@kernel
def softsign_slope_naive(x):
    w = 1 + abs(x)
    return 1 / (w * w)


@elementwise(sigmoid_value, sigmoid_naive, slope=sigmoid_slope, naive_slope=sigmoid_slope_from_value,
             ulp=1, slope_ulp=2.5,
             lanes=sigmoidal.sigmoid_lanes, slope_lanes=sigmoidal.sigmoid_slope_lanes)
def sigmoid(x, *, form="stable", format=None):
    """Logistic function ``1 / (1 + e^-x)``.

    For negative x it is ``e^x / (1 + e^x)``: the written form overflows in exp and returns 0 from -12 on in float16.

    Parameters
    ----------
    x : array_like (...)
        Booleans, integers, float16, float32 or float64, and bfloat16, float8_e4m3fn or float8_e5m2 of ml_dtypes. What
        is narrower than float32 is computed in it; integers become float64. A masked array gives a masked array.
    form : {"stable", "naive"}
        "naive" is the formula as written, the lesson; it warns where a finite number gave inf or NaN.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: round the arguments, and then the result of every operation, to it. A parameter beyond a
        format without infinity is infinite there.
    out : array with the shape and dtype of the result, optional
        Where the result goes; it is what the call returns. It may be `x`.

    Returns
    -------
    (...) -> (...), in the dtype of `x`; with `format`, in float64 unless that dtype holds the format.

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 2.5 ulp in float32 and float64, tested, for results above 1024 times
    the smallest normal number.

    Gradient
    --------
    ``s(x) s(-x)``. "naive" is ``s (1 - s)``, from a value that was kept: at x = 20 it is 0 in float32, the truth
    2.06e-9.

    Examples
    --------
    >>> [float(sigmoid(-12.0, form=form, format="float16")) for form in ("naive", "stable")]
    [0.0, 6.139278411865234e-06]
    """


@elementwise(tanh_value, tanh_naive, slope=tanh_slope, naive_slope=tanh_slope_from_value, ulp=1, slope_ulp=4.5,
             lanes=sigmoidal.tanh_lanes, slope_lanes=sigmoidal.tanh_slope_lanes)
def tanh(x, *, form="stable", format=None):
    """Hyperbolic tangent.

    "naive" is ``(e^2x - 1) / (e^2x + 1)``: NaN where exp overflows, and without digits for a small x.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 4.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``4 t / (1 + t)**2`` with ``t = e^(-2|x|)``. "naive" is ``1 - tanh**2``, from a value that was kept: at x = 10 it
    is 0 in float32, the truth 8.24e-9.

    Examples
    --------
    >>> import numpy as np
    >>> float(tanh(np.float16(6.0))), float(tanh(-1e-9))
    (1.0, -1e-09)
    """


@elementwise(softplus_value, softplus_naive, slope=softplus_slope, naive_slope=softplus_slope_naive,
             ulp=1, slope_ulp=1, above=0,
             lanes=sigmoidal.softplus_lanes, slope_lanes=sigmoidal.sigmoid_lanes)
def softplus(x, *, beta=1.0, form="stable", format=None):
    """Smooth rectifier ``log(1 + e^(beta x)) / beta``, computed as ``max(x, 0) + log1p(e^-|x|)``.

    As written, exp overflows from 89 on in float32 (12 in float16), and 1 + e^x is 1 from -17 down.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    beta : float or array_like, broadcast to the shape of `x`
        Sharpness, positive; inf gives `relu`. The bound below is that of beta = 1; the rounding of ``beta x`` adds as
        many ulp as it is large.

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 1 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``sigmoid(beta x)``.

    "naive" is ``e^x / (1 + e^x)``, inf / inf where exp overflows.

    References
    ----------
    C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, NIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> [float(softplus(np.float32(-20.0), form=form)) for form in ("naive", "stable")]
    [0.0, 2.06115369216775e-09]
    """


@elementwise(log_sigmoid_value, log_sigmoid_naive, slope=log_sigmoid_slope, naive_slope=log_sigmoid_slope_naive,
             ulp=1, slope_ulp=1)
def log_sigmoid(x, *, form="stable", format=None):
    """Logarithm of the sigmoid, ``-softplus(-x)``.

    "naive" takes the logarithm of the written sigmoid: -inf from -89 on in float32, from -12 on in float16.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 1 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``sigmoid(-x)``; "naive" is ``1 - sigmoid(x)``.

    Examples
    --------
    >>> log_sigmoid([-100.0, 0.0, 40.0])
    array([-1.00000000e+02, -6.93147181e-01, -4.24835426e-18])
    """


@elementwise(softsign_value, softsign_naive, slope=softsign_slope, naive_slope=softsign_slope_naive,
             ulp=2, slope_ulp=4)
def softsign(x, *, form="stable", format=None):
    """``x / (1 + |x|)``: a sigmoid whose tails are powers, not exponentials.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    ±1 at ±inf in the stable form; NaN in the naive one.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 4 ulp; tested as `sigmoid`.

    Gradient
    --------
    The square of ``1 / (1 + |x|)``.

    "naive" divides by the square, which overflows from x = 255 on in float16: 0 for 1.5e-5.

    References
    ----------
    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.

    Examples
    --------
    >>> softsign([-3.0, 1.0])
    array([-0.75,  0.5 ])
    """

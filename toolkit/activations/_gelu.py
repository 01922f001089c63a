"""GELU, x times the normal distribution function, and its approximation by a tanh: the left tail is small."""
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, gated, or_infinite
from toolkit.activations._lanes import gelu_lanes, gelu_slope_lanes
from toolkit.activations._sigmoids import sigmoid_value
from toolkit.elementary import erf, tanh
from toolkit.elementary.normal import normal_cdf, normal_pdf

__all__ = ["gelu", "gelu_tanh"]
KERNELS = ["gelu_naive", "gelu_slope", "gelu_tanh_naive", "gelu_tanh_slope", "gelu_tanh_slope_naive", "gelu_tanh_value",
           "gelu_value"]

_SQRT_HALF = 0.7071067811865476
_TWICE_SQRT_2_PI = 1.5957691216057308  # 2 sqrt(2 / pi)
_CUBIC = 0.044715


@kernel
def gelu_value(x):
    return gated(x, normal_cdf(x))


@kernel
def gelu_naive(x):
    return 0.5 * x * (1 + erf(x * _SQRT_HALF))


@kernel
def gelu_slope(x):
    return normal_cdf(x) + gated(x, normal_pdf(x))


@kernel
def tanh_gate(x):
    """``2 sqrt(2 / pi) (x + 0.044715 x**3)``, whose sigmoid is close to Phi(x)."""
    return or_infinite(_TWICE_SQRT_2_PI * x * (1 + _CUBIC * (x * x)), x)


@kernel
def gelu_tanh_value(x):
    return gated(x, sigmoid_value(tanh_gate(x)))


@kernel
def tanh_of_half_gate(x):
    return tanh(0.5 * tanh_gate(x))


@kernel
def gelu_tanh_naive(x):
    return 0.5 * x * (1 + tanh_of_half_gate(x))


@kernel
def gate_slope(x):
    """Derivative of `tanh_gate`."""
    return _TWICE_SQRT_2_PI * (1 + 3 * _CUBIC * (x * x))


@kernel
def gelu_tanh_slope(x):
    """``s + x s (1 - s) gate'``, whose second term is inf * 0 as written where the gate is open or shut."""
    y = tanh_gate(x)
    s = sigmoid_value(y)
    spread = s * sigmoid_value(-y)
    return s if spread == 0 else s + x * gate_slope(x) * spread


@kernel
def gelu_tanh_slope_naive(x):
    t = tanh_of_half_gate(x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (0.5 * gate_slope(x))


@elementwise(gelu_value, gelu_naive, slope=gelu_slope, ulp=5, slope_ulp=25, slope_zero=-0.751791524694,
             lanes=gelu_lanes, slope_lanes=gelu_slope_lanes)
def gelu(x, *, form="stable", format=None):
    """Gaussian error linear unit ``x Phi(x)``, Phi the distribution function of the normal distribution.

    Phi is computed with all digits of its left tail. ``x (1 + erf(x / sqrt(2))) / 2`` is 57 % off at x = -5.5 in
    float32 and -0 from -5.9 on.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    Accuracy
    --------
    "stable": at most 5 ulp, the derivative at most 25 ulp for x not within 0.1 of -0.7518, where terms cancel; tested
    as `sigmoid`.

    Gradient
    --------
    ``Phi(x) + x phi(x)``, phi the normal density. Its maximum is at ``sqrt(2)``.

    References
    ----------
    D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> [float(gelu(np.float32(-6.0), form=form)) for form in ("naive", "stable")]
    [-0.0, -5.9195262025468764e-09]
    """


@elementwise(gelu_tanh_value, gelu_tanh_naive, slope=gelu_tanh_slope, naive_slope=gelu_tanh_slope_naive,
             ulp=1000, slope_ulp=1000, slope_zero=-0.752461422071)
def gelu_tanh(x, *, form="stable", format=None):
    """The approximation ``x (1 + tanh(y)) / 2`` of `gelu`, ``y = sqrt(2 / pi) (x + 0.044715 x**3)``.

    It is ``x sigmoid(2 y)``, which keeps the left tail; ``1 + tanh`` loses it. The bound below is that of the far
    tail, where the rounding of the exponent 2y counts.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 1000 ulp, the derivative at most 1000 ulp for x not within 0.1 of -0.7525, where terms cancel;
    tested as `sigmoid`.

    Gradient
    --------
    ``s + x s (1 - s) 2 y'`` with ``s = sigmoid(2 y)``.

    "naive" has ``1 - tanh**2`` times ``y'``: 0 * inf = NaN from x = 256 on in float16.

    References
    ----------
    D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> [float(gelu_tanh(np.float32(-5.5), form=form)) for form in ("naive", "stable")]
    [-0.0, -5.927638824232417e-09]
    """

"""GELU, x times the normal distribution function, and its approximation by a tanh: the left tail is small."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import normal as _normal
from toolkit.activations._elementwise import constant, elementwise, gated
from toolkit.activations._sigmoids import sigmoid_value
from toolkit.elementary import erf, tanh

_SQRT_HALF = 0.7071067811865476
_TWICE_SQRT_2_PI = 1.5957691216057308  # 2 sqrt(2 / pi)
_CUBIC = 0.044715


@kernel
def gelu_value(x, fmt):
    return gated(x, rnd(_normal.normal_cdf(x), fmt), fmt)


@kernel
def gelu_naive(x, fmt):
    one_plus_erf = rnd(like(1.0, x) + rnd(erf(rnd(x * constant(_SQRT_HALF, x, fmt), fmt)), fmt), fmt)
    return rnd(rnd(like(0.5, x) * x, fmt) * one_plus_erf, fmt)


@kernel
def gelu_slope(x, fmt):
    return rnd(rnd(_normal.normal_cdf(x), fmt) + gated(x, rnd(_normal.normal_pdf(x), fmt), fmt), fmt)


@kernel
def tanh_gate(x, fmt):
    """``2 sqrt(2 / pi) (x + 0.044715 x**3)``, whose sigmoid is close to Phi(x)."""
    cubic = rnd(constant(_CUBIC, x, fmt) * rnd(x * x, fmt), fmt)
    return rnd(rnd(constant(_TWICE_SQRT_2_PI, x, fmt) * x, fmt) * rnd(like(1.0, x) + cubic, fmt), fmt)


@kernel
def gelu_tanh_value(x, fmt):
    return gated(x, sigmoid_value(tanh_gate(x, fmt), fmt), fmt)


@kernel
def tanh_of_half_gate(x, fmt):
    return rnd(tanh(rnd(like(0.5, x) * tanh_gate(x, fmt), fmt)), fmt)


@kernel
def gelu_tanh_naive(x, fmt):
    return rnd(rnd(like(0.5, x) * x, fmt) * rnd(like(1.0, x) + tanh_of_half_gate(x, fmt), fmt), fmt)


@kernel
def gate_slope(x, fmt):
    """Derivative of `tanh_gate`."""
    cubic = rnd(constant(3.0 * _CUBIC, x, fmt) * rnd(x * x, fmt), fmt)
    return rnd(constant(_TWICE_SQRT_2_PI, x, fmt) * rnd(like(1.0, x) + cubic, fmt), fmt)


@kernel
def gelu_tanh_slope(x, fmt):
    """``s + x s (1 - s) gate'``, whose second term is inf * 0 as written where the gate is open or shut."""
    y = tanh_gate(x, fmt)
    s = sigmoid_value(y, fmt)
    spread = rnd(s * sigmoid_value(-y, fmt), fmt)
    if spread == like(0.0, x):
        return s
    return rnd(s + rnd(rnd(x * gate_slope(x, fmt), fmt) * spread, fmt), fmt)


@kernel
def gelu_tanh_slope_naive(x, fmt):
    half = like(0.5, x)
    t = tanh_of_half_gate(x, fmt)
    outer = rnd(half * rnd(like(1.0, x) + t, fmt), fmt)
    spread = rnd(rnd(half * x, fmt) * rnd(like(1.0, x) - rnd(t * t, fmt), fmt), fmt)
    return rnd(outer + rnd(spread * rnd(half * gate_slope(x, fmt), fmt), fmt), fmt)


@elementwise(gelu_value, gelu_naive, ulp=5)
def gelu(x, *, form="stable", format=None):
    """Gaussian error linear unit ``x Phi(x)``, Phi the distribution function of the normal distribution.

    Phi is computed with all digits of its left tail. ``x (1 + erf(x / sqrt(2))) / 2`` is 57 % off at x = -5.5 in
    float32 and -0 from -5.9 on.

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    References
    ----------
    D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> [float(gelu(np.float32(-6.0), form=form)) for form in ("naive", "stable")]
    [-0.0, -5.9195262025468764e-09]
    """


@elementwise(gelu_slope, ulp=25, zero=-0.751791524694)
def gelu_grad(x, *, format=None):
    """Derivative of `gelu`: ``Phi(x) + x phi(x)``, phi the normal density. Its maximum is at ``sqrt(2)``."""


@elementwise(gelu_tanh_value, gelu_tanh_naive, ulp=1000)
def gelu_tanh(x, *, form="stable", format=None):
    """The approximation ``x (1 + tanh(y)) / 2`` of `gelu`, ``y = sqrt(2 / pi) (x + 0.044715 x**3)``.

    It is ``x sigmoid(2 y)``, which keeps the left tail; ``1 + tanh`` loses it. The bound below is that of the far
    tail, where the rounding of the exponent 2y counts.

    References
    ----------
    D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> [float(gelu_tanh(np.float32(-5.5), form=form)) for form in ("naive", "stable")]
    [-0.0, -5.927638824232417e-09]
    """


@elementwise(gelu_tanh_slope, gelu_tanh_slope_naive, ulp=1000, zero=-0.752461422071)
def gelu_tanh_grad(x, *, form="stable", format=None):
    """Derivative of `gelu_tanh`: ``s + x s (1 - s) 2 y'`` with ``s = sigmoid(2 y)``.

    "naive" has ``1 - tanh**2`` times ``y'``: 0 * inf = NaN from x = 256 on in float16.
    """

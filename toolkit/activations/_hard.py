"""The sigmoid, tanh and SiLU from straight lines and a parabola."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise

__all__ = ["hard_sigmoid", "hard_swish", "hard_tanh"]
KERNELS = ["hard_sigmoid_naive", "hard_sigmoid_slope", "hard_sigmoid_value", "hard_swish_naive", "hard_swish_slope",
           "hard_swish_value", "hard_tanh_slope", "hard_tanh_value"]


@kernel
def clipped(x, inner):
    """0 up to -3, 1 from 3 on, and `inner` between."""
    if x <= -3:
        return 0.0
    return 1.0 if x >= 3 else inner


@kernel
def hard_sigmoid_value(x):
    return clipped(x, (x + 3) / 6)


@kernel
def hard_sigmoid_naive(x):
    return clipped(x, x / 6 + 0.5)


@kernel
def hard_sigmoid_slope(x):
    if abs(x) >= 3:
        return 0.0
    return 1 / 6 if x == x else x


@kernel
def hard_swish_value(x):
    return 0.0 if x <= -3 else x * hard_sigmoid_value(x)


@kernel
def hard_swish_naive(x):
    return x * hard_sigmoid_naive(x)


@kernel
def hard_swish_slope(x):
    return clipped(x, (x + 1.5) / 3)


@kernel
def hard_tanh_value(x):
    return np.copysign(1.0, x) if abs(x) >= 1 else x


@kernel
def hard_tanh_slope(x):
    if abs(x) >= 1:
        return 0.0
    return 1.0 if x == x else x


@elementwise(hard_sigmoid_value, hard_sigmoid_naive, slope=hard_sigmoid_slope, ulp=1.5, slope_ulp=0.5)
def hard_sigmoid(x, *, form="stable", format=None):
    """Sigmoid from straight lines: ``(x + 3) / 6`` clipped to 0 and 1.

    The usual ``x / 6 + 1/2`` cancels near -3: in float16 two digits are left at x = -2.95. Here x + 3 is exact.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 1.5 ulp, the derivative at most 0.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    1/6 for |x| < 3, else 0, also at ±3 (as PyTorch).

    Examples
    --------
    >>> [float(hard_sigmoid(-2.95, form=form, format="float16")) for form in ("naive", "stable")]
    [0.008544921875, 0.00846099853515625]
    """


@elementwise(hard_swish_value, hard_swish_naive, slope=hard_swish_slope, ulp=2, slope_ulp=1.5)
def hard_swish(x, *, form="stable", format=None):
    """`silu` from straight lines and a parabola: ``x hard_sigmoid(x)``.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 1.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``(x + 3/2) / 3`` for -3 < x < 3, else 0 or 1; at ±3 too.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244.

    Examples
    --------
    >>> hard_swish([-2.0, 1.5, 4.0])
    array([-0.33333333,  1.125     ,  4.        ])
    """


@elementwise(hard_tanh_value, slope=hard_tanh_slope, ulp=0, slope_ulp=0)
def hard_tanh(x, *, format=None):
    """`tanh` from straight lines: x clipped to -1 and 1.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for |x| < 1, else 0, also at ±1 (as PyTorch).

    References
    ----------
    R. Collobert, Large Scale Machine Learning, thesis, Université Paris VI, 2004.

    Examples
    --------
    >>> hard_tanh([-2.0, 0.5, 4.0])
    array([-1. ,  0.5,  1. ])
    """

"""What is small becomes 0: soft, hard and tanh shrinkage, and the rectifier with a threshold and a value of its own."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise
from toolkit.elementary import tanh

__all__ = ["hard_shrink", "soft_shrink", "tanh_shrink", "threshold"]
KERNELS = ["against", "beyond_slope", "hard_shrink_value", "soft_shrink_value", "tanh_shrink_naive",
           "tanh_shrink_slope", "tanh_shrink_value", "threshold_slope", "threshold_value"]


@kernel
def soft_shrink_value(x, theta):
    return 0.0 if abs(x) <= theta else x - np.copysign(theta, x)


@kernel
def hard_shrink_value(x, theta):
    return 0.0 if abs(x) <= theta else x


@kernel
def beyond_slope(x, theta):
    """1 beyond the threshold, 0 up to it, NaN for NaN."""
    if abs(x) <= theta:
        return 0.0
    return 1.0 if x == x else x


@kernel
def against(x, size):
    """`size` against the sign of x; 0 stays 0. So a threshold that rises moves a result towards 0."""
    return size if size == 0 else -np.copysign(size, x)


@kernel
def soft_shrink_of_theta(x, theta):
    """Derivative of `soft_shrink` in theta."""
    return against(x, beyond_slope(x, theta))


@kernel
def tanh_shrink_value(x):
    """Up to 1 by Lambert's continued fraction ``tanh x = x / (1 + w)``, ``w = x**2 / (3 + x**2 / (5 + ...))``."""
    if not abs(x) < 1:
        return x - tanh(x)
    square = x * x
    w = square / 19
    for odd in range(17, 1, -2):
        w = square / (odd + w)
    return x * (w / (1 + w))


@kernel
def tanh_shrink_naive(x):
    return x - tanh(x)


@kernel
def tanh_shrink_slope(x):
    t = tanh(x)
    return t * t


@kernel
def threshold_value(x, theta, value):
    return value if x <= theta else x


@kernel
def threshold_slope(x, theta, value):
    if x <= theta:
        return 0.0
    return 1.0 if x == x else x


@elementwise(soft_shrink_value, slope=beyond_slope, ulp=0.5, slope_ulp=0, least=0,
             others={"theta": soft_shrink_of_theta})
def soft_shrink(x, *, theta=0.5, format=None):
    """Soft shrinkage: `theta` nearer to 0, and 0 for what is nearer than that; ``sign(x) max(|x| - theta, 0)``.

    The proximal operator of ``theta |x|``: the y that makes ``(y - x)**2 / 2 + theta |y|`` least.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    theta : float or array_like, broadcast to the shape of `x`
        Threshold, at least 0.

    Accuracy
    --------
    At most 0.5 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for |x| > theta, else 0, also at ±theta (as PyTorch); in `theta` -1, 1 or 0, against the sign of x.

    References
    ----------
    D. L. Donoho, De-noising by Soft-Thresholding, IEEE Transactions on Information Theory 41, 1995,
    doi:10.1109/18.382009.

    Examples
    --------
    >>> soft_shrink([-2.0, 0.25, 1.0])
    array([-1.5,  0. ,  0.5])
    """


@elementwise(hard_shrink_value, slope=beyond_slope, ulp=0, slope_ulp=0, least=0)
def hard_shrink(x, *, theta=0.5, format=None):
    """Hard shrinkage: x where |x| is above `theta`, else 0.

    It jumps at ±theta, where no derivative tells of it.

    Parameters
    ----------
    x, theta, format, out : as in `soft_shrink`; so is the result

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for |x| > theta, else 0, also at ±theta (as PyTorch).

    References
    ----------
    D. L. Donoho, I. M. Johnstone, Ideal Spatial Adaptation by Wavelet Shrinkage, Biometrika 81, 1994,
    doi:10.1093/biomet/81.3.425.

    Examples
    --------
    >>> hard_shrink([-2.0, 0.25, 1.0])
    array([-2.,  0.,  1.])
    """


@elementwise(tanh_shrink_value, tanh_shrink_naive, slope=tanh_shrink_slope, ulp=4, slope_ulp=3)
def tanh_shrink(x, *, form="stable", format=None):
    """What tanh takes away, ``x - tanh x``: about ``x**3 / 3`` near 0.

    "naive" subtracts: in float32 nothing is left of it for |x| below 0.00035, in float16 below 0.028.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 4 ulp, the derivative at most 3 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``tanh(x)**2``.

    Examples
    --------
    >>> import numpy as np
    >>> [float(tanh_shrink(np.float32(1e-4), form=form)) for form in ("naive", "stable")]
    [0.0, 3.3333329586132665e-13]
    """


@elementwise(threshold_value, slope=threshold_slope, ulp=0, slope_ulp=0, least=-np.inf)
def threshold(x, *, theta=0.0, value=0.0, format=None):
    """x above a threshold, else `value`: with both at 0 it is `relu`.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    theta, value : float or array_like, broadcast to the shape of `x`

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > theta, else 0, also at theta (as PyTorch).

    Examples
    --------
    >>> threshold([0.5, 1.0, 2.0], theta=1.0, value=-1.0)
    array([-1., -1.,  2.])
    """

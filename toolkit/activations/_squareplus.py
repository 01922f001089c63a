"""Squareplus: a smooth rectifier without an exponential."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise
from toolkit.activations._rectifiers import relu_value

__all__ = ["squareplus"]
KERNELS = ["squareplus_naive", "squareplus_slope", "squareplus_value"]


@kernel
def root(x, b):
    """``sqrt(x**2 + b)``; divided by the larger of |x| and sqrt(b) where the square over- or underflows."""
    total = x * x + b
    if total < np.inf and total * total > 0:
        return np.sqrt(total)
    large, small = abs(x), np.sqrt(b)
    if small > large:
        large, small = small, large
    if large == 0 or large == np.inf:
        return large
    q = small / large
    return large * np.sqrt(1 + q * q)


@kernel
def squareplus_value(x, b):
    """Below 0 as ``b / (2 (root - x))``, for ``x + root`` cancels; by halves where a sum overflows."""
    if abs(x) == np.inf:
        return relu_value(x)
    if b == np.inf:
        return b
    r = root(x, b)
    if not r + abs(x) < np.inf:
        half = 0.5 * r + 0.5 * abs(x)
        return half if x >= 0 else 0.25 * b / half
    return 0.5 * (x + r) if x >= 0 else 0.5 * (b / (r - x))


@kernel
def squareplus_naive(x, b):
    return (x + np.sqrt(x * x + b)) / 2


@kernel
def squareplus_slope(x, b):
    """``(1 + x / root) / 2``, which is small below 0: there ``b / (2 root (root - x))``."""
    if abs(x) == np.inf:
        return 1.0 if x > 0 else 0.0
    if b == np.inf:
        return 0.5
    r = root(x, b)
    if r == 0:
        return 0.5
    q = abs(x) / r
    if x >= 0:
        return 0.5 + 0.5 * q
    half = np.sqrt(b) / r
    return 0.5 * (half * half) / (1 + q)


@elementwise(squareplus_value, squareplus_naive, slope=squareplus_slope, ulp=3, slope_ulp=5, least=0)
def squareplus(x, *, b=4.0, form="stable", format=None):
    """``(x + sqrt(x**2 + b)) / 2``: a smooth rectifier from a square root alone.

    It is above `relu` by ``sqrt(b) / 2`` at 0 and by about ``b / (4 |x|)`` far out, where `softplus` is nearer. As
    written it cancels below 0: in float32 it is 0 from x = -8191 on, and inf from -1.85e19 on.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    b : float or array_like, broadcast to the shape of `x`
        At least 0, which gives `relu`; 4 gives the slope 1/2 and the value 1 at 0.

    Accuracy
    --------
    "stable": at most 3 ulp, the derivative at most 5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``(1 + x / sqrt(x**2 + b)) / 2``; 1/2 at 0, also for b = 0.

    References
    ----------
    J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, 2021, arXiv:2112.11687.

    Examples
    --------
    >>> import numpy as np
    >>> [float(squareplus(np.float32(-10000.0), form=form)) for form in ("naive", "stable")]
    [0.0, 9.999999747378752e-05]
    """

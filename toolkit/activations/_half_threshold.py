"""Half thresholding, the proximal operator of a square root: by Newton's steps, and by a formula with arc cosine."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise
from toolkit.activations._shrinkage import against
from toolkit.elementary import cos, pow, sin

__all__ = ["half_threshold"]
KERNELS = ["half_threshold_naive", "half_threshold_slope", "half_threshold_value", "is_below_half_threshold"]

_TWO_THIRDS = 0.6666666666666666
_THIRD_OF_TURN, _QUARTER_OF_TURN = 2.0943951023931953, 1.5707963267948966


@kernel
def is_below_half_threshold(t, lam):
    """Whether ``t <= 3/2 lam**(2/3)``."""
    return float(t) <= 1.5 * pow(float(lam), _TWO_THIRDS)


@kernel
def pull_of_root(y, lam):
    """``lam / (2 sqrt y)``, the slope of ``lam sqrt y``."""
    root = np.sqrt(y)
    return lam / (root + root)


@kernel
def kept_by_half(t, lam):
    """The larger solution y of ``y = t - lam / (2 sqrt y)``, for t above the threshold.

    Newton's steps from y = t come from above, and four of them are enough at the threshold, where the way is longest;
    the equation itself, which halves an error twice, is the last.
    """
    y = t
    for _ in range(4):
        pull = pull_of_root(y, lam)
        y -= (y - t + pull) / (1 - pull / y * 0.5)
    return t - pull_of_root(y, lam)


@kernel
def half_threshold_value(x, lam):
    t = abs(x)
    if is_below_half_threshold(t, lam):
        return 0.0
    if lam == 0 or t == np.inf:
        return x
    return np.copysign(kept_by_half(t, lam), x)


@kernel
def arc_cosine(w):
    """For 0 <= w <= 1, by Newton's steps; NaN above 1. The naive form alone needs it."""
    if not w <= 1:
        return w * np.nan
    angle = _QUARTER_OF_TURN - w
    for _ in range(6):
        angle += (cos(angle) - w) / sin(angle)
    return angle


@kernel
def half_threshold_naive(x, lam):
    """``2/3 x (1 + cos(2 pi / 3 - 2/3 arccos(lam/4 (|x|/3)**(-3/2))))``, below the threshold too."""
    third = abs(x) / 3
    angle = arc_cosine(lam / 4 * (1 / (third * np.sqrt(third)) if third > 0 else np.inf))
    return 2 * x / 3 * (1 + cos(_THIRD_OF_TURN - 2 * angle / 3))


@kernel
def half_threshold_slope(x, lam):
    """``1 / (1 - lam/4 y**(-3/2))`` at the result y: 4/3 at the jump, 1 far out."""
    t = abs(x)
    if is_below_half_threshold(t, lam):
        return 0.0
    if lam == 0 or t == np.inf:
        return 1.0
    y = kept_by_half(t, lam)
    return 1 / (1 - pull_of_root(y, lam) / y * 0.5)


@kernel
def half_threshold_of_lam(x, lam):
    """Derivative of `half_threshold` in lam."""
    t = abs(x)
    if is_below_half_threshold(t, lam) or t == np.inf:
        return 0.0
    if lam == 0:
        return against(x, pull_of_root(t, 1.0))
    y = kept_by_half(t, lam)
    return against(x, pull_of_root(y, 1.0) / (1 - pull_of_root(y, lam) / y * 0.5))


@elementwise(half_threshold_value, half_threshold_naive, slope=half_threshold_slope, ulp=2, slope_ulp=3, least=0,
             others={"lam": half_threshold_of_lam})
def half_threshold(x, *, lam=1.0, form="stable", format=None):
    """Half thresholding: the y that makes ``(y - x)**2 / 2 + lam sqrt|y|`` least.

    0 up to ``3/2 lam**(2/3)``, where it jumps to ``lam**(2/3)``; beyond, the larger solution of
    ``y = |x| - lam / (2 sqrt y)``, with the sign of x. "naive" is the formula of the literature with an arc cosine,
    without asking where x is: below the threshold it is NaN or a number that means nothing, and in float16 the power
    in it overflows for small x. Where the objective is written ``(y - x)**2 + lam' sqrt|y|``, lam' is ``2 lam``.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    lam : float or array_like, broadcast to the shape of `x`
        Price λ, at least 0.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 3 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``1 / (1 - lam/4 y**(-3/2))`` at the result y, 0 up to the threshold; in `lam` this times ``-1 / (2 sqrt y)``.

    References
    ----------
    Z. Xu, X. Chang, F. Xu, H. Zhang, L1/2 Regularization: A Thresholding Representation Theory and a Fast Solver, IEEE
    Transactions on Neural Networks and Learning Systems 23, 2012, doi:10.1109/TNNLS.2012.2197412.

    Examples
    --------
    >>> half_threshold([-3.0, 1.5, 2.0])
    array([-2.69545315,  0.        ,  1.60537794])
    """

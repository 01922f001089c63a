"""Thresholding by the smoothly clipped absolute deviation: soft, then a ramp, then nothing is taken away."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise
from toolkit.activations._shrinkage import against

__all__ = ["scad_threshold"]
KERNELS = ["scad_step_value", "scad_threshold_slope", "scad_threshold_value"]


@kernel
def scad_step_value(x, lam, a, step):
    """The y that makes ``(y - x)**2 / 2 + step * penalty(y)`` least, for a > 1 + step."""
    t = abs(x)
    low = step * lam
    if t <= low:
        return 0.0
    if t - low <= lam:
        return np.copysign(t - low, x)
    if t / a >= lam:
        return x
    return np.copysign(t - (lam - t / a) * (step * a / (a - 1 - step)), x)


@kernel
def scad_threshold_value(x, lam, a):
    return scad_step_value(x, lam, a, 1.0)


@kernel
def rise_of_scad(a):
    """``(a - 1) / (a - 2)``."""
    return 1.0 if a == np.inf else (a - 1) / (a - 2)


@kernel
def scad_threshold_slope(x, lam, a):
    """At a kink that of the side of 0."""
    t = abs(x)
    if t <= lam:
        return 0.0
    if t - lam <= lam or t / a > lam:
        return 1.0
    return rise_of_scad(a) if x == x else x


@kernel
def scad_threshold_of_lam(x, lam, a):
    """Derivative of `scad_threshold` in lam: -1 where it is soft, ``-a / (a - 2)`` on the ramp."""
    t = abs(x)
    if t <= lam or t / a > lam:
        return 0.0
    if t - lam <= lam:
        return against(x, 1.0)
    return against(x, 1.0 if a == np.inf else a / (a - 2)) if x == x else x


@kernel
def scad_threshold_of_a(x, lam, a):
    """Derivative of `scad_threshold` in a: ``-(|x| - 2 lam) / (a - 2)**2`` on the ramp."""
    t = abs(x)
    if t - lam <= lam or t / a > lam:
        return 0.0
    return against(x, (t - lam - lam) / (a - 2) / (a - 2))


@elementwise(scad_threshold_value, slope=scad_threshold_slope, ulp=3, slope_ulp=1.5, least=0, also_above={"a": 2},
             others={"lam": scad_threshold_of_lam, "a": scad_threshold_of_a})
def scad_threshold(x, *, lam=0.5, a=3.7, format=None):
    """Threshold of the smoothly clipped absolute deviation: soft up to 2λ, all of x from aλ on.

    The proximal operator of the penalty with the slope λ up to λ, then ``(a lam - y) / (a - 1)``, then 0. Between 2λ
    and aλ it is ``|x| - (a lam - |x|) / (a - 2)``, with the sign of x.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    lam : float or array_like, broadcast to the shape of `x`
        Threshold λ, at least 0.
    a : float or array_like, broadcast to the shape of `x`
        Above 2; 3.7 is the authors'.

    Accuracy
    --------
    At most 3 ulp, the derivative at most 1.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    0 up to λ, 1 up to 2λ, ``(a - 1) / (a - 2)`` up to aλ, 1 beyond; in `lam` and `a` those of the pieces.

    References
    ----------
    J. Fan, R. Li, Variable Selection via Nonconcave Penalized Likelihood and Its Oracle Properties, Journal of the
    American Statistical Association 96, 2001, doi:10.1198/016214501753382273.

    Examples
    --------
    >>> scad_threshold([-1.6, 1.2, 3.0], lam=1.0)
    array([-0.6       ,  0.2       ,  2.58823529])
    """

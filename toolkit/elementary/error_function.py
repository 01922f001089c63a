"""erf: an odd polynomial near 0, a polynomial about 1.25, and one minus a scaled complement elsewhere."""
import numpy as np

from toolkit._kernel import kernel, like
from toolkit.elementary.exponential import exp64

__all__ = ["erf"]

_CENTRE = 1.25
_ERF_CENTRE = 0.9229001282564583
_ERF_CENTRE_LO = -5.51775442986392e-17


@kernel
def erf_ratio(z):
    """``erf(x) / x - 1`` at ``z = x**2``, for |x| <= 0.75 (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    z4 = z2 * z2
    low = (0.1283791670955126 + z * -0.37612638903183715) + z2 * (
        0.11283791670952537 + z * -0.026866170644413784)
    middle = (0.005223977615238061 + z * -0.0008548326175814264) + z2 * (
        0.00012055289010867925 + z * -1.4924181546768382e-05)
    high = (1.6430448520116232e-06 + z * -1.5937989878061465e-07) + z2 * 1.1464740981872806e-08
    return low + z4 * (middle + z4 * high)


@kernel
def erf_middle(u):
    """``(erf(1.25 + u) - erf(1.25)) / u`` for |u| <= 0.5 (benchmarks/elementary_coefficients.py)."""
    u2 = u * u
    u4 = u2 * u2
    first = (0.2365211224472908 + u * -0.29565140305911347) + u2 * (
        0.16753579506683142 + u * -0.006159404230398591)
    second = (-0.04718103640489681 + u * 0.02130127296350243) + u2 * (
        0.00362598261135684 + u * -0.005697678059347748)
    third = (0.0008776361359225159 + u * 0.0007935115353527085) + u2 * (
        -0.0003239562605022936 + u * -5.273844548068423e-05)
    fourth = (5.5825051357072656e-05 + u * -3.0120280210422873e-06) + u2 * (
        -6.3974161353100426e-06 + u * 1.341990330742504e-06)
    return first + u4 * (second + u4 * (third + u4 * (fourth + u4 * (4.821049454731462e-07 + u * -1.876443252287888e-07))))


@kernel
def scaled_complement(x):
    """``exp(x**2) * (1 - erf(x))`` for 1.75 <= x <= 6 (benchmarks/elementary_coefficients.py).

    A polynomial in ``w = (x - 3) / (x + 3)``, which makes the long tail short.
    """
    w = (x - 3.0) / (x + 3.0)
    w2 = w * w
    w4 = w2 * w2
    first = (0.17900115118139004 + w * -0.32623356004303733) + w2 * (
        0.24560380171224272 + w * -0.15011593650072935)
    second = (0.07166583721178929 + w * -0.024392499328414523) + w2 * (
        0.0042691355334965875 + w * 0.0007077472148544194)
    third = (-0.0005970406776602038 + w * 4.522898581693718e-05) + w2 * (
        6.378742816076603e-05 + w * -1.2469577107865364e-05)
    return first + w4 * (second + w4 * (third + w4 * -6.579969331587485e-06))


@kernel
def erf64(x):
    """erf of a float64."""
    a = abs(x)
    if a < 0.75:
        return x + x * erf_ratio(x * x)
    if not a < 6.0:
        return x if x != x else np.copysign(1.0, x)
    if a < 1.75:
        u = a - _CENTRE
        return np.copysign(_ERF_CENTRE + (_ERF_CENTRE_LO + u * erf_middle(u)), x)
    return np.copysign(1.0 - exp64(-a * a) * scaled_complement(a), x)


@kernel
def erf(x):
    """Error function ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x.

    ``x + x P(x**2)`` up to 0.75, ``erf(1.25) + u Q(u)`` up to 1.75, then ``1 - exp(-x**2) R(x)``: in each the first term
    dominates, so the rounding of the second hardly reaches the result.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``erf(±0) = ±0``, ``erf(±inf) = ±1``, ``erf(nan) = nan``; exactly ±1 from 5.93 on.

    *Accuracy*: float64 at most 1 ulp (tested with mpmath); float32 is computed in float64 and rounded once, at most
    0.501 ulp.

    References
    ----------
    W. J. Cody (1969), doi:10.1090/S0025-5718-1969-0247736-4.

    Examples
    --------
    The Gaussian distribution function of a GELU near 0 needs an erf that keeps a tiny x.

    >>> from toolkit.elementary import erf
    >>> erf(1e-300), erf(-0.0), erf(6.0)
    (1.1283791670955126e-300, -0.0, 1.0)
    """
    return like(erf64(np.float64(x)), x)

"""erf: an odd polynomial near 0, a polynomial about 1.171875, and one minus a scaled complement elsewhere."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import through_float64
from toolkit.elementary._exponential_core import exp64

__all__ = ["erf"]

_CENTRE = 1.171875
_ERF_CENTRE = 0.9025374279448654
_ERF_CENTRE_LO = 3.0448339624692624e-17


@kernel
def erf_ratio(z):
    """``erf(x) / x - 1`` at ``z = x**2``, for |x| <= 0.84375 (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    z4 = z2 * z2
    low = (0.1283791670955126 + z * -0.3761263890318375) + z2 * (
        0.11283791670954733 + z * -0.026866170645028383)
    middle = (0.005223977624049325 + z * -0.0008548326912060221) + z2 * (
        0.00012055327326399524 + z * -1.492546094031505e-05)
    high = (1.6457867663717937e-06 + z * -1.630258188530612e-07) + z2 * (
        1.4202414667717786e-08 + z * -8.87121168729176e-10)
    return low + z4 * (middle + z4 * high)


@kernel
def erf_middle(u):
    """``(erf(1.171875 + u) - erf(1.171875)) / u`` for |u| <= 0.33 (benchmarks/elementary_coefficients.py)."""
    u2 = u * u
    u4 = u2 * u2
    first = (0.28578692080421636 + u * -0.33490654781744106) + u2 * (
        0.16638343354763757 + u * 0.014145222844828342)
    second = (-0.05654560327290645 + u * 0.01831606685317124) + u2 * (
        0.007330627212393462 + u * -0.0060725161589074055)
    third = (0.00015598441093285718 + u * 0.001042999570294973) + u2 * (
        -0.0002477494629805672 + u * -0.0001096416487346246)
    fourth = (5.464886560762679e-05 + u * 5.31078721490145e-06) + u2 * (
        -7.272266154715558e-06 + u * 4.312820547799697e-07)
    return first + u4 * (second + u4 * (third + u4 * fourth))


@kernel
def scaled_complement(x):
    """``exp(x**2) * (1 - erf(x))`` for 1.5 <= x <= 6 (benchmarks/elementary_coefficients.py).

    A polynomial in ``w = (x - 3) / (x + 3)``, which makes the long tail short.
    """
    w = (x - 3.0) / (x + 3.0)
    w2 = w * w
    w4 = w2 * w2
    first = (0.17900115118138998 + w * -0.3262335600430372) + w2 * (
        0.24560380171230464 + w * -0.15011593650077085)
    second = (0.07166583720176094 + w * -0.02439249931958811) + w2 * (
        0.004269136128131292 + w * 0.0007077464884842448)
    third = (-0.0005970566646595143 + w * 4.5254021041830215e-05) + w2 * (
        6.398632783713611e-05 + w * -1.2843568979162558e-05)
    return first + w4 * (second + w4 * (third + w4 * (-7.511813266366019e-06 + w * 2.008336345992353e-06)))


@kernel
def erf64(x):
    """erf of a float64."""
    a = abs(x)
    if a < 0.84375:
        return x + x * erf_ratio(x * x)
    if not a < 6.0:
        return x if x != x else np.copysign(1.0, x)
    if a < 1.5:
        u = a - _CENTRE
        return np.copysign(_ERF_CENTRE + (_ERF_CENTRE_LO + u * erf_middle(u)), x)
    return np.copysign(1.0 - exp64(-a * a) * scaled_complement(a), x)


@kernel
def erf(x):
    """Error function ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x.

    ``x + x P(x**2)`` up to 0.84375, ``erf(1.171875) + u Q(u)`` up to 1.5, then ``1 - exp(-x**2) R(x)``: in
    each the first term dominates, so the rounding of the second hardly reaches the result.

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

    *Accuracy*: float64 at most 1 ulp (tested with mpmath); float32 is correctly rounded, at all 2**32 patterns
    of bits (``python -m benchmarks.correctly_rounded``).

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
    return through_float64(erf64, x)

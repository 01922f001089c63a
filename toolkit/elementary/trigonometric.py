"""sin and cos: an angle reduced to a pair ``r + r_lo`` in [-pi/4, pi/4], then one of two polynomials."""
import numpy as np

from toolkit._core.exact_sums import fast_two_sum
from toolkit._core.kernel import kernel
from toolkit.elementary._angle import reduce_angle
from toolkit.elementary._hard_cases import cos_beside, rounded_once, sin_beside

__all__ = ["cos", "sin"]

_TINY = 7.450580596923828e-09  # 2**-27: x**2 / 2 no longer counts


@kernel
def sin_tail(z):
    """``(sin(r) / r - 1) / z`` at ``z = r**2``, for |r| <= pi/4 (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    low = (-0.16666666666666666 + z * 0.008333333333333331) + z2 * (
        -0.0001984126984126504 + z * 2.755731921932058e-06)
    high = (-2.50521062259944e-08 + z * 1.6058530596645953e-10) + z2 * -7.586636882825159e-13
    return low + (z2 * z2) * high


@kernel
def cos_tail(z):
    """``(cos(r) - 1 + z/2) / z**2`` at ``z = r**2``, |r| <= pi/4 (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    low = (0.041666666666666664 + z * -0.0013888888888887389) + z2 * (
        2.48015872987544e-05 + z * -2.755731726587808e-07)
    high = 2.087614504941318e-09 + z * -1.138254464534925e-11
    return low + (z2 * z2) * high


@kernel
def sin_reduced(r, r_lo):
    """``sin(r + r_lo)``."""
    z = r * r
    return r + (r * (z * sin_tail(z)) + r_lo * (1.0 - 0.5 * z))


@kernel
def cos_reduced(r, r_lo):
    """``cos(r + r_lo)``."""
    z = r * r
    hi, lost = fast_two_sum(1.0, -0.5 * z)
    return hi + (lost + ((z * z) * cos_tail(z) - r * r_lo))


@kernel
def sin_quadrant(r, r_lo, q):
    """Sine of q quarter turns and ``r + r_lo``, for q >= 0."""
    value = cos_reduced(r, r_lo) if q & 1 else sin_reduced(r, r_lo)
    return -value if q & 2 else value


@kernel
def sin64(x):
    """sin of a float64."""
    if abs(x) < _TINY:
        return x
    if not abs(x) < np.inf:
        return np.nan
    r, r_lo, q = reduce_angle(x)
    return sin_quadrant(r, r_lo, q)


@kernel
def cos64(x):
    """cos of a float64."""
    if not abs(x) < np.inf:
        return np.nan
    r, r_lo, q = reduce_angle(x)
    return sin_quadrant(r, r_lo, q + 1)


@kernel
def sin(x):
    """Sine of an angle in radians, right for every finite x, however large.

    The angle is reduced with as many digits of pi as it needs; a reduction with the float64 ``pi`` has no
    right digit left beyond 1e16.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``sin(±0) = ±0``; ``sin(±inf) = nan``, ``sin(nan) = nan``.

    *Accuracy*: float64 at most 0.95 ulp over all finite numbers (tested with mpmath, also at the float64
    nearest to a multiple of pi/2); float32 is correctly rounded, at all 2**32 patterns of bits (``python -m
    benchmarks.correctly_rounded``).

    References
    ----------
    M. H. Payne, R. N. Hanek (1983), doi:10.1145/1057600.1057602; W. J. Cody, W. Waite,
    Software Manual for the Elementary Functions (1980).

    Examples
    --------
    >>> from toolkit.elementary import sin
    >>> sin(1e22), sin(1e22 % 6.283185307179586)
    (-0.8522008497671888, 0.8740280612007598)
    """
    return rounded_once(sin64, sin_beside, x)


@kernel
def cos(x):
    """Cosine of an angle in radians, right for every finite x, however large.

    The angle is reduced as in `sin`; ``1 - r**2 / 2`` is an exact pair, so that the last sum alone rounds.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``cos(±0) = 1``; ``cos(±inf) = nan``, ``cos(nan) = nan``.

    *Accuracy*: float64 at most 0.95 ulp over all finite numbers (tested with mpmath, also at the float64
    nearest to a multiple of pi/2); float32 is correctly rounded, at all 2**32 patterns of bits (``python -m
    benchmarks.correctly_rounded``).

    References
    ----------
    M. H. Payne, R. N. Hanek (1983), doi:10.1145/1057600.1057602.

    Examples
    --------
    >>> from toolkit.elementary import cos
    >>> cos(1.5707963267948966), cos(2.0**1000)
    (6.123233995736766e-17, 0.9872460775989135)
    """
    return rounded_once(cos64, cos_beside, x)

"""log and log1p: the argument as ``2**n * m`` with m near 1, and the series of ``2 atanh(f / (2 + f))``.

``log(1 + f) = f - f**2/2 + s (f**2/2 + R)`` with ``s = f / (2 + f)`` starts with an exact f, so that near 1,
where the logarithm is small, only small terms are rounded.
"""
import numpy as np

from toolkit._core.exact_sums import fast_two_sum, two_sum
from toolkit._core.kernel import kernel
from toolkit._core.rounding import bits_of, float_of
from toolkit.elementary._hard_cases import log1p_beside, log_beside, rounded_once

__all__ = ["log", "log1p", "log_unrounded"]

_LN2_HI = 0.6931471805598903  # 42 bits: n * _LN2_HI is exact
_LN2_LO = 5.497923018708371e-14
_SQRT_HALF_BITS = np.int64(0x3FE6A09E00000000)
_SMALLEST_NORMAL = 2.2250738585072014e-308
_SHORTENER = 201326592.0  # 1.5 * 2**27: adding and subtracting it leaves 26 bits of a number below 1
_TWO_54 = 18014398509481984.0


@kernel
def log_tail(z):
    """``(2 atanh(s) / s - 2) / z`` at ``z = s**2 <= 0.0295`` (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    low = (0.6666666666666666 + z * 0.4000000000000088) + z2 * (
        0.2857142857080323 + z * 0.2222222239180047)
    high = (0.18181795630884753 + z * 0.15386240205813478) + z2 * (
        0.13268759668560612 + z * 0.13086767009948175)
    return low + (z2 * z2) * high


@kernel
def log_unrounded(x, x_lo, power):
    """``(hi, lo)``: ``hi + lo = log((x + x_lo) * 2**power)``; x positive and normal, x_lo much smaller."""
    bits = bits_of(x)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    f = float_of(bits - (exponent << 52)) - 1.0
    n = np.float64(exponent) + power
    s = f / (2.0 + f)
    z = s * s
    # f**2 / 2 would be the largest rounded term: half of it, the square of 26 bits, is exact.
    short = (f + _SHORTENER) - _SHORTENER
    square = 0.5 * short * short
    rest = 0.5 * (f - short) * (f + short)
    series = s * ((square + rest) + z * log_tail(z))
    hi, lost = fast_two_sum(n * _LN2_HI, f)
    hi, lost2 = fast_two_sum(hi, -square)
    return hi, (lost + lost2) + ((n * _LN2_LO + x_lo / x) + (series - rest))


@kernel
def log_edge(x):
    """log where the argument is subnormal, 0, negative, inf or NaN."""
    if x == 0.0:
        return -np.inf
    if x < 0.0:
        return np.nan
    if not x < np.inf:
        return x
    hi, lo = log_unrounded(x * _TWO_54, 0.0, -54.0)
    return hi + lo


@kernel
def log64(x):
    """log of a float64."""
    if not (_SMALLEST_NORMAL <= x < np.inf):
        return log_edge(x)
    hi, lo = log_unrounded(x, 0.0, 0.0)
    return hi + lo


@kernel
def log1p_edge(x):
    """log1p where the argument is at most -1, inf or NaN."""
    if x == -1.0:
        return -np.inf
    return np.nan if x < 0.0 else x


@kernel
def log1p64(x):
    """log1p of a float64."""
    if not (-1.0 < x < np.inf):
        return log1p_edge(x)
    u, lost = two_sum(1.0, x)
    hi, lo = log_unrounded(u, lost, 0.0)
    return np.copysign(hi + lo, x)


@kernel
def log(x):
    """Natural logarithm.

    ``log(2**n m) = n ln 2 + log m`` with m between sqrt(1/2) and sqrt(2), summed as a pair so that one
    rounding counts. It calls no system library, so it has the same bits natively, in WebAssembly and in plain
    Python.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``log(1) = +0``, ``log(±0) = -inf``, ``log(inf) = inf``, ``log(x) = nan``
    for ``x < 0`` and NaN.

    *Accuracy*: float64 at most 0.75 ulp, subnormal arguments included (tested with mpmath); float32 is
    correctly rounded, at all 2**32 patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. T. P. Tang (1990), doi:10.1145/98267.98294.

    Examples
    --------
    With m between 1 and 2, ``n ln 2`` and ``log m`` cancel just below 1 and leave one digit.

    >>> from toolkit.elementary import log
    >>> x = 0.9999999999999987
    >>> -0.6931471805599453 + log(2 * x), log(x)
    (-1.3322676295501878e-15, -1.3322676295501888e-15)
    """
    return rounded_once(log64, log_beside, x)


@kernel
def log1p(x):
    """``log(1 + x)`` without the rounding of the sum.

    The part of x that ``u = fl(1 + x)`` lost is known exactly and put back: ``log(1 + x) = log(u) + lost /
    u``.

    Parameters
    ----------
    x : float32 or float64 scalar
        An integer counts as float64.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values*: ``log1p(±0) = ±0``, ``log1p(-1) = -inf``, ``log1p(inf) = inf``, NaN for ``x
    < -1`` and NaN.

    *Accuracy*: float64 at most 0.75 ulp (tested with mpmath); float32 is correctly rounded, at all 2**32
    patterns of bits (``python -m benchmarks.correctly_rounded``).

    References
    ----------
    P. T. P. Tang (1990), doi:10.1145/98267.98294.

    Examples
    --------
    This is the loss of a class that wins by a gap of 37: it does not vanish.

    >>> from toolkit.elementary import exp, log, log1p
    >>> log(1 + exp(-37.0)), log1p(exp(-37.0))
    (0.0, 8.533047625744066e-17)
    """
    return rounded_once(log1p64, log1p_beside, x)

"""pow: ``exp(y log|x|)`` with the logarithm and the product carried as pairs of float64.

The exponential multiplies the absolute error of its argument by the result, and the argument reaches 745: a
logarithm rounded to 53 bits would cost hundreds of ulp. The pair is right to about 2**-68.
"""
import numpy as np

from toolkit._core.exact_sums import divide_pairs, fast_two_sum, multiply_pairs, two_product
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import bits_of, float_of
from toolkit.elementary._exponential_core import exp_reduced, round_scaled

__all__ = ["pow"]

_LN2_HI = 0.6931471805598903  # 42 bits: n * _LN2_HI is exact
_LN2_LO = 5.497923018708371e-14
_THIRD = 0.3333333333333333
_THIRD_LO = 1.850371707708594e-17
_FIFTH = 0.2
_FIFTH_LO = -1.1102230246251566e-17
_SQRT_HALF_BITS = np.int64(0x3FE6A09E00000000)
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_54 = 18014398509481984.0
_TWO_64 = 18446744073709551616.0


@kernel
def log_tail(z):
    """``(atanh(s)/s - 1 - z/3 - z**2/5) / z**3``, ``z = s**2`` (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    low = (0.142857142857143 + z * 0.11111111111070332) + z2 * (0.0909090911304029 + z * 0.07692303194530649)
    return low + (z2 * z2) * ((0.06667101024572636 + z * 0.05860905995273481) + z2 * 0.05783180209405219)


@kernel
def log_pair(x, power):
    """``log(x * 2**power)`` as a pair, for a positive normal x: ``2 s (1 + z/3 + z**2/5 + ...)`` in pairs."""
    bits = bits_of(x)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    f = float_of(bits - (exponent << 52)) - 1.0
    n = np.float64(exponent) + power
    d, d_lo = fast_two_sum(2.0, f)
    s, s_lo = divide_pairs(f, 0.0, d, d_lo)
    z, z_lo = multiply_pairs(s, s_lo, s, s_lo)
    t, t_lo = fast_two_sum(_FIFTH, z * log_tail(z))
    t, t_lo = multiply_pairs(z, z_lo, t, t_lo + _FIFTH_LO)
    t, lost = fast_two_sum(_THIRD, t)
    t, t_lo = multiply_pairs(z, z_lo, t, lost + (t_lo + _THIRD_LO))
    t, t_lo = multiply_pairs(s, s_lo, t, t_lo)
    m, lost = fast_two_sum(2.0 * s, 2.0 * t)
    m_lo = lost + 2.0 * (s_lo + t_lo)
    hi, lost = fast_two_sum(n * _LN2_HI, m)
    return fast_two_sum(hi, lost + (m_lo + n * _LN2_LO))


@kernel
def pow_positive(x, y):
    """``x**y`` for a finite x > 0 other than 1 and a finite |y| <= 2**64."""
    if abs(y) < 1e-21:  # then |y log x| < 2**-60
        return 1.0
    if x < _SMALLEST_NORMAL:
        l_hi, l_lo = log_pair(x * _TWO_54, -54.0)
    else:
        l_hi, l_lo = log_pair(x, 0.0)
    p, lost = two_product(y, l_hi)
    p, p_lo = fast_two_sum(p, lost + y * l_lo)
    if p > 710.0:
        return np.inf
    if p < -746.0:
        return 0.0
    s, e, bits = exp_reduced(p, p_lo)
    return round_scaled(s, e, bits)


@kernel
def pow64(x, y):
    """pow of two float64."""
    if y == 0.0 or x == 1.0:
        return 1.0
    if x != x or y != y:
        return np.nan
    odd = np.floor(y) == y and np.floor(0.5 * y) != 0.5 * y
    sign = np.copysign(1.0, x) if odd else 1.0
    a = abs(x)
    if a == 1.0 and abs(y) > _TWO_64:
        return 1.0
    if a == 0.0 or a == np.inf or abs(y) > _TWO_64:
        return sign * (np.inf if (a > 1.0) == (y > 0.0) else 0.0)
    if x < 0.0 and np.floor(y) != y:
        return np.nan
    if a == 1.0:
        return sign
    return sign * pow_positive(a, y)


@kernel
def pow(x, y):
    """``x`` to the power ``y``, in the type of `x`.

    ``exp(y log|x|)`` with a logarithm of about 106 bits, and the sign from the parity of y. Exact results
    (squares, roots and powers of two that are representable) come out exact.

    Parameters
    ----------
    x : float32 or float64 scalar
        The base; an integer counts as float64.
    y : float32 or float64 scalar
        The exponent. It is used as it is: a float64 exponent of a float32 base is not rounded to float32
        first.

    Returns
    -------
    Scalar of the type of `x`.

    Notes
    -----
    *Special values* (IEEE 754, C99): ``pow(x, ±0) = 1`` and ``pow(1, y) = 1`` even for NaN;
    otherwise NaN gives NaN; ``pow(-1, ±inf) = 1``; ``pow(x, inf)`` is 0 for ``|x| < 1`` and inf for ``|x| >
    1``, -inf the other way round; ``pow(±0, y)`` is ±0 (y odd and positive), 0 (y > 0), ±inf (y odd and
    negative), inf (y < 0); ``pow(-inf, y)`` is -inf or -0 for odd y; a negative base with a non-integer
    exponent gives NaN.

    *Accuracy*: float64 at most 0.65 ulp, subnormal results included (tested with mpmath); float32 is computed
    in float64 and rounded once, at most 0.5001 ulp.

    References
    ----------
    P. T. P. Tang (1990), doi:10.1145/98267.98294; T. J. Dekker (1971), doi:10.1007/BF01397083.

    Examples
    --------
    >>> from toolkit.elementary import exp, log, pow
    >>> exp(700 * log(2.5)), pow(2.5, 700.0), 2.5**700
    (3.614149143438676e+278, 3.614149143438584e+278, 3.614149143438584e+278)
    """
    return like(pow64(np.float64(x), np.float64(y)), x)

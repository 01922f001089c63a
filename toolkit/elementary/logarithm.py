"""log and log1p."""
import numpy as np

from toolkit._kernel import kernel, like
from toolkit._rounding import bits_of, float_of
from toolkit.elementary._twofold import two_sum

_LN2_HI = 0.6931471805598903  # 42 bits: k * _LN2_HI is exact
_LN2_LO = 5.497923018708371e-14
_SQRT_HALF_BITS = np.int64(0x3FE6A09E00000000)
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_54 = 18014398509481984.0


@kernel
def log_polynomial(z):
    """``(2 atanh(s) / s - 2) / z`` at ``z = s**2`` for 0 <= z <= 0.0295."""
    z2 = z * z
    low = (0.6666666666666666 + z * 0.4000000000000088) + z2 * (0.2857142857080323 + z * 0.2222222239180047)
    high = (0.18181795630884753 + z * 0.15386240205813478) + z2 * (0.13268759668560612 + z * 0.13086767009948175)
    return low + (z2 * z2) * high


@kernel
def log_normal(x, x_lo, k):
    """``log(x + x_lo) + k ln 2`` for a positive normal x and a much smaller x_lo."""
    bits = bits_of(x)
    n = (bits - _SQRT_HALF_BITS) >> 52
    f = float_of(bits - (n << 52)) - 1.0
    k = np.float64(n) + k
    s = f / (2.0 + f)
    half_square = 0.5 * f * f
    z = s * s
    tail = half_square - s * (half_square + z * log_polynomial(z))
    h = k * _LN2_HI
    t = h + f
    lost = (h - t) + f
    return t + (lost + ((k * _LN2_LO + x_lo / x) - tail))


@kernel
def log_edge(x):
    if x != x or x == np.inf:
        return x
    if x == 0.0:
        return -np.inf
    if x < 0.0:
        return np.nan
    return log_normal(x * _TWO_54, 0.0, -54.0)


@kernel
def log64(x):
    """log of a float64."""
    if not (_SMALLEST_NORMAL <= x < np.inf):
        return log_edge(x)
    return log_normal(x, 0.0, 0.0)


@kernel
def log1p64(x):
    """log(1 + x) of a float64."""
    if not (-1.0 < x < np.inf):
        return log1p_edge(x)
    u, u_lo = two_sum(1.0, x)
    return np.copysign(log_normal(u, u_lo, 0.0), x)


@kernel
def log1p_edge(x):
    if x == -1.0:
        return -np.inf
    return np.nan if x < 0.0 else x


@kernel
def log(x):
    """Natural logarithm."""
    return like(log64(np.float64(x)), x)


@kernel
def log1p(x):
    """``log(1 + x)``, accurate near 0."""
    return like(log1p64(np.float64(x)), x)

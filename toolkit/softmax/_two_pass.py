"""Softmax in two passes without a maximum: each exponential is a mantissa and an exponent of its own.

``exp(x) = mantissa * 2**exponent`` with the exponent carried as a float cannot overflow, so nothing need be
subtracted first and one pass over the logits is saved. Since no ``z - max`` is rounded, small probabilities
also keep more digits than in the shifted algorithms.

References
----------
M. Dukhan, A. Ablavatski, The Two-Pass Softmax Algorithm, arXiv:2001.04438. The polynomial of the paper is
replaced by `toolkit.elementary.exp`, and terms of any size are added where the paper drops those below
2**-127 of the largest.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import power_of_two, rnd
from toolkit.elementary import exp

__all__ = ["TWO_PASS_LIMIT", "extended_exp", "extended_sum", "scaled", "softmax_two_pass"]

_LOG2_E = 1.4426950408889634
# ln 2 = hi + lo, where hi = 355/512 has 9 bits: n * hi is exact for |n| < 2**15 in float32, 2**44 in float64.
_LN2_HI = 0.693359375
_LN2_LO = -2.1219444005469057e-4
# Largest |z| with an exact n * hi, by bytes of the dtype.
TWO_PASS_LIMIT = {4: 2.0**15 * 0.69, 8: 2.0**44 * 0.69}


@kernel
def extended_exp(x, fmt):
    """``(mantissa, exponent)``: exp(x) with mantissa in [0.7071, 1.4143] and an integral float as exponent.

    In an emulated format this is one elementary function: its mantissa is rounded, its exponent is exact.
    """
    n = np.rint(x * like(_LOG2_E, x))
    t = (x - n * like(_LN2_HI, x)) - n * like(_LN2_LO, x)
    return rnd(exp(t), fmt), n


@kernel
def scaled(v, n, fmt):
    """``v * 2**n`` for an integral float ``n <= 0``, rounded once; 0 for n = -inf."""
    if not n >= like(-1074.0, n):
        return v * like(0.0, v)
    if n >= like(-1022.0, n):
        return rnd(like(np.float64(v) * power_of_two(np.int64(n)), v), fmt)  # 2**-150 is 0 in float32
    return rnd(v * like(power_of_two(np.int64(n) + 60) * power_of_two(-60), v), fmt)


@kernel
def extended_sum(z, fmt):
    """``(v, e)``: the sum of exp(z) is ``v * 2**e``, e the largest exponent; (0, -inf) if all z are -inf."""
    v = like(0.0, z[0])
    e = like(-np.inf, z[0])
    for i in range(z.size):
        if z[i] == -np.inf:
            continue
        mantissa, n = extended_exp(z[i], fmt)
        if n > e:
            v = rnd(scaled(v, e - n, fmt) + mantissa, fmt)
            e = n
        else:
            v = rnd(v + scaled(mantissa, n - e, fmt), fmt)
    return v, e


@kernel
def softmax_two_pass(z, p, fmt):
    """Sum of (mantissa, exponent) pairs, then ``p = (mantissa / v) * 2**(exponent - e)``."""
    v, e = extended_sum(z, fmt)
    scale = rnd(like(1.0, v) / v, fmt)
    for i in range(z.size):
        if z[i] == -np.inf:
            p[i] = like(0.0, scale) * scale  # NaN if all are -inf
        else:
            mantissa, n = extended_exp(z[i], fmt)
            p[i] = scaled(rnd(mantissa * scale, fmt), n - e, fmt)

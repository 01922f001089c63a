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
from toolkit._core.numbers import like, unrounded
from toolkit._core.rounding import power_of_two
from toolkit.elementary import exp

__all__ = []
KERNELS = ["extended_exp", "extended_sum", "softmax_two_pass"]

_LOG2_E = 1.4426950408889634
# ln 2 = hi + lo, where hi = 355/512 has 9 bits: n * hi is exact for |n| < 2**15 in float32, 2**44 in float64.
_LN2_HI = 0.693359375
_LN2_LO = -2.1219444005469057e-4
# Largest |z| with an exact n * hi, by bytes of the dtype.
TWO_PASS_LIMIT = {4: 2.0**15 * 0.69, 8: 2.0**44 * 0.69}


@kernel(forceinline=True)
def extended_exp(x):
    """``(mantissa, exponent)``: exp(x) with mantissa in [0.7071, 1.4143] and an integral float as exponent.

    In an emulated format this is one elementary function: its mantissa is rounded, its exponent is exact.
    """
    y = unrounded(x)
    n = np.rint(y * _LOG2_E)
    return like(exp((y - n * _LN2_HI) - n * _LN2_LO), x), n


@kernel
def scaled(v, n):
    """``v * 2**n`` for an integral float ``n <= 0``, rounded once; 0 for n = -inf."""
    if not n >= -1074:
        return v * 0
    power = power_of_two(int(n)) if n >= -1022 else power_of_two(int(n) + 60) * power_of_two(-60)
    return like(float(v) * power, v)  # 2**-150 is 0 in float32


@kernel
def extended_sum(z):
    """``(v, e)``: the sum of exp(z) is ``v * 2**e``, e the largest exponent; (0, -inf) if all z are -inf."""
    v, e = 0.0, -np.inf
    for i in range(z.size):
        if z[i] == -np.inf:
            continue
        mantissa, n = extended_exp(z[i])
        if n > e:
            v = scaled(v, e - n) + mantissa
            e = n
        else:
            v += scaled(mantissa, n - e)
    return v, e


@kernel
def softmax_two_pass(z, p):
    """Sum of (mantissa, exponent) pairs, then ``p = (mantissa / v) * 2**(exponent - e)``."""
    v, e = extended_sum(z)
    scale = 1 / v
    for i in range(z.size):
        if z[i] == -np.inf:
            p[i] = 0 * scale  # NaN if all are -inf
        else:
            mantissa, n = extended_exp(z[i])
            p[i] = scaled(mantissa * scale, n - e)

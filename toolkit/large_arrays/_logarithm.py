"""log and log1p of lanes or of a number."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import bit_distance, choose, exponent_above, fused, low_bits_as_exponent
from toolkit.elementary.logarithm import log_tail

__all__ = ["log1p_lanes", "log_lanes"]

_LEAST = 0.7071067811865475
_ROUNDER = 1.5 * 2.0**52
_LN2_HI, _LN2_LO = 0.6931471805598903, 5.497923018708371e-14


@kernel
def log_of_parts(u, rest):
    """``log(u + rest)``, rest far below an ulp of 1.

    With ``u = f * 2**k`` it is ``log f = 2 artanh(s)``, ``s = (f - 1) / (f + 1)``, written as
    ``g - (g**2 / 2 - s (g**2 / 2 + tail))`` with ``g = f - 1``, since g is exact and s is not.
    """
    k = exponent_above(u, _LEAST)
    g = bit_distance(u, low_bits_as_exponent(k + _ROUNDER)) - 1.0
    s = g / (g + 2.0)
    z = s * s
    half = 0.5 * g * g
    log_f = g - (half - s * (half + z * log_tail(z)))
    return fused(k, _LN2_HI, fused(k, _LN2_LO, rest) + log_f)


@kernel
def log_lanes(u):
    """log of float64 lanes u >= 1, within 1.1 ulp."""
    return choose(u < np.inf, log_of_parts(u, 0.0), u)


@kernel
def log1p_lanes(a):
    """``log1p(a)`` of float64 lanes a >= 0, within 1.1 ulp: of ``1 + a`` and of what that sum rounds off."""
    u = a + 1.0
    back = u - a
    rest = (1.0 - back) + (a - (u - back))
    return choose(a < np.inf, log_of_parts(u, rest / u), a)

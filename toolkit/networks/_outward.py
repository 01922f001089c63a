"""Rounding outward: a lower bound is rounded down and an upper one up, so that a bound computed in float64 is one.

After an operation rounded to nearest, ``x + (φ abs(x) + η)`` is at least the next float64 above x, with ``φ = u (1 +
2 u)``, ``u = 2^-53`` and η the smallest subnormal (Rump, Zimmermann, Boldo and Melquiond 2009). The exact result is not
above it.
"""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = []
KERNELS = ["rounded_down", "rounded_up", "widened_down", "widened_up"]

_PHI = 2.0**-53 * (1.0 + 2.0**-52)
_ETA = 5e-324
_LARGEST = np.finfo(np.float64).max
_WIDE = 2.0**-49  # 8 ulp: more than any activation is off


@kernel(forceinline=True)
def rounded_up(x):
    """A number that is not below the exact result of the one operation that gave x."""
    if x == -np.inf:
        return -_LARGEST
    return x if x == np.inf else x + (_PHI * abs(x) + _ETA)


@kernel(forceinline=True)
def rounded_down(x):
    """A number that is not above the exact result of the one operation that gave x."""
    return -rounded_up(-x)


@kernel(forceinline=True)
def widened_up(x):
    """x and 8 ulp: not below the exact value of a function that is right to 5 ulp."""
    return rounded_up(x if abs(x) == np.inf else x + abs(x) * _WIDE)


@kernel(forceinline=True)
def widened_down(x):
    """x less 8 ulp."""
    return -widened_up(-x)

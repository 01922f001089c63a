"""Inner products of rows in float64, in a fixed order that vectorises."""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = ["inner", "norm_squared"]


@kernel
def inner(a, b):
    """``<a, b>`` in float64, over four lanes in a fixed order."""
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    whole = a.size - a.size % 4
    for i in range(0, whole, 4):
        s0 += np.float64(a[i]) * np.float64(b[i])
        s1 += np.float64(a[i + 1]) * np.float64(b[i + 1])
        s2 += np.float64(a[i + 2]) * np.float64(b[i + 2])
        s3 += np.float64(a[i + 3]) * np.float64(b[i + 3])
    for i in range(whole, a.size):
        s0 += np.float64(a[i]) * np.float64(b[i])
    return (s0 + s2) + (s1 + s3)


@kernel
def norm_squared(a):
    """``||a||^2`` in float64."""
    return inner(a, a)

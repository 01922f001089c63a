"""The shift by the largest logit: which class is on top, and gaps to it."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import unrounded

__all__ = []
KERNELS = ["shifted", "top_class"]


@kernel
def top_class(z):
    """Index of the first largest entry of the row `z`; of a NaN if there is one."""
    top = 0
    for i in range(1, z.size):
        if z[i] > z[top] or z[i] != z[i]:
            top = i
    return top


@kernel
def shifted(z, m):
    """``z - m``; -inf, the mark of a masked class, stays also in a format that has no infinity."""
    if unrounded(z) - unrounded(m) == -np.inf:
        return -np.inf
    return z - m

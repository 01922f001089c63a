"""The shift by the largest logit: which class is on top, gaps to it, and temperature."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, unrounded

__all__ = ["over_temperature", "shifted", "tempered", "top_class"]


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
        return like(-np.inf, z)
    return z - m


@kernel
def tempered(z, m, tau, out):
    """``(z - m) / tau`` for a row, with the limits tau = 0 (only z == m stays finite) and tau = inf."""
    tau = like(tau, z)
    for i in range(z.size):
        gap = shifted(z[i], m)
        out[i] = gap if gap == 0 or gap == -np.inf else gap / tau


@kernel
def over_temperature(out, tau):
    """Divide a row by tau: the last step of a gradient with respect to logits."""
    tau = like(tau, out)
    for i in range(out.size):
        out[i] /= tau

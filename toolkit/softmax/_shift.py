"""The shift by the largest logit: which class is on top, gaps to it, and temperature."""
import numpy as np

from toolkit._core.kernel import kernel, like
from toolkit._core.rounding import rnd

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
def shifted(z, m, fmt):
    """``z - m``, rounded."""
    gap = z - m
    if gap == -np.inf:  # a masked logit also in a format that has no infinity
        return gap
    return rnd(gap, fmt)


@kernel
def tempered(z, m, tau, out, fmt):
    """``(z - m) / tau`` for a row, with the limits tau = 0 (only z == m stays finite) and tau = inf."""
    tau = rnd(tau, fmt)
    for i in range(z.size):
        gap = shifted(z[i], m, fmt)
        if gap == like(0.0, gap) or gap == -np.inf:  # the limits of 0/0 and inf/inf
            out[i] = gap
        else:
            out[i] = rnd(gap / tau, fmt)


@kernel
def over_temperature(out, tau, fmt):
    """Divide a row by tau: the last step of a gradient with respect to logits."""
    tau = rnd(tau, fmt)
    for i in range(out.size):
        out[i] = rnd(out[i] / tau, fmt)

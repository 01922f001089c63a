"""Exponentials of gaps to the largest logit over a temperature."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import times_exactly
from toolkit._core.sums import sum_like
from toolkit.elementary import exp

__all__ = []


@kernel
def weight_below(z, top, k, inverse):
    """``e^{(z_k - max z) / T}``, also where the gap overflows; 0 for a class of logit -inf."""
    gap = z[top] - z[k]
    if gap < np.inf:
        return exp(-times_exactly(gap, inverse))
    if gap == np.inf and z[k] > -np.inf:
        return exp(-2 * times_exactly(0.5 * z[top] - 0.5 * z[k], inverse))
    return exp(z[k]) if z[k] == -np.inf else 0 * z[k]


@kernel
def sums_without_top(z, top, inverse):
    """``sum_{k != top} e^{(z_k - max z) / T}`` of a row, and the same with each term times ``max z - z_k``.

    1 / T keeps its digits also where the format lacks them.
    """
    rest, spread = sum_like(z), sum_like(z)
    for k in range(z.size):
        if k != top and z[k] > -np.inf:
            w = weight_below(z, top, k, inverse)
            rest += w
            spread += w * (z[top] - z[k])
    return rest.value, spread.value

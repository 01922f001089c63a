"""Scores of the softmax, ``w_k = e^{z_k - max z}``, and gaps to the largest logit.

Of a label y with a margin, ``d_k = z_k - z_y + margin [k != y]``.
"""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.softmax.kernels import exp_gap, shifted, tempered_gap, top_class

__all__ = []
KERNELS = ["accurate_exponentials", "exponentials", "share_of_gap", "shifted_exponentials"]


@kernel
def exponentials(z, w):
    """Fill ``w_k = e^{z_k}``, which overflows and underflows."""
    for k in range(z.size):
        w[k] = exp(z[k])


@kernel
def shifted_exponentials(z, w):
    """Fill ``w_k = e^{z_k - max z}`` as every library does; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = exp(shifted(z[k], z[top]))
    return top


@kernel
def accurate_exponentials(z, w):
    """Fill ``w_k = e^{z_k - max z}`` to about an ulp; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = exp_gap(z[k], z[top])
    return top


@kernel
def share_of_gap(share, top, z):
    """``share (top - z)``: 0 for no share, finite also where the difference of two finite logits is not."""
    if share == 0:
        return share
    gap = top - z
    if gap - gap == 0:
        return share * gap
    return (share * (top * 0.5 - z * 0.5)) * 2


@kernel
def expected_gap(z, q, top):
    """``sum q_k (max z - z_k)`` over the classes with q_k > 0."""
    total, lost = 0.0, 0.0
    for k in range(z.size):
        if q[k] != 0:
            total, lost = add_compensated(total, lost, share_of_gap(q[k], z[top], z[k]))
    return total


@kernel
def gap_to(z, k, top, y, margin):
    """``d_top - d_k``, without the rounding of d itself."""
    gap = z[top] - z[k]
    if k == top:
        return z[top] - z[top]
    if k == y:
        return gap + margin
    return gap - margin if top == y else gap


@kernel
def half_gap_to(z, k, top, y, margin):
    """Half of `gap_to`, which does not overflow where that of two finite logits does."""
    half = z[top] * 0.5 - z[k] * 0.5
    if k == y:
        return half + margin * 0.5
    return half - margin * 0.5 if top == y else half


@kernel
def minus_gap_over(z, k, top, y, margin, strength):
    """``(d_k - d_top) / strength``."""
    gap = gap_to(z, k, top, y, margin)
    if gap != np.inf:
        return tempered_gap(-gap, strength)
    return tempered_gap(-half_gap_to(z, k, top, y, margin), strength * 0.5)


@kernel
def share_of_gap_to(share, z, k, top, y, margin):
    """``share (d_top - d_k)`` for a share > 0."""
    gap = gap_to(z, k, top, y, margin)
    return share * gap if gap != np.inf else share * half_gap_to(z, k, top, y, margin) * 2

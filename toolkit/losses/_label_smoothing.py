"""Label smoothing: labels become ``(1 - amount) q + amount / n`` on the n classes that are not masked.

Of a class label the row kernels of cross-entropy need no array q: that is what they are for. `smoothed_labels` makes
the array for all else: given probabilities, weights of classes, other scores.
"""
from numbers import Real

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import log, log1p
from toolkit.losses._exponential_scores import (
    accurate_exponentials,
    exponentials,
    share_of_gap,
    shifted_exponentials,
)
from toolkit.losses._forms import (
    classes_present,
    close_to_zero_sum,
    divide_by,
    naive_form,
    rest_beside_top,
    sum_in_order,
)

__all__ = []
KERNELS = ["smoothed_cross_entropy_common", "smoothed_cross_entropy_naive", "smoothed_cross_entropy_stable"]


def smoothing_amount(value):
    """`value` as a float from 0 to 1."""
    if isinstance(value, Real) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"label_smoothing is {shown(value)}; allowed: a number from 0 to 1")


def smoothed_labels(q, amount, kept):
    """Rows of probabilities `q`, smoothed on the `kept` classes of each row."""
    if amount == 0:
        return q
    return (1 - amount) * q + amount * kept / np.maximum(kept.sum(axis=1, keepdims=True), 1)


@kernel
def subtract_shares(z, top, share, grad):
    """``share sum (max z - z_k)`` over the classes that are not masked; their gradients fall by `share`."""
    loss, lost = 0.0, 0.0
    for k in range(z.size):
        if z[k] != -np.inf:
            loss, lost = add_compensated(loss, lost, share_of_gap(share, z[top], z[k]))
            grad[k] -= share
    return loss


@kernel
def amount_and_share(amount, z):
    """The amount as a number of the row, and the part of it that each class gets."""
    amount = like(amount, z)
    return amount, amount / classes_present(z)


@kernel
def smoothed_cross_entropy_naive(z, y, amount, grad):
    """``-sum q_k log p_k`` with ``q = (1 - amount) onehot(y) + amount / n``."""
    amount, share = amount_and_share(amount, z)
    exponentials(z, grad)
    naive_form(grad, y)
    grad[y] += 1
    loss = 0.0
    for k in range(z.size):
        q = share if z[k] != -np.inf else share * 0
        if k == y:
            q += 1 - amount
        if q != 0:
            loss -= q * log(grad[k])
            grad[k] -= q
    return loss


@kernel
def smoothed_cross_entropy_common(z, y, amount, grad):
    """``log S + (1 - amount) gap_y + amount / n sum gap_k`` with ``gap_k = max z - z_k``: three terms >= 0."""
    amount, share = amount_and_share(amount, z)
    top = shifted_exponentials(z, grad)
    total = sum_in_order(grad)
    divide_by(grad, total)
    loss = subtract_shares(z, top, share, grad)
    hard = 1 - amount
    grad[y] -= hard
    return log(total) + share_of_gap(hard, z[top], z[y]) + loss


@kernel
def smoothed_cross_entropy_stable(z, y, amount, grad):
    """The same with ``log1p(S - 1)``, and ``grad_y = -sum_{k != y} grad_k``."""
    amount, share = amount_and_share(amount, z)
    top = accurate_exponentials(z, grad)
    rest = rest_beside_top(grad, top)
    divide_by(grad, 1 + rest)
    loss = subtract_shares(z, top, share, grad)
    close_to_zero_sum(grad, y)
    return log1p(rest) + share_of_gap(1 - amount, z[top], z[y]) + loss


SMOOTHED_FORMS = {"naive": smoothed_cross_entropy_naive, "common": smoothed_cross_entropy_common,
                  "stable": smoothed_cross_entropy_stable}

"""Symmetric cross-entropy: that of the labels and the prediction, and that of the prediction and the labels."""

import numpy as np

from toolkit._core.arguments import check_finite, shown
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers
from toolkit.elementary import log, log1p
from toolkit.losses._evaluate import LossKernels, LossOfRows, are_probabilities, at_least, loss
from toolkit.losses._exponential_scores import accurate_exponentials, expected_gap
from toolkit.losses._forms import close_to_zero_sum, divide_by, label_mass, likeliest, rest_beside_top
from toolkit.losses._of_probability import common_of, naive_of, stable_of
from toolkit.losses._poly1_loss import weighted_sum, weighted_sum_of_p

__all__ = ["symmetric_cross_entropy"]
KERNELS = ["soft_symmetric_cross_entropy_stable", "symmetric_cross_entropy_common", "symmetric_cross_entropy_naive",
           "symmetric_cross_entropy_stable"]


@kernel
def weights_of(z, alpha, beta, floor):
    """Of a class label ``H(p, q) = -floor (1 - p_y)``: the weights of l and of ``1 - p_y``."""
    beta, floor = as_numbers((beta, floor), z)
    return alpha, -beta * floor


@kernel
def symmetric_cross_entropy_naive(z, y, alpha, beta, floor, grad):
    return naive_of(weighted_sum_of_p, z, y, weights_of(z, alpha, beta, floor), grad)


@kernel
def symmetric_cross_entropy_common(z, y, alpha, beta, floor, grad):
    return common_of(weighted_sum, z, y, weights_of(z, alpha, beta, floor), grad)


@kernel
def symmetric_cross_entropy_stable(z, y, alpha, beta, floor, grad):
    return stable_of(weighted_sum, z, y, weights_of(z, alpha, beta, floor), grad)


@kernel
def surprise(q, floor):
    """``-max(log q, floor)``, also at q = 0."""
    lowest = -floor
    if q == 0:
        return lowest
    return min(0 - log(q), lowest)


@kernel
def soft_symmetric_cross_entropy_stable(z, q, alpha, beta, floor, grad):
    """``alpha H(q, p) + beta sum p_k A_k``, ``A_k = -max(log q_k, floor)``; q is a constant.

    The gradient is ``alpha (Q p - q) + beta p (A - sum p A)`` with ``Q = sum q``.
    """
    alpha, beta, floor = as_numbers((alpha, beta, floor), z)
    top = accurate_exponentials(z, grad)
    rest = rest_beside_top(grad, top)
    divide_by(grad, 1 + rest)
    mass = label_mass(q)
    ahead = mass * log1p(rest) + expected_gap(z, q, top)
    back, lost = 0.0, 0.0
    for k in range(z.size):
        back, lost = add_compensated(back, lost, grad[k] * surprise(q[k], floor))
    for k in range(z.size):
        grad[k] = alpha * (mass * grad[k] - q[k]) + beta * (grad[k] * (surprise(q[k], floor) - back))
    close_to_zero_sum(grad, likeliest(q))
    return (alpha * ahead if alpha != 0 or ahead < np.inf else alpha) + beta * back


_SYMMETRIC = LossKernels(
    {"naive": symmetric_cross_entropy_naive, "common": symmetric_cross_entropy_common,
     "stable": symmetric_cross_entropy_stable},
    {"stable": soft_symmetric_cross_entropy_stable})


@loss
def symmetric_cross_entropy(logits, labels, *, alpha=0.1, beta=1.0, floor=-4.0, form="stable", reduction="mean",
                            ignore_index=None, weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """Symmetric cross-entropy ``alpha H(q, p) + beta H(p, q)`` with ``log q`` no lower than `floor`.

    For a class label ``H(p, q) = -floor (1 - p_y)``: cross-entropy beside a multiple of the mean absolute error,
    which resists wrong labels. Label probabilities q, a teacher's, are constants: no gradient flows
    through them. ``H(p, q) = -sum p_k max(log q_k, floor)`` is finite where the teacher rounded q_k to 0.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
        Classes, or probabilities q; these take ``form="stable"`` and no `weight`.
    alpha, beta : float >= 0
    floor : float < 0
        What log 0 counts as.
    form : {"stable", "common", "naive"}
        As in `comp_sum`.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``(alpha - beta floor p_y) (p - onehot(y))``; for probabilities ``alpha (p - q) + beta p (A - sum p A)`` with
    ``A_k = -max(log q_k, floor)``.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, class labels, tested: the loss within 5 epsilon, the
    gradient 6 and K/2 more at the label, for K <= 300 where probabilities are normal numbers and gaps of logits do
    not overflow. For label probabilities the loss is as near; in the gradient differences cancel: an entry of the
    gradient is within 8 epsilon of ``alpha max(p_k, q_k) + beta p_k max(A_k, sum p A)``, at the likeliest label K/2
    of the sum over the others besides.

    References
    ----------
    Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019, arXiv:1908.06112; with a
    teacher: Döbler, Marsden, Yang, Robust Mean Teacher, 2023, arXiv:2211.13081 (both weights 0.5).

    Examples
    --------
    >>> import numpy as np
    >>> f"{symmetric_cross_entropy(np.array([2, 1, -1, 0.5]), 1):.6f}"
    '3.252687'
    """
    floor = check_finite("floor", floor)
    if not floor < 0:
        raise ValueError(f"floor is {shown(floor)}; allowed: a finite number < 0")
    if are_probabilities(labels) and weight is not None:
        raise ValueError("weight is given but labels are probabilities; allowed with these: None")
    return LossOfRows(_SYMMETRIC, logits, labels, at_least(0, "alpha", alpha), at_least(0, "beta", beta), floor,
                      form=form, reduction=reduction, ignore_index=ignore_index, weight=weight,
                      sample_weight=sample_weight, axis=axis, where=where, format=format)

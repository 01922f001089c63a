"""Poly-1 loss: cross-entropy with its first polynomial coefficient changed; and what weighs ``1 - p_y`` beside it."""
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss
from toolkit.losses._of_probability import common_of, naive_of, soft_stable_of, stable_of

__all__ = ["poly1_loss"]
KERNELS = ["poly1_loss_common", "poly1_loss_naive", "poly1_loss_stable",
           "soft_poly1_loss_stable"]


@kernel
def beyond_first_order(loss, miss):
    """``l - miss = l - 1 + e^{-l}``, for a small l by its series ``l^2 / 2 - l^3 / 6 + ...``."""
    if loss > 0.5:
        return loss - miss
    term = loss * loss * 0.5
    total = term
    for n in range(3, 16):
        term = -term * loss / n
        total += term
    return total


@kernel
def weighted_sum(loss, miss, a, b):
    """``a l + b miss`` and ``a + b p_y``, in which 0 times an infinite loss or weight is 0.

    For b < 0 it is ``a (l - miss) + (a + b) miss`` and ``(a + b) - b miss``, where nothing cancels for b >= -a.
    """
    p = exp(-loss)
    if b < 0 and p > 0:
        return a * beyond_first_order(loss, miss) + (a + b) * miss, (a + b) - b * miss
    return ((a * loss if a != 0 or p > 0 else a) + (b * miss if miss != 0 else miss),
            a + (b * p if p != 0 else p))


@kernel
def weighted_sum_of_p(p, a, b):
    """`weighted_sum` with ``1 - p`` formed literally."""
    return a * (0 - log(p)) + b * (1 - p), a + b * p


@kernel
def poly1_loss_naive(z, y, epsilon, grad):
    return naive_of(weighted_sum_of_p, z, y, (1.0, epsilon), grad)


@kernel
def poly1_loss_common(z, y, epsilon, grad):
    return common_of(weighted_sum, z, y, (1.0, epsilon), grad)


@kernel
def poly1_loss_stable(z, y, epsilon, grad):
    return stable_of(weighted_sum, z, y, (1.0, epsilon), grad)


@kernel
def soft_poly1_loss_stable(z, q, epsilon, grad):
    return soft_stable_of(weighted_sum, z, q, (1.0, epsilon), grad)


_POLY1_LOSS = LossKernels({"naive": poly1_loss_naive, "common": poly1_loss_common, "stable": poly1_loss_stable},
                          {"stable": soft_poly1_loss_stable})


@loss
def poly1_loss(logits, labels, *, epsilon=1.0, form="stable", reduction="mean", ignore_index=None, weight=None,
               sample_weight=None, axis=-1, where=None, format=None):
    """Poly-1 loss ``l + epsilon (1 - p_y)``: cross-entropy l with its first polynomial coefficient changed.

    ``l = sum_j (1 - p_y)^j / j``; `epsilon` is added to the coefficient of ``j = 1``, which weighs rows that are
    nearly right.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
        Classes, or probabilities q, for which the loss is its mean ``sum q_k L_k``; these take ``form="stable"``.
    epsilon : float >= -1
        0 is cross-entropy.
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
    ``(1 + epsilon p_y) (p - onehot(y))``.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 3 epsilon of the dtype (6 for
    ``epsilon < 0``, where it is ``(1 + epsilon) (1 - p_y) + (l - 1 + p_y)``), the gradient 6 and K/2 more at the
    label, for K <= 300 where probabilities are normal numbers and gaps of logits do not overflow. For label
    probabilities the gradient is ``p_j sum q_k L'_k - q_j L'_j`` with ``L' = dL/dl``, within 8 epsilon of the
    larger of both.

    References
    ----------
    Leng et al., PolyLoss, 2022, arXiv:2204.12511.

    Examples
    --------
    >>> import numpy as np
    >>> f"{poly1_loss(np.array([2, 1, -1, 0.5]), 1, epsilon=2):.6f}"
    '3.046766'
    """
    return LossOfRows(_POLY1_LOSS, logits, labels, at_least(-1, "epsilon", epsilon), form=form, reduction=reduction,
                      ignore_index=ignore_index, weight=weight, sample_weight=sample_weight, axis=axis, where=where,
                      format=format)

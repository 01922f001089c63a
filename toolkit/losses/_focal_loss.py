"""Focal loss: rows that are nearly right count less."""
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, log1p, pow
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss
from toolkit.losses._of_probability import common_of, naive_of, soft_stable_of, stable_of

__all__ = ["focal_loss"]
KERNELS = ["focal_loss_common", "focal_loss_naive", "focal_loss_stable",
           "soft_focal_loss_stable"]


@kernel
def of_loss(loss, miss, gamma):
    """``miss^gamma l`` and ``miss^gamma (1 + gamma p_y l / miss)``, where l / miss -> 1 as miss -> 0."""
    p = exp(-loss)
    factor = pow(miss, gamma) if p > 0.5 or gamma < 16 else exp(gamma * log1p(-p))  # miss has rounded p away
    ratio = loss / miss if miss > 0 else 1.0
    if p > 0:  # an infinite loss times p = 0
        p *= ratio
    return factor * loss if factor > 0 else factor, factor * (1 + gamma * p)


@kernel
def of_p(p, gamma):
    """``(1 - p)^gamma (-log p)``; its slope has ``(1 - p)^{gamma - 1}``, infinite at p = 1 for gamma < 1."""
    miss = 1 - p
    loss = 0 - log(p)
    factor = pow(miss, gamma)
    return factor * loss, factor + gamma * p * loss * pow(miss, gamma - 1)


@kernel
def focal_loss_naive(z, y, gamma, grad):
    return naive_of(of_p, z, y, (gamma,), grad)


@kernel
def focal_loss_common(z, y, gamma, grad):
    return common_of(of_loss, z, y, (gamma,), grad)


@kernel
def focal_loss_stable(z, y, gamma, grad):
    return stable_of(of_loss, z, y, (gamma,), grad)


@kernel
def soft_focal_loss_stable(z, q, gamma, grad):
    return soft_stable_of(of_loss, z, q, (gamma,), grad)


_FOCAL_LOSS = LossKernels({"naive": focal_loss_naive, "common": focal_loss_common, "stable": focal_loss_stable},
                          {"stable": soft_focal_loss_stable})


@loss
def focal_loss(logits, labels, *, gamma=2.0, form="stable", reduction="mean", ignore_index=None, weight=None,
               sample_weight=None, axis=-1, where=None, format=None):
    """Focal loss ``(1 - p_y)^gamma l`` of the cross-entropy l: rows that are nearly right count less.

    ``1 - p_y`` is the sum of the other probabilities and no difference. In float32 the usual form is exactly 0
    from a gap of 17 on, and for gamma < 1 its gradient is NaN there: ``(1 - p_y)^(gamma - 1)`` is infinite.
    Not proper: it is least where the model is less sure than the labels.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
        Classes, or probabilities q, for which the loss is its mean ``sum q_k L_k``; these take ``form="stable"``.
    gamma : float >= 0
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
    ``(1 - p_y)^gamma (1 + gamma p_y l / (1 - p_y)) (p - onehot(y))``.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within ``4 + 2 gamma``
    epsilon, the gradient ``8 + 2 gamma`` and K/2 more at the label, for K <= 100 where probabilities and results are
    normal numbers and gaps of logits do not overflow.
    For label probabilities the gradient is ``p_j sum q_k L'_k - q_j L'_j`` with ``L' = dL/dl``, within
    ``8 + 2 gamma`` epsilon of the larger of both.

    References
    ----------
    Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([20, 0])
    >>> [f"{focal_loss(z, 0, gamma=0.5, form=form):.6g}" for form in ("common", "stable")]
    ['0', '9.35762e-14']
    """
    return LossOfRows(_FOCAL_LOSS, logits, labels, at_least(0, "gamma", gamma), form=form, reduction=reduction,
                      ignore_index=ignore_index, weight=weight, sample_weight=sample_weight, axis=axis, where=where,
                      format=format)

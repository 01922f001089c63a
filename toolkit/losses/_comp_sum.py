"""Comp-sum losses, one family from the sum-exponential loss through cross-entropy to the mean absolute error."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.elementary import exp, expm1, log, pow
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss
from toolkit.losses._of_probability import common_of, naive_of, soft_stable_of, stable_of

__all__ = ["comp_sum"]
KERNELS = ["comp_sum_common", "comp_sum_naive", "comp_sum_stable",
           "soft_comp_sum_stable"]


@kernel
def of_loss(loss, miss, tau):
    """``(e^{(1 - tau) l} - 1) / (1 - tau)`` and ``e^{(1 - tau) l}``."""
    order = 1 - tau
    if order == 0:
        return loss, 1.0
    scaled = order * loss
    if scaled != scaled and loss == loss and order < 0:  # beyond a format without infinity
        scaled = -np.inf
    return expm1(scaled) / order, exp(scaled)


@kernel
def of_p(p, tau):
    """``(p^{tau - 1} - 1) / (1 - tau)``, its slope from p times ``p^{tau - 2}``."""
    order = 1 - tau
    if order == 0:
        return 0 - log(p), 1.0
    return (pow(p, -order) - 1) / order, p * pow(p, -order - 1)


@kernel
def comp_sum_naive(z, y, tau, grad):
    return naive_of(of_p, z, y, (tau,), grad)


@kernel
def comp_sum_common(z, y, tau, grad):
    return common_of(of_loss, z, y, (tau,), grad)


@kernel
def comp_sum_stable(z, y, tau, grad):
    return stable_of(of_loss, z, y, (tau,), grad)


@kernel
def soft_comp_sum_stable(z, q, tau, grad):
    return soft_stable_of(of_loss, z, q, (tau,), grad)


_COMP_SUM = LossKernels({"naive": comp_sum_naive, "common": comp_sum_common, "stable": comp_sum_stable},
                        {"stable": soft_comp_sum_stable})


@loss
def comp_sum(logits, labels, *, tau=1.7, form="stable", reduction="mean", ignore_index=None, weight=None,
             sample_weight=None, axis=-1, where=None, format=None):
    """Comp-sum loss ``((1 + u)^(1 - tau) - 1) / (1 - tau)``, ``u = sum_{k != y} e^{z_k - z_y}``; log(1 + u) at 1.

    One family: ``tau = 0`` is the sum-exponential loss u, 1 cross-entropy, between 1 and 2 the generalized
    cross-entropy ``(1 - p_y^q) / q`` with ``q = tau - 1``, and 2 the mean absolute error ``1 - p_y``. Computed
    as ``expm1((1 - tau) l) / (1 - tau)`` from the cross-entropy l, since ``1 + u = e^l``: no power of a
    probability that rounded to 0 or 1, and no jump near 1. Only ``tau = 1`` is proper: against label
    probabilities eta the minimum is at p_k proportional to ``eta_k^(1 / (2 - tau))``.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
        Classes, or probabilities q, for which the loss is its mean ``sum q_k L_k``; these take ``form="stable"``.
    tau : float >= 0
        The larger, the less a row far from its label counts.
    form : {"stable", "common", "naive"}
        "stable" is the accurate one, built on the stable form of `cross_entropy`; "common" builds on the form that
        libraries compute; "naive" follows the formula and breaks where it does.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``p_y^(tau - 1) (p - onehot(y))``.

    Special values
    --------------
    As `cross_entropy`. For tau < 1 the loss grows like ``p_y^(tau - 1)`` and overflows to inf where that does,
    and so does the gradient; of label probabilities it may be NaN there.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within ``3 + abs(1 - tau) l`` epsilon, the
    gradient ``4 + abs(1 - tau) l`` and K/2 more at the label, for K <= 300 where probabilities are normal numbers
    and neither gaps of logits nor ``dL/dl`` overflow. For label probabilities the gradient is ``p_j sum q_k L'_k -
    q_j L'_j`` with ``L' = dL/dl``, within ``8 + abs(1 - tau) l`` epsilon of the larger of both.

    References
    ----------
    Mao, Mohri, Zhong, Cross-Entropy Loss Functions: Theoretical Analysis and Applications, 2023,
    arXiv:2304.07288; Zhang, Sabuncu, Generalized Cross Entropy Loss, 2018, arXiv:1805.07836. The map from tau to
    the names and the gradient were checked here numerically.

    Examples
    --------
    >>> import numpy as np
    >>> q, p = np.float32(1e-8), np.float32(0.3)
    >>> z = np.log(np.float32([0.3, 0.7]))
    >>> f"{(1 - p**q) / q:.6g}", f"{comp_sum(z, 0, tau=1 + 2.0**-23):.6g}"
    ('0', '1.20397')
    """
    return LossOfRows(_COMP_SUM, logits, labels, at_least(0, "tau", tau), form=form, reduction=reduction,
                      ignore_index=ignore_index, weight=weight, sample_weight=sample_weight, axis=axis, where=where,
                      format=format)

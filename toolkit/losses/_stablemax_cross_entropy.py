"""StableMax cross-entropy: scores s(z) = z + 1 for z >= 0, 1 / (1 - z) below, through the three forms.

The gradient is ``(p_k - y_k) s'(z_k) / s(z_k)``, where ``s'(z) / s(z) = 1 / (1 + |z|)`` on both branches. s is not
shift-invariant: scores are divided by the largest *score*; the largest logit is never subtracted.
"""
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.large_arrays import StablemaxCrossEntropy
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._forms import (
    common_form,
    naive_form,
    soft_common_form,
    soft_naive_form,
    soft_stable_form,
    stable_form,
)
from toolkit.losses._label_smoothing import smoothing_amount
from toolkit.softmax.kernels import log_stable_ratio, stable_ratio, stable_s, stable_weight, top_class

__all__ = ["stablemax_cross_entropy"]
KERNELS = ["chain_through_score", "scaled_scores", "soft_stablemax_cross_entropy_common",
           "soft_stablemax_cross_entropy_naive", "soft_stablemax_cross_entropy_stable",
           "stablemax_cross_entropy_common", "stablemax_cross_entropy_naive", "stablemax_cross_entropy_stable"]


@kernel
def unscaled_scores(z, w):
    """Fill ``w_k = s(z_k)``."""
    for k in range(z.size):
        w[k] = stable_s(z[k])


@kernel
def scaled_scores(z, w):
    """Fill ``w_k = s(z_k) / s(max z)``; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = stable_ratio(z[k], z[top])
    return top


@kernel
def expected_log_ratio(z, q, top):
    """``sum q_k log(s(max z) / s(z_k))`` over the classes with q_k > 0."""
    total, lost = 0.0, 0.0
    for k in range(z.size):
        if q[k] != 0:
            total, lost = add_compensated(total, lost, q[k] * -log_stable_ratio(z[k], z[top]))
    return total


@kernel
def chain_through_score(z, grad):
    """Multiply by ``s'/s``: from the gradient with respect to log s(z) to that with respect to z."""
    for k in range(z.size):
        grad[k] /= stable_weight(z[k])


@kernel
def stablemax_cross_entropy_naive(z, y, grad):
    """``-log(s(z_y) / sum s(z_k))``, the published form: collapses, and its sum can overflow."""
    unscaled_scores(z, grad)
    loss = naive_form(grad, y)
    chain_through_score(z, grad)
    return loss


@kernel
def stablemax_cross_entropy_common(z, y, grad):
    """``log(sum s(z_k) / s(max)) + log(s(max) / s(z_y))``: collapses once the sum rounds to 1."""
    top = scaled_scores(z, grad)
    loss = common_form(grad, y, -log_stable_ratio(z[y], z[top]))
    chain_through_score(z, grad)
    return loss


@kernel
def stablemax_cross_entropy_stable(z, y, grad):
    """``log1p(sum_{k != top} s(z_k) / s(max)) + log(s(max) / s(z_y))``."""
    top = scaled_scores(z, grad)
    loss = stable_form(grad, y, -log_stable_ratio(z[y], z[top]), top)
    chain_through_score(z, grad)
    return loss


@kernel
def soft_stablemax_cross_entropy_naive(z, q, grad):
    """``-sum q_k log(s(z_k) / sum s(z_j))``."""
    unscaled_scores(z, grad)
    loss = soft_naive_form(grad, q)
    chain_through_score(z, grad)
    return loss


@kernel
def soft_stablemax_cross_entropy_common(z, q, grad):
    """``Q log(sum s(z_k) / s(max)) + sum q_k log(s(max) / s(z_k))`` with ``Q = sum q``."""
    top = scaled_scores(z, grad)
    loss = soft_common_form(grad, q, expected_log_ratio(z, q, top))
    chain_through_score(z, grad)
    return loss


@kernel
def soft_stablemax_cross_entropy_stable(z, q, grad):
    """``Q log1p(sum_{k != top} s(z_k) / s(max)) + sum q_k log(s(max) / s(z_k))``."""
    top = scaled_scores(z, grad)
    loss = soft_stable_form(grad, q, expected_log_ratio(z, q, top), top)
    chain_through_score(z, grad)
    return loss


_STABLEMAX = LossKernels(
    {"naive": stablemax_cross_entropy_naive, "common": stablemax_cross_entropy_common,
     "stable": stablemax_cross_entropy_stable},
    {"naive": soft_stablemax_cross_entropy_naive, "common": soft_stablemax_cross_entropy_common,
     "stable": soft_stablemax_cross_entropy_stable},
    zero_sum=False, lines=StablemaxCrossEntropy)


@loss(lines=StablemaxCrossEntropy)
def stablemax_cross_entropy(logits, labels, *, form="stable", reduction="mean", label_smoothing=0.0,
                            ignore_index=None, weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """StableMax cross-entropy ``-log(s(z_y) / sum_k s(z_k))``, s(z) = z + 1 for z >= 0 and 1 / (1 - z) below.

    The loss falls off like a power of the logits instead of exponentially, so that it survives gaps that
    collapse softmax. It does collapse, later: the published form is exactly 0 in float32 for logits (a, -a)
    from a = 5000 on. ``loss = log1p(sum_{k != top} s(z_k) / s(max z)) + log(s(max z) / s(z_y))`` does not.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
    form : {"stable", "common", "naive"}
        "stable" is the accurate one, "common" divides by the largest score, "naive" is the published one.
    reduction, label_smoothing, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``(p_k - [k == y]) / (1 + |z_k|)``: ``s'(z) / s(z) = 1 / (1 + |z|)`` on both branches, and at 0, where s has the
    slope 1 on both sides. Rows do not sum to 0; ``sum_k (1 + |z_k|) g_k`` does. Finite at a logit of exactly 1,
    where the published form's automatic derivative is NaN below float64.

    Special values
    --------------
    As `cross_entropy`. StableMax is not shift-invariant: s depends on the logits, not on their differences.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: at most 2 ulp for class labels,
    logits up to 1e18 (1e150) and K <= 5000; at most 4 ulp for probabilities, logits up to 1e6. The gradient for
    class labels: every entry within 4 ulp, tested for K <= 5000. For probabilities, where ``p_k - q_k`` cancels,
    within 6 epsilon of ``max(p_k, q_k) / (1 + |z_k|)``; at the likeliest label K/2 epsilon of the sum of the others'
    ``max(p_k, q_k)`` besides, tested for K <= 300.

    References
    ----------
    Prieto, Barsbey, Mediano, Birdal, Grokking at the Edge of Numerical Stability, 2025, arXiv:2501.04697. The
    stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([10000, -10000])
    >>> [f"{stablemax_cross_entropy(z, 0, form=form):.4g}" for form in ("naive", "stable")]
    ['0', '9.998e-09']
    >>> stablemax_cross_entropy.value_and_gradient(np.float32([1, 0]), 0)[1].tolist()
    [-0.1666666716337204, 0.3333333432674408]
    """
    return LossOfRows(_STABLEMAX, logits, labels, form=form, reduction=reduction,
                      label_smoothing=smoothing_amount(label_smoothing), ignore_index=ignore_index, weight=weight,
                      sample_weight=sample_weight, axis=axis, where=where, format=format)

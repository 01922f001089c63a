"""Softmax cross-entropy: scores e^{z_k}, through the three forms, for one label or probabilities."""
from toolkit._core.kernel import kernel
from toolkit.large_arrays import CrossEntropy, SmoothedCrossEntropy, SoftCrossEntropy
from toolkit.losses._evaluate import LossKernels, LossOfRows, are_probabilities, loss
from toolkit.losses._exponential_scores import accurate_exponentials, expected_gap, exponentials, shifted_exponentials
from toolkit.losses._forms import (
    common_form,
    naive_form,
    soft_common_form,
    soft_naive_form,
    soft_stable_form,
    stable_form,
)
from toolkit.losses._label_smoothing import SMOOTHED_FORMS, smoothing_amount

__all__ = ["cross_entropy"]
KERNELS = ["cross_entropy_common", "cross_entropy_naive", "cross_entropy_stable", "soft_cross_entropy_common",
           "soft_cross_entropy_naive", "soft_cross_entropy_stable"]


@kernel
def cross_entropy_naive(z, y, grad):
    """``-log(e^{z_y} / sum e^{z_k})``: overflows and underflows with exp."""
    exponentials(z, grad)
    return naive_form(grad, y)


@kernel
def cross_entropy_common(z, y, grad):
    """``log(sum e^{z_k - max}) + (max - z_y)``: exactly 0, and so is grad_y, once the sum rounds to 1."""
    top = shifted_exponentials(z, grad)
    return common_form(grad, y, z[top] - z[y])


@kernel
def cross_entropy_stable(z, y, grad):
    """``log1p(sum_{k != top} e^{z_k - max}) + (max - z_y)`` and ``grad_y = -sum_{k != y} grad_k``."""
    top = accurate_exponentials(z, grad)
    return stable_form(grad, y, z[top] - z[y], top)


@kernel
def soft_cross_entropy_naive(z, q, grad):
    """``-sum q_k log(e^{z_k} / sum e^{z_j})``."""
    exponentials(z, grad)
    return soft_naive_form(grad, q)


@kernel
def soft_cross_entropy_common(z, q, grad):
    """``Q log(sum e^{z_k - max}) + sum q_k (max - z_k)`` with ``Q = sum q``."""
    top = shifted_exponentials(z, grad)
    return soft_common_form(grad, q, expected_gap(z, q, top))


@kernel
def soft_cross_entropy_stable(z, q, grad):
    """``Q log1p(sum_{k != top} e^{z_k - max}) + sum q_k (max - z_k)``. One-hot q: the same bits as with y."""
    top = accurate_exponentials(z, grad)
    return soft_stable_form(grad, q, expected_gap(z, q, top), top)


_CROSS_ENTROPY = LossKernels(
    {"naive": cross_entropy_naive, "common": cross_entropy_common, "stable": cross_entropy_stable},
    {"naive": soft_cross_entropy_naive, "common": soft_cross_entropy_common, "stable": soft_cross_entropy_stable},
    lines=CrossEntropy, soft_lines=SoftCrossEntropy)
_SMOOTHED = LossKernels(SMOOTHED_FORMS, lines=SmoothedCrossEntropy)


@loss(lines=CrossEntropy)
def cross_entropy(logits, labels, *, form="stable", reduction="mean", label_smoothing=0.0, ignore_index=None,
                  weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """Softmax cross-entropy ``-log p_y``, ``p = softmax(logits)``, whose loss and gradient do not collapse.

    With ``r = sum_{k != top} e^{z_k - max z}`` over all classes but the likeliest,
    ``loss = log1p(r) + (max z - z_y)``: two terms >= 0, so that nothing cancels. The usual
    ``log(1 + r) - (z_y - max z)`` rounds ``1 + r`` to 1 once the logit gap passes 17 in float32 (37 in
    float64): loss and label gradient are then exactly 0 although learning could go on, which is *Softmax
    Collapse*.

    Parameters
    ----------
    logits : array_like (..., K)
        float16 is computed in float32; integers become float64.
    labels : array_like of integers (...) or of floats (..., K)
        Classes 0 to K - 1, or probabilities of the classes (each row sums to 1). Booleans, and integers of
        the shape of `logits`, are ambiguous: an error. Probabilities are converted to the dtype of `logits`.
    form : {"stable", "common", "naive"}
        "stable" is the accurate one. "common" is what libraries compute, the lesson; its sum runs from
        the first class to the last. "naive" also leaves out the shift by the maximum, and warns where that
        broke.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the number of rows not ignored or, with weights, by the sum over these rows of
        `sample_weight` times the weight of the label (for probabilities ``sum_k weight_k q_k``, before smoothing).
        Sums over rows are accumulated in float64; a mean is finite also where the sum overflows.
    label_smoothing : float from 0 to 1
        Labels become ``(1 - label_smoothing) q + label_smoothing / n`` on the n classes that are not masked.
    ignore_index : int, optional
        Rows with this class label have loss 0 and gradient 0 and do not count in the mean.
    weight : array_like (K,), optional
        Weights >= 0 of classes: ``-sum_k weight_k q_k log p_k``. Their size cancels in the mean.
    sample_weight : array_like, broadcast to (...), optional
        Weights >= 0 of rows, whose losses they multiply. A row of weight 0 is ignored, NaN or not.
    axis : int, tuple of ints or None
        Where the K classes are; several axes count as one, in C order.
    where : array_like of booleans, broadcast to the shape of `logits`, optional
        True keeps a class, as if the others were not there. A masked class may not be a label.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format: round the arguments, and then the result of every operation, to it.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``p_k - [k == y]``, which sums to 0; of the reduced loss or, with ``reduction="none"``, of each row's own. Masked
    classes and ignored rows have 0, a row whose loss is NaN has NaN. The entry of a label on top is
    ``-r / (1 + r)``, r the sum of the others, and not ``p_y - 1``, which rounds to 0 long before the other entries
    do: it would push the wrong logits down and lift none.

    Special values
    --------------
    A NaN or +inf logit makes the loss of its row NaN, and so does a row of -inf. A logit of -inf counts as
    masked; as a label it has loss inf. The mean over no rows, or with weights that sum to 0, is NaN, its gradient
    0. One class: loss 0. Smoothing gives a masked class no share. A parameter of the other losses that is beyond the
    numbers of the dtype or format counts as the last of these.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: at most 3 ulp for class labels, through the
    subnormals (gaps to 104 and 745; of many classes together 130 and 1060), for K <= 5000. For probabilities, and
    with label smoothing: at most 3 ulp, tested for K <= 300. With a format the exact kernels run: as long as
    ``e^{-gap}`` of the second class is a normal number (gaps to 87, 708 in the formats of float32 and float64);
    beyond, each class adds up to one smallest subnormal.

    The gradient for class labels: every entry within 3 ulp, the label's too, tested for K <= 5000. Each is rounded
    by itself, so that a row sums to 0 within 4 ulp of the label's entry and not exactly. For probabilities and
    with label smoothing ``p_k - q_k`` may cancel, and its digits are lost: an entry is within
    4 epsilon of ``max(p_k, q_k)`` (both times their weights), not of itself, tested for K <= 300. The likeliest
    label's is minus the sum of the others, within 4 epsilon of the sum of their maxima, which keeps its digits for
    K up to 2**20, tested. With a format it is a plain sum, and a row sums to 0 exactly when that entry is added
    last, tested; this holds after the factor of the reduction too.

    References
    ----------
    Prieto, Barsbey, Mediano, Birdal, Grokking at the Edge of Numerical Stability, 2025, arXiv:2501.04697 (the
    collapse). The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([0, -17])
    >>> [f"{cross_entropy(z, 0, form=form):.6g}" for form in ("common", "stable")]
    ['0', '4.13994e-08']

    The entry of the label, and what pulls the other logit down:

    >>> gradients = [cross_entropy.value_and_gradient(z, 0, form=form)[1] for form in ("common", "stable")]
    >>> [[f"{g:.6g}" for g in gradient] for gradient in gradients]
    [['0', '4.13994e-08'], ['-4.13994e-08', '4.13994e-08']]
    """
    amount = smoothing_amount(label_smoothing)
    options = {"form": form, "reduction": reduction, "ignore_index": ignore_index, "weight": weight,
               "sample_weight": sample_weight, "axis": axis, "where": where, "format": format}
    if amount > 0 and weight is None and not are_probabilities(labels):
        return LossOfRows(_SMOOTHED, logits, labels, amount, **options)
    return LossOfRows(_CROSS_ENTROPY, logits, labels, label_smoothing=amount, **options)

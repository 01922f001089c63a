"""Correctness-aware loss of a row: how far its confidence is from 1 where it is right, and from 0 where it is wrong."""
import numpy as np

from toolkit._core.arguments import check_flag
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._exponential_scores import accurate_exponentials, exponentials
from toolkit.losses._forms import divide_by, rest_beside_top, sum_in_order
from toolkit.losses._labels import IGNORED
from toolkit.softmax.kernels import top_class

__all__ = ["correctness_loss"]
KERNELS = ["correctness_loss_naive", "correctness_loss_stable"]


@kernel
def correctness_loss_naive(z, y, grad):
    """``(c - max p)^2`` and ``2 (p_top - c) p_top (e_top - p)``, with both differences from 1 formed literally."""
    exponentials(z, grad)
    divide_by(grad, sum_in_order(grad))
    top = top_class(z)
    sure = grad[top]
    off = sure - 1 if top == y else sure
    pull = 2 * off * sure
    for k in range(z.size):
        grad[k] = pull * (1 - sure) if k == top else 0 - pull * grad[k]
    return off * off


@kernel
def correctness_loss_stable(z, y, grad):
    """The same with ``1 - p_top`` as the sum of the others."""
    top = accurate_exponentials(z, grad)
    rest = rest_beside_top(grad, top)
    divide_by(grad, 1 + rest)
    sure, miss = grad[top], rest / (1 + rest)
    off = 0 - miss if top == y else sure
    pull = 2 * off * sure
    for k in range(z.size):
        grad[k] = pull * miss if k == top else 0 - pull * grad[k]
    return off * off


_CORRECTNESS_LOSS = LossKernels({"naive": correctness_loss_naive, "stable": correctness_loss_stable}, zero_sum=False)


def balancing_weights(rows):
    """A weight for each row of a `LossOfRows`: the share of wrong rows where it is right, of right ones where not."""
    index, factors = rows.targets.index, np.where(rows.targets.index == IGNORED, 0.0, rows.targets.factors)
    right = rows.rows.argmax(axis=1) == index
    share = factors @ right / factors.sum() if factors.sum() > 0 else 1.0
    if not 0 < share < 1:
        return np.ones(len(index))
    return np.where(right, 1 - share, share)


@loss
def correctness_loss(logits, labels, *, balance=False, form="stable", reduction="mean", ignore_index=None, weight=None,
                     sample_weight=None, axis=-1, where=None, format=None):
    """Correctness-aware loss ``(c - max p)^2``: c is 1 where the likeliest class is the label, and else 0.

    It asks of a row one thing: is it as sure as it is right? Which of the wrong classes is the label makes no
    difference. The mean over rows that are right with a share a is least where all have the confidence a, as that of a
    Brier loss of two outcomes.

    The authors' code weights the rows, right ones by the share of wrong rows and wrong ones by that of right ones,
    which is the mean of two means. That is no longer proper: see `toolkit.uncertainty.balanced_confidence`.

    Parameters
    ----------
    logits : array_like (..., K)
        Over the temperature, where there is one.
    labels : array_like of integers (...)
    balance : bool
        Weight the rows as the authors' code does, by the share that is right in this call. Where all are right, or
        none is, all weigh the same.
    form : {"stable", "naive"}
        "naive" follows the formula: logits without a shift, and ``1 - max p``.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``2 (p_top - c) p_top (e_top - p)``, in which c counts as a constant. Of classes that tie for the likeliest the
    first counts.

    Special values
    --------------
    As `cross_entropy`, but a label of logit -inf has a finite loss.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 8 epsilon, the gradient within 12
    epsilon, for K <= 100 where probabilities and their squares are normal numbers and gaps of logits do not overflow.

    References
    ----------
    Liu et al., Optimizing Calibration by Gaining Aware of Prediction Correctness, 2024, arXiv:2404.13016. The stable
    form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([20, 0])
    >>> [f"{correctness_loss(z, 0, form=form):.3g}" for form in ("naive", "stable")]
    ['0', '4.25e-18']
    """
    options = {"form": form, "reduction": reduction, "ignore_index": ignore_index, "weight": weight, "axis": axis,
               "where": where, "format": format}
    rows = LossOfRows(_CORRECTNESS_LOSS, logits, labels, sample_weight=sample_weight, **options)
    if not check_flag("balance", balance):
        return rows
    each = balancing_weights(rows)
    if sample_weight is not None:
        each *= rows.layout.per_row(sample_weight, "sample_weight", np.float64)
    return LossOfRows(_CORRECTNESS_LOSS, logits, labels, sample_weight=each.reshape(rows.layout.batch), **options)

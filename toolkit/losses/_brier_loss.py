"""Brier loss of a row: the squared distance of its probabilities from the one-hot label."""
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._exponential_scores import accurate_exponentials, exponentials
from toolkit.losses._forms import divide_by, rest_beside_top, sum_in_order

__all__ = ["brier_loss"]
KERNELS = ["brier_loss_naive", "brier_loss_stable"]


@kernel
def brier_loss_naive(z, y, grad):
    """``sum (p_k - e_k)^2`` and ``2 p_k (r_k - sum p r)``, ``r = p - e``, with ``p_y - 1`` formed literally."""
    exponentials(z, grad)
    divide_by(grad, sum_in_order(grad))
    loss, mean = 0.0, 0.0
    for k in range(z.size):
        r = grad[k] - 1 if k == y else grad[k]
        loss += r * r
        mean += grad[k] * r
    for k in range(z.size):
        r = grad[k] - 1 if k == y else grad[k]
        grad[k] = 2 * grad[k] * (r - mean)
    return loss


@kernel
def brier_loss_stable(z, y, grad):
    """``m^2 + s`` with ``m = 1 - p_y`` and s the sum of squares, both over the other classes.

    The gradient is ``-2 p_y L`` at the label and ``2 p_k (p_k + p_y m - s)`` elsewhere; of the top class, whose square
    nearly is s, it is ``2 p_k (p_k (1 - p_k) + p_y m - s_k)``, s_k without it.
    """
    top = accurate_exponentials(z, grad)
    rest = rest_beside_top(grad, top)
    divide_by(grad, 1 + rest)
    miss, lost = rest - rest, 0.0
    squares, squares_lost, others, others_lost = rest - rest, 0.0, rest - rest, 0.0
    for k in range(z.size):
        if k != y:
            miss, lost = add_compensated(miss, lost, grad[k])
            square = grad[k] * grad[k]
            squares, squares_lost = add_compensated(squares, squares_lost, square)
            if k != top:
                others, others_lost = add_compensated(others, others_lost, square)
    both, loss = grad[y] * miss, miss * miss + squares
    for k in range(z.size):
        if k == y:
            grad[k] = 0 - 2 * grad[k] * loss
        elif k == top:
            grad[k] = 2 * grad[k] * (grad[k] * (rest / (1 + rest)) + both - others)
        else:
            grad[k] = 2 * grad[k] * (grad[k] + both - squares)
    return loss


_BRIER_LOSS = LossKernels({"naive": brier_loss_naive, "stable": brier_loss_stable}, zero_sum=False)


@loss
def brier_loss(logits, labels, *, form="stable", reduction="mean", ignore_index=None, weight=None, sample_weight=None,
               axis=-1, where=None, format=None):
    """Brier loss ``sum_k (p_k - [k == y])^2``, ``p = softmax(logits)``: proper, and at most 2.

    The mean over labels drawn with probabilities q is least at p = q, as that of cross-entropy. What differs is what a
    mistake costs: a bounded amount. The gradient has the factor p of each class. A label that the model is sure not
    to see has p_y = 0 once its gap is past 104 in float32 (17.3 in float16), and then the whole gradient is exactly 0:
    the loss is at its worst, and nothing moves.

    The stable form is a sum of squares of probabilities that are no differences: ``1 - p_y`` is the sum of the others.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    form : {"stable", "naive"}
        "naive" follows the formula: logits without a shift, and ``p_y - 1``.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``2 p_k (r_k - sum_j p_j r_j)`` with ``r = p - onehot(y)``; at the label ``-2 p_y L``.

    Special values
    --------------
    As `cross_entropy`, but a label of logit -inf has a finite loss.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 8 epsilon, the gradient within 12
    epsilon of ``2 p_k`` times its largest term, for K <= 100 where probabilities and their squares are normal numbers
    and gaps of logits do not overflow.

    References
    ----------
    Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review 78 (1950),
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([20, 0])
    >>> [f"{brier_loss(z, 0, form=form):.3g}" for form in ("naive", "stable")]
    ['4.25e-18', '8.5e-18']
    """
    return LossOfRows(_BRIER_LOSS, logits, labels, form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=where, format=format)

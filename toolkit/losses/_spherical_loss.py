"""Spherical loss of a row: one less the cosine between its probabilities and the one-hot label."""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._exponential_scores import accurate_exponentials, exponentials
from toolkit.losses._forms import close_to_zero_sum, divide_by, sum_in_order

__all__ = ["spherical_loss"]
KERNELS = ["spherical_loss_naive", "spherical_loss_stable"]


@kernel
def spherical_loss_naive(z, y, grad):
    """``1 - p_y / |p|`` and ``p_k (g_k - sum p g)`` with g the derivative in p."""
    exponentials(z, grad)
    divide_by(grad, sum_in_order(grad))
    squares = 0.0
    for k in range(z.size):
        squares += grad[k] * grad[k]
    length, p_y = np.sqrt(squares), grad[y]
    share = p_y / length
    for k in range(z.size):
        slope = share * grad[k] / squares
        grad[k] *= slope - 1 / length if k == y else slope
    return 1 - share


@kernel
def spherical_loss_stable(z, y, grad):
    """``s / (n (n + w_y))`` with ``n = |w|`` and s the sum of the others' squares, from scores w as they are.

    A cosine does not ask that w sums to 1. The gradient is ``(w_k / n)^2 w_y / n``, which is above 0, and at the label
    minus the sum of the others.
    """
    top = accurate_exponentials(z, grad)
    squares, lost = grad[top] - grad[top], 0.0
    for k in range(z.size):
        if k != y:
            squares, lost = add_compensated(squares, lost, grad[k] * grad[k])
    length = np.sqrt(squares + grad[y] * grad[y])
    share = grad[y] / length
    for k in range(z.size):
        part = grad[k] / length
        grad[k] = part * share * part
    close_to_zero_sum(grad, y)
    return squares / length / (length + share * length)


_SPHERICAL_LOSS = LossKernels({"naive": spherical_loss_naive, "stable": spherical_loss_stable})


@loss
def spherical_loss(logits, labels, *, form="stable", reduction="mean", ignore_index=None, weight=None,
                   sample_weight=None, axis=-1, where=None, format=None):
    """Spherical loss ``1 - p_y / |p|``, ``p = softmax(logits)``: proper, from 0 to 1.

    One less the cosine of the angle between p and the one-hot label; others leave out the 1. It does not ask whether p
    sums to 1, so softmax need not be finished: exponentials less the largest logit are enough. As with `brier_loss`,
    the whole gradient is exactly 0 once p_y is, past a gap of 104 in float32.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    form : {"stable", "naive"}
        "naive" follows the formula: logits without a shift, and 1 less a cosine, which in float32 is 0 from a gap of 9.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``p_y p_k^2 / |p|^3``, at the label minus the sum of the others.

    Special values
    --------------
    As `cross_entropy`, but a label of logit -inf has loss 1.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 8 epsilon, the gradient within 12
    epsilon, K/2 more at the label, for K <= 100 where the squares of probabilities are normal numbers and gaps of
    logits do not overflow.

    References
    ----------
    Gneiting, Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 102 (2007),
    doi:10.1198/016214506000001437. The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([9, 0])
    >>> [f"{spherical_loss(z, 0, form=form):.3g}" for form in ("naive", "stable")]
    ['0', '7.61e-09']
    """
    return LossOfRows(_SPHERICAL_LOSS, logits, labels, form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=where, format=format)

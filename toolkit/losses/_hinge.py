"""Multiclass hinge loss, and negative log-likelihood of log-probabilities: what needs no exponential."""
from numbers import Real

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, over_exactly
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss
from toolkit.losses._exponential_scores import share_of_gap
from toolkit.losses._forms import classes_present, close_to_zero_sum
from toolkit.softmax.kernels import top_class

__all__ = ["multiclass_hinge", "negative_log_likelihood"]
KERNELS = ["multiclass_hinge_stable", "negative_log_likelihood_stable"]


@kernel
def squared_hinge_slope(z, y, k, margin, n):
    """``2 (margin - z_y + z_k) / n``, also where the difference overflows."""
    over = margin - (z[y] - z[k])
    if over < np.inf:
        return over_exactly(over, n * 0.5)
    return over_exactly(margin * 0.5 - (z[y] * 0.5 - z[k] * 0.5), n * 0.25)


@kernel
def multiclass_hinge_stable(z, y, margin, power, grad):
    """``sum_{k != y} max(0, margin - z_y + z_k)^power / K``, power 1 or 2; slope 0 at the kink."""
    n, top = classes_present(z), top_class(z)
    total = z[top] - z[top]  # 0, or NaN
    lost, nothing = total, total
    for k in range(z.size):
        over = margin - (z[y] - z[k])
        grad[k] = nothing
        if k != y and z[k] != -np.inf and over > 0:
            total, lost = add_compensated(total, lost, over if power == 1 else over * over)
            grad[k] += over_exactly(like(1, over), n) if power == 1 else squared_hinge_slope(z, y, k, margin, n)
    close_to_zero_sum(grad, y)
    return over_exactly(total, n) if total != np.inf else mean_beyond(z, y, margin, power, n)


@kernel
def mean_beyond(z, y, margin, power, n):
    """The loss where a sum of n terms or a difference of logits overflows: of differences divided by 2 n or more."""
    part = 0.5
    while part * n > 0.5:
        part *= 0.5
    total, lost = 0.0, 0.0
    for k in range(z.size):
        over = margin * part - (z[y] * part - z[k] * part)
        if k != y and z[k] != -np.inf and over > 0:
            total, lost = add_compensated(total, lost, over if power == 1 else over * (margin - (z[y] - z[k])))
    return over_exactly(total, n * part)


@kernel
def negative_log_likelihood_stable(z, y, grad):
    """``-z_y``; NaN where the row has one."""
    top = top_class(z)
    nothing = z[top] - z[top]
    for k in range(z.size):
        grad[k] = nothing
    grad[y] -= 1
    return nothing - z[y]


@kernel
def soft_negative_log_likelihood_stable(z, q, grad):
    """``-sum q_k z_k``, in which q_k = 0 adds nothing."""
    top = top_class(z)
    total = z[top] - z[top]
    nothing, lost = total, total
    for k in range(z.size):
        total, lost = add_compensated(total, lost, share_of_gap(q[k], nothing, z[k]))
        grad[k] = nothing - q[k]
    return total


_HINGE = LossKernels({"stable": multiclass_hinge_stable})
_LIKELIHOOD = LossKernels({"stable": negative_log_likelihood_stable}, {"stable": soft_negative_log_likelihood_stable},
                          zero_sum=False)


@loss
def multiclass_hinge(logits, labels, *, margin=1.0, power=1, form="stable", reduction="mean", ignore_index=None,
                     weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """Multiclass hinge loss ``sum_{k != y} max(0, margin - z_y + z_k)^power / K``: nothing more to win past a margin.

    The mean over classes, as `torch.nn.functional.multi_margin_loss` has it; the maximum in its place, the loss of
    Crammer and Singer, is the limit of `ldr_kl` for a strength towards 0.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    margin : float >= 0
    power : {1, 2}
    form : {"stable"}
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``power max(0, d_k)^(power - 1) / K`` for ``d_k = margin - z_y + z_k > 0``, minus their sum at the label. At the
    kink, ``d_k = 0``, the slope is 0.

    Special values
    --------------
    As `cross_entropy`; masked classes do not count in K.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested for K <= 100: the loss within ``2 power`` epsilon of
    ``margin^power + loss``, since ``z_y - z_k`` is rounded first. Where no class is at its kink but for rounding, the
    gradient within ``2 power`` epsilon, K/2 more at the label, of itself and, for power 2, ``margin / K`` besides.

    References
    ----------
    Weston, Watkins, Support Vector Machines for Multi-Class Pattern Recognition, ESANN 1999.
    Crammer, Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, 2001, JMLR 2.

    Examples
    --------
    >>> multiclass_hinge([2.0, 1.5, -1.0, 0.0], 0).item(), multiclass_hinge([2.0, 1.5, -1.0, 0.0], 0, power=2).item()
    (0.125, 0.0625)
    """
    if isinstance(power, bool) or not isinstance(power, Real) or power not in (1, 2):
        raise ValueError(f"power is {shown(power)}; allowed: 1, 2")
    return LossOfRows(_HINGE, logits, labels, at_least(0, "margin", margin), float(power), form=form,
                      reduction=reduction, ignore_index=ignore_index, weight=weight, sample_weight=sample_weight,
                      axis=axis, where=where, format=format)


@loss
def negative_log_likelihood(log_probabilities, labels, *, form="stable", reduction="mean", ignore_index=None,
                            weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """Negative log-likelihood ``-log p_y`` of log-probabilities, as `toolkit.softmax.log_softmax` returns them.

    The log-probabilities are not normalised: of logits it is the linear loss ``-z_y``. Give `cross_entropy` the
    logits where you have them, whose gradient then does not have to pass through the logarithm.

    Parameters
    ----------
    log_probabilities : array_like (..., K)
    labels : array_like of integers (...) or of floats (..., K)
    form : {"stable"}
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `log_probabilities`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``-onehot(y)`` or, for probabilities, ``-q``, with respect to `log_probabilities`.

    Special values
    --------------
    As `cross_entropy`.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested: exact for class labels; the loss of probabilities within 2
    epsilon of ``sum abs(q_k z_k)``. The gradient is exact.

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> negative_log_likelihood(np.log([[0.25, 0.75], [0.5, 0.5]]), [0, 1]).round(4).item()
    1.0397
    """
    return LossOfRows(_LIKELIHOOD, log_probabilities, labels, form=form, reduction=reduction,
                      ignore_index=ignore_index, weight=weight, sample_weight=sample_weight, axis=axis, where=where,
                      format=format, name="log_probabilities")

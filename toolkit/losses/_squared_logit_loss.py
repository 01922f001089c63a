"""Squared-error logit loss: a student's log-probabilities beside the few that its teacher tells."""
import numpy as np

from toolkit._core.arrays import common_dtype, reduce_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log1p
from toolkit.losses._distillation import pulled_beside, teacher_beside
from toolkit.softmax.kernels import shifted, sum_without_top, top_class

__all__ = ["squared_logit_loss"]
KERNELS = ["squared_logit_row", "squared_logit_vjp_row"]


@kernel
def squared_logit_row(z, told):
    """``sum (log p_k - told_k)^2 / 2`` over the classes that are told: those with a number above -inf, or NaN."""
    top = top_class(z)
    norm = log1p(sum_without_top(z, top))
    total, lost = norm - norm, 0.0
    for k in range(z.size):
        if told[k] != -np.inf:
            d = shifted(shifted(z[k], z[top]), norm) - told[k]
            total, lost = add_compensated(total, lost, 0.5 * d * d)
    return total


@kernel
def squared_logit_vjp_row(z, told, g, out):
    """``d_k - p_k sum d``, times g, a number; d is 0 where nothing is told."""
    top = top_class(z)
    rest = sum_without_top(z, top)
    norm = log1p(rest)
    total, lost = norm - norm, 0.0
    for k in range(z.size):
        out[k] = norm - norm
        if told[k] != -np.inf:
            out[k] = shifted(shifted(z[k], z[top]), norm) - told[k]
            total, lost = add_compensated(total, lost, out[k])
    for k in range(z.size):
        p = exp(shifted(shifted(z[k], z[top]), norm))
        out[k] = (out[k] - (p * total if p != 0 else p)) * g  # the sum may be infinite


def squared_logit_loss(logits, teacher, *, axis=-1, where=None):
    """Squared-error logit loss (SEL) ``sum_k (log p_k - log q_k)^2 / 2`` over the classes whose q the teacher tells.

    With a label drawn by the teacher and its probability q of that label alone, the natural ``-q log p`` is biased:
    over many draws it is least at a p in proportion to q^2. This loss is 0 where the student says q, however often a
    label is drawn. What it leaves open is how a student spreads the mass of labels that were never seen.

    Parameters
    ----------
    logits : array_like (..., K)
        Of the student, ``p = softmax(logits)``.
    teacher : array_like (..., K), broadcast to `logits`
        Logarithms of probabilities, -inf where nothing is told. A label that was drawn has no probability of 0.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (..., K), (..., K) -> (...)

    Gradient
    --------
    ``d_k - p_k sum_j d_j`` with ``d = log p - log q`` where it is told, else 0. Unlike that of cross-entropy it is not
    bounded: it grows as the student's p falls to 0.

    Special values
    --------------
    0 where nothing is told; inf where a class that is told has a logit of -inf. NaN or +inf gives NaN.

    Accuracy
    --------
    float32 and float64, tested for K <= 100, with ``s = 1 + abs(log p) + abs(log q)``: within 16 epsilon of ``sum s^2``
    over what is told, the gradient within 32 epsilon of ``s_k + p_k sum s``.

    References
    ----------
    Q. Zhao, B. Zhu, Towards the Fundamental Limits of Knowledge Transfer over Finite Domains, 2023, arXiv:2310.07838.

    Examples
    --------
    >>> import numpy as np
    >>> f"{squared_logit_loss(np.log([0.4, 0.6]), [np.log(0.5), -np.inf]):.7f}"
    '0.0248965'
    """
    arrays = {"logits": logits, "teacher": teacher_beside(logits, teacher)}
    value = reduce_rows(squared_logit_row, arrays, axis=axis, where=where, empty=0.0)
    return value.astype(common_dtype(logits=logits, teacher=teacher), copy=False)


def squared_logit_loss_pull(at, g, *, teacher, axis=-1, where=None):
    return pulled_beside(squared_logit_vjp_row, at, teacher, g, (), axis, where)

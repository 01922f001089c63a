"""Distillation: a student's row of logits beside its teacher's, both softened by a temperature."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import Rows, common_dtype, real_array, reduce_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_row_triples
from toolkit._core.numbers import like
from toolkit.elementary import exp, log1p
from toolkit.information.kernels import excess
from toolkit.losses._entries import spread
from toolkit.softmax.kernels import shifted, top_class

__all__ = ["distillation_loss"]
KERNELS = ["distillation_row", "distillation_vjp_row"]


@kernel
def top_of(x, n):
    """The first of the largest of the first n numbers; x may be a tuple. A NaN is the largest."""
    top = 0
    for k in range(1, n):
        if x[k] > x[top] or x[k] != x[k] and x[top] == x[top]:
            top = k
    return top


@kernel
def softened_rest(x, n, top, tau, zero):
    """``sum of exp((x_k - x_top) / tau)`` over the other classes, as numbers like `zero`."""
    total, lost = zero, 0.0
    for k in range(n):
        if k != top:
            total, lost = add_compensated(total, lost, exp((zero + shifted(x[k], x[top])) / tau))
    return total


@kernel
def distillation_row(z, teacher, tau):
    """``tau^2 KL(q, p)`` as a sum of ``q (e^u - 1 - u) >= 0`` with ``u = log(p / q)``.

    A class that the teacher never names counts with its p alone: there is no ``0 log 0``.
    """
    tau = like(tau, z)
    top, first = top_class(z), top_of(teacher, z.size)
    zero = z[top] - z[top]  # or NaN
    rest, others = softened_rest(z, z.size, top, tau, zero), softened_rest(teacher, z.size, first, tau, zero)
    norm, teacher_norm = log1p(rest), log1p(others)
    total, lost = rest - rest, 0.0
    for k in range(z.size):
        gap, teacher_gap = shifted(z[k], z[top]) / tau, (zero + shifted(teacher[k], teacher[first])) / tau
        p, q = exp(gap) / (1 + rest), exp(teacher_gap) / (1 + others)
        term = p + q
        if q > 0:
            u = (gap - norm) - (teacher_gap - teacher_norm)
            term = q * excess(u) if abs(u) < 1 else (p - q) - q * u
        total, lost = add_compensated(total, lost, term)
    return total * tau * tau


@kernel
def distillation_vjp_row(z, teacher, g, tau, out):
    """``tau (p - q)``, times g, a number."""
    tau = like(tau, z)
    top, first = top_class(z), top_of(teacher, z.size)
    zero = z[top] - z[top]
    rest, others = softened_rest(z, z.size, top, tau, zero), softened_rest(teacher, z.size, first, tau, zero)
    for k in range(z.size):
        p = exp(shifted(z[k], z[top]) / tau) / (1 + rest)
        q = exp((zero + shifted(teacher[k], teacher[first])) / tau) / (1 + others)
        out[k] = (p - q) * tau * g


def teacher_beside(logits, teacher):
    """The teacher's row beside each row of logits."""
    shape = array_and_mask(logits, "logits")[0].shape
    return spread(real_array(teacher, "teacher"), shape, "teacher")


def distillation_loss(logits, teacher, *, tau=4.0, axis=-1, where=None):
    """Distillation loss ``tau^2 KL(softmax(teacher / tau), softmax(logits / tau))`` of each row.

    Mixed with the labels it is ``(1 - a) cross_entropy(logits, labels) + a distillation_loss(logits, teacher)``. Its
    gradient is ``tau (p - q)``. At a temperature of 1 the student is told whom the teacher names, and how surely; for a
    large one the loss tends to half the mean square of the difference of both logits, each less its mean.

    The loss is a sum over the classes: divide a sum over rows by the number of rows. What divides by their number times
    K, as the mean over all entries does, makes it K times too small beside the labels.

    Parameters
    ----------
    logits : array_like (..., K)
        Of the student.
    teacher : array_like (..., K), broadcast to `logits`
        Its logits. Only differences between them count.
    tau : float > 0
        Temperature of both.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (..., K), (..., K) -> (...)

    Gradient
    --------
    With respect to `logits` ``tau (p - q)``, with respect to nothing else: a teacher stays as it is.

    Special values
    --------------
    A class that the teacher gives a logit of -inf has no q; inf where q has a class that p has not. NaN or +inf gives
    NaN.

    Accuracy
    --------
    float32 and float64, tested for K <= 100 at ``tau = 4``, with ``s = max(1, abs(log p), abs(log q))``: within 16
    epsilon of ``tau^2 sum q s``, the gradient within 16 epsilon of ``tau (p + q) s``.

    References
    ----------
    G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015, arXiv:1503.02531.

    Examples
    --------
    >>> z, teacher = [2.0, 1.0, -1.0, 0.5], [3.0, 0.0, 0.0, 1.0]
    >>> [f"{distillation_loss(z, teacher, tau=tau):.4f}" for tau in (1, 4, 1000)]
    ['0.1488', '0.3041', '0.3358']
    """
    tau = check_finite("tau", tau, 0.0, above=True)
    arrays = {"logits": logits, "teacher": teacher_beside(logits, teacher)}
    value = reduce_rows(distillation_row, arrays, tau, axis=axis, where=where, empty=0.0)
    return value.astype(common_dtype(logits=logits, teacher=teacher), copy=False)


def distillation_loss_pull(at, g, *, teacher, tau=4.0, axis=-1, where=None):
    return pulled_beside(distillation_vjp_row, at, teacher, g, (float(tau),), axis, where)


def pulled_beside(of, at, teacher, g, parameters, axis, where):
    """A gradient with respect to rows of logits, by a kernel ``(row, row of the teacher, number g, ..., out)``."""
    layout = Rows(at, axis=axis, where=where, name="logits")
    beside = np.asarray(teacher_beside(at, teacher))
    out = layout.empty()
    rows = layout.rows(at, "logits"), layout.rows(beside, "teacher"), layout.per_row(g, "g")
    layout.call(map_row_triples, of, rows, parameters, out)
    return layout.restore(out, 0.0)

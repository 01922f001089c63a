"""The loop over rows, and which row kernel it calls.

Kernels are chosen by integer codes: a kernel passed as an argument would not be found again in Numba's disk
cache.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.losses import kernels
from toolkit.losses._forms import close_to_zero_sum, likeliest

EXPONENTIAL, STABLEMAX = 0, 1
NAIVE, COMMON, COMPLEMENT = range(3)  # as in toolkit.softmax.FORMS
IGNORED = -1


@kernel
def loss_of_row(scores, form, z, y, grad, fmt):
    if scores == EXPONENTIAL:
        if form == NAIVE:
            return kernels.cross_entropy_naive(z, y, grad, fmt)
        if form == COMMON:
            return kernels.cross_entropy_common(z, y, grad, fmt)
        return kernels.cross_entropy_complement(z, y, grad, fmt)
    if form == NAIVE:
        return kernels.stablemax_cross_entropy_naive(z, y, grad, fmt)
    if form == COMMON:
        return kernels.stablemax_cross_entropy_common(z, y, grad, fmt)
    return kernels.stablemax_cross_entropy_complement(z, y, grad, fmt)


@kernel
def soft_loss_of_row(scores, form, z, q, grad, fmt):
    if scores == EXPONENTIAL:
        if form == NAIVE:
            return kernels.soft_cross_entropy_naive(z, q, grad, fmt)
        if form == COMMON:
            return kernels.soft_cross_entropy_common(z, q, grad, fmt)
        return kernels.soft_cross_entropy_complement(z, q, grad, fmt)
    if form == NAIVE:
        return kernels.soft_stablemax_cross_entropy_naive(z, q, grad, fmt)
    if form == COMMON:
        return kernels.soft_stablemax_cross_entropy_common(z, q, grad, fmt)
    return kernels.soft_stablemax_cross_entropy_complement(z, q, grad, fmt)


@kernel
def ignore_row(grad):
    for k in range(grad.size):
        grad[k] = like(0.0, grad[k])


@kernel
def scale_gradient(grad, factor, y, sums_to_zero, fmt):
    """Multiply by `factor`; a row that summed to 0 exactly is closed again, as rounding opened it."""
    if factor == like(1.0, factor):
        return
    for k in range(grad.size):
        grad[k] = rnd(grad[k] * factor, fmt)
    if sums_to_zero:
        close_to_zero_sum(grad, y, fmt)


@kernel
def loss_rows(z, labels, factors, scores, form, keep, losses, grads, fmt):
    """Losses of rows, and gradients times `factors`; with ``keep = 0`` all rows share one row of `grads`."""
    sums_to_zero = scores == EXPONENTIAL and form == COMPLEMENT
    for i in range(z.shape[0]):
        grad = grads[i * keep]
        if labels[i] == IGNORED:
            losses[i] = like(0.0, losses[i])
            ignore_row(grad)
        else:
            losses[i] = loss_of_row(scores, form, z[i], labels[i], grad, fmt)
            scale_gradient(grad, factors[i], labels[i], sums_to_zero, fmt)


@kernel
def soft_loss_rows(z, labels, q, factors, scores, form, keep, losses, grads, fmt):
    """`loss_rows` for label probabilities `q`; of `labels` only `IGNORED` matters."""
    sums_to_zero = scores == EXPONENTIAL and form == COMPLEMENT
    for i in range(z.shape[0]):
        grad = grads[i * keep]
        if labels[i] == IGNORED:
            losses[i] = like(0.0, losses[i])
            ignore_row(grad)
        else:
            losses[i] = soft_loss_of_row(scores, form, z[i], q[i], grad, fmt)
            scale_gradient(grad, factors[i], likeliest(q[i]), sums_to_zero, fmt)

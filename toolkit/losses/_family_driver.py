"""The loop over rows for losses with parameters, and which row kernel it calls.

Up to three parameters a, b, c: what they are is said where a loss is declared, in `toolkit.losses._variants`.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.losses._beside import smoothed_row, soft_symmetric_row, z_loss_row
from toolkit.losses._driver import COMPLEMENT, IGNORED, ignore_row, scale_gradient
from toolkit.losses._forms import likeliest
from toolkit.losses._of_probability import combined_row, comp_sum_row, focal_row, symmetric_row
from toolkit.losses._robust import aldr_kl_row, ldr_kl_row

COMP_SUM, FOCAL, COMBINED, SYMMETRIC, Z_LOSS, SMOOTHED, LDR_KL, ALDR_KL = range(8)


@kernel
def family_loss(kind, form, z, y, a, b, c, grad, fmt):
    """The loss `kind` of one row; fills `grad`."""
    a, b, c = rnd(a, fmt), rnd(b, fmt), rnd(c, fmt)
    if kind == COMP_SUM:
        return comp_sum_row(form, z, y, a, grad, fmt)
    if kind == FOCAL:
        return focal_row(form, z, y, a, grad, fmt)
    if kind == COMBINED:
        return combined_row(form, z, y, a, b, grad, fmt)
    if kind == SYMMETRIC:
        return symmetric_row(form, z, y, a, b, c, grad, fmt)
    if kind == Z_LOSS:
        return z_loss_row(form, z, y, a, grad, fmt)
    if kind == SMOOTHED:
        return smoothed_row(form, z, y, a, grad, fmt)
    if kind == LDR_KL:
        return ldr_kl_row(form, z, y, a, b, grad, fmt)
    return aldr_kl_row(form, z, y, a, b, c, grad, fmt)


@kernel
def family_rows(z, labels, factors, kind, a, b, c, form, keep, losses, grads, fmt):
    """Losses of rows, and gradients times `factors`; with ``keep = 0`` all rows share one row of `grads`."""
    sums_to_zero = kind != Z_LOSS and form == COMPLEMENT
    for i in range(z.shape[0]):
        grad = grads[i * keep]
        if labels[i] == IGNORED:
            losses[i] = like(0.0, losses[i])
            ignore_row(grad)
        else:
            losses[i] = family_loss(kind, form, z[i], labels[i], a, b, c, grad, fmt)
            scale_gradient(grad, factors[i], labels[i], sums_to_zero, fmt)


@kernel
def soft_family_rows(z, labels, q, factors, kind, a, b, c, form, keep, losses, grads, fmt):
    """`family_rows` for label probabilities `q`, which the symmetric cross-entropy takes."""
    a, b, c = rnd(a, fmt), rnd(b, fmt), rnd(c, fmt)
    for i in range(z.shape[0]):
        grad = grads[i * keep]
        losses[i] = soft_symmetric_row(z[i], q[i], a, b, c, grad, fmt)
        scale_gradient(grad, factors[i], likeliest(q[i]), True, fmt)

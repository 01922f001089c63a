"""Rows of softmax cross-entropy: scores e^{z_k}, through the three forms, for one label or probabilities.

Each kernel returns the loss and fills `grad` with its gradient with respect to the logits.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp
from toolkit.losses._forms import (common_form, complement_form, naive_form, soft_common_form,
                                   soft_complement_form, soft_naive_form)
from toolkit.softmax.kernels import add_compensated, exp_gap, shifted, top_class


@kernel
def shifted_exponentials(z, w, fmt):
    """Fill ``w_k = e^{z_k - max z}`` as every library does; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = rnd(exp(shifted(z[k], z[top], fmt)), fmt)
    return top


@kernel
def accurate_exponentials(z, w, fmt):
    """Fill ``w_k = e^{z_k - max z}`` to about an ulp; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = exp_gap(z[k], z[top], fmt)
    return top


@kernel
def expected_gap(z, q, top, fmt):
    """``sum q_k (max z - z_k)`` over the classes with q_k > 0."""
    total = like(0.0, z[0])
    lost = like(0.0, z[0])
    for k in range(z.size):
        if q[k] != like(0.0, z[0]):
            gap = rnd(z[top] - z[k], fmt)
            total, lost = add_compensated(total, lost, rnd(q[k] * gap, fmt), fmt)
    return total


@kernel
def cross_entropy_naive(z, y, grad, fmt):
    """``-log(e^{z_y} / sum e^{z_k})``: overflows and underflows with exp."""
    for k in range(z.size):
        grad[k] = rnd(exp(z[k]), fmt)
    return naive_form(grad, y, fmt)


@kernel
def cross_entropy_common(z, y, grad, fmt):
    """``log(sum e^{z_k - max}) + (max - z_y)``: exactly 0, and so is grad_y, once the sum rounds to 1."""
    top = shifted_exponentials(z, grad, fmt)
    return common_form(grad, y, rnd(z[top] - z[y], fmt), fmt)


@kernel
def cross_entropy_complement(z, y, grad, fmt):
    """``log1p(sum_{k != top} e^{z_k - max}) + (max - z_y)`` and ``grad_y = -sum_{k != y} grad_k``."""
    top = accurate_exponentials(z, grad, fmt)
    return complement_form(grad, y, rnd(z[top] - z[y], fmt), top, fmt)


@kernel
def soft_cross_entropy_naive(z, q, grad, fmt):
    """``-sum q_k log(e^{z_k} / sum e^{z_j})``."""
    for k in range(z.size):
        grad[k] = rnd(exp(z[k]), fmt)
    return soft_naive_form(grad, q, fmt)


@kernel
def soft_cross_entropy_common(z, q, grad, fmt):
    """``Q log(sum e^{z_k - max}) + sum q_k (max - z_k)`` with ``Q = sum q``."""
    top = shifted_exponentials(z, grad, fmt)
    return soft_common_form(grad, q, expected_gap(z, q, top, fmt), fmt)


@kernel
def soft_cross_entropy_complement(z, q, grad, fmt):
    """``Q log1p(sum_{k != top} e^{z_k - max}) + sum q_k (max - z_k)``. One-hot q: the same bits as with y."""
    top = accurate_exponentials(z, grad, fmt)
    return soft_complement_form(grad, q, expected_gap(z, q, top, fmt), top, fmt)

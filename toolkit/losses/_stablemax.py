"""Rows of StableMax cross-entropy: scores s(z) = z + 1 for z >= 0, 1 / (1 - z) below, in three forms.

Each kernel returns the loss and fills `grad` with its gradient ``(p_k - y_k) s'(z_k) / s(z_k)``, where
``s'(z) / s(z) = 1 / (1 + |z|)`` on both branches. s is not shift-invariant: scores are divided by the largest
*score*; the largest logit is never subtracted.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.losses._forms import (common_form, complement_form, naive_form, soft_common_form,
                                   soft_complement_form, soft_naive_form)
from toolkit.softmax.kernels import (add_compensated, log_stable_ratio, stable_ratio, stable_s, stable_weight,
                                     top_class)


@kernel
def scaled_scores(z, w, fmt):
    """Fill ``w_k = s(z_k) / s(max z)``; return the index of the maximum."""
    top = top_class(z)
    for k in range(z.size):
        w[k] = stable_ratio(z[k], z[top], fmt)
    return top


@kernel
def expected_log_ratio(z, q, top, fmt):
    """``sum q_k log(s(max z) / s(z_k))`` over the classes with q_k > 0."""
    total = like(0.0, z[0])
    lost = like(0.0, z[0])
    for k in range(z.size):
        if q[k] != like(0.0, z[0]):
            gap = -log_stable_ratio(z[k], z[top], fmt)
            total, lost = add_compensated(total, lost, rnd(q[k] * gap, fmt), fmt)
    return total


@kernel
def chain_through_score(z, grad, fmt):
    """Multiply by ``s'/s``: from the gradient with respect to log s(z) to that with respect to z."""
    for k in range(z.size):
        grad[k] = rnd(grad[k] / stable_weight(z[k], fmt), fmt)


@kernel
def stablemax_cross_entropy_naive(z, y, grad, fmt):
    """``-log(s(z_y) / sum s(z_k))``, the published form: collapses, and its sum can overflow."""
    for k in range(z.size):
        grad[k] = stable_s(z[k], fmt)
    loss = naive_form(grad, y, fmt)
    chain_through_score(z, grad, fmt)
    return loss


@kernel
def stablemax_cross_entropy_common(z, y, grad, fmt):
    """``log(sum s(z_k) / s(max)) + log(s(max) / s(z_y))``: collapses once the sum rounds to 1."""
    top = scaled_scores(z, grad, fmt)
    loss = common_form(grad, y, -log_stable_ratio(z[y], z[top], fmt), fmt)
    chain_through_score(z, grad, fmt)
    return loss


@kernel
def stablemax_cross_entropy_complement(z, y, grad, fmt):
    """``log1p(sum_{k != top} s(z_k) / s(max)) + log(s(max) / s(z_y))``."""
    top = scaled_scores(z, grad, fmt)
    loss = complement_form(grad, y, -log_stable_ratio(z[y], z[top], fmt), top, fmt)
    chain_through_score(z, grad, fmt)
    return loss


@kernel
def soft_stablemax_cross_entropy_naive(z, q, grad, fmt):
    """``-sum q_k log(s(z_k) / sum s(z_j))``."""
    for k in range(z.size):
        grad[k] = stable_s(z[k], fmt)
    loss = soft_naive_form(grad, q, fmt)
    chain_through_score(z, grad, fmt)
    return loss


@kernel
def soft_stablemax_cross_entropy_common(z, q, grad, fmt):
    """``Q log(sum s(z_k) / s(max)) + sum q_k log(s(max) / s(z_k))`` with ``Q = sum q``."""
    top = scaled_scores(z, grad, fmt)
    loss = soft_common_form(grad, q, expected_log_ratio(z, q, top, fmt), fmt)
    chain_through_score(z, grad, fmt)
    return loss


@kernel
def soft_stablemax_cross_entropy_complement(z, q, grad, fmt):
    """``Q log1p(sum_{k != top} s(z_k) / s(max)) + sum q_k log(s(max) / s(z_k))``."""
    top = scaled_scores(z, grad, fmt)
    loss = soft_complement_form(grad, q, expected_log_ratio(z, q, top, fmt), top, fmt)
    chain_through_score(z, grad, fmt)
    return loss

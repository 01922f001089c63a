"""Gradients of the α-entmax family in the logits and in α, from the result."""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers, over_exactly
from toolkit.elementary import expm1, log, pow
from toolkit.softmax._shift import top_class

__all__ = []
KERNELS = ["alpha_entmax_order_row", "alpha_entmax_vjp_row", "entmax15_vjp_row", "sparsemax_vjp_row"]


@kernel
def steepest_class(p, order):
    """The class of the support with the largest ``p^(1 - ε)``: the top one, for ε > 1 that with the smallest part."""
    steepest = top_class(p)
    if order > 1:
        for i in range(p.size):
            if p[i] > 0 and p[i] < p[steepest]:
                steepest = i
    return steepest


@kernel
def entmax_vjp_row(p, g, order, out):
    """``s * (h - <s, h> / sum s)`` with ``s = p^(2 - α)`` on the support and h = g less that of the steepest class.

    For α > 2 the steepest class may have a part so small that its s overflows: the mean takes s relative to it, and
    its own gradient is what the others leave.
    """
    (order,) = as_numbers((order,), p)
    steepest, power = steepest_class(p, order), 1 - order
    p_there, g_there = p[steepest], g[steepest]
    total, lost, mean, mean_lost, others, others_lost = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(p.size):
        if not p[i] > 0:
            out[i] = p[i]
        elif order == 1:
            out[i] = 1
        else:
            out[i] = pow(p[i] / p_there if order > 1 else p[i], power)
        total, lost = add_compensated(total, lost, out[i])
        mean, mean_lost = add_compensated(mean, mean_lost, out[i] * (g[i] - g_there))
    mean /= total
    beyond = order > 1 and not pow(p_there, power) < np.inf
    for i in range(p.size):
        if order > 1 and p[i] > 0:
            out[i] = pow(p[i], power)
        if not (beyond and i == steepest):
            out[i] *= (g[i] - g_there) - mean
            others, others_lost = add_compensated(others, others_lost, out[i])
    if beyond:
        out[steepest] = 0 * mean - others


@kernel
def alpha_entmax_vjp_row(p, g, alpha, out):
    """`entmax_vjp_row` for α."""
    entmax_vjp_row(p, g, alpha - 1, out)


@kernel
def sparsemax_vjp_row(p, g, out):
    """`entmax_vjp_row` for α = 2."""
    entmax_vjp_row(p, g, 1.0, out)


@kernel
def entmax15_vjp_row(p, g, out):
    """`entmax_vjp_row` for α = 1.5."""
    entmax_vjp_row(p, g, 0.5, out)


@kernel
def order_slope(log_p, order):
    """d log p / dα at fixed gaps to τ: ``(1 - 1/q - log q) / ε²`` with ``q = p^ε``, and -log² p / 2 at 0.

    For ε > 1 without 1/q, which may overflow: ``p / q`` is s, a shift of τ, and falls out of the gradient.
    """
    log_q = order * log_p
    if order > 1:
        return (1 - log_q) / order / order
    if abs(log_q) > 0.25:
        return (-expm1(-log_q) - log_q) / order / order
    term = -0.5  # the difference cancels here: log² p (-1/2 + L/6 - L²/24 ...) with L = log q
    total = term
    for k in range(3, 16):
        term = over_exactly(-(term * log_q), k)  # some k are in no format of few bits
        total += term
    return log_p * log_p * total


@kernel
def alpha_entmax_order_row(p, g, alpha):
    """``<g, dp / dα>``: of each class its own slope in α, less what keeps the sum at 1."""
    (order,) = as_numbers((alpha - 1,), p)
    power = 1 - order
    steepest = steepest_class(p, order)
    p_there, g_there = p[steepest], g[steepest]
    own, own_lost, above, above_lost = 0.0, 0.0, 0.0, 0.0
    sizes, sizes_lost, weighted, weighted_lost = 0.0, 0.0, 0.0, 0.0
    for i in range(p.size):
        if p[i] > 0 or p[i] != p[i]:
            s = pow(p[i] / p_there if order > 1 else p[i], power)
            q = p[i] * order_slope(log(p[i]), order)
            h = g[i] - g_there
            own, own_lost = add_compensated(own, own_lost, q)
            above, above_lost = add_compensated(above, above_lost, q * h)
            sizes, sizes_lost = add_compensated(sizes, sizes_lost, s)
            weighted, weighted_lost = add_compensated(weighted, weighted_lost, s * h)
    return above - weighted / sizes * own

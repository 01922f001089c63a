"""Sparse maps to the simplex: sparsemax, entmax-1.5 and α-entmax by one iteration, and their gradients.

α-entmax is ``p_i = [(α - 1) z_i - τ]_+^(1 / (α - 1))`` with the τ that makes the sum 1. As written, a rounding
error of τ is raised to the power 1 / (α - 1), without bound as α → 1. Taking the top class out removes the hazard:
with ``ε = α - 1``, the gaps ``w_i = z_i - max z <= 0`` and ``c = p_max^ε``, which is -τ after the shift,

    ``p_i = e_i / sum e``,  ``e_i = exp_ε(w_i / c)``,  ``exp_ε(v) = [1 + ε v]_+^(1 / ε)``,  ``c = (sum e)^-ε``.

exp_ε tends to exp and c to 1, so softmax is the limit and no special case. The one unknown c lies in [K^-ε, 1]; it is
where ``c (sum e)^ε = 1``, and for α <= 2 the left side is a norm of nonnegative convex functions of c, so that
Newton's iteration from c = 1 falls monotonically to it. For α = 2 it is the finite algorithm of Michelot (1986).
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, over_exactly, unrounded
from toolkit.elementary import exp, expm1, log, log1p, pow
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._sum_without_top import add_compensated

__all__ = []
KERNELS = ["alpha_entmax_order_row", "alpha_entmax_row", "alpha_entmax_vjp_row", "entmax15_row", "entmax15_vjp_row",
           "power_exp", "sparsemax_row", "sparsemax_vjp_row"]

_MOST_STEPS = 100


@kernel
def power_exp(v, order):
    """``[1 + ε v]_+^(1 / ε)`` for v <= 0, and exp(v) at ε = 0."""
    x = order * v
    if v == -np.inf or x <= -1:
        return 0.0
    if x == 0:
        return exp(v)
    if order == 1:
        return 1 + x
    if order == 0.5:
        return (1 + x) * (1 + x)
    return exp(v * (log1p(x) / x))  # log1p(x) / ε, free of the rounding of a subnormal x


@kernel
def entmax_term(z, m, c, order):
    """``exp_ε((z - m) / c)``; a class at least 1 / ε below the top has no part, whatever c is."""
    gap = shifted(z, m)
    if unrounded(gap) <= -1 / unrounded(order):
        return 0.0
    return power_exp(gap / c, order)


@kernel
def entmax_sums(z, m, c, order):
    """``(sum e, sum e / (1 + ε w / c))``: the second is what the first one's slope needs."""
    total, lost, slope = 0.0, 0.0, 0.0
    for i in range(z.size):
        e = entmax_term(z[i], m, c, order)
        total, lost = add_compensated(total, lost, e)
        if e > 0:
            slope += e / (1 + order * (shifted(z[i], m) / c))
    return total, slope


@kernel
def top_power(z, m, order):
    """``(c, sum e)`` by Newton's iteration, kept between bounds where α > 2 and it is not monotone."""
    c, low, high = 1.0, 0.0, 1.0
    total, slope = entmax_sums(z, m, c, order)
    for _ in range(_MOST_STEPS):
        aim = 1 / unrounded(total) if order == 1 else pow(unrounded(total), -unrounded(order))
        following = c + (like(aim, z) - c) * (total / slope)
        if order <= 1:
            if not following < c or following == 0:
                break
        else:
            if aim < c:
                high = c
            else:
                low = c
            if not low < following < high:
                following = low + (high - low) * 0.5
            if not low < following < high:
                break
        c = following
        total, slope = entmax_sums(z, m, c, order)
    return c, total


@kernel
def entmax_row(z, order, p):
    """α-entmax for ``order = α - 1``."""
    m, order = z[top_class(z)], like(order, z)
    c, total = top_power(z, m, order)
    for i in range(z.size):
        p[i] = entmax_term(z[i], m, c, order) / total


@kernel
def entmax_vjp_row(p, g, order, out):
    """``s * (h - <s, h> / sum s)`` with ``s = p^(2 - α)`` on the support and ``h = g - g[top]``."""
    g_top, order = g[top_class(p)], like(order, p)
    power = 1 - order
    total, mean = 0.0, 0.0
    for i in range(p.size):
        if not p[i] > 0:
            out[i] = p[i]
        elif order == 1:
            out[i] = 1
        else:
            out[i] = pow(p[i], power)
        total += out[i]
        mean += out[i] * (g[i] - g_top)
    mean /= total
    for i in range(p.size):
        out[i] *= (g[i] - g_top) - mean


@kernel
def alpha_entmax_row(z, alpha, p):
    """α-entmax of a row, α >= 1; `p` may be `z`."""
    entmax_row(z, alpha - 1, p)


@kernel
def alpha_entmax_vjp_row(p, g, alpha, out):
    """`entmax_vjp_row` for α."""
    entmax_vjp_row(p, g, alpha - 1, out)


@kernel
def sparsemax_row(z, p):
    """α = 2: the point of the simplex nearest to `z`; `p` may be `z`."""
    entmax_row(z, 1.0, p)


@kernel
def sparsemax_vjp_row(p, g, out):
    """`entmax_vjp_row` for α = 2."""
    entmax_vjp_row(p, g, 1.0, out)


@kernel
def entmax15_row(z, p):
    """α = 1.5; `p` may be `z`."""
    entmax_row(z, 0.5, p)


@kernel
def entmax15_vjp_row(p, g, out):
    """`entmax_vjp_row` for α = 1.5."""
    entmax_vjp_row(p, g, 0.5, out)


@kernel
def order_slope(log_p, order):
    """d log p / dα at fixed gaps to τ: ``(1 - 1/q - log q) / ε²`` with ``q = p^ε``, and -log² p / 2 at 0."""
    log_q = order * log_p
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
    order = like(alpha - 1, p)
    power = 1 - order
    g_top = g[top_class(p)]
    own, above, sizes, weighted = 0.0, 0.0, 0.0, 0.0
    for i in range(p.size):
        if p[i] > 0 or p[i] != p[i]:
            s = pow(p[i], power)
            q = p[i] * order_slope(log(p[i]), order)
            h = g[i] - g_top
            own += q
            above += q * h
            sizes += s
            weighted += s * h
    return above - weighted / sizes * own

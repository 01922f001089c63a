"""Sparse maps to the simplex: sparsemax, entmax-1.5 and α-entmax by one iteration, and their gradients.

α-entmax is ``p_i = [(α - 1) z_i - τ]_+^(1 / (α - 1))`` with the τ that makes the sum 1. As written, a rounding error
of τ is raised to the power 1 / (α - 1), without bound as α → 1. Taking the top class out removes the hazard: with
``ε = α - 1``, the gaps ``w_i = z_i - max z <= 0`` and ``c = p_max^ε``, which is -τ after the shift,

    ``p_i = e_i / sum e``,  ``e_i = exp_ε(w_i / c)``,  ``exp_ε(v) = [1 + ε v]_+^(1 / ε)``,  ``c = (sum e)^-ε``.

exp_ε tends to exp and c to 1, so softmax is the limit and no special case. The one unknown c lies in [K^-ε, 1]; it is
where ``c (sum e)^ε = 1``, and for α <= 2 the left side is a norm of nonnegative convex functions of c, so that
Newton's iteration from c = 1 falls monotonically to it. For α = 2 it is the finite algorithm of Michelot (1986).
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, expm1, log, log1p, pow
from toolkit.softmax._sum_without_top import add_compensated
from toolkit.softmax._shift import shifted, top_class

__all__ = ["alpha_entmax_order_row", "alpha_entmax_row", "alpha_entmax_vjp_row", "entmax15_row", "entmax15_vjp_row",
           "power_exp", "sparsemax_row", "sparsemax_vjp_row"]

_MOST_STEPS = 100


@kernel
def power_exp(v, order, fmt):
    """``[1 + ε v]_+^(1 / ε)`` for v <= 0, and exp(v) at ε = 0."""
    zero, one = like(0.0, v), like(1.0, v)
    if v == -np.inf:
        return zero
    x = rnd(order * v, fmt)
    if x <= -one:
        return zero
    if x == zero:
        return rnd(exp(v), fmt)
    if order == one:
        return rnd(one + x, fmt)
    if order == like(0.5, v):
        base = rnd(one + x, fmt)
        return rnd(base * base, fmt)
    # log1p(x) / ε, free of the rounding of a subnormal x
    return rnd(exp(rnd(v * rnd(rnd(log1p(x), fmt) / x, fmt), fmt)), fmt)


@kernel
def entmax_term(z, m, c, order, fmt):
    """``exp_ε((z - m) / c)``; a class at least 1 / ε below the top has no part, whatever c is."""
    gap = shifted(z, m, fmt)
    if gap <= like(-1.0, gap) / order:
        return like(0.0, gap)
    return power_exp(rnd(gap / c, fmt), order, fmt)


@kernel
def entmax_sums(z, m, c, order, fmt):
    """``(sum e, sum e / (1 + ε w / c))``: the second is what the first one's slope needs."""
    zero, one = like(0.0, m), like(1.0, m)
    total, lost, slope = zero, zero, zero
    for i in range(z.size):
        e = entmax_term(z[i], m, c, order, fmt)
        total, lost = add_compensated(total, lost, e, fmt)
        if e > zero:
            base = rnd(one + rnd(order * rnd(shifted(z[i], m, fmt) / c, fmt), fmt), fmt)
            slope = rnd(slope + rnd(e / base, fmt), fmt)
    return total, slope


@kernel
def top_power(z, m, order, fmt):
    """``(c, sum e)`` by Newton's iteration, kept between bounds where α > 2 and it is not monotone."""
    zero, one = like(0.0, m), like(1.0, m)
    c, low, high = one, zero, one
    total, slope = entmax_sums(z, m, c, order, fmt)
    for _ in range(_MOST_STEPS):
        aim = one / total if order == one else pow(total, -order)
        step = rnd(rnd(rnd(aim, fmt) - c, fmt) * rnd(total / slope, fmt), fmt)
        following = rnd(c + step, fmt)
        if order <= one:
            if not following < c or following == zero:
                break
        else:
            if aim < c:
                high = c
            else:
                low = c
            if not low < following < high:
                following = rnd(low + rnd(rnd(high - low, fmt) * like(0.5, m), fmt), fmt)
            if not low < following < high:
                break
        c = following
        total, slope = entmax_sums(z, m, c, order, fmt)
    return c, total


@kernel
def entmax_row(z, order, p, fmt):
    m = z[top_class(z)]
    order = rnd(order, fmt)
    c, total = top_power(z, m, order, fmt)
    for i in range(z.size):
        p[i] = rnd(entmax_term(z[i], m, c, order, fmt) / total, fmt)


@kernel
def entmax_vjp_row(p, g, order, out, fmt):
    """``s * (h - <s, h> / sum s)`` with ``s = p^(2 - α)`` on the support and ``h = g - g[top]``."""
    zero, one = like(0.0, p[0]), like(1.0, p[0])
    g_top = g[top_class(p)]
    order = rnd(order, fmt)
    power = rnd(one - order, fmt)
    total, mean = zero, zero
    for i in range(p.size):
        if p[i] > zero:
            out[i] = one if order == one else rnd(pow(p[i], power), fmt)
        else:
            out[i] = p[i]
        total = rnd(total + out[i], fmt)
        mean = rnd(mean + rnd(out[i] * rnd(g[i] - g_top, fmt), fmt), fmt)
    mean = rnd(mean / total, fmt)
    for i in range(p.size):
        out[i] = rnd(out[i] * rnd(rnd(g[i] - g_top, fmt) - mean, fmt), fmt)


@kernel
def alpha_entmax_row(z, alpha, p, fmt):
    """α-entmax of a row, α >= 1; `p` may be `z`."""
    entmax_row(z, alpha - like(1.0, alpha), p, fmt)


@kernel
def alpha_entmax_vjp_row(p, g, alpha, out, fmt):
    entmax_vjp_row(p, g, alpha - like(1.0, alpha), out, fmt)


@kernel
def sparsemax_row(z, p, fmt):
    """α = 2: the point of the simplex nearest to `z`; `p` may be `z`."""
    entmax_row(z, like(1.0, z[0]), p, fmt)


@kernel
def sparsemax_vjp_row(p, g, out, fmt):
    entmax_vjp_row(p, g, like(1.0, p[0]), out, fmt)


@kernel
def entmax15_row(z, p, fmt):
    """α = 1.5; `p` may be `z`."""
    entmax_row(z, like(0.5, z[0]), p, fmt)


@kernel
def entmax15_vjp_row(p, g, out, fmt):
    entmax_vjp_row(p, g, like(0.5, p[0]), out, fmt)


@kernel
def order_slope(log_p, order, fmt):
    """d log p / dα at fixed gaps to the threshold: ``(1 - 1/q - log q) / ε²`` with ``q = p^ε``, and -log² p / 2 at 0."""
    log_q = rnd(order * log_p, fmt)
    if np.abs(log_q) > like(0.25, log_p):
        value = rnd(rnd(-expm1(-log_q), fmt) - log_q, fmt)
        return rnd(rnd(value / order, fmt) / order, fmt)
    term = like(-0.5, log_p)  # the difference cancels here: log² p (-1/2 + L/6 - L²/24 ...) with L = log q
    total = term
    for k in range(3, 16):
        term = rnd(-rnd(term * log_q, fmt) / like(k, log_p), fmt)
        total = rnd(total + term, fmt)
    return rnd(rnd(log_p * log_p, fmt) * total, fmt)


@kernel
def alpha_entmax_order_row(p, g, alpha, fmt):
    """``<g, dp / dα>``: of each class its own slope in α, less what keeps the sum at 1."""
    zero, one = like(0.0, p[0]), like(1.0, p[0])
    order = rnd(alpha - one, fmt)
    power = rnd(one - order, fmt)
    g_top = g[top_class(p)]
    own, above, sizes, weighted = zero, zero, zero, zero
    for i in range(p.size):
        if p[i] > zero or p[i] != p[i]:
            s = rnd(pow(p[i], power), fmt)
            q = rnd(p[i] * order_slope(rnd(log(p[i]), fmt), order, fmt), fmt)
            h = rnd(g[i] - g_top, fmt)
            own = rnd(own + q, fmt)
            above = rnd(above + rnd(q * h, fmt), fmt)
            sizes = rnd(sizes + s, fmt)
            weighted = rnd(weighted + rnd(s * h, fmt), fmt)
    return rnd(above - rnd(rnd(weighted / sizes, fmt) * own, fmt), fmt)

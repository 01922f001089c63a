"""Losses that are a function of the label's probability: cross-entropy, then one pair of numbers.

With ``l = -log p_y`` every such loss L has ``dL/dz = L'(l) (p - onehot(y))``. A loss is therefore a scalar kernel
that returns L and ``L'(l)``; the row kernel of cross-entropy does the rest, in any of its forms. The stable
kernels take ``l`` and, where they need it, ``miss = 1 - p_y``, which the complement form has without a subtraction:
it is minus the label's gradient. The naive ones take p_y as the formulas do.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, expm1, log, pow
from toolkit.losses._exponential import cross_entropy_common, cross_entropy_complement, cross_entropy_naive
from toolkit.losses._forms import close_to_zero_sum

NAIVE, COMMON, COMPLEMENT = range(3)  # as in toolkit.softmax.FORMS


@kernel
def comp_sum(loss, tau, fmt):
    """``(e^{(1 - tau) l} - 1) / (1 - tau)`` and ``e^{(1 - tau) l}``."""
    order = rnd(like(1.0, loss) - tau, fmt)
    if order == like(0.0, loss):
        return loss, like(1.0, loss)
    scaled = rnd(order * loss, fmt)
    return rnd(rnd(expm1(scaled), fmt) / order, fmt), rnd(exp(scaled), fmt)


@kernel
def comp_sum_naive(p, tau, fmt):
    """``(p^{tau - 1} - 1) / (1 - tau)``, its slope from p times ``p^{tau - 2}``."""
    one = like(1.0, p)
    order = rnd(one - tau, fmt)
    if order == like(0.0, p):
        return like(0.0, p) - rnd(log(p), fmt), one
    value = rnd(rnd(rnd(pow(p, -order), fmt) - one, fmt) / order, fmt)
    return value, rnd(p * rnd(pow(p, rnd(-order - one, fmt)), fmt), fmt)


@kernel
def focal(loss, miss, gamma, fmt):
    """``miss^gamma l`` and ``miss^gamma (1 + gamma p_y l / miss)``, where l / miss -> 1 as miss -> 0."""
    one = like(1.0, loss)
    factor = rnd(pow(miss, gamma), fmt)
    p = rnd(exp(-loss), fmt)
    ratio = one
    if miss > like(0.0, loss):
        ratio = rnd(loss / miss, fmt)
    if p > like(0.0, loss):  # an infinite loss times p = 0
        p = rnd(p * ratio, fmt)
    return rnd(factor * loss, fmt), rnd(factor * rnd(one + rnd(gamma * p, fmt), fmt), fmt)


@kernel
def focal_naive(p, gamma, fmt):
    """``(1 - p)^gamma (-log p)``; its slope has ``(1 - p)^{gamma - 1}``, infinite at p = 1 for gamma < 1."""
    one = like(1.0, p)
    miss = rnd(one - p, fmt)
    loss = like(0.0, p) - rnd(log(p), fmt)
    factor = rnd(pow(miss, gamma), fmt)
    inner = rnd(rnd(rnd(gamma * p, fmt) * loss, fmt) * rnd(pow(miss, rnd(gamma - one, fmt)), fmt), fmt)
    return rnd(factor * loss, fmt), rnd(factor + inner, fmt)


@kernel
def combined(loss, miss, a, b, fmt):
    """``a l + b miss`` and ``a + b p_y``: poly-1, and cross-entropy beside its reverse."""
    value = rnd(rnd(a * loss, fmt) + rnd(b * miss, fmt), fmt)
    return value, rnd(a + rnd(b * rnd(exp(-loss), fmt), fmt), fmt)


@kernel
def combined_naive(p, a, b, fmt):
    """`combined` with ``1 - p`` formed literally."""
    loss = like(0.0, p) - rnd(log(p), fmt)
    value = rnd(rnd(a * loss, fmt) + rnd(b * rnd(like(1.0, p) - p, fmt), fmt), fmt)
    return value, rnd(a + rnd(b * p, fmt), fmt)


@kernel
def cross_entropy_in(form, z, y, grad, fmt):
    """``(l, miss)`` of a form, which fills `grad`; of the naive form ``(l, p_y)``."""
    if form == NAIVE:
        loss = cross_entropy_naive(z, y, grad, fmt)
        return loss, rnd(grad[y] + like(1.0, z[0]), fmt)
    if form == COMMON:
        loss = cross_entropy_common(z, y, grad, fmt)
    else:
        loss = cross_entropy_complement(z, y, grad, fmt)
    return loss, -grad[y]


@kernel
def multiply_by_slope(form, y, slope, grad, fmt):
    """From the gradient of l to that of the loss."""
    for k in range(grad.size):
        if form == NAIVE or grad[k] != like(0.0, slope):  # a masked class stays at 0 beside an infinite slope
            grad[k] = rnd(grad[k] * slope, fmt)
    if form == COMPLEMENT:
        close_to_zero_sum(grad, y, fmt)


@kernel
def comp_sum_row(form, z, y, tau, grad, fmt):
    loss, other = cross_entropy_in(form, z, y, grad, fmt)
    value, slope = comp_sum_naive(other, tau, fmt) if form == NAIVE else comp_sum(loss, tau, fmt)
    multiply_by_slope(form, y, slope, grad, fmt)
    return value


@kernel
def focal_row(form, z, y, gamma, grad, fmt):
    loss, other = cross_entropy_in(form, z, y, grad, fmt)
    value, slope = focal_naive(other, gamma, fmt) if form == NAIVE else focal(loss, other, gamma, fmt)
    multiply_by_slope(form, y, slope, grad, fmt)
    return value


@kernel
def combined_row(form, z, y, a, b, grad, fmt):
    loss, other = cross_entropy_in(form, z, y, grad, fmt)
    value, slope = combined_naive(other, a, b, fmt) if form == NAIVE else combined(loss, other, a, b, fmt)
    multiply_by_slope(form, y, slope, grad, fmt)
    return value


@kernel
def symmetric_row(form, z, y, alpha, beta, floor, grad, fmt):
    return combined_row(form, z, y, alpha, rnd(-beta * floor, fmt), grad, fmt)

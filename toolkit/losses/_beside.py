"""Rows of losses that add something to cross-entropy: z-loss, label smoothing, the reverse cross-entropy."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, log, log1p
from toolkit.losses._exponential import (accurate_exponentials, cross_entropy_common, cross_entropy_complement,
                                         cross_entropy_naive, expected_gap, shifted_exponentials)
from toolkit.losses._forms import close_to_zero_sum, divide_by, label_mass, likeliest, rest_beside_top, sum_in_order
from toolkit.losses._of_probability import COMMON, NAIVE
from toolkit.softmax.kernels import add_compensated, logsumexp_row


@kernel
def z_loss_row(form, z, y, scale, grad, fmt):
    """``l + scale lse(z)^2``; squared first, as usual, it overflows in float16 from |lse| = 256 on."""
    if form == NAIVE:
        loss = cross_entropy_naive(z, y, grad, fmt)
        total = like(0.0, scale)
        for k in range(z.size):
            total = rnd(total + rnd(exp(z[k]), fmt), fmt)
        lse = rnd(log(total), fmt)
        penalty = rnd(scale * rnd(lse * lse, fmt), fmt)
        p = rnd(grad[y] + like(1.0, scale), fmt)
    else:
        loss = (cross_entropy_common(z, y, grad, fmt) if form == COMMON
                else cross_entropy_complement(z, y, grad, fmt))
        lse = logsumexp_row(z, fmt)
        if form == COMMON:
            penalty = rnd(scale * rnd(lse * lse, fmt), fmt)
        else:
            penalty = rnd(rnd(scale * lse, fmt) * lse, fmt)
        p = rnd(exp(-loss), fmt)
    pull = rnd(rnd(like(2.0, scale) * scale, fmt) * lse, fmt)
    for k in range(z.size):
        share = p if k == y else grad[k]
        if share != like(0.0, scale):  # nothing pulls at a masked class, infinite or not
            grad[k] = rnd(grad[k] + rnd(pull * share, fmt), fmt)
    return rnd(loss + penalty, fmt)


@kernel
def smoothed_row(form, z, y, amount, grad, fmt):
    """``-sum q_k log p_k``, ``q = (1 - amount) onehot(y) + amount / n``, for a class label without an array q.

    All but the naive form compute ``log S + (1 - amount) gap_y + amount / n sum gap_k`` with ``gap_k = max z - z_k``:
    three terms >= 0.
    """
    one = like(1.0, amount)
    uniform = share_of_each(z, amount, fmt)
    loss, lost = like(0.0, amount), like(0.0, amount)
    if form == NAIVE:
        cross_entropy_naive(z, y, grad, fmt)
        grad[y] = rnd(grad[y] + one, fmt)
        for k in range(z.size):
            if z[k] != like(-np.inf, amount):
                q = rnd(rnd(one - amount, fmt) + uniform, fmt) if k == y else uniform
                loss = rnd(loss - rnd(q * rnd(log(grad[k]), fmt), fmt), fmt)
                grad[k] = rnd(grad[k] - q, fmt)
        return loss
    if form == COMMON:
        top = shifted_exponentials(z, grad, fmt)
        total = sum_in_order(grad, fmt)
        log_total = rnd(log(total), fmt)
    else:
        top = accurate_exponentials(z, grad, fmt)
        rest = rest_beside_top(grad, top, fmt)
        total, log_total = rnd(one + rest, fmt), rnd(log1p(rest), fmt)
    divide_by(grad, total, fmt)
    for k in range(z.size):
        if z[k] != like(-np.inf, amount):
            loss, lost = add_compensated(loss, lost, rnd(rnd(z[top] - z[k], fmt) * uniform, fmt), fmt)
            grad[k] = rnd(grad[k] - uniform, fmt)
    hard = rnd(one - amount, fmt)
    if form == COMMON:
        grad[y] = rnd(grad[y] - hard, fmt)
    else:
        close_to_zero_sum(grad, y, fmt)
    return rnd(rnd(log_total + rnd(hard * rnd(z[top] - z[y], fmt), fmt), fmt) + loss, fmt)


@kernel
def share_of_each(z, amount, fmt):
    """``amount / n`` for the n classes that are not masked."""
    n = like(0.0, amount)
    for k in range(z.size):
        if z[k] != like(-np.inf, amount):
            n += like(1.0, amount)
    return rnd(amount / rnd(n, fmt), fmt)


@kernel
def soft_symmetric_row(z, q, forward, backward, floor, grad, fmt):
    """``forward H(q, p) + backward sum p_k A_k``, ``A_k = -max(log q_k, floor)``; q is a constant.

    The gradient is ``forward (Q p - q) + backward p (A - sum p A)`` with ``Q = sum q``.
    """
    top = accurate_exponentials(z, grad, fmt)
    rest = rest_beside_top(grad, top, fmt)
    divide_by(grad, rnd(like(1.0, rest) + rest, fmt), fmt)
    mass = label_mass(q, fmt)
    ahead = rnd(rnd(mass * rnd(log1p(rest), fmt), fmt) + expected_gap(z, q, top, fmt), fmt)
    back, lost = like(0.0, rest), like(0.0, rest)
    for k in range(z.size):
        back, lost = add_compensated(back, lost, rnd(grad[k] * surprise(q[k], floor, fmt), fmt), fmt)
    for k in range(z.size):
        toward = rnd(rnd(mass * grad[k], fmt) - q[k], fmt)
        against = rnd(grad[k] * rnd(surprise(q[k], floor, fmt) - back, fmt), fmt)
        grad[k] = rnd(rnd(forward * toward, fmt) + rnd(backward * against, fmt), fmt)
    close_to_zero_sum(grad, likeliest(q), fmt)
    return rnd(rnd(forward * ahead, fmt) + rnd(backward * back, fmt), fmt)


@kernel
def surprise(q, floor, fmt):
    """``-max(log q, floor)``, also at q = 0."""
    lowest = -floor
    if q == like(0.0, q):
        return lowest
    value = like(0.0, q) - rnd(log(q), fmt)
    return lowest if value > lowest else value

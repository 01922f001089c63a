"""Three ways from scores to a loss and its gradient: naive, common, complement.

The scores ``w_k > 0`` of a row (e^{z_k} for the softmax, s(z_k) for StableMax) fill the array that becomes
the gradient, and ``p_k = w_k / S`` with ``S = sum w``. All forms compute ``-log p_y`` and ``p - onehot(y)``;
they differ in what rounding does to them once one class holds nearly all of S:

- *naive*: unscaled scores, so that S can overflow or underflow;
- *common*: scores divided by the largest, ``log S + gap`` with ``gap = log(w_top / w_y)``. S = 1 + rest
  rounds to 1 when the rest is below half an ulp of 1: the loss and ``p_y - 1`` are then exactly 0, *Softmax
  Collapse*;
- *complement*: ``log1p(rest) + gap``, and ``p_y - 1`` is formed as minus the sum of the other p_k.

Reference: Prieto et al. (2025), arXiv:2501.04697, name the collapse; the complement form is derived here.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import log, log1p
from toolkit.softmax.kernels import add_compensated


@kernel
def sum_in_order(w, fmt):
    """Plain sum from the first to the last: the order decides where the common form collapses."""
    total = like(0.0, w[0])
    for k in range(w.size):
        total = rnd(total + w[k], fmt)
    return total


@kernel
def rest_beside_top(w, top, fmt):
    """``sum_{k != top} w_k`` to about an ulp, for scores scaled to ``w_top = 1``."""
    rest = rnd(w[top] - like(1.0, w[0]), fmt)  # 0, or NaN when the top logit is infinite
    lost = like(0.0, w[0])
    for k in range(w.size):
        if k != top:
            rest, lost = add_compensated(rest, lost, w[k], fmt)
    return rest


@kernel
def divide_by(w, total, fmt):
    for k in range(w.size):
        w[k] = rnd(w[k] / total, fmt)


@kernel
def close_to_zero_sum(grad, y, fmt):
    """``grad_y = -sum of the others``: added up in order with grad_y last, the row gives exactly 0."""
    others = like(0.0, grad[0])
    for k in range(grad.size):
        if k != y:
            others = rnd(others + grad[k], fmt)
    grad[y] = like(0.0, others) - others


@kernel
def naive_form(w, y, fmt):
    """Loss ``-log(w_y / S)`` of unscaled scores; `w` becomes the gradient."""
    divide_by(w, sum_in_order(w, fmt), fmt)
    p_y = w[y]
    w[y] = rnd(p_y - like(1.0, p_y), fmt)
    return like(0.0, p_y) - rnd(log(p_y), fmt)


@kernel
def common_form(w, y, gap, fmt):
    """Loss ``log S + gap`` of scaled scores; `w` becomes the gradient, with ``p_y - 1`` formed literally."""
    total = sum_in_order(w, fmt)
    divide_by(w, total, fmt)
    w[y] = rnd(w[y] - like(1.0, total), fmt)
    return rnd(rnd(log(total), fmt) + gap, fmt)


@kernel
def complement_form(w, y, gap, top, fmt):
    """Loss ``log1p(rest) + gap`` of scaled scores; `w` becomes the gradient, which sums to 0."""
    rest = rest_beside_top(w, top, fmt)
    divide_by(w, rnd(like(1.0, rest) + rest, fmt), fmt)
    close_to_zero_sum(w, y, fmt)
    return rnd(rnd(log1p(rest), fmt) + gap, fmt)


@kernel
def likeliest(q):
    """Index of the largest label probability: the class whose gradient is formed from the others."""
    best = 0
    for k in range(q.size):
        if q[k] > q[best]:
            best = k
    return best


@kernel
def label_mass(q, fmt):
    """``Q = sum q``, which is 1 unless class weights are folded into q."""
    mass = like(0.0, q[0])
    lost = like(0.0, q[0])
    for k in range(q.size):
        mass, lost = add_compensated(mass, lost, q[k], fmt)
    return mass


@kernel
def soft_gradient(p, q, mass, fmt):
    """`p` becomes ``Q p - q``."""
    for k in range(p.size):
        p[k] = rnd(rnd(mass * p[k], fmt) - q[k], fmt)


@kernel
def soft_naive_form(w, q, fmt):
    """Loss ``-sum q_k log(w_k / S)``, in which q_k = 0 adds nothing; `w` becomes the gradient."""
    divide_by(w, sum_in_order(w, fmt), fmt)
    loss = like(0.0, w[0])
    for k in range(w.size):
        if q[k] != like(0.0, q[k]):
            loss = rnd(loss - rnd(q[k] * rnd(log(w[k]), fmt), fmt), fmt)
    soft_gradient(w, q, label_mass(q, fmt), fmt)
    return loss


@kernel
def soft_common_form(w, q, gap, fmt):
    """Loss ``Q log S + gap``, ``gap = sum q_k log(w_top / w_k)``; `w` becomes the gradient."""
    total = sum_in_order(w, fmt)
    divide_by(w, total, fmt)
    mass = label_mass(q, fmt)
    soft_gradient(w, q, mass, fmt)
    return rnd(rnd(mass * rnd(log(total), fmt), fmt) + gap, fmt)


@kernel
def soft_complement_form(w, q, gap, top, fmt):
    """Loss ``Q log1p(rest) + gap``, a sum of two terms >= 0; `w` becomes the gradient, which sums to 0."""
    rest = rest_beside_top(w, top, fmt)
    divide_by(w, rnd(like(1.0, rest) + rest, fmt), fmt)
    mass = label_mass(q, fmt)
    soft_gradient(w, q, mass, fmt)
    close_to_zero_sum(w, likeliest(q), fmt)
    return rnd(rnd(mass * rnd(log1p(rest), fmt), fmt) + gap, fmt)

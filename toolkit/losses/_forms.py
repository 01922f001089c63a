"""Three ways from scores to a loss and its gradient: naive, common, stable.

The scores ``w_k > 0`` of a row (e^{z_k} for the softmax, s(z_k) for StableMax) fill the array that becomes
the gradient, and ``p_k = w_k / S`` with ``S = sum w``. All forms compute ``-log p_y`` and ``p - onehot(y)``;
they differ in what rounding does to them once one class holds nearly all of S:

- *naive*: unscaled scores, so that S can overflow or underflow;
- *common*: scores divided by the largest, ``log S + gap`` with ``gap = log(w_top / w_y)``. S = 1 + rest
  rounds to 1 when the rest is below half an ulp of 1: the loss and ``p_y - 1`` are then exactly 0, *Softmax
  Collapse*;
- *stable*: ``log1p(rest) + gap``, and ``p_y - 1`` is formed as minus the sum of the other p_k.

Reference: Prieto et al. (2025), arXiv:2501.04697, name the collapse; the stable form is derived here.
"""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import log, log1p

__all__ = []
KERNELS = ["close_to_zero_sum", "common_form", "divide_by", "label_mass", "likeliest", "naive_form", "rest_beside_top",
           "soft_common_form", "soft_naive_form", "soft_stable_form", "stable_form", "sum_in_order"]


@kernel
def sum_in_order(w):
    """Plain sum from the first to the last: the order decides where the common form collapses."""
    total = 0.0
    for k in range(w.size):
        total += w[k]
    return total


@kernel
def classes_present(z):
    """How many logits are not -inf."""
    n = 0
    for k in range(z.size):
        if z[k] != -np.inf:
            n += 1
    return n


@kernel
def rest_beside_top(w, top):
    """``sum_{k != top} w_k`` to about an ulp, for scores scaled to ``w_top = 1``."""
    rest, lost = w[top] - 1, 0.0  # 0, or NaN when the top logit is infinite
    for k in range(w.size):
        if k != top:
            rest, lost = add_compensated(rest, lost, w[k])
    return rest


@kernel
def divide_by(w, total):
    for k in range(w.size):
        w[k] /= total


@kernel
def close_to_zero_sum(grad, y):
    """``grad_y = -sum of the others``: in a format, added up in order with grad_y last, the row gives exactly 0."""
    others = sum_like(grad)
    for k in range(grad.size):
        if k != y:
            others += grad[k]
    grad[y] = 0 - others.value


@kernel
def naive_form(w, y):
    """Loss ``-log(w_y / S)`` of unscaled scores; `w` becomes the gradient."""
    divide_by(w, sum_in_order(w))
    p_y = w[y]
    w[y] = p_y - 1
    return 0 - log(p_y)


@kernel
def common_form(w, y, gap):
    """Loss ``log S + gap`` of scaled scores; `w` becomes the gradient, with ``p_y - 1`` formed literally."""
    total = sum_in_order(w)
    divide_by(w, total)
    w[y] -= 1
    return log(total) + gap


@kernel
def stable_form(w, y, gap, top):
    """Loss ``log1p(rest) + gap`` of scaled scores; `w` becomes the gradient, which sums to 0."""
    rest = rest_beside_top(w, top)
    divide_by(w, 1 + rest)
    close_to_zero_sum(w, y)
    return log1p(rest) + gap


@kernel
def likeliest(q):
    """Index of the largest label probability: the class whose gradient is formed from the others."""
    best = 0
    for k in range(q.size):
        if q[k] > q[best]:
            best = k
    return best


@kernel
def label_mass(q):
    """``Q = sum q``, which is 1 unless class weights are folded into q."""
    mass, lost = 0.0, 0.0
    for k in range(q.size):
        mass, lost = add_compensated(mass, lost, q[k])
    return mass


@kernel
def soft_gradient(p, q, mass):
    """`p` becomes ``Q p - q``."""
    for k in range(p.size):
        p[k] = mass * p[k] - q[k]


@kernel
def soft_naive_form(w, q):
    """Loss ``-sum q_k log(w_k / S)``, in which q_k = 0 adds nothing; `w` becomes the gradient."""
    divide_by(w, sum_in_order(w))
    loss = 0.0
    for k in range(w.size):
        if q[k] != 0:
            loss -= q[k] * log(w[k])
    soft_gradient(w, q, label_mass(q))
    return loss


@kernel
def soft_common_form(w, q, gap):
    """Loss ``Q log S + gap``, ``gap = sum q_k log(w_top / w_k)``; `w` becomes the gradient."""
    total = sum_in_order(w)
    divide_by(w, total)
    mass = label_mass(q)
    soft_gradient(w, q, mass)
    return mass * log(total) + gap


@kernel
def soft_stable_form(w, q, gap, top):
    """Loss ``Q log1p(rest) + gap``, a sum of two terms >= 0; `w` becomes the gradient, which sums to 0."""
    rest = rest_beside_top(w, top)
    divide_by(w, 1 + rest)
    mass = label_mass(q)
    soft_gradient(w, q, mass)
    close_to_zero_sum(w, likeliest(q))
    return mass * log1p(rest) + gap

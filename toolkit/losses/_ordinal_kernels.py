"""Row kernels of ordinal losses: ``(eta, y, grad) -> loss`` of K - 1 numbers and a class from 0 to K - 1."""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.activations.kernels import log1mexp_value
from toolkit.elementary import exp, expm1, log, log1p, sigmoid, softplus

__all__ = []
KERNELS = ["adjacent_loss_naive", "adjacent_loss_stable", "cumulative_loss_naive", "cumulative_loss_stable",
           "stopping_ratio_loss_naive", "stopping_ratio_loss_stable"]


@kernel
def clear(grad):
    for k in range(grad.size):
        grad[k] = 0.0


@kernel
def cumulative_loss_naive(eta, y, grad):
    """``-log(sigma(a) - sigma(b))``, and ``-log(1 - sigma(b))`` of the last class."""
    clear(grad)
    upper = sigmoid(eta[y]) if y < eta.size else 1.0
    lower = sigmoid(eta[y - 1]) if y > 0 else 0.0
    p = upper - lower
    if y < eta.size:
        grad[y] = 0 - upper * (1 - upper) / p
    if y > 0:
        grad[y - 1] = lower * (1 - lower) / p
    return 0 - log(p)


@kernel
def cumulative_loss_stable(eta, y, grad):
    """``sp(-a) + sp(b) - log(1 - e^-d)`` with ``d = a - b``, three terms >= 0; inf where d is not above 0."""
    clear(grad)
    if y == 0:
        grad[0] = 0 - sigmoid(-eta[0])
        return softplus(-eta[0])
    b = eta[y - 1]
    if y == eta.size:
        grad[y - 1] = sigmoid(b)
        return softplus(b)
    a = eta[y]
    d = a - b
    if d < 0:
        grad[y], grad[y - 1] = np.nan, np.nan
        return np.inf
    push = 1 / expm1(d)
    grad[y], grad[y - 1] = 0 - (sigmoid(-a) + push), sigmoid(b) + push
    return softplus(-a) + softplus(b) - log1mexp_value(d)


@kernel
def stopping_ratio_loss_naive(eta, y, grad):
    """The logarithm of a product of probabilities, ``1 - sigma`` formed literally."""
    clear(grad)
    p = 1.0
    for k in range(min(y + 1, eta.size)):
        stop = sigmoid(eta[k])
        p = p * stop if k == y else p * (1 - stop)
        grad[k] = stop - 1 if k == y else stop
    return 0 - log(p)


@kernel
def stopping_ratio_loss_stable(eta, y, grad):
    """``sp(-eta_y) + sum_{j < y} sp(eta_j)``."""
    clear(grad)
    total, lost = 0.0, 0.0
    for k in range(min(y + 1, eta.size)):
        sign = -1 if k == y else 1
        total, lost = add_compensated(total, lost, softplus(sign * eta[k]))
        grad[k] = sign * sigmoid(sign * eta[k])
    return total


@kernel
def adjacent_loss_naive(eta, y, grad):
    """Exponentials of sums, their share, and its logarithm."""
    z, total, label = 0.0, 1.0, 1.0
    for k in range(eta.size):
        z += eta[k]
        grad[k] = exp(z)
        total += grad[k]
        if k + 1 == y:
            label = grad[k]
    above = 0.0
    for k in range(eta.size - 1, -1, -1):
        above += grad[k] / total
        grad[k] = above - 1 if k < y else above
    return 0 - log(label / total)


@kernel
def likeliest_adjacent(eta):
    """The class with the largest sum of eta below it; beside a NaN the last one."""
    z, best, top = 0.0, 0.0, 0
    for k in range(eta.size):
        z += eta[k]
        if z > best or z != z:
            best, top = z, k + 1
    return top


@kernel
def adjacent_loss_stable(eta, y, grad):
    """``log1p(rest) + gap``, both from sums that begin at the likeliest class.

    The gradient is minus the probability of all classes up to k below the label, and that of all beyond k above it: no
    difference. Until then `grad` holds the scores, of class k below the top and of class k + 1 above it.
    """
    top = likeliest_adjacent(eta)
    rest, rest_lost, gap, s, lost = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(top - 1, -1, -1):
        s, lost = add_compensated(s, lost, -eta[j])
        grad[j] = exp(s)
        rest, rest_lost = add_compensated(rest, rest_lost, grad[j])
        if j == y:
            gap = s
    s, lost = 0.0, 0.0
    for j in range(top, eta.size):
        s, lost = add_compensated(s, lost, eta[j])
        grad[j] = exp(s)
        rest, rest_lost = add_compensated(rest, rest_lost, grad[j])
        if j + 1 == y:
            gap = s
    total, held = 1 + rest, 1.0
    share, share_lost = 0.0, 0.0
    for k in range(y):
        weight = grad[k] if k < top else held if k > top else 1.0
        held = grad[k]
        share, share_lost = add_compensated(share, share_lost, weight)
        grad[k] = 0 - share / total
    share, share_lost = 0.0, 0.0
    for k in range(eta.size - 1, y - 1, -1):
        weight = grad[k] if k >= top else held if k + 1 < top else 1.0
        held = grad[k]
        share, share_lost = add_compensated(share, share_lost, weight)
        grad[k] = share / total
    return log1p(rest) - gap

"""Rows of targets for regression by classification: a number as probabilities of bins, or of atoms."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import erf, exp, log

_SQRT_HALF = 0.7071067811865476
_HALF_LOG_2PI = 0.9189385332046727
_FROM_HERE_A_FRACTION = 1.0


@kernel
def mills_ratio(x, fmt):
    """``Q(x) / phi(x)``, the upper tail of the normal law over its density, for x >= 0: no underflow.

    A continued fraction from 1 on, read from its end; below, the error function.
    """
    one = like(1.0, x)
    if x < like(_FROM_HERE_A_FRACTION, x):
        tail = rnd(rnd(one - rnd(erf(rnd(x * like(_SQRT_HALF, x), fmt)), fmt), fmt) * like(0.5, x), fmt)
        return rnd(tail * rnd(exp(rnd(rnd(rnd(x * x, fmt) * like(0.5, x), fmt)
                                      + rnd(like(_HALF_LOG_2PI, x), fmt), fmt)), fmt), fmt)
    terms = 12 + np.int64(like(240.0, x) / min(x * x, like(1e4, x)))
    below = x
    for k in range(terms, 0, -1):
        below = rnd(x + rnd(like(k, x) / below, fmt), fmt)
    return rnd(one / below, fmt)


@kernel
def log_mass(a, b, fmt):
    """``log(Phi(b) - Phi(a))`` for a < b, in whichever tail: reflected so that nothing near 1 is subtracted."""
    zero, half = like(0.0, a), like(0.5, a)
    if b < zero:
        a, b = -b, -a
    if a <= zero:
        root = rnd(like(_SQRT_HALF, a), fmt)
        right, left = rnd(erf(rnd(b * root, fmt)), fmt), rnd(erf(rnd(-a * root, fmt)), fmt)
        return rnd(log(rnd(rnd(right + left, fmt) * half, fmt)), fmt)
    fall = rnd(rnd(rnd(b - a, fmt) * rnd(b + a, fmt), fmt) * half, fmt)
    beyond = zero
    if fall < like(np.inf, fall):
        beyond = rnd(rnd(exp(-fall), fmt) * mills_ratio(b, fmt), fmt)
    density = rnd(rnd(rnd(a * a, fmt) * half, fmt) + rnd(like(_HALF_LOG_2PI, a), fmt), fmt)
    return rnd(rnd(log(rnd(mills_ratio(a, fmt) - beyond, fmt)), fmt) - density, fmt)


@kernel
def hl_gauss_row(target, low, high, spread, p, fmt):
    """Probabilities of the bins of [low, high] under N(target, (spread * width)^2), given that it is inside."""
    width = rnd(rnd(high - low, fmt) / like(p.size, target), fmt)
    sigma = rnd(spread * width, fmt)
    edge = rnd(rnd(low - target, fmt) / sigma, fmt)
    best = like(-np.inf, target)
    for i in range(p.size):
        nxt = rnd(rnd(rnd(low + rnd(width * like(i + 1, target), fmt), fmt) - target, fmt) / sigma, fmt)
        p[i] = log_mass(edge, nxt, fmt)
        edge = nxt
        if p[i] > best:
            best = p[i]
    total = like(0.0, target)
    for i in range(p.size):
        p[i] = rnd(exp(rnd(p[i] - best, fmt)), fmt)
        total = rnd(total + p[i], fmt)
    for i in range(p.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def hl_gauss_naive(target, low, high, spread, p, fmt):
    """Differences of the error function over their sum: 0/0 for a target far outside."""
    width = rnd(rnd(high - low, fmt) / like(p.size, target), fmt)
    scale = rnd(rnd(rnd(spread * width, fmt) / like(_SQRT_HALF, target), fmt), fmt)
    first = rnd(erf(rnd(rnd(low - target, fmt) / scale, fmt)), fmt)
    below = first
    for i in range(p.size):
        edge = rnd(rnd(low + rnd(width * like(i + 1, target), fmt), fmt) - target, fmt)
        above = rnd(erf(rnd(edge / scale, fmt)), fmt)
        p[i] = rnd(above - below, fmt)
        below = above
    total = rnd(below - first, fmt)
    for i in range(p.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def split_between_atoms(target, weight, low, high, p, fmt):
    """Add `weight` to the two atoms beside `target`, so that their mean is `target`, moved into [low, high]."""
    last = p.size - 1
    step = rnd(rnd(high - low, fmt) / like(last, target), fmt)
    target = min(max(target, low), high)
    place = rnd(rnd(target - low, fmt) / step, fmt)
    left = min(np.int64(np.floor(place)), last - 1)  # at the last atom too there is one to the right
    share = rnd(place - like(left, target), fmt)
    if share > like(1.0, target):
        share = like(1.0, target)
    p[left] = rnd(p[left] + rnd(weight * rnd(like(1.0, target) - share, fmt), fmt), fmt)
    p[left + 1] = rnd(p[left + 1] + rnd(weight * share, fmt), fmt)


@kernel
def two_hot_row(target, low, high, p, fmt):
    """Probabilities of the atoms of [low, high], 0 but for the two beside `target`."""
    for i in range(p.size):
        p[i] = like(0.0, target)
    if target != target:
        p[0] = target
    else:
        split_between_atoms(target, like(1.0, target), low, high, p, fmt)


@kernel
def categorical_row(q, reward, discount, low, high, p, fmt):
    """The law of ``reward + discount Z``, Z with probabilities `q` on the atoms, brought back onto them."""
    step = rnd(rnd(high - low, fmt) / like(q.size - 1, low), fmt)
    for i in range(p.size):
        p[i] = like(0.0, low)
    for j in range(q.size):
        atom = rnd(low + rnd(step * like(j, low), fmt), fmt)
        moved = rnd(reward + rnd(discount * atom, fmt), fmt)
        if moved != moved:
            p[0] = moved
        else:
            split_between_atoms(moved, q[j], low, high, p, fmt)


@kernel
def categorical_naive(q, reward, discount, low, high, p, fmt):
    """With floor and ceiling, as first published: an atom that lands on an atom gives its weight to neither."""
    step = rnd(rnd(high - low, fmt) / like(q.size - 1, low), fmt)
    for i in range(p.size):
        p[i] = like(0.0, low)
    for j in range(q.size):
        atom = rnd(low + rnd(step * like(j, low), fmt), fmt)
        moved = min(max(rnd(reward + rnd(discount * atom, fmt), fmt), low), high)
        place = rnd(rnd(moved - low, fmt) / step, fmt)
        left, right = np.int64(np.floor(place)), np.int64(np.ceil(place))
        p[left] = rnd(p[left] + rnd(q[j] * rnd(like(right, low) - place, fmt), fmt), fmt)
        p[right] = rnd(p[right] + rnd(q[j] * rnd(place - like(left, low), fmt), fmt), fmt)

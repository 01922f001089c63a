"""Rows of targets for regression by classification: a number as probabilities of bins, or of atoms."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers, like, over_exactly, times_exactly, unrounded
from toolkit.elementary import erf, exp, log

__all__ = []

_SQRT_HALF = 0.7071067811865476
_HALF_LOG_2PI = 0.9189385332046727


@kernel
def mills_ratio(x):
    """``Q(x) / phi(x)``, the upper tail of the normal law over its density, for x >= 0: no underflow.

    A continued fraction from 1 on, read from its end; below, the error function.
    """
    if x < 1:
        tail = (1 - erf(times_exactly(x, _SQRT_HALF))) * 0.5
        return tail * exp(x * x * 0.5 + _HALF_LOG_2PI)
    terms = 12 + np.int64(float(240 / min(unrounded(x) * unrounded(x), 1e4)))
    below = x
    for k in range(terms, 0, -1):
        below = x + k / unrounded(below)
    return 1 / below


@kernel
def log_mass(a, b):
    """``log(Phi(b) - Phi(a))`` for a < b, in whichever tail: reflected so that nothing near 1 is subtracted."""
    if b < 0:
        a, b = -b, -a
    if a <= 0:
        return log((erf(b * _SQRT_HALF) + erf(-a * _SQRT_HALF)) * 0.5)
    fall = (b - a) * (b + a) * 0.5
    beyond = exp(-fall) * mills_ratio(b) if fall < np.inf else 0.0
    return log(mills_ratio(a) - beyond) - (a * a * 0.5 + _HALF_LOG_2PI)


@kernel
def hl_gauss_row(target, low, high, spread, p):
    """Probabilities of the bins of [low, high] under N(target, (spread * width)^2), given that it is inside."""
    target, low, high, spread = as_numbers((target, low, high, spread), p)
    width = over_exactly(high - low, p.size)
    sigma = spread * width
    edge = (low - target) / sigma
    best = -np.inf
    for i in range(p.size):
        nxt = (low + times_exactly(width, i + 1) - target) / sigma
        p[i] = log_mass(edge, nxt)
        edge = nxt
        best = max(best, p[i])
    total = 0.0
    for i in range(p.size):
        p[i] = exp(p[i] - best)
        total += p[i]
    for i in range(p.size):
        p[i] /= total


@kernel
def hl_gauss_naive(target, low, high, spread, p):
    """Differences of the error function over their sum: 0/0 for a target far outside."""
    target, low, high, spread = as_numbers((target, low, high, spread), p)
    width = over_exactly(high - low, p.size)
    scale = over_exactly(spread * width, _SQRT_HALF)
    first = erf((low - target) / scale)
    below = first
    for i in range(p.size):
        above = erf((low + times_exactly(width, i + 1) - target) / scale)
        p[i] = above - below
        below = above
    total = below - first
    for i in range(p.size):
        p[i] /= total


@kernel
def split_between_atoms(target, weight, low, high, p):
    """Add `weight` to the two atoms beside `target`, so that their mean is `target`, moved into [low, high]."""
    last = p.size - 1
    step = over_exactly(high - low, last)
    target = min(max(target, low), high)
    place = (target - low) / step
    left = min(np.int64(float(np.floor(place))), last - 1)  # at the last atom too there is one to the right
    share = min(like(unrounded(place) - left, p), 1)
    p[left] += weight * (1 - share)
    p[left + 1] += weight * share


@kernel
def two_hot_row(target, low, high, p):
    """Probabilities of the atoms of [low, high], 0 but for the two beside `target`."""
    target, low, high = as_numbers((target, low, high), p)
    for i in range(p.size):
        p[i] = 0.0
    if target != target:
        p[0] = target
    else:
        split_between_atoms(target, 1.0, low, high, p)


@kernel
def categorical_row(q, reward, discount, low, high, p):
    """The law of ``reward + discount Z``, Z with probabilities `q` on the atoms, brought back onto them."""
    reward, discount, low, high = as_numbers((reward, discount, low, high), p)
    step = over_exactly(high - low, q.size - 1)
    for i in range(p.size):
        p[i] = 0.0
    for j in range(q.size):
        moved = reward + discount * (low + times_exactly(step, j))
        if moved != moved:
            p[0] = moved
        else:
            split_between_atoms(moved, q[j], low, high, p)


@kernel
def categorical_naive(q, reward, discount, low, high, p):
    """With floor and ceiling, as first published: an atom that lands on an atom gives its weight to neither."""
    reward, discount, low, high = as_numbers((reward, discount, low, high), p)
    step = over_exactly(high - low, q.size - 1)
    for i in range(p.size):
        p[i] = 0.0
    for j in range(q.size):
        moved = min(max(reward + discount * (low + times_exactly(step, j)), low), high)
        place = (moved - low) / step
        left, right = np.int64(float(np.floor(place))), np.int64(float(np.ceil(place)))
        p[left] += q[j] * (right - unrounded(place))
        p[right] += q[j] * (unrounded(place) - left)

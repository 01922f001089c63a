"""Sparse maps as they are usually written: sorted running sums without a shift, and bisection for τ.

The sorted forms need a row of their own to sort in: `p` must not be `z`.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import pow
from toolkit.softmax._shift import shifted, top_class
from toolkit._core.sorting import sort_descending

__all__ = ["alpha_entmax_bisection", "entmax15_sorted", "sparsemax_sorted"]

_BISECTIONS = 50


@kernel
def sparsemax_sorted(z, p, fmt):
    """Sort, ``k z_(k) > sum of the k largest - 1`` for the size of the support, then τ: sums grow with an offset."""
    zero, one = like(0.0, z[0]), like(1.0, z[0])
    for i in range(z.size):
        p[i] = z[i]
    sort_descending(p)
    total, tau = zero, zero
    for k in range(p.size):
        total = rnd(total + p[k], fmt)
        excess, count = rnd(total - one, fmt), like(k + 1, z[0])
        if k == 0 or not rnd(count * p[k], fmt) <= excess:
            tau = rnd(excess / count, fmt)
    for i in range(z.size):
        gap = shifted(z[i], tau, fmt)
        p[i] = zero if gap < zero else gap


@kernel
def entmax15_sorted(z, p, fmt):
    """Sort, running mean M and mean square Q, τ by a quadratic equation: ``Q - M²`` cancels beside an offset."""
    zero, one, half = like(0.0, z[0]), like(1.0, z[0]), like(0.5, z[0])
    for i in range(z.size):
        p[i] = rnd(z[i] * half, fmt)
    sort_descending(p)
    total, squares, tau = zero, zero, zero
    for k in range(p.size):
        if k > 0 and p[k] == -np.inf:
            continue
        count = like(k + 1, z[0])
        total = rnd(total + p[k], fmt)
        squares = rnd(squares + rnd(p[k] * p[k], fmt), fmt)
        mean = rnd(total / count, fmt)
        spread = rnd(rnd(squares / count, fmt) - rnd(mean * mean, fmt), fmt)
        left = rnd(rnd(one - rnd(count * spread, fmt), fmt) / count, fmt)
        following = rnd(mean - rnd(np.sqrt(zero if left < zero else left), fmt), fmt)
        if k == 0 or not following > p[k]:
            tau = following
    for i in range(z.size):
        gap = shifted(rnd(z[i] * half, fmt), tau, fmt)
        p[i] = zero if gap < zero else rnd(gap * gap, fmt)


@kernel
def entmax_bisection(z, order, p, fmt):
    """τ between ``ε max z - 1`` and ``ε max z``, halved 50 times; then the sum is divided out, as libraries do."""
    zero, one = like(0.0, z[0]), like(1.0, z[0])
    order = rnd(order, fmt)
    power = rnd(one / order, fmt)
    top = rnd(order * z[top_class(z)], fmt)
    low, width, total = rnd(top - one, fmt), one, one
    for step in range(_BISECTIONS + 1):
        width = rnd(width * like(0.5, top), fmt)
        tau = low if step == _BISECTIONS else rnd(low + width, fmt)
        total = zero
        for i in range(z.size):
            base = shifted(rnd(order * z[i], fmt), tau, fmt)
            p[i] = zero if base <= zero else rnd(pow(base, power), fmt)
            total = rnd(total + p[i], fmt)
        if total >= one:
            low = tau
    for i in range(z.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def alpha_entmax_bisection(z, alpha, p, fmt):
    entmax_bisection(z, alpha - like(1.0, alpha), p, fmt)

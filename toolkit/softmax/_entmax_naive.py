"""Sparse maps as they are usually written: sorted running sums without a shift, and bisection for τ.

The sorted forms need a row of their own to sort in: `p` must not be `z`.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, over_exactly, times_exactly
from toolkit._core.sorting import sort_descending
from toolkit.elementary import pow
from toolkit.softmax._shift import shifted, top_class

__all__ = []
KERNELS = ["alpha_entmax_bisection", "entmax15_sorted", "sparsemax_sorted"]

_BISECTIONS = 50


@kernel
def sparsemax_sorted(z, p):
    """Sort, ``k z_(k) > sum of the k largest - 1`` for the size of the support, then τ: sums grow with an offset."""
    for i in range(z.size):
        p[i] = z[i]
    sort_descending(p)
    total, tau = 0.0, 0.0
    for k in range(p.size):
        total += p[k]
        excess = total - 1
        if k == 0 or not times_exactly(p[k], k + 1) <= excess:
            tau = over_exactly(excess, k + 1)
    for i in range(z.size):
        p[i] = max(shifted(z[i], tau), 0)


@kernel
def entmax15_sorted(z, p):
    """Sort, running mean M and mean square Q, τ by a quadratic equation: ``Q - M²`` cancels beside an offset."""
    for i in range(z.size):
        p[i] = 0.5 * z[i]
    sort_descending(p)
    total, squares, tau = 0.0, 0.0, 0.0
    for k in range(p.size):
        if k > 0 and p[k] == -np.inf:
            continue
        total += p[k]
        squares += p[k] * p[k]
        mean = over_exactly(total, k + 1)
        spread = over_exactly(squares, k + 1) - mean * mean
        left = over_exactly(1 - times_exactly(spread, k + 1), k + 1)
        following = mean - np.sqrt(max(left, 0))
        if k == 0 or not following > p[k]:
            tau = following
    for i in range(z.size):
        gap = max(shifted(0.5 * z[i], tau), 0)
        p[i] = gap * gap


@kernel
def powers_above(z, order, tau, p):
    """Fill ``p_i = [ε z_i - τ]_+^(1 / ε)`` and give their sum."""
    power, total = 1 / order, 0.0
    for i in range(z.size):
        base = shifted(order * z[i], tau)
        if base <= 0:
            p[i] = 0
        else:
            p[i] = pow(base, power)
        total += p[i]
    return total


@kernel
def entmax_bisection(z, order, p):
    """τ between ``ε max z - 1`` and ``ε max z``, halved 50 times; then the sum is divided out, as libraries do.

    Once the width no longer moves τ in the format, no later halving can, and the rest are left out.
    """
    order = like(order, z)
    low, width = order * z[top_class(z)] - 1, 1.0
    for _ in range(_BISECTIONS):
        width *= 0.5
        tau = low + width
        if tau == low:
            break
        if powers_above(z, order, tau, p) >= 1:
            low = tau
    total = powers_above(z, order, low, p)
    for i in range(z.size):
        p[i] /= total


@kernel
def alpha_entmax_bisection(z, alpha, p):
    """`entmax_bisection` for α."""
    entmax_bisection(z, alpha - 1, p)

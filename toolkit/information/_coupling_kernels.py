"""Kernels that couple two distributions: by matching masses one after the other, and by trying every order of that."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.elementary import log

__all__ = []
KERNELS = ["bits_of", "exact_coupling", "exact_work_size", "greedy_coupling", "independent_cells",
           "through_code", "zero_seeking_coupling"]

BIT = 0.6931471805599453  # in nats
DEAD = 1e-13  # a mass that rounding has left


@kernel
def bits_of(cells):
    """``-sum c log2 c`` of all entries of a table, in bits."""
    total = 0.0
    for i in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            if cells[i, j] > 0:
                total -= cells[i, j] * log(cells[i, j])
    return total / BIT


@kernel
def independent_cells(p, q, cells):
    for i in range(p.size):
        for j in range(q.size):
            cells[i, j] = p[i] * q[j]


@kernel
def copied(p, q, left, over, cells):
    for i in range(p.size):
        left[i] = p[i]
        for j in range(q.size):
            cells[i, j] = 0.0
    for j in range(q.size):
        over[j] = q[j]


@kernel
def matched(left, over, i, j):
    """The smaller of two masses, which is then 0; the other has lost as much. What rounding leaves goes with it."""
    if left[i] < over[j]:
        mass = left[i]
        left[i] = 0.0
        over[j] -= mass
        if over[j] < DEAD:
            over[j] = 0.0
    else:
        mass = over[j]
        over[j] = 0.0
        left[i] -= mass
        if left[i] < DEAD:
            left[i] = 0.0
    return mass


@kernel
def largest(x):
    at = 0
    for i in range(1, x.size):
        if x[i] > x[at]:
            at = i
    return at


@kernel
def greedy_coupling(p, q, left, over, cells):
    """Match the largest masses that are left, again and again; `left` and `over` are room like p and q."""
    copied(p, q, left, over, cells)
    for _ in range(p.size + q.size):
        i, j = largest(left), largest(over)
        if left[i] <= 0 or over[j] <= 0:
            break
        cells[i, j] += matched(left, over, i, j)


@kernel
def zero_seeking_coupling(p, q, left, over, cells):
    """Match the two masses that are nearest to each other, so that hardly anything is left of either."""
    copied(p, q, left, over, cells)
    for _ in range(p.size + q.size):
        row, column, least = -1, -1, np.inf
        for i in range(p.size):
            for j in range(q.size):
                if left[i] > 0 and over[j] > 0 and abs(left[i] - over[j]) < least:
                    row, column, least = i, j, abs(left[i] - over[j])
        if row < 0:
            break
        cells[row, column] += matched(left, over, row, column)


@kernel
def exact_work_size(n, m):
    """How many numbers `exact_coupling` works in."""
    return (n + m + 1) * (n + m + 3)


@kernel
def cost_of(mass):
    return -mass * log(mass) if mass > 0 else 0.0


@kernel
def least_to_come(masses, n):
    """What is left costs at least this: splitting masses further never lowers the sum of ``-x log x``."""
    rows, columns = 0.0, 0.0
    for i in range(masses.size):
        if i < n:
            rows += cost_of(masses[i])
        else:
            columns += cost_of(masses[i])
    return max(rows, columns)


@kernel
def exact_coupling(p, q, work, cells):
    """The coupling with the least entropy, by a search through all orders of matching; returns how many it looked at.

    Entropy is concave, so its minimum is at a vertex of the polytope of couplings. The cells of a vertex make no
    circle, so that one of them empties its row or its column; take it away, and the same holds for what is left. So
    every vertex comes from matching pairs of masses in some order. Two matches that share no row and no column may be
    swapped: of such orders only one is tried. An order is given up where it cannot beat the best one any more.
    """
    n, m = p.size, q.size
    steps, size = n + m, n + m
    masses, rest = work[:(steps + 1) * size].reshape((steps + 1, size)), work[(steps + 1) * size:]
    pairs, costs = rest[:steps + 1], rest[steps + 1:2 * (steps + 1)]
    greedy_coupling(p, q, masses[0, :n], masses[0, n:], cells)
    best = bits_of(cells) * BIT
    for i in range(n):
        masses[0, i] = p[i]
    for j in range(m):
        masses[0, n + j] = q[j]
    depth, pairs[0], costs[0], looked = 0, -1.0, 0.0, 0
    while depth >= 0:
        pair = np.int64(pairs[depth]) + 1
        pairs[depth] = pair
        if pair >= n * m:
            depth -= 1
            continue
        i, j = pair // m, pair % m
        if masses[depth, i] <= 0 or masses[depth, n + j] <= 0:
            continue
        if depth > 0:
            before = np.int64(pairs[depth - 1])
            if before > pair and before // m != i and before % m != j:
                continue
        for k in range(size):
            masses[depth + 1, k] = masses[depth, k]
        mass = matched(masses[depth + 1, :n], masses[depth + 1, n:], i, j)
        costs[depth + 1] = costs[depth] + cost_of(mass)
        looked += 1
        to_come = least_to_come(masses[depth + 1], n)
        if costs[depth + 1] + to_come >= best - 1e-14:
            continue
        if to_come <= 0:  # nothing is left
            best = costs[depth + 1]
            keep(masses, pairs, depth, n, m, cells)
            continue
        depth += 1
        pairs[depth] = -1.0
    return looked


@kernel
def keep(masses, pairs, depth, n, m, cells):
    """Write down the matches of the steps up to `depth`."""
    for i in range(n):
        for j in range(m):
            cells[i, j] = 0.0
    for step in range(depth + 1):
        pair = np.int64(pairs[step])
        i, j = pair // m, pair % m
        cells[i, j] += min(masses[step, i], masses[step, n + j])


@kernel
def through_code(first, second, cells):
    """Joint distribution of X and Y from those of X and T and of T and Y, with Y and X independent given T."""
    for i in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            cells[i, j] = 0.0
    for t in range(second.shape[0]):
        mass = 0.0
        for j in range(second.shape[1]):
            mass += second[t, j]
        for i in range(first.shape[0]):
            for j in range(second.shape[1]):
                if mass > 0:
                    cells[i, j] += first[i, t] * (second[t, j] / mass)

"""Cross-entropy of rows whose labels are probabilities, or classes that are smoothed."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, narrowed
from toolkit._core.lanes import lane, load, memory_of, spread, store, width_of
from toolkit.elementary import log1p
from toolkit.large_arrays._column_lines import emit_terms
from toolkit.large_arrays._cross_entropy_lines import clear
from toolkit.large_arrays._lines import merged, walk_of
from toolkit.large_arrays._log_lines import others_of
from toolkit.large_arrays._walks import added, count_at, nothing, place, quotient_pair, steps_of, two_sum

__all__ = ["smoothed_cross_entropy_lines", "soft_cross_entropy_lines"]


@kernel(forceinline=True)
def both(lines, like, total, lost):
    total, lost = merged(lines, like, total, lost)
    return total if total == np.inf else total + lost  # what inf rounds off is NaN


@kernel(forceinline=True)
def mean_gap(lines, z, walk, m, q):
    """``(sum q (m - z), sum q)`` along a row, where q = 0 adds nothing; by halves, since a gap may overflow."""
    half = 0.5 * m
    gap, gap_lost = nothing(m)
    mass, mass_lost = nothing(m)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        w = load(q, at, count, 0.0)
        x = choose(w == 0.0, 0.0, w * (half - 0.5 * load(z, at, count, -np.inf)))
        gap, gap_lost = added(x, gap, gap_lost)
        mass, mass_lost = added(w, mass, mass_lost)
    return 2.0 * both(lines, m, gap, gap_lost), both(lines, m, mass, mass_lost)


@kernel(forceinline=True)
def classes_present(lines, z, walk, like):
    """How many classes of a row are not -inf."""
    found, none = nothing(like)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), -np.inf)
        found, none = added(choose(x == -np.inf, 0.0, spread(1.0, like)), found, none)
    return both(lines, like, found, none)


@kernel(forceinline=True)
def shared_gap(lines, z, walk, m, share, present):
    """``share sum (m - z)`` over the classes of a row that are not -inf; by halves and parts, which do not overflow."""
    part = 0.5
    while part * present > 1.0:
        part *= 0.5
    top, scale = part * m, spread(narrowed(part, m), m)
    gap, lost = nothing(m)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(z, at, count, -np.inf)
        gap, lost = added(choose(x == -np.inf, 0.0, top - scale * x), gap, lost)
    return (share / part) * both(lines, m, gap, lost)


@kernel(forceinline=True)
def shares_of_sum(lines, walk, grad, others, factor):
    """The terms in `grad` over their sum, times `factor`."""
    m, _r, below, lost, ties, lift = others
    total, rest = two_sum(ties, below)
    hi, lo = quotient_pair(m, factor * lift, total, rest + lost)
    emit_terms(lines, grad, walk, lift, hi, lo)


@kernel(forceinline=True)
def close_row(lines, grad, total, lost, like, y):
    """The label's entry is minus the sum of the others."""
    total, lost = merged(lines, like, total, lost)
    grad[y] = 0.0 - ((total - np.float64(grad[y])) + lost)


@kernel(forceinline=True)
def subtract_labels(lines, walk, grad, q, like, factor, y):
    total, lost = nothing(like)
    negative = spread(narrowed(0.0 - factor, like), like)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        g = fused(negative, load(q, at, count, 0.0), load(grad, at, count, 0.0))
        store(grad, at, count, g)
        total, lost = added(g, total, lost)
    close_row(lines, grad, total, lost, like, y)


@kernel(forceinline=True)
def subtract_share(lines, z, walk, grad, like, share, y):
    """`share` from all classes that are not -inf."""
    total, lost = nothing(like)
    share = spread(narrowed(share, like), like)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        g = load(grad, at, count, 0.0)
        g = choose(load(z, at, count, -np.inf) == -np.inf, g, g - share)
        store(grad, at, count, g)
        total, lost = added(g, total, lost)
    close_row(lines, grad, total, lost, like, y)


@kernel
def soft_cross_entropy_lines(task, z, lines, first, grad):
    """``Q log1p(r) + sum q (m - z)`` with ``Q = sum q`` and, if wanted, its gradient ``Q p - q`` times the factor."""
    q = memory_of(task.q)
    for i in range(lines.count):
        walk, at = walk_of(lines, i, width_of(z)), first + i
        if task.labels[at] < 0:
            if task.want:
                clear(lines, grad, walk, 0)
            continue
        others = others_of(lines, z, walk, grad, task.want)
        m, factor = others[0], np.float64(task.factors[at])
        gap, mass = mean_gap(lines, z, walk, m, q)
        task.losses[at] = mass * log1p(others[1]) + gap
        if task.want:
            shares_of_sum(lines, walk, grad, others, mass * factor)
            subtract_labels(lines, walk, grad, q, m, factor, walk[0] + task.labels[at])


@kernel
def smoothed_cross_entropy_lines(task, z, lines, first, grad):
    """``log1p(r) + (1 - a) (m - z_y) + a / n sum (m - z)`` and, if wanted, its gradient times the factor."""
    for i in range(lines.count):
        walk, at = walk_of(lines, i, width_of(z)), first + i
        if task.labels[at] < 0:
            if task.want:
                clear(lines, grad, walk, 0)
            continue
        y = walk[0] + task.labels[at]
        others = others_of(lines, z, walk, grad, task.want)
        m, factor = others[0], np.float64(task.factors[at])
        present = classes_present(lines, z, walk, m)
        hard, share = 1.0 - task.amount, task.amount / present
        half_gap = 0.5 * np.float64(lane(m, 0)) - 0.5 * np.float64(z[y])
        own = 2.0 * (hard * half_gap) if hard > 0.0 else 0.0
        task.losses[at] = log1p(others[1]) + own + shared_gap(lines, z, walk, m, share, present)
        if task.want:
            shares_of_sum(lines, walk, grad, others, factor)
            subtract_share(lines, z, walk, grad, m, share * factor, y)

"""StableMax, its logarithm and its cross-entropy, on rows and columns alike."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, narrowed, size, widened
from toolkit._core.lanes import by_dtype, lane, load, spread, store, width_of
from toolkit.elementary import log1p
from toolkit.large_arrays._cross_entropy_lines import close_label, label_place
from toolkit.large_arrays._lines import (
    each_of,
    first_of,
    line_count,
    merged,
    number_of,
    settled,
    shared_top,
    summed,
    walk_of,
)
from toolkit.large_arrays._logarithm import log1p_lanes, log_lanes
from toolkit.large_arrays._walks import added, count_at, largest, nothing, place, quotient_pair, steps_of, two_sum

__all__ = ["log_stablemax_lines", "stablemax_cross_entropy_lines", "stablemax_lines"]


@kernel(forceinline=True)
def stable_terms(z, walk, m, out, keep):
    """``(below, lost, small, ties)``: sums of ``s(z) / s(m)`` over z < m and over the rest, but of s(z) itself where
    z < 0 <= m, so that each term takes one division and none overflows or vanishes; terms in `out` if `keep`,
    those of the second kind negated."""
    weight = size(m) + 1.0
    head, cut = choose(m < 0.0, weight, 1.0), choose(m < 0.0, -np.inf, spread(0.0, m))
    below, lost = nothing(m)
    small, small_lost = below, lost
    ties = below
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(z, at, count, -np.inf)
        own = size(x) + 1.0
        q = choose(x < 0.0, head, own) / choose(x < 0.0, own, weight)
        if keep:
            store(out, at, count, choose(x < cut, 0.0 - q, q))
        less = choose(x < m, q, 0.0)
        below, lost = added(choose(x < cut, 0.0, less), below, lost)
        small, small_lost = added(choose(x < cut, less, 0.0), small, small_lost)
        ties = ties + widened(choose(x < m, 0.0, q))
    return below, lost, small + small_lost, ties


@kernel
def weight_of(lines, x):
    """``1 + |x|`` in float64, as a number for a row."""
    return settled(lines, widened(size(x))) + 1.0


@kernel(forceinline=True)
def stable_others(z, lines, walk, out, keep):
    """``(m, r, ties, below, lost)``: the largest number, in all lanes of a row, the sum of ``s(z) / s(m)`` over the
    others, and the parts of the sum over all, which are numbers for a row."""
    m = shared_top(lines, largest(z, walk))
    below, lost, small, ties = stable_terms(z, walk, m, out, keep)
    below, lost = merged(lines, m, below, lost)
    ties = summed(lines, ties)
    lost = lost + summed(lines, small) / weight_of(lines, m)
    return m, (below + lost) + (ties - 1.0), ties, below, lost


@kernel(forceinline=True)
def emit_quotients(z, lines, walk, m, factor, ties, below, lost, out, slopes):
    """`out`, as `stable_terms` left it, times `factor` over the sum; over ``1 + |z|`` besides if `slopes`."""
    total, rest = two_sum(ties, below)
    hi, lo = quotient_pair(m, factor, total, rest + lost)
    small_hi, small_lo = quotient_pair(m, factor / weight_of(lines, m), total, rest + lost)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        term = load(out, at, count, 0.0)
        q = size(term)
        p = fused(q, choose(term < 0.0, small_hi, hi), q * choose(term < 0.0, small_lo, lo))
        store(out, at, count, p / (size(load(z, at, count, 0.0)) + 1.0) if slopes else p)


@kernel
def stablemax_lines(task, z, lines, first, out):
    """``(s(z) / s(m)) / (1 + r)``."""
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        m, _r, ties, below, lost = stable_others(z, lines, walk, out, True)
        emit_quotients(z, lines, walk, m, 1.0, ties, below, lost, out, False)


@kernel
def log_ratio(m, x):
    """``log(s(m) / s(x))`` for numbers x <= m, every sum of two terms >= 0."""
    if x >= 0.0:
        return log1p((m - x) / (1.0 + x))
    if m < 0.0:
        return log1p((m - x) / (1.0 - m))
    return log1p(m) + log1p(-x)


@kernel
def log_term_32(x, m, rest):
    """As differences of ``log s = sign log(1 + |z|)`` in float64; where they cancel, `rest` is at least log 2."""
    m, x = widened(m), widened(x)
    of_m, of_x = log_lanes(size(m) + 1.0), log_lanes(size(x) + 1.0)
    return (choose(m < 0.0, 0.0 - of_m, of_m) - choose(x < 0.0, 0.0 - of_x, of_x)) + rest


@kernel
def log_term_64(x, m, rest):
    """As log1p of what ``s(m) / s(x)`` has above 1; a product if only x is below 0."""
    ratio = choose(x < 0.0, choose(m < 0.0, (m - x) / (size(m) + 1.0), 0.0 - x), (m - x) / (size(x) + 1.0))
    constant = choose(x < 0.0, choose(m < 0.0, 0.0, log1p_lanes(choose(m < 0.0, 0.0, m))), 0.0)
    return log1p_lanes(ratio) + (constant + rest)


# ``log(s(m) / s(x)) + rest`` in float64.
log_term = by_dtype(log_term_32, log_term_64)


@kernel
def log_stablemax_lines(task, z, lines, first, out):
    """``-(log(s(m) / s(z)) + log1p(r))``."""
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        m, r, _ties, _below, _lost = stable_others(z, lines, walk, z, False)
        rest = log1p_lanes(r)
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            store(out, at, count, narrowed(0.0 - log_term(load(z, at, count, -np.inf), m, rest), m))


@kernel
def stablemax_cross_entropy_lines(task, z, lines, first, grad):
    """``log(s(m) / s(z_y)) + log1p(r)`` and, if wanted, its gradient ``(p - [k = y]) / (1 + |z|)`` times the factor."""
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        m, r, ties, below, lost = stable_others(z, lines, walk, grad, task.want)
        count = line_count(lines, walk)
        rest = log1p_lanes(r)
        at = first + first_of(lines, i, width_of(z))
        for j in range(count):
            if task.labels[at + j] >= 0:
                logit = np.float64(z[label_place(lines, walk, task.labels[at + j], j)])
                task.losses[at + j] = log_ratio(np.float64(lane(m, j)), logit) + number_of(lines, rest, j)
            else:
                task.losses[at + j] = 0.0
        if task.want:
            factor = each_of(lines, task.factors, at, count, ties)
            emit_quotients(z, lines, walk, m, factor, ties, below, lost, grad, True)
            for j in range(count):
                label = task.labels[at + j]
                logit = np.float64(z[label_place(lines, walk, max(label, 0), j)])
                slope = np.float64(task.factors[at + j]) / (1.0 + np.abs(logit))
                close_label(z, lines, walk, j, label, slope, lane(m, j), number_of(lines, r, j), grad)

"""log_softmax, logsumexp and cross-entropy, all from ``r = sum over the others of exp(z - max)``."""
import numpy as np

from toolkit._kernel import kernel
from toolkit.elementary import log1p
from toolkit.throughput._exponential import calm_shift, exp_calm, exp_far, lift_of
from toolkit.throughput._lane_arithmetic import choose, largest_of, narrowed, sum_of, widened
from toolkit.throughput._lanes import lane, load, replaced, spread, store, width_of
from toolkit.throughput._lines import (added, are_calm, count_at, difference, extremes, first_of, merged, nothing,
                                       place, quotient_pair, steps_of, two_sum, walk_of)
from toolkit.throughput._softmax_lines import emit_calm, emit_scaled, terms_of

__all__ = ["close_label", "cross_entropy_lines", "emit_log", "exp_others", "factors_of", "label_place", "lines_of",
           "log1p_each", "log_softmax_lines", "logsumexp_lines"]


# log1p(r) beyond this share of |m| keeps its digits in a pair of numbers that holds m as well.
_FAR = 2.0**-20


@kernel
def exp_others(z, walk, m, out, keep):
    """``(below, lost, ties)``: lifted sums of ``exp(z - m)`` over z < m and over the rest; terms in `out` if `keep`."""
    below, lost = nothing(m)
    ties = below
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        d, e = difference(load(z, at, count, -np.inf), m)
        x, term = exp_far(d, e)
        if keep:
            store(out, at, count, term)
        below, lost = added(choose(d < 0.0, x, 0.0), below, lost)
        ties = ties + widened(choose(d < 0.0, 0.0, x))
    return below, lost, ties


@kernel
def calm_others(z, walk, m, shift, out, keep):
    """`exp_others` of a calm row, relative to ``2**base`` and not lifted; ties are counted, NaN among them."""
    below, lost = nothing(m)
    ties, _ = nothing(m)
    steps = steps_of(walk)
    for first in range(0, steps, terms_of(z)):
        part, tied = spread(0.0, m), spread(0.0, m)
        for t in range(first, min(first + terms_of(z), steps)):
            at, count = place(walk, t), count_at(walk, t)
            v = load(z, at, count, -np.inf)
            x = exp_calm(v, shift)
            if keep:
                store(out, at, count, x)
            part = part + choose(v < m, x, 0.0)
            tied = tied + choose(v < m, 0.0, choose(v == m, 1.0, x))
        below, lost = added(part, below, lost)
        ties = ties + widened(tied)
    return below, lost, ties


@kernel
def others_of(z, walk, merge, out, keep):
    """``(m, r, below, lost, ties, lift)`` of each line, in all lanes of a row.

    r is what `below`, the sum over z < m, and `ties`, that over the rest with one of them left out, add up to, relative
    to exp(m). The sums are lifted by `lift`, which is 1 for calm rows.
    """
    m, least = extremes(z, walk)
    calm = merge and are_calm(m, least)
    if merge:
        m = spread(largest_of(m), m)
    lift = 1.0 if calm else lift_of(z)
    if calm:
        shift = calm_shift(m)
        below, lost, ties = calm_others(z, walk, m, shift, out, keep)
        top = widened(exp_calm(m, shift))
    else:
        below, lost, ties = exp_others(z, walk, m, out, keep)
        top = spread(lift, below)
        ties = ties * (1.0 / lift)
    if merge:
        below, lost = merged(m, below, lost)
        ties = spread(sum_of(ties), ties)
    return m, (below + lost) / top + (ties - 1.0), below, lost, ties * top, lift


@kernel
def log1p_each(r, lines):
    """log1p of the first `lines` lanes, or of all from one if that is 1."""
    if lines == 1:
        return spread(log1p(lane(r, 0)), r)
    for j in range(lines):
        r = replaced(r, j, log1p(lane(r, j)))
    return r


@kernel
def lines_of(walk, merge):
    return 1 if merge else walk[3]


@kernel
def emit_difference(z, walk, hi, lo, out):
    """``z - (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        store(out, at, count, (load(z, at, count, -np.inf) - hi) - lo)


@kernel
def emit_log(z, walk, m, hi, lo, out):
    """``(z - m) - (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        d, e = difference(load(z, at, count, -np.inf), m)
        store(out, at, count, (d - hi) + choose(d == -np.inf, 0.0, e - lo))


@kernel
def log_softmax_lines(z, lines, merge, out):
    """``(z - m) - log1p(r)``."""
    for i in range(lines[1]):
        walk = walk_of(lines, i, merge, width_of(z))
        m, r, _below, _lost, _ties, _lift = others_of(z, walk, merge, out, False)
        logarithm = log1p_each(r, lines_of(walk, merge))
        if merge and abs(np.float64(lane(m, 0))) * _FAR <= lane(logarithm, 0):
            sum_of_both, rest = two_sum(widened(m), logarithm)
            hi = narrowed(sum_of_both, m)
            emit_difference(z, walk, hi, narrowed((sum_of_both - widened(hi)) + rest, m), out)
        else:
            hi = narrowed(logarithm, m)
            emit_log(z, walk, m, hi, narrowed(logarithm - widened(hi), m), out)


@kernel
def spoiled(z, walk, merge):
    """NaN in the lanes that hold one, else 0."""
    found = load(z, walk[0], 0, 0.0)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), 0.0)
        found = choose(x == x, found, x)
    return spread(sum_of(found), found) if merge else found


@kernel
def logsumexp_lines(z, lines, merge, first, out):
    """``m + log1p(r)``; m itself if that is infinite and nothing is NaN."""
    for i in range(lines[1]):
        walk = walk_of(lines, i, merge, width_of(z))
        m, r, _below, _lost, _ties, _lift = others_of(z, walk, merge, z, False)
        logarithm = log1p_each(r, lines_of(walk, merge))
        at = first + first_of(i, merge, width_of(z))
        for j in range(lines_of(walk, merge)):
            top = np.float64(lane(m, j))
            if np.isinf(top):
                out[at + j] = top + lane(spoiled(z, walk, merge), j)
            else:
                out[at + j] = top + lane(logarithm, j)


@kernel
def cross_entropy_lines(z, lines, merge, first, labels, factors, losses, grad, want):
    """``(m - z_y) + log1p(r)`` and, if wanted, its gradient ``p - [k = y]`` times the factor of each line."""
    for i in range(lines[1]):
        walk = walk_of(lines, i, merge, width_of(z))
        m, r, below, lost, ties, lift = others_of(z, walk, merge, grad, want)
        count = lines_of(walk, merge)
        logarithm = log1p_each(r, count)
        at = first + first_of(i, merge, width_of(z))
        for j in range(count):
            if labels[at + j] >= 0:
                logit = z[label_place(walk, merge, labels[at + j], j)]
                losses[at + j] = (np.float64(lane(m, j)) - np.float64(logit)) + lane(logarithm, j)
            else:
                losses[at + j] = 0.0
        if want:
            total, rest = two_sum(ties, below)
            hi, lo = quotient_pair(m, factors_of(factors, at, count, ties) * lift, total, rest + lost)
            if lift == 1.0:
                emit_calm(grad, walk, hi, lo)
            else:
                emit_scaled(grad, walk, hi, lo)
            for j in range(count):
                factor = np.float64(factors[at + j])
                close_label(z, walk, merge, j, labels[at + j], factor, lane(m, j), lane(r, j), grad)


@kernel
def close_label(z, walk, merge, j, label, factor, top, others, grad):
    """The label's entry of a gradient: minus the others' share of the sum; ``p_y - 1`` only where that is not small."""
    if label < 0:
        clear(grad, walk, merge, j)
        return
    y = label_place(walk, merge, label, j)
    if z[y] == top:
        grad[y] = 0.0 - factor * (others / (1.0 + others))  # 0 and not -0 for a class alone
    else:
        grad[y] = np.float64(grad[y]) - factor


@kernel
def factors_of(factors, first, lines, like):
    """The factor of each line in its lane, in all lanes of a row."""
    values = spread(np.float64(factors[first]), like)
    for j in range(1, lines):
        values = replaced(values, j, np.float64(factors[first + j]))
    return values


@kernel
def clear(out, walk, merge, j):
    """Zeros in the j-th line."""
    if merge:
        for t in range(steps_of(walk)):
            for i in range(count_at(walk, t)):
                out[place(walk, t) + i] = 0.0
    else:
        for t in range(walk[2]):
            out[place(walk, t) + j] = 0.0


@kernel
def label_place(walk, merge, label, j):
    return walk[0] + label if merge else walk[0] + j + label * walk[1]

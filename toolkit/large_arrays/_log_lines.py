"""log_softmax and logsumexp, from ``r = sum over the others of exp(z - max)``."""
import numpy as np
from numba.extending import overload

from toolkit._core.across_lanes import any_of, count_of, sum_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, narrowed, size, widened
from toolkit._core.lanes import Lanes, lane, load, replaced, spread, store, width_of
from toolkit.large_arrays._column_lines import keep_calm
from toolkit.large_arrays._exponential import calm_shift, exp_calm, exp_far, lift_of
from toolkit.large_arrays._lines import (
    by_layout,
    calm_columns,
    first_of,
    lines_from,
    merged,
    number_of,
    row_is_calm,
    shared_top,
    summed,
    walk_of,
    walk_with,
    walks_together,
)
from toolkit.large_arrays._logarithm import log1p_lanes
from toolkit.large_arrays._softmax_lines import terms_of
from toolkit.large_arrays._walks import added, count_at, difference, extremes, nothing, place, steps_of, two_sum

__all__ = ["calm_others", "emit_log", "exp_others", "log_softmax_lines", "logsumexp_lines", "others_of"]


# log1p(r) beyond this share of |m| keeps its digits in a pair of numbers that holds m as well.
_FAR = 2.0**-20
_NEAR = 2**13  # entries of rows walked again before they leave the first-level cache


@kernel(forceinline=True)
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


def tied(ties, equal):
    """A count of ties, in all lanes together or in each, and those of one more step."""
    return ties + equal if np.ndim(ties) else ties + count_of(equal)


@overload(tied)
def _tied(ties, equal):
    if isinstance(ties, Lanes):
        return lambda ties, equal: choose(equal, ties + 1.0, ties)
    return lambda ties, equal: ties + count_of(equal)


@kernel(forceinline=True)
def calm_others(z, walk, m, shift, ties, out, keep):
    """`exp_others` of calm lines, relative to ``2**base`` and not lifted; `ties` are counted on, NaN is below."""
    below, lost = nothing(m)
    steps = steps_of(walk)
    for first in range(0, steps, terms_of(z)):
        part = spread(0.0, m)
        for t in range(first, min(first + terms_of(z), steps)):
            at, count = place(walk, t), count_at(walk, t)
            v = load(z, at, count, -np.inf)
            x = exp_calm(v, shift)
            if keep:
                store(out, at, count, x)
            part = part + choose(v == m, 0.0, x)
            ties = tied(ties, v == m)
        below, lost = added(part, below, lost)
    return below, lost, ties


@kernel(forceinline=True)
def others_of_row(lines, z, walk, out, keep):
    """``(m, r, below, lost, ties, lift)`` of a row: m in all lanes, the rest numbers.

    r is what `below`, the sum over z < m, and `ties`, that over the rest with one of them left out, add up to, relative
    to exp(m). The sums are lifted by `lift`, which is 1 for calm rows.
    """
    highest, least = extremes(z, walk)
    m = shared_top(lines, highest)
    calm = row_is_calm(m, least)
    lift = 1.0 if calm else lift_of(z)
    if calm:
        shift = calm_shift(m)
        below, lost, count = calm_others(z, walk, m, shift, 0, out, keep)
        ties = np.float64(count)
        top = np.float64(lane(exp_calm(m, shift), 0))
    else:
        below, lost, lifted = exp_others(z, walk, m, out, keep)
        ties = sum_of(lifted) * (1.0 / lift)
        top = lift
    below, lost = merged(lines, m, below, lost)
    return m, (below + lost) / top + (ties - 1.0), below, lost, ties * top, lift


@kernel(forceinline=True)
def others_of_columns(lines, z, walk, out, keep):
    """`others_of_row` of columns side by side: all of them in lanes, and each lane as if it were alone."""
    m, least = extremes(z, walk)
    calm, shift = calm_columns(lines, m, least), calm_shift(m)
    count = count_of(calm == 1.0)
    below, lost = nothing(m)
    ties, top = below, below
    if count < walk[3]:
        below, lost, ties = exp_others(z, walk, m, out, keep)
        ties, top = ties * (1.0 / lift_of(z)), spread(lift_of(z), below)
    if count > 0:
        other, rest, counted = calm_others(z, walk, m, shift, spread(0.0, m), out, keep and count == walk[3])
        if keep and count < walk[3]:
            keep_calm(z, walk, shift, calm, out)
        below, lost = choose(calm == 1.0, other, below), choose(calm == 1.0, rest, lost)
        ties = choose(calm == 1.0, widened(counted), ties)
        top = choose(calm == 1.0, widened(exp_calm(m, shift)), top)
    lift = choose(calm == 1.0, spread(1.0, below), lift_of(z))
    return m, (below + lost) / top + (ties - 1.0), below, lost, ties * top, lift


# ``(m, r, below, lost, ties, lift)`` of the line or lines of a walk: ``others_of(lines, z, walk, out, keep)``.
others_of = by_layout(others_of_row, others_of_columns)


@kernel(forceinline=True)
def emit_difference(z, walk, hi, lo, out):
    """``z - (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        store(out, at, count, (load(z, at, count, -np.inf) - hi) - lo)


@kernel(forceinline=True)
def emit_log(z, walk, m, hi, lo, out):
    """``(z - m) - (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        d, e = difference(load(z, at, count, -np.inf), m)
        store(out, at, count, (d - hi) + choose(d == -np.inf, 0.0, e - lo))


@kernel(forceinline=True)
def emit_columns(lines, z, walk, m, logarithm, out):
    hi = narrowed(logarithm, m)
    emit_log(z, walk, m, hi, narrowed(logarithm - widened(hi), m), out)


@kernel(forceinline=True)
def emit_row(lines, z, walk, m, logarithm, out):
    top = np.float64(lane(m, 0))
    if abs(top) * _FAR <= logarithm:
        both, rest = two_sum(top, logarithm)
        hi = narrowed(both, m)
        emit_difference(z, walk, hi, narrowed((both - widened(hi)) + rest, m), out)
    else:
        emit_columns(lines, z, walk, m, logarithm, out)


@kernel(forceinline=True)
def rows_of_logs(lines, z, i, rows, out):
    """As many rows as lanes: one logarithm is enough for them."""
    like = load(z, lines.base, 0, 0.0)
    tops, others = nothing(like)
    for j in range(rows):
        m, r, _below, _lost, _ties, _lift = others_of_row(lines, z, walk_of(lines, i + j, width_of(z)), out, False)
        tops, others = replaced(tops, j, np.float64(lane(m, 0))), replaced(others, j, r)
    logarithms = log1p_lanes(others)
    for j in range(rows):
        m = spread(narrowed(lane(tops, j), like), like)
        emit_row(lines, z, walk_of(lines, i + j, width_of(z)), m, lane(logarithms, j), out)


@kernel(forceinline=True)
def walk_of_logs(lines, z, i, rows, out):
    walk = walk_of(lines, i, width_of(z))
    m, r, _below, _lost, _ties, _lift = others_of_columns(lines, z, walk, out, False)
    emit_columns(lines, z, walk, m, log1p_lanes(r), out)


emit_logs = by_layout(rows_of_logs, walk_of_logs)


@kernel
def log_softmax_lines(task, z, lines, first, out):
    """``(z - m) - log1p(r)``."""
    rows = walks_together(lines, max(1, min(width_of(z), _NEAR // lines.classes)))
    for i in range(0, lines.count, rows):
        emit_logs(lines, z, i, min(rows, lines.count - i), out)


@kernel
def has_nan(z, lines, walk, j):
    """Whether the j-th line of a walk does."""
    found = load(z, walk[0], 0, 0.0)
    for t in range(steps_of(walk)):
        x = load(z, place(walk, t), count_at(walk, t), 0.0)
        found = choose(x == x, found, x)
    return np.isnan(number_of(lines, summed(lines, found), j))


@kernel(forceinline=True)
def rows_of_sums(lines, z, i, rows):
    """``(m, r)`` in a lane for each of some rows."""
    tops, others = nothing(load(z, lines.base, 0, 0.0))
    for j in range(rows):
        m, r, _below, _lost, _ties, _lift = others_of_row(lines, z, walk_of(lines, i + j, width_of(z)), z, False)
        tops, others = replaced(tops, j, np.float64(lane(m, 0))), replaced(others, j, r)
    return tops, others


@kernel(forceinline=True)
def walk_of_sums(lines, z, i, rows):
    m, r, _below, _lost, _ties, _lift = others_of_columns(lines, z, walk_of(lines, i, width_of(z)), z, False)
    return widened(m), r


sums_of = by_layout(rows_of_sums, walk_of_sums)


@kernel
def logsumexp_lines(task, z, lines, first, out):
    """``m + log1p(r)``; m itself if that is infinite and nothing is NaN."""
    like = load(z, lines.base, 0, 0.0)
    for i in range(0, lines.count, walks_together(lines, width_of(z))):
        at, count = first + first_of(lines, i, width_of(z)), lines_from(lines, i, width_of(z))
        tops, others = sums_of(lines, z, i, count)
        store(out, at, count, narrowed(tops + log1p_lanes(others), like))
        if any_of(size(tops) == np.inf):
            for j in range(count):
                if np.isinf(lane(tops, j)):
                    nan = has_nan(z, lines, walk_with(lines, i, j, width_of(z)), j)
                    out[at + j] = np.nan if nan else lane(tops, j)

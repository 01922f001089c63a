"""Cross-entropy and its gradient, from the sums of `_log_lines`."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import narrowed
from toolkit._core.lanes import lane, load, replaced, store, width_of
from toolkit.large_arrays._column_lines import emit_terms
from toolkit.large_arrays._lines import (
    by_layout,
    each_of,
    first_of,
    line_count,
    lines_from,
    number_of,
    walk_of,
    walks_together,
)
from toolkit.large_arrays._log_lines import others_of
from toolkit.large_arrays._logarithm import log1p_lanes
from toolkit.large_arrays._walks import nothing, quotient_pair, two_sum

__all__ = ["close_label", "cross_entropy_lines", "label_place"]


@kernel(forceinline=True)
def walk_entropy(lines, task, z, walk, at, grad):
    """``(m - z_y, r)`` of each line, both 0 where there is no label; the gradient goes into `grad` if wanted."""
    m, r, below, lost, ties, lift = others_of(lines, z, walk, grad, task.want)
    count = line_count(lines, walk)
    if task.want:
        total, rest = two_sum(ties, below)
        hi, lo = quotient_pair(m, each_of(lines, task.factors, at, count, ties) * lift, total, rest + lost)
        emit_terms(lines, grad, walk, lift, hi, lo)
        for j in range(count):
            close_label(z, lines, walk, j, task.labels[at + j], np.float64(task.factors[at + j]), lane(m, j),
                        number_of(lines, r, j), grad)
    return m, r


@kernel(forceinline=True)
def distance(lines, task, z, walk, m, at, j):
    """``m - z_y`` of the j-th line of a walk."""
    return np.float64(lane(m, j)) - np.float64(z[label_place(lines, walk, task.labels[at + j], j)])


@kernel(forceinline=True)
def row_entropies(lines, task, z, i, rows, first, grad):
    """``(m - z_y, r)`` in a lane for each of some rows."""
    distances, others = nothing(load(z, lines.base, 0, 0.0))
    for j in range(rows):
        walk = walk_of(lines, i + j, width_of(z))
        m, r = walk_entropy(lines, task, z, walk, first + i + j, grad)
        if task.labels[first + i + j] >= 0:
            distances = replaced(distances, j, distance(lines, task, z, walk, m, first + i + j, 0))
            others = replaced(others, j, r)
    return distances, others


@kernel(forceinline=True)
def column_entropies(lines, task, z, i, columns, first, grad):
    walk = walk_of(lines, i, width_of(z))
    at = first + first_of(lines, i, width_of(z))
    m, others = walk_entropy(lines, task, z, walk, at, grad)
    distances = nothing(m)[0]
    for j in range(columns):
        if task.labels[at + j] >= 0:
            distances = replaced(distances, j, distance(lines, task, z, walk, m, at, j))
        else:
            others = replaced(others, j, 0.0)
    return distances, others


entropies = by_layout(row_entropies, column_entropies)


@kernel
def cross_entropy_lines(task, z, lines, first, grad):
    """``(m - z_y) + log1p(r)`` and, if wanted, its gradient ``p - [k = y]`` times the factor of each line."""
    like = load(z, lines.base, 0, 0.0)
    for i in range(0, lines.count, walks_together(lines, width_of(z))):
        count = lines_from(lines, i, width_of(z))
        distances, others = entropies(lines, task, z, i, count, first, grad)
        at = first + first_of(lines, i, width_of(z))
        store(task.losses, at, count, narrowed(distances + log1p_lanes(others), like))


@kernel(forceinline=True)
def close_label(z, lines, walk, j, label, factor, top, others, grad):
    """The label's entry of a gradient: minus the others' share of the sum; ``p_y - 1`` only where that is not small."""
    if label < 0:
        clear(lines, grad, walk, j)
        return
    y = label_place(lines, walk, label, j)
    if z[y] == top:
        grad[y] = 0.0 - factor * (others / (1.0 + others))  # 0 and not -0 for a class alone
    else:
        grad[y] = np.float64(grad[y]) - factor


@kernel
def clear_row(lines, out, walk, j):
    for k in range(lines.classes):
        out[walk[0] + k] = 0.0


@kernel
def clear_column(lines, out, walk, j):
    for k in range(lines.classes):
        out[walk[0] + j + k * walk[1]] = 0.0


# Zeros in the j-th line of a walk: ``clear(lines, out, walk, j)``.
clear = by_layout(clear_row, clear_column)


@kernel
def place_in_row(lines, walk, label, j):
    return walk[0] + label


@kernel
def place_in_column(lines, walk, label, j):
    return walk[0] + j + label * walk[1]


# Where an entry of the j-th line is: ``label_place(lines, walk, label, j)``.
label_place = by_layout(place_in_row, place_in_column)

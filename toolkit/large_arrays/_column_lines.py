"""Columns side by side, some of them calm: each lane has what its own column would have alone."""
import numpy as np

from toolkit._core.across_lanes import count_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused
from toolkit._core.lanes import load, store, width_of
from toolkit.large_arrays._exponential import calm_shift, exp_calm, exp_lifted, lift_of, lowered
from toolkit.large_arrays._lines import by_layout, calm_columns, walk_of
from toolkit.large_arrays._softmax_lines import (
    calm_softmax,
    calm_sum,
    emit_calm,
    emit_exp,
    emit_scaled,
    exp_sum,
    three_pass_rows,
)
from toolkit.large_arrays._walks import count_at, difference, extremes, place, quotient_pair, steps_of

__all__ = ["emit_terms", "keep_calm", "three_pass_lines"]


@kernel(forceinline=True)
def keep_calm(z, walk, shift, calm, out):
    """The terms of calm columns in `out`, beside the lifted ones of others."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = exp_calm(load(z, at, count, 0.0), shift)
        store(out, at, count, choose(calm == 1.0, x, load(out, at, count, 0.0)))


@kernel(forceinline=True)
def emit_mixed(out, walk, lift, hi, lo):
    """``out * (hi + lo)``, lowered unless the column's lift is 1."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(out, at, count, 0.0)
        x = fused(x, hi, x * lo)
        store(out, at, count, choose(lift == 1.0, x, lowered(x)))


@kernel(forceinline=True)
def emit_both(z, walk, m, shift, calm, hi, lo, out):
    """``exp(z - m) * (hi + lo)``, or ``exp(z) / 2**base`` of calm columns."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(z, at, count, -np.inf)
        d, e = difference(x, m)
        term = choose(calm == 1.0, exp_calm(x, shift), exp_lifted(d, e))
        y = fused(term, hi, term * lo)
        store(out, at, count, choose(calm == 1.0, y, lowered(y)))


@kernel(forceinline=True)
def emit_row_terms(lines, out, walk, lift, hi, lo):
    if lift == 1.0:
        emit_calm(out, walk, hi, lo)
    else:
        emit_scaled(out, walk, hi, lo)


@kernel(forceinline=True)
def emit_column_terms(lines, out, walk, lift, hi, lo):
    count = count_of(lift == 1.0)
    if count == walk[3]:
        emit_calm(out, walk, hi, lo)
    elif count == 0:
        emit_scaled(out, walk, hi, lo)
    else:
        emit_mixed(out, walk, lift, hi, lo)


# ``out * (hi + lo)`` of terms lifted by `lift`, lowered: ``emit_terms(lines, out, walk, lift, hi, lo)``.
emit_terms = by_layout(emit_row_terms, emit_column_terms)


@kernel
def three_pass_columns(lines, task, z, out):
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        m, least = extremes(z, walk)
        calm = calm_columns(lines, m, least)
        count = count_of(calm == 1.0)
        if count == walk[3]:
            calm_softmax(z, lines, walk, m, task.keep, out)
            continue
        total, lost = exp_sum(z, walk, m, out, task.keep and count == 0)
        hi, lo = quotient_pair(m, lift_of(z), total, lost)
        if count > 0:
            shift = calm_shift(m)
            total, lost = calm_sum(z, walk, shift, out, False)
            calm_hi, calm_lo = quotient_pair(m, 1.0, total, lost)
            emit_both(z, walk, m, shift, calm, choose(calm == 1.0, calm_hi, hi), choose(calm == 1.0, calm_lo, lo), out)
        elif task.keep:
            emit_scaled(out, walk, hi, lo)
        else:
            emit_exp(z, walk, m, hi, lo, out)


three_pass = by_layout(three_pass_rows, three_pass_columns)


@kernel
def three_pass_lines(task, z, lines, first, out):
    """Maximum, sum of ``exp(z - m)``, division."""
    three_pass(lines, task, z, out)

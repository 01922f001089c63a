"""Rows too long for one thread, in chunks of `CHUNK` entries: each gives a few numbers, these are joined in order.

Chunks are the same for any number of threads, and so are the results.
"""
import numba
import numpy as np

from toolkit._kernel import kernel
from toolkit.elementary import exp
from toolkit.throughput._exponential import calm_shift, exp_calm, exp_plain, lift_of
from toolkit.throughput._lane_arithmetic import fused, largest_of, narrowed, sum_of, widened
from toolkit.throughput._lanes import lane, load, spread, store, width_of
from toolkit.throughput._lines import row_is_calm
from toolkit.throughput._log_lines import calm_others, emit_log, exp_others
from toolkit.throughput._softmax_lines import (emit_exp, emit_exp_calm, emit_extended, emit_scaled, exp_sum,
                                               extended_sum, finite_or_zero, with_power)
from toolkit.throughput._walks import added, count_at, extremes, largest, merge_lanes, nothing, place, steps_of

__all__ = ["CHUNK", "EMIT_CALM", "EMIT_DIVIDED", "EMIT_EXP", "EMIT_EXTENDED", "EMIT_LOG", "EMIT_SCALED", "EXTENDED",
           "LARGEST", "OTHERS", "PLAIN", "SUM", "SUM_KEPT", "emit_chunks", "joined", "measure_chunks"]

CHUNK = 2**16
LARGEST, SUM, SUM_KEPT, OTHERS, EXTENDED, PLAIN = range(6)
EMIT_SCALED, EMIT_EXP, EMIT_CALM, EMIT_EXTENDED, EMIT_LOG, EMIT_DIVIDED = range(6)


@kernel
def chunk_walk(z, chunk):
    width = width_of(z)
    first, last = chunk * CHUNK, min((chunk + 1) * CHUNK, z.size)
    return first, width, (last - first) // width, width, (last - first) % width


@kernel
def measure_others(z, walk):
    """`measure` for `OTHERS`, all of it relative to the chunk's largest number."""
    highest, least = extremes(z, walk)
    m = spread(largest_of(highest), highest)
    if row_is_calm(0, m, least):
        shift = calm_shift(m)
        below, lost, ties = calm_others(z, walk, m, shift, z, False)
        below, lost = merge_lanes(m, below, lost)
        unit = lift_of(z) / np.float64(lane(exp_calm(m, shift), 0))
        return np.float64(lane(m, 0)), (below + lost) * unit, ties * lift_of(z), 0.0 - largest_of(0.0 - widened(least))
    below, lost, ties = exp_others(z, walk, finite_or_zero(m), z, False)
    below, lost = merge_lanes(m, below, lost)
    return np.float64(lane(m, 0)), below + lost, sum_of(ties), -np.inf


@kernel
def measure(z, walk, phase, m, out):
    """Four numbers of a chunk: its largest number or exponent (else `m`), two sums, and, where it is calm, its least
    number above -inf, else that."""
    if phase == LARGEST:
        return np.float64(largest_of(largest(z, walk))), 0.0, 0.0, -np.inf
    like = load(z, walk[0], 0, 0.0)
    if phase == EXTENDED:
        top, total, lost = extended_sum(z, walk)
        highest = spread(largest_of(top), top)
        total, lost = with_power(z, total, lost, top, finite_or_zero(highest))
        total, lost = merge_lanes(like, total, lost)
        return np.float64(lane(highest, 0)), total, lost, -np.inf
    if phase == OTHERS:
        return measure_others(z, walk)
    if phase == PLAIN:
        total, lost = nothing(like)
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            x = exp_plain(load(z, at, count, -np.inf))
            store(out, at, count, x)
            total, lost = added(x, total, lost)
    else:
        total, lost = exp_sum(z, walk, spread(m, like), out, phase == SUM_KEPT)
    total, lost = merge_lanes(like, total, lost)
    return m, total, lost, -np.inf


@kernel(parallel=True)
def measure_chunks(z, phase, m, out, found):
    """Fill the rows of `found`, one for each chunk."""
    for chunk in numba.prange(found.shape[0]):
        largest_of_chunk, a, b, least = measure(z, chunk_walk(z, chunk), phase, m, out)
        found[chunk, 0], found[chunk, 1], found[chunk, 2], found[chunk, 3] = largest_of_chunk, a, b, least


@kernel
def add_to(total, lost, x):
    grown = total + x
    back = grown - total
    return grown, lost + ((total - (grown - back)) + (x - back))


@kernel
def joined(z, found, phase):
    """``(m, a, b)`` of the row from those of its chunks, in their order; sums are unlifted.

    ``a + b`` is the sum relative to m; for `OTHERS`, b is that over the numbers equal to m.
    """
    m = -np.inf
    for i in range(found.shape[0]):
        m = found[i, 0] if found[i, 0] > m else m
    total, lost, ties = 0.0, 0.0, 0.0
    unlift = 1.0 if phase == PLAIN else 1.0 / lift_of(z)
    for i in range(found.shape[0]):
        first, second = found[i, 1] * unlift, found[i, 2] * unlift
        factor = 1.0
        if found[i, 0] != m:
            factor = exp(found[i, 0] - m) if phase == OTHERS else power_below_one(found[i, 0] - m)
        total, lost = add_to(total, lost, first * factor)
        if phase == OTHERS and found[i, 0] == m:
            ties += second
        else:
            total, lost = add_to(total, lost, second * factor)
    return (m, total + lost, ties) if phase == OTHERS else (m, total, lost)


@kernel
def power_below_one(k):
    """``2**k`` for an integer k <= 0."""
    power = 1.0
    while k < 0.0 and power > 0.0:
        power *= 0.5
        k += 1.0
    return power if k == k else k


@kernel
def emit(z, walk, phase, m, hi, lo, out):
    like = load(z, walk[0], 0, 0.0)
    high, low, top = spread(hi, like), spread(lo, like), spread(m, like)
    if phase == EMIT_SCALED:
        emit_scaled(out, walk, high, low)
    elif phase == EMIT_EXP:
        emit_exp(z, walk, top, high, low, out)
    elif phase == EMIT_CALM:
        shift = calm_shift(top)
        unit = np.float64(lane(exp_calm(top, shift), 0))
        quotient = (np.float64(hi) + np.float64(lo)) / unit
        near = narrowed(quotient, like)
        rest = (fused(0.0 - np.float64(near), unit, np.float64(hi)) + np.float64(lo)) / unit
        emit_exp_calm(z, walk, shift, near, narrowed(rest, like), out)
    elif phase == EMIT_EXTENDED:
        emit_extended(z, walk, top, high, low, out)
    elif phase == EMIT_LOG:
        emit_log(z, walk, top, high, low, out)
    else:
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            store(out, at, count, load(out, at, count, 0.0) / high)


@kernel(parallel=True)
def emit_chunks(z, phase, m, hi, lo, out):
    for chunk in numba.prange((z.size + CHUNK - 1) // CHUNK):
        emit(z, chunk_walk(z, chunk), phase, m, hi, lo, out)

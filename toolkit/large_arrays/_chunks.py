"""Rows too long for one thread, in chunks of `CHUNK` entries: each gives a few numbers, these are joined in order.

Chunks are the same for any number of threads, and so are the results.
"""
import numba
import numpy as np

from toolkit._core.across_lanes import largest_of, sum_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import widened
from toolkit._core.lanes import lane, load, spread, store, width_of
from toolkit.elementary import exp
from toolkit.large_arrays._exponential import calm_shift, exp_calm, exp_plain, lift_of, mantissa_and_power
from toolkit.large_arrays._lines import CALM, CALM_GAP, row_is_calm
from toolkit.large_arrays._log_lines import calm_others, emit_log, exp_others
from toolkit.large_arrays._softmax_lines import (
    calm_sum,
    emit_calm,
    emit_exp,
    emit_exp_calm,
    emit_extended,
    emit_scaled,
    exp_sum,
    extended_sum,
    finite_or_zero,
    with_power,
)
from toolkit.large_arrays._walks import added, count_at, extremes, merge_lanes, nothing, place, steps_of

__all__ = ["CHUNK", "EMIT_CALM", "EMIT_CALM_KEPT", "EMIT_DIVIDED", "EMIT_EXP", "EMIT_EXTENDED", "EMIT_LOG",
           "EMIT_SCALED", "EXTENDED", "LARGEST", "ONLINE", "OTHERS", "PLAIN", "SUM", "SUM_CALM", "SUM_CALM_KEPT",
           "SUM_KEPT", "emit_chunks", "is_calm", "joined", "measure_chunks"]

CHUNK = 2**16
LARGEST, SUM, SUM_KEPT, SUM_CALM, SUM_CALM_KEPT, ONLINE, OTHERS, EXTENDED, PLAIN = range(9)
EMIT_SCALED, EMIT_EXP, EMIT_CALM, EMIT_CALM_KEPT, EMIT_EXTENDED, EMIT_LOG, EMIT_DIVIDED = range(7)


@kernel
def chunk_walk(z, chunk):
    width = width_of(z)
    first, last = chunk * CHUNK, min((chunk + 1) * CHUNK, z.size)
    return first, width, (last - first) // width, width, (last - first) % width


@kernel
def unit_of(m, like):
    """What `exp_calm` gives for the largest number m itself."""
    top = spread(m, like)
    return np.float64(lane(exp_calm(top, calm_shift(top)), 0))


@kernel
def base_of(m, like):
    """The k of ``exp(m) = f * 2**k``, to whose power sums of calm chunks are relative."""
    top = spread(m, like)
    return np.float64(lane(mantissa_and_power(top, spread(0.0, top))[1], 0))


@kernel
def least_of(highest, least):
    """``(m, least)`` of a chunk; the second is -inf unless the chunk is calm, or inf if all of it is masked."""
    m = np.float64(largest_of(highest))
    if row_is_calm(spread(m, highest), least) or m == -np.inf:
        return m, 0.0 - largest_of(0.0 - widened(least))
    return m, -np.inf


@kernel
def measure_others(z, walk):
    """`measure` for `OTHERS`, relative to the chunk's largest number."""
    highest, least = extremes(z, walk)
    m = spread(largest_of(highest), highest)
    if row_is_calm(m, least):
        below, lost, ties = calm_others(z, walk, m, calm_shift(m), 0, z, False)
        below, lost = merge_lanes(m, below, lost)
        return np.float64(lane(m, 0)), (below + lost) * (lift_of(z) / unit_of(lane(m, 0), m)), ties * lift_of(z), 0.0
    below, lost, ties = exp_others(z, walk, finite_or_zero(m), z, False)
    below, lost = merge_lanes(m, below, lost)
    return np.float64(lane(m, 0)), below + lost, sum_of(ties), 0.0


@kernel
def measure_online(z, walk):
    """`measure` for `ONLINE`: the sum of a calm chunk is relative to its power of 2, that of another to exp(m)."""
    highest, lowest = extremes(z, walk)
    top, least = least_of(highest, lowest)
    m = spread(largest_of(highest), highest)
    if -np.inf < least < np.inf:
        total, lost = calm_sum(z, walk, calm_shift(m), z, False)
        total, lost = total * lift_of(z), lost * lift_of(z)
    else:
        total, lost = exp_sum(z, walk, finite_or_zero(m), z, False)
    total, lost = merge_lanes(m, total, lost)
    return top, total, lost, least


@kernel
def measure(z, walk, phase, m, out):
    """Four numbers of a chunk: its largest number or exponent (else `m`), two sums, and what `least_of` says of it."""
    if phase == LARGEST:
        highest, lowest = extremes(z, walk)
        top, least = least_of(highest, lowest)
        return top, 0.0, 0.0, least
    if phase == OTHERS:
        return measure_others(z, walk)
    if phase == ONLINE:
        return measure_online(z, walk)
    like = load(z, walk[0], 0, 0.0)
    top = np.float64(m)
    if phase == EXTENDED:
        exponents, total, lost = extended_sum(z, walk)
        highest = spread(largest_of(exponents), exponents)
        total, lost = with_power(z, total, lost, exponents, finite_or_zero(highest))
        top = np.float64(lane(highest, 0))
    elif phase == PLAIN:
        total, lost = nothing(like)
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            x = exp_plain(load(z, at, count, -np.inf))
            store(out, at, count, x)
            total, lost = added(x, total, lost)
    elif phase == SUM or phase == SUM_KEPT:
        total, lost = exp_sum(z, walk, spread(m, like), out, phase == SUM_KEPT)
    else:
        total, lost = calm_sum(z, walk, calm_shift(spread(m, like)), out, phase == SUM_CALM_KEPT)
        total, lost = total * lift_of(z), lost * lift_of(z)
    total, lost = merge_lanes(like, total, lost)
    return top, total, lost, 0.0


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
    """``(m, a, b, least)`` of the row from those of its chunks, in their order; sums are unlifted.

    ``a + b`` is the sum relative to exp(m), or of a calm row to its power of 2; for `OTHERS`, b is that over the
    numbers equal to m.
    """
    m, least = -np.inf, np.inf
    for i in range(found.shape[0]):
        m = found[i, 0] if found[i, 0] > m else m
        least = min(least, found[i, 3])
    calm = is_calm(m, least)
    total, lost, ties = 0.0, 0.0, 0.0
    unlift = 1.0 if phase == PLAIN else 1.0 / lift_of(z)
    for i in range(found.shape[0]):
        first, second = found[i, 1] * unlift, found[i, 2] * unlift
        factor = factor_of(z, found[i, 0], m, phase, calm, -np.inf < found[i, 3] < np.inf)
        total, lost = add_to(total, lost, first * factor)
        if phase == OTHERS and found[i, 0] == m:
            ties += second
        else:
            total, lost = add_to(total, lost, second * factor)
    return (m, total + lost, ties, least) if phase == OTHERS else (m, total, lost, least)


@kernel
def factor_of(z, own, m, phase, calm, calm_chunk):
    """What a chunk's sums are to be multiplied by to be relative to the row's largest number."""
    if phase == ONLINE and own > -np.inf:
        like = load(z, 0, 0, 0.0)
        if calm:
            return power_below_one(base_of(own, like) - base_of(m, like))
        factor = exp(own - m) if own != m else 1.0
        return factor / unit_of(own, like) if calm_chunk else factor
    if phase == EXTENDED and own != m:
        return power_below_one(own - m)
    return exp(own - m) if phase == OTHERS and own != m else 1.0


@kernel
def is_calm(m, least):
    """Whether a row with these numbers is, all of whose chunks are."""
    return -CALM <= m <= CALM and least >= max(m - CALM_GAP, -CALM)


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
        emit_exp_calm(z, walk, calm_shift(top), high, low, out)
    elif phase == EMIT_CALM_KEPT:
        emit_calm(out, walk, high, low)
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

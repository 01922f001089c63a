"""The five softmax algorithms, on rows and columns alike."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, narrowed, widened
from toolkit._core.lanes import by_dtype, load, spread, store, width_of
from toolkit.large_arrays._exponential import (
    calm_shift,
    exp_calm,
    exp_lifted,
    exp_plain,
    lift_of,
    lifted_power,
    lowered,
    mantissa_and_power,
)
from toolkit.large_arrays._lines import merged, row_is_calm, shared_top, walk_of
from toolkit.large_arrays._walks import added, count_at, difference, extremes, nothing, place, quotient_pair, steps_of

__all__ = ["calm_softmax", "calm_sum", "divide_by_sum", "emit_calm", "emit_exp", "emit_exp_calm", "emit_extended",
           "emit_scaled", "exp_sum", "extended_sum", "finite_or_zero", "naive_lines", "online_lines", "terms_of",
           "three_pass_rows", "two_pass_lines", "with_power"]

BLOCK = 16  # steps between two looks at the maximum: their numbers stay in the first-level cache


@kernel(forceinline=True)
def exp_sum(z, walk, m, out, keep):
    """Sum of ``exp(z - m)``, lifted; the terms are left in `out` if `keep`."""
    total, lost = nothing(m)
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        d, e = difference(load(z, at, count, -np.inf), m)
        x = exp_lifted(d, e)
        if keep:
            store(out, at, count, x)
        total, lost = added(x, total, lost)
    return total, lost


@kernel(forceinline=True)
def emit_scaled(out, walk, hi, lo):
    """``out * (hi + lo)``, lowered."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(out, at, count, 0.0)
        store(out, at, count, lowered(fused(x, hi, x * lo)))


@kernel(forceinline=True)
def emit_exp(z, walk, m, hi, lo, out):
    """``exp(z - m) * (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        d, e = difference(load(z, at, count, -np.inf), m)
        x = exp_lifted(d, e)
        store(out, at, count, lowered(fused(x, hi, x * lo)))


@kernel
def finite_or_zero(m):
    """m, but 0 for -inf, since -inf - -inf is NaN also where a line has only begun."""
    return choose(m == -np.inf, 0.0, m)


@kernel
def block_largest(z, walk, first, last, m):
    """The largest of m and the numbers of steps [first, last)."""
    for t in range(first, last):
        x = load(z, place(walk, t), count_at(walk, t), -np.inf)
        m = choose(m < x, x, m)
    return m


@kernel
def rescaled(z, total, lost, before, after):
    """Sums relative to the maximum `before` as sums relative to `after`."""
    d, e = difference(before, after)
    factor = widened(exp_lifted(d, e)) * (1.0 / lift_of(z))
    return total * factor, lost * factor


@kernel
def online_sum(z, walk):
    """``(m, total, lost)``: the largest number of each lane and its lifted sum of ``exp(z - m)``, in one pass."""
    m = load(z, walk[0], 0, -np.inf)
    total, lost = nothing(m)
    steps = steps_of(walk)
    for first in range(0, steps, BLOCK):
        last = min(first + BLOCK, steps)
        grown = block_largest(z, walk, first, last, m)
        shift = finite_or_zero(grown)
        total, lost = rescaled(z, total, lost, m, shift)
        m = grown
        for t in range(first, last):
            d, e = difference(load(z, place(walk, t), count_at(walk, t), -np.inf), shift)
            total, lost = added(exp_lifted(d, e), total, lost)
    return m, total, lost


@kernel
def exponent_of(m):
    """The k of ``exp(m) = f * 2**k``; -inf for -inf."""
    return choose(m == -np.inf, -np.inf, mantissa_and_power(m, spread(0.0, m))[1])


@kernel
def extended(x, base):
    """``exp(x) / 2**base``, lifted, the exponent never put into a float of its own."""
    f, k = mantissa_and_power(x, spread(0.0, x))
    return choose(x == -np.inf, 0.0, f * lifted_power(k - base))


@kernel
def with_power(z, total, lost, before, after):
    """Sums relative to ``2**before`` as sums relative to ``2**after``: exact."""
    factor = widened(lifted_power(before - after)) * (1.0 / lift_of(z))
    return total * factor, lost * factor


@kernel
def extended_sum(z, walk):
    """``(top, total, lost)``: the sum of exp(z) of each lane is the lifted sum times ``2**top``, in one pass."""
    m = load(z, walk[0], 0, -np.inf)
    top = m
    total, lost = nothing(m)
    steps = steps_of(walk)
    for first in range(0, steps, BLOCK):
        last = min(first + BLOCK, steps)
        m = block_largest(z, walk, first, last, m)
        grown = exponent_of(m)
        base = finite_or_zero(grown)
        total, lost = with_power(z, total, lost, top, base)
        top = grown
        for t in range(first, last):
            x = load(z, place(walk, t), count_at(walk, t), -np.inf)
            total, lost = added(extended(x, base), total, lost)
    return top, total, lost


@kernel
def emit_extended(z, walk, top, hi, lo, out):
    """``exp(z) / 2**top * (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = extended(load(z, at, count, -np.inf), top)
        store(out, at, count, lowered(fused(x, hi, x * lo)))


@kernel
def four_terms(z):
    return 4


@kernel
def one_term(z):
    return 1


# How many terms of a calm row are added up in their own dtype before a longer sum takes them.
terms_of = by_dtype(four_terms, one_term)


@kernel(forceinline=True)
def calm_sum(z, walk, shift, out, keep):
    """Sum of ``exp(z) / 2**base`` over a calm row; terms in `out` if `keep`."""
    total, lost = nothing(shift)
    steps = steps_of(walk)
    for first in range(0, steps, terms_of(z)):
        part = spread(0.0, shift)
        for t in range(first, min(first + terms_of(z), steps)):
            at, count = place(walk, t), count_at(walk, t)
            x = exp_calm(load(z, at, count, -np.inf), shift)
            if keep:
                store(out, at, count, x)
            part = part + x
        total, lost = added(part, total, lost)
    return total, lost


@kernel(forceinline=True)
def emit_calm(out, walk, hi, lo):
    """``out * (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = load(out, at, count, 0.0)
        store(out, at, count, fused(x, hi, x * lo))


@kernel(forceinline=True)
def emit_exp_calm(z, walk, shift, hi, lo, out):
    """``exp(z) / 2**base * (hi + lo)``."""
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        x = exp_calm(load(z, at, count, 0.0), shift)
        store(out, at, count, fused(x, hi, x * lo))


@kernel(forceinline=True)
def calm_softmax(z, lines, walk, m, keep, out):
    shift = calm_shift(m)
    total, lost = calm_sum(z, walk, shift, out, keep)
    total, lost = merged(lines, m, total, lost)
    hi, lo = quotient_pair(m, 1.0, total, lost)
    if keep:
        emit_calm(out, walk, hi, lo)
    else:
        emit_exp_calm(z, walk, shift, hi, lo, out)


@kernel(forceinline=True)
def divide_by_sum(out, lines, walk, like, total, lost):
    """``out / (total + lost)``, the sum rounded to the dtype of `like` as naive code has it."""
    total, lost = merged(lines, like, total, lost)
    total = narrowed(choose(total == np.inf, total, total + lost), like)  # what inf rounds off is NaN
    for t in range(steps_of(walk)):
        at, count = place(walk, t), count_at(walk, t)
        store(out, at, count, load(out, at, count, 0.0) / total)


@kernel
def naive_lines(task, z, lines, first, out):
    """``exp(z) / sum exp(z)`` as written."""
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        like = load(z, walk[0], 0, 0.0)
        total, lost = nothing(like)
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            x = exp_plain(load(z, at, count, -np.inf))
            store(out, at, count, x)
            total, lost = added(x, total, lost)
        divide_by_sum(out, lines, walk, like, total, lost)


@kernel
def three_pass_rows(lines, task, z, out):
    keep = task.keep
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        highest, least = extremes(z, walk)
        m = shared_top(lines, highest)
        if row_is_calm(m, least):
            calm_softmax(z, lines, walk, m, keep, out)
            continue
        total, lost = exp_sum(z, walk, m, out, keep)
        total, lost = merged(lines, m, total, lost)
        hi, lo = quotient_pair(m, lift_of(z), total, lost)
        if keep:
            emit_scaled(out, walk, hi, lo)
        else:
            emit_exp(z, walk, m, hi, lo, out)


@kernel
def two_pass_lines(task, z, lines, first, out):
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        before, total, lost = extended_sum(z, walk)
        top = shared_top(lines, before)
        total, lost = with_power(z, total, lost, before, finite_or_zero(top))
        total, lost = merged(lines, top, total, lost)
        hi, lo = quotient_pair(top, lift_of(z), total, lost)
        emit_extended(z, walk, top, hi, lo, out)


@kernel
def online_lines(task, z, lines, first, out):
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        before, total, lost = online_sum(z, walk)
        m = shared_top(lines, before)
        total, lost = rescaled(z, total, lost, before, finite_or_zero(m))
        total, lost = merged(lines, m, total, lost)
        hi, lo = quotient_pair(m, lift_of(z), total, lost)
        emit_exp(z, walk, m, hi, lo, out)

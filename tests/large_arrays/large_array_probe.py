"""Tiny kernels around each operation on lanes; as a script it prints their results, without a compiler too."""
import sys

import numpy as np

from toolkit._core.across_lanes import (
    all_of,
    any_of,
    bits_of,
    count_of,
    high_half,
    largest_of,
    low_half,
    lowest_of,
    rotated_1,
    rotated_2,
    rotated_4,
    sum_of,
)
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import (
    bit_distance,
    choose,
    exponent_above,
    fused,
    inverse_of,
    low_bits_as_exponent,
    narrowed,
    signed_as,
    size,
    widened,
)
from toolkit._core.lanes import lane, load, load_two, memory_at, memory_of, replaced, spread, store, width_of
from toolkit.large_arrays._exponential import exp_lifted, exp_plain, lift_of, lifted_power, lowered, mantissa_and_power
from toolkit.large_arrays._logarithm import log1p_lanes, log_lanes
from toolkit.large_arrays._walks import added, difference, merge_lanes, nothing, quotient_pair, two_sum

OPERATIONS = ("add", "subtract", "multiply", "divide", "add number", "number minus", "choose less",
              "choose equal", "number below", "fused", "fused numbers", "spread", "replaced", "lane", "sum_of",
              "largest_of", "rotated_1", "rotated_2", "rotated_4", "widened and narrowed", "bit_distance",
              "low_bits_as_exponent", "exponent_above", "load some", "load none", "two_sum", "two_sum's rest",
              "difference's rest", "merge_lanes", "quotient_pair", "quotient_pair's rest", "any_of", "count_of", "size",
              "memory_of", "choose number", "fused number", "all_of", "bits_of and lowest_of", "low_half", "high_half",
              "signed_as", "inverse_of", "load_two", "memory_at", "at most", "other than")
SOME = 5  # lanes of a partial load
UNTOUCHED = -77.0


@kernel
def operate(x, y, integers, out):
    """Each of `OPERATIONS` on one vector, one result after another."""
    w = width_of(x)
    a, b = load(x, 0, w, 0.0), load(y, 0, w, 0.0)
    store(out, 0 * w, w, a + b)
    store(out, 1 * w, w, a - b)
    store(out, 2 * w, w, a * b)
    store(out, 3 * w, w, a / b)
    store(out, 4 * w, w, a + 1.5)
    store(out, 5 * w, w, 2.0 - a)
    store(out, 6 * w, w, choose(a < b, a, b))
    store(out, 7 * w, w, choose(a == b, 1.0, a))
    store(out, 8 * w, w, choose(0.5 < a, a, 0.0))
    store(out, 9 * w, w, fused(a, b, a))
    store(out, 10 * w, w, fused(a, 2.0, -1.0))
    store(out, 11 * w, w, spread(2.5, a))
    store(out, 12 * w, w, replaced(a, 3, 7.0))
    store(out, 13 * w, w, spread(lane(a, 2), a))
    store(out, 14 * w, w, spread(sum_of(a), a))
    store(out, 15 * w, w, spread(largest_of(a), a))
    store(out, 16 * w, w, rotated_1(a))
    store(out, 17 * w, w, rotated_2(a))
    store(out, 18 * w, w, rotated_4(a))
    store(out, 19 * w, w, narrowed(widened(a) * 3.0, a))
    store(out, 20 * w, w, bit_distance(a, b))
    store(out, 21 * w, w, low_bits_as_exponent(load(integers, 0, w, 0.0)))
    store(out, 22 * w, w, narrowed(exponent_above(widened(a * a + 1.0), 0.7071067811865475), a))
    store(out, 23 * w, w, load(x, 1, SOME, -9.0))
    store(out, 24 * w, w, load(x, 0, 0, -np.inf))
    s, rest = two_sum(a, b)
    store(out, 25 * w, w, s)
    store(out, 26 * w, w, rest)
    store(out, 27 * w, w, difference(a, b)[1])
    total, lost = nothing(a)
    total, lost = added(a, total, lost)
    total, lost = added(b, total, lost)
    total, lost = merge_lanes(a, total, lost)
    store(out, 28 * w, w, spread(narrowed(total + lost, a), a))
    hi, lo = quotient_pair(a, 1.0, total, lost)
    store(out, 29 * w, w, spread(hi, a))
    store(out, 30 * w, w, spread(lo, a))
    store(out, 31 * w, w, spread(1.0 if any_of(a < 0.0) else 0.0, a))
    store(out, 32 * w, w, spread(count_of(a < b), a))
    store(out, 33 * w, w, size(a))
    store(memory_of(out), 34 * w, w, load(memory_of(x), 0, w, 0.0))
    number = np.float64(lane(a, 0))
    store(out, 35 * w, w, spread(choose(number == number, 1.5, number), a))
    store(out, 36 * w, w, spread(narrowed(fused(number, np.float64(lane(b, 0)), 1.0), a), a))
    store(out, 37 * w, w, spread(1.0 if all_of(0.0 < b * b) else 0.0, a))
    store(out, 38 * w, w, spread(bits_of(a < b) + lowest_of(bits_of(a == b)), a))
    store(out, 39 * w, w, spread(sum_of(low_half(a)), a))
    store(out, 40 * w, w, spread(sum_of(high_half(a)), a))
    store(out, 41 * w, w, signed_as(a, b - a))
    store(out, 42 * w, w, inverse_of(b))
    store(out, 43 * w, w, high_half(load_two(out, 9 * w)))
    store(out, 44 * w, w, load(memory_at(x.reshape((2, w // 2)), 1, 1), 0, w // 2 - 1, 0.5))
    store(out, 45 * w, w, choose(a <= b, a, b))
    store(out, 46 * w, w, choose(a != b, a, 3.0))


@kernel
def store_some(x, count, out):
    store(out, 1, count, load(x, 0, width_of(x), 0.0))


@kernel
def exp_lifted_each(d, e, out):
    w = width_of(d)
    for t in range(0, d.size, w):
        n = min(w, d.size - t)
        store(out, t, n, exp_lifted(load(d, t, n, 0.0), load(e, t, n, 0.0)))


def over_lanes(of):
    """A kernel ``(x, out)``: a function of one vector over an array."""
    def each(x, out):
        w = width_of(x)
        for t in range(0, x.size, w):
            n = min(w, x.size - t)
            store(out, t, n, of(load(x, t, n, 1.0)))

    return kernel(each)


lowered_each, exp_plain_each, power_each = over_lanes(lowered), over_lanes(exp_plain), over_lanes(lifted_power)
log_each, log1p_each = over_lanes(log_lanes), over_lanes(log1p_lanes)


@kernel
def mantissa_each(x, mantissas, exponents):
    w = width_of(x)
    for t in range(0, x.size, w):
        n = min(w, x.size - t)
        z = load(x, t, n, 0.0)
        f, k = mantissa_and_power(z, spread(0.0, z))
        store(mantissas, t, n, f)
        store(exponents, t, n, k)


@kernel
def log1p_of_numbers(x, out):
    for t in range(x.size):
        out[t] = log1p_lanes(x[t])


@kernel
def lift(z):
    return lift_of(z)


def operands(dtype):
    """``(x, y, integers)``: short fractions, whose products are exact, and integers in the last bits of floats."""
    w = 64 // np.dtype(dtype).itemsize
    rng = np.random.default_rng(8)
    x = rng.integers(-40, 40, w) / 8
    y = rng.integers(1, 40, w) / 4 * rng.choice([1, 2.0**-20], w)
    y[1] = x[1] = 0.75
    rounder = 1.5 * 2.0 ** (23 if dtype == np.float32 else 52)
    bias = 127 if dtype == np.float32 else 1023
    return x.astype(dtype), y.astype(dtype), (rounder + bias + rng.integers(-60, 60, w)).astype(dtype)


def results(dtype):
    """Results of `OPERATIONS`, one a row."""
    x, y, integers = operands(dtype)
    out = np.full(len(OPERATIONS) * x.size, UNTOUCHED, dtype)
    operate(x, y, integers, out)
    return out.reshape(len(OPERATIONS), x.size)


if __name__ == "__main__":
    for dtype in (np.float32, np.float64):
        sys.stdout.buffer.write(results(dtype).tobytes())

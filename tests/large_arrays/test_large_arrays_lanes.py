"""Vectors of numbers: each operation against NumPy, compiled and not."""
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import large_array_probe as probe
import numpy as np
import pytest

from toolkit._core import across_lanes, lane_arithmetic, lanes

DTYPES = (np.float32, np.float64)
dtypes = pytest.mark.parametrize("dtype", DTYPES)

cached_results = cache(probe.results)


def expected(dtype):
    """What NumPy says, by name; results of numbers are spread by the comparison."""
    a, b, integers = probe.operands(dtype)
    bits = np.int32 if dtype == np.float32 else np.int64
    shift = bits(23 if dtype == np.float32 else 52)
    wide_a, wide_b = a.astype(np.longdouble), b.astype(np.longdouble)
    total = (wide_a + wide_b).sum()
    hi = (1 / total).astype(dtype)
    some = np.full(a.size, -9.0, dtype)
    some[:probe.SOME] = a[1:1 + probe.SOME]
    return {
        "add": a + b, "subtract": a - b, "multiply": a * b, "divide": a / b, "add number": a + dtype(1.5),
        "number minus": dtype(2) - a, "choose less": np.minimum(a, b), "choose equal": np.where(a == b, dtype(1), a),
        "number below": np.where(a > 0.5, a, dtype(0)), "fused": (wide_a * wide_b + wide_a).astype(dtype),
        "fused numbers": 2 * a - 1, "spread": dtype(2.5), "replaced": np.where(np.arange(a.size) == 3, dtype(7), a),
        "lane": a[2], "sum_of": a.sum(), "largest_of": a.max(), "rotated_1": np.roll(a, -1),
        "rotated_2": np.roll(a, -2), "rotated_4": np.roll(a, -4), "widened and narrowed": a * 3,
        "bit_distance": (a.view(bits) - b.view(bits)).view(dtype),
        "low_bits_as_exponent": (integers.view(bits) << shift).view(dtype),
        "exponent_above": np.floor(np.log2((wide_a**2 + 1) / 0.7071067811865475)).astype(dtype),
        "load some": some, "load none": dtype(-np.inf), "two_sum": a + b,
        "two_sum's rest": (wide_a + wide_b - (a + b)).astype(dtype),
        "difference's rest": (wide_a - wide_b - (a - b)).astype(dtype),
        "any_of": dtype((a < 0).any()), "count_of": dtype(np.count_nonzero(a < b)), "size": np.abs(a),
        "memory_of": a, "choose number": dtype(1.5), "fused number": dtype(wide_a[0] * wide_b[0] + 1.0),
        "all_of": dtype(1), "bits_of and lowest_of": dtype(bits_below(a < b) + 1), "low_half": a[:a.size // 2].sum(),
        "high_half": a[a.size // 2:].sum(), "signed_as": np.copysign(a, b - a), "inverse_of": 1 / b,
        "load_two": 2 * a - 1,
        "memory_at": np.append(a[a.size // 2 + 1:], np.full(a.size // 2 + 1, dtype(0.5))), "at most": np.minimum(a, b),
        "other than": np.where(a != b, a, dtype(3)),
        "merge_lanes": total.astype(dtype), "quotient_pair": hi, "quotient_pair's rest": (1 / total - hi).astype(dtype)}


def bits_below(condition):
    return sum(1 << i for i, there in enumerate(condition) if there)


@dtypes
@pytest.mark.parametrize("operation", probe.OPERATIONS)
def test_operation(dtype, operation):
    values, result = expected(dtype)[operation], cached_results(dtype)[probe.OPERATIONS.index(operation)]
    if operation == "inverse_of":
        assert (np.abs(result - values) <= np.spacing(np.abs(values))).all()
    elif operation == "quotient_pair's rest":  # to ten bits beyond the precision, which longdouble can show
        hi = cached_results(dtype)[probe.OPERATIONS.index("quotient_pair")]
        assert (np.abs(result - values) <= 2.0**-10 * np.spacing(hi)).all()
    else:
        np.testing.assert_array_equal(result, np.broadcast_to(values, result.shape))


@dtypes
def test_every_operation_is_tested(dtype):
    assert set(expected(dtype)) == set(probe.OPERATIONS)
    assert not (cached_results(dtype) == probe.UNTOUCHED).any()
    # store and width_of are tested below, by_dtype and what lowers operations by all of them
    tools = {"LINE", "Lanes", "by_dtype", "call", "constant", "dtype_of", "has_feature", "operation", "shaped",
             "some_lanes", "splat", "store", "suffix", "vectors", "width_of"}
    tested = {word for name in probe.OPERATIONS for word in name.replace("'s", "").split()}
    assert {*lanes.__all__, *lane_arithmetic.__all__, *across_lanes.__all__} <= tools | tested


@dtypes
def test_a_store_touches_only_its_lanes(dtype):
    width = 64 // np.dtype(dtype).itemsize
    x = np.arange(width, dtype=dtype)
    for count in range(width + 1):
        out = np.full(width + 2, probe.UNTOUCHED, dtype)
        probe.store_some(x, count, out)
        assert out.tolist() == [probe.UNTOUCHED, *range(count), *[probe.UNTOUCHED] * (width + 1 - count)]


def test_the_same_bits_without_a_compiler():
    """Products here are exact: then it does not matter that only machine code rounds `fused` once."""
    process = subprocess.run([sys.executable, "-W", "error", Path(probe.__file__)], check=True, capture_output=True,
                             env=os.environ | {"NUMBA_DISABLE_JIT": "1"})
    compiled = b"".join(cached_results(dtype)[exact_rows()].tobytes() for dtype in DTYPES)
    plain, start = [], 0
    for dtype in DTYPES:
        shape = cached_results(dtype).shape
        size = shape[0] * shape[1] * np.dtype(dtype).itemsize
        plain.append(np.frombuffer(process.stdout[start:start + size], dtype).reshape(shape)[exact_rows()].tobytes())
        start += size
    assert start == len(process.stdout) and b"".join(plain) == compiled


def exact_rows():
    return [i for i, name in enumerate(probe.OPERATIONS) if not name.startswith(("quotient_pair", "inverse_of"))]

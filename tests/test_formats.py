"""Formats against NumPy, ml_dtypes and exact rational arithmetic."""
import doctest
import math
import os
import subprocess
import sys
from fractions import Fraction

import ml_dtypes
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import formats
from toolkit._core import format as _format
from toolkit.formats import (
    BFLOAT16,
    FLOAT8_E4M3FN,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    FORMATS,
    Format,
    from_bits,
    get_format,
    round_to,
    spacing,
    to_bits,
    ulp,
    ulp_error,
)

DTYPES = {
    "float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn, "float8_e5m2": ml_dtypes.float8_e5m2,
}
SMALL = [name for name, f in FORMATS.items() if f.bits <= 16]
CUSTOM = [Format("custom", e, m, finite) for e, m, finite in [
    (2, 1, False), (2, 1, True), (2, 3, False), (3, 2, True), (3, 5, False), (5, 1, False), (6, 9, False),
    (8, 10, False), (10, 3, True), (11, 1, False), (11, 51, False), (2, 52, False), (9, 40, True),
    (5, 10, True)]]
CUSTOM_IDS = [f"e{f.exponent_bits}m{f.fraction_bits}{'fn' * f.finite_only}" for f in CUSTOM]


def cast(values, name):
    """The format's values nearest to `values`, by NumPy or ml_dtypes, in float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values).astype(DTYPES[name]).astype(np.float64)


def same(a, b):
    """Equal bit for bit but for the NaN's payload and sign."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    nan = np.isnan(a)
    return np.array_equal(nan, np.isnan(b)) and np.array_equal(a[~nan].view(np.int64), b[~nan].view(np.int64))


def all_patterns(fmt):
    return np.arange(2**fmt.bits, dtype=np.uint64).astype(f"u{fmt.bits // 8}")


def round_exactly(x, fmt):
    """Oracle: a float rounded with rational arithmetic; Python rounds a Fraction's ties to even."""
    if math.isnan(x):
        return x
    limit = Fraction(fmt.max)
    if math.isinf(x):
        return math.nan if fmt.finite_only else x
    exact = Fraction(abs(x))
    exponent = fmt.smallest_normal_exponent
    while exact >= Fraction(2) ** (exponent + 1):
        exponent += 1
    step = Fraction(2) ** (exponent - fmt.fraction_bits)
    rounded = round(exact / step) * step
    if rounded > limit:
        return math.nan if fmt.finite_only else math.copysign(math.inf, x)
    return math.copysign(float(rounded), x)


# --- values and bit patterns ---------------------------------------------------------------------------

@pytest.mark.parametrize("name", SMALL)
def test_every_bit_pattern_and_every_value(name):
    fmt = FORMATS[name]
    patterns = all_patterns(fmt)
    with np.errstate(invalid="ignore"):
        values = patterns.view(DTYPES[name]).astype(np.float64)
    assert same(from_bits(patterns, name), values)
    assert same(round_to(values, name), values)
    number = ~np.isnan(values)
    assert to_bits(values, name).dtype == patterns.dtype
    assert np.array_equal(to_bits(values, name)[number], patterns[number])
    assert np.all(to_bits(values, name)[~number] == to_bits(np.nan, name))
    assert np.isnan(np.array(to_bits(np.nan, name)).view(DTYPES[name]).astype(np.float64))


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_sampled_bit_patterns_of_wide_formats(name):
    width = FORMATS[name].bits
    patterns = np.random.default_rng(1).integers(0, 2**width, 1_000_000, dtype=f"u{width // 8}")
    with np.errstate(invalid="ignore"):
        values = patterns.view(DTYPES[name]).astype(np.float64)
    number = ~np.isnan(values)
    assert same(from_bits(patterns, name), values)
    assert np.array_equal(to_bits(values, name)[number], patterns[number])


@pytest.mark.parametrize("name", [*SMALL, "float32"])
def test_every_midpoint_and_its_neighbours(name):
    fmt = FORMATS[name]
    if fmt.bits <= 16:
        patterns = np.arange(2 ** (fmt.bits - 1), dtype=np.int64)
    else:  # every exponent, its first and last values and random ones between
        fractions = np.concatenate([np.arange(3), 2**23 - 1 - np.arange(3),
                                    np.random.default_rng(2).integers(0, 2**23, 2000)])
        patterns = (np.arange(255)[:, None] << 23 | fractions).reshape(-1)
    values = from_bits(patterns, fmt)
    low, pattern = values[np.isfinite(values)], patterns[np.isfinite(values)]
    high = low + ulp(low, fmt)
    middle = low + (high - low) / 2
    beyond = np.nan if fmt.finite_only else np.inf
    high = np.where(high > fmt.max, beyond, high)
    for sign in (1.0, -1.0):
        for x, expected in ((middle, np.where(pattern % 2 == 0, low, high)),
                            (np.nextafter(middle, 0), low), (np.nextafter(middle, np.inf), high)):
            assert same(round_to(sign * x, fmt), sign * expected)
    if name in ("float16", "float32"):  # ml_dtypes casts float64 through float32, which rounds twice
        for x in (middle, np.nextafter(middle, 0), np.nextafter(middle, np.inf)):
            assert same(round_to(x, fmt), cast(x, name))
    elif np.array_equal(middle.astype(np.float32), middle):
        for x in (middle.astype("f4"), np.nextafter(middle.astype("f4"), np.float32(0)),
                  np.nextafter(middle.astype("f4"), np.float32(np.inf))):
            assert same(round_to(x, fmt), cast(x, name))


@pytest.mark.parametrize("name", list(FORMATS))
def test_ten_million_random_float32(name):
    rng = np.random.default_rng(3)
    for _ in range(10):
        x = rng.integers(0, 2**32, 1_000_000, dtype=np.uint32).view(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            expected = x.astype(DTYPES[name]).astype(np.float32)
        rounded = round_to(x, name).astype(np.float32)
        number = ~np.isnan(expected)
        assert np.array_equal(number, ~np.isnan(rounded))
        assert np.array_equal(rounded.view(np.uint32)[number], expected.view(np.uint32)[number])


@pytest.mark.parametrize("name", ["float32", "float16"])
def test_random_float64(name):
    x = np.random.default_rng(4).integers(0, 2**64, 1_000_000, dtype=np.uint64).view(np.float64)
    near = np.random.default_rng(5).normal(size=1_000_000) * 10.0 ** np.arange(-50, 50).repeat(10_000)
    for values in (x, near):
        assert same(round_to(values, name), cast(values, name))


@pytest.mark.parametrize("fmt", CUSTOM, ids=CUSTOM_IDS)
def test_custom_formats_against_rational_arithmetic(fmt):
    rng = np.random.default_rng(6)
    top, bottom = math.log2(fmt.max), math.log2(fmt.smallest_subnormal)
    x = rng.choice([-1.0, 1.0], 400) * 2.0 ** rng.uniform(max(bottom - 2, -1074), min(top + 1, 1023.9), 400)
    grid = np.asarray(round_to(x[:100], fmt))
    grid = grid[np.isfinite(grid)]
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, fmt.max, fmt.smallest_normal, fmt.smallest_subnormal,
             fmt.smallest_subnormal / 2, np.nextafter(fmt.smallest_normal, 0), 5e-324, 1.0, 1.5, -3.0]
    middle = grid + ulp(grid, fmt) / 2
    x = np.concatenate([x, edges, grid, middle, np.nextafter(middle, 0)])
    expected = np.array([round_exactly(v, fmt) for v in x.tolist()])
    assert same(round_to(x, fmt), expected)
    assert same(from_bits(to_bits(x, fmt), fmt), expected)


@pytest.mark.parametrize("exponent_bits, fraction_bits, finite_only",
                         [(2, 1, False), (3, 2, True), (4, 3, False)])
def test_patterns_of_a_small_format_are_in_order(exponent_bits, fraction_bits, finite_only):
    fmt = Format("tiny", exponent_bits, fraction_bits, finite_only)
    values = from_bits(np.arange(2 ** (fmt.bits - 1)), fmt)
    numbers = values[~np.isnan(values)]
    assert np.all(np.diff(numbers) > 0) and numbers[0] == 0 and numbers[1] == fmt.smallest_subnormal
    assert numbers[np.isfinite(numbers)][-1] == fmt.max
    assert np.isnan(values).sum() == (1 if finite_only else 2**fraction_bits - 1)


# --- properties of formats -----------------------------------------------------------------------------

@pytest.mark.parametrize("name", list(FORMATS))
def test_limits_are_those_of_the_dtype(name):
    fmt, info = FORMATS[name], ml_dtypes.finfo(DTYPES[name])
    assert fmt.bits == info.bits
    for ours, theirs in ((fmt.max, info.max), (fmt.smallest_normal, info.smallest_normal),
                         (fmt.smallest_subnormal, info.smallest_subnormal), (fmt.epsilon, info.eps)):
        assert ours == float(theirs)
    assert fmt.unit_roundoff == fmt.epsilon / 2
    assert round_to(1 + fmt.unit_roundoff, fmt) == 1
    assert get_format(np.dtype(DTYPES[name])) is get_format(DTYPES[name]) is get_format(name) is fmt


def test_get_format():
    assert get_format("e6m9") == get_format((6, 9)) and get_format("e5m10") is FLOAT16
    assert get_format((8, 7)) is BFLOAT16 and get_format([11, 52]) is FLOAT64
    assert get_format((4, 3)) != FLOAT8_E4M3FN and get_format((4, 3)).max == 240
    assert get_format(FLOAT8_E5M2) is FLOAT8_E5M2 and str(FLOAT16).startswith("float16: 1 + 5 + 10 bits")
    for bad in ("float17", None, np.int32, object(), (1, 2, 3), "i4", {}):
        with pytest.raises(ValueError, match="format is .* allowed: .*float8_e5m2"):
            get_format(bad)


@pytest.mark.parametrize("arguments, error, message", [
    ((1, 5), ValueError, "exponent_bits is 1; allowed: an integer from 2 to 11"),
    ((12, 5), ValueError, "exponent_bits is 12; allowed: an integer from 2 to 11"),
    ((5, 0), ValueError, "fraction_bits is 0; allowed: an integer from 1 to 52"),
    ((5, 53), ValueError, "fraction_bits is 53; allowed: an integer from 1 to 52"),
    ((11, 3, True), ValueError, "exponent_bits is 11; allowed: an integer from 2 to 10"),
    ((5.0, 3), TypeError, r"exponent_bits is 5\.0; allowed: an integer"),
])
def test_bad_formats(arguments, error, message):
    with pytest.raises(error, match=message):
        Format("bad", *arguments)


# --- the public functions on arrays --------------------------------------------------------------------

def test_dtype_is_kept_where_it_holds_the_format():
    for given_dtype, name, kept in [
            ("f4", "bfloat16", "f4"), ("f4", "float32", "f4"), ("f4", "float64", "f8"),
            ("f8", "float16", "f8"), ("f2", "float16", "f2"), ("f2", "float8_e5m2", "f2"),
            ("f2", "float8_e4m3fn", "f2"), ("f2", "bfloat16", "f8"), ("i4", "float16", "f8"),
            ("?", "float16", "f8"), (">f4", "float16", ">f4"), (">f8", "float16", ">f8")]:
        rounded = round_to(np.ones(3, given_dtype), name)
        assert rounded.dtype == np.dtype(kept) and np.all(rounded == 1)
    assert round_to(np.ones(2, ml_dtypes.bfloat16), "float8_e5m2").dtype == ml_dtypes.bfloat16
    assert round_to(np.ones(2, ml_dtypes.float8_e5m2), "bfloat16").dtype == np.float64
    assert isinstance(round_to(1.1, "float16"), np.float64)


def test_layouts_and_inputs_are_left_alone():
    x = np.linspace(-70000, 70000, 24).reshape(2, 3, 4)
    expected = cast(x, "float16")
    x.setflags(write=False)
    before = x.copy()
    for view, want in ((x, expected), (x.T, expected.T), (x[:, ::-2], expected[:, ::-2]),
                       (x[0, 0, 0], expected[0, 0, 0]), (x[:0], expected[:0]), (x.tolist(), expected),
                       (np.asfortranarray(x), expected)):
        assert same(round_to(view, "float16"), want) and round_to(view, "float16").shape == want.shape
        assert ulp(view, "float16").shape == want.shape == to_bits(view, "float16").shape
    assert np.array_equal(x, before)


@pytest.mark.parametrize("function", [round_to, ulp, spacing, to_bits])
def test_other_dtypes_are_refused(function):
    for bad in (np.ones(2, complex), np.array(["1"]), np.array([Fraction(1, 3)]), np.ones(2, np.longdouble)):
        with pytest.raises(TypeError, match="x has dtype .*; allowed"):
            function(bad, "float16")


def test_from_bits_refuses_what_is_no_pattern():
    for bad in (-1, 256, [0, 2**40]):
        with pytest.raises(ValueError, match=r"patterns runs from .* allowed: 0 to 2\*\*8 - 1"):
            from_bits(bad, "float8_e5m2")
    with pytest.raises(TypeError, match="patterns has dtype float64"):
        from_bits(1.0, "float16")
    assert from_bits(np.uint64(2**64 - 2**52), "float64") == -np.inf
    assert from_bits(np.array([], int), "float16").shape == (0,)


# --- ulp, spacing, ulp_error ---------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_ulp_and_spacing_equal_numpy(name):
    width = FORMATS[name].bits
    patterns = np.random.default_rng(7).integers(0, 2**width, 200_000, dtype=f"u{width // 8}")
    if width == 16:
        patterns = all_patterns(FLOAT16)
    x = patterns.view(DTYPES[name])
    x = x[np.isfinite(x) & (np.abs(x) < np.finfo(x.dtype).max)]
    if width == 16:  # NumPy's float16 gives a negative power of two the distance towards zero
        x = np.abs(x)
    expected = np.spacing(x).astype(np.float64)
    assert np.array_equal(ulp(x, name), np.abs(expected))
    assert np.array_equal(spacing(x, name)[x != 0], expected[x != 0])
    assert np.array_equal(spacing(-x, name)[x != 0], -expected[x != 0])
    assert spacing(0.0, name) == spacing(-0.0, name) == FORMATS[name].smallest_subnormal
    assert np.isnan(ulp([np.nan, np.inf, -np.inf], name)).all() and np.isnan(spacing(np.inf, name))


def test_ulp_between_values_and_spacing_after_rounding():
    just_below_two = 2.0 - 2.0**-30
    assert ulp(just_below_two, "float16") == 2.0**-10 and spacing(just_below_two, "float16") == 2.0**-9
    assert ulp(1e-300, "float32") == FLOAT32.smallest_subnormal
    assert np.isnan(spacing(1e39, "float32")) and ulp(1e39, "float32") == ulp(2.0**129, "float32") == 2.0**106


def test_ulp_error_agrees_between_kinds_of_exact_numbers():
    rng = np.random.default_rng(8)
    x = rng.uniform(0.5, 4.0, 200)
    computed = x.astype(np.float16)
    rational = np.array([Fraction(v) for v in x])
    multiple = [mpmath.mpf(v) for v in x]
    errors = ulp_error(computed, x, FLOAT16)
    assert errors.max() <= 0.5 and errors.max() > 0.45
    for exact in (rational, multiple, x.astype(np.longdouble)):
        assert np.allclose(ulp_error(computed, exact, FLOAT16), errors, rtol=1e-12, atol=0)
    with mpmath.workprec(100):
        assert ulp_error(1.0, 1 - mpmath.mpf(2) ** -60, "float64") == 2.0**-7
    assert ulp_error(1.0, 1 - Fraction(1, 2**60), "float64") == 2.0**-7
    if np.finfo(np.longdouble).nmant > 60:
        assert ulp_error(1.0, 1 - np.longdouble(2) ** -60, "float64") == 2.0**-7
    assert ulp_error([[1.0], [2.0]], [1.0, 1.5], "float32").shape == (2, 2)


def test_ulp_error_of_special_values():
    right = ulp_error([np.nan, np.inf, -np.inf, np.inf, 0], [np.nan, np.inf, -np.inf, 1e39, -0.0], FLOAT32)
    wrong = ulp_error([np.nan, np.inf, np.inf, 1.0], [1.0, -np.inf, 65000.0, np.nan], "float16")
    assert np.all(right == 0) and np.all(wrong == np.inf)
    assert ulp_error(np.inf, mpmath.mpf("1e400"), "float64") == 0
    assert ulp_error(np.inf, mpmath.mpf(3), FLOAT64) == ulp_error(np.nan, mpmath.mpf(3), FLOAT64) == np.inf
    assert ulp_error(FLOAT16.max, 65520.0, "float16") == 0.5
    assert ulp_error(0.0, FLOAT16.smallest_subnormal / 4, "float16") == 0.25
    assert ulp_error(3, 2, (2, 1)) == 1


# --- properties ----------------------------------------------------------------------------------------

anything = st.floats(allow_nan=False)
drawn_formats = st.builds(lambda e, m, f: Format("drawn", min(e, 10) if f else e, m, f),
                          st.integers(2, 11), st.integers(1, 52), st.booleans())


@settings(max_examples=300, deadline=None)
@given(anything, anything, drawn_formats)
def test_rounding_is_monotone_odd_idempotent_and_near(a, b, fmt):
    ra, rb = round_to(a, fmt), round_to(b, fmt)
    if not (np.isnan(ra) or np.isnan(rb)):
        assert (ra <= rb) if a <= b else (ra >= rb)
    assert same(round_to(-a, fmt), -ra) and same(round_to(ra, fmt), ra)
    assert same(ra, round_exactly(a, fmt) if abs(a) < 1e30 or np.isinf(a) else ra)
    if np.isfinite(ra) and np.isfinite(a):
        assert abs(Fraction(float(ra)) - Fraction(a)) <= Fraction(float(ulp(a, fmt))) / 2


@pytest.mark.parametrize("module", [formats, _format], ids=lambda m: m.__name__)
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed


def test_without_compilation():
    code = """
import numpy as np
from toolkit.formats import FORMATS, from_bits, round_to, to_bits, ulp
x = np.array([70000.0, 1 / 3, -1e-320, -0.0, 1e300, 1.0])
for name in FORMATS:
    np.testing.assert_array_equal(from_bits(to_bits(x, name), name), round_to(x, name))
    assert np.all(ulp(x, name) > 0)
assert round_to(70000.0, "float16") == np.inf and round_to(1 / 3, "float16") == np.float16(1 / 3)
"""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)

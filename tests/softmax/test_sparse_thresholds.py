"""Thresholds of sparse maps: what rounding of the start, of the gaps and of the number of classes may not move.

The rows are the worst of random searches over nearly tied rows, one logit above many equal ones, tiny spreads, and
classes a few units in the last place on either side of the edge of the support.
"""
import math
from fractions import Fraction

import numpy as np
import pytest
from pulls import alpha_entmax_order_pull, alpha_entmax_pull
from sparse_oracle import entmax_of_values, first_of_each, repeated

from toolkit.formats import get_format, round_to
from toolkit.softmax import alpha_entmax, entmax15, k_sparsemax, sparsemax

# Units of roundoff of the largest result, as documented.
PROMISED = {np.float32: 1, np.float64: 8}
DTYPES = tuple(PROMISED)
ALPHAS = (1.0, 1.01, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
SIZES = (2, 3, 10, 100, 2000, 100_000)
FOUND = (  # α, values, counts: the worst rows of the searches, and those that were reported
    (2.0, [0, -0.4520339], [1, 1999]),
    (1.5, [0, -1.14], [1, 1999]),
    (3.0, [0, -0.27], [1, 1999]),
    (1.01, [1.0, -16.057463205684428, -16.224565656844366, -14.204443128097466, -5.953154714934422],
     [1, 1, 1, 1, 1996]),
    (1.01, [0.0, -2.2349563060608846, -91.97977208400997], [1, 49999, 50000]),
    (1.75, [0.0, -0.024704000184168382, -5.940015440747531e-09], [1, 99998, 1]),
    (2.5, [1.0, 0.9999999971822876, 0.9998933762787192], [1, 1, 1998]),
    (2.5, [5.0, 4.99992846839927, 4.999559729617838, 4.999981278901441], [1, 1, 1, 99997]),
    (4.0, [0.0, -0.0019886487537523665, -0.01785088421941705, -3.1068629884531993e-07, -1.2339907816853928e-07],
     [1, 1, 1, 1, 99996]),
)


def units(p, expected, dtype):
    return np.abs(p - expected).max() / (np.finfo(dtype).eps / 2 * expected.max())


def sum_in_units(p, dtype):
    return abs(math.fsum(p) - 1) / (np.finfo(dtype).eps / 2)


def check(alpha, values, counts, dtype):
    z, values = repeated(values, counts, dtype)
    p = alpha_entmax(z, alpha=alpha)
    expected = entmax_of_values(values, counts, dtype(alpha - 1))
    assert units(p[first_of_each(counts)], expected, dtype) <= PROMISED[dtype], (alpha, values, counts)
    assert sum_in_units(p, dtype) <= 2, (alpha, values, counts)


def hard_rows(alpha, size, rng, dtype):
    """Values and counts of one row of each kind."""
    reach = 1 / (alpha - 1) if alpha > 1 else 12.0
    few = min(size, 4)
    yield [0, -reach * rng.uniform()], [1, size - 1]
    yield [0, -reach * (1 - 10 ** -rng.uniform(0, 8))], [1, size - 1]
    yield [5, *(5 - reach * 10 ** -rng.uniform(0, 9, few - 1))], [1] * (few - 1) + [size - few + 1]
    base = -reach * rng.uniform()
    yield [0, *(base * (1 + np.finfo(dtype).eps * rng.integers(-3, 4, few - 1)))], [1] * (few - 1) + [size - few + 1]
    if size > 2 and alpha > 1:
        values, counts = np.array([0, -reach * rng.uniform() / 2], dtype), [1, size // 2]
        edge = dtype(-(entmax_of_values(values, counts, alpha - 1)[0] ** (alpha - 1)) / (alpha - 1))
        for end in (-np.inf, np.inf):
            yield [*values, np.nextafter(edge, dtype(end))], [*counts, size - 1 - counts[1]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_accuracy_of_thresholds_to_100_000_classes(alpha, dtype):
    rng = np.random.default_rng(round(100 * alpha))
    for size in SIZES:
        for values, counts in hard_rows(alpha, size, rng, dtype):
            check(alpha, values, counts, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", FOUND, ids=str)
def test_accuracy_of_the_worst_rows_found(row, dtype):
    check(*row, dtype)


def test_newton_that_stopped_by_rounding_of_its_start():
    z = np.linspace(0, 0.0009, 2000, dtype=np.float32)
    assert units(sparsemax(z), exact_sparsemax(z), np.float32) <= 1
    assert abs(sparsemax(np.float32([0] + [-0.4520339] * 1999))[0] - 0.45230789) < 3e-8
    assert np.abs(alpha_entmax(np.float32([0] + [-0.27] * 1999), alpha=3)[:2] - [0.73484695, 0.000132643]).max() < 1e-7


def exact_sparsemax(z):
    """In whole numbers: logits as multiples of one power of 2."""
    fractions = [Fraction(float(v)) for v in z]
    unit = max(v.denominator for v in fractions)
    whole = [int(v * unit) for v in fractions]
    total, tau = 0, None
    for k, v in enumerate(sorted(whole, reverse=True), start=1):
        total += v
        if k * v > total - unit:
            tau = Fraction(total - unit, k)
    return np.array([float(max(v - tau, 0) / unit) for v in whole])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [2000, 20_000])
def test_accuracy_of_sparsemax_in_exact_arithmetic(size, dtype):
    rng = np.random.default_rng(size)
    for spread in (1.0, 1e-3, 1 / size):
        z = rng.normal(3, spread, size).astype(dtype)
        expected = exact_sparsemax(z)
        assert units(sparsemax(z), expected, dtype) <= PROMISED[dtype]
        assert units(k_sparsemax(z, k=size), expected, dtype) <= PROMISED[dtype]
        assert sum_in_units(sparsemax(z), dtype) <= 2


@pytest.mark.parametrize("format", ["float16", "bfloat16", "float8_e5m2", "float8_e4m3fn"])
def test_accuracy_in_emulated_formats(format):
    unit = get_format(format).epsilon / 2
    for alpha in (1.0, 1.01, 1.25, 1.5, 2.0, 3.0, 4.0):
        z = round_to(np.array([1.0, 1.0, 0.5, -0.25]), format)
        counts = [1, 3, 20, 100]
        p = alpha_entmax(np.repeat(z, counts), alpha=alpha, format=format)
        expected = entmax_of_values(z, counts, alpha - 1)
        assert np.abs(p[first_of_each(counts)] - expected).max() <= 1.01 * unit * expected.max()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_accuracy_of_gradients_of_100_000_classes(alpha, dtype):
    rng = np.random.default_rng(round(100 * alpha))
    for size in (3, 2000, 100_000):
        z = np.concatenate([[0.0], np.full(size - 1, -0.27 / alpha)]).astype(dtype)
        z[1:] += (1e-6 * rng.normal(size=size - 1)).astype(dtype)
        p, g = alpha_entmax(z, alpha=alpha), rng.normal(1, 1, size).astype(dtype)
        wide, upstream = p.astype(np.longdouble), g.astype(np.longdouble)
        order = np.longdouble(dtype(alpha - 1))
        s = np.where(p > 0, np.where(p > 0, wide, 1) ** (1 - order), 0)
        expected = s * (upstream - (s * upstream).sum() / s.sum())
        found = alpha_entmax_pull(p, g, alpha=alpha)
        assert np.abs(found - expected).max() <= 8 * np.finfo(dtype).eps / 2 * np.abs(expected).max()


def test_gradients_of_a_part_that_is_almost_0():
    """Its ``p^(2 - α)`` overflows; its gradient is what the other leaves."""
    p = np.float32([1, 1e-20, 0])
    np.testing.assert_array_equal(alpha_entmax_pull(p, np.float32([1, 0, 5]), alpha=4), [1, -1, 0])
    for k in range(3):
        g = np.float32([1, 0, 5])
        g[k] = np.nan
        assert np.isnan(alpha_entmax_pull(p, g, alpha=4)).all()
    assert np.isfinite(alpha_entmax_order_pull(p, np.float32([1, 0, 5]), alpha=4))


def test_entmax15_of_one_above_many_is_that_of_the_family():
    z = np.float32([0] + [-1.14] * 1999)
    np.testing.assert_array_equal(entmax15(z), alpha_entmax(z, alpha=1.5))

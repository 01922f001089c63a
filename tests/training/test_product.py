"""The matrix product that skips zeros: the bits of a plain loop, over odd shapes, layouts and values."""
import numba
import numpy as np
import pytest

from toolkit.networks.product import LINE, add_product, add_transposed_product, padded
from toolkit.networks.tiles import BITS, WIDEST

# Terms around BITS, and lines of columns from 1 to more than two of the widest tiles.
SHAPES = [(1, 1, 16), (1, 63, 32), (31, 64, 48), (32, 65, 64), (33, 127, 80), (7, 128, 96), (64, 129, 112),
          (65, 200, 128), (5, 3, 208), (100, 1, 16), (3, 300, 144), (17, 9, 16 * (2 * max(WIDEST.values()) + 1))]


HAS_FMA = bool({"+fma", "+neon"} & set(numba.core.codegen.get_host_cpu_features().split(",")))


def view(values):
    """The same numbers inside a wider array: neither C- nor Fortran-contiguous, as the engine's are."""
    wide = np.full((values.shape[0], values.shape[1] + 3), np.nan, values.dtype)
    wide[:, :values.shape[1]] = values
    return wide[:, :values.shape[1]]


def multiply(a, b, c, fused=None):
    add_product(fused, view(a), b, c)
    return c


def multiply_transposed(a, b, c, fused=None):
    add_transposed_product(fused, view(a.T.copy()), b, c)
    return c


def in_order(a, b, c):
    """One column of A after the other, each product and each sum rounded."""
    c = c.copy()
    for q in range(a.shape[1]):
        c += a[:, q:q + 1] * b[q]
    return c


def operands(m, k, n, dtype, zeros, seed=1):
    rng = np.random.default_rng([seed, m, k, n])
    a, b, c = (rng.standard_normal(shape).astype(dtype) for shape in ((m, k), (k, n), (m, n)))
    a[rng.random((m, k)) < zeros] = 0.0
    return a, b, c


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("zeros", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_bits_of_a_plain_loop(m, k, n, zeros, dtype):
    a, b, c = operands(m, k, n, dtype, zeros)
    expected = in_order(a, b, c)
    np.testing.assert_array_equal(multiply(a, b, c.copy()), expected)
    np.testing.assert_array_equal(multiply_transposed(a, b, c.copy()), expected, "A transposed")


@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_float32_is_near_float64(m, k, n):
    """Within the classic bound, k roundings of half an ulp of the sum of moduli."""
    a, b, c = operands(m, k, n, np.float32, 0.3)
    exact = c.astype(np.float64) + a.astype(np.float64) @ b.astype(np.float64)
    bound = (k + 1) * 2.0**-24 * (np.abs(c).astype(np.float64) + np.abs(a).astype(np.float64) @ np.abs(b))
    assert np.all(np.abs(multiply(a, b, c.copy()) - exact) <= bound)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_fused_rounds_each_product_and_sum_once(m, k, n, dtype):
    """Against fma from twice the digits, exact for float32; where the machine has no fma, against two roundings."""
    a, b, c = operands(m, k, n, dtype, 0.5)
    wide = np.longdouble if dtype == np.float64 else np.float64
    once, twice = c.copy(), in_order(a, b, c)
    for q in range(k):
        once = (a[:, q:q + 1].astype(wide) * b[q].astype(wide) + once.astype(wide)).astype(dtype)
    for product in (multiply, multiply_transposed):
        found = product(a, b, c.copy(), True)
        near = np.abs(found - once) <= 2 * k * np.finfo(dtype).eps * (np.abs(a) @ np.abs(b) + np.abs(c))
        assert near.all() and (found == (once if HAS_FMA else twice)).mean() > (0.9 if dtype == np.float64 else 0.999)


def test_order_is_that_of_the_rows_of_b():
    """1e8 + 1 - 1e8 in float32 is 0 in this order and 1 in another: also across two integers of bits."""
    for first, middle, last in ((0, 1, 2), (0, BITS - 1, BITS), (BITS, BITS + 1, 2 * BITS + 5)):
        b = np.zeros((2 * BITS + 6, LINE), np.float32)
        b[first], b[middle], b[last] = 1e8, 1.0, -1e8
        a = np.ones((1, b.shape[0]), np.float32)
        assert np.all(multiply(a, b, np.zeros((1, LINE), np.float32)) == 0.0)
        b[first], b[middle], b[last] = 1e8, -1e8, 1.0
        assert np.all(multiply(a, b, np.zeros((1, LINE), np.float32)) == 1.0)


@pytest.mark.parametrize(("m", "k"), [(3, 0), (0, 5), (0, 0)])
def test_nothing_to_add(m, k):
    a, b, c = operands(m, k, 32, np.float32, 0.0)
    np.testing.assert_array_equal(multiply(a, b, c.copy()), c)


def test_zero_coefficients_leave_their_row_out():
    """Unlike 0 * inf, which is NaN; any other coefficient brings infinities and NaN along."""
    b = np.ones((3, LINE), np.float32)
    b[0], b[1] = np.inf, np.nan
    a = np.array([[0, -0.0, 2], [1, 0, 0], [0, 1e-45, 0], [np.nan, 0, 0]], np.float32)
    c = multiply(a, b, np.zeros((4, LINE), np.float32))
    assert np.all(c[0] == 2) and np.all(c[1] == np.inf) and np.all(np.isnan(c[2:]))


def test_subnormal_products_are_kept():
    a, b = np.full((1, 4), 1e-20, np.float32), np.full((4, LINE), 1e-20, np.float32)
    c = multiply(a, b, np.zeros((1, LINE), np.float32))
    assert np.all(c == in_order(a, b, np.zeros((1, LINE), np.float32))) and 0 < c[0, 0] < 1e-39


def test_columns_are_padded_to_whole_cache_lines():
    assert [padded(n) for n in (1, 16, 17, 31, 113, 200)] == [16, 16, 32, 32, 128, 208]

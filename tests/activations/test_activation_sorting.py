"""GroupSort, MaxMin and Householder: permutations and reflections, and nothing else."""
import itertools

import numpy as np
import pytest
from catalog_cases import for_each

from toolkit import activations
from toolkit._core.numbers import in_format
from toolkit.activations import _sorting, kernels
from toolkit.catalog import get_method
from toolkit.formats import round_to

N = 10  # what 2 and 5 divide
MIRROR = (0.6, -0.8)
# Kernels, their parameter, and what pulls a gradient back.
MAPS = {"max_min": (kernels.group_sort_row, kernels.group_sort_vjp_row, 2, _sorting.max_min_pull),
        "group_sort": (kernels.group_sort_row, kernels.group_sort_vjp_row, 5, _sorting.group_sort_pull),
        "householder": (kernels.householder_row, kernels.householder_vjp_row, MIRROR, _sorting.householder_pull)}
every_map = for_each([get_method(name) for name in MAPS])


def rows(dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=(20, N)).astype(dtype)


def pull(method, z, g, **options):
    return MAPS[method.name][-1](z, g, **dict(method.parameters), **options)


@every_map
def test_public_functions_run_the_row_kernels(method):
    forward, backward, parameter, _ = MAPS[method.name]
    for dtype in (np.float32, np.float64):
        z, g = rows(dtype), rows(dtype, seed=1)
        for i in range(len(z)):
            out = np.empty(N, dtype)
            row, g_row, out_row = (in_format(x, None) for x in (z[i], g[i], out))
            forward(row, parameter, out_row)
            assert np.array_equal(method(z)[i], out)
            backward(row, g_row, parameter, out_row)
            assert np.array_equal(pull(method, z, g)[i], out)


@every_map
def test_length_is_kept_forward_and_backward(method):
    z, g = rows(), rows(seed=1)
    assert "isometry" in method.holds and method.lipschitz == 1
    for before, after in ((z, method(z)), (g, pull(method, z, g))):
        np.testing.assert_allclose(np.linalg.norm(after, axis=1), np.linalg.norm(before, axis=1), rtol=1e-14)


@every_map
def test_differences_never_grow(method):
    z, other = rows(), rows(seed=2)
    moved = np.linalg.norm(method(z) - method(other), axis=1)
    assert (moved <= np.linalg.norm(z - other, axis=1) * (1 + 1e-14)).all()


@every_map
def test_gradient_against_differences(method):
    z, g, h = rows(), rows(seed=1), 1e-6
    expected = np.zeros_like(z)
    for k in range(N):
        step = h * np.eye(N)[k]
        expected[:, k] = (g * (method(z + step) - method(z - step))).sum(axis=1) / (2 * h)
    np.testing.assert_allclose(pull(method, z, g), expected, atol=1e-8)


@every_map
def test_axes_dtypes_and_formats(method):
    z = rows().reshape(4, 5, N)
    assert np.array_equal(method(np.moveaxis(z, -1, 0), axis=0), np.moveaxis(method(z), -1, 0))
    for dtype in (np.float16, np.float32):
        assert method(z.astype(dtype)).dtype == dtype
    emulated = method(z, format="float16")
    assert np.array_equal(emulated, round_to(emulated, "float16"))
    assert np.array_equal(method(z, format="float64"), method(z))


def test_reference_values():
    z = [3.0, -1.0, 2.0, 2.0, 0.0, -5.0]
    assert np.array_equal(activations.group_sort(z), [-1, 3, 2, 2, -5, 0])
    assert np.array_equal(activations.group_sort(z, group=3), [-1, 2, 3, -5, 0, 2])
    np.testing.assert_allclose(activations.householder([1.0, -3.0, 2.0], (1.0, 2.0, 2.0)), np.array([11, -23, 22]) / 9,
                               rtol=1e-14)


def test_sorting_is_that_of_numpy_bit_by_bit():
    for group in (1, 2, 5, 10):
        z = rows(np.float32)
        expected = np.sort(z.reshape(20, -1, group), axis=-1).reshape(z.shape)
        assert np.array_equal(activations.group_sort(z, group=group), expected)


def test_the_gradient_keeps_the_order_of_equal_numbers():
    for z in itertools.product([0.0, 1.0, 2.0], repeat=4):
        g = np.array([1.0, 2.0, 3.0, 4.0])
        expected = np.empty(4)
        expected[np.argsort(z, kind="stable")] = g
        assert np.array_equal(_sorting.group_sort_pull(z, g, group=4), expected)


def test_nan_sorts_last_and_stays_in_its_group():
    z = [np.nan, 1.0, 5.0, 4.0]
    assert np.array_equal(activations.max_min(z), [1.0, np.nan, 4.0, 5.0], equal_nan=True)
    assert np.array_equal(_sorting.group_sort_pull(z, [1.0, 2.0, 3.0, 4.0]), [2.0, 1.0, 4.0, 3.0])


def test_max_min_is_a_householder_activation():
    z = rows()
    swapped = activations.householder(z).reshape(20, -1, 2)[:, :, ::-1].reshape(20, N)
    np.testing.assert_allclose(swapped, activations.max_min(z), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("v", [(1.0, -1.0), (0.3, 2.0, -1.0), (1.0, 2.0, 3.0, 4.0)])
def test_householder_is_accurate_and_keeps_the_part_in_the_mirror(v):
    z = np.random.default_rng(6).normal(size=(200, 12))
    u = np.array(v) / np.linalg.norm(v)
    parts = z.reshape(200, -1, len(v))
    expected = parts - 2 * np.minimum(parts @ u, 0)[..., None] * u
    for dtype in (np.float32, np.float64):
        result = activations.householder(z.astype(dtype), v).reshape(parts.shape)
        bound = 3 * len(v) * np.finfo(dtype).eps / 2 * np.abs(parts).max(axis=-1, keepdims=True)
        assert (np.abs(result - expected) <= bound + np.abs(z.astype(dtype) - z).reshape(parts.shape).sum(
            axis=-1, keepdims=True) * 2).all()
        assert ((result @ u) >= -bound[..., 0] * len(v)).all()


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="group is 4; allowed: what divides 10"):
        activations.group_sort(rows(), group=4)
    with pytest.raises(ValueError, match="group is 0; allowed: an integer, at least 1"):
        activations.group_sort(rows(), group=0)
    with pytest.raises(ValueError, match="v has the largest size 0; allowed: a 1-d array of finite numbers"):
        activations.householder(rows(), (0.0, 0.0))
    with pytest.raises(ValueError, match=r"v has shape \(1, 2\); allowed: a 1-d array"):
        activations.householder(rows(), ((1.0, 2.0),))
    with pytest.raises(ValueError, match="the size of v is 4; allowed: what divides 10"):
        activations.householder(rows(), (1.0, 1.0, 1.0, 1.0))


@pytest.mark.parametrize(("z", "v", "format", "mirrored"), [
    (np.float32([-3e38, 3e38]), (1, -1), None, [3e38, -3e38]),
    ([-1.7e308, 1.7e308], (1, -1), None, [1.7e308, -1.7e308]),
    ([-448, 448], (1, -1), "float8_e4m3fn", [448, -448]), ([448, -448], (1, -1), "float8_e4m3fn", [448, -448]),
    ([-6e4, 6e4], (1, -1), "float16", [6e4, -6e4]), ([-1, 2], (1e200, -1e200), None, [2, -1]),
    ([-1, 2], (5e-324, -5e-324), None, [2, -1])])
def test_householder_at_the_ends_of_the_dtype(z, v, format, mirrored):
    """Neither the side nor the length of v over- or underflows on the way."""
    found = activations.householder(z, v, format=format)
    np.testing.assert_allclose(found, np.asarray(mirrored, found.dtype), rtol=1e-6)

"""Gradients of every method of the catalog against differences of its values."""
import numpy as np
import pytest
from catalog_cases import call, every_method, gradient, labels, logits, upstream

from toolkit.catalog import KERNEL_ARGUMENTS

# Central differences of order 8: with STEP their error is near 1e-13 for functions that vary over 1.
WEIGHTS = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
STEP = 2.0**-6
DIFFERENCE_ERROR = 1e-11


def differences(method, z, g):
    """``d sum(g * method(z)) / dz`` by central differences."""
    grad = np.zeros_like(z)
    for k in range(z.shape[1]):
        for steps, weight in WEIGHTS.items():
            ahead, behind = z.copy(), z.copy()
            ahead[:, k] += steps * STEP
            behind[:, k] -= steps * STEP
            change = g * (call(method, ahead) - call(method, behind))
            grad[:, k] += weight / STEP * (change.sum(axis=1) if change.ndim == 2 else change)
    return grad


def logits_off_kinks(method, count=6):
    z = logits(method, count) / 4
    return z + 8 * STEP * np.sign(z)


def without_kinks(method, z):
    """The rows around which the same classes have part: where others join, differences say nothing."""
    here, calm = call(method, z) > 0, np.full(len(z), True)
    for k in range(z.shape[1]):
        for step in (*range(-4, 0), *range(1, 5)):
            moved = z.copy()
            moved[:, k] += step * STEP
            calm &= ((call(method, moved) > 0) == here).all(axis=1)
    z, here = z[calm], here[calm]
    assert len(z) >= 6 and not here.all(axis=1).all() and (here.sum(axis=1) > 1).any()
    return z


@every_method
def test_against_central_differences(method):
    z = logits_off_kinks(method)
    if "weak_order" in method.holds:
        z = without_kinks(method, logits(method, count=48) / 2)
    g = np.ones(len(z)) if method.result == "loss" else upstream(method, count=len(z))
    expected = differences(method, z, g)
    scale = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(gradient(method, z, g) - expected) <= DIFFERENCE_ERROR * (1 + scale)).all()


@every_method
def test_float32_gradient_is_the_float64_gradient_rounded(method):
    z, g = logits(method, dtype=np.float32), upstream(method).astype(np.float32)
    narrow, wide = gradient(method, z, g), gradient(method, z.astype(float), g.astype(float))
    assert narrow.dtype == np.float32
    scale = np.abs(wide).max(axis=1, keepdims=True)
    assert (np.abs(narrow - wide) <= 64 * np.finfo(np.float32).eps * scale).all()


@every_method
def test_gradient_is_linear_in_what_comes_from_above(method):
    if method.result == "loss":
        return
    z, g, h = logits(method), upstream(method), upstream(method, seed=2)
    expected = 2 * gradient(method, z, g) - gradient(method, z, h)
    np.testing.assert_allclose(gradient(method, z, 2 * g - h), expected, rtol=1e-11, atol=1e-13)


@every_method
def test_gradient_of_a_loss_in_all_variants(method):
    if method.result != "loss":
        return
    z = logits(method) / 4
    expected = gradient(method, z, None)
    for variant in method.variants:
        result = gradient(method, z, None, **{method.selector: variant.name})
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-15)


@every_method
def test_public_gradient_runs_the_row_kernel(method):
    if method.row_gradient is None:
        assert "out" in KERNEL_ARGUMENTS[method.result], "a loss kernel fills the gradient itself"
        return
    for dtype in (np.float32, np.float64):
        z, g = logits(method, dtype=dtype), upstream(method).astype(dtype)
        at = z if method.gradient_at == "input" else call(method, z)
        public = gradient(method, z, g)
        for i in range(len(z)):
            out = np.empty_like(z[i])
            method.row_gradient(at[i], g[i], out, None)
            assert np.array_equal(out, public[i])


@every_method
def test_nan_above_or_below_gives_nan(method):
    z, g = logits(method), upstream(method)
    z[1, 2] = np.nan
    assert np.isnan(gradient(method, z, g)[1]).any() and not np.isnan(gradient(method, z, g)[[0, 2, 3]]).any()
    if method.result != "loss":
        z, g = logits(method), upstream(method)
        g.reshape(len(g), -1)[1, -1] = np.nan
        assert np.isnan(gradient(method, z, g)[1]).any()


@pytest.mark.parametrize("gap", [20.0, 60.0])
@every_method
def test_confident_rows_keep_a_gradient(method, gap):
    """What Softmax Collapse loses: the top class's own gradient in float32, beside that of float64."""
    z = np.zeros((1, 3), np.float32)
    z[0, 0] = gap
    g = np.float32([1]) if method.result in ("number", "loss") else np.float32([[1, 0, 0]])
    assert labels(1)[0] == 0
    top = gradient(method, z, g)[0, 0]
    exact = gradient(method, z.astype(float), g.astype(float))[0, 0]
    if abs(exact) < 2.0**-150:  # of a loss that falls off faster than e^-gap, or past the gap at which others are 0
        assert top == 0
    else:
        assert top != 0 and abs(top / exact - 1) < 2e-5

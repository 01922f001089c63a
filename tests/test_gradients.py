"""Gradients of every method of the catalog against differences of its values."""
import doctest

import numpy as np
import pytest
from catalog_cases import all_hold, every_method, labels, logits, upstream

import toolkit
from toolkit import activations, losses, sampling, softmax

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
            change = g * (method.of_rows(ahead) - method.of_rows(behind))
            grad[:, k] += weight / STEP * (change.sum(axis=1) if change.ndim == 2 else change)
    return grad


def logits_off_kinks(method, count=6):
    z = logits(method, count) / 4
    return z + 8 * STEP * np.sign(z)


def parts(method, z):
    """Which classes have part in a sparse map, or in that of a loss with gradient ``p - onehot(y)``."""
    return method.pulled(z, np.ones(len(z))) % 1 != 0 if "margin" in method.holds else method.of_rows(z) > 0


def without_kinks(method, z):
    """The rows around which the same classes have part: where others join, differences say nothing."""
    here, calm = parts(method, z), np.full(len(z), True)
    for k in range(z.shape[1]):
        for step in (*range(-4, 0), *range(1, 5)):
            moved = z.copy()
            moved[:, k] += step * STEP
            calm &= (parts(method, moved) == here).all(axis=1)
    z, here = z[calm], here[calm]
    assert len(z) >= 6 and not here.all(axis=1).all() and (here.sum(axis=1) > 1).any()
    return z


@every_method
def test_against_central_differences(method):
    z = logits_off_kinks(method)
    if method.holds & {"weak_order", "margin"} or method.name == "typical_softmax":
        z = without_kinks(method, logits(method, count=48) / 2)
    g = upstream(method, count=len(z))
    expected = differences(method, z, g)
    scale = np.abs(expected).max(axis=1, keepdims=True)
    found = method.pulled(z, g)
    all_hold(np.abs(found - expected) <= DIFFERENCE_ERROR * (1 + scale), found, expected,
             of=f"gradient of {method.name} by differences", given={"z": z, "g": g})


@every_method
def test_float32_gradient_is_the_float64_gradient_rounded(method):
    z, g = logits(method, dtype=np.float32), upstream(method).astype(np.float32)
    narrow, wide = method.pulled(z, g), method.pulled(z.astype(float), g.astype(float))
    assert narrow.dtype == np.float32
    scale = np.abs(wide).max(axis=1, keepdims=True)
    all_hold(np.abs(narrow - wide) <= 64 * np.finfo(np.float32).eps * scale, narrow, wide,
             of=f"float32 gradient of {method.name}", given={"z": z, "g": g})


@every_method
def test_gradient_is_linear_in_what_comes_from_above(method):
    z, g, h = logits(method), upstream(method), upstream(method, seed=2)
    expected = 2 * method.pulled(z, g) - method.pulled(z, h)
    np.testing.assert_allclose(method.pulled(z, 2 * g - h), expected, rtol=1e-11, atol=1e-13)


@every_method
def test_gradient_in_all_forms_that_it_knows(method):
    z, g = logits(method) / 4, upstream(method)
    expected = method.pulled(z, g)
    for variant in method.variants:
        options = {method.selector: variant.name} if method.selector else {}
        np.testing.assert_allclose(method.pulled(z, g, **options), expected, rtol=1e-12, atol=1e-15)


@every_method
def test_gradient_runs_the_row_kernel(method):
    """Of losses `test_public_function_runs_the_row_kernel` asks it, whose kernels fill the gradient themselves."""
    export = method.exports().get("gradient")
    if export is None:
        return
    for dtype in (np.float32, np.float64):
        z, g = logits(method, dtype=dtype), upstream(method).astype(dtype)
        at = method.of_rows(z) if method.gradient.at == "result" else z
        out = np.empty_like(z)
        export(at, g, out)
        assert np.array_equal(method.pulled(z, g), out)


@every_method
def test_nan_above_or_below_gives_nan(method):
    z, g = logits(method), upstream(method)
    z[1, 2] = np.nan
    assert np.isnan(method.pulled(z, g)[1]).any() and not np.isnan(method.pulled(z, g)[[0, 2, 3]]).any()
    z, g = logits(method), upstream(method)
    g.reshape(len(g), -1)[1, -1] = np.nan
    assert np.isnan(method.pulled(z, g)[1]).any()


@pytest.mark.parametrize("gap", [20.0, 60.0])
@every_method
def test_confident_rows_keep_a_gradient(method, gap):
    """What Softmax Collapse loses: the top class's own gradient in float32, beside that of float64."""
    z = np.zeros((1, 3), np.float32)
    z[0, 0] = gap
    g = np.zeros_like(method.of_rows(z))
    g.flat[0] = 1
    assert labels(1)[0] == 0
    top = method.pulled(z, g)[0, 0]
    exact = method.pulled(z.astype(float), g.astype(float))[0, 0]
    said = f"the gradient of {method.name} at the top class, {gap:g} ahead, is {top} in float32 and {exact} in float64"
    if abs(exact) < 2.0**-150:  # of a loss that falls off faster than e^-gap, or past the gap at which others are 0
        assert top == 0, said
    else:
        assert top != 0 and abs(top / exact - 1) < 2e-5, said


Z = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -2.0]])


def test_vjp_shares_what_the_gradient_knows():
    keep, g = np.array([True, False, True]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    value, pull = toolkit.vjp(softmax.softmax, Z.T, axis=0, temperature=2.0, where=keep[:, None], algorithm="online")
    p = softmax.softmax(Z, temperature=2.0, where=keep)
    assert np.array_equal(value.T, softmax.softmax(Z, temperature=2.0, where=keep, algorithm="online"))
    np.testing.assert_allclose(pull(g.T).T, p * (g - (p * g).sum(axis=1, keepdims=True)) / 2, atol=1e-15)
    value, pull = toolkit.vjp(softmax.logsumexp, Z, keepdims=True, b=[1.0, 2.0, 3.0])
    assert value.shape == (2, 1)
    np.testing.assert_allclose(pull(value), value * softmax.softmax(Z + np.log([1, 2, 3])), rtol=1e-14)
    value, pull = toolkit.vjp(softmax.softmax, Z, format="float16")  # the value alone is emulated
    assert np.array_equal(value, softmax.softmax(Z, format="float16")) and pull(g).dtype == np.float64


def test_losses_of_any_reduction():
    y, g = np.array([2, 1]), np.array([2.0, -1.0])
    value, pull = toolkit.vjp(losses.cross_entropy, Z, y, reduction="none")
    p = softmax.softmax(Z)
    expected = p - np.eye(3)[y]
    np.testing.assert_allclose(pull(g), expected * g[:, None], atol=1e-15)
    with pytest.raises(ValueError, match=r"^pull\(\): g has shape \(3,\); allowed: one number, or one for each row"):
        pull([1.0, 2.0, 3.0])
    np.testing.assert_allclose(toolkit.grad(losses.cross_entropy)(Z, y), expected / 2, atol=1e-15)
    total, gradient = toolkit.value_and_grad(losses.cross_entropy)(Z.T, y, axis=0, reduction="sum")
    assert total == pytest.approx(value.sum()) and np.allclose(gradient.T, expected)
    value, pull = toolkit.vjp(losses.cross_entropy, Z.T, y, axis=0, reduction="none")
    np.testing.assert_allclose(pull(g).T, expected * g[:, None], atol=1e-15)


def test_elementwise_functions_pull_by_their_slope():
    x, g = np.linspace(-2, 2, 7), np.arange(7.0)
    value, pull = toolkit.vjp(activations.tanh, x)
    np.testing.assert_allclose(pull(g), g * (1 - np.tanh(x) ** 2), atol=1e-15)
    assert np.array_equal(value, activations.tanh(x))
    assert toolkit.grad(activations.swish)(0.0, beta=3.0) == 0.5
    naive = toolkit.vjp(activations.tanh, np.float32(12), form="naive")[1](1.0)
    assert naive == 0 < toolkit.vjp(activations.tanh, np.float32(12))[1](1.0)


def test_gradients_of_other_arguments():
    step = 1e-5
    for function, option, value in ((softmax.alpha_entmax, "alpha", 1.5), (activations.crrelu, "epsilon", 0.3)):
        g = np.arange(6.0).reshape(2, 3)
        pulled = toolkit.vjp(function, Z, of=option, **{option: value})[1](g)
        ahead, behind = (function(Z, **{option: value + way * step}) for way in (1, -1))
        np.testing.assert_allclose(np.sum(pulled), np.sum(g * (ahead - behind)) / (2 * step), rtol=1e-7)
    with pytest.raises(ValueError, match="of is 'tau'; allowed for softmax: 'z'"):
        toolkit.vjp(softmax.softmax, Z, of="tau")
    with pytest.raises(ValueError, match="of is 'beta'; allowed for tanh: 'x'"):
        toolkit.vjp(activations.tanh, Z, of="beta")
    with pytest.raises(ValueError, match="of is 'labels'; allowed for cross_entropy: 'logits'"):
        toolkit.grad(losses.cross_entropy, of="labels")(Z, [0, 1])


def test_a_relaxed_draw_pulls_with_its_noise_held_fixed():
    noise, g, step = np.array([0.3, -0.2, 0.9]), np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]]), 1e-5
    pull = toolkit.vjp(sampling.gumbel_softmax, Z, noise, temperature=0.7)[1]
    for k in range(3):
        moved = step * np.eye(3)[k]
        ahead, behind = (sampling.gumbel_softmax(Z + way * moved, noise, temperature=0.7) for way in (1, -1))
        np.testing.assert_allclose(pull(g)[:, k], (g * (ahead - behind)).sum(axis=1) / (2 * step), rtol=1e-8)


def test_what_has_no_gradient_says_so():
    with pytest.raises(TypeError, match="function is 'sum'; allowed: a method of toolkit.catalog"):
        toolkit.vjp(np.sum, Z)
    with pytest.raises(TypeError, match="function is gumbel_max, which has no gradient"):
        toolkit.vjp(sampling.gumbel_max, Z, Z)
    with pytest.raises(TypeError, match=r"softmax gives an array of shape \(2, 3\); allowed: a number, or vjp"):
        toolkit.grad(softmax.softmax)(Z)
    with pytest.raises(TypeError, match="temprature"):
        toolkit.vjp(softmax.softmax, Z, temprature=2.0)


def test_examples_in_docstrings():
    from toolkit import gradients
    result = doctest.testmod(gradients)
    assert result.attempted > 0 == result.failed

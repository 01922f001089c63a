"""The smoothed least energy and largest logit: reference values, limits, special values."""
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import toolkit
from toolkit.soft_operators import laplace_value, smoothed_maximum
from toolkit.softmax import logmeanexp, logsumexp, softmax

ENERGY = np.array([1.0, 0.25, 4.0])


def test_reference_values():
    values = [laplace_value(ENERGY, beta=beta) for beta in (1, 10, 100)]
    assert_allclose(values, [0.945894752617, 0.359805935719, 0.260986122887], atol=1e-12)


def test_between_the_least_and_the_mean():
    energy = np.random.default_rng(0).normal(0, 5, (50, 7))
    low, mean = energy.min(axis=1), energy.mean(axis=1)
    values = np.array([laplace_value(energy, beta=beta) for beta in (1e-9, 0.1, 1.0, 10.0, 1e9)])
    assert (np.diff(values, axis=0) <= 1e-12).all() and (values <= mean + 1e-12).all()
    assert (values >= low).all() and (values[3] <= low + np.log(7) / 10 + 1e-12).all()
    assert_allclose(values[0], mean, atol=1e-7)
    assert_allclose(values[-1], low, atol=1e-8)
    assert_allclose(values[2], -logmeanexp(-energy), rtol=1e-13)
    assert_allclose(laplace_value(energy, beta=0.5, form="naive"), laplace_value(energy, beta=0.5), rtol=1e-12)


def test_a_small_beta_keeps_its_digits():
    """The variance is what is left of the mean: ``value = mean - beta Var / 2 + ...``."""
    energy = np.array([0.0, 1.0, 5.0])
    assert_allclose(laplace_value(energy, beta=2.0**-60), energy.mean(), rtol=1e-15)
    with np.errstate(all="ignore"):
        assert abs(-np.log(np.exp(-2.0**-60 * energy).mean()) * 2.0**60) == 0


def test_special_values_of_the_least():
    inf, nan = np.inf, np.nan
    rows = [[inf, 0, 1], [inf, inf, inf], [-inf, 0, 1], [nan, 0, 1], [-inf, inf, 1], [nan, -inf, 0]]
    found = laplace_value(rows)
    assert found[0] == pytest.approx(-np.log((1 + np.exp(-1)) / 3)) and found[1] == inf and found[2] == -inf
    assert np.isnan(found[[3, 5]]).all() and found[4] == -inf
    assert np.isnan(laplace_value(np.zeros((2, 0)))).all()
    keep = np.array([True, False, True])
    assert_allclose(laplace_value(ENERGY, where=keep), laplace_value(ENERGY[keep]), rtol=1e-15)
    assert_allclose(laplace_value(ENERGY, where=keep, form="naive"), laplace_value(ENERGY[keep]), rtol=1e-14)
    assert np.isnan(laplace_value(ENERGY, where=False))
    assert laplace_value(np.ones((2, 3), np.float16), keepdims=True).dtype == np.float16
    with pytest.warns(RuntimeWarning, match="all of them vanished"):
        assert laplace_value(np.float32([1000, 1001]), form="naive") == inf
    assert laplace_value([1e308, -1e308]) == -1e308
    assert laplace_value(ENERGY, format="float8_e4m3fn", beta=0.001) == pytest.approx(1.75, abs=0.5)


def test_special_values_of_the_largest():
    inf, nan = np.inf, np.nan
    found = smoothed_maximum([[inf, 0], [-inf, -inf], [nan, 0], [-inf, 2], [nan, inf]])
    assert found[0] == inf and found[1] == -inf and np.isnan(found[[2, 4]]).all() and found[3] == 2
    assert smoothed_maximum(np.zeros((2, 0))).tolist() == [-inf, -inf] and smoothed_maximum(ENERGY, where=False) == -inf
    z = np.random.default_rng(1).normal(0, 3, (20, 5))
    assert_array_equal(smoothed_maximum(z, temperature=0), z.max(axis=1))
    assert_allclose(smoothed_maximum(z), logsumexp(z), rtol=1e-14)
    assert_allclose(smoothed_maximum(z, temperature=0.3), 0.3 * logsumexp(z / 0.3), rtol=1e-14)
    assert smoothed_maximum(z, temperature=0.1, keepdims=True, format="bfloat16").shape == (20, 1)
    assert smoothed_maximum([1e308, -1e308], temperature=0.5) == 1e308


def test_one_is_the_other_upside_down():
    z = np.random.default_rng(2).normal(0, 3, (9, 4))
    assert_allclose(-smoothed_maximum(-z, temperature=0.2) + 0.2 * np.log(4), laplace_value(z, beta=5.0), atol=1e-13)


def test_gradients():
    z = np.array([[0.5, -1.0, 2.0], [0.0, 0.0, 3.0]])
    value, pull = toolkit.vjp(laplace_value, z, beta=3.0)
    assert_allclose(pull([1.0, 2.0]), softmax(-3 * z) * [[1], [2]], rtol=1e-14)
    value, pull = toolkit.vjp(smoothed_maximum, z, temperature=0.25)
    assert_allclose(pull([1.0, 2.0]), softmax(4 * z) * [[1], [2]], rtol=1e-14)
    keep = np.array([True, False, True])
    for function in (laplace_value, smoothed_maximum):
        value, pull = toolkit.vjp(function, z, where=keep)
        slopes = pull(np.ones(2))
        assert (slopes[:, 1] == 0).all() and value.shape == (2,)
        for k in (0, 2):
            ahead, behind = z.copy(), z.copy()
            ahead[:, k] += 1e-5
            behind[:, k] -= 1e-5
            change = function(ahead, where=keep) - function(behind, where=keep)
            assert_allclose(slopes[:, k], change / 2e-5, atol=1e-9)

"""Interval bounds, bounds of margins and of softmax: reference values, and promises kept in exact arithmetic."""
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from network_cases import B, W, X, interval_outputs, outputs, points_of, random_network

from toolkit import activations
from toolkit.networks import (
    box_around,
    interval_bounds,
    margin_bounds,
    softmax_bounds,
)
from toolkit.networks.kernels import rounded_down, rounded_up

SIZES = [(3, 5, 4), (2, 6, 6, 3), (4, 3)]


def test_outward_rounding_reaches_the_next_number():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=2000) * 10.0 ** rng.integers(-320, 300, 2000), [0.0, 5e-324, -5e-324, 1e-308,
                        1.0, -1.0, 2.0**-1022]])
    x = x[abs(x) < np.finfo(float).max]
    for each in x:
        assert rounded_up(each) >= np.nextafter(each, np.inf)
        assert rounded_down(each) <= np.nextafter(each, -np.inf)
        assert rounded_up(each) <= each + 2.1 * np.spacing(abs(each))
    assert rounded_up(np.inf) == np.inf and rounded_up(-np.inf) == -np.finfo(float).max
    assert np.isnan(rounded_up(np.nan))


def test_reference_values():
    box = box_around(X, 0.1)
    found = interval_bounds(W[:1], B[:1], *box)
    np.testing.assert_allclose(found, [[0.6, 0.45], [1.0, 0.95]], rtol=1e-9)
    low, high = interval_bounds(W, B, *box)
    np.testing.assert_allclose(low, [-0.35, 0.85, -0.8875], rtol=1e-9)
    np.testing.assert_allclose(high, [0.55, 1.55, -0.3625], rtol=1e-9)
    found = softmax_bounds(low, high)
    np.testing.assert_allclose([found.lower[1], found.upper[1]], [0.490611910985, 0.808441653698], rtol=1e-9)
    np.testing.assert_allclose(margin_bounds(W, B, *box, 1), [-0.5, 0, -1.3375], rtol=1e-9)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_interval_bounds_hold_in_rational_arithmetic(sizes):
    for seed in range(4):
        weights, biases = random_network(seed, sizes)
        box = box_around(np.random.default_rng(seed).normal(size=sizes[0]), (0.0, 1e-9, 0.1, 2.0)[seed])
        low, high = interval_bounds(weights, biases, *box)
        exact_low, exact_high = interval_outputs(weights, biases, *box)
        assert all(Fraction(a) <= b for a, b in zip(low, exact_low))
        assert all(Fraction(a) >= b for a, b in zip(high, exact_high))
        np.testing.assert_allclose(low, [float(x) for x in exact_low], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(high, [float(x) for x in exact_high], rtol=1e-12, atol=1e-12)
        for y in range(sizes[-1]):
            margins = margin_bounds(weights, biases, *box, y)
            for x in points_of(*box, seed, 10):
                z = outputs(weights, biases, x)
                assert all(z[j] - z[y] <= Fraction(margins[j]) for j in range(sizes[-1]))


def test_bounds_of_a_layer_are_within_two_n_ulp():
    rng = np.random.default_rng(3)
    w, b, x = rng.normal(size=(5, 30)), rng.normal(size=5), rng.normal(size=30)
    low, high = box_around(x, 0.3)
    found = interval_bounds([w], [b], low, high)
    exact = interval_outputs([w], [b], low, high)
    size = np.abs(b) + np.abs(w) @ np.maximum(np.abs(low), np.abs(high))
    for ours, theirs in zip(found, exact):
        assert (np.abs([float(Fraction(a) - b) for a, b in zip(ours, theirs)]) <= 62 * 2.0**-52 * size).all()


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu", "silu", "mish", "hard_swish"])
def test_activations_stay_inside(name):
    f, rng = getattr(activations, name), np.random.default_rng(1)
    for _ in range(200):
        low, high = np.sort(rng.normal(-0.5, 1.5, 2))
        found = interval_bounds([[[1.0]], [[1.0]]], None, [low], [high], activation=name)
        y = f(np.linspace(low, high, 400))
        assert found.lower[0] <= y.min() <= found.lower[0] + 1e-4
        assert found.upper[0] >= y.max() >= found.upper[0] - 1e-13
    if name == "gelu":
        found = interval_bounds([[[1.0]], [[1.0]]], None, [-1.0], [0.5], activation=name)
        np.testing.assert_allclose(found, [[-0.16997120748], [0.345731230637]], rtol=1e-9)


def test_softmax_bounds_against_fifty_digits():
    rng = np.random.default_rng(2)
    with mpmath.workdps(50):
        for classes in (1, 2, 3, 10):
            for scale in (0.1, 2.0):
                low = rng.uniform(-4, 4, classes)
                high = low + rng.uniform(0, scale, classes)
                found = softmax_bounds(low, high)
                for k in range(classes):
                    rest = [j for j in range(classes) if j != k]
                    least = 1 / (1 + mpmath.fsum(mpmath.exp(mpmath.mpf(high[j]) - mpmath.mpf(low[k])) for j in rest))
                    most = 1 / (1 + mpmath.fsum(mpmath.exp(mpmath.mpf(low[j]) - mpmath.mpf(high[k])) for j in rest))
                    assert found.lower[k] <= least and found.upper[k] >= most
                    room = (4 * classes + 20) * 2.0**-52
                    assert least - found.lower[k] <= room * least and found.upper[k] - most <= room * most
                assert found.lower.sum() <= 1 + 1e-15 and found.upper.sum() >= 1 - 1e-15
                naive = softmax_bounds(low, high, form="naive")
                assert (naive.lower <= found.lower * (1 + 1e-13)).all()
                assert (naive.upper * (1 + 1e-13) >= found.upper).all()
    far = softmax_bounds([-1000.0, 0.0], [1000.0, 0.0])
    assert far.lower[0] == 0 and far.upper[0] == 1
    assert softmax_bounds([-1000.0, 0.0], [1000.0, 0.0], form="naive").upper[0] == np.inf


def test_special_values():
    assert np.isnan(interval_bounds(W, B, [np.nan, 0.0], [1.0, 1.0]).upper).all()
    whole = interval_bounds(W, B, [-np.inf, -0.3], [np.inf, -0.1])
    assert (whole.upper[0], whole.lower[2]) == (np.inf, -np.inf) and not np.isnan(whole).any()
    assert interval_bounds(W, B, np.zeros((0, 2)), np.zeros((0, 2))).lower.shape == (0, 3)
    found = softmax_bounds([-np.inf, 0.0, 1.0], [-np.inf, 0.5, 1.5])
    assert found.lower[0] == found.upper[0] == 0 < found.lower[1] < found.upper[1] < 1
    assert np.isnan(softmax_bounds([np.nan, 0.0], [1.0, 1.0]).lower).all()
    same = box_around([0.1, 2.0], 0.0, high=1.0)
    assert same.lower.tolist() == same.upper.tolist() == [0.1, 1.0]
    assert (np.isnan(margin_bounds(W, B, [np.nan, 0.0], [1.0, 1.0], 1))).sum() == 2


def test_bounds_grow_with_the_box_and_close_without_one():
    weights, biases = random_network(5, (2, 8, 8, 3))
    before = None
    for epsilon in (0.0, 0.01, 0.1, 0.5):
        found = interval_bounds(weights, biases, *box_around(X, epsilon))
        if epsilon == 0:
            assert (found.upper - found.lower < 1e-13).all()
        else:
            assert (found.lower < before.lower).all() and (found.upper > before.upper).all()
        before = found


@pytest.mark.parametrize("arguments, message", [
    ((W[0], B, [0, 0], [1, 1]), "weights is an array"),
    (([W[0], np.ones((3, 3))], None, [0, 0], [1, 1]), r"weights\[1\] has shape \(3, 3\); allowed behind \(2, 2\)"),
    ((W, [B[0], B[0]], [0, 0], [1, 1]), r"biases have lengths \[2, 2\]; allowed: \[2, 3\]"),
    ((W, B, [0, 0], [1, -1]), "lower is above upper"),
    ((W, B, [0, 0, 0], [1, 1, 1]), r"allowed: \(..., 2\)"),
])
def test_what_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        interval_bounds(*arguments)

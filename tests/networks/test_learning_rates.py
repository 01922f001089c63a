"""Tangent kernels, Hessians and learning rates of networks of some width, against the chain rule and differences."""
import math
import warnings

import numpy as np
import pytest

from toolkit.networks import (
    empirical_ntk,
    kernels,
    maximal_learning_rate,
    neural_tangent_kernel,
    normal_weights,
    sharpness,
)
from toolkit.training import fit


def rows(n, numbers, classes, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, numbers))
    return x * math.sqrt(numbers) / np.linalg.norm(x, axis=1, keepdims=True), rng.integers(0, classes, n)


def layers_of(sizes, flat):
    ends = np.cumsum([a * b for a, b in zip(sizes, sizes[1:])])
    return [w.reshape(a, b) for w, a, b in zip(np.split(flat, ends[:-1]), sizes, sizes[1:])]


def signals_of(sizes, flat, x):
    """What each layer says, the logits last, in the widest floats."""
    signals = [np.asarray(x, np.longdouble)]
    for w in layers_of(sizes, flat):
        signals.append(signals[-1] @ w)
        if len(signals) < len(sizes):
            signals[-1] = np.maximum(signals[-1], 0)
    return signals


def gradient_of(sizes, flat, x, y):
    """Of the mean cross-entropy, by the chain rule on whole matrices."""
    signals, layers = signals_of(sizes, flat, x), layers_of(sizes, flat)
    p = np.exp(signals[-1] - signals[-1].max(axis=1, keepdims=True))
    d = (p / p.sum(axis=1, keepdims=True) - np.eye(sizes[-1])[y]) / len(x)
    found = []
    for w, h in zip(layers[::-1], signals[-2::-1]):
        found.append((h.T @ d).ravel())
        d = (d @ w.T) * (h > 0)
    return np.concatenate(found[::-1])


def jacobian_of(sizes, flat, x):
    """(rows, logits, weights); each logit is linear in a single weight, so that a difference is exact."""
    flat, step = np.asarray(flat, np.longdouble), 2.0**-16
    sides = [[signals_of(sizes, flat + side * step * e, x)[-1] for e in np.eye(flat.size)] for side in (1, -1)]
    return np.moveaxis((np.array(sides[0]) - sides[1]) / (2 * step), 0, -1)


def flat_of(weights):
    return np.concatenate([w.ravel() for w in weights])


def test_initial_weights_are_those_of_the_engine():
    x, y = rows(20, 4, 3)
    run = fit(x, y, widths=(6, 5), bias=False, seed=3, steps=1, lr=1e-30, optimizer="sgd", gain=0.5,
              training_precision="float64")
    for ours, theirs in zip(normal_weights((4, 6, 5, 3), seed=3, gain=0.5), run.parameters.values(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-15)


def test_empirical_ntk_reference_value():
    first, second = np.array([[1, 0, -1, 1], [0, 1, 1, 1]]), np.array([[1], [-2], [0.5], [1]])
    found = empirical_ntk([first, second * math.sqrt(0.5)], [[1, 0]], [[0.6, 0.8]], rates=(1, 0.5))
    assert found[0, 0] == pytest.approx(1.6, rel=1e-14)


@pytest.mark.parametrize("sizes", [(3, 5, 1), (4, 6, 3, 2), (2, 3, 4, 5, 3)])
def test_empirical_ntk_against_differences(sizes):
    weights = normal_weights(sizes, seed=1)
    x, y = rows(5, sizes[0], 2)[0], rows(4, sizes[0], 2, seed=1)[0]
    rates = tuple(0.5 + k for k in range(len(sizes) - 1))
    scale = np.concatenate([np.full(w.size, rate) for w, rate in zip(weights, rates)])
    jacobian = [jacobian_of(sizes, flat_of(weights), z) for z in (x, y)]
    exact = np.einsum("ikp,jkp,p->ij", *jacobian, scale) / sizes[-1]
    np.testing.assert_allclose(empirical_ntk(weights, x, y, rates=rates), exact, atol=1e-13 * np.abs(exact).max())


def test_empirical_ntk_tends_to_the_infinite_one():
    """One hidden layer, and two with the rates that the limit has; the error falls like one over the root."""
    t = np.linspace(0, np.pi, 9)
    x = np.c_[np.cos(t), np.sin(t)]
    errors = []
    for m in (64, 4096):
        off = []
        for seed in range(6):
            first, last = normal_weights((2, m, 1), seed=seed)
            found = empirical_ntk([first, last], x, rates=(1.0, 2 / m))  # He's first layer has E w² = 1 for two inputs
            off.append(np.abs(found - neural_tangent_kernel(x)).max())
        errors.append(np.mean(off))
    assert errors[1] < 0.12 and 5 < errors[0] / errors[1] < 12
    m = 1000
    found = np.mean([empirical_ntk(normal_weights((2, m, m, 1), seed=s), x, rates=(1, 2 / m, 2 / m))
                     for s in range(3)], axis=0)
    assert np.abs(found / 2 - neural_tangent_kernel(x, depth=2) / 2).max() < 0.25


def hessian(sizes, weights, x, y, gauss_newton=False):
    """By differences of order 4 of the gradient, far from kinks, or J' S J."""
    flat = flat_of(weights).astype(np.longdouble)
    if gauss_newton:
        jacobian, z = jacobian_of(sizes, flat, x), signals_of(sizes, flat, x)[-1]
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        middle = p[:, :, None] * (np.eye(sizes[-1]) - p[:, None, :])
        return (np.einsum("ikp,ikl,ilq->pq", jacobian, middle, jacobian) / len(x)).astype(float)
    step = 2.0**-14
    found = [sum(weight * gradient_of(sizes, flat + k * step * e, x, y)
                 for k, weight in ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12))) / step
             for e in np.eye(flat.size)]
    return np.array(found).astype(float)


@pytest.mark.parametrize("matrix", ["hessian", "gauss_newton"])
@pytest.mark.parametrize("input_rate", [1.0, 0.1, 0.0])
def test_sharpness_against_the_whole_matrix(matrix, input_rate):
    sizes = (3, 6, 5, 2)
    weights, (x, y) = normal_weights(sizes, seed=2), rows(12, 3, 2)
    whole = hessian(sizes, weights, x, y, matrix == "gauss_newton")
    root = np.sqrt(np.where(np.arange(len(whole)) < 18, input_rate, 1.0))
    exact = np.linalg.eigvalsh(whole * root * root[:, None]).max()
    found = sharpness(weights, x, y, matrix=matrix, input_rate=input_rate, steps=400)
    assert found == pytest.approx(exact, rel=1e-8)


def test_the_largest_eigenvalue_where_the_largest_size_is_below_zero():
    sizes = (2, 3, 3, 2)
    for seed in (33, 48, 143):
        weights, (x, y) = normal_weights(sizes, seed=seed, gain=0.5), rows(2, 2, 2, seed=seed)
        values = np.linalg.eigvalsh(hessian(sizes, weights, x, y))
        assert -values[0] > 1.1 * values[-1] > 0
        assert sharpness(weights, x, y, steps=2000) == pytest.approx(values[-1], rel=1e-6)


def test_sharpness_grows_with_depth_times_width():
    values, products = [], []
    for depth, width in ((2, 16), (2, 64), (4, 32), (8, 16)):
        logs = [math.log(sharpness(normal_weights((20, *[width] * depth, 5), seed=seed), *rows(64, 20, 5, seed),
                                   steps=20)) for seed in range(4)]
        values.append(np.mean(logs))
        products.append(math.log(depth * width))
    assert 0.6 < np.polyfit(products, values, 1)[0] < 1.5


def test_gradient_of_a_row():
    sizes = (3, 4, 5, 3)
    weights, (x, y) = normal_weights(sizes, seed=5), rows(1, 3, 3)
    flat = flat_of(weights)
    g, h, d = np.zeros(flat.size), np.zeros(12), np.zeros(12)
    loss, right = kernels.add_gradient_of_row(np.array(sizes), flat, x[0], int(y[0]), 2.0, h, d, g)
    z = signals_of(sizes, flat, x)[-1].astype(float)
    assert loss == pytest.approx(2 * (np.log(np.exp(z).sum()) - z[0, y[0]]), rel=1e-14)
    assert right == (z[0].argmax() == y[0])
    np.testing.assert_allclose(g, 2 * gradient_of(sizes, flat, x, y).astype(float), rtol=1e-12, atol=1e-14)


def mixture(n=96, classes=4, numbers=8, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(0, 0.5, (n, numbers)) + 2 * np.eye(numbers)[y], y


@pytest.mark.parametrize("widths", [(16,), (8, 8, 8)])
def test_maximal_learning_rate_is_where_the_engine_stops_learning(widths):
    """Full batches, one rate for all layers: the engine does the same steps at the rate and above it."""
    x, y = mixture()
    options = {"widths": widths, "seed": 1, "steps": 30}
    found = maximal_learning_rate(x, y, batch=len(x), input_rate=1.0, threshold=0.9, **options)
    shares = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for factor in (1.0, math.sqrt(2), 2.0):
            run = fit(x, y, bias=False, optimizer="sgd", lr=found * factor, training_precision="float64", **options)
            shares.append(run["train_accuracy"][-1])
    assert shares[0] >= 0.9 > max(shares[1:])


def test_maximal_learning_rate_falls_with_depth_and_may_be_none():
    x, y = mixture()
    shallow, deep = (np.mean([math.log(maximal_learning_rate(x, y, widths=(16,) * depth, seed=s, steps=40))
                              for s in range(3)]) for depth in (1, 6))
    assert deep < shallow - 1
    assert maximal_learning_rate(x, y, widths=(4,), threshold=1.0, steps=1) == 0.0

"""Tangent kernels, Hessians and learning rates of networks of some width, against automatic differentiation."""
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


def logits_of(torch, sizes, flat, x):
    place, h = 0, x
    for layer, (a, b) in enumerate(zip(sizes, sizes[1:])):
        h = h @ flat[place:place + a * b].reshape(a, b)
        h = torch.relu(h) if layer < len(sizes) - 2 else h
        place += a * b
    return h


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
def test_empirical_ntk_against_automatic_differentiation(sizes):
    torch = pytest.importorskip("torch")
    weights = normal_weights(sizes, seed=1)
    x, y = rows(5, sizes[0], 2)[0], rows(4, sizes[0], 2, seed=1)[0]
    flat = torch.tensor(flat_of(weights))
    rates = tuple(0.5 + k for k in range(len(sizes) - 1))
    scale = np.concatenate([np.full(w.size, rate) for w, rate in zip(weights, rates)])
    jacobian = [torch.func.jacrev(lambda f, z=z: logits_of(torch, sizes, f, torch.tensor(z)))(flat).numpy()
                for z in (x, y)]
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


def hessian(torch, sizes, weights, x, y, gauss_newton=False):
    flat, x, y = torch.tensor(flat_of(weights)), torch.tensor(x), torch.tensor(y)
    if gauss_newton:
        z = logits_of(torch, sizes, flat, x)
        jacobian = torch.func.jacrev(lambda f: logits_of(torch, sizes, f, x))(flat)
        p = torch.softmax(z, 1)
        middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        return torch.einsum("ikp,ikl,ilq->pq", jacobian, middle, jacobian).numpy() / len(x)
    return torch.func.hessian(lambda f: torch.nn.functional.cross_entropy(logits_of(torch, sizes, f, x), y))(
        flat).numpy()


@pytest.mark.parametrize("matrix", ["hessian", "gauss_newton"])
@pytest.mark.parametrize("input_rate", [1.0, 0.1, 0.0])
def test_sharpness_against_the_whole_matrix(matrix, input_rate):
    torch = pytest.importorskip("torch")
    sizes = (3, 6, 5, 2)
    weights, (x, y) = normal_weights(sizes, seed=2), rows(12, 3, 2)
    whole = hessian(torch, sizes, weights, x, y, matrix == "gauss_newton")
    root = np.sqrt(np.where(np.arange(len(whole)) < 18, input_rate, 1.0))
    exact = np.linalg.eigvalsh(whole * root * root[:, None]).max()
    found = sharpness(weights, x, y, matrix=matrix, input_rate=input_rate, steps=400)
    assert found == pytest.approx(exact, rel=1e-8)


def test_the_largest_eigenvalue_where_the_largest_size_is_below_zero():
    torch = pytest.importorskip("torch")
    sizes, found = (2, 3, 2), 0
    for seed in range(300):
        weights, (x, y) = normal_weights(sizes, seed=seed, gain=2.0), rows(3, 2, 2, seed=seed)
        values = np.linalg.eigvalsh(hessian(torch, sizes, weights, x, y))
        if -values[0] > 1.2 * values[-1] and values[-1] > 1.2 * values[-2] > 0:
            assert sharpness(weights, x, y, steps=2000) == pytest.approx(values[-1], rel=1e-6)
            found += 1
    assert found


def test_sharpness_grows_with_depth_times_width():
    values, products = [], []
    for depth, width in ((2, 16), (2, 64), (4, 32), (8, 16)):
        logs = [math.log(sharpness(normal_weights((20, *[width] * depth, 5), seed=seed), *rows(64, 20, 5, seed),
                                   steps=20)) for seed in range(4)]
        values.append(np.mean(logs))
        products.append(math.log(depth * width))
    assert 0.6 < np.polyfit(products, values, 1)[0] < 1.5


def test_gradient_of_a_row():
    torch = pytest.importorskip("torch")
    sizes = (3, 4, 5, 3)
    weights, (x, y) = normal_weights(sizes, seed=5), rows(1, 3, 3)
    flat = flat_of(weights)
    g, h, d = np.zeros(flat.size), np.zeros(12), np.zeros(12)
    loss, right = kernels.add_gradient_of_row(np.array(sizes), flat, x[0], int(y[0]), 2.0, h, d, g)
    leaf = torch.tensor(flat, requires_grad=True)
    z = logits_of(torch, sizes, leaf, torch.tensor(x))
    theirs = 2 * torch.nn.functional.cross_entropy(z, torch.tensor(y))
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-14)
    assert right == (z[0].argmax().item() == y[0])
    np.testing.assert_allclose(g, leaf.grad.numpy(), rtol=1e-12, atol=1e-14)


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

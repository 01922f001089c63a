"""Training of a Kolmogorov-Arnold network: its gradient by differences, its first step, and a formula that it finds."""
import numpy as np
import pytest
from numpy.testing import assert_allclose

from toolkit.networks import kan, kan_layer
from toolkit.networks.kan import Edges, fit_kan

RNG = np.random.default_rng(3)
INPUTS, TARGETS = RNG.uniform(-1, 1, (30, 2)), RNG.normal(size=(30, 2))


@pytest.mark.parametrize("basis", ["spline", "relu", "silu"])
def test_gradient_against_differences(basis):
    edges, sizes = Edges(("spline", "relu", "silu").index(basis), 4, 3, -1.0, 1.0), np.array([2, 3, 2])
    parameters = 0.3 * RNG.normal(size=kan.kan_numbers(sizes, 7))
    grads, room = np.zeros_like(parameters), [np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 7))]

    def error():
        h = INPUTS
        for layer in (1, 2):
            h = kan_layer(h, kan.edges_of_layer(parameters, sizes, 7, layer),
                          kan.bias_of_layer(parameters, sizes, 7, layer), basis=basis, low=-1.0)
        return np.mean((h - TARGETS) ** 2)

    found, off = kan.kan_gradient(edges, sizes, parameters, INPUTS, TARGETS, *room, grads)
    assert_allclose(found, error(), rtol=1e-13)
    assert 0.0 <= off < 1.0
    for i in range(parameters.size):
        ends, here = [], parameters[i]
        for step in (1e-6, -1e-6):
            parameters[i] = here + step
            ends.append(error())
        parameters[i] = here
        assert abs(grads[i] - (ends[0] - ends[1]) / 2e-6) < 1e-8


def test_the_first_step_is_adam_on_the_gradient():
    start, moved = (fit_kan(INPUTS, TARGETS, steps=steps, lr=0.01) for steps in (0, 1))
    for before, after in zip(start.weights, moved.weights, strict=True):
        steps = (after - before) / 0.01
        assert np.all((np.abs(np.abs(steps) - 1) < 1e-3) | (steps == 0))


@pytest.mark.parametrize("basis", ["spline", "silu"])
def test_three_edges_find_a_formula_of_three_functions(basis):
    x = RNG.uniform(-1, 1, (200, 2))
    y = np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:] ** 2) / 4 - 1
    run = fit_kan(x, y, basis=basis, seed=1)
    assert run.errors[0] > 0.1 and np.mean((run.predict(x) - y) ** 2) < 1e-3
    assert run.errors.size == 2000
    assert (fit_kan(x, y, basis=basis, seed=1).errors == run.errors).all()


@pytest.mark.parametrize(("given", "message"), [({"basis": "sine"}, "basis is"), ({"grid": 0}, "grid is"),
                                                ({"lr": -1.0}, "lr is"), ({"widths": (0,)}, "widths is"),
                                                ({"low": 1.0}, "high is")])
def test_what_is_not_allowed(given, message):
    with pytest.raises(ValueError, match=message):
        fit_kan(INPUTS, TARGETS, **given)

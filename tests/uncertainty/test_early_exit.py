"""Early exit: definitions in NumPy and SciPy, published values, the same steps again."""
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax as log_of
from scipy.special import softmax as softmax_of
from scipy.stats import entropy

from toolkit import vjp
from toolkit.networks import fit_exit_gates
from toolkit.uncertainty import (
    conditional_exits,
    exit_features,
    exit_loss,
    exit_probabilities,
    exit_targets,
    gated_exits,
    threshold_exits,
)

COSTS = np.array([0.1, 0.4, 1.0])


def exits(rows=80, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    z = rng.normal(0, 1, (3, rows, classes))
    for e, lead in enumerate((0.5, 2.0, 5.0)):
        z[e, np.arange(rows), y] += lead
    return z, y


def test_pieces_by_their_definitions():
    z, y = exits()
    p = softmax_of(z[1], axis=1)
    top = np.sort(p, axis=1)
    right = np.stack([top[:, -1], entropy(p, axis=1), top[:, -1] - top[:, -2], entropy(p**2, axis=1)], axis=1)
    assert_allclose(exit_features(z[1]), right, rtol=1e-12, atol=1e-15)
    assert_allclose(exit_features(z[1].T, axis=0), right, rtol=1e-12, atol=1e-15)
    gates = np.random.default_rng(1).uniform(0, 0.7, (50, 3))
    shares = exit_probabilities(gates)
    for g, found in zip(gates, shares, strict=True):
        first = g[0]
        second = max(0, min(g[1], 1 - g[0]))
        third = max(0, min(g[2], 1 - g[0] - g[1]))
        assert_allclose(found, [first, second, third, max(0, 1 - first - second - third)], atol=1e-15)
    assert (shares >= 0).all() and shares.sum(axis=1) == pytest.approx(np.ones(50))
    before = np.cumsum(np.concatenate([np.zeros((50, 1)), shares[:, :-1]], axis=1), axis=1)
    inside = before < 1 - 1e-12
    assert_allclose(conditional_exits(shares)[inside], (shares / np.where(inside, 1 - before, 1))[inside], rtol=1e-9)
    losses = -np.take_along_axis(log_of(z, axis=2), y[None, :, None], axis=2)[..., 0].T
    for weight in (0, 0.3, 3.0):
        assert (exit_targets(losses, COSTS, cost_weight=weight) == (losses + weight * COSTS).argmin(axis=1)).all()
    assert_allclose(exit_loss(losses, shares[:1, :3].repeat(80, axis=0)), losses @ shares[0, :3], rtol=1e-12)


def test_reference_values():
    assert_allclose(exit_probabilities([0.3, 0.5, 0.6]), [0.3, 0.5, 0.2, 0], atol=1e-15)
    assert_allclose(exit_features([2, 0.5, -1]), [0.785597034589, 0.621584604679, 0.610306642449, 0.207022027673],
                    rtol=1e-11)


def test_a_gate_of_one_leaves_nothing_to_divide():
    shares = exit_probabilities([1 / (1 + np.exp(-40.0)), 0.5])
    assert shares[0] == 1 and np.isnan(conditional_exits(shares, form="naive")[1:]).all()
    assert (conditional_exits(shares) == 1).all()
    assert np.isnan(exit_features([np.nan, 0.0])).any() and exit_features([3.0, -np.inf])[0] == 1
    assert exit_features(np.zeros((0, 3))).shape == (0, 4) and exit_probabilities(np.zeros((0, 2))).shape == (0, 3)


def test_a_larger_weight_never_moves_a_target_back():
    losses = np.random.default_rng(2).uniform(0, 3, (200, 3))
    found = np.array([exit_targets(losses, COSTS, cost_weight=w) for w in np.linspace(0, 5, 40)])
    assert (np.diff(found, axis=0) <= 0).all()


def test_the_released_loss_forgets_the_probabilities():
    rng, h = np.random.default_rng(3), 1e-6
    losses, p = rng.uniform(0.5, 3, (4, 3)), rng.dirichlet(np.ones(3), 4)
    for form, right in (("naive", np.ones((4, 3))), ("stable", p)):
        assert_allclose(vjp(exit_loss, losses, p, form=form)[1](np.ones(4)), right, rtol=1e-15)
        slopes = [(exit_loss(losses + h * e, p, form=form) - exit_loss(losses - h * e, p, form=form)) / (2 * h)
                  for e in np.eye(3)]
        assert_allclose(np.stack(slopes, axis=1), right, rtol=1e-8)


def test_slopes_of_exit_probabilities():
    rng, h = np.random.default_rng(4), 1e-7
    for scale in (0.2, 0.9):
        gates, g = rng.uniform(0, scale, (20, 4)), rng.normal(0, 1, (20, 5))
        found = vjp(exit_probabilities, gates)[1](g)
        slopes = [((exit_probabilities(gates + h * e) - exit_probabilities(gates - h * e)) * g).sum(axis=1) / (2 * h)
                  for e in np.eye(4)]
        assert_allclose(found, np.stack(slopes, axis=1), atol=1e-6)


def test_exits_by_loops():
    z, _ = exits()
    tops = softmax_of(z, axis=2).max(axis=2)
    right = [next((e for e in range(2) if tops[e, i] >= 0.8), 2) for i in range(80)]
    assert (threshold_exits(z, 0.8) == right).all() and set(right) == {0, 1, 2}
    assert (threshold_exits(z, 0.0) == 0).all() and (threshold_exits(z, 1.0) == 2).all()


def test_gates_are_steps_of_adam():
    z, y = exits()
    losses = -np.take_along_axis(log_of(z, axis=2), y[None, :, None], axis=2)[..., 0].T
    targets = (losses + 0.3 * COSTS).argmin(axis=1)
    found = fit_exit_gates(z, y, COSTS, cost_weight=0.3, steps=30)
    chosen = []
    for e in range(2):
        features = np.concatenate([exit_features(z[e]), np.ones((80, 1))], axis=1)
        leave = targets <= e
        weights = np.where(leave, min((~leave).sum() / leave.sum(), 5), 1.0)
        w, first, second = np.zeros(5), np.zeros(5), np.zeros(5)
        for t in range(1, 31):
            g = ((1 / (1 + np.exp(-features @ w)) - leave) * weights) @ features / 80
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
            w = w - 0.1 * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        assert_allclose(found.weights[e], w, rtol=1e-9, atol=1e-9)
        chosen.append(1 / (1 + np.exp(-features @ w)))
    shares = exit_probabilities(np.stack(chosen, axis=1))
    leaves = conditional_exits(shares) >= 0.5
    assert (gated_exits(z, found) == np.where(leaves[:, 0], 0, np.where(leaves[:, 1], 1, 2))).all()


def test_a_dearer_unit_of_cost_buys_earlier_exits():
    z, y = exits(400)
    costs = [COSTS[gated_exits(z, fit_exit_gates(z, y, COSTS, cost_weight=w))].mean() for w in (0.1, 0.5, 3.0)]
    assert costs[0] > costs[1] > costs[2]

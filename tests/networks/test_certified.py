"""The interval loss, its gradient, its regularisers, and training by it."""
import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from network_cases import B, W, X, interval_outputs, random_network
from sklearn.datasets import make_moons

from toolkit import vjp
from toolkit.networks import (
    box_around,
    fit_certified,
    interval_bounds,
    interval_deviation,
    interval_loss,
    interval_regularizers,
    margin_bounds,
    propagation_tightness,
)

BOX = box_around(X, 0.1)


def test_reference_values_of_the_loss():
    np.testing.assert_allclose(interval_loss(W, B, X, X, 1), 0.40151647439, rtol=1e-9)
    np.testing.assert_allclose(interval_loss(W, B, *BOX, 1, elided=False), 0.712101869048, rtol=1e-9)
    np.testing.assert_allclose(interval_loss(W, B, *BOX, 1), 0.62542052213, rtol=1e-9)


def test_interval_loss_against_fifty_digits():
    with mpmath.workdps(50):
        low, high = ([mpmath.mpf(x.numerator) / x.denominator for x in ends]
                     for ends in interval_outputs(W, B, *BOX))
        for y in range(3):
            loss = mpmath.log(1 + mpmath.fsum(mpmath.exp(high[j] - low[y]) for j in range(3) if j != y))
            found = interval_loss(W, B, *BOX, y, elided=False)
            assert abs(mpmath.mpf(float(found)) - loss) <= 1e-14 * (1 + loss)
            assert interval_loss(W, B, *BOX, y) <= found
    far = interval_loss([100 * w for w in W], B, *box_around(X, 1.0), 1)
    assert 1e4 < far < np.inf
    assert np.isnan(interval_loss(W, B, [np.nan, 0.0], [1.0, 1.0], 1))


def differences(of, arrays):
    """The gradient of a number by each entry of a list of arrays, by central differences."""
    found = []
    for each in arrays:
        grad = np.zeros_like(each)
        for place in np.ndindex(each.shape):
            kept, ends = each[place], []
            for step in (1e-6, -1e-6):
                each[place] = kept + step
                ends.append(of())
            each[place], grad[place] = kept, (ends[0] - ends[1]) / 2e-6
        found.append(grad)
    return found


@pytest.mark.parametrize("elided", [True, False])
def test_gradient_of_the_loss_by_differences(elided):
    weights, biases = random_network(1, (2, 5, 4, 3))
    x = np.random.default_rng(2).normal(size=(6, 2))
    box, y, g = box_around(x, 0.1), np.arange(6) % 3, np.linspace(-1, 2, 6)

    def total():
        return float(g @ interval_loss(weights, biases, *box, y, elided=elided))

    for name, arrays in (("weights", weights), ("biases", biases)):
        value, pull = vjp(interval_loss, weights, biases, *box, y, elided=elided, of=name)
        for ours, theirs in zip(pull(g), differences(total, arrays), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def regularizers(weights, biases, x, epsilon, tolerance=0.5):
    """The definition in NumPy."""
    c, r = x, np.full_like(x, epsilon)
    start, tight, balance, hidden = r.mean(), 0.0, 0.0, len(weights) - 1
    for w, b in zip(weights[:-1], biases):
        c, r = c @ w.T + b, r @ np.abs(w).T
        low, high = c - r, c + r
        tight += max(tolerance - start / r.mean(), 0) / tolerance / hidden
        on, off, d = low > 0, high < 0, (c - c.mean())**2
        with np.errstate(all="ignore"):
            ratios = [(c * on).mean() / -(c * off).mean(), (d * on).sum() / (d * off).sum()]
            terms = [max(tolerance - min(q, 1 / q), 0) / tolerance for q in ratios]
        balance += sum(terms) / hidden if np.isfinite(ratios).all() else 0.0
        low, high = np.maximum(low, 0), np.maximum(high, 0)
        c, r = (low + high) / 2, (high - low) / 2
    return tight, balance


def test_regularizers_against_numpy():
    seen = np.zeros(2)
    for seed in range(6):
        weights, biases = random_network(seed, (3, 8, 8, 2))
        x = np.random.default_rng(seed).normal(size=(10, 3))
        for tolerance in (0.5, 0.9):
            found = interval_regularizers(weights, biases, *box_around(x, 0.05), tolerance=tolerance)
            np.testing.assert_allclose(found, regularizers(weights, biases, x, 0.05, tolerance), rtol=1e-12, atol=1e-12)
            seen += np.array(found) > 0
    assert (seen > 2).all()
    with pytest.raises(ValueError, match="weights has 1 layer"):
        interval_regularizers(W[:1], B[:1], *BOX)


def test_gradient_of_the_regularizers_by_differences():
    weights, biases = random_network(3, (3, 8, 8, 2))
    box = box_around(np.random.default_rng(3).normal(size=(10, 3)), 0.05)
    g = np.array([0.7, 1.3])

    def total():
        return float(g @ interval_regularizers(weights, biases, *box, tolerance=0.9))

    assert (np.array(interval_regularizers(weights, biases, *box, tolerance=0.9)) > 0).all()
    for name, arrays in (("weights", weights), ("biases", biases)):
        _, pull = vjp(interval_regularizers, weights, biases, *box, tolerance=0.9, of=name)
        for ours, theirs in zip(pull(g), differences(total, arrays), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_propagation_tightness_against_numpy():
    np.testing.assert_allclose(propagation_tightness(W), [5 / 9, 5 / 7, 13 / 21], rtol=1e-9)
    np.testing.assert_allclose(propagation_tightness(W), [0.555555555556, 0.714285714286, 0.619047619048],
                               rtol=1e-9)
    for seed in range(4):
        weights, biases = random_network(seed, (4, 9, 7, 3))
        x, radius = np.random.default_rng(seed).normal(size=4), np.array([1.0, 2.0, 0.5, 1.5])
        plain, sizes, local, local_sizes, h = np.eye(4), radius, np.eye(4), radius, x
        for k, (w, b) in enumerate(zip(weights, biases)):
            plain, sizes, h = w @ plain, np.abs(w) @ sizes, w @ h + b
            on = (h > 0)[:, None] if k < 2 else 1.0
            local, local_sizes = on * (w @ local), np.ravel(on * (np.abs(w) @ local_sizes)[:, None])
            h = np.maximum(h, 0)
        expected = np.abs(plain) @ radius / sizes
        np.testing.assert_allclose(propagation_tightness(weights, radius=radius), expected, rtol=1e-12)
        np.testing.assert_allclose(propagation_tightness(weights, biases, x, radius=radius),
                                   np.abs(local) @ radius / local_sizes, rtol=1e-12)
        assert (propagation_tightness([np.abs(w) for w in weights]) > 1 - 1e-14).all()
        assert (propagation_tightness(weights[:1]) == 1).all()
    assert propagation_tightness([np.zeros((2, 2))]).tolist() == [1, 1]


def test_tightness_of_random_networks_falls_as_predicted():
    width, rng = 256, np.random.default_rng(0)
    tight, local = [], []
    for _ in range(4):
        weights = [rng.normal(0, np.sqrt(2 / width), (width, width)) for _ in range(3)]
        tight.append(propagation_tightness(weights).mean())
        local.append(propagation_tightness(weights, None, rng.normal(size=width)).mean())
    assert abs(np.mean(tight) / (np.pi / (2 * width)) - 1) < 0.05
    assert abs(np.mean(local) / (np.pi / width) - 1) < 0.08


def test_interval_deviation_keeps_the_radius():
    with mpmath.workdps(50):
        for n in (1, 2, 3, 7, 100, 12345):
            exact = mpmath.sqrt(2 * mpmath.pi) / n
            assert abs(mpmath.mpf(interval_deviation(n)) - exact) <= 2.0**-52 * exact
    rng, width, growth = np.random.default_rng(0), 200, []
    for _ in range(6):
        weights = [rng.normal(0, interval_deviation(width), (width, width)) for _ in range(8)]
        low, high = interval_bounds(weights, None, *box_around(rng.normal(size=width), 1e-3))
        growth.append(((high - low) / 2).mean() / 1e-3)
    assert 1.8 < np.mean(growth) < 2.2  # twice, as there is no ReLU before the first layer
    he = [rng.normal(0, np.sqrt(2 / width), (width, width)) for _ in range(8)]
    low, high = interval_bounds(he, None, *box_around(rng.normal(size=width), 1e-3))
    assert ((high - low) / 2).mean() > 1e4 * 1e-3


def test_fit_certified_learns_what_intervals_can_certify():
    x, y = make_moons(60, noise=0.08, random_state=0)
    shares = {}
    for epsilon in (0.0, 0.1):
        run = fit_certified(x, y, epsilon=epsilon, widths=(16, 16), steps=600, lr=0.01)
        assert run.loss[-1] < 0.1 * run.loss[0]
        clean = margin_bounds(run.weights, run.biases, x, x, y).max(axis=1)
        margins = margin_bounds(run.weights, run.biases, *box_around(x, 0.1), y)
        assert (clean <= 0).mean() > 0.95
        shares[epsilon] = (np.delete(margins, 0, 1).size, (margins <= 0).all(axis=1).mean())
        loss = interval_loss(run.weights, run.biases, *box_around(x, epsilon), y)
        np.testing.assert_allclose(loss.mean(), run.loss[-1], rtol=1e-10)
    assert shares[0.1][1] > 0.9 > 0.75 > shares[0.0][1]


def test_first_step_of_fit_certified_is_adam_on_the_gradient():
    x, y = make_moons(20, noise=0.1, random_state=1)
    start = fit_certified(x, y, epsilon=0.05, widths=(6,), steps=1, lr=0.0, warmup=0.0, regularizer=0.0)
    after = fit_certified(x, y, epsilon=0.05, widths=(6,), steps=1, lr=0.1, warmup=0.0, regularizer=0.0)
    box = box_around(x, 0.05)
    _, pull = vjp(interval_loss, start.weights, start.biases, *box, y)
    for before, now, g in zip(start.weights, after.weights, pull(np.full(20, 1 / 20))):
        np.testing.assert_allclose(now - before, -0.1 * g / (np.abs(g) + 1e-8), atol=1e-6)


@pytest.mark.parametrize("wrong, message", [
    ({"epsilon": -1}, "epsilon is -1"), ({"widths": ()}, "widths is"), ({"warmup": 2}, "warmup is 2"),
    ({"initial": "he"}, "initial is 'he'"), ({"steps": 0}, "steps is 0"),
])
def test_what_is_refused(wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fit_certified([[0.0], [1.0]], [0, 1], **wrong)


SMALL = """
import numpy as np
from toolkit.networks import fit_certified
x, y = np.random.default_rng(0).normal(size=(5, 2)), [0, 1, 2, 1, 0]
run = fit_certified(x, y, widths=(4, 3), steps=12, initial="interval", regularizer=0.5, lr=0.05)
print(np.concatenate([*map(np.ravel, (*run.weights, *run.biases)), run.loss, run.certified]).tobytes().hex())
"""


def test_fit_certified_has_the_same_bits_in_plain_python():
    said = [subprocess.run([sys.executable, "-c", SMALL], env=os.environ | setting, capture_output=True, text=True,
                           check=True).stdout for setting in ({}, {"NUMBA_DISABLE_JIT": "1"})]
    assert said[0] == said[1] and len(said[0]) > 1000

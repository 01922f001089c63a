"""Soft Hebbian steps, what they learn, and adaptation at test time, against definitions in digits and NumPy."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.networks import (
    fit_soft_hebbian,
    hebbian_bias_update,
    hebbian_competition,
    neuro_modulated_adaptation,
    soft_hebbian_update,
)

W, X = np.array([[0.5, 0.2], [-0.3, 0.8]]), np.array([[1, 0.5], [-1, 2]])
CENTRES = np.array([[2, 0], [0, 2], [-1.5, -1.5]])
UNIT = 2.0**-53


def clouds(seed=0, points=50):
    return np.repeat(CENTRES, points, axis=0) + np.random.default_rng(seed).normal(0, 0.2, (3 * points, 2))


def test_reference_values():
    u = X @ W.T
    assert_allclose(u, [[0.6, 0.1], [-0.1, 1.9]], rtol=1e-14)
    y = hebbian_competition(u, tau=0.5)
    assert_allclose(y, [[0.73105857863, 0.26894142137], [0.017986209962, 0.982013790038]], rtol=1e-10)
    step = soft_hebbian_update(W, X, tau=0.5, reduction="sum")
    assert_allclose(step, [[0.494654105577, 0.314134404003], [-0.145256265705, 0.584322016194]], rtol=1e-11)
    assert_allclose((W * step).sum(axis=1), [0.310153933589, 0.511034492666], rtol=1e-11)
    assert_allclose(soft_hebbian_update(W, X, tau=0.5, rate=3.0), 1.5 * step, rtol=1e-14)


def shares_in_digits(u, tau, anti):
    """Shares of a row of mpmath numbers."""
    top = max(range(len(u)), key=lambda k: u[k])
    if tau == 0:
        sizes = [mpf(v == u[top]) for v in u]
    else:
        sizes = [mp.exp((v - u[top]) / mpf(tau)) for v in u]
    total = mp.fsum(sizes)
    return [(-1 if anti and k != top else 1) * s / total for k, s in enumerate(sizes)]


def update_in_digits(w, x, bias, tau, anti, power=2):
    """``sum y_k (x - u_k w_k)`` and the sum of the sizes of its terms."""
    w, x = ([[mpf(float(v)) for v in row] for row in each] for each in (w, x))
    total = [[mpf(0)] * len(w[0]) for _ in w]
    sizes = [[mpf(0)] * len(w[0]) for _ in w]
    for row in x:
        u = [mp.fsum(mp.sign(a) * abs(a) ** (power - 1) * b for a, b in zip(each, row, strict=True)) for each in w]
        y = shares_in_digits([v + mpf(float(b)) for v, b in zip(u, bias, strict=True)], tau, anti)
        for k in range(len(w)):
            for i in range(len(row)):
                total[k][i] += y[k] * (row[i] - u[k] * w[k][i])
                sizes[k][i] += abs(y[k]) * (abs(row[i]) + abs(u[k] * w[k][i]))
    return np.array(total), np.array(sizes)


@pytest.mark.parametrize(("tau", "rule", "power", "name"), [
    (0.25, "soft", 2.0, "soft_hebbian_update"), (1e-3, "soft", 2.0, "soft_hebbian_update"),
    (0.0, "soft", 2.0, "hard_hebbian_update"), (0.25, "anti", 2.0, "anti_hebbian_update"),
    (0.25, "soft", 3.0, "power_hebbian_update"), (np.inf, "soft", 1.5, "power_hebbian_update")])
def test_steps_against_forty_digits(tau, rule, power, name):
    """Also within ``4 (N + d + K) (1 + S / tau)`` units of roundoff of the sum of the sizes, as promised."""
    rng = np.random.default_rng(3)
    w, x, bias = rng.normal(size=(4, 5)), rng.normal(size=(7, 5)), rng.normal(size=4)
    largest = abs(w[:, None] * x).sum(axis=2).max()
    with mp.workdps(40):
        for b in (None, bias):
            found = soft_hebbian_update(w, x, bias=b, tau=tau, rule=rule, power=power, reduction="sum")
            right, sizes = update_in_digits(w, x, np.zeros(4) if b is None else b, tau, rule == "anti", power)
            units = 4 * (7 + 5 + 4) * (1 + (largest / tau if tau else 0)) * (1 if power == 2 else 4)
            assert (abs(found - right) <= units * UNIT * sizes + 1e-290).all(), name  # shares may underflow


def test_options_of_the_released_code():
    rng = np.random.default_rng(4)
    w, x = rng.normal(size=(3, 4)), rng.normal(size=(6, 4))
    plain = soft_hebbian_update(w, x, tau=0.5)
    scaled = soft_hebbian_update(w, x, tau=0.5, scaled=True, rate=0.2)
    assert_allclose(scaled, 0.2 * plain / abs(plain).max(), rtol=1e-13)
    norms = np.linalg.norm(w, axis=1, keepdims=True)
    assert_allclose(soft_hebbian_update(w, x, tau=0.5, vanishing=True), plain * np.sqrt(abs(norms - 1) + 1e-10),
                    rtol=1e-13)
    unit = w / norms
    assert abs(soft_hebbian_update(unit, x, tau=0.5, vanishing=True)).max() < 1.1e-5 * abs(
        soft_hebbian_update(unit, x, tau=0.5)).max()
    cubes = w / (abs(w) ** 3).sum(axis=1, keepdims=True) ** (1 / 3)
    assert abs(soft_hebbian_update(cubes, x, power=3.0, vanishing=True)).max() < 1e-4


@pytest.mark.parametrize("power", [2.0, 3.0])
def test_the_norm_moves_towards_one(power):
    """``<w, dw>`` is the mean of ``y u (1 - |w|^2)``, and with a p-norm likewise."""
    rng = np.random.default_rng(5)
    w, x = rng.normal(size=(4, 3)), rng.normal(size=(9, 3))
    turned = np.sign(w) * abs(w) ** (power - 1)
    u = x @ turned.T
    y = hebbian_competition(u, tau=0.7)
    expected = (y * u).mean(axis=0) * (1 - (abs(w) ** power).sum(axis=1))
    assert_allclose((turned * soft_hebbian_update(w, x, tau=0.7, power=power)).sum(axis=1), expected, rtol=1e-12)


def test_limits_of_the_temperature():
    rng = np.random.default_rng(6)
    w, x = rng.normal(size=(3, 4)), rng.normal(size=(8, 4))
    u = x @ w.T
    hard = hebbian_competition(u, tau=0.0)
    assert_array_equal(hard, np.eye(3)[u.argmax(axis=1)])
    assert_array_equal(hebbian_competition(u, tau=np.inf), np.full((8, 3), 1 / 3))
    mean = (x[:, None] - u[:, :, None] * w).mean(axis=0) / 3
    assert_allclose(soft_hebbian_update(w, x, tau=np.inf), mean, rtol=1e-12)
    assert_array_equal(hebbian_competition([1.0, 1.0, 0.0], tau=0), [0.5, 0.5, 0])
    assert_array_equal(np.sign(hebbian_competition(u, rule="anti")), 2 * hard - 1)


def test_the_naive_form_overflows_where_the_paper_begins():
    u = np.float32([8, 0])
    with pytest.warns(RuntimeWarning, match=r"hebbian_competition\(form='naive'\) lost shares in 1 of 1 rows"):
        assert np.isnan(hebbian_competition(u, tau=1 / 12, form="naive")).any()
    assert_allclose(hebbian_competition(u, tau=1 / 12), [1, 0], atol=1e-40)
    for format, last in (("float32", 11.0), ("float16", 1.375)):
        assert np.isfinite(hebbian_competition(u, tau=1 / last, form="naive", format=format)).all()
        with pytest.warns(RuntimeWarning):
            assert np.isnan(hebbian_competition(u, tau=0.98 / last, form="naive", format=format)).any()
    wide = soft_hebbian_update(W * 400, X, tau=0.5)
    assert np.isfinite(wide).all() and np.isnan(soft_hebbian_update(W * 400, X, tau=0.5, form="naive")).any()
    assert_allclose(soft_hebbian_update(W, X, tau=0.5, form="naive"), soft_hebbian_update(W, X, tau=0.5), rtol=1e-14)


@pytest.mark.parametrize("rule", ["soft", "anti"])
def test_gradient_of_the_shares(rule):
    rng = np.random.default_rng(7)
    u, g = rng.normal(size=5), rng.normal(size=5)
    y, pull = vjp(hebbian_competition, u, tau=0.3, rule=rule)
    jacobian = (np.diag(abs(y)) - np.outer(abs(y), abs(y))) / 0.3 * np.sign(y)[:, None]
    assert_allclose(pull(g), g @ jacobian, rtol=1e-12)


def test_special_values():
    assert np.isnan(soft_hebbian_update(W, [[np.nan, 0.0]])).all()
    assert np.isnan(soft_hebbian_update(W, np.zeros((0, 2)))).all()
    assert_array_equal(soft_hebbian_update(W, np.zeros((0, 2)), reduction="sum"), 0)
    half = soft_hebbian_update(W.astype(np.float16), X.astype(np.float16), tau=0.5)
    assert half.dtype == np.float16
    assert_allclose(half, soft_hebbian_update(W, X, tau=0.5), rtol=2e-3)
    assert soft_hebbian_update(W.astype(np.float32), X.astype(np.float32)).dtype == np.float32
    assert_array_equal(soft_hebbian_update(W, X[0]), soft_hebbian_update(W, X[:1]))
    kept = W.copy()
    soft_hebbian_update(kept, X)
    assert_array_equal(kept, W)
    assert np.isnan(hebbian_bias_update([0.0, 0.0], np.zeros((0, 2)))).all()
    assert_array_equal(hebbian_bias_update([0.0, 1.0], [[1.0, 0.0]], rate=0.5), [0.0, -0.5])


def test_bias_update_against_forty_digits():
    rng = np.random.default_rng(8)
    bias, shares = rng.normal(0, 3, 4), rng.dirichlet(np.ones(4), 6)
    found = hebbian_bias_update(bias, shares, tau=0.3, rate=0.7)
    with mp.workdps(40):
        for k in range(4):
            b, mean = mpf(float(bias[k])), mp.fsum(mpf(float(s)) for s in shares[:, k]) / 6
            factor = mp.exp(-b / mpf(0.3))
            right, size = mpf(0.7) * (mean * factor - 1), mpf(0.7) * (mean * factor + 1)
            assert abs(found[k] - right) <= (8 + 12 + 2 * abs(b) / mpf(0.3)) * UNIT * size
    resting = 0.3 * np.log(shares.mean(axis=0))
    assert_allclose(hebbian_bias_update(resting, shares, tau=0.3), 0, atol=1e-14)


def test_learning_is_its_steps():
    """By NumPy, in the order that the run has drawn: one batch for all rows leaves no order."""
    x = clouds()
    start = fit_soft_hebbian(x, 3, epochs=0, seed=2)
    w, b = start.weights.copy(), np.zeros(3)
    for _ in range(30):
        y = hebbian_competition(x @ w.T + b, tau=0.4)
        u = x @ w.T
        w = w + 0.1 * (y.T @ x - (y * u).sum(axis=0)[:, None] * w) / len(x)
        b += 0.1 * (y.mean(axis=0) * np.exp(-b / 0.4) - 1)
    found = fit_soft_hebbian(x, 3, epochs=30, seed=2, tau=0.4, rate=0.1, batch=len(x), bias=True)
    assert_allclose(found.weights, w, rtol=1e-9)
    assert_allclose(found.bias, b, rtol=1e-9)
    assert_allclose(found.norms[-1], np.linalg.norm(w, axis=1), rtol=1e-9)
    assert_allclose(found.usage, np.bincount((x @ w.T + b).argmax(axis=1), minlength=3) / len(x), rtol=1e-9)


def test_neurons_find_the_clouds_at_unit_norm():
    found = fit_soft_hebbian(clouds(), 3, seed=1)
    directions = CENTRES / np.linalg.norm(CENTRES, axis=1, keepdims=True)
    assert (directions @ found.weights.T).max(axis=1).min() > 0.999
    assert abs(found.norms[-1] - 1).max() < 1e-4
    assert_allclose(found.usage, 1 / 3)


def test_oja_finds_the_leading_eigenvector_and_one_soft_neuron_the_mean():
    """Of ``mean x x^T``, by NumPy; with y = 1 the mean of x is what a fixed point points along."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(200, 4)) @ np.diag([3, 1, 0.5, 0.2]) @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    leading = np.linalg.eigh(x.T @ x)[1][:, -1]
    oja = fit_soft_hebbian(x, 1, rule="linear", batch=200, rate=0.05, epochs=400)
    assert abs(oja.weights[0] @ leading) == pytest.approx(1, abs=1e-12)
    assert oja.norms[-1, 0] == pytest.approx(1, abs=1e-12)
    w = np.array([[0.5, -1, 2, 0.1]])
    u = x @ w[0]
    assert_allclose(soft_hebbian_update(w, x, rule="linear"), [(x.T @ u - u @ u * w[0]) / 200], rtol=1e-12)
    x = x + [3, 1, 0, 0]
    one = fit_soft_hebbian(x, 1, batch=200, rate=0.05, epochs=400, deviation=0.1)
    assert_allclose(one.weights[0], x.mean(axis=0) / np.linalg.norm(x.mean(axis=0)), atol=1e-10)


def test_a_norm_runs_away_where_nothing_holds_it():
    """All neurons get the same drive, and one that points away from the mean and is too long grows without an end."""
    x, w = np.array([[1.0, 0.0], [0.8, 0.1], [1.2, -0.1]]), np.array([[-1.5, 0.0]] * 2)
    norms = []
    for _ in range(60):
        norms.append(np.sqrt((w[0] ** 2).sum()) if abs(w).max() < 1e100 else np.inf)
        with np.errstate(all="ignore"):
            w = w + soft_hebbian_update(w, x, tau=np.inf, rate=0.5)
    assert norms[1] > norms[0] and not norms[-1] < 1e6
    runs = [fit_soft_hebbian(clouds(), 3, tau=np.inf, deviation=3.0, epochs=50, seed=seed) for seed in range(8)]
    assert 1 <= sum(not (run.norms[-1] < 1e6).all() for run in runs) <= 8


def test_a_bias_makes_room_for_rare_groups():
    x = np.concatenate([clouds(points=60)[:60], clouds(points=60)[60:75], clouds(points=60)[120:150]])
    found = fit_soft_hebbian(x, 3, bias=True, tau=0.25, rate=0.05, epochs=2000, seed=1)
    prior = np.exp(found.bias / 0.25)
    assert prior.sum() == pytest.approx(1, abs=0.02)
    assert_array_equal(prior.argsort(), found.usage.argsort())


def network(seed=0, sizes=(5, 6, 4, 3)):
    rng = np.random.default_rng(seed)
    return ([rng.normal(0, np.sqrt(2 / n), (m, n)) for n, m in zip(sizes, sizes[1:])],
            [rng.normal(0, 0.3, m) for m in sizes[1:]], rng.normal(size=(100, sizes[0])))


def entropy_of(weights, biases, x, gain, offset):
    h = (x @ weights[0].T + biases[0]) * gain + offset
    for w, b in zip(weights[1:], biases[1:]):
        h = np.maximum(h, 0) @ w.T + b
    p = np.exp(h - h.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -(p * np.log(p)).sum(axis=1).mean()


@pytest.mark.parametrize(("hebbian", "feedback", "name"), [
    (0.05, 0.02, "neuro_modulated_adaptation"), (0.0, 0.02, "entropy_adaptation"), (0.05, 0.0, "by Hebb alone")])
def test_adaptation_against_numpy(hebbian, feedback, name):
    weights, biases, x = network()
    found = neuro_modulated_adaptation(weights, biases, x, hebbian=hebbian, feedback=feedback, tau=0.25, steps=4)
    first = weights[0].copy()
    m, v, modulator = np.zeros(12), np.zeros(12), np.repeat([1.0, 0.0], 6)
    entropies = []
    for t in range(1, 5):
        entropies.append(entropy_of([first, *weights[1:]], biases, x, modulator[:6], modulator[6:]))
        norms = np.linalg.norm(first, axis=1, keepdims=True)
        unit = first / norms
        if hebbian:
            unit = unit + soft_hebbian_update(unit, x, tau=0.25, rate=hebbian)
            first = norms * unit / np.linalg.norm(unit, axis=1, keepdims=True)
        if feedback:
            g = np.zeros(12)
            for k in range(12):
                moved = [modulator + side * 1e-6 * np.eye(12)[k] for side in (1, -1)]
                ends = [entropy_of([first, *weights[1:]], biases, x, *np.split(each, 2)) for each in moved]
                g[k] = (ends[0] - ends[1]) / 2e-6
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            modulator = modulator - feedback * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert_allclose(found.entropy[:-1], entropies, rtol=1e-6, err_msg=name)
    assert_allclose(found.weights[0], modulator[:6, None] * first, rtol=1e-5, atol=1e-6)
    assert_allclose(found.biases[0], modulator[:6] * biases[0] + modulator[6:], rtol=1e-5, atol=1e-6)
    for k in (1, 2):
        assert_array_equal(found.weights[k], weights[k])
        assert_array_equal(found.biases[k], biases[k])


def test_adaptation_by_no_part_changes_nothing():
    weights, biases, x = network(1)
    found = neuro_modulated_adaptation(weights, biases, x, hebbian=0.0, feedback=0.0, steps=3)
    assert_allclose(found.weights[0], weights[0], rtol=1e-15)
    assert len(set(found.entropy)) == 1
    none = neuro_modulated_adaptation(weights, None, x, steps=0)
    assert none.entropy.shape == (1,) and not none.biases[0].any()

"""Bases of equal angles and neural collapse, against NumPy, descent, and reference values."""
import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import toolkit
from toolkit.representations import (
    cosine_logits,
    cosine_loss_floor,
    equiangular_basis,
    fit_unconstrained_features,
    imbalanced_collapse,
    kernels,
    minority_threshold,
    neural_collapse,
    simplex_etf,
    welch_bound,
)

RNG = np.random.default_rng(9)


def largest_cosine(v):
    g = abs(v @ v.T)
    np.fill_diagonal(g, 0)
    return g.max()


@pytest.mark.parametrize(("count", "dimension"), [(4, 3), (6, 3), (3, 2), (10, 2), (5, 5)])
def test_no_basis_beats_the_welch_bound(count, dimension):
    v = min((equiangular_basis(count, dimension, steps=3000, seed=seed) for seed in range(6)), key=largest_cosine)
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-15)
    assert largest_cosine(v) >= welch_bound(count, dimension) - 1e-9
    if (count, dimension) in ((4, 3), (6, 3), (3, 2)):  # these attain it
        assert largest_cosine(v) < welch_bound(count, dimension) + 0.02
    if dimension == 2:  # lines of a plane stand pi / N apart at best
        assert largest_cosine(v) >= np.cos(np.pi / count) - 1e-9


def test_a_step_of_the_basis_is_its_definition():
    v = RNG.normal(size=(5, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    moved, grad, t, rate = v.copy(), np.empty_like(v), 0.2, 0.05
    loss = kernels.basis_step(moved, t, rate, grad)
    g = v @ v.T
    over = np.maximum(abs(g) - np.eye(5) - t, 0)
    assert loss == pytest.approx(over.sum(), rel=1e-13)
    expected = v - rate * 2 * (np.sign(g) * (over > 0)) @ v
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-15)
    assert equiangular_basis(6, 3, largest=1.0, steps=9).shape == (6, 3)


def test_welch_bound_and_loss_floor_reference_values():
    assert welch_bound(1000, 100) == pytest.approx(0.0949157996, abs=5e-11)
    assert welch_bound(10, 2) == pytest.approx(0.6666667, abs=5e-8) and welch_bound(5, 5) == 0
    assert cosine_loss_floor(1000) == pytest.approx(6.2405531e-4, abs=5e-12)
    assert cosine_loss_floor(1000, temperature=1.0) == pytest.approx(5.9094720863, abs=5e-11)
    with mp.workdps(40):
        for n, tau in ((2, 0.01), (1000, 0.07), (7, 3.0)):
            assert abs(cosine_loss_floor(n, temperature=tau) / mp.log1p((n - 1) * mp.exp(-1 / mp.mpf(tau))) - 1) < 1e-14
    v = np.eye(6)
    logits = cosine_logits(v, v)
    assert toolkit.losses.cross_entropy(logits, np.arange(6)) == pytest.approx(cosine_loss_floor(6), rel=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_cosine_logits_in_forty_digits(size):
    f, v = RNG.normal(size=(4, 5)) * size, equiangular_basis(3, 5, steps=0)
    found = cosine_logits(f, v)
    with mp.workdps(40):
        for i in range(4):
            length = mp.sqrt(mp.fsum(mp.mpf(float(x))**2 for x in f[i]))
            for k in range(3):
                expected = mp.fsum(mp.mpf(float(a)) * mp.mpf(float(b)) for a, b in zip(f[i], v[k], strict=True))
                assert abs(found[i, k] - expected / length / mp.mpf(0.07)) < 1e-14 / 0.07


def test_gradient_of_cosine_logits_and_its_hazards():
    f, v, g = RNG.normal(size=(3, 4)), equiangular_basis(5, 4, steps=10), RNG.normal(size=(3, 5))
    _, pull = toolkit.vjp(cosine_logits, f, v)
    u = f / np.linalg.norm(f, axis=1, keepdims=True)
    expected = np.stack([(np.eye(4) - np.outer(a, a)) @ v.T @ b / (0.07 * np.linalg.norm(c))
                         for a, b, c in zip(u, g, f, strict=True)])
    np.testing.assert_allclose(pull(g), expected, rtol=1e-11, atol=1e-12)
    assert (cosine_logits(np.zeros((1, 4)), v) == 0).all() and (toolkit.vjp(cosine_logits, 0 * f, v)[1](g) == 0).all()
    assert np.isnan(cosine_logits(np.full((1, 4), np.nan), v)).all()
    close = np.array([[np.cos(0.02), np.sin(0.02)]])  # a cosine of 0.9998: 1 in float16
    assert cosine_logits(close, [[1.0, 0.0]], temperature=1.0, format="float16")[0, 0] == 1
    assert cosine_logits(close, [[1.0, 0.0]], temperature=1.0)[0, 0] < 1


def test_simplex_etf():
    for k in (2, 4, 100):
        m = simplex_etf(k)
        expected = np.sqrt(k / (k - 1)) * (np.eye(k) - 1 / k)
        assert abs(m - expected).max() < 3e-16
        g = m.T @ m
        np.testing.assert_allclose(g[~np.eye(k, dtype=bool)], -1 / (k - 1), atol=1e-13)
        np.testing.assert_allclose(np.diag(simplex_etf(k, scale=3.0).T @ simplex_etf(k, scale=3.0)), 9)


def numpy_collapse(h, y, w, rcond=1e-10):
    k = len(w)
    means = np.stack([h[y == c].mean(axis=0) for c in range(k)])
    inside = h - means[y]
    centred = means - means.mean(axis=0)
    within = inside.T @ inside / len(h)
    between = centred.T @ centred / k
    s = (np.eye(k) - 1 / k) / np.sqrt(k - 1)
    gram, products = w @ w.T, w @ centred.T
    return (np.trace(within @ np.linalg.pinv(between, rcond=rcond, hermitian=True)) / k,
            np.linalg.norm(gram / np.linalg.norm(gram) - s), np.linalg.norm(products / np.linalg.norm(products) - s))


@pytest.mark.parametrize(("classes", "dimension", "rows"), [(3, 2, 30), (4, 9, 50), (10, 64, 200)])
def test_neural_collapse_against_numpy(classes, dimension, rows):
    y = np.concatenate([np.arange(classes), RNG.integers(0, classes, rows - classes)])
    h, w = RNG.normal(size=(rows, dimension)), RNG.normal(size=(classes, dimension))
    np.testing.assert_allclose(neural_collapse(h, y, w), numpy_collapse(h, y, w), rtol=1e-9)
    np.testing.assert_allclose(neural_collapse(1e3 * h, y + 5, 7 * w), neural_collapse(h, y, w), rtol=1e-9)


def test_the_cutoff_decides_about_neural_collapse():
    m = simplex_etf(4)
    y = np.repeat(np.arange(4), 5)
    assert max(neural_collapse(m[y], y, m)) < 1e-14
    y, noise = np.repeat(np.arange(4), 6), 1e-3 * RNG.normal(size=(12, 4))
    noisy = m[y] + np.stack([noise, -noise], axis=1).reshape(24, 4)  # the means stay
    assert neural_collapse(noisy, y, m).within < 1e-4
    own, other = (numpy_collapse(noisy, y, m, rcond)[0] for rcond in (1e-10, 1e-30))
    assert neural_collapse(noisy, y, m).within == pytest.approx(own, rel=1e-9)
    assert abs(other) > 1e6  # the direction in which no means differ
    assert np.isnan(neural_collapse(np.where(noisy == noisy[3, 2], np.nan, noisy), y, m)).any()
    assert np.isnan(neural_collapse(np.ones((4, 2)), [0, 0, 1, 1], np.eye(2)).within)


def test_imbalanced_collapse_reference_values():
    found = imbalanced_collapse([80, 18, 2], (5e-4, 0.01))
    np.testing.assert_allclose(found.logits, (0.975, 0.94729537, 0.84188612), atol=5e-9)
    np.testing.assert_allclose(found.weights, (39, 17.97366596, 5.32455532), atol=5e-9)
    np.testing.assert_allclose(found.features, (0.024375, 0.04992685, 0.13311388), atol=5e-9)
    with mp.workdps(40):
        for n, logit in zip((80, 18, 2), found.logits, strict=True):
            s = mp.sqrt(n) - 100 * mp.sqrt(mp.mpf(5e-4) * mp.mpf(0.01))
            assert abs(logit - s / mp.sqrt(n)) < 1e-13
    # N² λ_W λ_H = 4: exactly at the threshold a class is gone
    gone = imbalanced_collapse([91, 5, 4], (0.02, 0.02))
    assert abs(gone.logits[2]) < 1e-12 < gone.logits[1]


def test_descent_ends_at_the_closed_form():
    found = fit_unconstrained_features([80, 18, 2], 5, loss="squared", weight_decay=5e-4, feature_decay=0.01,
                                       steps=40000)
    expected = imbalanced_collapse([80, 18, 2], (5e-4, 0.01))
    gram = found.weights @ found.weights.T
    np.testing.assert_allclose(np.diag(gram), expected.weights, atol=1e-9)
    assert abs(gram[~np.eye(3, dtype=bool)]).max() < 1e-9
    np.testing.assert_allclose((found.features**2).sum(axis=1), expected.features[found.labels], atol=1e-9)
    logits = (found.features @ found.weights.T)[np.arange(100), found.labels]
    np.testing.assert_allclose(logits, expected.logits[found.labels], atol=1e-9)


@pytest.mark.parametrize("factors", [2, 3, 4, 6])
def test_deep_linear_collapse_is_the_least_of_the_objective(factors):
    decays = np.geomspace(0.004, 0.02, factors)
    c = np.exp(np.log(decays).mean())
    counts = [50, 30, 12, 6, 2]
    found = imbalanced_collapse(counts, tuple(decays))

    def objective(s, n):
        return (s - np.sqrt(n))**2 / 200 + factors / 2 * c * s**(2 / factors)

    for n, s in zip(counts, found.strengths, strict=True):
        grid = np.linspace(0, np.sqrt(n), 4001)
        assert objective(s, n) <= objective(grid, n).min() + 1e-12
        if s > 0:
            near = minimize_scalar(objective, (0.9 * s, s), args=(n,), tol=1e-12).x
            assert s == pytest.approx(near, abs=1e-5)
        assert found.weights[0] * decays[0] == pytest.approx(found.features[0] * 50 * decays[-1], rel=1e-12)
    threshold = minority_threshold(100, tuple(decays))
    assert all((s > 0) == (n > threshold) for n, s in zip(counts, found.strengths, strict=True))
    if factors > 2:
        u = (factors - 2) / (factors - 1)
        assert kernels.class_strength(threshold * (1 + 1e-9), 100.0, c, float(factors)) / np.sqrt(
            threshold) == pytest.approx(u, abs=1e-4)


def test_minority_threshold():
    assert minority_threshold(100, (0.02, 0.02)) == pytest.approx(4, rel=1e-14)
    assert minority_threshold(100, (0.01, 0.04)) == pytest.approx(4, rel=1e-14)


def test_unconstrained_features_go_to_the_simplex():
    found = fit_unconstrained_features([3, 3, 3, 3], 3, rate=0.2, steps=800, normalized=True)
    within, simplex, duality = neural_collapse(found.features, found.labels, found.weights)
    assert within < 1e-20 and simplex < 0.01 and duality < 0.01 and found.loss < 1e-40
    narrow = fit_unconstrained_features([3, 3, 3, 3], 3, rate=0.2, steps=800, normalized=True, format="float32")
    assert narrow.loss < 1e-40  # it stopped where p of all others underflows, at a gap of 103
    z = narrow.features @ narrow.weights.T
    gaps = z[np.arange(12), narrow.labels] - np.where(np.eye(4)[narrow.labels] == 1, -np.inf, z).max(axis=1)
    assert 90 < gaps.min() < 125
    assert np.linalg.norm(found.weights) > 1.2 * np.linalg.norm(narrow.weights)


def test_the_gradient_of_unconstrained_features_by_differences():
    w, h, y = RNG.normal(size=(3, 2)), RNG.normal(size=(5, 2)), np.array([0, 1, 2, 0, 1])
    z, grad, gw, gh = np.empty(3), np.empty(3), np.empty_like(w), np.empty_like(h)

    def loss(w, h):
        logits = h @ w.T
        return (toolkit.losses.cross_entropy(logits, y) + 0.15 * (w**2).sum() + 0.05 * (h**2).sum())

    kernels.unconstrained_slopes(toolkit.losses.kernels.cross_entropy_stable, w, h, y, 0.3, 0.1, z, grad, gw, gh)
    for a, g, place in ((w, gw, 0), (h, gh, 1)):
        for at in np.ndindex(a.shape):
            ahead, behind = [w.copy(), h.copy()], [w.copy(), h.copy()]
            ahead[place][at] += 1e-6
            behind[place][at] -= 1e-6
            assert g[at] == pytest.approx((loss(*ahead) - loss(*behind)) / 2e-6, abs=1e-8)

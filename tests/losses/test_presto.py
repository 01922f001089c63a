"""PRESTO: its objective, its fits, and the information that its theory is made of."""
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from toolkit import vjp
from toolkit.catalog._ordinal import _ROOM
from toolkit.losses import (
    fit_presto,
    kernels,
    ordinal_probabilities,
    presto_largest_penalty,
    presto_objective,
)

X, Y = np.array([[-1.0], [0.0], [1.0], [2.0]]), [0, 1, 2, 2]
ALPHA, BETA = np.array([-0.5, 1.0]), np.array([[0.3], [0.8]])


def ordered(seed, rows=300, inputs=3, alpha=(0.0, 2.0)):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, inputs))
    p = ordinal_probabilities(np.array(alpha) + x @ np.full((inputs, 1), 0.7))
    return x, (rng.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1)


def test_objective_reference_values():
    assert presto_objective(BETA, ALPHA, X, Y, penalty=0.0) == pytest.approx(1.708886024766326, rel=1e-14)
    assert presto_objective(BETA, ALPHA, X, Y, penalty=0.1) == pytest.approx(1.788886024766326, rel=1e-14)
    assert presto_objective(BETA, ALPHA, X, Y, penalize_first=False) == pytest.approx(1.758886024766326)
    slopes = vjp(presto_objective, BETA, ALPHA, X, Y, penalty=0.0)[1](1.0)
    cuts = vjp(presto_objective, BETA, ALPHA, X, Y, penalty=0.0, of="intercepts")[1](1.0)
    np.testing.assert_allclose(cuts, [-0.006304223885, 0.308213044149], atol=1e-12)
    np.testing.assert_allclose(slopes.ravel(), [0.172493620282, 0.679968023603], atol=1e-12)
    of_psi = np.cumsum(slopes[::-1], axis=0)[::-1].ravel()
    np.testing.assert_allclose(of_psi, [0.852461643885, 0.679968023603], atol=1e-12)


def test_gradient_of_the_objective_by_differences():
    x, y = ordered(0, rows=40)
    rng = np.random.default_rng(1)
    beta, alpha = 0.3 * rng.normal(size=(2, 3)), np.array([-0.2, 2.5])
    for first in (True, False):
        slopes = vjp(presto_objective, beta, alpha, x, y, penalize_first=first)[1](2.0)
        for place in np.ndindex(2, 3):
            step = np.zeros((2, 3))
            step[place] = 1e-6
            ends = [presto_objective(beta + s * step, alpha, x, y, penalize_first=first) for s in (1, -1)]
            assert slopes[place] == pytest.approx(2 * (ends[0] - ends[1]) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("penalty", [0.01, 0.05, 0.5])
def test_a_fit_is_where_the_penalty_balances_the_gradient(penalty, first):
    """Each derivative in psi is the penalty with the sign of psi, or within it where psi is 0. Checks `fit_presto`."""
    x, y = ordered(2)
    x = (x - x.mean(0)) / x.std(0)
    fit = fit_presto(x, y, penalty=penalty, penalize_first=first)
    arguments = fit.slopes, fit.intercepts, x, y
    of_beta = vjp(presto_objective, *arguments, penalty=0.0)[1](1.0)
    of_psi, psi = np.cumsum(of_beta[::-1], axis=0)[::-1], np.diff(fit.slopes, axis=0, prepend=0.0)
    allowed = np.full_like(psi, penalty)
    if not first:
        allowed[0] = 0.0
    moved = np.abs(psi) > 1e-9
    assert (np.abs(of_psi) <= allowed + 1e-5).all()
    np.testing.assert_allclose(of_psi[moved], -(np.sign(psi) * allowed)[moved], atol=1e-5)
    assert np.abs(vjp(presto_objective, *arguments, penalty=0.0, of="intercepts")[1](1.0)).max() < 1e-5
    assert fit.objective == pytest.approx(presto_objective(*arguments, penalty=penalty, penalize_first=first))


def test_two_classes_are_logistic_regression():
    x, y = ordered(3)
    found = fit_presto(x, (y > 0).astype(int), penalty=0.0)
    other = LogisticRegression(C=1e10, tol=1e-10, max_iter=10000).fit(x, y > 0)
    np.testing.assert_allclose(found.slopes[0], -other.coef_[0], atol=1e-4)
    np.testing.assert_allclose(found.intercepts[0], -other.intercept_[0], atol=1e-4)


def test_ends_of_the_path():
    x, y = ordered(4)
    largest = presto_largest_penalty(x, y)
    assert not fit_presto(x, y, penalty=1.01 * largest).slopes.any()
    assert fit_presto(x, y, penalty=0.95 * largest).slopes.any()
    parallel = fit_presto(x, y, penalty=100.0, penalize_first=False)
    assert np.ptp(parallel.slopes, axis=0).max() < 1e-9 and np.abs(parallel.slopes).max() > 0.1
    assert not fit_presto(x, y, penalty=100.0).slopes.any()
    p = parallel.probabilities(x)
    assert p.shape == (300, 3) and (p > 0).all()
    moved = fit_presto(10 * x + 3, y, penalty=0.02)
    still = fit_presto(x, y, penalty=0.02)
    np.testing.assert_allclose(moved.slopes * 10, still.slopes, atol=1e-7)


def test_no_curves_cross_at_the_data():
    x, y = ordered(5, rows=60, alpha=(0.0, 1.0))
    for penalty in (0.0, 0.001, 0.01):
        fit = fit_presto(x, y, penalty=penalty, steps=30)
        assert (np.diff(fit.eta(x), axis=1) > 0).all()


def variance_of_slope(cut, alone):
    """Asymptotic n Var(beta) for x in (-1, 1), K = 3, beta = 1 and cuts 0 and `cut`, of the last step alone or not."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    total = np.zeros((3, 3))
    diagonal, beside = np.zeros(2), np.zeros(2)
    for x, w in zip(nodes, weights, strict=True):
        eta = np.array([x, cut + x])
        if alone:
            kernels.cumulative_information(eta[1:], diagonal[:1], beside[:1])
            design = np.array([[0.0, 1.0, x]])
            total += w / 2 * diagonal[0] * design.T @ design
        else:
            kernels.cumulative_information(eta, diagonal, beside)
            design = np.array([[1.0, 0.0, x], [0.0, 1.0, x]])
            middle = np.array([[diagonal[0], beside[0]], [beside[0], diagonal[1]]])
            total += w / 2 * design.T @ middle @ design
    return np.linalg.inv(total[1:, 1:] if alone else total)[-1, -1], total


@pytest.mark.parametrize(("cut", "shared", "alone"), [
    (1, 12.069707, 17.21412135), (3, 13.05983682, 69.81763042), (5, 13.72155009, 465.4200346),
    (7, 13.83682148, 3389.453599), (9, 13.8529988, 24995.42314)])
def test_sharing_the_slope_caps_its_variance(cut, shared, alone):
    assert variance_of_slope(cut, False)[0] == pytest.approx(shared, rel=1e-7)
    assert variance_of_slope(cut, True)[0] == pytest.approx(alone, rel=1e-7)


def test_wrong_arguments():
    for x, y, message in ((X[:, 0], Y, "x has shape"), (X, [0.5] * 4, "labels is"), (X, [0, 1, 2, -1], "labels is")):
        with pytest.raises((TypeError, ValueError), match=message):
            fit_presto(x, y)
    with pytest.raises(ValueError, match="labels has 2; allowed: 0 to 1"):
        fit_presto(X, Y, classes=2)
    with pytest.raises(ValueError, match="slopes has shape"):
        presto_objective(BETA[:1], ALPHA, X, Y)


def test_room_of_the_row_in_the_register():
    assert _ROOM == 10 + kernels.presto_work_size(2, 1)

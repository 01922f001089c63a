"""InfoNCE and the Wasserstein dependency, against forty digits, SciPy's linear programs, and normal laws."""
import mpmath as mp
import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment, linprog

import toolkit
from toolkit.losses import cross_entropy
from toolkit.representations import (
    gaussian_dependency,
    info_nce_bound,
    info_nce_loss,
    wasserstein_critic,
    wasserstein_dependency,
)
from toolkit.transport import sinkhorn, transport_cost

SCORES = np.array([[5.0, 1.0, 0.0], [0.0, 4.0, 1.0], [1.0, 0.0, 6.0]])
RNG = np.random.default_rng(2)


def exact_info_nce(scores, tau):
    rows = [[mp.mpf(float(s)) / mp.mpf(tau) for s in row] for row in scores]
    return mp.fsum(mp.log1p(mp.fsum(mp.exp(z - row[i]) for j, z in enumerate(row) if j != i))
                   for i, row in enumerate(rows)) / len(rows)


@pytest.mark.parametrize("tau", [0.05, 0.3, 1.0, 20.0])
def test_info_nce_in_forty_digits(tau):
    assert info_nce_loss(SCORES) == pytest.approx(0.033267759495995364, rel=1e-14)
    assert info_nce_bound(SCORES) == pytest.approx(1.0653445291721144, rel=1e-14)
    for scores in (SCORES, 30 * RNG.normal(size=(4, 6))):
        with mp.workdps(40):
            expected = exact_info_nce(scores, tau)
            assert abs(info_nce_loss(scores, temperature=tau) / expected - 1) < 1e-14
            assert abs(info_nce_bound(scores, temperature=tau) - (mp.log(len(scores[0])) - expected)) < 2e-14 * (
                1 + expected)
    assert info_nce_loss(SCORES, temperature=tau) == pytest.approx(
        cross_entropy(SCORES / tau, [0, 1, 2]), rel=1e-14)


def test_gradients_of_info_nce_and_of_its_temperature():
    tau, step = 0.7, 1e-6
    _, pull = toolkit.vjp(info_nce_loss, SCORES, temperature=tau)
    p = np.exp(SCORES / tau)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pull(3.0), 3 * (p - np.eye(3)) / (3 * tau), rtol=1e-12, atol=1e-15)
    _, pull = toolkit.vjp(info_nce_loss, SCORES, of="temperature", temperature=tau)
    ahead, behind = (info_nce_loss(SCORES, temperature=each) for each in (tau + step, tau - step))
    expected = (ahead - behind) / (2 * step)
    assert pull(1.0) == pytest.approx(expected, rel=1e-8)


def test_what_is_left_out_does_not_reach_the_temperature():
    keep = np.array([[True, True, False], [True, True, True], [False, True, True]])
    for given, options in ((SCORES, {"where": keep}), (np.where(keep, SCORES, -np.inf), {})):
        assert info_nce_loss(given, **options) < info_nce_loss(SCORES)
        _, pull = toolkit.vjp(info_nce_loss, given, of="temperature", **options)
        assert np.isfinite(pull(1.0))
        assert (toolkit.vjp(info_nce_loss, given, **options)[1](1.0)[~keep] == 0).all()
    with np.errstate(all="ignore"):  # the order that libraries were caught with
        z = np.where(keep, SCORES, -np.inf)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        assert np.isnan(((p - np.eye(3)) * z).sum())
    hidden = np.where(np.eye(3) == 1, -np.inf, SCORES)
    assert info_nce_loss(hidden) == np.inf and np.isnan(info_nce_loss(np.where(SCORES == 6, np.nan, SCORES)))


def test_a_small_temperature_needs_the_shift():
    scores = np.eye(4)
    assert np.isnan(info_nce_loss(scores, temperature=0.01, form="naive", format="float32"))
    assert info_nce_loss(scores, temperature=0.01, form="common", format="float32") == 0
    assert info_nce_loss(scores, temperature=0.01, format="float32") == pytest.approx(3 * np.exp(-100), rel=1e-5)


def normal_scores(x, y, rho):
    """The best critic of normal pairs: the log of the ratio of densities, summed over dimensions."""
    out = -0.5 * np.log1p(-rho**2) - (rho**2 * (x[:, None]**2 + y[None]**2) - 2 * rho * x[:, None] * y[None]) / (
        2 * (1 - rho**2))
    return out.sum(axis=2)


def test_info_nce_stops_at_the_log_of_the_candidates():
    rho, d, rng = 0.95, 10, np.random.default_rng(0)
    truth = -0.5 * d * np.log1p(-rho**2)
    assert truth == pytest.approx(11.6395, abs=1e-4)
    for n, expected in ((8, 2.079), (64, 4.154), (512, 6.208)):
        x = rng.normal(size=(n, d))
        y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=(n, d))
        found = info_nce_bound(normal_scores(x, y, rho))
        assert found <= np.log(n) < truth and found == pytest.approx(expected, abs=0.06)


def pairs(n, noise=0.5, d=2):
    x = RNG.normal(size=(n, d))
    return x, x[:, :1] + noise * RNG.normal(size=(n, 1))


def costs(x, y, shift=1):
    z = np.roll(y, -shift, axis=0)
    return (np.linalg.norm(x[:, None] - x[None], axis=2) + np.linalg.norm(y[:, None] - z[None], axis=2))


@pytest.mark.parametrize("shift", [1, 5])
def test_wasserstein_dependency_against_scipy(shift):
    x, y = pairs(12)
    c = costs(x, y, shift)
    found = wasserstein_dependency(x, y, shift=shift)
    assert found == pytest.approx(c[linear_sum_assignment(c)].mean(), rel=1e-13)
    rows = np.kron(np.eye(12), np.ones(12)), np.kron(np.ones(12), np.eye(12))
    program = linprog(c.ravel(), A_eq=np.vstack(rows), b_eq=np.full(24, 1 / 12))
    assert found == pytest.approx(program.fun, rel=1e-9)
    plan = sinkhorn(c, epsilon=0.003, sweeps=20000, tol=1e-4).plan
    assert found - 1e-3 <= transport_cost(plan, c) <= found + 0.02


def test_wasserstein_dependency_scales_and_takes_time_as_the_cube():
    x, y = pairs(40)
    assert wasserstein_dependency(10 * x, 10 * y) == pytest.approx(10 * wasserstein_dependency(x, y), rel=1e-12)
    assert wasserstein_dependency(x, 0 * y) == 0
    c = costs(x, y)
    assert wasserstein_dependency(x, y) == pytest.approx(c[linear_sum_assignment(c)].mean(), rel=1e-13)
    assert np.isnan(wasserstein_dependency(np.where(x == x[3], np.nan, x), y))
    assert np.isnan(wasserstein_dependency(np.where(x == x[3], np.inf, x), y))


def test_gradient_of_wasserstein_dependency_by_differences():
    x, y = pairs(6)
    for name, place in (("x", 0), ("y", 1)):
        _, pull = toolkit.vjp(wasserstein_dependency, x, y, of=name)
        found, given = pull(1.0), [x, y]
        for at in np.ndindex(given[place].shape):
            moved = [[each.copy() for each in given] for _ in range(2)]
            moved[0][place][at] += 1e-6
            moved[1][place][at] -= 1e-6
            expected = (wasserstein_dependency(*moved[0]) - wasserstein_dependency(*moved[1])) / 2e-6
            assert found[at] == pytest.approx(expected, abs=1e-8)


def test_the_critic_is_lipschitz_and_attains_the_distance():
    x, y = pairs(12)
    stranger = np.roll(y, -1, axis=0)
    own, other = wasserstein_critic(x, y), wasserstein_critic(x, y, x, stranger)
    assert own.mean() - other.mean() == pytest.approx(wasserstein_dependency(x, y), rel=1e-12)
    a, b = RNG.normal(size=(200, 2)), RNG.normal(size=(200, 1))
    f = wasserstein_critic(x, y, a, b)
    apart = np.linalg.norm(a[:, None] - a[None], axis=2) + np.linalg.norm(b[:, None] - b[None], axis=2)
    assert (abs(f[:, None] - f[None]) <= apart + 1e-12).all()


def test_gaussian_dependency_in_forty_digits():
    with mp.workdps(60):
        for r in (1e-200, 1e-9, 0.3, -0.8, 0.95, 1.0):
            exact = mp.mpf(r)
            expected = mp.sqrt(2 * (2 - mp.sqrt(1 + exact) - mp.sqrt(1 - exact)))
            expected = expected if abs(r) > 1e-20 else abs(exact) / mp.sqrt(2)
            assert abs(gaussian_dependency([r]) / expected - 1) < 1e-15
    assert gaussian_dependency([1e-9], form="naive") == 0 and gaussian_dependency([0.0, 0.0]) == 0
    assert gaussian_dependency([0.5] * 9) == pytest.approx(3 * gaussian_dependency([0.5]), rel=1e-14)
    assert np.isnan(gaussian_dependency([np.nan]))
    joint = np.array([[1, 0.6], [0.6, 1]])  # the distance of normal laws, by matrices
    squared = np.trace(joint + np.eye(2) - 2 * sqrtm(joint).real)
    assert gaussian_dependency([0.6])**2 == pytest.approx(squared, rel=1e-12)


def test_gradient_of_gaussian_dependency():
    r = np.array([0.3, -0.8, 0.1])
    _, pull = toolkit.vjp(gaussian_dependency, r)
    for i in range(3):
        step = 1e-6 * np.eye(3)[i]
        expected = (gaussian_dependency(r + step) - gaussian_dependency(r - step)) / 2e-6
        assert pull(2.0)[i] == pytest.approx(2 * expected, rel=1e-8)
    assert (toolkit.vjp(gaussian_dependency, np.zeros(2))[1](1.0) == 0).all()

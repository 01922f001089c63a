"""Dirichlet distributions and evidential losses: many digits, published values, SciPy, differences."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, polygamma

from toolkit import vjp
from toolkit.information import dirichlet_kl
from toolkit.information import kernels as gamma
from toolkit.losses import evidential_loss
from toolkit.uncertainty import evidential_weight, fit_dirichlet

TV = np.array([2.0, 1.0, -1.0, 0.5])
EPS = 2.0**-52


def in_digits(alpha, beta):
    a, b = ([mpf(float(v)) for v in row] for row in (alpha, beta))
    s, t = mp.fsum(a), mp.fsum(b)
    return mp.loggamma(s) - mp.loggamma(t) + mp.fsum(
        mp.loggamma(y) - mp.loggamma(x) + (x - y) * (mp.digamma(x) - mp.digamma(s)) for x, y in zip(a, b, strict=True))


def sizes(alpha, beta):
    """The sum of the sizes of the terms of the stable form."""
    s, k = alpha.sum(), alpha.size
    return (abs((beta - 0.5) * np.log(s / alpha)).sum() + k * abs(np.log(s)) + k + abs(gammaln(beta)).sum()
            + abs(gammaln(beta.sum())) + abs(gammaln(alpha) - (alpha - 0.5) * np.log(alpha) + alpha - 0.9189).sum()
            + abs((alpha - beta) * (np.log(alpha) - digamma(alpha))).sum() + abs((alpha - beta).sum()) / s)


def test_the_rests_of_gamma_functions():
    with mp.workdps(40):
        for x in np.concatenate([np.geomspace(1e-5, 1e12, 200), np.arange(1.0, 20.0)]):
            m = mpf(float(x))
            rest = mp.loggamma(m) - (m - mpf(0.5)) * mp.log(m) + m - mp.log(2 * mp.pi) / 2
            assert abs(gamma.stirling_rest(x) - rest) < 32 * EPS * max(1, rest) if x < 16 else 4 * EPS * rest
            assert abs(gamma.log_less_digamma(x) / (mp.log(m) - mp.digamma(m)) - 1) < 16 * EPS
            assert abs(gamma.trigamma(x) / mp.psi(1, m) - 1) < 8 * EPS
            assert abs(gamma.trigamma_excess(x) / (m * mp.psi(1, m) - 1) - 1) < 80 * EPS
    assert all(np.isnan(of(x)) for x in (0.0, -1.5, np.nan) for of in (gamma.digamma, gamma.trigamma, gamma.log_gamma))


def test_divergences_in_forty_digits():
    rng = np.random.default_rng(0)
    with mp.workdps(40):
        for size in (1e-3, 1.0, 10.0, 1e4, 1e9):
            for classes in (1, 2, 5, 30):
                alpha, beta = size * rng.gamma(1.0, 1.0, classes) + 1e-3, rng.gamma(2.0, 1.0, classes) + 0.1
                for other in (beta, np.ones(classes)):
                    exact, terms = in_digits(alpha, other), sizes(alpha, other)
                    assert abs(dirichlet_kl(alpha, other) - exact) < 64 * EPS * terms
                    narrow = alpha.astype(np.float32)
                    other = other.astype(np.float32)
                    exact = in_digits(narrow, other)
                    assert abs(dirichlet_kl(narrow, other) - exact) < 1e-7 * abs(exact) + 1e-12 * terms


def test_divergence_reference_values():
    assert dirichlet_kl([1.0, 1, 1]) == 0 and dirichlet_kl([0.3, 7], [0.3, 7]) == 0
    assert dirichlet_kl([2.0, 1, 1]) == pytest.approx(0.26527895533, abs=1e-11)
    for v, right in ((1e4, 12.6190533), (1e5, 16.0728529), (1e6, 19.5267219), (1e7, 22.9805988)):
        row = np.full(4, v, np.float32)
        assert dirichlet_kl(row) == pytest.approx(right, abs=2e-6)
        assert abs(dirichlet_kl(row, form="naive") - right) > 0.02
    assert np.isnan(dirichlet_kl([[0.0, 1], [-1, 2], [np.nan, 1], [1, np.inf]])).all()
    assert dirichlet_kl([2.0, 1, 1, 9], where=[True, True, True, False]) == dirichlet_kl([2.0, 1, 1])
    assert dirichlet_kl(np.ones((0, 3))).shape == (0,)


def test_slopes_of_divergences():
    rng = np.random.default_rng(1)
    for size in (0.1, 1.0, 30.0, 1e5):
        a, b = size * rng.gamma(1.0, 1.0, (4, 5)) + 0.01, rng.gamma(2.0, 1.0, (4, 5)) + 0.1
        found = vjp(dirichlet_kl, a, b)[1](np.ones(4))
        with mp.workdps(40):
            for row, other, slopes in zip(a, b, found, strict=True):
                s, over = mp.fsum(map(mpf, row)), mp.fsum(map(mpf, row)) - mp.fsum(map(mpf, other))
                for x, y, slope in zip(row, other, slopes, strict=True):
                    right = (mpf(x) - mpf(y)) * mp.psi(1, mpf(x)) - over * mp.psi(1, s)
                    assert abs(slope - right) < 64 * EPS * max(1, (x + y) * mp.psi(1, mpf(x)))


def test_evidential_reference_values():
    for fit, right in (("mse", 0.8171129342693078), ("log", 1.3278236961084717), ("digamma", 1.5008899803754254)):
        for form in ("naive", "stable"):
            assert evidential_loss(TV, 1, fit=fit, form=form) == pytest.approx(right, rel=1e-14)
    with_kl = evidential_loss(TV, 1, kl_weight=1.0) - evidential_loss(TV, 1)
    assert with_kl == pytest.approx(0.6929811633240908, rel=1e-13)
    gradient = evidential_loss.value_and_gradient(TV, 1)[1]
    assert_allclose(gradient, (0.10692376430773748, -0.3051060319326111, 0.032647961568141544, 0.07556302863013162),
                    rtol=1e-13)


def test_evidential_gradients_by_differences():
    rng, h = np.random.default_rng(2), 1e-6
    for fit in ("mse", "log", "digamma"):
        for evidence in ("softplus", "relu", "exp"):
            for kl_weight in (0.0, 0.7):
                options = {"fit": fit, "evidence": evidence, "kl_weight": kl_weight}
                z = rng.normal(0, 2, 4)
                slopes = evidential_loss.value_and_gradient(z, 2, **options)[1]
                ways = h * np.eye(4)
                differences = [(evidential_loss(z + d, 2, **options) - evidential_loss(z - d, 2, **options)) / (2 * h)
                               for d in ways]
                assert_allclose(slopes, differences, rtol=1e-6, atol=1e-8)


def test_what_formats_lose_of_evidence():
    sure = np.float32([2e7, 0])
    assert evidential_loss(sure, 0, form="naive") == 0 and evidential_loss(sure, 0) > 8e-8
    assert not evidential_loss.value_and_gradient([-1.0, -2.0, -0.5], 0, evidence="relu")[1].any()
    with pytest.warns(RuntimeWarning, match="inf or NaN"):
        assert not np.isfinite(evidential_loss(np.float32([89, 0]), 1, evidence="exp", form="naive"))
    missing = evidential_loss.value_and_gradient([1.0, -np.inf, 2.0], 0, kl_weight=1.0)
    without = evidential_loss.value_and_gradient([1.0, 2.0], 0, kl_weight=1.0)
    assert missing[0] == without[0] and missing[1][1] == 0
    for fit in ("mse", "log", "digamma"):
        assert evidential_loss([0.3], 0, fit=fit) == 0


def test_the_outer_loss_is_least_at_a_point():
    """Values of the card for a fixed mean, and the digamma fit as the mean of cross-entropy over draws."""
    mean = np.array([0.7, 0.2, 0.1])
    for s, right in ((1, 2.3769842960), (3, 1.2414254220), (10, 0.9139682540), (100, 0.8119470305),
                     (1e6, 0.8018195525)):
        assert (mean * (digamma(s) - digamma(s * mean))).sum() == pytest.approx(right, abs=1e-9)
    theta = np.random.default_rng(3).dirichlet(1 + np.log1p(np.exp(TV)), 200_000)
    assert evidential_loss(TV, 1) == pytest.approx(-np.log(theta[:, 1]).mean(), abs=0.01)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kl_weight", [0.05, 0.1, 1.0])
def test_a_fitted_belief_is_the_minimum(kl_weight, reduction):
    labels = np.repeat([0, 1, 2], [7, 2, 1])
    found = fit_dirichlet(labels, classes=3, kl_weight=kl_weight, reduction=reduction)
    share = np.array([7, 2, 1]) / (10 if reduction == "mean" else 1)
    assert_allclose(found.alpha, 1 + share / kl_weight, rtol=8 * EPS)
    assert found.strength == pytest.approx(3 + share.sum() / kl_weight, rel=1e-14)

    def objective(logs):
        a = np.exp(logs)
        s = a.sum()
        kl = gammaln(s) - gammaln(a).sum() - gammaln(3) + ((a - 1) * (digamma(a) - digamma(s))).sum()
        return (share * (digamma(s) - digamma(a))).sum() + kl_weight * kl

    least = minimize(objective, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    assert_allclose(np.exp(least.x), found.alpha, rtol=2e-5)
    assert objective(np.log(found.alpha)) == pytest.approx(found.loss, rel=1e-12)
    assert least.fun >= found.loss - 1e-12
    fisher = np.diag(polygamma(1, found.alpha)) - polygamma(1, found.strength)
    assert_allclose(fisher @ (kl_weight * (found.alpha - 1) - share), 0, atol=1e-12)


def test_the_strength_does_not_know_how_many_labels_there_were():
    labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]
    means = [fit_dirichlet(labels * n, classes=3, kl_weight=0.1).strength for n in (1, 100)]
    sums = [fit_dirichlet(labels * n, classes=3, kl_weight=0.1, reduction="sum").strength for n in (1, 100)]
    assert means == pytest.approx([13, 13]) and sums == pytest.approx([103, 10003])


def test_the_weight_rises_to_one():
    assert [evidential_weight(t) for t in (0, 3, 10, 99)] == [0, 0.3, 1, 1] and evidential_weight(1, epochs=4) == 0.25

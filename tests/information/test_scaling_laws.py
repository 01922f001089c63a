"""Scaling laws: the card's values, SciPy's least squares and Student's quantiles, many digits, measured coverage."""
import doctest
import warnings

import mpmath as mp
import numpy as np
import pytest
from scipy import optimize, stats

from toolkit.information import (
    _cross_entropy_parts,
    _markov_chain,
    _scaling_law,
    bootstrap_scaling_law,
    cross_entropy_parts,
    entropy_rate,
    fit_scaling_law,
    kernels,
    scaling_law,
    scaling_profile,
)

X = 10.0 ** np.arange(1, 7)
LAW = {"floor": 2.0, "scale": 50.0, "exponent": 0.35}


def noisy(seed, noise=0.01, n=24):
    x = np.geomspace(30, 1e5, n)
    return x, (2 + (50 / x) ** .35) * np.exp(np.random.default_rng(seed).normal(0, noise, n))


def test_examples():
    for module in (_scaling_law, _cross_entropy_parts, _markov_chain):
        assert doctest.testmod(module).failed == 0


def test_reference_values():
    parts = cross_entropy_parts([.5, .3, .2], [.4, .4, .2])
    assert parts.total == pytest.approx(1.0549201679861442, abs=1e-15)
    assert parts.entropy == pytest.approx(1.0296530140645737, abs=1e-15)
    assert parts.divergence == pytest.approx(0.02526715392157057, abs=1e-16)
    assert scaling_law(1e3, **LAW) == pytest.approx(2.3504608431930434, abs=1e-15)
    assert fit_scaling_law(X, scaling_law(X, **LAW), floor=0).exponent == pytest.approx(.0503, abs=5e-5)


@pytest.mark.parametrize("law", [(2, 50, .35), (1e-3, 5, .1), (0, 50, .35), (7, 1e6, 1.2), (3, 2.0, 2.0)])
def test_a_law_without_noise_is_found_again(law):
    floor, scale, exponent = law
    loss = scaling_law(np.geomspace(10, 1e6, 15), floor=floor, scale=scale, exponent=exponent)
    found = fit_scaling_law(np.geomspace(10, 1e6, 15), loss)
    assert found.floor == pytest.approx(floor, rel=1e-6, abs=1e-6 * loss.min())
    assert found.exponent == pytest.approx(exponent, rel=1e-6)
    assert np.exp(found.log_scale) == pytest.approx(scale, rel=1e-4)


def residuals(theta, x, loss):
    return np.log(loss) - np.logaddexp(theta[0], theta[1] - theta[2] * np.log(x))


@pytest.mark.parametrize("seed", range(6))
def test_the_fit_is_that_of_scipy(seed):
    x, loss = noisy(seed)
    found = fit_scaling_law(x, loss)
    theirs = min((optimize.least_squares(residuals, [np.log(share * loss.min()), 1, .3], args=(x, loss), xtol=1e-14,
                                         ftol=1e-14, gtol=1e-14) for share in (.5, .9, .99)), key=lambda r: r.cost)
    assert len(x) * found.residual**2 == pytest.approx(2 * theirs.cost, rel=1e-9)
    assert found.floor == pytest.approx(np.exp(theirs.x[0]), rel=1e-5)
    assert found.exponent == pytest.approx(theirs.x[2], rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_profile_and_interval_are_their_definition(seed):
    x, loss = noisy(seed)
    found = fit_scaling_law(x, loss, level=.9)

    def squares(floor):
        return min(2 * optimize.least_squares(lambda t: residuals((np.log(floor), *t), x, loss), start, xtol=1e-14,
                                              ftol=1e-14, gtol=1e-14).cost for start in ([1, .3], [2, .6]))

    floors = np.linspace(1.9, 2.05, 5)
    np.testing.assert_allclose(scaling_profile(x, loss, floors), [squares(f) for f in floors], rtol=1e-6)
    limit = squares(found.floor) * (1 + stats.t.ppf(.95, len(x) - 3) ** 2 / (len(x) - 3))
    for end in found.interval:
        assert squares(end) == pytest.approx(limit, rel=1e-4)


def test_coverage_of_the_interval():
    """The noise is what the interval takes it for: independent and alike."""
    inside = [low <= 2 <= high for low, high in (fit_scaling_law(*noisy(100 + k)).interval for k in range(200))]
    assert 0.9 <= np.mean(inside) <= 0.99


def test_losses_far_from_the_floor_say_little_of_it():
    x = np.geomspace(1, 30, 12)
    loss = (.5 + (50 / x) ** .35) * np.exp(np.random.default_rng(0).normal(0, .03, 12))
    low, high = fit_scaling_law(x, loss).interval
    assert low == 0
    assert high > .5


def test_subtract_and_take_logarithms():
    loss = scaling_law(X, **LAW)
    assert fit_scaling_law(X, loss, floor=2, form="naive").exponent == pytest.approx(.35, abs=1e-9)
    with pytest.warns(RuntimeWarning, match="not above 0"):
        assert np.isnan(fit_scaling_law(X, loss, floor=2.1, form="naive").exponent)
    assert 0 < fit_scaling_law(X, loss, floor=2.1).exponent < 2
    with pytest.raises(ValueError, match="floor is None"):
        fit_scaling_law(X, loss, form="naive")


def test_bootstrap():
    x, loss = noisy(1)
    draws = bootstrap_scaling_law(x, loss, draws=300, seed=4)
    assert (draws == bootstrap_scaling_law(x, loss, draws=300, seed=4)).all()
    found = fit_scaling_law(x, loss)
    assert np.median(draws[:, 0]) == pytest.approx(found.floor, abs=.02)
    low, high = np.quantile(draws[:, 0], (.025, .975))
    assert (high - low) / (found.interval[1] - found.interval[0]) == pytest.approx(1, abs=.35)
    assert np.median(draws[:, 1]) == pytest.approx(found.exponent, abs=.05)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [.35, 1.0, 3.0])
def test_accuracy_of_the_law(dtype, exponent):
    x, eps = np.geomspace(1e-10, 1e25, 60).astype(dtype), np.finfo(dtype).eps
    values = scaling_law(x, floor=2.0, scale=50.0, exponent=exponent)
    assert values.dtype == dtype
    for at, value in zip(x, values):
        with mp.workdps(40):
            gap = mp.mpf(exponent) * (mp.log(50) - mp.log(mp.mpf(float(at))))
            exact = 2 + mp.exp(gap)
            if exact < np.finfo(dtype).max:
                assert abs(mp.mpf(float(value)) / exact - 1) <= (4 + 4 * abs(gap)) * eps


def test_powers_that_overflow():
    law = {"floor": 2.0, "scale": 1e20, "exponent": 3.0}
    x = np.float32([1e20])
    with warnings.catch_warnings(action="ignore"):
        assert np.isnan(scaling_law(x, form="naive", **law)).all()
    assert scaling_law(x, **law) == pytest.approx(3, rel=1e-4)
    assert scaling_law([0.0, np.inf], **LAW).tolist() == [np.inf, 2.0]
    assert np.isnan(scaling_law([np.nan, -1.0], **LAW)).all()


def test_quantiles_of_student():
    for freedom in (1, 2, 3, 4, 5, 10, 21, 50):
        for level in (.5, .9, .95, .99):
            assert kernels.student_quantile(level, float(freedom)) == pytest.approx(
                stats.t.ppf((1 + level) / 2, freedom), rel=1e-10)


def test_entropy_rates_in_digits():
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 12):
        chain, model = rng.dirichlet(np.ones(n), n), rng.dirichlet(np.ones(n), n)
        with mp.workdps(40):
            left = mp.matrix(chain.T.tolist()) - mp.eye(n)
            for j in range(n):
                left[n - 1, j] = 1
            shares = mp.lu_solve(left, mp.matrix([0] * (n - 1) + [1]))
            for other in (chain, model):
                exact = -mp.fsum(shares[i] * mp.mpf(chain[i, j]) * mp.log(mp.mpf(other[i, j]))
                                 for i in range(n) for j in range(n))
                assert entropy_rate(chain, other) == pytest.approx(float(exact), rel=1e-13, abs=1e-15)


def test_chains_that_are_refused():
    with pytest.raises(ValueError, match="cannot be left"):
        entropy_rate([[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="no probabilities"):
        entropy_rate([[0.5, 0.6], [0.5, 0.5]])
    assert entropy_rate([[.5, .5], [.5, .5]], [[1.0, 0.0], [.5, .5]]) == np.inf


@pytest.mark.parametrize(("x", "loss"), [([1, 2, 3], [1, 2, 3]), ([1, 2, 3, 0], [1, 1, 1, 1]), ([2] * 5, [1] * 5),
                                         ([1, 2, 3, 4], [1, 1, 1, np.nan]), ([1, 2, 3, 4], [1, 1, 1])])
def test_losses_that_are_refused(x, loss):
    for of in (fit_scaling_law, bootstrap_scaling_law, lambda x, loss: scaling_profile(x, loss, [1.0])):
        with pytest.raises(ValueError, match="allowed"):
            of(x, loss)

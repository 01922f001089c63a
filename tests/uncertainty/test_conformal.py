"""Split conformal prediction, risk control and weights: published values, laws of coverage, exact arithmetic."""
import math
import warnings
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax, softmax

from toolkit.uncertainty import (
    binomial_p_value,
    conformal_quantile,
    conformal_rank,
    conformal_scores,
    conformal_sets,
    control_risk,
    coverage_quantile,
    drift_bound,
    risk_floor,
)
from toolkit.uncertainty.kernels import beta_quantile, binomial_below, coverage_density

SCORES = [0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.8, 0.9]
IN_TIME = np.array([0.1, 0.2, 0.3, 0.35, 0.5, 0.55, 0.6, 0.8, 0.9, 1.2])
TABLE = np.array([[1, 0.5, 0, 0], [1, 1, 0.5, 0], [0.5, 0.5, 0, 0], [1, 0, 0, 0]])


def exact_rank(n, alpha):
    return math.ceil((n + 1) * (1 - Fraction(alpha)))


def test_conformal_rank_in_rational_arithmetic():
    wrong = 0
    for n in [*range(1, 1001), 4999, 9999, 10000]:
        for alpha in [f"0.{a:02}" for a in range(1, 50)] + ["0.001", "0.125", "0.333", "0.999"]:
            right = exact_rank(n, alpha)
            assert conformal_rank(n, alpha=float(alpha)) == right, (n, alpha)
            naive = conformal_rank(n, alpha=float(alpha), form="naive") - right
            assert naive in (0, 1)
            wrong += naive if n <= 1000 and len(alpha) == 4 else 0
    assert wrong == 108
    assert conformal_rank(24, alpha=0.44) == 14 and conformal_rank(24, alpha=0.44, form="naive") == 15
    assert conformal_rank(5, alpha=0) == 6 and conformal_rank(5, alpha=1) == 0


def test_conformal_quantile_reference_values():
    assert [conformal_quantile(SCORES, alpha=alpha) for alpha in (0.1, 0.2, 0.05)] == [0.9, 0.8, np.inf]
    assert conformal_quantile(SCORES, alpha=0.05, form="common") == 0.9
    for alpha in (0.05, 0.1, 0.3, 0.77):
        expected = np.quantile(SCORES, 1 - alpha)
        np.testing.assert_allclose(conformal_quantile(SCORES, alpha=alpha, form="naive"), expected, rtol=1e-14)
    rows = np.random.default_rng(0).normal(size=(4, 3, 30))
    for alpha in (0.1, 0.5):
        k = exact_rank(30, str(alpha))
        np.testing.assert_array_equal(conformal_quantile(rows, alpha=alpha), np.sort(rows)[..., k - 1])
    np.testing.assert_array_equal(conformal_quantile(rows, axis=(0, 2)),
                                  [conformal_quantile(rows[:, j].ravel()) for j in range(3)])
    assert conformal_quantile(SCORES, alpha=1) == -np.inf and np.isnan(conformal_quantile([0.1, np.nan]))
    assert conformal_quantile([0.5], alpha=0.5) == 0.5 and conformal_quantile([0.5], alpha=0.4) == np.inf


def test_weighted_conformal_quantile_reference_values():
    expected = {1.0: (1.2, 0.9, 0.8, 0.6), 0.9: (np.inf, 1.2, 0.9, 0.8), 0.8: (np.inf, np.inf, 1.2, 0.9),
                0.5: (np.inf,) * 4}
    for rho, right in expected.items():
        weights = rho ** np.arange(10, 0, -1)
        assert tuple(conformal_quantile(IN_TIME, weights, alpha=a) for a in (0.1, 0.2, 0.3, 0.4)) == right
    assert abs((0.9 ** np.arange(1, 11)).sum() - 5.861894039100) < 1e-11
    assert abs(risk_floor(0.9 ** np.arange(10, 0, -1)) - 0.145732358195) < 1e-11
    assert abs(risk_floor(0.8 ** np.arange(10, 0, -1)) - 0.218794286064) < 1e-11


def test_weights_of_one_are_split_conformal_and_weights_follow_the_definition():
    rng = np.random.default_rng(1)
    for n in (1, 2, 9, 24, 99, 400):
        scores = rng.integers(0, 50, n) / 7.0
        for alpha in (0.01, 0.05, 0.1, 0.2, 0.44, 0.5, 0.9):
            assert conformal_quantile(scores, np.ones(n), alpha=alpha) == conformal_quantile(scores, alpha=alpha)
            weights = [Fraction(int(w), 64) for w in rng.integers(0, 65, n)]
            room = Fraction(str(alpha)) * (sum(weights) + 1)
            good = [s for s in scores if sum(w for w, each in zip(weights, scores) if each > s) + 1 <= room]
            found = conformal_quantile(scores, [float(w) for w in weights], alpha=alpha)
            assert found == min(good, default=np.inf)


def test_coverage_over_all_orders_is_the_promise():
    """Of five values each in turn is the new one: coverage by enumeration, also where two are equal."""
    for values in ([0.1, 0.4, 0.7, 1.1, 2.0], [0.1, 0.4, 0.4, 1.1, 1.1]):
        for alpha in (0.2, 0.3, 0.4, 0.5, 0.6):
            hits = [order[-1] <= conformal_quantile(order[:-1], alpha=alpha) for order in permutations(values)]
            assert np.mean(hits) >= 1 - alpha - 1e-12
            if len(set(values)) == 5:
                assert np.mean(hits) <= 1 - alpha + 1 / 5 + 1e-12
                assert abs(np.mean(hits) - exact_rank(4, str(alpha)) / 5) < 1e-12


def test_coverage_of_a_calibration_set_is_beta():
    """Of uniform scores the threshold is the coverage: its law over many sets is that of `coverage_quantile`."""
    rng = np.random.default_rng(2)
    for n, alpha in ((20, 0.1), (100, 0.05), (50, 0.3)):
        covered = conformal_quantile(rng.random((4000, n)), alpha=alpha)
        k = exact_rank(n, str(alpha))
        assert stats.kstest(covered, stats.beta(k, n + 1 - k).cdf).pvalue > 0.001
        for share in (0.1, 0.5, 0.9):
            assert abs((covered < coverage_quantile(n, alpha=alpha, share=share)).mean() - share) < 0.03


def test_coverage_quantile_against_scipy():
    for n in (1, 5, 20, 200, 5000, 100000):
        for alpha in (0.01, 0.1, 0.5, 0.9):
            k = exact_rank(n, str(alpha))
            for share in (0.001, 0.1, 0.5, 0.99):
                found = coverage_quantile(n, alpha=alpha, share=share)
                expected = 1.0 if k > n else stats.beta.ppf(share, k, n + 1 - k)
                np.testing.assert_allclose(found, expected, rtol=1e-11)
    for x in (0.2, 0.85, 0.93):
        np.testing.assert_allclose(coverage_density(x, 50.0, 46.0), stats.beta.pdf(x, 46, 5), rtol=1e-11)
    np.testing.assert_allclose(beta_quantile(1e-6, 3.0, 200.0), stats.beta.ppf(1e-6, 3, 200), rtol=1e-11)
    assert coverage_quantile(5, alpha=0.1) == 1 and coverage_quantile(5, alpha=1) == 0


def test_binomial_p_value_against_scipy():
    assert f"{binomial_p_value(3, 100):.12f}" == "0.007836487121"
    assert f"{binomial_p_value(5, 100):.12f}" == "0.057576886487"
    assert max(k for k in range(200) if binomial_p_value(k, 1000) <= 0.01) == 78
    rng = np.random.default_rng(3)
    for n in (1, 2, 10, 57, 1000, 100000):
        for alpha in (1e-4, 0.01, 0.1, 0.5, 0.93):
            for k in {0, n, n // 2, *rng.binomial(n, alpha, 6).tolist()}:
                expected = stats.binom.cdf(k, n, alpha)
                found = binomial_p_value(int(k), n, alpha=alpha)
                if expected > 1e-290:
                    np.testing.assert_allclose(found, expected, rtol=1e-11)
                if n <= 57:
                    naive = binomial_p_value(int(k), n, alpha=alpha, form="naive")
                    np.testing.assert_allclose(naive, expected, rtol=1e-9)
    assert binomial_p_value(2000, 10000, form="naive") == 0 and binomial_p_value(2000, 10000) == 1
    assert binomial_p_value(3, 3, alpha=1) == 1 and binomial_p_value(2, 3, alpha=1) == 0
    assert binomial_p_value(0, 3, alpha=0) == 1 and binomial_below(-1.0, 3.0, 0.1, 0.9) == 0


def test_binomial_p_value_in_rational_arithmetic():
    for n, k in ((40, 1), (200, 3), (300, 299), (500, 60)):
        p = Fraction(1, 8)
        exact = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
        assert abs(Fraction(binomial_p_value(k, n, alpha=0.125)) / exact - 1) < Fraction(1, 10**13)


def test_control_risk_reference_values():
    risks = np.array([0.4, 0.2, 0.1, 0.08, 0.05, 0])
    losses = np.tile(risks, (100, 1))
    found = control_risk(losses, alpha=0.1)
    expected = [.4059405941, .2079207921, .1089108911, .0891089109, .0594059406, .0099009901]
    np.testing.assert_allclose(found.risks, expected, atol=5e-11)
    assert found.index == 3 and control_risk(losses, alpha=0.1, form="naive").index == 3
    assert control_risk(losses, alpha=0.6).index == 0 and control_risk(losses, alpha=0.6, form="naive").index == 5
    nothing = control_risk(losses, alpha=0.005)
    assert nothing.index is None and nothing.setting == np.inf
    assert control_risk(losses, alpha=0.005, form="naive").index == 5
    np.testing.assert_allclose(control_risk(TABLE.clip(max=1)).risks, [0.9, 0.6, 0.3, 0.2])
    of_card = np.array([[1, 0.5, 0, 0], [1, 1, 0.5, 0], [0.5, 0.5, 0.5, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(control_risk(of_card).risks, [0.9, 0.6, 0.4, 0.2])
    np.testing.assert_allclose(control_risk(of_card, [0.25, 0.5, 0.75, 1]).risks,
                               [.8928571429, .5714285714, .4642857143, .2857142857], atol=5e-11)


def test_control_risk_of_missing_is_split_conformal():
    rng = np.random.default_rng(4)
    for n in (5, 24, 100):
        scores = rng.permutation(n) / n
        settings = np.sort(scores)
        losses = scores[:, None] > settings
        for alpha in (0.05, 0.1, 0.44):
            for weights in (None, 0.97 ** np.arange(n, 0, -1)):
                found = control_risk(losses, weights, alpha=alpha, settings=settings)
                assert found.setting == conformal_quantile(scores, weights, alpha=alpha)


def test_control_risk_keeps_the_risk_over_all_orders():
    rng = np.random.default_rng(5)
    losses = -np.sort(-rng.random((6, 8)), axis=1)
    losses[:, -1] = 0
    for alpha in (0.2, 0.35, 0.5):
        risk = [losses[i, control_risk(np.delete(losses, i, 0), alpha=alpha).index] for i in range(6)]
        assert np.mean(risk) <= alpha + 1e-12


def test_drift_bound_and_risk_floor():
    distances = np.repeat([0.3226745688, 0.0], [500, 100])
    found = [drift_bound(rho ** np.arange(600, 0, -1), distances) for rho in (1.0, 0.99, 0.95)]
    np.testing.assert_allclose(found, [0.368, 0.216, 0.102], atol=5e-4)
    assert drift_bound(np.ones(9), np.zeros(9), alpha=0.2) == 0.2
    np.testing.assert_allclose(drift_bound(np.ones(9), np.ones(9), alpha=0, bound=2), 1.8)
    assert risk_floor(np.zeros(3), bound=2) == 2
    for rho in (0.9, 0.99):
        assert -1e-15 < risk_floor(rho ** np.arange(2000, 0, -1)) - (1 - rho) < 1e-8


def test_a_swap_of_independent_rows_is_between_one_and_two_distances():
    """What the docstring of `drift_bound` says: a spread of 1 and of 2, on a grid."""
    x = np.linspace(0, 25, 1501)
    old, new = stats.halfnorm.pdf(x), stats.halfnorm.pdf(x, scale=2)
    apart = np.trapezoid(abs(old - new), x) / 2
    swapped = np.trapezoid(np.trapezoid(abs(np.outer(old, new) - np.outer(new, old)), x), x) / 2
    np.testing.assert_allclose([apart, swapped], [0.3226745688, 0.40967], atol=2e-4)
    assert apart < swapped < 2 * apart


def logits(count=60, classes=6, seed=0):
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=(count, classes)), rng.integers(0, classes, count)


def masses(z):
    """APS scores of all classes by NumPy."""
    p = softmax(z, axis=1)
    order = np.argsort(-z, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(p, order, 1), axis=1)
    out = np.empty_like(p)
    np.put_along_axis(out, order, sums, 1)
    return out, p


def test_conformal_scores_against_numpy():
    z, y = logits()
    rows = np.arange(len(y))
    sums, p = masses(z)
    draws = np.random.default_rng(1).random(len(y))
    np.testing.assert_allclose(conformal_scores(z, y, score="probability"), 1 - p[rows, y], atol=1e-15)
    np.testing.assert_allclose(conformal_scores(z, y), -log_softmax(z, axis=1)[rows, y], rtol=1e-13)
    np.testing.assert_allclose(conformal_scores(z, y, score="aps"), sums[rows, y], rtol=1e-13)
    found = conformal_scores(z, y, score="aps", draws=draws)
    np.testing.assert_allclose(found, (sums - p * (1 - draws[:, None]))[rows, y], rtol=1e-12, atol=1e-15)
    saturated = np.array([[40.0, 0, 0], [50, 0, 0]], np.float32)
    assert len(set(conformal_scores(saturated, [0, 0], score="probability"))) == 1
    assert len(set(conformal_scores(saturated, [0, 0]))) == 2
    ignored = conformal_scores(z, np.where(rows == 3, -100, y), ignore_index=-100)
    assert np.isnan(ignored[3]) and np.isfinite(np.delete(ignored, 3)).all()
    assert conformal_scores(z.astype(np.float16), y).dtype == np.float32
    with pytest.raises(TypeError, match="labels are probabilities"):
        conformal_scores(z, softmax(z, axis=1))


def test_conformal_sets_against_their_scores():
    z, y = logits(200)
    sums, p = masses(z)
    for score, of, threshold in (("probability", 1 - p, 0.83), ("log", -np.log(p), 1.7), ("aps", sums, 0.9)):
        found = conformal_sets(z, threshold, score=score)
        np.testing.assert_array_equal(found, of <= threshold)
        np.testing.assert_array_equal(conformal_sets(z.T, threshold, score=score, axis=0), found.T)
        mine = found[np.arange(200), y]
        np.testing.assert_array_equal(mine, conformal_scores(z, y, score=score) <= threshold)
        assert conformal_sets(z, np.inf, score=score).all() and not conformal_sets(z, -np.inf, score=score).any()
        best = conformal_sets(z, -np.inf, score=score, best=True)
        np.testing.assert_array_equal(best, np.eye(6, dtype=bool)[z.argmax(axis=1)])
    draws = np.random.default_rng(1).random(200)
    np.testing.assert_array_equal(conformal_sets(z, 0.7, score="aps", draws=draws),
                                  sums - p * (1 - draws[:, None]) <= 0.7)
    np.testing.assert_array_equal(conformal_sets(z, np.full(200, 1.7)), conformal_sets(z, 1.7))


def test_conformal_sets_special_values():
    z = np.array([[1.0, 2.0, -np.inf, 0.0], [np.nan, 1.0, 2.0, -np.inf]])
    for score in ("probability", "log", "aps"):
        found = conformal_sets(z, np.inf, score=score)
        assert found.tolist() == [[True, True, False, True], [True, True, True, False]]
        assert conformal_sets(z, 0.5, score=score)[1].tolist() == [True, True, True, False]
        kept = conformal_sets(z[:1], np.inf, score=score, where=[[True, False, True, True]])
        assert kept.tolist() == [[True, False, False, True]]
        assert conformal_sets(np.empty((0, 3)), 0.5, score=score).shape == (0, 3)
    assert np.isnan(conformal_scores(z, [1, 1])[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conformal_sets([[1e308, -1e308, 0.0]], 0.5, score="aps")


def test_sets_cover_as_the_law_says():
    """Coverage on many new rows, of one calibration set: within its beta law, for each score."""
    rng = np.random.default_rng(7)
    z = 2 * rng.normal(size=(20000, 5))
    y = np.array([rng.choice(5, p=row) for row in softmax(z, axis=1)])
    n, alpha = 500, 0.1
    for score in ("probability", "log", "aps"):
        for draws in (None, rng.random(len(y))) if score == "aps" else (None,):
            given = {} if draws is None else {"draws": draws[:n]}
            new = {} if draws is None else {"draws": draws[n:]}
            q = conformal_quantile(conformal_scores(z[:n], y[:n], score=score, **given), alpha=alpha)
            sets = conformal_sets(z[n:], q, score=score, **new)
            covered = sets[np.arange(len(sets)), y[n:]].mean()
            low, high = (coverage_quantile(n, alpha=alpha, share=share) for share in (0.0005, 0.9995))
            assert low - 0.01 < covered < high + 0.01


@pytest.mark.parametrize(("call", "message"), [
    (lambda: conformal_quantile([1.0, 2.0], [1.0]), r"weights have shape \(1,\)"),
    (lambda: conformal_quantile([1.0, 2.0], [1.0, 1.5]), "outside of 0 to 1"),
    (lambda: conformal_quantile([1.0, 2.0], [1.0, 1.0], form="common"), "form is 'common' beside weights"),
    (lambda: conformal_quantile([]), "none on axis"),
    (lambda: conformal_quantile([1.0], alpha=1.5), "alpha is 1.5"),
    (lambda: control_risk([[0.1, 0.2]]), "losses grow"),
    (lambda: control_risk([[2.0, 0.2]]), "above bound"),
    (lambda: control_risk([[0.5, 0.2]], settings=[1.0]), "settings have shape"),
    (lambda: drift_bound([1.0], [2.0]), "distances"),
    (lambda: conformal_sets([[1.0, 2.0]], np.nan), "threshold has a NaN"),
    (lambda: conformal_sets([[1.0, 2.0]], 0.5, draws=[2.0]), "draws"),
    (lambda: binomial_p_value(4, 3), "errors is 4"),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Entropy minimisation at inference and the adaptive temperature: published settings, many digits, what stays."""
import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.optimize import brentq

from toolkit import vjp
from toolkit.decoding import adaptive_temperature, critical_tokens, entropy_objective, minimize_entropy
from toolkit.information import entropy, kl_divergence
from toolkit.softmax import softmax

Z = np.array([2.0, 1.0, 0.5, 0.0, -1.0])
SLOPES = [-0.355858283476, 0.0762109896661, 0.10903781065, 0.104233094165, 0.066376388994]
AFTER_THREE = [0.701357316482, 0.141600574904, 0.0858103460797, 0.0520666830855, 0.0191650794481]


def adam(z, steps, weight):
    """Steps of Adam on the objective, in mpmath, from its definition."""
    z = list(map(mpf, z))

    def probabilities(z):
        total = mp.fsum(map(mp.exp, z))
        return [mp.exp(v) / total for v in z]

    first, m, v = probabilities(z), [mpf(0)] * len(z), [mpf(0)] * len(z)
    for n in range(1, steps + 1):
        p = probabilities(z)
        h = -mp.fsum(a * mp.log(a) for a in p)
        for k, (a, q) in enumerate(zip(p, first, strict=True)):
            g = -a * (mp.log(a) + h) + weight * (a - q)
            m[k] = mpf("0.9") * m[k] + mpf("0.1") * g
            v[k] = mpf("0.999") * v[k] + mpf("0.001") * g * g
            mean, square = m[k] / (1 - mpf("0.9") ** n), v[k] / (1 - mpf("0.999") ** n)
            z[k] -= mpf("0.1") * mean / (mp.sqrt(square) + mpf("1e-8"))
    return np.array(z, float)


def test_objective_and_its_gradient():
    value, pull = vjp(entropy_objective, Z)
    np.testing.assert_allclose(value, 1.20648920762, rtol=1e-11)
    np.testing.assert_allclose(pull(1.0), SLOPES, rtol=1e-10)
    other = Z + [0.3, -0.2, 0.1, 0.5, 0.0]
    value, pull = vjp(entropy_objective, Z, other, kl_weight=0.5)
    np.testing.assert_allclose(value, entropy(softmax(Z)) + 0.5 * kl_divergence(softmax(other), softmax(Z)), rtol=1e-13)
    np.testing.assert_allclose(pull(2.0), 2 * np.array(SLOPES) + softmax(Z) - softmax(other), rtol=1e-10)
    assert abs(pull(1.0).sum()) < 1e-16


def test_a_masked_token_adds_nothing():
    z, reference = np.append(Z, -np.inf), np.append(Z[::-1], -np.inf)
    assert entropy_objective(z, reference, kl_weight=1) == entropy_objective(Z, Z[::-1], kl_weight=1)
    keep = np.arange(6) < 5
    masked = np.append(Z, 7.0)
    assert entropy_objective(masked, np.append(Z[::-1], 9.0), kl_weight=1, where=keep) == \
        entropy_objective(Z, Z[::-1], kl_weight=1)
    assert vjp(entropy_objective, masked, where=keep)[1](1.0)[-1] == 0
    assert entropy_objective([0.0, -np.inf], [0.0, 0.0], kl_weight=1) == np.inf
    assert np.isnan(entropy_objective([0.0, np.nan])) and np.isnan(entropy_objective([0.0, 1.0], [0.0, np.nan]))


def test_no_slope_where_all_or_one_is_likely():
    for z in (np.zeros(4), np.array([800.0, 0.0, 0.0])):
        assert not vjp(entropy_objective, z)[1](1.0).any()


def test_minimize_entropy():
    for steps, value in enumerate((1.20648920762, 1.13161873182, 1.05072174084, 0.965968705693)):
        z = minimize_entropy(Z, steps=steps, kl_weight=0.05, result="logits")
        np.testing.assert_allclose(entropy(z, from_logits=True), value, rtol=1e-11)
    np.testing.assert_allclose(minimize_entropy(Z, steps=3, kl_weight=0.05), AFTER_THREE, rtol=1e-11)
    with mp.workdps(50):
        for weight in ("0.001", "0.05", "1"):
            found = minimize_entropy(Z, steps=3, kl_weight=float(weight), result="logits")
            np.testing.assert_allclose(found, adam(Z, 3, mpf(weight)), atol=1e-13)


def test_each_row_stops_by_itself():
    rows = np.array([Z, 5 * Z, np.zeros(5)])
    found = minimize_entropy(rows, steps=200, result="logits")
    ends = entropy(found, from_logits=True)
    assert np.array_equal(found[1], rows[1]), "its entropy was below the threshold from the start"
    assert ends[0] < 0.3 < entropy(minimize_entropy(Z, steps=1)) and np.array_equal(found[2], rows[2])
    for row, end in zip(rows, found, strict=True):
        assert np.array_equal(minimize_entropy(row, steps=200, result="logits"), end)
    assert np.array_equal(minimize_entropy(rows.T, axis=0, steps=9), minimize_entropy(rows, steps=9).T)


def test_the_top_rises_and_the_far_tail_stays():
    """Adam's first step has the size of the rate, unless a slope is far below its 1e-8: then the order changes."""
    z = np.array([8.0, 7.0, 6.0, -12.5, -30.0])
    moved = minimize_entropy(z, steps=1, result="logits") - z
    np.testing.assert_allclose(moved[:3], [0.1, -0.1, -0.1], atol=1e-6)
    assert -0.1 < moved[3] < -0.05 < moved[4] <= 0 and abs(moved[4]) < 1e-6
    assert minimize_entropy(z, steps=0, result="logits").tolist() == z.tolist()


def test_rows_that_have_no_minimum():
    z = np.array([[1.0, np.nan, 0.0], [1.0, -np.inf, 0.0], [np.inf, 0.0, 0.0]])
    found = minimize_entropy(z)
    assert np.isnan(found[[0, 2]]).all() and found[1, 1] == 0 and found[1].sum() == pytest.approx(1)
    kept = minimize_entropy(z[1], where=[True, False, True], result="logits")
    assert np.array_equal(kept, [*minimize_entropy(z[1], result="logits")]) and kept[1] == -np.inf
    assert minimize_entropy(np.float16(Z)).dtype == np.float16 and minimize_entropy(np.zeros((0, 3))).shape == (0, 3)
    np.testing.assert_allclose(minimize_entropy(np.float32(Z)), minimize_entropy(Z), rtol=1e-5)


def test_adaptive_temperature():
    assert adaptive_temperature(Z, threshold=0.2) == pytest.approx(0.319375, rel=1e-15)
    np.testing.assert_allclose(entropy(Z / 0.319375, from_logits=True), 0.235665, atol=1e-6)
    np.testing.assert_allclose(adaptive_temperature(Z, threshold=0.2, tolerance=0), 0.32217253535, rtol=1e-10)
    rows = np.random.default_rng(0).normal(0, 1, (20, 50))
    found = adaptive_temperature(rows, tolerance=0)
    for z, tau in zip(rows, found, strict=True):
        target = max(0.3, 0.2 * entropy(z, from_logits=True))
        right = brentq(lambda t, z=z, target=target: entropy(z / t, from_logits=True) - target, 0.01, 1, xtol=1e-15)
        np.testing.assert_allclose(tau, right, rtol=1e-12)


def test_adaptive_temperature_of_other_rows():
    assert adaptive_temperature([9.0, 0.0]) == 1 and adaptive_temperature(np.zeros(5), tolerance=0) < 0.0100001
    assert np.isnan(adaptive_temperature([0.0, np.nan])) and adaptive_temperature([1.0, -np.inf]) == 1
    assert adaptive_temperature(np.append(Z, 5.0), where=np.arange(6) < 5) == adaptive_temperature(Z)
    assert adaptive_temperature(np.float16(Z)).dtype == np.float16
    assert adaptive_temperature(np.zeros((0, 3))).shape == (0,)


ENTROPIES = [0.366593961, 1.098612289, 1.017357211, 0.079869446, 1.020191344]


def test_critical_tokens():
    rows = np.array([[3, 0, 0], [0, 0, 0], [1, 1, 0], [5, 0, 0], [0.5, 0, -0.5]])
    np.testing.assert_allclose(entropy(rows, from_logits=True), ENTROPIES, atol=1e-9)
    for count in range(1, 8):
        right = set(np.argsort(-np.array(ENTROPIES), kind="stable")[:count])
        assert set(np.flatnonzero(critical_tokens(ENTROPIES, count=count, skip=0))) == right
    assert critical_tokens(ENTROPIES, count=2).tolist() == [False, True, False, False, True]
    assert critical_tokens(ENTROPIES, count=9, skip=3, where=np.arange(5) != 4).tolist() == [0, 0, 0, 1, 0]
    assert critical_tokens([1.0, 1.0, 1.0, 1.0], count=2).tolist() == [False, True, True, False]
    assert critical_tokens([1.0, np.nan, -np.inf, 0.0]).tolist() == [False, False, False, True]
    assert critical_tokens([[1.0, 2.0]], skip=5).tolist() == [[False, False]]
    assert critical_tokens(np.float16([[1, 2], [3, 4]]), axis=0).tolist() == [[False, False], [True, True]]

"""Correctness-aware calibration: the card's values, many digits, another minimiser, and the ends."""
import doctest
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from toolkit import grad
from toolkit.losses import _correctness_loss, correctness_loss, cross_entropy
from toolkit.uncertainty import (
    _correctness_temperature,
    balanced_confidence,
    calibration,
    expected_calibration_error,
    fit_correctness_temperature,
    fit_temperature,
    temperature_slopes,
)

Z, Y = np.array([[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2.0]]), np.array([0, 1, 1, 2])
NARROW_MISS = np.array([2, 1.8] + [-1.0] * 8)


def some_logits(count=300, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    z = 3 * rng.normal(size=(count, classes))
    return z, np.array([rng.choice(classes, p=row) for row in softmax(z / 2.5, axis=1)])


def test_values_of_the_card():
    assert correctness_loss(Z, Y) == pytest.approx(0.20293025701141498, rel=1e-14)
    assert softmax(NARROW_MISS)[:2] == pytest.approx([0.45105444, 0.36929214], abs=5e-9)
    assert temperature_slopes(NARROW_MISS, 1) == pytest.approx(0.4128187016, abs=5e-11)
    assert temperature_slopes(NARROW_MISS, 1, loss="correctness") == pytest.approx(-0.2493560582, abs=5e-11)
    with mpmath.workdps(20):
        best = float(1 / mpmath.findroot(lambda b: mpmath.fsum(
            mpmath.exp(b * v) * (v - 1.8) for v in NARROW_MISS.tolist()), 1.5))
    assert best == pytest.approx(0.6357954224, abs=5e-9)  # the card has it to eight digits
    assert fit_temperature([NARROW_MISS], [1]) == pytest.approx(best, rel=1e-12)
    assert softmax(NARROW_MISS / best)[0] == pytest.approx(0.55508256, abs=2e-8)


def test_the_loss_does_not_see_which_wrong_class_is_right():
    each = correctness_loss([NARROW_MISS] * 9, np.arange(1, 10), reduction="none")
    assert len(set(each)) == 1
    assert each[0] == pytest.approx(softmax(NARROW_MISS)[0]**2, rel=1e-14)
    assert correctness_loss([[1.0, 1.0]], [0]) == correctness_loss([[1.0, 1.0]], [1]) == 0.25


def test_gradient_of_balanced_rows():
    z, y = some_logits(40)
    right = z.argmax(axis=1) == y
    share = right.mean()
    weights = np.where(right, 1 - share, share)
    assert correctness_loss(z, y, balance=True) == pytest.approx(
        np.average((right - softmax(z, axis=1).max(axis=1))**2, weights=weights), rel=1e-13)
    halves = [correctness_loss(z[of], y[of]) for of in (right, ~right)]
    assert correctness_loss(z, y, balance=True) == pytest.approx(np.mean(halves), rel=1e-13)
    found = grad(correctness_loss)(z, y, balance=True)
    for i, k in ((0, 0), (3, 2), (17, 4)):
        ahead, behind = z.copy(), z.copy()
        ahead[i, k] += 1e-6
        behind[i, k] -= 1e-6
        change = correctness_loss(ahead, y, balance=True) - correctness_loss(behind, y, balance=True)
        assert found[i, k] == pytest.approx(change / 2e-6, abs=1e-9)
    doubled = np.where(np.arange(40) < 10, 2.0, 1.0)
    again = np.concatenate([np.arange(40), np.arange(10)])
    assert correctness_loss(z, y, balance=True, sample_weight=doubled) == pytest.approx(
        correctness_loss(z[again], y[again], balance=True), rel=1e-13)
    ignored = np.append(y, -1)
    assert correctness_loss(np.vstack([z, z[:1]]), ignored, balance=True, ignore_index=-1) == pytest.approx(
        correctness_loss(z, y, balance=True), rel=1e-14)


def test_balancing_where_all_rows_are_right_or_wrong():
    top = Z.argmax(axis=1)
    for y in (top, (top + 1) % 3):
        assert correctness_loss(Z, y, balance=True) == correctness_loss(Z, y)
    assert np.isnan(correctness_loss(Z[:0], Y[:0], balance=True))


def test_a_sure_row_keeps_its_digits():
    z = np.float32([20, 0])
    assert correctness_loss(z, 0) == pytest.approx(2.0611536e-9**2, rel=1e-6)
    assert correctness_loss(z, 0, form="naive") == 0
    confident = np.float32([[16.7, 0, 0, 0]] * 3)  # probabilities that may sum to more than 1
    assert expected_calibration_error(confident, [0, 0, 1]) == pytest.approx(1 / 3, abs=1e-6)


def test_mean_loss_and_slope_at_a_temperature():
    z, y = some_logits(50)
    for balance in (False, True):
        for b in (0.3, 1.0, 2.5):
            loss, slope = _correctness_temperature.mean_correctness(z, y, b, balance)
            assert loss == pytest.approx(correctness_loss(b * z, y, balance=balance), rel=1e-13)
            near = [correctness_loss((b + h) * z, y, balance=balance) for h in (1e-6, -1e-6)]
            assert slope == pytest.approx((near[0] - near[1]) / 2e-6, abs=1e-8)


def test_slopes_against_many_digits():
    z, y = some_logits(20)
    with mpmath.workdps(30):
        for T in (0.2, 1.0, 3.0):
            found = {loss: temperature_slopes(z, y, loss=loss, temperature=T) for loss in (
                "cross_entropy", "correctness")}
            for i, row in enumerate(z.tolist()):
                w = [mpmath.exp(v / T) for v in row]
                mean = mpmath.fdot(w, row) / mpmath.fsum(w)
                sure, right = max(w) / mpmath.fsum(w), int(np.argmax(row) == y[i])
                size = 1e-13 * (max(row) - min(row)) / T**2
                assert found["cross_entropy"][i] == pytest.approx(float((row[y[i]] - mean) / T**2), abs=size, rel=0)
                exact = 2 * (right - sure) * sure * (max(row) - mean) / mpmath.mpf(T)**2
                assert found["correctness"][i] == pytest.approx(float(exact), abs=size, rel=0)
    assert temperature_slopes(z.T, y, axis=0).tolist() == temperature_slopes(z, y).tolist()
    assert temperature_slopes([[2.5] * 3], [1], loss="correctness") == 0
    assert temperature_slopes([2.0, 1.0], 0).shape == ()


def test_right_rows_pull_down_and_wrong_ones_up():
    z, y = some_logits()
    slopes = temperature_slopes(z, y, loss="correctness")
    right = z.argmax(axis=1) == y
    assert (slopes[right] > 0).all() and (slopes[~right] < 0).all()
    assert (temperature_slopes(z, y)[right] > 0).all()


@pytest.mark.parametrize("balance", [False, True])
def test_temperature_against_another_minimiser(balance):
    for seed in range(4):
        z, y = some_logits(seed=seed)
        tried = np.linspace(-2, 4, 61)
        losses = [correctness_loss(z * np.exp(-t), y, balance=balance) for t in tried]
        at = int(np.argmin(losses))
        other = minimize_scalar(lambda t, z=z, y=y: correctness_loss(z * np.exp(-t), y, balance=balance),
                                bounds=(tried[at - 1], tried[at + 1]), method="bounded", options={"xatol": 1e-9})
        found = fit_correctness_temperature(z, y, balance=balance)
        assert found == pytest.approx(np.exp(other.x), rel=1e-7)
        assert correctness_loss(z / found, y, balance=balance) <= other.fun * (1 + 1e-14)
    for power in (-900, -1, 30, 900):
        assert fit_correctness_temperature(np.ldexp(z, power), y, balance=balance) == pytest.approx(
            np.ldexp(found, power), rel=1e-12)
    assert fit_correctness_temperature([*z, z[0]], [*y, -1], balance=balance, ignore_index=-1) == found
    assert fit_correctness_temperature(z.T, y, axis=0, balance=balance) == found


def test_it_takes_the_deeper_of_two_minima():
    # Five hot rows ask for a high temperature, many faint ones for a low one.
    z = np.array([[300.0, 0]] * 5 + [[0.3, 0]] * 10)
    y = np.array([0, 0, 0, 1, 1] + [0] * 9 + [1])
    tried = np.exp(np.linspace(-5, 9, 4001))
    losses = [correctness_loss(z / T, y) for T in tried]
    dips = [i for i in range(1, 4000) if losses[i] < losses[i - 1] and losses[i] < losses[i + 1]]
    assert len(dips) == 2
    assert fit_correctness_temperature(z, y) == pytest.approx(tried[np.argmin(losses)], rel=4e-3)


@pytest.mark.parametrize(("y", "z", "found", "why"), [
    (Z.argmax(axis=1), Z, 0, "the loss falls all the way to temperature 0"),
    ((Z.argmax(axis=1) + 1) % 3, Z, np.inf, "the loss falls all the way to temperature inf"),
    (Y, np.full((4, 3), 2.5), 1, "the logits of a row are all equal")])
def test_temperature_where_the_minimum_is_at_an_end(y, z, found, why):
    for scale in (1, 1e-300, 1e300):
        for balance in (False, True):
            with pytest.warns(RuntimeWarning, match=f"fit_correctness_temperature gives {found:g}, as {why}"):
                assert fit_correctness_temperature(z * scale, y, balance=balance) == found


def test_confidences_against_rational_arithmetic():
    for a, overall in ((0.6, 0.9), (0.99, 0.9), (0.9, 0.9), (1e-300, 0.5), (0.25, 0.999)):
        x, o = Fraction(a), Fraction(overall)
        exact = x * (1 - o) / (x * (1 - o) + (1 - x) * o)
        assert balanced_confidence(a, overall) == pytest.approx(float(exact), rel=4 * 2.0**-52)
    assert balanced_confidence([0.6, 0.9, 0.99], 0.9) == pytest.approx([1 / 7, 0.5, 11 / 12])
    assert balanced_confidence([0.0, 1.0], 0.3).tolist() == [0, 1]
    assert np.isnan(balanced_confidence(np.nan, 0.3)) and balanced_confidence(np.ones((2, 0)), 0.3).shape == (2, 0)


def test_the_balanced_loss_is_least_where_the_formula_says():
    # Two groups of two classes: 60 % and 99 % right, and 90 % overall.
    shares, parts = np.array([0.6, 0.99]), np.array([90, 300])
    assert (shares * parts).sum() / parts.sum() == pytest.approx(0.9)
    y = np.concatenate([np.arange(n) >= round(s * n) for s, n in zip(shares, parts)]).astype(int)

    def loss(confidences, balance):
        lead = np.repeat(np.log(confidences / (1 - confidences)), parts)
        return correctness_loss(np.stack([lead, 0 * lead], 1), y, balance=balance)

    # With more than half of the weight right, the first class stays the likeliest where it is more than 1/2.
    assert minimize_scalar(lambda s: loss(np.array([s, 0.9]), False), bounds=(0.51, 0.999), method="bounded").x == (
        pytest.approx(0.6, abs=1e-5))
    assert minimize_scalar(lambda s: loss(np.array([0.6, s]), True), bounds=(0.51, 0.999), method="bounded").x == (
        pytest.approx(balanced_confidence(0.99, 0.9), abs=1e-5))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: balanced_confidence(1.5, 0.9), ValueError, "accuracy has an entry outside of 0 to 1"),
    (lambda: balanced_confidence(0.5, 1.0), ValueError, "overall is 1.0; allowed: a number above 0 and below 1"),
    (lambda: temperature_slopes(Z, Y, loss="brier"), ValueError, "loss is 'brier'"),
    (lambda: temperature_slopes(Z, Y, temperature=0), ValueError, "temperature is 0.0; allowed: a number > 0"),
    (lambda: fit_correctness_temperature(Z, Y, balance=2), TypeError, "balance is 2; allowed: True, False"),
    (lambda: correctness_loss(Z, Y, balance="yes"), TypeError, "balance is 'yes'; allowed: True, False"),
    (lambda: fit_correctness_temperature(Z * np.nan, Y), ValueError, "logits contains NaN")])
def test_wrong_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_scaling_by_correctness_helps():
    z, y = some_logits(3000)
    T = fit_correctness_temperature(z, y)
    assert expected_calibration_error(z, y, temperature=T) < 0.04 < expected_calibration_error(z, y)
    assert cross_entropy(z / T, y) >= cross_entropy(z / fit_temperature(z, y), y)
    assert (z / T).argmax(axis=1).tolist() == z.argmax(axis=1).tolist()


@pytest.mark.parametrize("module", [_correctness_temperature, _correctness_loss, calibration])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed

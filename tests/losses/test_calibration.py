"""Calibration: temperature scaling, reliability diagrams and their error against definitions."""
import doctest

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from toolkit.uncertainty import (
    brier_score,
    calibration,
    calibration_errors,
    classwise_calibration_error,
    expected_calibration_error,
    fit_temperature,
    maximum_calibration_error,
    reliability,
    root_mean_square_calibration_error,
)

Z = np.array([[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2.0]])
Y = np.array([0, 1, 1, 2])


def some_logits(count=400, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    z = 3 * rng.normal(size=(count, classes))
    y = np.array([rng.choice(classes, p=row) for row in softmax(z / 2.5, axis=1)])
    return z, y


def test_reference_values():
    assert fit_temperature(Z, Y) == pytest.approx(1.2568195047402915, rel=1e-13)
    assert expected_calibration_error(Z, Y) == pytest.approx(0.33929788627563884, rel=1e-14)
    assert expected_calibration_error(Z, Y, bins=2) == pytest.approx(0.295197039686085, rel=1e-14)
    for temperature, loss in ((1.0, 0.6257079151707288), (1.2568195047402915, 0.6120792907249613)):
        assert calibration.mean_loss(Z, Y, 1 / temperature)[0] == pytest.approx(loss, rel=1e-14)


def test_temperature_against_another_minimiser():
    for seed in range(5):
        z, y = some_logits(seed=seed)
        other = minimize_scalar(lambda b, z=z, y=y: -log_softmax(z * b, axis=1)[np.arange(len(y)), y].mean(),
                                bounds=(0.01, 5), method="bounded", options={"xatol": 1e-10})
        assert fit_temperature(z, y) == pytest.approx(1 / other.x, rel=1e-6)
        assert fit_temperature(z.T, y, axis=0) == fit_temperature(z, y)
        assert fit_temperature(z / 7, y) == pytest.approx(fit_temperature(z, y) / 7, rel=1e-12)


@pytest.mark.parametrize(("y", "z", "found", "why"), [
    (Z.argmax(axis=1), Z, 0, "every row is right"),
    (Z.argmax(axis=1), -Z, np.inf, "no temperature is better than equal probabilities"),
    (Y, np.full((4, 3), 2.5), 1, "the logits of a row are all equal")])
def test_temperature_where_the_minimum_is_at_an_end(y, z, found, why):
    for scale in (1, 1e-300, 1e300):
        with pytest.warns(RuntimeWarning, match=f"fit_temperature gives {found:g}, as {why}"):
            assert fit_temperature(z * scale, y) == found


@pytest.mark.filterwarnings("error")
def test_accuracy_of_a_temperature_of_every_scale():
    exact = 1.2568195047402915  # of `test_reference_values`
    for scale in (1, 1e5, 1e-5, 1e30, 1e-30, 1e300, 1e-300, 3e307):
        assert fit_temperature(Z * scale, Y) == pytest.approx(exact * scale, rel=1e-12)
    for power in (-900, -1, 30, 1000):
        assert fit_temperature(np.ldexp(Z, power), Y) == np.ldexp(fit_temperature(Z, Y), power)
    narrow = np.float32(Z) * np.float32(6e37)
    assert fit_temperature(narrow, Y) == fit_temperature(narrow.astype(float), Y)
    with mpmath.workdps(30):  # one row is hardly wrong: the answer is far below the largest gap
        slope = mpmath.findroot(lambda b: 1e-12 / (1 + mpmath.exp(-b * 1e-12)) - 1 / (1 + mpmath.exp(b)), 28)
    assert fit_temperature([[1, 0], [0, 1e-12]], [0, 0]) == pytest.approx(float(1 / slope), rel=1e-12)


def test_rows_of_an_ignored_label_are_left_out():
    z, y = np.vstack([Z, [[9, 9, 0]]]), [*Y, -100]
    for of in (fit_temperature, expected_calibration_error):
        assert of(z, y, ignore_index=-100) == of(Z, Y)
    assert reliability(z, y, ignore_index=-100).counts.sum() == 4
    with pytest.raises(ValueError, match="labels are all ignore_index"):
        reliability(Z, [7] * 4, ignore_index=7)


def test_a_label_of_no_probability_has_no_temperature():
    with pytest.raises(ValueError, match="label 1 whose logit is -inf"):
        fit_temperature([[0, -np.inf, 1], [1, 0, 0]], [1, 0])


def test_a_temperature_of_almost_0_chooses_the_top_class():
    for z, temperature in ((Z, 1e-320), (np.float32(Z), 1e-42)):
        assert reliability(z, Y, temperature=temperature).confidence[-1] == 1


def test_reliability_against_the_definition():
    z, y = some_logits()
    p = softmax(z / 1.7, axis=1)
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    for bins in (1, 4, 15, 100):
        edges = np.linspace(0, 1, bins + 1)
        found = reliability(z, y, bins=bins, temperature=1.7)
        error = 0.0
        for b in range(bins):
            inside = (sure > edges[b]) & (sure <= edges[b + 1])
            assert found.counts[b] == inside.sum()
            if inside.any():
                assert found.confidence[b] == pytest.approx(sure[inside].mean(), rel=1e-12)
                assert found.accuracy[b] == pytest.approx(right[inside].mean(), rel=1e-12)
                error += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
        assert found.error == pytest.approx(error, rel=1e-12)


def test_scaling_helps_and_a_confident_row_has_a_bin():
    z, y = some_logits(4000)
    assert expected_calibration_error(z, y, temperature=fit_temperature(z, y)) < 0.03
    assert expected_calibration_error(z, y) > 0.1
    found = reliability(np.float32([[200, 0], [200, 0]]), [0, 1])
    assert found.counts[-1] == 2 and found.confidence[-1] == 1 and found.accuracy[-1] == 0.5
    assert reliability([[0.0]], [0]).error == 0
    assert reliability(z, y, format="bfloat16").counts.sum() == len(y)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: reliability(Z, Y, bins=0), "bins is 0; allowed: an integer from 1"),
    (lambda: reliability(Z, Y, temperature=0), "temperature is 0.0; allowed: a number > 0"),
    (lambda: reliability(Z * np.nan, Y), "logits contains NaN"),
    (lambda: fit_temperature(Z[:0], Y[:0]), "no rows"),
    (lambda: fit_temperature(Z, Y + 1), "labels contains 3")])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_labels_must_be_classes():
    with pytest.raises(TypeError, match="labels are probabilities"):
        fit_temperature(Z, softmax(Z, axis=1))


@pytest.mark.parametrize("module", [calibration, calibration_errors])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed


def test_other_errors_against_their_definitions():
    z, y = some_logits()
    p = softmax(z / 1.7, axis=1)
    sure, right, onehot = p.max(axis=1), p.argmax(axis=1) == y, np.eye(5)[y]

    def gaps(score, hit, bins):
        place = np.minimum(np.ceil(score * bins).astype(int), bins)
        found = [(np.mean(place == b), abs(score[place == b].mean() - hit[place == b].mean()))
                 for b in np.unique(place)]
        return np.array(found).T

    for bins in (1, 4, 15):
        share, off = gaps(sure, right, bins)
        options = {"bins": bins, "temperature": 1.7}
        assert maximum_calibration_error(z, y, **options) == pytest.approx(off.max(), rel=1e-12)
        assert root_mean_square_calibration_error(z, y, **options) == pytest.approx((share @ off**2)**0.5, rel=1e-12)
        by_class = [np.prod(gaps(p[:, k], onehot[:, k], bins), axis=0).sum() for k in range(5)]
        assert classwise_calibration_error(z, y, **options) == pytest.approx(np.mean(by_class), rel=1e-12)
    assert brier_score(z, y, temperature=1.7) == pytest.approx(((p - onehot)**2).sum(axis=1).mean(), rel=1e-12)
    assert brier_score(np.float32(z), y) == pytest.approx(brier_score(z, y), rel=1e-5)
    for of in (brier_score, classwise_calibration_error, maximum_calibration_error,
               root_mean_square_calibration_error):
        assert of([*z, z[0]], [*y, -100], ignore_index=-100) == pytest.approx(of(z, y), rel=1e-14)
        assert of(z.T, y, axis=0) == of(z, y)
        assert 0 < of(z, y, format="bfloat16") < 2


def test_other_errors_by_hand():
    z = np.log([[0.8, 0.2], [0.6, 0.4]])
    assert brier_score(z, [0, 1]) == pytest.approx((2 * 0.2**2 + 2 * 0.6**2) / 2)
    assert maximum_calibration_error(z, [0, 1], bins=10) == pytest.approx(0.6)
    assert root_mean_square_calibration_error(z, [0, 1], bins=10) == pytest.approx((0.2**2 / 2 + 0.6**2 / 2)**0.5)
    assert classwise_calibration_error(z, [0, 1], bins=10) == pytest.approx((0.2 + 0.6) / 2)
    assert brier_score([[40.0, 0, -np.inf]], [0]) == pytest.approx(2 * np.exp(-80), rel=1e-14)
    assert brier_score([[0.0, -np.inf]], [1]) == 2


def test_gaps_and_temperatures_beyond_the_dtype():
    sure = 1 / (1 + np.exp(-1.0))
    for z, temperature in (([[3e38, 0]], 3e38), ([[2e38, -2e38]], 4e38), ([[1e-40, 0]], 1e-40)):
        found = reliability(np.float32(z), [0], temperature=temperature, bins=1)
        assert found.confidence[0] == pytest.approx(sure, rel=1e-5)
        assert brier_score(np.float32(z), [1], temperature=temperature) == pytest.approx(2 * sure**2, rel=1e-5)
        by_class = classwise_calibration_error(np.float32(z), [1], temperature=temperature, bins=1)
        assert by_class == pytest.approx(sure, rel=1e-5)
    assert reliability([[1e308, -1e308]], [0], temperature=1e308, bins=1).confidence[0] == pytest.approx(
        1 / (1 + np.exp(-2.0)))
    hidden = np.float32([[1, 0, -np.inf]])
    assert reliability(hidden, [0], bins=1).confidence[0] == pytest.approx(sure, rel=1e-6)
    assert brier_score(hidden, [1]) == pytest.approx(2 * sure**2, rel=1e-6)


def test_a_row_hardly_missed_beside_a_large_one():
    with mpmath.workdps(30):  # G e^-b = d / 2, as the slopes at 1 / T = b / G cancel
        exact = float(mpmath.mpf(1e300) / mpmath.log(2 * mpmath.mpf(1e300) / mpmath.mpf(1e-10)))
    assert fit_temperature([[1e300, 0], [0, 1e-10]], [0, 0]) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("of", [reliability, brier_score, classwise_calibration_error, fit_temperature])
def test_a_hidden_class_is_left_out(of):
    z = np.column_stack([Z, np.full(4, 9.0)])
    hidden = np.ma.array(z, mask=np.arange(4) == np.full((4, 1), 3))
    np.testing.assert_equal(of(hidden, Y), of(np.where(hidden.mask, -np.inf, z), Y))

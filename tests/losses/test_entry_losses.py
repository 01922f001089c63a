"""Losses of entries: accuracy against mpmath, weights and reductions, and the ends of a dtype."""
import doctest

import mpmath as mp
import numpy as np
import pytest
from loss_definitions import focal_of_yes, of_both

from toolkit import grad
from toolkit.catalog import EntryLoss, methods
from toolkit.losses import (
    _binary,
    _regression,
    binary_cross_entropy,
    hinge,
    huber,
    sigmoid_focal_loss,
    squared_error,
)

DTYPES = (np.float32, np.float64)
BINARY = (binary_cross_entropy, sigmoid_focal_loss)
FUNCTIONS = (*BINARY, hinge, huber, squared_error)


def exact_focal(x, label, gamma):
    """``(1 - p)^gamma (-log p)`` of the label, and its slope."""
    value, slope, _ = of_both(focal_of_yes, x, label, gamma)
    return value, slope


def near(actual, exact, units, dtype, size=None):
    info = np.finfo(dtype)
    size = abs(exact) if size is None else size
    return abs(mp.mpf(float(actual)) - exact) <= units * info.eps * size + mp.mpf(float(info.tiny))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 7.0])
def test_accuracy_of_binary_losses(gamma, label, dtype):
    x = np.random.default_rng(0).normal(size=80).astype(dtype) * np.logspace(-2, 1.8, 80, dtype=dtype)
    focal = sigmoid_focal_loss.value_and_gradient(x, label, alpha=None, gamma=gamma, reduction="none")
    plain = binary_cross_entropy.value_and_gradient(x, label, reduction="none")
    with mp.workdps(60):
        for i, each in enumerate(x):
            value, slope = exact_focal(mp.mpf(float(each)), label, mp.mpf(gamma))
            assert near(focal[0][i], value, 8 + 2 * gamma, dtype) and near(focal[1][i], slope, 8 + 2 * gamma, dtype)
            value, slope = exact_focal(mp.mpf(float(each)), label, 0)
            assert near(plain[0][i], value, 3, dtype) and near(plain[1][i], slope, 3, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_label_between_cancels_no_more_than_its_two_terms(dtype):
    x, y = np.linspace(-6, 6, 49, dtype=dtype), np.linspace(0, 1, 49, dtype=dtype)
    y[::2] = 1 / (1 + np.exp(-x[::2]))
    value, slope = binary_cross_entropy.value_and_gradient(x, y, reduction="none", pos_weight=2.5)
    with mp.workdps(60):
        for i, (a, b) in enumerate(zip(x, y, strict=True)):
            (no, fall), (yes, rise) = (exact_focal(mp.mpf(float(a)), label, 0) for label in (0, 1))
            n, y_mass = 1 - float(b), 2.5 * float(b)
            no, fall, yes, rise = n * no, n * fall, y_mass * yes, y_mass * rise
            assert near(value[i], no + yes, 3, dtype)
            assert near(slope[i], fall + rise, 3, dtype, max(abs(fall), abs(rise)))


def test_the_naive_forms_break_where_the_others_do_not():
    assert binary_cross_entropy(np.float32(-20), 0, form="naive") == 0 < binary_cross_entropy(np.float32(-20), 0)
    with pytest.warns(RuntimeWarning, match="form='naive'"):
        assert binary_cross_entropy(np.float32(20), 0, form="naive") == np.inf
    assert binary_cross_entropy(np.float32(20), 0) == 20


@pytest.mark.parametrize("dtype", DTYPES)
def test_parameters_and_inputs_at_the_ends_of_entries(dtype):
    big = float(np.finfo(dtype).max)
    x = dtype([-np.inf, -big, -100, -1e-30, 0, 1e-30, 100, big, np.inf])
    for label in (0, 1):
        for gamma in (0, 5e-324, 1, 1e30, 1.7e308):
            value, slope = sigmoid_focal_loss.value_and_gradient(x, label, gamma=gamma, reduction="none")
            assert not np.isnan(value).any() and not np.isnan(slope).any() and (value >= 0).all()
            far = value[[0, -1]][label]  # where the label is right
            assert far == 0 or gamma == 0 and far == 0
        value, slope = binary_cross_entropy.value_and_gradient(x, label, reduction="none")
        assert value[0 if label else -1] == np.inf and value[-1 if label else 0] == 0 and not np.isnan(slope).any()
    assert sigmoid_focal_loss(dtype(-3), 1, alpha=0) == 0 == sigmoid_focal_loss(dtype(-3), 0, alpha=1)
    assert binary_cross_entropy(dtype(-np.inf), 1, pos_weight=0) == 0
    assert binary_cross_entropy(dtype(10), 1, pos_weight=1e308) > 1e33
    for delta in (5e-324, 1e-30, 1.0, 1e30, 1.7e308):
        value, slope = huber.value_and_gradient(dtype([big, 1, 1e-20]), dtype([-big, 1, 0]), delta=delta,
                                                reduction="none")
        assert not np.isnan(value).any() and not np.isnan(slope).any()
    assert huber(dtype(big), dtype(-big), delta=1e-3) == pytest.approx(2e-3 * big, rel=1e-6)
    for function in FUNCTIONS:
        assert np.isnan(function(dtype(np.nan), 1)) and np.isnan(function.value_and_gradient(dtype(np.nan), 1)[1])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float16, *DTYPES])
def test_reductions_weights_layouts(function, dtype):
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(4, 3)).astype(dtype), rng.integers(2, size=(4, 3))
    each, slopes = function.value_and_gradient(x, t, reduction="none")
    assert each.dtype == slopes.dtype == dtype and each.shape == slopes.shape == x.shape
    tolerance = {"rtol": 4 * np.finfo(dtype).eps}
    weights = np.array([[1.0], [0.0], [2.0], [1.0]])
    for unit in (1.0, 5e-324, 1.7e308 / 2):
        value, gradient = function.value_and_gradient(x, t, sample_weight=weights * unit)
        np.testing.assert_allclose(value, (each * weights).sum(dtype=float) / 12, **tolerance)
        np.testing.assert_allclose(gradient, slopes * weights / 12, **tolerance, atol=np.finfo(dtype).tiny)
    assert function(x, t, reduction="sum") == pytest.approx(each.sum(dtype=float), rel=8 * float(np.finfo(dtype).eps))
    broken = np.where(weights == 0, dtype(np.nan), x)
    assert function(broken, t, sample_weight=weights) == function(x, t, sample_weight=weights)
    assert np.isnan(function(x, t, sample_weight=0.0)) and np.isnan(function(x[:0], t[:0]))
    assert function(x[:0], t[:0], reduction="sum") == 0
    assert np.array_equal(function.value_and_gradient(np.asfortranarray(x), t, reduction="none")[1], slopes)
    assert np.array_equal(grad(function)(x, t), function.value_and_gradient(x, t)[1])
    if function in BINARY:
        kept = np.where(weights == 0, -100, t)
        assert function(x, kept, ignore_index=-100) == function(x, t, sample_weight=weights > 0)
        assert np.isnan(function(x, np.full_like(t, -100), ignore_index=-100))
        np.testing.assert_allclose(function(x, t, weight=[1.0, 0, 0]), each[:, 0].mean(dtype=float), **tolerance)


def test_a_mean_of_entries_whose_sum_overflows():
    assert squared_error(np.full(100, 1e154), 0.0) == pytest.approx(1e308)


def test_kinks_and_labels():
    assert hinge.value_and_gradient(1.0, 1) == (0, 0) and hinge.value_and_gradient(-1.0, 0) == (0, 0)
    assert hinge([2.0, -0.5], [1, 0]) == hinge([2.0, -0.5], [1, -1]) == 0.25
    assert huber.value_and_gradient(1.0, 0.0)[1] == 1 and huber.value_and_gradient(0.0, 0.0)[1] == 0


@pytest.mark.parametrize(("call", "message"), [
    (lambda: binary_cross_entropy([1.0], [1.5]), "labels contains 1.5; allowed: numbers from 0 to 1"),
    (lambda: binary_cross_entropy([1.0], [-1], ignore_index=-100), r"labels contains -1; .*ignore_index \(-100\)"),
    (lambda: binary_cross_entropy([1.0], [1], pos_weight=-1), "pos_weight contains -1"),
    (lambda: binary_cross_entropy([1.0], [1], sample_weight=[-1]), "sample_weight contains -1"),
    (lambda: binary_cross_entropy([1.0], [1, 0]), r"labels has shape \(2,\); allowed: what broadcasts to \(1,\)"),
    (lambda: sigmoid_focal_loss([1.0], [1], alpha=2), "alpha is 2; allowed: a number from 0 to 1, or None"),
    (lambda: hinge([1.0, 2, 3], [1, 0, -1]), "labels contains 1; allowed: 0 and 1, or -1 and 1"),
    (lambda: huber([1.0], [0], delta=0), "delta is 0; allowed: a finite number > 0"),
    (lambda: squared_error([1.0], [0], reduction="average"), "reduction is 'average'; allowed: 'mean'")])
def test_wrong_arguments_of_entries(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("method", methods(kind=EntryLoss), ids=[m.name for m in methods(kind=EntryLoss)])
def test_slopes_against_central_differences(method):
    x = np.linspace(*method.plot_range, 41) + 0.013
    step = 1e-5
    differences = (method(x + step) - method(x - step)) / (2 * step)
    np.testing.assert_allclose(method.slope_at(x), differences, rtol=1e-7, atol=1e-9)
    for format in ("float16", "float8_e5m2"):
        assert np.isfinite(method(np.array([max(-1.0, method.plot_range[0]), 0.5]), format=format)).all()


def test_intermediate_numbers_of_entries_do_not_overflow():
    f4 = np.float32
    assert huber(f4(2e19), 0, delta=1e20) == pytest.approx(2e38, rel=3e-7)
    assert huber(2e154, 0, delta=1e155) == pytest.approx(2e308, rel=1e-15)
    assert squared_error(f4([2e19, 0, 0, 0]), 0) == pytest.approx(1e38, rel=3e-7)
    assert squared_error(f4(2e19), 0) == np.inf == squared_error(f4([np.inf, 0]), 0)
    np.testing.assert_allclose(grad(squared_error)(f4([2e38, 0, 0, 0]), 0), f4([1e38, 0, 0, 0]), rtol=3e-7)


@pytest.mark.parametrize(("call", "right"), [
    (lambda: huber(np.float32(1e30), 0, delta=1e-46), 1e-16), (lambda: huber(np.float32(0), 1e39), np.inf),
    (lambda: grad(huber)(np.float32(0), 1e39), -1), (lambda: hinge(np.float32(3e38), 0, margin=1e39), np.inf),
    (lambda: binary_cross_entropy(np.float32(20), 1, pos_weight=1e45), 1e45 * np.log1p(np.exp(-20.0))),
    (lambda: binary_cross_entropy(np.float32(-20), 1e-45), np.log1p(np.exp(-20.0)))])
def test_parameters_beyond_the_dtype_of_entries_count_as_they_are(call, right):
    found = call()
    assert found.dtype == np.float32 and found == pytest.approx(right, rel=2e-7)


@pytest.mark.parametrize(("options", "message"), [
    ({"ignore_index": 10**5000}, "ignore_index is an integer of 16610 bits; allowed: a finite number"),
    ({"ignore_index": "a"}, "ignore_index is 'a'; allowed: a finite number"),
    ({"ignore_index": [0, 7]}, r"ignore_index is \[0, 7\]; allowed: a finite number"),
    ({"pos_weight": [1, 2, 3]}, r"pos_weight has shape \(3,\); allowed: what broadcasts to \(2,\)")])
def test_wrong_options_of_binary_cross_entropy(options, message):
    with pytest.raises((TypeError, ValueError), match=rf"binary_cross_entropy\(\): {message}"):
        binary_cross_entropy([0.0, 1.0], 1, **options)


def test_long_integers_are_refused_in_few_words():
    with pytest.raises(ValueError, match="alpha is an integer of 16610 bits"):
        sigmoid_focal_loss(0.0, 1, alpha=10**5000)


def test_examples_in_docstrings():
    for module in (_binary, _regression):
        result = doctest.testmod(module)
        assert result.attempted > 0 == result.failed

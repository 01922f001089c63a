"""Special values, weights and signs of logsumexp, and error messages."""
import warnings

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal
from pulls import log_softmax_pull, log_stablemax_pull, logsumexp_pull, softmax_pull, stablemax_pull

from toolkit.softmax import ALGORITHMS, log_softmax, log_stablemax, logsumexp, softmax, stablemax

INF, NAN = np.inf, np.nan
PROBABILITIES = [lambda z, a=a, **o: softmax(z, algorithm=a, **o) for a in ALGORITHMS[1:]] + [stablemax]
LOGS = [log_softmax, lambda z, **o: log_softmax(z, form="common", **o), log_stablemax,
        lambda z, **o: log_stablemax(z, form="common", **o)]
floats = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])


# --- special values

@floats
@pytest.mark.parametrize("function", PROBABILITIES + LOGS)
def test_special_rows_of_maps(function, dtype):
    masked = -INF if function in LOGS else 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in ([NAN, 1, 2], [1, NAN, 2], [1, 2, NAN], [INF, 1, 2], [1, INF, 2], [INF, INF, 0],
                    [INF, NAN, 1], [INF, -INF, 1], [-INF] * 3, [-INF, NAN, 0], [-INF], [NAN], [INF]):
            assert np.isnan(function(np.array(row, dtype))).all(), row
        none = function(np.array([NAN, INF, 1, -INF], dtype), where=False)
        assert_array_equal(none, [masked] * 4)
        half = function(np.array([[1, NAN], [2, 2]], dtype), where=[True, False])
        assert_array_equal(half[:, 1], [masked] * 2)
        with pytest.raises(ValueError, match="z has shape"):
            function(np.zeros((2, 0), dtype))
        assert function(np.zeros((0, 3), dtype)).shape == (0, 3)
        assert function(dtype(3)) == (0 if function in LOGS else 1)
        kept = function(np.array([1, -INF, 2], dtype))
        assert_array_equal(kept, np.insert(function(np.array([1, 2], dtype)), 1, masked))
        assert kept.dtype == dtype


@floats
def test_special_rows_of_logsumexp(dtype):
    def lse(row, **options):
        return logsumexp(np.array(row, dtype), **options)
    assert lse([-INF, -INF]) == -INF == lse([]) == lse([1, 2], where=False)
    assert lse([1, INF, -INF]) == INF == lse([INF, INF])
    assert np.isnan([lse([1, NAN]), lse([INF, NAN]), lse([-INF, NAN]), lse([NAN])]).all()
    assert lse([], return_sign=True) == (-INF, 0)
    assert lse([-INF], return_sign=True) == (-INF, 0)
    assert lse([INF], return_sign=True) == (INF, 1)
    assert np.isnan(lse([NAN], return_sign=True)).all()
    assert lse([3]) == 3 and lse([[1, 2]]).dtype == dtype


def test_many_equal_logits_in_float16():
    z = np.zeros(70_000, np.float16)
    assert_array_equal(softmax(z), np.float16(1 / 70_000))
    assert_array_equal(log_softmax(z), np.float16(-11.16))
    assert logsumexp(z) == np.float16(11.16)


def test_gradients_at_special_values():
    assert np.isnan(softmax_pull([0.5, NAN], [1.0, 0.0])).all()
    assert np.isnan(log_softmax_pull([NAN, NAN], [1.0, 0.0])).all()
    at = np.array([0.25, 0.75, 0.0])
    for vjp in (softmax_pull, stablemax_pull, log_stablemax_pull, lambda p, g: log_softmax_pull(np.log1p(p), g)):
        for place in range(3):
            g = np.zeros(3)
            g[place] = NAN
            assert np.isnan(vjp(at, g)).all()
            g[place] = -INF
            assert not np.isfinite(vjp(at, g)).any()
    for p in ([0.5, 0.5, 0.0], [1.0, 0.0, 0.0]):
        assert not np.isfinite(softmax_pull(p, [1.0, 0.0, 2.0], temperature=0)).any()
        logs = log_softmax(p, temperature=0)
        assert not np.isfinite(log_softmax_pull(logs, [1.0, 0.0, 2.0], temperature=0)).any()
    assert np.isnan(logsumexp_pull([-INF, -INF], 1.0)).all()
    assert_array_equal(logsumexp_pull([1.0, 2.0], 3.0, b=[0, 0]), [0, 0])
    for vjp in (stablemax_pull, log_stablemax_pull):
        assert np.isnan(vjp([NAN, 1.0], [1.0, 0.0])).all()
        assert_array_equal(vjp([1.0, -INF], [1.0, 0.0])[1], 0)
        assert_array_equal(vjp([1.0, 2.0], [NAN, 1.0], where=False), [0, 0])


def test_kink_of_s_has_slope_1_on_both_sides():
    # Differentiating the paper's where(x < 0, 1/(1 - x), x + 1) automatically gives NaN at 1.
    for z in ([1.0, 0.0, -1.0], [0.0, -0.0]):
        assert np.isfinite(log_stablemax_pull(np.array(z, np.float32), np.eye(len(z))[0])).all()
    assert_array_equal(log_stablemax_pull([0.0, 0.0], [1.0, 0.0]), [0.5, -0.5])


# --- weights and signs of logsumexp, as SciPy

@pytest.mark.parametrize("z, b", [
    ([1.0, 2.0, 3.0], [1, -1, 2]), ([1.0, 2.0], [1, -1]), ([2.0, 2.0], [1, -1]), ([0.0, 5.0], [0, 1]),
    ([INF, 1.0], [-1, 1]), ([INF, INF], [-1, 1]), ([-INF, 1.0], [-1, 3]), ([NAN, 1.0], [1, 1]),
    ([7.0], [-2.0]), ([INF, 2.0], [0, 1]), ([1000.0, 0.0], [1e-300, 1e300])])
def test_weights_as_scipy(z, b):
    value, sign = logsumexp(z, b=b, return_sign=True)
    expected, expected_sign = scipy.special.logsumexp(z, b=b, return_sign=True)
    assert_allclose(value, expected, rtol=1e-14)
    assert_array_equal(sign, expected_sign)
    with np.errstate(invalid="ignore"):
        assert_allclose(logsumexp(z, b=b), scipy.special.logsumexp(z, b=b), rtol=1e-14)


def test_weights_at_special_values():
    assert logsumexp([1000.0, 1000.0], b=[1, -1], return_sign=True) == (-INF, 0)  # SciPy 1.17: NaN
    assert logsumexp([NAN, 1.0], b=[0, 1]) == 1  # a weight of 0 leaves out
    assert logsumexp([1.0, 2.0], b=0, return_sign=True) == (-INF, 0)
    assert logsumexp([], b=[], return_sign=True) == (-INF, 0)
    assert np.isnan(logsumexp([1.0, 2.0], b=[NAN, 1]))
    assert logsumexp([2.0, 1.0, 0.0], b=[1, INF, 1], return_sign=True) == (INF, 1)
    small = logsumexp(np.array([0, 0], np.float32), b=np.array([1, 1e-10], np.float32))
    assert_allclose(small, 1e-10, rtol=1e-6)
    assert logsumexp([[1.0, 2.0]], b=[[1, 1]], keepdims=True).shape == (1, 1)
    value, sign = logsumexp(np.ones((2, 3)), b=[1, -1, -1], return_sign=True, where=[True, True, False])
    assert_array_equal(value, [-INF] * 2)
    assert_array_equal(sign, [0, 0])


def test_scipy_agrees_where_it_is_right():
    z = np.random.default_rng(0).normal(0, 3, (4, 5, 6))
    for axis in (0, -1, (0, 2), None):
        assert_allclose(softmax(z, axis=axis), scipy.special.softmax(z, axis=axis), rtol=1e-13)
        assert_allclose(log_softmax(z, axis=axis), scipy.special.log_softmax(z, axis=axis), rtol=1e-12)
        for keepdims in (False, True):
            ours = logsumexp(z, axis=axis, keepdims=keepdims)
            theirs = scipy.special.logsumexp(z, axis=axis, keepdims=keepdims)
            assert ours.shape == theirs.shape
            assert_allclose(ours, theirs, rtol=1e-14)


# --- errors

@pytest.mark.parametrize("call, error, message", [
    (lambda: softmax([1.0], algorithm="fast"), ValueError, "algorithm is 'fast'; allowed: 'naive', "),
    (lambda: log_softmax([1.0], form="best"), ValueError, "form is 'best'; allowed: 'naive', 'common', "),
    (lambda: log_stablemax([1.0], form=2), ValueError, "form is 2; allowed"),
    (lambda: stablemax([1.0], form="online"), ValueError, "is 'online'; allowed: 'naive', 'stable'"),
    (lambda: softmax([1.0], temperature=-1), ValueError, "temperature is -1; allowed: a number >= 0"),
    (lambda: softmax([1.0], temperature=NAN), ValueError, "temperature is nan"),
    (lambda: softmax([1.0], temperature="1"), TypeError, "temperature is '1'"),
    (lambda: log_softmax([1.0], temperature=["1"]), TypeError, "temperature has dtype"),
    (lambda: softmax(np.ones((2, 3)), temperature=[1.0] * 3), ValueError,
     r"temperature has shape \(3,\); allowed: \(2,\)"),
    (lambda: softmax(np.ones((2, 3)), temperature=[1.0, -2.0]), ValueError, "temperature contains -2.0; allowed"),
    (lambda: softmax([1j]), TypeError, "z has dtype complex128"),
    (lambda: softmax_pull([1.0], ["g"]), TypeError, "g has dtype"),
    (lambda: log_softmax_pull([1j], [1.0]), TypeError, "log_p has dtype complex128"),
    (lambda: softmax_pull([1.0], [1.0, 2.0]), ValueError, r"g has shape \(2,\)"),
    (lambda: logsumexp([1.0], b=[1j]), TypeError, "b has dtype complex128"),
    (lambda: logsumexp_pull(np.ones((2, 3)), [1, 2, 3]), ValueError, r"g has shape \(3,\); allowed: \(2,\)"),
    (lambda: softmax([1.0], axis=1), ValueError, "axis is 1; allowed")])
def test_errors_name_argument_value_and_what_is_allowed(call, error, message):
    with pytest.raises(error, match=message):
        call()

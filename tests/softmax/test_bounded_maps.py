"""Quiet, soft-capped and Taylor softmax and the dense-to-sparse gates against more digits and reference values."""
import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pulls import capped_softmax_pull, dense_to_sparse_gate_pull, quiet_softmax_pull, taylor_softmax_pull

from toolkit.formats import ulp
from toolkit.softmax import ACTIVATIONS, capped_softmax, dense_to_sparse_gate, quiet_softmax, softmax, taylor_softmax


def ratios(weights, rest=0):
    total = mpmath.fsum(weights) + rest
    return np.array([float(w / total) for w in weights])


def exact_quiet(z):
    with mpmath.workdps(40):
        return ratios([mpmath.exp(float(v)) for v in z], 1)


def exact_capped(z, cap):
    with mpmath.workdps(40):
        return ratios([mpmath.exp(cap * mpmath.tanh(mpmath.mpf(float(v)) / cap)) for v in z])


def exact_taylor(z):
    with mpmath.workdps(40):
        return ratios([1 + mpmath.mpf(float(v)) + mpmath.mpf(float(v))**2 / 2 for v in z])


def rows(dtype, spreads=(0.1, 3, 30)):
    rng = np.random.default_rng(0)
    for size in (1, 3, 40, 300):
        for spread in spreads:
            yield rng.normal(0, spread, size).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_accuracy(dtype):
    for z in rows(dtype):
        units = np.abs(quiet_softmax(z) - exact_quiet(z)) / ulp(exact_quiet(z), dtype)
        assert (units <= 6 + np.maximum(z.max(), 0) - z).all()
        units = np.abs(capped_softmax(z, cap=20.0) - exact_capped(z, 20)) / ulp(exact_capped(z, 20), dtype)
        assert (units <= 8 + 3 * 20).all()
    for z in rows(dtype, (1e-3, 3, np.finfo(dtype).max / 16)):
        units = np.abs(taylor_softmax(z) - exact_taylor(z)) / ulp(exact_taylor(z), dtype)
        assert (units <= 8).all()


def test_quiet_softmax_can_answer_nothing():
    assert_array_equal(quiet_softmax([-math.inf, -math.inf]), [0, 0])
    assert quiet_softmax([-800.0, -800.0]).sum() == 0 and np.isnan(quiet_softmax([math.inf, 0.0])).all()
    z = np.array([3.0, -1.0, 0.5])
    assert_allclose(quiet_softmax(z), softmax(np.append(z, 0))[:3], rtol=1e-15)
    with pytest.warns(RuntimeWarning, match="overflowed in 1 of 1"):
        assert np.isnan(quiet_softmax(np.float32([89, 0]), form="naive")).any()
    # what a confident row leaves of 1 is below half an ulp of 1
    assert_allclose(quiet_softmax_pull(np.float32([40]), np.float32([1])), math.exp(-40), rtol=1e-5)


def test_cap_bounds_the_gap_and_keeps_its_slope():
    p = capped_softmax([1e6, -1e6], cap=5.0)
    assert_allclose(np.log(p[0] / p[1]), 10, rtol=1e-14)
    assert_array_equal(capped_softmax([math.inf, 0.0], cap=5.0), capped_softmax([1e30, 0.0], cap=5.0))
    assert capped_softmax([-math.inf, 0.0])[0] == 0
    with pytest.warns(RuntimeWarning, match="overflowed"):
        capped_softmax([20.0, 0.0], form="naive", cap=20.0, format="float16")
    assert np.isfinite(capped_softmax([20.0, 0.0], form="naive", cap=8.0, format="float16")).all()
    z, g = np.float32([60, 0]), np.float32([1, 0])
    assert 1 - np.tanh(z[0] / 5) ** 2 == 0  # the slope as libraries form it
    narrow, wide = capped_softmax_pull(z, g, cap=5.0), capped_softmax_pull(z.astype(float), g, cap=5.0)
    assert_allclose(narrow, wide, rtol=1e-5)
    for wrong, error in ((0, ValueError), (-3.0, ValueError), (None, TypeError)):
        with pytest.raises(error, match="cap is .*; allowed: a number from 0.000976562 to 32768"):
            capped_softmax([1.0], cap=wrong)


def test_taylor_softmax_is_not_monotone():
    p = taylor_softmax([-1.0, 0.0, -2.0, -9.0])
    assert p[3] > p[2] == p[1] > p[0]
    assert_allclose(taylor_softmax_pull([-1.0, 0.0], [1.0, 0.0])[0], 0, atol=0)
    assert taylor_softmax([-math.inf, 0.0])[0] == 0 and np.isnan(taylor_softmax([math.inf, 0.0])).all()
    with pytest.warns(RuntimeWarning, match="overflowed"):
        taylor_softmax([300.0, 0.0], form="naive", format="float16")
    assert_allclose(taylor_softmax([300.0, 0.0], format="float16"), [1, 1 / 45301], rtol=2e-2)


def test_gates_reference_values():
    """x = (.5, -1), beta1 = ((1, 2), (0, -1), (-1, .5)), beta0 = (.1, 0, -.2), tau = .5, by hand in float64."""
    z, options = [-1.5, 1.0, -1.0], {"bias": [0.1, 0, -0.2], "temperature": 0.5}
    expected = {"identity": [0.00806437030594, 0.979905002901, 0.0120306267933],
                "sigmoid": [0.243583267294, 0.59748247561, 0.158934257096],
                "tanh": [0.0405101699914, 0.929863566493, 0.0296262635158]}
    for activation, p in expected.items():
        assert_allclose(dense_to_sparse_gate(z, activation=activation, **options), p, rtol=1e-11)
    assert_allclose(dense_to_sparse_gate(z, temperature=0.5), softmax(z, temperature=0.5), rtol=4e-16)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_of_gates(activation):
    z, g = np.array([0.3, -0.7, 1.2]), np.array([1.0, -2.0, 0.5])
    options = {"bias": [0.1, -0.4, 0.2], "temperature": 0.7, "activation": activation}
    h = 1e-5
    for k in range(3):
        step = h * np.eye(3)[k]
        difference = g @ (dense_to_sparse_gate(z + step, **options) - dense_to_sparse_gate(z - step, **options))
        assert_allclose(dense_to_sparse_gate_pull(z, g, **options)[k], difference / (2 * h), atol=1e-9)
    assert dense_to_sparse_gate([-math.inf, 0.0], activation=activation)[0] == 0
    assert np.isnan(dense_to_sparse_gate([math.nan, 0.0], activation=activation)).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_only_a_curved_activation_separates_scores_from_temperature(activation):
    """Doubling scores, biases and tau leaves the gate as it is if, and only if, σ(2x) = 2 σ(x) for x > 0."""
    z, bias = np.array([0.5, 1.0, 0.2]), np.array([0.1, 0.0, -0.2])
    one = dense_to_sparse_gate(z, bias=bias, temperature=0.5, activation=activation)
    two = dense_to_sparse_gate(2 * z, bias=2 * bias, temperature=1.0, activation=activation)
    assert np.allclose(one, two, rtol=1e-12) == (activation in ("identity", "relu"))

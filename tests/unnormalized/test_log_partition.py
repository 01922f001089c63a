"""Estimates of a partition function: against many digits, closed forms and published values, and where they break."""
import doctest

import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit.losses import binary_cross_entropy, noise_contrastive_loss
from toolkit.softmax import logmeanexp
from toolkit.unnormalized import (
    _boltzmann,
    _log_partition,
    _models,
    boltzmann_log_partition,
    log_partition,
    unnormalized_logits,
)

LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


def test_reference_values():
    x = np.array([-1.0, 0.0, 2.0])
    assert log_partition(-x * x + x * x / 2 + LOG_SQRT_2PI).log_z == pytest.approx(0.3752831641785537, rel=1e-14)
    assert noise_contrastive_loss([1.3, -0.7], [1, 0], reduction="sum") == pytest.approx(0.6441945027184501, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spread", [0.0, 1e-3, 1.0, 30.0, 300.0])
def test_accuracy_against_many_digits(dtype, spread):
    rng, eps = np.random.default_rng(1), np.finfo(dtype).eps
    for size in (1, 2, 7, 1000):
        log_w = (spread * rng.normal(size=size) - 40).astype(dtype)
        found = log_partition(log_w)
        assert found.log_z == logmeanexp(log_w) and found.log_z.dtype == found.error.dtype == dtype
        with mp.workdps(40):
            w = [mp.exp(mpf(float(v))) for v in log_w]
            right = mp.fsum(w) ** 2 / mp.fsum(v * v for v in w)
            gap = mp.fsum(v * v * (max(log_w) - a) for v, a in zip(w, log_w.tolist(), strict=True))
            allowed = 16 + 4 * gap / mp.fsum(v * v for v in w)
            assert abs(mpf(float(found.effective)) - right) <= allowed * float(eps) * right
            error = mp.sqrt(max(size / right - 1, 0) / (size - 1)) if size > 1 else mp.nan
        if size > 1 and spread >= 1:
            assert found.error == pytest.approx(float(error), rel=1e-3)


def test_error_is_that_of_the_mean():
    w = np.random.default_rng(0).gamma(2.0, size=50)
    assert log_partition(np.log(w)).error == pytest.approx(w.std(ddof=1) / w.mean() / np.sqrt(50), rel=1e-12)


def test_naive_form_loses_all_weights_or_overflows_where_the_stable_one_does_not():
    far = np.full((2, 5), -110, np.float32)
    far[1] = 100
    with pytest.warns(RuntimeWarning, match="log_z of inf or NaN in 2 of 2 rows"):
        naive, stable = (log_partition(far, form=form) for form in ("naive", "stable"))
    assert naive.log_z.tolist() == [-np.inf, np.inf] and stable.log_z.tolist() == [-110, 100]
    assert stable.effective.tolist() == [5, 5] and np.isnan(naive.effective).all()
    half = np.full(5, -20.0)
    with pytest.warns(RuntimeWarning, match="1 of 1 rows"):
        assert log_partition(half, form="naive", format="float16").log_z == -np.inf
    assert log_partition(half, format="float16").log_z == -20


def test_special_values():
    nothing = log_partition([-np.inf, -np.inf])
    assert nothing.log_z == -np.inf and np.isnan(nothing.effective) and np.isnan(nothing.error)
    one = log_partition([0.0, -np.inf])
    assert one.log_z == -np.log(2) and one.effective == 1 and one.error == 1
    assert log_partition([1.0, np.inf]).log_z == np.inf and np.isnan(log_partition([1.0, np.inf]).effective)
    assert np.isnan(log_partition([1.0, np.nan]).log_z) and np.isnan(log_partition([3.0]).error)
    assert log_partition(np.float16([1, 2])).log_z.dtype == np.float16
    with pytest.raises(ValueError, match="log_weights"):
        log_partition(np.zeros((2, 0)))


def test_noise_like_the_model_has_no_variance():
    found = log_partition(np.full(9, 0.7))
    assert found.log_z == 0.7 and found.effective == 9 and found.error == 0


def test_estimates_are_too_low_on_average_and_the_mean_of_weights_is_not():
    """N(theta, 1) by noise N(0, 1), 1000 draws, 200 seeds; published beside this: 0.915, 0.669, -4.03."""
    draws = np.random.default_rng(0).normal(size=(200, 1000))
    for theta, mean, within in ((1, 0.915, 0.015), (3, 0.669, 0.15), (6, -4.03, 0.5)):
        log_z = log_partition(theta * draws - theta**2 / 2 + LOG_SQRT_2PI).log_z
        assert log_z.mean() == pytest.approx(mean, abs=within)
        assert log_z.mean() < LOG_SQRT_2PI or theta == 1  # by 0.001 there, which these seeds cannot tell
    w = np.exp(draws - 0.5)
    assert w.mean() == pytest.approx(1, abs=0.01) and w.var() == pytest.approx(np.expm1(1), rel=0.1)


def test_all_states_against_many_digits():
    rng = np.random.default_rng(2)
    for n in (1, 2, 5, 10):
        for scale in (0.1, 1.0, 30.0):
            b, coupling = scale * rng.normal(size=n), scale * rng.normal(size=(n, n))
            coupling = coupling + coupling.T
            with mp.workdps(40):
                sums = []
                for i in range(2**n):
                    x = [2 * (i >> k & 1) - 1 for k in range(n)]
                    sums.append(mp.fsum([mpf(b[k]) * x[k] for k in range(n)]
                                        + [mpf(coupling[k, j]) * x[k] * x[j] for k in range(n) for j in range(k)]))
                right = max(sums) + mp.log(mp.fsum(mp.exp(s - max(sums)) for s in sums))
                assert abs(boltzmann_log_partition(b, coupling) - right) <= 1e-13 * (1 + abs(right))


@pytest.mark.parametrize("n", [1, 3, 8, 16])
def test_machines_with_a_closed_form(n):
    """Units that do not see each other; a ring; and equal couplings, where only the number of units at 1 counts."""
    b = np.linspace(-2, 2, n)
    assert boltzmann_log_partition(b, np.zeros((n, n))) == pytest.approx(np.log(2 * np.cosh(b)).sum(), rel=1e-13)
    with mp.workdps(40):
        equal = mp.fsum(mp.binomial(n, k) * mp.exp(mpf("0.25") * (mpf(2 * k - n) ** 2 - n) / 2) for k in range(n + 1))
        found = boltzmann_log_partition(np.zeros(n), np.full((n, n), 0.25))
        assert found == pytest.approx(float(mp.log(equal)), rel=1e-13)
    if n >= 3:
        ring = 0.7 * (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1))
        right = np.log((2 * np.cosh(0.7)) ** n + (2 * np.sinh(0.7)) ** n)
        assert boltzmann_log_partition(np.zeros(n), ring) == pytest.approx(right, rel=1e-13)


def test_machines_that_cannot_be_added_up():
    assert np.isnan(boltzmann_log_partition([np.nan, 0.0], np.zeros((2, 2))))
    assert boltzmann_log_partition([0.0], [[np.inf]]) == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="symmetric"):
        boltzmann_log_partition([0.0, 0.0], [[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="from 1 to 24"):
        boltzmann_log_partition(np.zeros(25), np.zeros((25, 25)))


def test_logits_of_models():
    x = np.array([[1.0, -1.0, 1.0], [1.0, 1.0, 1.0]])
    theta = [0.1, 0.2, 0.3, 1.0, 2.0, 4.0]  # biases, then couplings of (1, 0), (2, 0), (2, 1)
    assert unnormalized_logits(theta, x, model="boltzmann") == pytest.approx([0.2 - 3, 7.6])
    assert unnormalized_logits([2.0, np.log(3.0)], [5.0]) == pytest.approx([-0.5])
    assert unnormalized_logits([2.0], [5.0], model="normal_mean").tolist() == [-4.5]
    found = unnormalized_logits([2.0, 0.5, 1.0, -1.0], [[0.3, 0.1]], model="network")
    assert found == pytest.approx([-0.05 + 2 * np.tanh(0.7)])
    with pytest.raises(ValueError, match="a multiple of 4"):
        unnormalized_logits([1.0, 2.0], [[0.3, 0.1]], model="network")


@pytest.mark.parametrize("ratio", [0.25, 1.0, 7.0])
def test_noise_contrastive_loss_is_cross_entropy_of_a_shifted_logit(ratio):
    x = np.linspace(-30, 30, 41)
    for label in (0, 1):
        found = noise_contrastive_loss.value_and_gradient(x, label, ratio=ratio, reduction="none")
        right = binary_cross_entropy.value_and_gradient(x - np.log(ratio), label, reduction="none")
        np.testing.assert_allclose(found, right, rtol=1e-13)
    with pytest.raises(ValueError, match="1 for data"):
        noise_contrastive_loss(x, 0.5)
    with pytest.warns(RuntimeWarning, match="inf or NaN"):
        naive = noise_contrastive_loss(np.float32([20]), [0], form="naive")
    assert naive == np.inf and noise_contrastive_loss(np.float32([20]), [0]) == pytest.approx(20)


@pytest.mark.parametrize("module", [_boltzmann, _log_partition, _models])
def test_examples(module):
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0

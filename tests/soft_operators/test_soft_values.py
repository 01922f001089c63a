"""Soft values and their backup: reference values, limits, the variational form, guided decoding."""
import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.sampling import gumbel_noise
from toolkit.soft_operators import luce_choice, soft_bellman_backup, soft_value, svdd_choice
from toolkit.softmax import logsumexp

R = np.array([1.0, 2.0, 3.0])


def test_reference_values():
    for tau, value in ((0.1, 2.89014331123), (1, 2.30899367578), (10, 2.03330559561)):
        assert_allclose(soft_value(R, temperature=tau), value, rtol=1e-11)
        assert_allclose(soft_value(R, temperature=tau), tau * (logsumexp(R / tau) - np.log(3)), rtol=1e-13)
    assert_allclose(vjp(soft_value, R)[1](1.0), [0.0900305731704, 0.244728471055, 0.665240955775], rtol=1e-11)
    assert_allclose(vjp(soft_value, R, of="temperature")[1](1.0), -0.266216706828, rtol=1e-11)
    naive = soft_value(np.float32(R), temperature=0.5, form="naive")
    assert_allclose(naive, soft_value(R, temperature=0.5), rtol=1e-6)


def test_naive_overflow_is_said():
    with pytest.warns(RuntimeWarning, match="overflowed"):
        assert soft_value(np.float32(R), temperature=0.01, form="naive") == np.inf
    assert_allclose(soft_value(np.float32(R), temperature=0.01), 2.989014, rtol=1e-6)


def test_limits_and_signs():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5, 7))
    assert_array_equal(soft_value(z, temperature=0), z.max(axis=1))
    assert_array_equal(soft_value(z, temperature=-0.0), z.max(axis=1))
    for tau in (np.inf, -np.inf, 1e300):
        assert_allclose(soft_value(z, temperature=tau), z.mean(axis=1), rtol=1e-14, atol=1e-15)
    assert_allclose(soft_value(z, temperature=-0.3), -soft_value(-z, temperature=0.3), rtol=1e-14)
    taus = [-1e-3, -1, -100, np.inf, 100, 1, 1e-3, 0]
    values = np.array([soft_value(z, temperature=tau) for tau in taus])
    assert (np.diff(values, axis=0) >= -1e-12).all() and (values[0] >= z.min(axis=1)).all()
    large = soft_value(z, temperature=1e6)  # the mean, and half of the variance over tau
    assert_allclose(large - z.mean(axis=1), z.var(axis=1) / 2e6, rtol=1e-3)


def test_weights_and_masks():
    assert_allclose(soft_value([0.0, 4.0], p=[0.9, 0.1]), np.log(0.9 + 0.1 * np.exp(4)), rtol=1e-14)
    assert_allclose(soft_value([0.0, 4.0], p=[9, 1]), soft_value([0.0, 4.0], p=[0.9, 0.1]), rtol=1e-14)
    keep = np.array([True, False, True])
    for tau in (0.5, -0.5):
        assert_allclose(soft_value([1.0, np.nan, 3.0], temperature=tau, where=keep),
                        soft_value([1.0, 3.0], temperature=tau), rtol=1e-15)
    _, pull = vjp(soft_value, R, p=[0.2, 0.0, 0.8], temperature=2.0)
    w = np.array([0.2, 0, 0.8]) * np.exp(R / 2)
    assert_allclose(pull(1.0), w / w.sum(), rtol=1e-14)
    assert_array_equal(soft_value(np.ma.array(R, mask=[True, False, False]), temperature=0), 3.0)
    with pytest.raises(ValueError, match="p has -0.5; allowed: weights >= 0"):
        soft_value(R, p=[-0.5, 1, 1])


def test_special_values():
    assert np.isnan(soft_value([0.0, np.nan])) and np.isnan(soft_value([])) and np.isnan(soft_value(R, p=[0, 0, 0]))
    assert soft_value([0.0, np.inf]) == np.inf and soft_value([0.0, -np.inf], temperature=-1) == -np.inf
    assert_allclose(soft_value([0.0, -np.inf]), -np.log(2), rtol=1e-15)
    assert_allclose(soft_value([0.0, np.inf], temperature=-1), np.log(2), rtol=1e-15)
    assert soft_value(np.float16([1, 2, 3])).dtype == np.float16 and soft_value([1, 2]).dtype == np.float64
    assert soft_value(R, format="float16") == np.float16(soft_value(R, format="float16"))
    assert soft_value(np.ones((2, 3, 4)), axis=(0, 2), keepdims=True).shape == (1, 3, 1)


def test_gradient_of_the_temperature_against_differences():
    rng, h = np.random.default_rng(1), 1e-5
    z, g, p = rng.normal(size=(4, 5)), rng.normal(size=4), rng.uniform(size=(4, 5))
    for tau in (0.3, 2.0, -0.7):
        _, pull = vjp(soft_value, z, temperature=tau, p=p, of="temperature")
        ahead, behind = (g @ soft_value(z, temperature=tau + step, p=p) for step in (h, -h))
        assert_allclose(pull(g), (ahead - behind) / (2 * h), rtol=1e-7)


def test_it_is_the_best_reward_less_divergence():
    rng, tau = np.random.default_rng(2), 0.7
    p = np.array([0.2, 0.3, 0.5])
    value = soft_value(R, temperature=tau, p=p)
    for w in rng.dirichlet(np.ones(3), 200):
        assert w @ R - tau * (w * np.log(w / p)).sum() <= value + 1e-12
    w = p * np.exp(R / tau)
    w /= w.sum()
    assert_allclose(w @ R - tau * (w * np.log(w / p)).sum(), value, rtol=1e-14)


def test_two_lotteries():
    p = [[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]]
    for tau, share in ((1, 0.700566993409), (10, 0.487005741809), (0.1, 0.999999999999)):
        values = soft_bellman_backup([0.0, 4.0, 1.0], p, temperature=tau)
        assert_allclose(luce_choice(values, beta=1 / tau)[0], share, atol=1e-12)


def walk():
    """Eight steps of ±1; half of the distance from the start is the reward."""
    places = np.arange(-8, 9)
    p = np.zeros((17, 17))
    for s in range(17):
        p[s, max(s - 1, 0)] += 0.5
        p[s, min(s + 1, 16)] += 0.5
    return np.abs(places) / 2, p


def test_values_of_a_walk():
    reward, p = walk()
    for tau, value, mean in ((0.25, 2.823291, 3.8561), (1, 1.560444, 2.0782), (4, 1.198656, 1.3080),
                             (np.inf, 1.09375, 1.09375)):
        values = [reward]
        for _ in range(8):
            values.append(soft_bellman_backup(values[-1], p, temperature=tau))
        assert_allclose(values[-1][8], value, atol=1e-6)
        reached = np.eye(17)[8]
        for after in values[-2::-1]:
            guided = p * np.exp((after - after.max()) / tau)
            reached = reached @ (guided / guided.sum(axis=1, keepdims=True))
        assert_allclose(reached @ reward, mean, atol=5e-5)


def test_backup_against_the_best_process():
    rng = np.random.default_rng(3)
    z, p, reward = rng.normal(size=6), rng.dirichlet(np.ones(6), 4), rng.normal(size=4)
    with mpmath.workdps(40):
        for tau in (0.2, 3.0, -1.5):
            exact = [r + 0.9 * tau * mpmath.log(mpmath.fsum(mpmath.mpf(a) * mpmath.exp(mpmath.mpf(v) / tau)
                                                            for a, v in zip(row, z, strict=True)) / mpmath.fsum(row))
                     for r, row in zip(reward, p, strict=True)]
            found = soft_bellman_backup(z, p, temperature=tau, reward=reward, discount=0.9)
            assert_allclose(found, np.array(exact, float), rtol=1e-14, atol=1e-15)
    g, h = rng.normal(size=4), 1e-5
    _, pull = vjp(soft_bellman_backup, z, p, temperature=0.5, discount=0.9)
    for k in range(6):
        step = h * np.eye(6)[k]
        ahead, behind = (g @ soft_bellman_backup(z + s, p, temperature=0.5, discount=0.9) for s in (step, -step))
        assert_allclose(pull(g)[k], (ahead - behind) / (2 * h), atol=1e-9)
    assert soft_bellman_backup(np.ones((5, 6)), p).shape == (5, 4)
    assert vjp(soft_bellman_backup, np.ones((5, 6)), p)[1](np.ones((5, 4))).shape == (5, 6)
    assert vjp(soft_bellman_backup, z, np.stack([p, p]))[1](np.ones((2, 4))).shape == (6,)
    with pytest.raises(ValueError, match=r"p has shape \(4, 6\), z \(5,\)"):
        soft_bellman_backup(np.ones(5), p)


def test_choice_by_value_follows_its_weights_and_at_zero_takes_the_best():
    values, noise = np.array([0.0, 1.0, 2.0]), gumbel_noise((40_000, 3), seed=4)
    shares = svdd_choice(values, noise, temperature=1.5).mean(axis=0)
    assert_allclose(shares, luce_choice(values, beta=1 / 1.5), atol=0.01)
    assert_array_equal(svdd_choice(values, noise, temperature=0).mean(axis=0), [0, 0, 1])
    assert_allclose(svdd_choice(values, noise, temperature=np.inf).mean(axis=0), np.full(3, 1 / 3), atol=0.01)
    assert np.isnan(svdd_choice([0.0, np.nan], noise[0, :2])).all()

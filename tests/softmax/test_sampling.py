"""Gumbel noise and gradient estimators, against enumeration of all draws and reference values."""
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pulls import softmax_pull

from toolkit import vjp
from toolkit.kernels import in_format
from toolkit.sampling import gumbel_max, gumbel_noise, gumbel_softmax, reinmax, score_function, straight_through
from toolkit.sampling.kernels import gumbel_of
from toolkit.softmax import softmax

THETA = np.array([0.5, -0.2, 0.1, 1.0])
A = np.array([[2, -1, 0, 0.5], [-1, 1, 0.3, 0], [0, 0.3, 3, -1], [0.5, 0, -1, 1.5]])
B = np.array([0.3, -0.5, 1, -0.2])
EYE = np.eye(4)


def quadratic(x):
    return 0.5 * x @ A @ x + B @ x


def mean_over_draws(estimate):
    return sum(p * estimate(d) for p, d in zip(softmax(THETA), EYE))


EXACT = softmax_pull(softmax(THETA), [quadratic(d) for d in EYE])


def test_gumbel_reference_values():
    """By hand in float64, G = -log(-log u) for u = .1, .5, .9."""
    noise = [gumbel_of(u) for u in (0.1, 0.5, 0.9)]
    assert_allclose(noise, [-0.834032445248, 0.366512920582, 2.25036732731], rtol=1e-11)
    y = gumbel_softmax(np.log([0.5, 0.3, 0.2]), noise, temperature=0.5)
    assert_allclose(y, [0.0122864220837, 0.0488099527143, 0.938903625202], rtol=1e-11)
    y = gumbel_softmax(np.log([0.5, 0.3, 0.2]), [0.1, 1.2, -0.4], temperature=0.5)
    grad = softmax_pull(y, [1, 2, 3], temperature=0.5)
    assert_allclose(grad, [-0.362838631267, 0.329541395098, 0.0332972361683], rtol=1e-11)


def test_noise_is_gumbel():
    noise = gumbel_noise((40_000,), seed=1)
    assert np.isfinite(noise).all() and abs(noise.mean() - 0.5772156649) < 4 * 1.2825 / 200
    assert abs(noise.var() - math.pi**2 / 6) < 0.06
    # Kolmogorov-Smirnov at the level 0.001
    cdf = np.exp(-np.exp(-np.sort(noise)))
    assert np.abs(cdf - (np.arange(40_000) + 0.5) / 40_000).max() < 1.95 / 200
    assert_array_equal(gumbel_noise((2, 3), seed=5), gumbel_noise(6, seed=5).reshape(2, 3))
    assert not np.array_equal(gumbel_noise(3, seed=5), gumbel_noise(3, seed=5, stream=1))


def test_the_largest_perturbed_logit_is_a_draw_from_softmax():
    draws = gumbel_max(np.broadcast_to(THETA, (20_000, 4)), gumbel_noise((20_000, 4), seed=2))
    assert_array_equal(draws.sum(axis=1), 1)
    expected = 20_000 * softmax(THETA)
    chi_square = ((draws.sum(axis=0) - expected) ** 2 / expected).sum()
    assert chi_square < 16.27  # the level 0.001 with 3 degrees of freedom
    assert np.isnan(gumbel_max([math.nan, 0.0], [0.0, 0.0])).all()
    assert np.isnan(gumbel_max([-math.inf] * 2, [0.0, 0.0])).all()


def test_relaxed_draws_between_one_hot_and_uniform():
    noise = gumbel_noise(4, seed=3)
    assert_array_equal(gumbel_softmax(THETA, noise, temperature=0.0), gumbel_max(THETA, noise))
    assert_allclose(gumbel_softmax(THETA, noise, temperature=1e8), 0.25, atol=1e-7)


def test_float16_noise_ends_early():
    largest = gumbel_of(in_format(1 - 2.0**-11, 0x50A))
    assert 7.6 < largest < 7.63
    assert gumbel_of(in_format(2.0**-60, 0x50A)) < -3.7 and gumbel_of(in_format(0.0, 0x50A)) == -math.inf


def test_estimators_reference_values():
    """At the draw e_4 with the slope (.1, .2, .3, .4), as the repository of ReinMax gives them."""
    slope = np.array([0.1, 0.2, 0.3, 0.4])
    assert_allclose(straight_through(THETA, slope),
                    [-0.0465923907965, -0.0101225814092, 0.00390370220255, 0.0528112700031], atol=1e-12)
    assert_allclose(reinmax(THETA, EYE[3], slope),
                    [-0.0393120226159, -0.0130145151289, -0.00878387893655, 0.0611104166814], atol=1e-12)


def test_reinmax_is_exact_for_a_quadratic_loss():
    assert_allclose(EXACT, [0.0740241301611, -0.132429401512, 0.260432952815, -0.202027681464], atol=1e-11)
    assert_allclose(mean_over_draws(lambda d: reinmax(THETA, d, A @ d + B)), EXACT, atol=1e-15)
    through = mean_over_draws(lambda d: straight_through(THETA, A @ d + B))
    assert_allclose(through, [0.097852562507, -0.145232435317, 0.104929458742, -0.0575495859321], atol=1e-11)
    assert_allclose(mean_over_draws(lambda d: straight_through(THETA, B)), softmax_pull(softmax(THETA), B), atol=1e-15)
    warmer = mean_over_draws(lambda d: reinmax(THETA, d, A @ d + B, temperature=2.0))
    assert 0.1 < np.abs(warmer - EXACT).max() < 0.13


def test_the_score_function_is_right_for_any_loss():
    values = [quadratic(d) for d in EYE]
    assert_allclose(mean_over_draws(lambda d: score_function(THETA, d, values)), EXACT, atol=1e-15)


def test_second_order_is_not_always_better():
    values = np.exp(2 * EYE @ B)
    exact = softmax_pull(softmax(THETA), values)
    slope = {i: 2 * values[i] * B for i in range(4)}
    errors = [np.abs(sum(p * estimate(i) for i, p in enumerate(softmax(THETA))) - exact).max() for estimate in
              (lambda i: straight_through(THETA, slope[i]), lambda i: reinmax(THETA, EYE[i], slope[i]))]
    assert_allclose(errors, [0.295, 0.370], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_sum_to_zero_and_keep_their_dtype(dtype):
    z, d, s = THETA.astype(dtype), EYE[1].astype(dtype), B.astype(dtype)
    for estimate in (straight_through(z, s), reinmax(z, d, s), score_function(z, d, s)):
        assert estimate.dtype == dtype and abs(float(estimate.sum())) < 8 * np.finfo(dtype).eps
    masked = reinmax(z, d, s, where=[True, True, False, True])
    keep = [0, 1, 3]
    assert masked[2] == 0 and np.allclose(masked[keep], reinmax(z[keep], d[keep], s[keep]), rtol=2e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_draws_have_the_dtype_of_the_logits(dtype):
    noise = gumbel_noise((5, 4), seed=4)
    for z in (THETA.astype(dtype), dtype(1)):
        beside = noise if np.ndim(z) else noise[0, :1]
        for draw in (gumbel_max(z, beside), gumbel_softmax(z, beside), gumbel_softmax(z, beside, hard=True),
                     straight_through(z, beside), reinmax(z, beside, beside), score_function(z, beside, beside)):
            assert draw.dtype == dtype and draw.shape == beside.shape
    assert gumbel_max([1, 0, 0, 0], noise.astype(dtype)).dtype == dtype  # integers have none of their own


def test_one_row_of_logits_serves_many_draws():
    """Each draw is what it is alone."""
    noise, slopes = gumbel_noise((6, 5, 4), seed=6), np.random.default_rng(0).normal(size=(6, 1, 4))
    for draw in (gumbel_max, gumbel_softmax, straight_through):
        many = draw(THETA, noise)
        assert_array_equal(many[2, 3], draw(THETA, noise[2, 3]))
        assert_array_equal(draw(THETA[:, None], np.moveaxis(noise, -1, -2), axis=-2), np.moveaxis(many, -1, -2))
    drawn = gumbel_max(THETA, noise)
    for estimate in (reinmax, score_function):
        assert_array_equal(estimate(THETA, drawn, slopes)[2, 3], estimate(THETA, drawn[2, 3], slopes[2, 0]))
    chosen = gumbel_max(THETA, gumbel_noise((20_000, 4), seed=1), where=softmax(THETA) > 0.2)
    keep = softmax(THETA) > 0.2
    expected = 20_000 * softmax(THETA[keep])
    assert chosen[:, ~keep].sum() == 0 and ((chosen[:, keep].sum(axis=0) - expected) ** 2 / expected).sum() < 10.83


def test_hard_draws_go_back_as_relaxed_ones():
    noise, g = gumbel_noise((3, 4), seed=9), np.array([1.0, -2.0, 0.5, 3.0])
    value, pull = vjp(gumbel_softmax, THETA, noise, temperature=0.7, hard=True)
    assert_array_equal(value, gumbel_max(THETA, noise))
    soft, soft_pull = vjp(gumbel_softmax, THETA, noise, temperature=0.7)
    assert_array_equal(pull(g), soft_pull(g))
    assert_allclose(pull(g), straight_through(THETA + noise, g, temperature=0.7).sum(axis=0), rtol=1e-13)
    assert np.shape(pull(g)) == THETA.shape
    moved = 1e-6 * EYE
    slope = [((gumbel_softmax(THETA + h, noise, temperature=0.7) - gumbel_softmax(THETA - h, noise, temperature=0.7))
              @ g).sum() / 2e-6 for h in moved]
    assert_allclose(soft_pull(g), slope, rtol=1e-8)
    with pytest.raises(TypeError, match=r"^gumbel_softmax\(\): hard is 'yes'; allowed: True, False"):
        gumbel_softmax(THETA, noise, hard="yes")


def test_seeds_are_checked_before_a_kernel_sees_them():
    for wrong in ({"seed": "a"}, {"seed": 0.5}, {"stream": None}, {"seed": np.ones(2)}):
        with pytest.raises(TypeError, match=rf"^gumbel_noise\(\): {[*wrong][0]} is .*; allowed: an integer from 0"):
            gumbel_noise(2, **wrong)
    for wrong in ({"seed": -1}, {"seed": 2**63}, {"stream": 10**400}):
        with pytest.raises(ValueError, match=rf"^gumbel_noise\(\): {[*wrong][0]} is .*; allowed: an integer from 0"):
            gumbel_noise(2, **wrong)
    with pytest.raises(TypeError, match=r"^gumbel_noise\(\): shape is 2\.5; allowed: an integer"):
        gumbel_noise((2, 2.5))
    assert gumbel_noise(np.int64(3), seed=np.uint64(2**63 - 1)).shape == (3,) and gumbel_noise(()).shape == ()


def test_arguments():
    with pytest.raises(ValueError, match="temperature is 0.5; allowed: a number >= 1"):
        reinmax(THETA, EYE[0], B, temperature=0.5)
    with pytest.raises(ValueError, match=r"slope has shape \(3,\)"):
        straight_through(THETA, B[:3])

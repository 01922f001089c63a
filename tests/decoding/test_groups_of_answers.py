"""Advantages of groups, weights of tokens and what they do to lengths: published values, other programs, long sums."""
import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import losses, vjp
from toolkit.decoding import answer_lengths, group_advantage, length_bias, quantile_advantage, token_weights
from toolkit.information import entropy, entropy_change, kl_divergence
from toolkit.softmax import softmax

R = [1, 0, 0, 1, 0, 0, 0, 0]
Z = np.array([2.0, 1.0, 0.5, 0.0, -1.0])


def test_published_advantages():
    found = group_advantage(R)
    np.testing.assert_allclose(found[:2], [1.620185174602, -0.540061724867], rtol=1e-11)
    np.testing.assert_allclose(group_advantage(R, ddof=0)[:2], [1.732050807569, -0.577350269190], rtol=1e-11)
    assert group_advantage(R, divide_by_std=False).tolist() == [0.75, -0.25, -0.25, 0.75] + 4 * [-0.25]
    np.testing.assert_allclose(group_advantage(R, delta=1e-4), np.subtract(R, 0.25) / (np.std(R, ddof=1) + 1e-4),
                               rtol=1e-14)


def test_published_quantiles():
    nine, ten = (quantile_advantage([1] * n + [0] * (16 - n), ddof=0, delta=1e-6) for n in (9, 10))
    np.testing.assert_allclose(nine, [2.015806459] * 9 + [0] * 7, rtol=1e-9)
    np.testing.assert_allclose(ten, [0] * 10 + [-2.065586851] * 6, rtol=1e-9)
    for rewards, dtype in (([1, 1, 1, 0, 0], np.float32), ([1, 1, 1, 0, 0], np.float64)):
        assert (quantile_advantage(np.array(rewards, dtype)) > 0).sum() == 3, "0.4 of five rewards are two of them"
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 16):
        for quantile in (0, 0.2, 0.4, 0.5, 0.6, 1):
            r = rng.normal(size=size)
            b = np.quantile(r, quantile, method="inverted_cdf")
            right = (r - b) / np.std(r, ddof=1) if size > 1 else [0.0]
            np.testing.assert_allclose(quantile_advantage(r, quantile=quantile), right, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_rewards_have_no_advantage(dtype):
    for size, reward in ((7, 0.7), (7, 0.1), (6, 0.9), (3, 1e30), (1, 5.0)):
        r = np.full(size, reward, dtype)
        for of in (group_advantage, quantile_advantage):
            assert not of(r).any() and not of(r, delta=1e-8).any() and not vjp(of, r)[1](np.ones_like(r)).any()
    r = np.full(7, 0.7, np.float32)
    assert abs((r - r.mean()) / (r.std(ddof=1) + np.float32(1e-8)))[0] > 0.5


@pytest.mark.parametrize("of", [group_advantage, quantile_advantage])
def test_advantages_of_other_groups(of):
    r = np.random.default_rng(1).normal(size=(4, 6))
    if of is group_advantage:
        assert np.abs(of(r).sum(axis=1)).max() < 1e-14
    np.testing.assert_allclose(of(3 * r + 5), of(r), rtol=1e-12, atol=1e-13)
    keep = np.array([True, False, True, True, True, False])
    for masked in (of(r, where=keep), of(np.where(keep, r, -np.inf))):
        assert np.array_equal(masked[:, keep], of(r[:, keep])) and not masked[:, ~keep].any()
    assert np.array_equal(of(r.T, axis=0), of(r).T) and of(np.float16(r)).dtype == np.float16
    r[1, 2], r[2, 0] = np.nan, np.inf
    assert np.isnan(of(r)[[1, 2]]).all() and not np.isnan(of(r)[[0, 3]]).any()
    assert of(np.zeros((0, 3))).shape == (0, 3)
    assert not of([1.0, -np.inf, -np.inf]).any()


@pytest.mark.parametrize(("of", "options"), [(group_advantage, {}), (group_advantage, {"delta": 0.3, "ddof": 0}),
                                             (group_advantage, {"divide_by_std": False}), (quantile_advantage, {}),
                                             (quantile_advantage, {"quantile": 0.8, "delta": 0.1})])
def test_gradients_of_advantages(of, options):
    rng = np.random.default_rng(2)
    r, g, step = rng.normal(size=(3, 6)), rng.normal(size=(3, 6)), 1e-6
    found = vjp(of, r, **options)[1](g)
    for k in range(6):
        moved = step * np.eye(6)[k]
        right = (g * (of(r + moved, **options) - of(r - moved, **options))).sum(axis=1) / (2 * step)
        np.testing.assert_allclose(found[:, k], right, rtol=1e-6, atol=1e-8)
    assert np.abs(found.sum(axis=1)).max() < 1e-13
    keep = np.array([True, True, False, True, True, True])
    masked = vjp(of, r, where=keep, **options)[1](g)
    np.testing.assert_allclose(masked[:, keep], vjp(of, r[:, keep], **options)[1](g[:, keep]), rtol=1e-12, atol=1e-14)
    assert not masked[:, ~keep].any()


def test_token_weights():
    lengths = np.array([[2, 4], [5, 0]])
    assert token_weights(lengths).tolist() == [[0.25, 0.125], [0.1, 0]]
    assert token_weights(lengths, average="token").tolist() == [[1 / 6, 1 / 6], [0.2, 0]]
    assert token_weights(lengths, average="constant", limit=8).tolist() == [[1 / 16, 1 / 16], [1 / 16, 0]]
    assert token_weights(np.float32([3, 1])).dtype == np.float32
    assert token_weights(lengths.T, axis=0).tolist() == token_weights(lengths).T.tolist()
    for wrong in ([-1, 2], [np.nan, 1], [np.inf, 1]):
        with pytest.raises(ValueError, match="lengths contains"):
            token_weights(wrong)
    for options in ({"average": "constant"}, {"limit": 3}):
        with pytest.raises(ValueError, match="limit is"):
            token_weights(lengths, **options)


def test_length_bias():
    """Against the sum over lengths, of the mean score of the stop logit: ``(1 - q L) / (L + extra)``."""
    for stop, published in ((0.5, 0.1931471806), (0.1, 0.1558427881), (0.02, 0.0598372042)):
        np.testing.assert_allclose(length_bias(stop), published, atol=5e-11)
    np.testing.assert_allclose(length_bias(0.1, extra=1), 0.0904745188, atol=5e-11)
    with mp.workdps(40):
        for stop in (1e-6, 0.01, 0.3, 0.9, 0.999999, 1.0):
            q = mpf(stop)
            for extra in (0, 1):
                if q < mpf("0.01"):
                    inverse = q * mp.log(1 / q) / (1 - q) if extra == 0 else q / (1 - q) ** 2 * (mp.log(1 / q) - 1 + q)
                    right = (1 + q * extra) * inverse - q
                else:
                    right = mp.fsum(q * (1 - q) ** (n - 1) * (1 - q * n) / (n + extra) for n in range(1, 9000))
                assert abs(length_bias(stop, extra=extra) - right) <= 8 * np.finfo(float).eps * (right + q)


STEPS = [0, 50, 100, 200, 400, 800]


def test_answer_lengths():
    found = answer_lengths(800)
    np.testing.assert_allclose(found.accuracy[STEPS], [0.300, 0.940, 0.967, 0.980, 0.988, 0.992], atol=1e-3)
    np.testing.assert_allclose(found.wrong[STEPS], [10, 48.6, 67.0, 91.5, 124.7, 170.2], atol=0.06)
    np.testing.assert_allclose(found.right[STEPS], [10, 1.79, 1.47, 1.30, 1.20, 1.14], atol=6e-3)
    dr = answer_lengths(800, average="constant")
    np.testing.assert_allclose(dr.accuracy[STEPS], [0.300, 0.962, 0.983, 0.992, 0.996, 0.998], atol=1e-3)
    np.testing.assert_allclose([dr.wrong, dr.right], 10, rtol=1e-12)
    divided = answer_lengths(800, divide_by_std=True)
    np.testing.assert_allclose(divided.wrong[STEPS[:-1]], [10, 102.5, 164.9, 265.7, 428.9], rtol=1e-3)
    assert dr.accuracy[1] == pytest.approx(found.accuracy[1]) and answer_lengths(0).wrong == pytest.approx([10])


def test_answer_lengths_in_groups_that_are_drawn():
    """One step of many groups of 64 answers, against the exact one."""
    rng, p, q, size = np.random.default_rng(0), 0.3, 0.1, (20_000, 64)
    right, length = rng.random(size) < p, rng.geometric(q, size)
    weight = (right - right.mean(axis=1, keepdims=True)) / (length + 1)
    slopes = [(weight * (right - p)).mean(), *((weight * (1 - q * length))[right == side].sum() / right.size
                                               for side in (True, False))]
    found = answer_lengths(1, learning_rate=1e-3, right=p, stop=q)
    accuracy, *stops = (np.log(a / (1 - a)) for a in (found.accuracy, 1 / found.right, 1 / found.wrong))
    exact = [(a[1] - a[0]) / 1e-3 for a in (accuracy, *stops)]
    np.testing.assert_allclose(np.array(slopes) / (1 - 1 / 64), exact, rtol=0.02)


def test_entropy_change_is_the_first_order():
    rewards, rate = np.array([0.0, 1, 0, 0, 1]), 1e-3
    for b, change, formula in ((0, 1.76431184755e-05, 1.76457284352e-05), (0.235155, 5.5516e-05, 5.5522e-05),
                               (1, 1.78687596737e-04, 1.78715462823e-04)):
        a = rewards - b
        found = entropy_change(Z, a, learning_rate=rate)
        np.testing.assert_allclose(found, formula, rtol=1e-5 if 0 < b < 1 else 1e-11)
        moved = entropy(Z + rate * softmax(Z) * a, from_logits=True) - entropy(Z, from_logits=True)
        np.testing.assert_allclose(moved, change, rtol=1e-4 if 0 < b < 1 else 1e-7)
        assert found == pytest.approx(moved, rel=1e-3)
    p = softmax(Z)
    slope = (entropy_change(Z, rewards - 1) - entropy_change(Z, rewards)).item()
    np.testing.assert_allclose(slope, 0.161069734388, rtol=1e-11)
    np.testing.assert_allclose(slope, p @ (np.log(p) * p) - (p @ np.log(p)) * (p @ p), rtol=1e-12)


def test_a_baseline_cancels_in_the_exact_gradient():
    rewards = np.array([0.0, 1, 0, 0, 1])
    found = [entropy_change(Z, rewards - b, centred=True) for b in (0, 0.3, 1, 50)]
    np.testing.assert_allclose(found, found[0], rtol=1e-12)
    np.testing.assert_allclose(found[0], entropy_change(Z, rewards - softmax(Z) @ rewards), rtol=1e-13)


@pytest.mark.parametrize("centred", [False, True])
def test_gradients_of_entropy_change(centred):
    rng, step = np.random.default_rng(3), 1e-6
    z, a, g = rng.normal(0, 2, (3, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
    options = {"learning_rate": 0.7, "centred": centred}
    of_z, of_a = (vjp(entropy_change, z, a, of=of, **options)[1](g) for of in ("z", "advantage"))
    for k in range(5):
        m = step * np.eye(5)[k]
        right = (entropy_change(z + m, a, **options) - entropy_change(z - m, a, **options)) * g / (2 * step)
        np.testing.assert_allclose(of_z[:, k], right, rtol=1e-6, atol=1e-9)
        right = (entropy_change(z, a + m, **options) - entropy_change(z, a - m, **options)) * g / (2 * step)
        np.testing.assert_allclose(of_a[:, k], right, rtol=1e-6, atol=1e-9)


def test_entropy_change_of_other_rows():
    keep = np.array([True, True, False, True, True])
    a = np.arange(5.0)
    assert entropy_change(Z, a, where=keep) == pytest.approx(entropy_change(Z[keep], a[keep]))
    assert entropy_change(np.where(keep, Z, -np.inf), a) == entropy_change(Z, a, where=keep)
    assert np.isnan(entropy_change([0.0, np.nan], [1.0, 0.0])) and np.isnan(entropy_change([0.0, 1.0], [np.nan, 0.0]))
    assert entropy_change([3.0], [1.0]) == 0 and entropy_change(np.zeros((2, 3)), np.ones(3)).tolist() == [0, 0]
    assert entropy_change(np.float16(Z), a).dtype in (np.float16, np.float64)


def test_published_token_terms_and_three_averages():
    ratios, advantages = np.array([[1.3, 0.9, 1, 1], [0.7, 1.1, 1.25, 1]]), np.array([[0.5], [-0.5]])
    here = np.array([[1, 1, 0, 0], [1, 1, 1, 1]])
    value, slope = losses.clipped_surrogate.value_and_gradient(np.log(ratios), 0.0, advantages, reduction="none")
    np.testing.assert_allclose(-value, [[0.6, 0.45, 0.5, 0.5], [-0.4, -0.55, -0.625, -0.5]], rtol=1e-14)
    assert (slope == 0).tolist() == [[True, False, False, False]] + [[True, False, False, False]]
    for options, right in (({}, -0.003125), ({"average": "token"}, 0.1708333333),
                           ({"average": "constant", "limit": 8}, 0.0640625)):
        weight = token_weights(here.sum(axis=1), **options)[:, None] * here
        found = losses.clipped_surrogate(np.log(ratios), 0.0, advantages, reduction="sum", weight=weight)
        np.testing.assert_allclose(found, right, atol=5e-11)


def test_clip_at_its_ends():
    surrogate = losses.clipped_surrogate.value_and_gradient
    for x, a, value, slope in ((800.0, 1.0, -1.2, 0.0), (-800.0, -1.0, 0.8, 0.0), (800.0, 0.0, 0.0, 0.0),
                               (-800.0, 1.0, 0.0, 0.0), (800.0, -1.0, np.inf, np.inf), (np.nan, 1.0, np.nan, np.nan),
                               (np.nan, 0.0, np.nan, np.nan)):
        with np.errstate(all="ignore"):
            found = surrogate(x, 0.0, a)
        np.testing.assert_array_equal([float(each) for each in found], [value, slope])
    with pytest.warns(RuntimeWarning, match="form='naive' gave a loss of inf or NaN"):
        assert np.isnan(losses.clipped_surrogate(-800.0, -800.1, 1.0, form="naive"))
    assert losses.clipped_surrogate(-800.0, -800.1, 1.0) == pytest.approx(-np.exp(0.1))


@pytest.mark.filterwarnings("ignore:form='naive'")
def test_three_estimates_of_a_divergence():
    """Sums over four actions: values and gradients of the means, and variances."""
    z, reference = np.array([2.0, 1, -1, 0.5]), np.array([3.0, 0, 0, 1])
    p, q = softmax(z), softmax(reference)
    x, r = np.log(p), np.log(q)
    values, slopes = {}, {}
    for kind in ("k1", "k2", "k3"):
        values[kind], s = losses.kl_estimate.value_and_gradient(x, r, kind=kind, reduction="none")
        slopes[kind] = p * (s - p @ s)  # of the mean over draws, whose own probabilities are not differentiated
    kl = kl_divergence(p, q)
    np.testing.assert_allclose([p @ values["k1"], p @ values["k3"], kl], 0.2322258191454746, rtol=1e-13)
    np.testing.assert_allclose(p @ values["k2"], 0.3590389735204741, rtol=1e-13)
    variances = [p @ v**2 - (p @ v) ** 2 for v in values.values()]
    np.testing.assert_allclose(variances, [0.6641491160, 0.3580257162, 0.1272518827], rtol=1e-9)
    np.testing.assert_allclose(slopes["k1"], 0, atol=1e-16)
    np.testing.assert_allclose(slopes["k2"], [-0.3147313153, 0.3326324557, -0.0156695495, -0.0022315909], atol=5e-11)
    np.testing.assert_allclose(slopes["k3"], [-0.2003159539, 0.1838914454, -0.0099731441, 0.0263976527], atol=5e-11)
    np.testing.assert_allclose(slopes["k3"], p - q, atol=1e-15)
    assert (values["k3"] >= 0).all()
    found = [losses.kl_estimate(np.float32(-1e-4), np.float32(0), form=form) for form in ("naive", "stable")]
    assert found[0] == 0 and found[1] == pytest.approx(5.000166671e-9)
    found = [losses.kl_estimate(np.float32(-88.6), np.float32(0), form=form) for form in ("naive", "stable")]
    assert np.isfinite(found).all()
    assert np.isinf(losses.kl_estimate(np.float32(-89), np.float32(0), form="naive"))

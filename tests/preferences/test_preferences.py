"""Losses of pairs: reference values, hazards of released code, special values; what a policy implies of its steps."""
import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import vjp
from toolkit.losses import hinge
from toolkit.preferences import (
    anchor_divergence,
    cpl,
    dpo,
    exo,
    exo_of_rewards,
    expo,
    full_step_dpo,
    imitation_loss,
    implicit_reward_loss,
    ipo,
    log_ratio,
    offset_dpo,
    poft,
    preference_offset,
    process_values,
    srpo,
    step_weights,
)

A, B = 1.0, -0.5  # log-ratios of lw = -10, ll = -12, rw = -11, rl = -11.5


@pytest.mark.parametrize("found, value, slope", [
    (dpo.value_and_gradient(A, B), 0.6209570477895321, -0.04625701546562505),
    (ipo.value_and_gradient(A, B), 12.25, -7.0),
    (offset_dpo.value_and_gradient(A, B, np.log(2)), 1.001152315758658, -0.0632544227958718),
    (exo.value_and_gradient(A, B, epsilon=0.1), 0.43138845722278607, -0.0508937996371637),
    (cpl.value_and_gradient(-10.0, -12.0), 0.9130152523999525, -0.0598687660112452),
    (poft.value_and_gradient(0.3, 0.0), 0.5543552444685271, -1 / (1 + np.exp(0.3))),
    (implicit_reward_loss.value_and_gradient(A, 1), 0.6684596480132863, 0.05 * (1 / (1 + np.exp(-0.05)) - 1)),
    (implicit_reward_loss.value_and_gradient(A, 0), 0.7184596480132863, 0.05 / (1 + np.exp(-0.05))),
    (expo.value_and_gradient(-10.0, -12.0), 0.1269280110429725, -1 / (1 + np.exp(2.0))),
    (srpo.value_and_gradient(1.0, -0.5, (0.8, -0.4, 0.0, 0.0), share=0.0), 0.133225, -0.0365),
], ids=["dpo", "ipo", "offset", "exo", "cpl", "poft", "right", "wrong", "expo", "srpo"])
def test_reference_values(found, value, slope):
    assert np.isclose(found[0], value, rtol=1e-14) and np.isclose(found[1], slope, rtol=1e-13)


def test_a_loss_type_that_is_not_passed_on_shows():
    """At beta = 0.1 and a margin of 6: three numbers that tell which loss was trained."""
    pairs = {"dpo": dpo.value_and_gradient(6.0, 0.0), "ipo": ipo.value_and_gradient(6.0, 0.0, tau=0.1),
             "hinge": [each * factor for each, factor in zip(hinge.value_and_gradient(0.1 * 6.0, 1), (1, 0.1),
                                                             strict=True)]}
    right = {"dpo": (0.4374879505, -0.0354343694), "hinge": (0.4, -0.1), "ipo": (1.0, 2.0)}
    for name, found in pairs.items():
        assert np.allclose(found, right[name], atol=1e-10), name


def test_the_gradient_of_the_rejected_answer():
    """By differences: minus that of the chosen, with CPL's bias times that."""
    step = 1e-6
    for loss, at, factor, options in ((dpo, (A, B), -1, {}), (ipo, (A, B), -1, {}), (cpl, (-10.0, -12.0), -0.5, {}),
                                      (expo, (-10.0, -12.0), -1, {}), (exo, (A, B), -1, {"epsilon": 0.1})):
        slope = (loss(at[0], at[1] + step, **options) - loss(at[0], at[1] - step, **options)) / (2 * step)
        assert np.isclose(slope, factor * loss.value_and_gradient(*at, **options)[1], rtol=1e-6), loss.__name__
    assert np.isclose((cpl(-10.0, -12.0 + step) - cpl(-10.0, -12.0 - step)) / (2 * step), 0.0299343830056226)


def test_losses_that_are_each_other():
    x, y = np.random.default_rng(0).normal(0, 3, (2, 50))
    each = {"reduction": "none"}
    assert np.allclose(cpl(x, y, alpha=0.3, bias=1.0, **each), dpo(x, y, beta=0.3, **each), rtol=1e-13)
    assert np.allclose(offset_dpo(x, y, 0.0, beta=0.3, **each), dpo(x, y, beta=0.3, **each), rtol=0)
    assert np.allclose(poft(x, y, beta=0.3, **each), dpo(x, y, beta=0.3, **each), rtol=0)
    assert np.allclose(expo(x, y, **each), dpo(x, y, beta=1.0, **each), rtol=0)
    assert np.allclose(implicit_reward_loss(x - y, 1, beta=0.3, **each), dpo(x, y, beta=0.3, **each), rtol=1e-13)
    assert np.allclose(imitation_loss(x, y, beta=2.0, value=5.0, **each), 2 * (y - x))


def test_offsets_of_ratings():
    assert np.isclose(preference_offset(4.0, 2.0), 0.6931471805599453) and preference_offset(3.0, 2.0) == 0
    assert preference_offset(2.5, 2.0) < 0 and np.isclose(preference_offset(4.0, 2.0, alpha=3.0), 3 * np.log(2))
    assert np.isclose(preference_offset(9.0, 3.0, of="ratio"), np.log(3))
    for scores, options in (((1.0, 1.0), {}), ((1.0, 2.0), {}), ((1.0, -1.0), {"of": "ratio"}),
                            ((1.0, 0.0), {"of": "ratio"})):
        with pytest.raises(ValueError, match="_score is"):
            preference_offset(*scores, **options)


def test_where_formats_end():
    """Weights of pairs that are exactly 0, and losses that are inf, as they are often written."""
    def weight(score, dtype, form="stable"):
        options = {"format": "float16"} if dtype == np.float16 else {}
        with np.errstate(all="ignore"):
            return dpo.value_and_gradient(dtype(score), dtype(0), beta=1.0, form=form, **options)[1]

    assert weight(16, np.float16) < 0 and weight(18, np.float16) == 0
    assert weight(103, np.float32) < 0 and weight(105, np.float32) == 0
    assert weight(12, np.float16, "naive") == 0 and weight(17.5, np.float32, "naive") == 0
    with pytest.warns(RuntimeWarning, match="gave a loss of inf"):
        naive = [poft(dtype(x), dtype(0), form="naive", **options) for dtype, x, options in (
            (np.float32, -110, {}), (np.float16, -20, {"format": "float16"}))]
    assert np.isinf(naive).all()
    assert poft(np.float32(-110), np.float32(0)) == 110 and poft(np.float16(-20), 0, format="float16") == 20


@pytest.mark.parametrize("reward, label, slope", [(-120, 1, -1), (40, 0, 1)])
def test_a_clamped_loss_has_no_gradient_left(reward, label, slope):
    with np.errstate(all="ignore"):
        clamped = implicit_reward_loss.value_and_gradient(np.float32(reward), label, beta=1.0, form="common")
    stable = implicit_reward_loss.value_and_gradient(np.float32(reward), label, beta=1.0)
    assert clamped[0] == 100 and clamped[1] == 0
    assert stable[0] == abs(reward) and stable[1] == slope


def test_exo_is_least_at_its_label_and_dies_at_both_ends():
    goal = float(mp.log(mpf(9)))
    at = np.array([goal / 0.1 - 1e-3, goal / 0.1, goal / 0.1 + 1e-3])
    values, slopes = exo.value_and_gradient(at, 0.0, epsilon=0.1, reduction="none")
    assert 0 <= values[1] < 1e-30 < values[0] and values[1] < values[2] and slopes[0] < 0 < slopes[2]
    slopes = exo.value_and_gradient(np.array([-2e3, -10.0, 2e3]), 0.0, beta=1.0, epsilon=0.1, reduction="none")[1]
    assert slopes[0] == slopes[2] == 0 and slopes[1] < 0
    with pytest.raises(ValueError, match="epsilon is 0"):
        exo(A, B, epsilon=0.0)


def test_released_exo_is_no_divergence():
    """-10 for log epsilon and 0 for log(1 - epsilon): not what any label gives."""
    s = mpf("0.15")
    q = 1 / (1 + mp.exp(-s))
    released = q * mp.log(q) + (1 - q) * (mp.log(1 - q) + 10)
    assert abs(released - mpf("3.9353589756")) < 1e-9
    with mp.workdps(30):
        right = float(q * mp.log(q / (1 - mp.exp(-10))) + (1 - q) * mp.log((1 - q) / mp.exp(-10)))
    assert np.isclose(exo(1.5, 0.0, epsilon=np.exp(-10)), right, rtol=1e-12)
    assert abs(right - float(released)) > 1e-5


def test_naive_exo_is_nan_where_a_probability_is_0():
    with pytest.warns(RuntimeWarning, match="gave a loss of inf or NaN"):
        assert np.isnan(exo(np.float32(200), 0, beta=1.0, epsilon=0.1, form="naive"))
    assert np.isclose(exo(np.float32(200), 0, beta=1.0, epsilon=0.1), -np.log(0.9))


def test_exo_of_two_rewards_is_exo_of_a_pair():
    a, rewards = np.array([1.0, -0.5]), np.array([0.5 * np.log(9.0), 0.0])
    assert np.isclose(exo_of_rewards(a, rewards, beta=0.1, temperature=0.5), exo(*a, epsilon=0.1), rtol=1e-12)


def test_log_ratios_in_formats():
    """The two sums that bfloat16 makes four apart, two that float32 blurs; token by token both are right."""
    policy, reference = np.full(100, -10.03), np.full(100, -10.01)
    assert float(log_ratio([-1003.0], [-1001.0], format="bfloat16")) == -4  # what was lost before it came here
    naive, stable = (float(log_ratio(policy, reference, form=form, format="float16")) for form in ("naive", "stable"))
    assert abs(stable + 2) < 0.4 < abs(naive + 2)
    assert np.float32(-20000.001) + np.float32(20000) == np.float32(-0.001953125)
    long = np.full(300, -300.0)  # -90000 in sum
    with np.errstate(all="ignore"):
        assert np.isnan(log_ratio(long, long, form="naive", format="float16"))
    assert log_ratio(long, long, format="float16") == 0


def test_log_ratios_of_answers():
    rng = np.random.default_rng(1)
    z, reference = -rng.exponential(size=(2, 3, 7))
    keep = np.arange(7) < np.array([[7], [3], [1]])
    assert np.allclose(log_ratio(z, reference, where=keep), ((z - reference) * keep).sum(axis=1))
    assert np.allclose(log_ratio(z, reference, where=keep, mean=True),
                       ((z - reference) * keep).sum(axis=1) / [7, 3, 1])
    assert np.allclose(log_ratio(z, reference, mean=True), (z - reference).mean(axis=1))
    assert np.allclose(log_ratio(z, 0.0), z.sum(axis=1)) and log_ratio(z[:, :0], reference[:, :0]).tolist() == [0] * 3
    for options in ({}, {"mean": True}, {"where": keep}, {"where": keep, "mean": True}):
        pulled = vjp(log_ratio, z, reference, **options)[1](np.array([1.0, 2.0, 3.0]))
        count = keep.sum(axis=1) if "where" in options else np.full(3, 7)
        right = np.array([1.0, 2.0, 3.0]) / (count if options.get("mean") else 1)
        assert np.allclose(pulled, right[:, None] * (keep if "where" in options else 1))


def test_sums_and_means_are_not_interchangeable():
    """IPO asks the same of a short and of a long answer with the one, not with the other."""
    short, long = np.full(4, 0.5), np.full(40, 0.5)
    of_sums, of_means = (ipo(log_ratio(long, 0.0, mean=mean), log_ratio(short, 0.0, mean=mean))
                         for mean in (False, True))
    assert of_means == 25 and of_sums == 169


def test_rewards_of_steps_sum_to_that_of_the_answer():
    rng = np.random.default_rng(2)
    z, reference = -rng.exponential(size=(2, 5, 12))
    values = process_values(z, reference, beta=0.05)
    for ends in ([11], [3, 11], [0, 4, 5, 11]):
        rewards = np.diff(values[:, ends], prepend=0)
        assert np.allclose(rewards.sum(axis=1), 0.05 * log_ratio(z, reference))
    assert np.allclose(values, 0.05 * np.cumsum(z - reference, axis=1))


def test_values_are_exponential_means_of_what_may_follow():
    """Of the policy that is best for a reward: answers of three tokens out of two, all eight of them."""
    rng = np.random.default_rng(3)
    beta, rewards = 0.7, rng.normal(size=(2, 2, 2))
    first = rng.dirichlet(np.ones(2), size=(2, 2, 2))
    reference = np.array([[[first[0, 0, 0][i] * first[0, 1, i][j] * first[1, i, j][k] for k in range(2)]
                           for j in range(2)] for i in range(2)])
    weighted = reference * np.exp(rewards / beta)
    policy = weighted / weighted.sum()
    for answer in np.ndindex(2, 2, 2):
        logs = []
        for p in (policy, reference):
            sums = [p[answer[:n]].sum() for n in range(4)]
            logs.append(np.log(sums[1:]) - np.log(sums[:-1]))
        values = process_values(*logs, beta=beta)
        means = [beta * np.log(weighted[answer[:n]].sum() / reference[answer[:n]].sum()) for n in range(4)]
        assert np.allclose(values, np.subtract(means[1:], means[0]))


def test_step_weights_and_their_mask():
    rewards = np.array([0.0, 1.0, -1.0, 0.5])
    keep = np.array([True, True, False, True])
    for sharpness in (0.5, -0.5, 0.0):
        weights = step_weights(rewards, sharpness=sharpness, where=keep)
        right = np.exp(sharpness * rewards) * keep
        assert np.allclose(weights, 3 * right / right.sum()) and weights[2] == 0
    assert step_weights(rewards)[0] > 0  # a reward of 0 is a reward


def test_full_step_dpo_against_numpy():
    rng = np.random.default_rng(4)
    w, rw, pw, l, rl, pl = (rng.normal(size=(3, n)) for n in (4, 4, 4, 6, 6, 6))
    found = full_step_dpo(w, rw, pw, l, rl, pl, beta=0.05, sharpness=0.5, rate=1.0)

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    pair = sigma(0.05 * ((l - rl).sum(axis=1) - (w - rw).sum(axis=1)))[:, None]
    chosen = -pair * softmax(0.5 * pw) * sigma(rw - w)
    rejected = pair * softmax(-0.5 * pl) * sigma(l - rl)
    assert np.allclose(found.chosen, chosen) and np.allclose(found.rejected, rejected)
    assert np.allclose(found.value, (chosen * w).sum(axis=1) + (rejected * l).sum(axis=1))
    even = full_step_dpo(rw, rw, 0 * pw, rl, rl, 0 * pl)
    assert np.allclose(even.chosen, -1 / 16) and np.allclose(even.rejected, 1 / 24)
    with pytest.raises(ValueError, match="chosen_rewards has shape"):
        full_step_dpo(w, rw, pw[:, 1:], l, rl, pl)


@pytest.mark.parametrize("divergence, conjugate", [
    ("total_variation", lambda t: t), ("pearson", lambda t: t + t**2 / 4), ("hellinger", lambda t: t / (1 - t))])
def test_imitation_by_conjugates(divergence, conjugate):
    """``f*(-r) + V``, and each f* is the largest of ``t u - f(u)`` over u."""
    of = {"total_variation": lambda u: np.abs(u - 1) / 2, "pearson": lambda u: (u - 1)**2,
          "hellinger": lambda u: (np.sqrt(u) - 1)**2}[divergence]
    x, value = np.linspace(-0.4, 0.4, 9), 0.3
    found = imitation_loss(x, 0.1, divergence=divergence, beta=0.8, value=value, reduction="none")
    reward = 0.8 * (x - 0.1) + value
    assert np.allclose(found, conjugate(-reward) + value)
    u = np.linspace(0, 60, 600001)
    for t in (-0.4, 0.1, 0.45):
        assert np.isclose((t * u - of(u)).max(), conjugate(t), atol=1e-6)
    step = 1e-6
    slope = [imitation_loss(0.2 + d, 0.1, divergence=divergence, value=value) for d in (step, -step)]
    right = imitation_loss.value_and_gradient(0.2, 0.1, divergence=divergence, value=value)[1]
    assert np.isclose((slope[0] - slope[1]) / (2 * step), right)
    assert np.isinf(imitation_loss(-2.0, 0.0, divergence="hellinger"))


def test_srpo_of_soft_preferences():
    """All residuals, by NumPy; a share of 1 leaves the policy alone."""
    revised = (0.8, -0.4, 0.3, 0.1)
    for liked, share in ((1.0, 0.25), (0.7, 1.0)):
        policy = liked - 0.5 - 0.05 * (0.8 + 0.4 + 1.5)
        first, second = liked - 0.5 - 0.1 * (0.8 - 0.3), liked - 0.5 - 0.1 * (0.1 + 0.4)
        right = (1 - share) * policy**2 + share * (first**2 + second**2) / 2
        value, slope = srpo.value_and_gradient(1.0, -0.5, revised, preference=liked, share=share)
        assert np.isclose(value, right) and np.isclose(slope, -(1 - share) * 0.1 * policy)


def test_anchor_is_the_divergence_and_pulls_to_the_reference():
    z, reference = np.random.default_rng(5).normal(size=(2, 4, 3))
    p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (z, reference))
    value, pull = vjp(anchor_divergence, z, reference)
    assert np.allclose(value, (q * np.log(q / p)).sum(axis=1)) and np.allclose(pull(np.ones(4)), p - q)
    assert np.isinf(anchor_divergence([0.0, -np.inf], [0.0, 0.0]))


def test_special_values():
    for loss, beside in ((dpo, (0.0,)), (ipo, (0.0,)), (exo, (0.0,)), (cpl, (0.0,)), (poft, (0.0,)), (expo, (0.0,)),
                         (implicit_reward_loss, (1,)), (imitation_loss, (0.0,)), (offset_dpo, (0.0, 0.0))):
        found = loss.value_and_gradient(np.array([np.nan, 1.0]), *beside, reduction="none")
        assert np.isnan(found[0][0]) and np.isnan(found[1][0]) or loss is imitation_loss
        assert np.isfinite(found[0][1]) and np.isfinite(found[1][1])
        assert loss(np.zeros((0, 3)), *beside, reduction="none").shape == (0, 3)
        assert loss(np.float16(1), *beside).dtype == np.float16
    assert dpo(np.inf, 0.0) == 0 and dpo(-np.inf, 0.0) == np.inf and np.isnan(dpo(np.inf, np.inf))
    with pytest.raises(ValueError, match="beta is 0"):
        dpo(A, B, beta=0.0)

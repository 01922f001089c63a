"""Learning without the sum: gradients by differences, steps in many digits, landscapes and races that are published."""
import doctest

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.integrate import quad
from scipy.stats import norm

from toolkit.losses import noise_contrastive_loss
from toolkit.unnormalized import (
    _fit_unnormalized,
    _meco,
    boltzmann_log_partition,
    fit_unnormalized,
    kernels,
    log_partition,
    meco_step,
    unnormalized_logits,
)
from toolkit.unnormalized._models import MODELS

RNG = np.random.default_rng(3)
STATES = np.array([[2.0 * (i >> k & 1) - 1.0 for k in range(3)] for i in range(8)])
CASES = {"normal_mean": (np.array([0.4]), RNG.normal(1, 1, (7, 1)), RNG.normal(0, 2, (9, 1))),
         "normal": (np.array([0.4, -0.3]), RNG.normal(1, 1, (7, 1)), RNG.normal(0, 2, (9, 1))),
         "boltzmann": (RNG.normal(size=6), STATES[[0, 3, 7, 7, 1]], STATES),
         "network": (RNG.normal(size=12), RNG.normal(size=(6, 2)), RNG.normal(size=(9, 2)))}


def likelihood(model, theta, data, noise, log_q):
    return (log_partition(unnormalized_logits(theta, noise, model=model) - log_q).log_z
            - unnormalized_logits(theta, data, model=model).mean())


def contrastive(model, theta, log_z, data, log_q_data, noise, log_q):
    """By the loss of entries: its sum over the number of data."""
    x = np.concatenate([unnormalized_logits(theta, data, model=model) - log_q_data,
                        unnormalized_logits(theta, noise, model=model) - log_q]) - log_z
    labels = np.repeat([1, 0], [len(data), len(noise)])
    return noise_contrastive_loss(x, labels, ratio=len(noise) / len(data), reduction="sum") / len(data)


def slopes(of, theta, h=1e-5):
    return np.array([(of(theta + h * e) - of(theta - h * e)) / (2 * h) for e in np.eye(theta.size)])


@pytest.mark.parametrize("model", MODELS)
def test_gradients_by_differences(model):
    theta, data, noise = CASES[model]
    log_q, log_q_data = np.linspace(-2, -1, len(noise)), np.linspace(-3, -1, len(data))
    g, slope, work = np.empty(theta.size), np.empty(theta.size), np.empty(len(noise))
    value = kernels.likelihood_gradient(MODELS[model], theta, data, noise, log_q, work, slope, g)
    assert value == pytest.approx(likelihood(model, theta, data, noise, log_q), rel=1e-12)
    assert g == pytest.approx(slopes(lambda t: likelihood(model, t, data, noise, log_q), theta), rel=1e-6, abs=1e-8)
    g, both = np.empty(theta.size + 1), np.concatenate([theta, [0.7]])
    value = kernels.contrastive_gradient(MODELS[model], theta, 0.7, data, log_q_data, noise, log_q, slope, g)
    of = lambda t: contrastive(model, t[:-1], t[-1], data, log_q_data, noise, log_q)  # noqa: E731
    assert value == pytest.approx(of(both), rel=1e-12) and g == pytest.approx(slopes(of, both), rel=1e-6, abs=1e-8)


def test_a_constant_in_the_logit_leaves_likelihood_alone_and_moves_nce_unless_log_z_takes_it():
    """A unit that is always 1 has its bias for a constant."""
    theta, data, noise = CASES["boltzmann"]
    data, noise = data.copy(), noise[noise[:, 0] == 1].copy()
    data[:, 0] = 1
    log_q, moved = np.full(len(noise), -np.log(4.0)), theta + 2.0 * np.eye(6)[0]
    assert likelihood("boltzmann", moved, data, noise, log_q) == pytest.approx(
        likelihood("boltzmann", theta, data, noise, log_q), rel=1e-13)
    of = [contrastive("boltzmann", t, c, data, -np.log(4.0), noise, log_q)
          for t, c in ((theta, 0.5), (moved, 0.5), (moved, 2.5))]
    assert abs(of[1] - of[0]) > 0.1 and of[2] == pytest.approx(of[0], rel=1e-13)


def nce_of_mean(theta, target=16.0):
    """Loss and slope for N(theta, 1), data N(target, 1) and noise N(0, 1), by quadrature."""
    def gap(x):
        return theta * x - theta**2 / 2

    def part(of, centre):
        return quad(lambda x: of(x) * norm.pdf(x, centre), centre - 12, centre + 12, epsabs=1e-14, epsrel=1e-12,
                    limit=400, points=[centre, theta / 2])[0]

    def falling(x):
        return 1 / (1 + np.exp(x))

    loss = part(lambda x: np.logaddexp(0, -gap(x)), target) + part(lambda x: np.logaddexp(0, gap(x)), 0.0)
    slope = (part(lambda x: -falling(gap(x)) * (x - theta), target)
             + part(lambda x: falling(-gap(x)) * (x - theta), 0.0))
    return loss, slope


@pytest.mark.parametrize("theta, loss, slope", [
    (0, 1.3862943611, -8.0), (2, 0.3563163602, -0.2247997546), (4, 0.0604269868, -0.0685974088),
    (8, 9.3535077e-5, -1.9643737e-4), (12, 3.0057706e-9, -9.2416363e-9)])
def test_landscape_of_nce(theta, loss, slope):
    """The kernels on a grid with quadrature weights, and SciPy's quadrature, against the published table."""
    assert nce_of_mean(theta) == pytest.approx((loss, slope), rel=3e-6)
    x = np.linspace(-12, 28, 8001)[:, None]
    found = []
    for label, data in ((1, norm.pdf(x[:, 0], 16)), (0, norm.pdf(x[:, 0]))):
        g = theta * x[:, 0] - theta**2 / 2
        value, pull = noise_contrastive_loss.value_and_gradient(g, label, reduction="none")
        found.append((0.005 * data @ value, 0.005 * data @ (pull * (x[:, 0] - theta))))
    assert np.sum(found, axis=0) == pytest.approx((loss, slope), rel=3e-6)


@pytest.mark.parametrize("form", ["stable", "naive"])
def test_meco_step_against_fifty_digits(form):
    theta, data, noise = CASES["normal"]
    log_q, memory = np.linspace(-2, -1, len(noise)), np.array([0.3, 0.2, -0.1])
    found = meco_step(theta, data, noise, log_q, memory=memory, gamma=0.25, beta=0.5, rate=0.1, form=form)
    with mp.workdps(50):
        m, width = mpf(theta[0]), mp.exp(mpf(theta[1]))
        z = [[(mpf(v) - m) / width for v in each[:, 0]] for each in (data, noise)]
        w = [mp.exp(-v * v / 2 - mpf(q)) for v, q in zip(z[1], log_q, strict=True)]
        before = mp.exp(mpf(0.3)) if form == "stable" else mpf(0.3)
        u = mpf("0.75") * before + mpf("0.25") * mp.fsum(w) / len(w)
        right, after = [mp.log(u) if form == "stable" else u], []
        for p, of in enumerate((lambda v: v / width, lambda v: v * v)):
            pulled = mp.fsum(a * of(v) / u for a, v in zip(w, z[1], strict=True)) / len(w)
            g = pulled - mp.fsum(map(of, z[0])) / len(z[0])
            right.append(mpf(memory[1 + p]) / 2 + g / 2)
            after.append(mpf(theta[p]) - mpf(0.1) * right[-1])
    assert found[0] == pytest.approx([float(v) for v in after], rel=1e-13)
    assert found[1] == pytest.approx([float(v) for v in right], rel=1e-13)


def test_first_steps_and_zeros():
    """Before the first step u is what the batch says; a u that begins at 0 makes the first gradient 1 / gamma as large.
    """
    theta, data, noise = CASES["normal_mean"]
    options = {"model": "normal_mean", "beta": 1.0, "gamma": 0.1, "rate": 1.0}
    log_w = unnormalized_logits(theta, noise, model="normal_mean") + 2.0
    right = log_partition(log_w).log_z
    _, memory = meco_step(theta, data, noise, -2.0, **options)
    assert memory[0] == pytest.approx(right) and memory[1] == pytest.approx(
        slopes(lambda t: likelihood("normal_mean", t, data, noise, -2.0), theta)[0], rel=1e-6)
    _, naive = meco_step(theta, data, noise, -2.0, form="naive", **options)
    data_part = -(data - theta).mean()
    assert naive[0] == pytest.approx(0.1 * np.exp(right))
    assert naive[1] - data_part == pytest.approx(10 * (memory[1] - data_part))
    far = noise - 60.0  # weights of e^-1800 vanish, and what is divided by is 0
    assert np.isnan(meco_step(theta, data, far, -2.0, form="naive", **options)[0]).all()
    assert np.isfinite(meco_step(theta, data, far, -2.0, **options)[0]).all()
    again = meco_step(theta, data, noise, np.inf, **options)  # no weight at all: not started yet
    assert again[1][0] == -np.inf


def test_noise_that_is_the_model_gives_the_gradient_without_variance_of_u():
    theta, _, noise = CASES["normal"]
    log_w = unnormalized_logits(theta, noise) - norm.logpdf(noise[:, 0], theta[0], np.exp(theta[1]))
    assert np.ptp(log_w) < 1e-12 and log_partition(log_w).log_z == pytest.approx(0.5 * np.log(2 * np.pi) + theta[1])


def test_fits_against_numpy():
    theta, data, noise = CASES["normal"]
    log_q, logs = np.linspace(-2, -1, len(noise)), np.linspace(-3, -1, len(data))
    options = {"log_q_data": logs, "batch": None, "steps": 4, "rate": 0.1}
    found = fit_unnormalized(data, noise, log_q, theta, method="mle", **options)
    t = theta.copy()
    for step in range(4):
        assert found.path[step] == pytest.approx(t, rel=1e-9)
        t -= 0.1 * slopes(lambda t: likelihood("normal", t, data, noise, log_q), t)
    assert found.theta == pytest.approx(t, rel=1e-6) and np.isnan(found.log_z)
    for log_z in (None, 0.4):
        found = fit_unnormalized(data, noise, log_q, theta, method="nce", log_z=log_z, **options)
        t = np.concatenate([theta, [log_z or 0.0]])
        for _ in range(4):
            g = slopes(lambda t: contrastive("normal", t[:-1], t[-1], data, logs, noise, log_q), t)
            t -= 0.1 * (g if log_z is None else np.where([1, 1, 0], g, 0))
        assert np.append(found.theta, found.log_z) == pytest.approx(t, rel=1e-6)
    found = fit_unnormalized(data, noise, log_q, theta, method="meco", gamma=0.5, **options)
    t, memory = theta, None
    for step in range(4):
        assert found.path[step].tolist() == t.tolist()
        t, memory = meco_step(t, data, noise, log_q, memory=memory, gamma=0.5, rate=0.1)
    assert found.theta.tolist() == t.tolist() and found.log_z == memory[0]


def test_nce_is_least_at_the_true_density_for_any_ratio():
    """Data and noise as all states of a machine, as often as they are likely."""
    times = np.array([8, 1, 1, 2, 4, 1, 1, 2])
    data = np.repeat(STATES, times, axis=0)
    for copies in (1, 5):
        noise = np.repeat(STATES, copies, axis=0)
        found = fit_unnormalized(data, noise, -np.log(8.0), np.zeros(6), log_q_data=-np.log(8.0), model="boltzmann",
                                 method="nce", batch=None, rate=1.0, steps=4000)
        best = fit_unnormalized(data, STATES, -np.log(8.0), np.zeros(6), model="boltzmann", method="mle", batch=None,
                                rate=0.3, steps=4000)
        at = unnormalized_logits(best.theta, data, model="boltzmann").mean()
        coupling = np.zeros((3, 3))
        coupling[np.tril_indices(3, -1)] = found.theta[3:]
        log_z = boltzmann_log_partition(found.theta[:3], coupling + coupling.T)
        assert found.log_z == pytest.approx(log_z, abs=0.05)  # a machine of pairs is not quite these data
        assert unnormalized_logits(found.theta, data, model="boltzmann").mean() - log_z <= at - log_partition(
            unnormalized_logits(best.theta, STATES, model="boltzmann") + np.log(8.0)).log_z + 1e-9


def test_a_race_to_a_far_mean():
    """NCE with noise N(0, 1) stands still, likelihood and MECO arrive; published: 6.3-6.4, 15.9, 16.0 for beta = 1."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        data, noise = rng.normal(16, 1, 4000), rng.normal(8, 8, 20_000)
        log_q, options = norm.logpdf(noise, 8, 8), {"model": "normal_mean", "seed": seed, "rate": 0.05, "steps": 2000}
        found = fit_unnormalized(data, noise, log_q, [0.0], beta=1.0, **options)
        assert found.path[10, 0] == pytest.approx(6.4, abs=0.15) and found.path[100, 0] == pytest.approx(15.85, abs=0.2)
        assert found.theta[0] == pytest.approx(16, abs=0.15)
        assert np.exp(found.log_z_path[1000:]).mean() == pytest.approx(np.sqrt(2 * np.pi), rel=0.1)
        assert fit_unnormalized(data, noise, log_q, [0.0], **options).path[10, 0] == pytest.approx(7.45, abs=0.2)


def test_examples():
    assert doctest.testmod(_meco, extraglobs={"np": np}).failed == 0
    assert doctest.testmod(_fit_unnormalized, extraglobs={"np": np}).failed == 0

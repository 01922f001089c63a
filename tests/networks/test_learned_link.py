"""The monotone link and the regression that learns it."""
import numpy as np
import pytest
from mpmath import mp, mpf

from toolkit import vjp
from toolkit.losses import log_softmax_plus
from toolkit.networks import fit_link, kernels, monotone_link
from toolkit.networks._learned_link import link_run_size


def random_link(seed, n=3, units=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(units, n)), rng.normal(size=units), rng.uniform(0, 2, units)


def test_link_against_many_digits():
    """monotone_link from its definition."""
    u, b, s = random_link(0)
    for x in np.random.default_rng(1).normal(0, 3, (20, 3)):
        found = monotone_link(x, u, b, s, scale=0.5)
        with mp.workdps(40):
            gates = [1 / (1 + mp.exp(-mp.fsum([mpf(v) * mpf(w) for v, w in zip(row, x)] + [mpf(c)])))
                     for row, c in zip(u, b)]
            for k in range(3):
                terms = [mpf("0.5") * mpf(x[k]), *(mpf(u[j, k]) * mpf(s[j]) * gates[j] for j in range(5))]
                assert abs(mpf(found[k]) - mp.fsum(terms)) <= 8 * 2.0**-52 * mp.fsum(map(abs, terms))


def test_gradients_by_differences_and_symmetry():
    x, g = np.random.default_rng(2).normal(size=(2, 4, 3))
    arguments = {"weights": random_link(3)[0], "biases": random_link(3)[1], "gains": random_link(3)[2]}

    def value(**changed):
        return (g * monotone_link(**({"x": x} | arguments | changed), scale=0.7)).sum()

    for of in ("x", *arguments):
        start = x if of == "x" else arguments[of]
        found = vjp(monotone_link, x, *arguments.values(), scale=0.7, of=of)[1](g)
        for place in np.ndindex(start.shape):
            step = np.zeros_like(start)
            step[place] = 1e-6
            assert found[place] == pytest.approx((value(**{of: start + step}) - value(**{of: start - step})) / 2e-6,
                                                 abs=1e-7)
    jacobian = np.array([vjp(monotone_link, x[0], *arguments.values())[1](row) for row in np.eye(3)])
    np.testing.assert_allclose(jacobian, jacobian.T, atol=1e-15)
    assert (np.linalg.eigvalsh(jacobian) >= 1).all()


def test_a_link_keeps_the_loss_proper():
    """What it makes one say is the belief, for any parameters."""
    u, b, s = random_link(4, n=1)
    scores = np.linspace(-8, 8, 4001)[:, None]
    logs = log_softmax_plus(monotone_link(scores, u, b, s, scale=0.3))
    for q in (0.1, 0.37, 0.8):
        best = int(np.argmin(-(q * logs[:, 0] + (1 - q) * logs[:, 1])))
        assert np.exp(logs[best, 0]) == pytest.approx(q, abs=2e-3)


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_gradient_of_training_by_differences(blocks):
    """That of a step of `fit_link`, by the mean loss of the same rows."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(12, 2)), rng.integers(0, 4, 12)
    sizes = 3, 2, 4, blocks
    values, state = np.zeros(link_run_size(*sizes)), np.zeros(1, np.uint64)
    run = kernels.link_run_in(values, *sizes)
    with np.errstate(over="ignore"):
        kernels.start_link(run, 0, state)
    still = fit_link(x, y, classes=4, units=4, blocks=blocks, epochs=1, batch=12, lr=0.0)
    assert still.losses[0] == pytest.approx(kernels.link_loss(run, x, y), rel=1e-12)
    run.parameters[:] += 0.3 * rng.normal(size=run.parameters.size)
    start = run.parameters.copy()
    kernels.link_step(run, x, y, np.arange(12), 0, 12, kernels.link_settings(0.0, 10.0, 0.0))
    grads = run.grads.copy()
    assert np.array_equal(run.parameters, start)
    for i in range(start.size):
        ends = []
        for step in (1e-6, -1e-6):
            run.parameters[:] = start
            run.parameters[i] += step
            ends.append(kernels.link_loss(run, x, y))
        assert grads[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


def bent_data(g, rows, seed=0):
    rng = np.random.default_rng(seed)
    mix = rng.normal(0, np.sqrt(4 / 6), (11, 6))
    x = rng.normal(size=(rows, 6))
    logs = log_softmax_plus(g(x @ mix.T))
    return x, (rng.random((rows, 1)) > np.exp(logs).cumsum(axis=1)).sum(axis=1).clip(0, 11), logs


def mean_loss(logs, y):
    return -logs[np.arange(len(y)), y].mean()


def test_a_learned_link_pays_where_softmax_is_the_wrong_one():
    x, y, logs = bent_data(lambda s: 4 * np.tanh(s), 6000)
    found = [mean_loss(fit_link(x[:3000], y[:3000], classes=12, blocks=blocks, epochs=40).log_probabilities(x[3000:]),
                       y[3000:]) for blocks in (0, 1)]
    truth = mean_loss(logs[3000:], y[3000:])
    assert truth < found[1] < found[0] - 0.05


def test_seeds_and_arguments():
    x, y, _ = bent_data(lambda s: s, 200)
    one, two = fit_link(x, y, epochs=3), fit_link(x, y, epochs=3)
    assert np.array_equal(one.losses, two.losses) and len(one.blocks) == 1
    assert not np.array_equal(one.losses, fit_link(x, y, epochs=3, seed=1).losses)
    np.testing.assert_allclose(np.exp(one.log_probabilities(x)).sum(1), 1, rtol=1e-12)
    with pytest.raises(ValueError, match="gains contains a number below 0"):
        monotone_link([0.0], [[1.0]], [0.0], [-1.0])
    with pytest.raises(ValueError, match="weights has shape"):
        monotone_link([0.0], [[1.0, 2.0]], [0.0], [1.0])

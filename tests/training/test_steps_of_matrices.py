"""Steps in other norms, Layca, SAM and GAM, each against its formula in float64, and through the engine."""
import numpy as np
import pytest
from engine_setup import make, tensors

from toolkit._core.numbers import in_format
from toolkit.optimizers import Flatness, look_around, orthogonalize, turn_layer
from toolkit.training import Experiment, train
from toolkit.training.workspace import Workspace

FLAT = np.diag([10.0, 1.0])


def muon_factor(g):
    """Five steps of the published polynomial, in the other order of products."""
    x = g / np.linalg.norm(g)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return x


@pytest.mark.parametrize("dtype, eps", [(np.float64, 1e-12), (np.float32, 2e-4)])
@pytest.mark.parametrize("shape", [(6, 16), (16, 16), (40, 16)])
def test_orthogonal_factors_are_those_of_the_published_polynomial(dtype, eps, shape):
    g = np.random.default_rng(shape[0]).standard_normal(shape)
    u = g.astype(dtype)
    orthogonalize(u, np.zeros_like(u), np.zeros((2, 16, 16), dtype), 2.0)
    np.testing.assert_allclose(u, 2 * muon_factor(g), atol=eps)
    found, values, _ = np.linalg.svd(u / 2)[1], *np.linalg.svd(g)[1:]
    assert 0.65 < found[values > 0.01 * values.max()].min() and found.max() < 1.2


def test_padding_and_nothing_stay_nothing():
    u = np.zeros((4, 16))
    orthogonalize(u, np.zeros_like(u), np.zeros((2, 16, 16)), 1.0)
    assert not u.any()
    u[:, :3] = np.random.default_rng(0).standard_normal((4, 3))
    orthogonalize(u, np.zeros_like(u), np.zeros((2, 16, 16)), 1.0)
    assert not u[:, 3:].any() and np.linalg.norm(u[:, :3]) > 1


def test_layca_is_the_cards_step():
    w, u = np.array([3.0, 4.0, 0.0]), np.array([1.0, 2.0, 2.0])
    turn_layer(in_format(w, None), in_format(u, None), 0.1)
    np.testing.assert_allclose(w, (3.063168709855, 3.921605906421, -0.487857120157), rtol=1e-12)
    assert 1 - w @ [3, 4, 0] / 25 == pytest.approx(0.004962809790010736, rel=1e-9)
    for rate in (0.01, 0.3):
        w = np.random.default_rng(1).standard_normal(50)
        start = w.copy()
        turn_layer(in_format(w, None), in_format(np.random.default_rng(2).standard_normal(50), None), rate)
        assert np.linalg.norm(w) == pytest.approx(np.linalg.norm(start), rel=1e-14)
        assert w @ start / (start @ start) == pytest.approx(1 / np.sqrt(1 + rate**2), rel=1e-13)
    w = start.copy()
    turn_layer(in_format(w, None), in_format(3 * start, None), 0.1)
    np.testing.assert_array_equal(w, start, "a step along the weights has no direction left")


@pytest.mark.parametrize("flatness, expected", [
    (Flatness(2, 0.05, 0.0, 0.0, 0.0, 0.0), (10.490290337845, 2.009805806757)),
    (Flatness(4, 0.2, 0.02, 0.6, 0.5, 0.03), (10.996396316428, 2.005383759046))])
def test_sam_and_gam_on_a_quadratic(flatness, expected):
    w, spare = np.array([1.0, 2.0]), np.zeros((3, 2))
    for number in range(flatness.passes):
        g = FLAT @ w
        look_around(flatness, number, w, g, spare)
    np.testing.assert_array_equal(w, [1, 2])
    np.testing.assert_allclose(g, expected, rtol=1e-10)


def test_sam_ends_in_the_cycle_of_its_radius():
    """On lambda x^2 / 2: |x| = eta lambda rho / (2 - eta lambda)."""
    flatness, spare = Flatness(2, 0.05, 0.0, 0.0, 0.0, 0.0), np.zeros((3, 1))
    for steep, expected in ((10.0, 0.05), (1.0, 0.002631579)):
        w = np.array([0.3])
        for _ in range(3000):
            for number in range(2):
                g = steep * w
                look_around(flatness, number, w, g, spare)
            w -= 0.1 * g
        assert abs(w[0]) == pytest.approx(expected, rel=1e-6)


SMALL = dict(p=7, widths=(16,), steps=40, log_every=40, lr=0.02, train_fraction=0.7)


def test_the_engine_takes_sams_gradient_where_it_says():
    work = make(p=7, widths=(16,), optimizer="sgd", dtype="float64", loss_format="float64", lr=0.1)
    sam = Workspace(work.network, work.data, work.loss, work.optimizer, work.settings, "float64",
                    flatness=Flatness(2, 0.05, 0.0, 0.0, 0.0, 0.0))
    w = work.state.parameters.copy()
    sam.state.parameters[:] = w
    work.advance(1)
    first = w - work.state.parameters  # lr times the gradient
    sam.advance(1)
    work.state.parameters[:] = w + 0.05 * first / np.linalg.norm(first)
    before = work.state.parameters.copy()
    work.state.memory[0][:] = 0.0
    work.advance(1)
    np.testing.assert_allclose(sam.state.parameters, w - (before - work.state.parameters), atol=1e-14)


@pytest.mark.parametrize("changes", [
    dict(flatness="sam"), dict(flatness="gam", radius=0.2), dict(layca=True, optimizer="sgd", lr=0.1),
    dict(norm="spectral", optimizer="sgd", momentum=0.95), dict(norm="sign", optimizer="sgd", lr=0.01)])
def test_experiments_learn_by_each(changes):
    run = train(Experiment(**SMALL | changes), progress=False)
    assert np.isfinite(run["train_loss"]).all() and run["train_loss"][-1] < 0.9 * run["train_loss"][0]


def test_layca_keeps_norms_and_biases():
    work = make(p=7, widths=(16,), biased=True)
    work.settings = work.settings._replace(turning=True)
    turned = Workspace(work.network, work.data, work.loss, work.optimizer, work.settings, "float32")
    turned.state.parameters[:] = work.state.parameters
    turned.advance(20)
    for (w, bias), (start, bias_start) in zip(tensors(turned), tensors(work)):
        assert np.linalg.norm(w) == pytest.approx(np.linalg.norm(start), rel=1e-6)
        np.testing.assert_array_equal(bias, bias_start)
        assert (w != start).any()


def test_words_and_digests_say_them():
    plain = Experiment(**SMALL)
    for changes, word in ((dict(norm="spectral"), "spectral"), (dict(layca=True), "Layca"),
                          (dict(flatness="gam"), "GAM 0.05")):
        other = plain.replace(**changes)
        assert word in str(other) and other.digest != plain.digest
        assert Experiment.from_dict(other.to_dict()) == other

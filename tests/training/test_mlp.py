"""Gradients of the networks: by differences, by NumPy, by Euler's identity; and whole runs recorded from PyTorch."""
import numba
import numpy as np
import pytest
from engine_setup import gradients, logits, make, numbers, row_losses, tensors

from toolkit.networks.activation import ACTIVATIONS
from toolkit.networks.plan import N_TRAIN

DEPTHS = {1: (), 2: (9,), 3: (9, 17), 4: (6, 5, 7)}
EXACT = dict(p=5, fraction=0.8, dtype="float64", loss_format="float64", form="complement", gain=2.0)


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are not worth two threads, least of all on a busy machine."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["cross_entropy", "stablemax", "mse"])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
def test_gradients_are_numpys_and_the_differences(depth, biased, loss, activation):
    work = make(**EXACT, widths=DEPTHS[depth], biased=biased, loss=loss, activation=activation)
    work.measure()
    slopes = work.arrays["grads"].copy()
    for (dw, db), (expected, expected_bias) in zip(tensors(work, "grads"), gradients(work, loss), strict=True):
        np.testing.assert_allclose(dw, expected, rtol=1e-11, atol=1e-14)
        if biased:
            np.testing.assert_allclose(db, expected_bias, rtol=1e-11, atol=1e-14)
    w = work.arrays["parameters"]
    real = np.flatnonzero(w)
    for i in real[np.random.default_rng(depth).integers(real.size, size=6)]:
        kept, ends = w[i], []
        for step in (1e-5, -1e-5):
            w[i] = kept + step
            ends.append(work.measure()["train_loss"])
        w[i] = kept
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slopes[i], rel=2e-6, abs=3e-9)
    assert not np.any(slopes[w == 0.0]), "padding"


@pytest.mark.parametrize(("activation", "widths", "degrees"), [
    ("relu", (11,), (1, 1)), ("relu", (11, 8), (1, 1, 1)), ("relu", (11, 8, 21), (1, 1, 1, 1)),
    ("identity", (11, 8), (1, 1, 1)), ("square", (11,), (2, 1)), ("square", (11, 8), (4, 2, 1))])
@pytest.mark.parametrize("loss", ["cross_entropy", "stablemax"])
def test_eulers_identity(activation, widths, degrees, loss):
    """Logits are homogeneous in each layer's weights: <W, dL/dW> = degree * mean_i sum_k z_k dL/dz_k."""
    work = make(**EXACT, widths=widths, activation=activation, loss=loss)
    work.advance(3)
    measured = work.measure()
    n = work.plan[N_TRAIN]
    z = logits(work)[:n]
    radial = np.sum(z * row_losses(z, work.data.labels[:n], loss)[1]) / n
    products = [np.vdot(w, dw) for (w, _), (dw, _) in zip(tensors(work), tensors(work, "grads"), strict=True)]
    np.testing.assert_allclose(products, np.array(degrees) * radial, rtol=1e-12)
    cosine = -sum(products) / (np.linalg.norm(numbers(work)) * np.linalg.norm(numbers(work, "grads")))
    assert measured["nlm_cosine"] == pytest.approx(cosine, rel=1e-12)


def test_scaling_pays_once_rows_are_right():
    """-<W, dL/dW> = mean(z_y - sum p_k z_k) > 0 when every row is right: naive loss minimization."""
    work = make(**EXACT, widths=(40,), activation="relu", lr=0.05)
    work.advance(60)
    measured = work.measure()
    assert measured["train_accuracy"] == 1.0 and measured["nlm_cosine"] > 0.2


def test_float32_gradients_are_near_float64():
    for activation in ACTIVATIONS:
        work = make(p=23, widths=(70, 33), activation=activation, biased=True, form="complement", gain=2.0)
        work.measure()
        for pair, expected in zip(tensors(work, "grads"), gradients(work, "cross_entropy"), strict=True):
            for one, other in zip(pair, expected, strict=True):
                assert np.linalg.norm(one - other) < 3e-6 * np.linalg.norm(other), activation


@pytest.mark.parametrize("gap", [40.0, 60.0, 80.0])
def test_float32_gradients_of_confident_rows_lose_no_digits(gap):
    """At a gap of 80 they are near the smallest normal number, 1e-38, and their products with weights below it."""
    work = make(p=7, widths=(40,), activation="relu", fraction=0.8, form="complement", loss_format="float64", lr=0.02)
    work.advance(300)
    tensors(work)[1][0][...] *= gap / work.measure()["gap_90"]
    assert work.measure()["gap_90"] == pytest.approx(gap, rel=1e-3)
    for (dw, _), (expected, _) in zip(tensors(work, "grads"), gradients(work, "cross_entropy"), strict=True):
        normal = np.abs(expected) > 2e-38
        assert normal.mean() > 0.5
        np.testing.assert_allclose(dw[normal], expected[normal], rtol=1e-2)
        assert np.median(np.abs(dw[normal] / expected[normal] - 1)) < 5e-5


def test_derivative_of_relu_at_0_is_0():
    work = make(**EXACT, widths=(9,), activation="relu")
    work.arrays["parameters"][:10 * 16] = 0.0  # all of layer 1: every z is exactly 0
    work.measure()
    assert not np.any(work.arrays["grads"])


# Losses before each of 20 steps, recorded with torch 2.13 on the CPU in float64, from the engine's initial weights:
#   net = nn.Sequential(nn.Linear(2 * p, n1), nn.ReLU() ...), each linear.weight = W.T; opt = OPTIMIZER(...)
#   for _ in range(20):
#       loss = F.cross_entropy(scale * net(one_hot), labels); opt.zero_grad(); loss.backward(); opt.step()
RUNS = {
    "adamw": dict(p=7, widths=(24, 18), activation="relu", lr=0.02, weight_decay=0.5),
    "adam biased gelu": dict(p=7, widths=(20,), activation="gelu", biased=True, optimizer="adam", lr=0.05,
                             beta2=0.999, eps=1e-8, weight_decay=0.01),
    "sgd momentum": dict(p=7, widths=(24,), activation="square", optimizer="sgd", lr=0.3, momentum=0.8, gain=2.0),
    "adamw tanh scaled": dict(p=7, widths=(16, 16, 16), activation="tanh", biased=True, lr=0.01, scale=3.0),
}
RECORDED = {
    "adamw": [
        1.95120077482, 1.93401158386, 1.91949673189, 1.90313481661, 1.88311905979, 1.85872515226,
        1.83010255501, 1.79617091724, 1.75797309216, 1.71654181615, 1.67245641927, 1.62516625384,
        1.57426557862, 1.51914714376, 1.46099984201, 1.39996555347, 1.33627218898, 1.2680333802,
        1.19631224478, 1.12222762145,
    ],
    "adam biased gelu": [
        1.95892065092, 1.91528995595, 1.88501318009, 1.861043979, 1.83883713062, 1.81205735158,
        1.77791053971, 1.73789594916, 1.6939169904, 1.64767822287, 1.60029210898, 1.55134776659,
        1.50293956226, 1.45733999298, 1.41150249804, 1.36294844275, 1.31163198853, 1.25603566979,
        1.1952777089, 1.13103322538,
    ],
    "sgd momentum": [
        1.99482280956, 1.97238364318, 1.93461532768, 1.88791153553, 1.83673170275, 1.78353828164,
        1.72929434997, 1.67402771335, 1.61725966, 1.55828126222, 1.49632111228, 1.43064761567,
        1.36063168456, 1.28578525281, 1.20579959866, 1.12063132067, 1.03068560821, 0.937059272595,
        0.841624934657, 0.746685791959,
    ],
    "adamw tanh scaled": [
        2.06675684616, 1.98887766269, 1.94080724198, 1.90414943826, 1.8762584173, 1.85431215264,
        1.83705436266, 1.82192295855, 1.80428962038, 1.78266680515, 1.75797533323, 1.73262887322,
        1.709201401, 1.68804527728, 1.66789872235, 1.64800000936, 1.62817977596, 1.60877181507,
        1.59066729013, 1.57393389894,
    ],
}


@pytest.mark.parametrize("name", RUNS)
def test_training_follows_pytorch(name):
    """In float64 to 10 digits over 20 steps; in float32, its loss in float64, to 4."""
    for dtype, tolerance in (("float64", 1e-10), ("float32", 1e-4)):
        work = make(**RUNS[name], fraction=0.8, dtype=dtype, loss_format="float64")
        losses = []
        for _ in range(20):
            losses.append(work.measure()["train_loss"])
            work.advance(1)
        np.testing.assert_allclose(losses, RECORDED[name], rtol=tolerance)

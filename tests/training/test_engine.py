"""Whole training runs: threads, pauses, measures against NumPy, and the behaviour that the method card found."""
import math

import numba
import numpy as np
import pytest
from engine_setup import gradients, logits, make, numbers, row_losses, tensors

from toolkit.collapse.kernels import ORDERS
from toolkit.formats import get_format
from toolkit.networks.plan import N_TRAIN, numbers_in
from toolkit.training.measures import MEASURES, quantile

pytestmark = pytest.mark.usefixtures("threads")

PAPER = dict(p=47, widths=(60, 60), activation="relu", fraction=0.5, lr=0.01)


def state(work):
    return {name: work.arrays[name].copy() for name in work.kept}


def assert_same_state(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


# ---- the same bits

@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only: nothing to compare")
@pytest.mark.parametrize("settings", [
    dict(), PAPER, PAPER | dict(perp=True, cautious=True, biased=True), dict(loss_format="float16"),
    dict(loss="stablemax", form="complement", loss_format="bfloat16"), dict(dtype="float64", loss_format="float64")])
def test_threads_change_no_bit(settings, threads):
    found = []
    for count in (1, 2):
        threads(count)
        work = make(**settings)
        work.advance(30)
        found.append((state(work), work.measure()))
    assert_same_state(found[0][0], found[1][0])
    for name in MEASURES:
        assert found[0][1][name] == found[1][1][name], name


def test_pauses_and_measures_change_no_bit():
    whole, parts = make(**PAPER), make(**PAPER)
    whole.advance(30)
    for count in (0, 1, 9, 20):
        parts.advance(count)
        parts.measure()
    assert_same_state(state(whole), state(parts))
    assert whole.steps_done == parts.steps_done == 30
    other = make(**PAPER, seed=1)
    other.advance(30)
    assert not np.any(numbers(other) == numbers(whole))


@pytest.mark.parametrize("settings", [
    dict(p=5, widths=(7, 3), activation="relu", biased=True, perp=True),
    dict(p=5, widths=(7,), optimizer="lion", weight_decay=1.0), dict(p=5, widths=(7,), cautious=True),
    dict(task="parity", p=12, widths=(20,), activation="tanh", biased=True, optimizer="sgd", momentum=0.9)])
def test_padding_stays_0(settings):
    work = make(**settings)
    names = ("parameters", "grads", "steps", *work.optimizer.memory)
    for name in names:
        for w, bias in tensors(work, name):
            w[...] = 0.0
            if bias is not None:
                bias[...] = 0.0
        assert not np.any(work.arrays[name]), "all but padding is cleared"
    work = make(**settings)
    work.advance(20)
    work.measure()
    for name in names:
        assert np.any(numbers(work, name))
        for w, bias in tensors(work, name):
            w[...] = 0.0
            if bias is not None:
                bias[...] = 0.0
        assert not np.any(work.arrays[name]), name


def test_numbers_leave_padding_out():
    work = make(p=5, widths=(7, 17), biased=True)
    shapes = [part.size for layer in tensors(work) for part in layer]
    assert [numbers_in(work.plan, t) for t in range(6)] == shapes == [70, 7, 7 * 17, 17, 85, 5]


# ---- one step against NumPy

@pytest.mark.parametrize("settings", [
    dict(optimizer="sgd", lr=0.5, weight_decay=0.1), dict(optimizer="sgd", lr=0.5, perp=True),
    dict(optimizer="adamw", weight_decay=2.0, perp=True), dict(optimizer="lion", weight_decay=1.0, lr=0.003),
    dict(optimizer="adamw", cautious=True), dict(optimizer="sgd", cautious=True, momentum=0.9, biased=True),
    dict(optimizer="adam", weight_decay=0.1, schedule="linear_decay", steps=8.0),
    dict(optimizer="sgd", perp=True, biased=True, schedule="warmup", warmup=4.0),
    dict(optimizer="sgd", penalty=0.02, lr=0.3)])
def test_steps_are_numpys(settings):
    """Five steps of each rule, wrapper and schedule in float64, tensor by tensor."""
    work = make(p=11, widths=(20, 13), activation="gelu", dtype="float64", loss_format="float64", gain=2.0, **settings)
    s = dict(lr=0.02, weight_decay=0.0, momentum=0.0, penalty=0.0, biased=False) | settings
    rule, memory = s["optimizer"], {}
    for t in range(5):
        expected = []
        found = gradients(work, "cross_entropy", s["penalty"])
        for i, (layer, slopes) in enumerate(zip(tensors(work), found, strict=True)):
            for j in range(2 if s["biased"] else 1):
                m, v = memory.setdefault((i, j), [0.0, 0.0])
                w, g = layer[j].copy(), slopes[j]
                if s.get("perp"):
                    rest = g - np.vdot(w, g) / np.vdot(w, w) * w
                    g = rest * np.linalg.norm(g) / np.linalg.norm(rest)
                slope = g + s["weight_decay"] * w if rule in ("sgd", "adam") else g
                if rule == "sgd":
                    u = m = s["momentum"] * m + slope
                elif rule == "lion":
                    u, m = np.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g
                else:
                    m, v = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope**2
                    u = m / (1 - 0.9 ** (t + 1)) / (np.sqrt(v / (1 - 0.99 ** (t + 1))) + 1e-25)
                if s.get("cautious"):
                    agree = u * g > 0
                    u = u * agree / max(agree.mean(), 1e-3)
                lr = s["lr"] * {"linear_decay": 1 - t / 8, "warmup": min(1, (t + 1) / 4)}.get(s.get("schedule"), 1)
                memory[i, j] = [m, v]
                expected.append((1 - lr * s["weight_decay"] * (rule in ("adamw", "lion"))) * w - lr * u)
        work.advance(1)
        got = [part for layer in tensors(work) for part in layer if part is not None]
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    assert work.steps_done == 5


def test_perp_grad_leaves_a_tensor_of_one_element_alone():
    """A bias of one unit, which padding makes look longer: its gradient is parallel to it and all rounding noise."""
    perp, plain = (make(p=5, widths=(1,), activation="tanh", biased=True, optimizer="sgd", lr=0.1, perp=flag)
                   for flag in (True, False))
    for work in (perp, plain):
        work.advance(1)
    assert tensors(perp)[0][1] == tensors(plain)[0][1]
    assert not np.any(tensors(perp)[0][0] == tensors(plain)[0][0])


# ---- measures

@pytest.mark.parametrize(("loss", "form"), [("cross_entropy", "common"), ("cross_entropy", "complement"),
                                            ("stablemax", "common"), ("stablemax", "complement"), ("mse", "common")])
@pytest.mark.parametrize("biased", [False, True])
def test_measures_are_numpys(loss, form, biased):
    """Everything that `measure` reports, from the weights alone, at the start and after some training."""
    work = make(p=13, widths=(30, 19), activation="relu", biased=biased, dtype="float64", loss_format="float64",
                loss=loss, form=form)
    for steps in (0, 40):
        work.advance(steps)
        measured, n = work.measure(), work.plan[N_TRAIN]
        z, y = logits(work), work.data.labels
        losses, _ = row_losses(z, y, loss)
        right = z[np.arange(y.size), y]
        others = z.copy()
        others[np.arange(y.size), y] = -np.inf
        gaps = right - others.max(axis=1)
        slopes = gradients(work, loss)
        flat = np.concatenate([p.ravel() for pair in slopes for p in (pair if biased else pair[:1])])
        weights = numbers(work)
        expected = {
            "train_loss": losses[:n].mean(), "test_loss": losses[n:].mean(), "train_accuracy": np.mean(gaps[:n] > 0),
            "test_accuracy": np.mean(gaps[n:] > 0), "collapsed": 0, "zero_loss": 0, "zero_label_gradient": 0,
            "zero_gradient": 0, "gap_10": np.quantile(gaps[:n], 0.1, method="inverted_cdf"),
            "gap_50": np.quantile(gaps[:n], 0.5, method="inverted_cdf"),
            "gap_90": np.quantile(gaps[:n], 0.9, method="inverted_cdf"), "largest_logit": np.abs(z[:n]).max(),
            "gradient_norm": np.linalg.norm(flat), "weight_norm": np.linalg.norm(weights),
            "nlm_cosine": -(weights @ flat) / np.linalg.norm(weights) / np.linalg.norm(flat),
            "step_rms": np.sqrt(np.mean(numbers(work, "steps") ** 2)),
        }
        for name, value in expected.items():
            assert measured[name] == pytest.approx(value, rel=1e-11, abs=1e-15), name
        row_sums = np.abs(row_losses(z[:n], y[:n], loss)[1].sum(axis=1)).mean()
        assert measured["row_sum"] == pytest.approx(row_sums, rel=1e-9, abs=1e-15)
        assert set(MEASURES) == {*expected, "row_sum"}
        norms = [np.linalg.norm(p) for layer in tensors(work) for p in layer if p is not None]
        np.testing.assert_allclose(measured["norms"], norms, rtol=1e-12)
        np.testing.assert_array_equal(np.sign(work.arrays["gaps"]), np.sign(gaps))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("fmt", ["float16", "bfloat16", "float32"])
def test_collapse_is_counted_as_published(fmt, order):
    """Share of training rows whose exponentials, max subtracted, sum to 1 in the loss's format."""
    work = make(p=11, widths=(40,), fraction=0.8, loss_format=fmt, order=order, lr=0.04)
    work.advance(60)
    for _ in range(4):
        work.advance(15)
        measured = work.measure()
        z = logits(work)[:work.plan[N_TRAIN]]
        z = z - z.max(axis=1, keepdims=True)
        margin = -np.log(np.sum(np.where(z < 0, np.exp(z), 0.0), axis=1))
        u = get_format(fmt).unit_roundoff
        # Logits are rounded before: a margin is off by their spacing, and by the order of the sum by ln(K - 1).
        near = 2 * u * np.abs(logits(work)).max() + 0.01
        surely, maybe = margin > -math.log(u) + math.log(10) + near, margin > -math.log(u) - 0.7 - near
        assert surely.mean() <= measured["collapsed"] <= maybe.mean()
        assert measured["zero_loss"] <= measured["collapsed"] + 1e-12
    assert measured["collapsed"] > 0.2


def test_test_rows_are_not_trained_on():
    one, other = make(**PAPER), make(**PAPER)
    n = other.plan[N_TRAIN]
    other.data.labels[n:] = 0
    other.data.inputs[2 * n:] = 0
    one.advance(5)
    other.advance(5)
    assert_same_state(state(one), state(other))


def test_quantiles_are_numpys_inverted_distribution():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 9, 10, 30, 101, 1000):
        for values in (rng.standard_normal(n), rng.integers(-3, 4, n).astype(float), np.zeros(n),
                       rng.standard_normal(n) * 1e-310, rng.standard_normal(n) * 1e300):
            for share in (0.1, 0.25, 0.5, 0.9, 1.0):
                assert quantile(values, share) == np.quantile(values, share, method="inverted_cdf"), (n, share)


def test_quantiles_of_infinite_gaps():
    inf = math.inf
    assert quantile(np.array([-inf, 1.0, 2.0, 3.0, 4.0]), 0.5) == 2.0
    assert quantile(np.array([-inf, -inf, -inf, 3.0]), 0.5) == -inf
    assert quantile(np.array([1.0, inf, inf, inf]), 0.5) == inf
    assert quantile(np.array([1.0, 2.0, 3.0, inf]), 0.5) == 2.0
    assert quantile(np.full(3, inf), 0.1) == inf


# ---- what the card found: p = 31, x^2, width 128, 672 rows, lr .02

def trained(steps, **settings):
    work = make(**settings)
    work.advance(steps)
    return work.measure()


def test_softmax_in_float32_collapses_and_never_generalizes():
    measured = trained(2500)
    assert measured["train_accuracy"] == 1.0
    assert measured["test_accuracy"] <= 0.40 and measured["collapsed"] >= 0.7
    assert measured["zero_loss"] >= 0.7 and abs(measured["nlm_cosine"]) < 0.4


def test_complement_form_in_float32_follows_float64():
    """The collapse belongs to the formula: the same accuracy to a point, and no loss of 0."""
    complement, double = trained(2500, form="complement"), trained(2500, loss_format="float64")
    assert abs(complement["test_accuracy"] - double["test_accuracy"]) <= 0.01
    assert complement["zero_loss"] == double["zero_loss"] == 0.0
    assert complement["collapsed"] > 0.9, "the metric looks at exponentials alone"
    assert complement["nlm_cosine"] > 0.5


def test_stablemax_generalizes():
    assert trained(2000, loss="stablemax", beta2=0.999)["test_accuracy"] >= 0.90


def test_weight_decay_generalizes_at_once():
    assert trained(100, weight_decay=2.0)["test_accuracy"] >= 0.98


def test_float16_freezes_to_the_last_bit():
    """Both deaths at once: every gradient is exactly 0, and once Adam's memory has faded no weight changes."""
    work = make(loss_format="float16", eps=1e-8, lr=0.04)
    work.advance(500)
    measured, before = work.measure(), numbers(work).copy()
    assert measured["collapsed"] == measured["zero_gradient"] == measured["zero_loss"] == 1.0
    assert measured["gradient_norm"] == 0.0 and measured["train_accuracy"] == 1.0 and measured["test_accuracy"] < 0.4
    work.advance(100)
    np.testing.assert_array_equal(numbers(work), before)


def test_perp_adamw_generalizes_within_20_steps():
    """Configuration D: width 512, lr .03."""
    assert trained(25, widths=(512,), lr=0.03, perp=True, beta2=0.999, eps=1e-8)["test_accuracy"] >= 0.98


def test_perp_sgd_in_float64_grows_squared_norms_by_the_squared_step():
    work = make(p=11, widths=(16, 16), activation="relu", dtype="float64", loss_format="float64", optimizer="sgd",
                perp=True, lr=0.3)
    for _ in range(10):
        before = work.measure()
        slopes = [np.linalg.norm(g) for g, _ in tensors(work, "grads")]
        work.advance(1)
        grown = work.measure()["norms"] ** 2 - before["norms"] ** 2
        np.testing.assert_allclose(grown, (0.3 * np.array(slopes)) ** 2, rtol=1e-8)

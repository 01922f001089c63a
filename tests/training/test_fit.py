"""Networks on given arrays, with any loss, activation and batch: gradients, repeatable runs, checkpoints, accuracy."""
import doctest
import importlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from toolkit import losses
from toolkit.training import Experiment, Run, fit, given, resume, train
from toolkit.training.models import build
from toolkit.training.registered import ACTIVATIONS_BY_KERNEL, LOSSES_BY_KERNEL
from toolkit.training.task_rows import with_wrong_labels

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 9)), np.concatenate([np.arange(4), RNG.integers(0, 4, 26)])
TINY = dict(widths=(7,), bias=True, training_precision="float64", loss_format="float64", initial="normal", steps=5)


def directional(experiment, rows, seed=0):
    """Slope of the training loss along a random direction, from the gradient and by differences."""
    work = build(experiment, rows)
    work.measure()
    w, g = work.state.parameters, work.work.grads.copy()
    along = np.random.default_rng(seed).standard_normal(w.size) * (w != 0)
    kept, ends = w.copy(), []
    for step in (1e-6, -1e-6):
        w[:] = kept + step * along
        ends.append(work.measure()["train_loss"])
    return along @ g, (ends[0] - ends[1]) / 2e-6


@pytest.mark.parametrize(("loss", "form"), [("focal_loss", "stable"), ("symmetric_cross_entropy", "common"),
                                            ("stablemax_cross_entropy", "naive")])
def test_gradients_of_the_registers_losses_are_the_differences(loss, form):
    rows = given(X, Y)
    found, expected = directional(Experiment(**TINY, **rows.description, loss=loss, form=form), rows)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_gradients_of_the_registers_activations_are_the_differences():
    rows = given(X, Y)
    found, expected = directional(Experiment(**TINY, **rows.description, activation="mish"), rows)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_loss_is_the_public_one():
    """Value and logits: what the engine measures is `toolkit.losses` of what the run answers."""
    run = fit(X[:20], Y[:20], X[20:], Y[20:], loss="focal_loss", loss_parameters=(1.5,), steps=20, **{
        name: TINY[name] for name in ("training_precision", "loss_format")})
    for part, name in ((slice(20), "train_loss"), (slice(20, None), "test_loss")):
        z = run.logits(X[part])
        assert run[name][-1] == pytest.approx(losses.focal_loss(z, Y[part], gamma=1.5), rel=1e-13)
    assert np.mean(run.logits(X[:20]).argmax(axis=1) == Y[:20]) == run["train_accuracy"][-1]


def test_every_loss_has_its_forms_and_activations_their_slopes():
    assert {loss for loss, _ in LOSSES_BY_KERNEL} >= {"cross_entropy", "comp_sum", "poly1_loss", "z_loss", "aldr_kl"}
    assert {"mish", "silu", "gelu_tanh"} <= set(ACTIVATIONS_BY_KERNEL)


def test_snapshots_are_runs_that_end_there_and_layers_are_those_of_numpy():
    arguments = dict(widths=(6, 5), activation="tanh", steps=8, log_every=4, lr=0.05, training_precision="float64")
    run = fit(X, Y, snapshots=True, **arguments)
    assert run.steps.tolist() == [0, 4, 8] and run.snapshots.shape == (3, run.state["parameters"].size)
    half = fit(X, Y, **arguments | {"steps": 4})
    assert half.snapshots is None and np.array_equal(half.activations(X, 2), run.activations(X, 2, at=1))
    h = X
    for layer in (1, 2, 3):
        h = h @ run.parameters[f"weights {layer}"] + run.parameters[f"bias {layer}"]
        h = np.tanh(h) if layer < 3 else h
        np.testing.assert_allclose(run.activations(X, layer), h, rtol=1e-12, atol=1e-13)
        assert np.array_equal(run.activations(X, layer), run.activations(X, layer, at=-1))
    assert np.array_equal(run.activations(X, 3), run.logits(X))
    with pytest.raises(ValueError, match="at is given, and this run has no snapshots"):
        half.activations(X, 1, at=0)
    with pytest.raises(ValueError, match="layer is 4; allowed: an integer from 1 to 3"):
        run.activations(X, 4)
    with pytest.raises(ValueError, match="at is 3; allowed: an integer from -3 to 2"):
        run.activations(X, 1, at=3)
    with pytest.raises(ValueError, match="snapshots is True; allowed with a checkpoint: False"):
        train(Experiment(p=5, widths=(2,), steps=1), snapshots=True, checkpoint="x.npz")


def test_batches_are_repeatable_and_go_on_after_a_break(tmp_path):
    x, y = load_digits(return_X_y=True)
    rows = given(x[:200] / 16, y[:200], x[200:] / 16, y[200:])
    experiment = Experiment(**rows.description, widths=(32,), bias=True, optimizer="adam", beta2=0.999, eps=1e-8,
                            initial="normal", batch=64, steps=40, log_every=20, log_early=False)
    whole = train(experiment, rows=rows, progress=False)
    checkpoint = tmp_path / "run.npz"
    part = train(experiment, rows=rows, progress=False, checkpoint=checkpoint, callback=lambda step, _: step >= 20)
    assert part.steps_done == 20 and Run.load(checkpoint).experiment == experiment
    again = resume(checkpoint, rows=rows, progress=False)
    assert all(np.array_equal(again.state[name], whole.state[name]) for name in whole.state)
    full = train(experiment.replace(batch=0), rows=rows, progress=False)
    assert not np.array_equal(full.state["parameters"], whole.state["parameters"])
    assert whole["train_accuracy"][-1] > 0.9


def test_an_epoch_takes_each_row_once():
    rows = given(X, Y)
    work = build(Experiment(**TINY, **rows.description, batch=10), rows)
    seen = []
    for _ in range(3):
        work.advance(1)
        seen.append(work.batch.data.inputs.copy())
    assert {tuple(row) for row in np.concatenate(seen)} == {tuple(row) for row in X}
    work.advance(1)
    assert not np.array_equal(work.batch.data.inputs, seen[0]), "another epoch, another order"


def test_training_is_repeatable_and_learns():
    x, y = load_digits(return_X_y=True)
    first, again = (fit(x[:200] / 16, y[:200], steps=60, widths=(32,)).logits(x / 16) for _ in range(2))
    assert np.array_equal(first, again) and first.dtype == np.float32
    right = first.argmax(axis=1) == y
    assert right[:200].mean() > 0.97 and right[200:].mean() > 0.8
    other = fit(x[:200] / 16, y[:200], steps=60, widths=(32,), seed=1).logits(x / 16)
    assert not np.array_equal(first, other)


def test_digits_are_a_task():
    run = train(Experiment(task="digits", widths=(32,), bias=True, optimizer="adam", initial="normal", steps=40,
                           log_every=40), progress=False)
    assert run["test_accuracy"][-1] > 0.85 and str(run.experiment).startswith("handwritten digits, 40% for training")
    assert run.parameters["weights 1"].shape == (64, 32)


def test_wrong_labels():
    labels = np.repeat(np.arange(10), 1000)
    told = labels.copy()
    with_wrong_labels(0.4, 10, 0, np.zeros(1, np.uint64), told)
    assert (told != labels).mean() == pytest.approx(0.36, abs=0.02)
    assert np.bincount(told[told != labels], minlength=10).min() > 250


def test_noise_is_learned_by_heart_or_not():
    """What the chapter says, with room for another machine: the generalized loss is far above cross-entropy."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(y))
    x, y = x[order] / 16, y[order]
    told = y[:900].copy()
    with_wrong_labels(0.4, 10, 0, np.zeros(1, np.uint64), told)
    right = {tau: (fit(x[:900], told, loss="comp_sum", loss_parameters=(tau,)).logits(x[900:]).argmax(axis=1)
                   == y[900:]).mean() for tau in (1.0, 1.7)}
    assert right[1.0] < 0.7 and right[1.7] > 0.84


def test_wrong_arguments():
    with pytest.raises(ValueError, match="loss is 'hinge'; allowed: 'cross_entropy'"):
        fit(np.zeros((2, 64)), [0, 1], loss="hinge")
    with pytest.raises(ValueError, match=r"inputs has shape \(2,\) and labels \(2,\)"):
        fit(np.zeros(2), [0, 1])
    with pytest.raises(ValueError, match="labels has float64 from 0.0 on"):
        given(np.zeros((2, 3)), [0.0, 1.0])
    with pytest.raises(ValueError, match="test_inputs has rows of 2; allowed: 3"):
        given(np.zeros((2, 3)), [0, 1], np.zeros((1, 2)), [0])
    with pytest.raises(ValueError, match="the rows with this digest for 'arrays'"):
        train(Experiment(**given(X, Y).description), progress=False)
    with pytest.raises(ValueError, match=r"inputs has shape \(1, 3\); allowed: \(n, 9\)"):
        fit(X, Y, steps=1).logits(np.zeros((1, 3)))


def test_examples_in_docstrings():
    module = importlib.import_module("toolkit.training.fitting")
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed

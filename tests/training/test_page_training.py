"""Whole experiments from within kernels, as pages run them: the bits of `train`, and what their pictures show."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from wasm_runner import WasmRunner

from toolkit._core.kernel import kernel
from toolkit.formats import FLOAT32
from toolkit.grokking import page
from toolkit.live.wasm import build_module
from toolkit.losses.kernels import comp_sum_stable
from toolkit.networks.activation import ACTIVATIONS
from toolkit.training import Experiment, given, train
from toolkit.training import kernels as engine

SQUARE, RELU, FORMAT = ACTIVATIONS["square"], ACTIVATIONS["relu"], FLOAT32.code
NUMBERS, CLASSES, HIDDEN, SEEN, ALL = 12, 5, 20, 40, 60


def zeros(sizes):
    """[integers, doubles, floats], random"""
    types = {"i32": np.int32, "f64": np.float64, "f32": np.float32, "u64": np.uint64}
    arrays = {name: np.zeros(size, types[kind]) for name, (kind, size) in sizes.items()}
    return [arrays[name] for name in ("integers", "doubles", "floats")], arrays["random"]


@kernel
def go_on(count, integers, doubles, floats):
    run = page.taken(integers, doubles, floats)
    return page.train_addition(count, True, run, 0, FORMAT, page.adamw(0.02, 0.5, 0.9, 0.99, 1e-25, False))


@kernel
def look(integers, doubles, floats, units, cells, power):
    run = page.taken(integers, doubles, floats)
    page.correct_cells(run, cells)
    page.embedding_spectrum(run, units, power)
    return page.steps_taken(run)


def pocket(p, width, steps, largest=(None, None), fraction=0.75, seed=3):
    """Arrays of a run after `steps` steps, and its measures."""
    state, random = zeros(page.addition_sizes(largest[0] or p, largest[1] or width))
    page.start_addition(p, width, fraction, SQUARE, seed, *state, random)
    return state, go_on(steps, *state)._asdict()


@pytest.mark.parametrize("largest", [(None, None), (15, 70)])
def test_it_is_the_same_run_as_train(largest):
    """Also in arrays that have room for a larger one."""
    state, measures = pocket(12, 20, 40, largest)
    run = train(Experiment(p=12, widths=(20,), activation="square", train_fraction=0.75, seed=3, lr=0.02,
                           weight_decay=0.5, steps=40), progress=False)
    ours = run.state["parameters"]
    np.testing.assert_array_equal(state[2][:ours.size], ours)
    assert {name: run[name][-1] for name in measures} == measures
    cells, power = np.full(144, -1.0), np.zeros(20 * 7)
    assert look(*state, 20, cells, power) == 40
    seen = cells[cells < 2]
    assert seen.size == 108 and np.mean(seen == 1) == measures["train_accuracy"]
    assert np.mean(cells[cells >= 2] == 3) == measures["test_accuracy"]


@pytest.mark.parametrize("p, units", [(12, 20), (7, 32)])
def test_the_spectrum_is_a_fourier_transform(p, units):
    state, _ = pocket(p, 20, 5)
    power = np.full(units * (p // 2 + 1), 7.0)
    look(*state, units, np.zeros(p * p), power)
    run = train(Experiment(p=p, widths=(20,), activation="square", train_fraction=0.75, seed=3, lr=0.02,
                           weight_decay=0.5, steps=5), progress=False)
    energy = np.abs(np.fft.fft(run.parameters["weights 1"][:p].astype(float), axis=0))**2
    folded = energy[:p // 2 + 1].copy()
    folded[1:(p + 1) // 2] += energy[:p // 2:-1]
    expected = np.zeros((p // 2 + 1, units))
    expected[:, :20] = folded / folded.sum(axis=0)
    np.testing.assert_allclose(power.reshape(p // 2 + 1, units), expected, rtol=1e-9, atol=1e-12)


# ---- a loss of the register on rows of numbers

@kernel
def learn(count, tau, x, labels, integers, doubles, floats, random, out):
    engine.set_plan(SEEN, ALL, 0, (NUMBERS, HIDDEN, CLASSES), True, RELU, integers)
    run = engine.taken_dense(integers, doubles, floats)
    for i in range(ALL):
        run.data.labels[i] = labels[i]
        for k in range(NUMBERS):
            run.data.inputs[i, k] = x[i * NUMBERS + k]
    engine.empty(run)
    engine.fill_normal_weights(run.plan, run.state.parameters, 1, 1.0, random)
    loss = engine.Loss(comp_sum_stable, (tau,), engine.native32, engine.loss_settings(0, 0, FORMAT))
    measured = engine.train(count, True, run, loss, engine.adam_rule,
                            engine.adam_settings(0.01, 0.0, 0.9, 0.999, 1e-8, False, False))
    for i in range(len(measured)):
        out[i] = measured[i]


def test_a_loss_of_the_register_in_a_page():
    """The same bits in WebAssembly, natively from a kernel, and by `train`."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((ALL, NUMBERS)).astype(np.float32), rng.integers(0, CLASSES, ALL).astype(np.int32)
    y[:CLASSES] = range(CLASSES)
    sizes = engine.pocket_sizes(rows=ALL, inputs=NUMBERS, widths=(HIDDEN,), classes=CLASSES, biased=True)
    rows = given(x[:SEEN], y[:SEEN], x[SEEN:], y[SEEN:])
    run = train(Experiment(**rows.description, widths=(HIDDEN,), bias=True, initial="normal", loss="comp_sum",
                           form="stable", loss_parameters=(1.7,), optimizer="adam", beta2=0.999, eps=1e-8, seed=1,
                           steps=30, log_every=30), rows=rows, progress=False)
    expected = [run[name][-1] for name in run.measures]
    types = ["i32", "f64", "f32[]", "i32[]", "i32[]", "f64[]", "f32[]", "u64[]", "f64[]"]
    with WasmRunner(build_module([("learn", learn, types)])) as runner:
        for call in (learn, lambda *arguments: runner("learn", *arguments)):
            state, random = zeros(sizes)
            out = np.zeros(len(expected))
            call(30, 1.7, x.ravel(), y, *state, random, out)
            np.testing.assert_array_equal(out, expected)

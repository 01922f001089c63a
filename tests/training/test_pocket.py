"""Whole experiments from within kernels, as pages run them: the bits of `train`, and what their pictures show."""
import numpy as np
import pytest

from toolkit.formats import FLOAT32
from toolkit.training import Experiment, kernels as grok, train

SQUARE, LANES, ADAMW = 1, 3, 2


def pocket(p, width, steps, fraction=0.75, seed=3):
    """Arrays of a run after `steps` steps, and its measures."""
    arrays = {name: np.zeros(size, {"i32": np.int32, "f64": np.float64, "f32": np.float32, "u64": np.uint64}[kind])
              for name, (kind, size) in grok.pocket_sizes(p, width).items()}
    state = [arrays[name] for name in ("integers", "doubles", "floats")]
    grok.start_modular_addition(p, width, fraction, SQUARE, seed, *state, arrays["random"])
    grok.choose(0, 0, LANES, FLOAT32.code, ADAMW, 0, arrays["integers"])
    grok.set_rates(0.02, 0.5, 0.9, 0.99, 1e-25, 0.0, arrays["doubles"])
    measures = np.zeros(len(grok.MEASURES))
    grok.train_and_measure(steps, True, *state, measures)
    return state, dict(zip(grok.MEASURES, measures))


@pytest.fixture(scope="module")
def trained():
    return pocket(12, 20, 40)


def test_it_is_the_same_run_as_train(trained):
    (_, doubles, floats), measures = trained
    run = train(Experiment(p=12, widths=(20,), activation="square", train_fraction=0.75, seed=3, lr=0.02,
                           weight_decay=0.5, steps=40), progress=False)
    ours = run.state["parameters"]
    np.testing.assert_array_equal(floats[:ours.size], ours)
    assert {name: run[name][-1] for name in measures} == measures
    assert grok.steps_taken(doubles) == 40


def test_the_table_agrees_with_the_accuracies(trained):
    (integers, doubles, _), measures = trained
    cells = np.full(12 * 12, -1.0)
    grok.correct_cells(integers, doubles, cells)
    seen = cells[cells < 2]
    assert seen.size == 108 and np.mean(seen == 1) == measures["train_accuracy"]
    assert np.mean(cells[cells >= 2] == 3) == measures["test_accuracy"]


@pytest.mark.parametrize("p, units", [(12, 20), (7, 32)])
def test_the_spectrum_is_a_fourier_transform(p, units):
    state, _ = pocket(p, 20, 5)
    power = np.full(units * (p // 2 + 1), 7.0)
    grok.embedding_spectrum(*state, units, power)
    run = train(Experiment(p=p, widths=(20,), activation="square", train_fraction=0.75, seed=3, lr=0.02,
                           weight_decay=0.5, steps=5), progress=False)
    energy = np.abs(np.fft.fft(run.parameters["weights 1"][:p].astype(float), axis=0))**2
    folded = energy[:p // 2 + 1].copy()
    folded[1:(p + 1) // 2] += energy[:p // 2:-1]
    expected = np.zeros((p // 2 + 1, units))
    expected[:, :20] = folded / folded.sum(axis=0)
    np.testing.assert_allclose(power.reshape(p // 2 + 1, units), expected, rtol=1e-9, atol=1e-12)

"""The engine in WebAssembly: the same bits as natively after whole training runs, and the same measures."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from engine_setup import make, tensors
from wasm_runner import WasmRunner

from toolkit._core.kernel import kernel
from toolkit.live.wasm import build_module
from toolkit.optimizers import OPTIMIZERS, Settings, adam_rule, lion_rule, sgd_rule
from toolkit.training.engine import advance, gradient_in_turn
from toolkit.training.loss import Loss, LossSettings, any_mode
from toolkit.training.measures import MEASURES
from toolkit.training.state import Data, State, Work

SHORT = {"float32": "f32", "float64": "f64", "int32": "i32"}
STEPS = 30


@kernel
def loss_of(w, x):
    return Loss(None, (0.0,), any_mode, LossSettings(which=w[0], order=w[1], code=w[2], scale=x[0], penalty=x[1]))


@kernel
def settings_of(x):
    return Settings(lr=x[0], weight_decay=x[1], beta1=x[2], beta2=x[3], eps=x[4], momentum=x[5], schedule=int(x[6]),
                    warmup=x[7], steps=x[8], decoupled=x[9] > 0.0, perp=x[10] > 0.0, cautious=x[11] > 0.0,
                    norm=0, turning=False)


@kernel
def train_by(rule, count, plan, data, state, work, whole, real, settings, out):
    measured = advance(gradient_in_turn, count, True, plan, None, None, None, None, data, None, state,
                       work, loss_of(whole, real), rule, settings_of(settings), None)
    for i in range(len(measured)):
        out[i] = measured[i]


# What a page passes is flat arrays by name: its kernel makes tuples of them.

@kernel
def train_sgd(count, plan, inputs, labels, parameters, first, clock, tensors, numbers, grads, steps, turned, sums,
              blocks, row32, row64, tallies, gaps, norms, whole, real, settings, out):
    work = Work(tensors, numbers, grads, steps, turned, sums, blocks, row32, row64, tallies, gaps, norms, None, None,
                None)
    state = State(parameters, (first,), clock)
    train_by(sgd_rule, count, plan, Data(inputs, labels), state, work, whole, real, settings, out)


@kernel
def train_lion(count, plan, inputs, labels, parameters, first, clock, tensors, numbers, grads, steps, turned, sums,
               blocks, row32, row64, tallies, gaps, norms, whole, real, settings, out):
    work = Work(tensors, numbers, grads, steps, turned, sums, blocks, row32, row64, tallies, gaps, norms, None, None,
                None)
    state = State(parameters, (first,), clock)
    train_by(lion_rule, count, plan, Data(inputs, labels), state, work, whole, real, settings, out)


@kernel
def train_adam(count, plan, inputs, labels, parameters, first, second, clock, tensors, numbers, grads, steps, turned,
               sums, blocks, row32, row64, tallies, gaps, norms, whole, real, settings, out):
    work = Work(tensors, numbers, grads, steps, turned, sums, blocks, row32, row64, tallies, gaps, norms, None, None,
                None)
    state = State(parameters, (first, second), clock)
    train_by(adam_rule, count, plan, Data(inputs, labels), state, work, whole, real, settings, out)


ENTRIES = {"sgd": train_sgd, "adam": train_adam, "lion": train_lion}


def arguments(work):
    """What an entry takes behind the count."""
    s = work.loss.settings
    return [work.plan, *work.data, *work.arrays.values(), np.array([s.which, s.order, s.code], np.int32),
            np.array([s.scale, s.penalty]), np.array(work.settings, np.float64), np.zeros(len(MEASURES))]


@pytest.fixture(scope="module")
def run():
    """Take `STEPS` steps of a workspace by its entry."""
    entries = [(name, entry, ["i32", *(f"{SHORT[array.dtype.name]}[]" for array in arguments(make(optimizer=name)))])
               for name, entry in ENTRIES.items()]
    with WasmRunner(build_module(entries)) as runner:
        yield lambda work, passed: runner({row.rule: name for name, row in OPTIMIZERS.items() if name in ENTRIES}[
            work.optimizer.rule], STEPS, *passed)


SETTINGS = {
    "relu": dict(p=23, widths=(40, 33), activation="relu", lr=0.01),
    "square": dict(),
    "square, wide steps": dict(lr=0.04),
    "gelu with biases": dict(p=13, widths=(30,), activation="gelu", biased=True),
    "tanh, deep": dict(p=11, widths=(9, 17, 8), activation="tanh", biased=True, form="complement"),
    "identity": dict(p=11, widths=(20,), activation="identity", loss="mse"),
    "complement": dict(form="complement"),
    "stablemax": dict(p=19, loss="stablemax", beta2=0.999),
    "stablemax complement in bfloat16": dict(p=19, loss="stablemax", form="complement", loss_format="bfloat16"),
    "loss in float16": dict(loss_format="float16"),
    "loss in float16, complement": dict(loss_format="float16", form="complement", order="sequential"),
    "loss in bfloat16": dict(loss_format="bfloat16", order="pairwise"),
    "loss in float64": dict(loss_format="float64"),
    "exact sums": dict(order="exact"),
    "exact sums in float16": dict(p=13, order="exact", loss_format="float16"),
    "perp": dict(perp=True, eps=1e-8, beta2=0.999),
    "perp relu sgd": dict(p=23, widths=(40, 33), activation="relu", optimizer="sgd", perp=True, momentum=0.8, lr=0.5),
    "weight decay": dict(weight_decay=2.0),
    "adam, cautious": dict(optimizer="adam", cautious=True, weight_decay=0.01),
    "lion, warm-up": dict(p=13, optimizer="lion", lr=0.001, schedule="warmup_linear_decay", warmup=5, steps=25),
    "temperature and penalty": dict(p=13, scale=0.5, penalty=0.01, schedule="linear_decay", steps=20),
    "parity": dict(task="parity", p=14, widths=(20, 20), activation="relu", biased=True, loss="stablemax"),
}


def assert_same_bits(one, other, name):
    kind = {4: np.uint32, 8: np.uint64}[one.itemsize]
    same = (one.view(kind) == other.view(kind)) | (np.isnan(one) & np.isnan(other))
    assert np.all(same), f"{name}: {np.count_nonzero(~same)} of {same.size} differ"


@pytest.mark.parametrize("name", SETTINGS)
def test_training_in_webassembly_is_bit_identical(run, name):
    native, wasm = make(**SETTINGS[name]), make(**SETTINGS[name])
    native.advance(STEPS)
    passed = arguments(wasm)
    run(wasm, passed)
    measured = native.measure()
    for array in (*native.kept, "grads", "steps", "gaps"):
        assert_same_bits(native.arrays[array], wasm.arrays[array], array)
    assert_same_bits(np.array([measured[key] for key in MEASURES]), passed[-1], "measures")
    assert_same_bits(measured["norms"], wasm.arrays["norms"], "norms")
    assert np.any(native.arrays["parameters"] != make(**SETTINGS[name]).arrays["parameters"])


def test_a_divergent_run_is_not_a_number_in_both(run):
    native, wasm = (make(p=11, widths=(20,), optimizer="sgd", lr=1e6) for _ in range(2))
    native.advance(STEPS)
    measured, passed = native.measure(), arguments(wasm)
    run(wasm, passed)
    assert_same_bits(native.arrays["parameters"], wasm.arrays["parameters"], "parameters")
    assert_same_bits(np.array([measured[key] for key in MEASURES]), passed[-1], "measures")
    assert np.isnan(measured["train_loss"]) and measured["train_accuracy"] == measured["collapsed"] == 0.0
    assert np.isnan(tensors(native)[1][0]).any()

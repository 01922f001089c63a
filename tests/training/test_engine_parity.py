"""The engine in WebAssembly: the same bits as natively after whole training runs, and the same measures."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from engine_setup import make, tensors  # noqa: E402
from wasm_runner import WasmRunner  # noqa: E402

from toolkit._core.kernel import kernel  # noqa: E402
from toolkit.training.engine import MEASURES, advance  # noqa: E402
from toolkit.training.workspace import STATE  # noqa: E402
from toolkit.live.wasm import build_module  # noqa: E402

SHORT = {"float32": "f32", "float64": "f64", "int32": "i32"}
STEPS = 30

# Arguments of `advance` behind the plan, as `Workspace` passes them; those of a workspace's arrays by name.
ARGUMENTS = ("tensors", "parameters", "first", "second", "grads", "steps", None, None, None, None, "clock", "turned",
             "sums", "blocks", "places", "row32", "row64", "tallies", "gaps")


@kernel
def train(count, measuring, plan, tensors, parameters, first, second, grads, steps, inputs, labels, choices, rates,
          clock, turned, sums, blocks, places, row32, row64, tallies, gaps, out, norms):
    advance(count, measuring, plan, tensors, parameters, first, second, grads, steps, inputs, labels, choices, rates,
            clock, turned, sums, blocks, places, row32, row64, tallies, gaps, out, norms)


def arguments(work):
    data = iter((work.inputs, work.labels, work.choices, work.rates))
    return [work.plan, *(next(data) if name is None else work.arrays[name] for name in ARGUMENTS),
            np.zeros(len(MEASURES)), np.zeros(work.arrays["tensors"].size - 1)]


@pytest.fixture(scope="module")
def run():
    types = [f"{SHORT[array.dtype.name]}[]" for array in arguments(make())]
    with WasmRunner(build_module([("train", train, ["i32", "i32", *types])])) as runner:
        yield runner


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
    run("train", STEPS, 1, *passed)
    measured = native.measure()
    for array in (*STATE, "grads", "steps", "gaps"):
        assert_same_bits(native.arrays[array], wasm.arrays[array], array)
    assert_same_bits(np.array([measured[key] for key in MEASURES]), passed[-2], "measures")
    assert_same_bits(measured["norms"], passed[-1], "norms")
    assert np.any(native.arrays["parameters"] != make(**SETTINGS[name]).arrays["parameters"])


def test_a_divergent_run_is_not_a_number_in_both(run):
    native, wasm = (make(p=11, widths=(20,), optimizer="sgd", lr=1e6) for _ in range(2))
    native.advance(STEPS)
    measured, passed = native.measure(), arguments(wasm)
    run("train", STEPS, 1, *passed)
    assert_same_bits(native.arrays["parameters"], wasm.arrays["parameters"], "parameters")
    assert_same_bits(np.array([measured[key] for key in MEASURES]), passed[-2], "measures")
    assert np.isnan(measured["train_loss"]) and measured["train_accuracy"] == measured["collapsed"] == 0.0
    assert np.isnan(tensors(native)[1][0]).any()

"""Experiments check themselves, survive JSON, and name the rows that they train on."""
import dataclasses
import json
import re

import numpy as np
import pytest

from toolkit.formats import FLOAT8_E4M3FN, Format
from toolkit.grokking import PRESETS, get_preset
from toolkit.training import Experiment, rows_of
from toolkit.training.loss import emulated, lanes32, native32, native64
from toolkit.training.models import build, loss_of, tensor_names, tensors_of

SMALL = Experiment(p=11, widths=(8,), train_fraction=0.7, steps=20)


# --- arguments -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, message", [
    ({"task": "power"}, "task is 'power'; allowed: 'add', 'subtract'"),
    ({"model": "lstm"}, "model is 'lstm'; allowed: 'mlp'"),
    ({"activation": "swish"}, "activation is 'swish'"),
    ({"loss": "hinge"}, "loss is 'hinge'"),
    ({"form": "log"}, "form is 'log'; allowed: 'common', 'complement', 'naive', 'stable'"),
    ({"loss": "stablemax", "form": "naive"}, "form is 'naive'; allowed for 'stablemax': 'common', 'complement'"),
    ({"loss": "focal_loss", "form": "complement"}, "form is 'complement'; allowed for 'focal_loss': "),
    ({"loss": "focal_loss", "loss_parameters": (1, 2)},
     r"loss_parameters is \(1.0, 2.0\); allowed for 'focal_loss': 1 num"),
    ({"loss": "smoothed_cross_entropy"},
     "loss_parameters is None; allowed for 'smoothed_cross_entropy': 1 numbers, amount"),
    ({"loss_parameters": (1.0,)}, "allowed for 'cross_entropy': none"),
    ({"batch": 5108}, "batch is 5108; allowed: at most"),
    ({"initial": "zero"}, "initial is 'zero'"), ({"task": "arrays"}, "task is 'arrays', data '' and sizes"),
    ({"model": "transformer", "widths": (8, 8), "bias": True, "initial": "normal"}, "initial is 'normal'; allowed for"),
    ({"loss_format": "half"}, "loss_format is 'half'"),
    ({"loss_format": Format("mine", 4, 3, finite_only=True)}, "loss_format is 'mine'"),
    ({"summation": "random"}, "summation is 'random'; allowed: 'sequential'"),
    ({"training_precision": "float16"}, "training_precision is 'float16'; allowed: 'float32', 'float64'"),
    ({"optimizer": "adagrad"}, "optimizer is 'adagrad'"),
    ({"schedule": "cosine"}, "schedule is 'cosine'"),
    ({"p": 1}, "p is 1; allowed: 2 to"),
    ({"p": 12, "task": "divide"}, "p is 12; allowed for division: a prime"),
    ({"p": 25, "task": "divide"}, "p is 25; allowed for division: a prime"),
    ({"relevant": 5, "bits": 4, "task": "parity"}, "relevant is 5; allowed: at most bits, 4"),
    ({"bits": 5, "samples": 17, "task": "parity"}, "samples is 17; allowed with 5 bits"),
    ({"train_fraction": 0.0}, "train_fraction is 0.0; allowed: above 0 and below 1"),
    ({"train_fraction": 1.0}, "train_fraction is 1.0"),
    ({"train_fraction": float("nan")}, "train_fraction is nan"),
    ({"widths": ()}, r"widths is \(\); allowed: 1 to 16"),
    ({"widths": (8, 0)}, "each of widths is 0; allowed: 1 to"),
    ({"gain": 0.0}, "gain is 0.0"),
    ({"seed": -1}, "seed is -1"),
    ({"temperature": 0}, "temperature is 0.0; allowed: above 0 and finite"),
    ({"logit_penalty": -1e-3}, "logit_penalty is -0.001; allowed: at least 0"),
    ({"lr": 0.0}, "lr is 0.0; allowed: above 0"),
    ({"lr": float("inf")}, "lr is inf"),
    ({"weight_decay": -1}, "weight_decay is -1.0"),
    ({"lr": 0.1, "weight_decay": 10}, r"lr \* weight_decay is 1; allowed: below 1"),
    ({"beta1": 1.0}, "beta1 is 1.0; allowed: at least 0 and below 1"),
    ({"beta2": 1.5}, "beta2 is 1.5"),
    ({"eps": 0.0}, "eps is 0.0; allowed: above 0"),
    ({"eps": 1e-50}, "eps is 1e-50, which is 0 in float32"),
    ({"momentum": 1}, "momentum is 1.0"),
    ({"warmup": 20, "steps": 20, "schedule": "warmup_linear_decay"}, "warmup is 20; allowed: below steps, 20"),
    ({"steps": 0}, "steps is 0"),
    ({"log_every": 0}, "log_every is 0"),
])
def test_what_cannot_work_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Experiment(**arguments)


@pytest.mark.parametrize("arguments, message", [
    ({"p": 7.0}, "p is 7.0; allowed: an integer"), ({"seed": True}, "seed is True; allowed: an integer"),
    ({"lr": "0.1"}, "lr is '0.1'; allowed: a number"), ({"lr": False}, "lr is False"),
    ({"bias": 1}, "bias is 1; allowed: True, False"), ({"perp_grad": "yes"}, "perp_grad is 'yes'"),
    ({"widths": 200}, "widths is 200; allowed: a tuple"), ({"widths": "200"}, "widths is '200'"),
])
def test_wrong_types_are_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        Experiment(**arguments)


def test_values_are_brought_into_one_form():
    e = Experiment(p=np.int64(7), lr=np.float32(0.5), widths=[np.int32(4), 5], temperature=2)
    assert (type(e.p), type(e.lr), e.widths, e.temperature) == (int, float, (4, 5), 2.0)
    for spec, name in ((np.float16, "float16"), ((8, 7), "bfloat16"), ("e6m9", "e6m9"), ((6, 9), "e6m9"),
                       (FLOAT8_E4M3FN, "float8_e4m3fn"), (Format("mine", 6, 9), "e6m9")):
        assert Experiment(loss_format=spec).loss_format == name
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.p = 5


def test_eps_that_float64_can_hold():
    assert Experiment(eps=1e-50, training_precision="float64").eps == 1e-50


@pytest.mark.parametrize("experiment", [*PRESETS.values(), SMALL], ids=[*PRESETS, "small"])
def test_json_gives_back_the_same(experiment):
    again = Experiment.from_dict(json.loads(json.dumps(experiment.to_dict())))
    assert again == experiment and again.digest == experiment.digest and hash(again) == hash(experiment)


def test_foreign_dictionaries_are_refused():
    with pytest.raises(ValueError, match="version is None; allowed: 1"):
        Experiment.from_dict({"p": 7})
    with pytest.raises(ValueError, match="unknown argument 'modulus'; allowed: task, p"):
        Experiment.from_dict({"version": 1, "modulus": 7})
    with pytest.raises(ValueError, match="unknown argument 'modulus'"):
        SMALL.replace(modulus=7)
    assert Experiment.from_dict({"version": 1, "p": 7}) == Experiment(p=7)


def test_each_argument_is_in_the_digest():
    other = {"task": "multiply", "p": 7, "relevant": 2, "bits": 9, "samples": 100, "train_fraction": 0.5,
             "widths": (4,), "activation": "gelu", "bias": True, "gain": 2.0, "seed": 1, "loss": "mse",
             "form": "complement", "loss_format": "float16", "summation": "exact", "training_precision": "float64",
             "temperature": 2.0, "logit_penalty": 1e-3, "optimizer": "sgd", "perp_grad": True, "cautious": True,
             "lr": 0.5, "weight_decay": 0.1, "beta1": 0.5, "beta2": 0.5, "eps": 1e-8, "momentum": 0.5,
             "schedule": "warmup", "warmup": 3, "steps": 5, "log_every": 3, "log_early": False, "batch": 10,
             "initial": "normal"}
    digests = {Experiment(**{name: value}).digest for name, value in other.items()}
    assert len(digests | {Experiment().digest}) == len(other) + 1
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in digests)


def test_experiments_in_words():
    assert str(get_preset("figure6-perpgrad-adamw")) == (
        "a + b mod 113, 40% for training, 200-200 relu; softmax in float32; ⟂AdamW, lr 0.005; 500 steps, seed 42")
    parity = Experiment(task="parity", loss="stablemax", form="complement", cautious=True, weight_decay=2, lr=0.02)
    assert str(parity).startswith("parity of 3 of 43 bits, 40%")
    assert "StableMax in float32, complement form; Cautious AdamW, lr 0.02, weight decay 2" in str(parity)


# --- presets ---------------------------------------------------------------------------------------------

def test_presets_are_what_the_published_code_did():
    assert {e.n_train for name, e in PRESETS.items() if name.startswith(("figure1", "figure6-"))} == {5107}
    assert [PRESETS[f"figure2-{percent}-float32"].n_train for percent in (40, 60, 70)] == [5107, 7661, 8938]
    assert {PRESETS[f"figure2-{percent}-float16"].eps for percent in (60, 70)} == {1e-25}
    assert PRESETS["figure2-40-float16"].eps == 1e-30
    assert PRESETS["figure2-70-float16"].summation == "exact" and PRESETS["figure2-70-float64"].summation == "lanes"
    for name in ("figure1a", "figure6-perpgrad-adamw"):
        published, intended = PRESETS[name], PRESETS[f"{name}-intended"]
        assert (published.beta2, published.eps) == (0.999, 1e-8)
        assert intended == published.replace(beta2=0.99, eps=1e-25)
    sgd = PRESETS["figure6-perpgrad-sgd"]
    assert (sgd.lr, sgd.momentum, sgd.loss, sgd.loss_format, sgd.training_precision) == (
        10.0, 0.8, "stablemax", "float64", "float64")
    parity = PRESETS["figure4-parity"]
    assert (parity.n_train, parity.n_rows, parity.bits, parity.bias, parity.eps) == (1000, 2000, 43, True, 1e-18)


def test_presets_log_a_few_hundred_times():
    for name, e in PRESETS.items():
        assert 60 <= e.steps / e.log_every <= 400, name


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="name is 'figure3'; allowed: 'figure1a', "):
        get_preset("figure3")


# --- rows ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("task, p, answer", [
    ("add", 12, lambda a, b: (a + b) % 12), ("subtract", 7, lambda a, b: (a - b) % 7),
    ("multiply", 12, lambda a, b: a * b % 12), ("divide", 11, lambda a, b: a * pow(b, -1, 11) % 11),
    ("add", 2, lambda a, b: a ^ b),
])
def test_rows_of_arithmetic(task, p, answer):
    e = Experiment(task=task, p=p, train_fraction=0.9, seed=3)
    rows = rows_of(e)
    pairs = [(int(a), int(b) - p) for a, b in rows.inputs]
    assert sorted(pairs) == [(a, b) for a in range(p) for b in range(1 if task == "divide" else 0, p)]
    assert [answer(a, b) for a, b in pairs] == rows.labels.tolist()
    assert (rows.n_train, len(pairs), rows.n_symbols) == (e.n_train, e.n_rows, 2 * p)
    assert pairs != sorted(pairs) or p == 2


def test_rows_of_parity():
    rows = rows_of(Experiment(task="parity", relevant=3, bits=8, samples=100, train_fraction=0.5))
    bits = rows.inputs >= 0
    assert np.array_equal(rows.inputs, np.where(bits, np.arange(8), -1))
    assert len(np.unique(bits, axis=0)) == 100
    assert np.array_equal(rows.labels, bits[:, :3].sum(axis=1) % 2)
    assert 300 < bits.sum() < 500


def test_the_seed_chooses_the_split():
    splits = [rows_of(SMALL.replace(seed=seed)).inputs.tobytes() for seed in (0, 1, 1)]
    assert splits[0] != splits[1] == splits[2]


@pytest.mark.parametrize("arguments, message", [
    ({"p": 7, "train_fraction": 0.01}, "train_fraction is 0.01, 0 of 49 rows; allowed: at least one row"),
    ({"p": 7, "train_fraction": 0.1}, "4 of 49 rows, and seed 0 leaves 5 of 7 classes without a training row, class "),
    ({"p": 2, "task": "divide", "train_fraction": 0.9}, "1 of 2 rows, and seed 0 leaves 1 of 2 classes"),
])
def test_a_split_that_cannot_teach_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        rows_of(Experiment(**arguments))


# --- networks --------------------------------------------------------------------------------------------

def test_the_loss_runs_natively_only_in_exactly_float32_and_float64():
    modes = {name: loss_of(Experiment(loss_format=name)).mode for name in
             ("float32", "float64", "float16", "bfloat16", "e8m22", "e8m23", "e11m52", "e11m51")}
    assert modes == {"float32": lanes32, "e8m23": lanes32, "float64": native64, "e11m52": native64,
                     "float16": emulated, "bfloat16": emulated, "e8m22": emulated, "e11m51": emulated}
    assert loss_of(Experiment(training_precision="float64")).mode is native32
    assert loss_of(Experiment(loss="focal_loss", form="stable")).mode is native32


def test_the_loss_sees_logits_over_the_temperature():
    settings = loss_of(Experiment(temperature=4.0, logit_penalty=0.5)).settings
    assert (settings.scale, settings.penalty) == (0.25, 0.5)


def test_tensors_begin_as_pytorch_begins_them():
    e = Experiment(p=31, widths=(60, 50), bias=True, gain=0.5)
    tensors = tensors_of(e, build(e).arrays["parameters"])
    assert list(tensors) == tensor_names(e) == [f"{part} {i}" for i in (1, 2, 3) for part in ("weights", "bias")]
    assert [t.shape for t in tensors.values()] == [(62, 60), (60,), (60, 50), (50,), (50, 31), (31,)]
    for name, fan_in in (("weights 1", 62), ("bias 1", 62), ("weights 3", 50)):
        bound = 0.5 / fan_in**0.5
        assert 0.9 * bound < abs(tensors[name]).max() <= bound
    assert np.linalg.norm(tensors["weights 2"]) == pytest.approx(0.5 * (50 / 3) ** 0.5, rel=0.03)

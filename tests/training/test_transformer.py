"""The transformer: PyTorch's numbers, gradients by differences, dropout, and the same bits whatever the threads."""
import numba
import numpy as np
import pytest

from toolkit.grokking import PRESETS
from toolkit.networks.dropout import drop, row_key
from toolkit.networks.plan import N_TRAIN
from toolkit.networks.transformer_plan import TENSORS, spread, tensor_numbers, tensor_of
from toolkit.training import Experiment, resume, rows_of, train
from toolkit.training.engine import gradient
from toolkit.training.measures import tally_of
from toolkit.training.models import build, state_names, tensor_names, tensors_of

pytestmark = pytest.mark.usefixtures("threads")

# p = 7, model width 12 and 20 hidden units: both leave padding.
TINY = Experiment(model="transformer", p=7, widths=(12, 20), heads=3, bias=True, dropout=0.0, train_fraction=0.5,
                  lr=0.01, beta2=0.999, eps=1e-8, training_precision="float64", loss_format="float64", steps=20)
DROPPING = TINY.replace(dropout=0.25)

# Recorded with torch 2.13 on the CPU by torch_transformer.py, in float64.
RECORDED = {
    "losses": [2.36698459460863, 2.0548362394806223, 1.9962895131420508, 1.9917739915517199, 1.9652972531820545,
               1.9349510077816392, 1.9131447651029632, 1.9041948574601497, 1.903043245536183],
    "test_loss": 2.3890298938061214,
    "gradient_norms": {
        "embedding": 0.1531725002254997, "in_proj_weight": 0.1180132518621315, "in_proj_bias": 0.20520564722482465,
        "out_proj.weight": 0.6035995227789026, "out_proj.bias": 0.2173615481293837,
        "linear1.weight": 1.034511298496853, "linear1.bias": 0.2637554261430732,
        "linear2.weight": 1.8068551058958822, "linear2.bias": 0.27883960424054344,
        "norm1.weight": 0.2472571612128313, "norm1.bias": 0.27683792383481126,
        "norm2.weight": 0.5670991665875692, "norm2.bias": 0.5211442528452117,
        "head.weight": 0.8435619045579771, "head.bias": 0.2468966657124177},
}


def views(work, which="parameters"):
    """Each tensor as it lies in memory, a view without padding."""
    found = []
    for t in range(len(TENSORS)):
        whole = tensor_of(work.arrays[which], work.plan, work.shape, t)
        found.append(whole[:, :tensor_numbers(work.plan, work.shape, t) // whole.shape[0]])
    return found


def with_sines(experiment):
    """The network of torch_transformer.py: pairs in order, the even ones for training, and sines for weights."""
    work = build(experiment)
    p = experiment.p
    pairs = np.array([(a, b) for a in range(1, p) for b in range(1, p)], np.int32)
    pairs = np.concatenate([pairs[0::2], pairs[1::2]])
    work.data.inputs[:], work.data.labels[:] = pairs.reshape(-1), pairs.sum(axis=1) % p
    for number, (name, view) in enumerate(zip(TENSORS, views(work), strict=True)):
        wave = 0.5 * np.sin(1.0 + number + 0.7 * np.arange(view.size))
        wave = wave.reshape(view.shape[::-1]).T if name == "linear2.weight" else wave.reshape(view.shape)
        view[...] = wave + (1.0 if name in ("norm1.weight", "norm2.weight") else 0.0)
    return work


def loss_and_gradient(work, step):
    """Mean training loss with the numbers of this step dropped, and its gradient."""
    n = int(work.plan[N_TRAIN])
    gradient(*work.network, work.state.parameters, work.data, 0, n, True, True, False, *work.loss, work.work, step)
    return tally_of(work.work.tallies).loss / n, work.work.grads.copy()


# ---- mathematics

@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
def test_training_follows_pytorch(precision, tolerance):
    work = with_sines(TINY.replace(weight_decay=1.5, training_precision=precision))
    measured = work.measure()
    assert measured["test_loss"] == pytest.approx(RECORDED["test_loss"], rel=tolerance)
    norms = [np.linalg.norm(view.astype(np.float64)) for view in views(work, "grads")]
    np.testing.assert_allclose(norms, [RECORDED["gradient_norms"][name] for name in TENSORS], rtol=tolerance)
    losses = [measured["train_loss"]]
    for _ in range(8):
        work.advance(1)
        losses.append(work.measure()["train_loss"])
    np.testing.assert_allclose(losses, RECORDED["losses"], rtol=10 * tolerance)


@pytest.mark.parametrize("experiment", [TINY, DROPPING, DROPPING.replace(loss="stablemax", form="complement")])
def test_gradients_are_the_differences(experiment):
    """One direction in each tensor; numbers are dropped where the gradient has them dropped, too."""
    work = build(experiment)
    work.advance(3)
    _, slopes = loss_and_gradient(work, 7)
    w, rng = work.arrays["parameters"], np.random.default_rng(0)
    kept = w.copy()
    work.arrays["steps"][:] = 0.0
    for name, view, along in zip(TENSORS, views(work), views(work, "steps"), strict=True):
        along[...] = rng.standard_normal(view.shape)
        direction, ends = work.arrays["steps"].copy(), []
        along[...] = 0.0
        for step in (1e-6, -1e-6):
            w[:] = kept + step * direction
            ends.append(loss_and_gradient(work, 7)[0])
        w[:] = kept
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(direction @ slopes, rel=1e-6, abs=2e-8), name
    assert not np.any(slopes[kept == 0.0]), "padding"


def test_a_tensor_is_turned_by_itself():
    """⟂SGD without momentum: each squared norm grows by that of its step; the in-projection is one tensor."""
    work = build(TINY.replace(optimizer="sgd", perp_grad=True, lr=0.3))
    work.advance(5)
    for _ in range(5):
        before, slopes = work.measure()["norms"] ** 2, [np.linalg.norm(g) for g in views(work, "grads")]
        work.advance(1)
        np.testing.assert_allclose(work.measure()["norms"] ** 2 - before, (0.3 * np.array(slopes)) ** 2, rtol=1e-7,
                                   atol=1e-14)


def test_it_starts_as_pytorch_does():
    e = PRESETS["figure6a-adamw"].replace(p=59)
    found = tensors_of(e, build(e).arrays["parameters"])
    assert list(found) == tensor_names(e) == list(TENSORS)
    shapes = {"embedding": (59, 128), "in_proj_weight": (384, 128), "in_proj_bias": (384,),
              "out_proj.weight": (128, 128), "linear1.weight": (2048, 128), "linear1.bias": (2048,),
              "linear2.weight": (128, 2048), "norm2.bias": (128,), "head.weight": (59, 128), "head.bias": (59,)}
    for name, shape in shapes.items():
        assert found[name].shape == shape, name
    bounds = {"in_proj_weight": (6 / 512) ** 0.5, "out_proj.weight": 128**-0.5, "linear1.weight": 128**-0.5,
              "linear1.bias": 128**-0.5, "linear2.weight": 2048**-0.5, "linear2.bias": 2048**-0.5,
              "head.weight": 128**-0.5, "head.bias": 128**-0.5}
    for name, bound in bounds.items():
        largest = np.abs(found[name]).max()
        assert 0.9 * bound < largest <= bound * (1 + 1e-6), name
    assert abs(found["embedding"].mean()) < 0.05 and 0.97 < found["embedding"].std() < 1.03
    for name in ("in_proj_bias", "out_proj.bias", "norm1.bias", "norm2.bias"):
        assert not np.any(found[name]), name
    assert np.all(found["norm1.weight"] == 1.0) and np.all(found["norm2.weight"] == 1.0)


# ---- dropout

def test_the_share_that_is_dropped():
    values, dropped = np.ones(400_000), []
    for row in range(2):
        values[:] = 1.0
        drop(values, row_key(0, 0, row), 2, 6554)
        dropped.append(values == 0.0)
        assert np.unique(values).tolist() == [0.0, 65536 / (65536 - 6554)]
    for share in (dropped[0].mean(), dropped[1].mean()):
        assert share == pytest.approx(0.1, abs=4 * (0.09 / 400_000) ** 0.5)
    assert (dropped[0] & dropped[1]).mean() == pytest.approx(0.01, abs=4 * (0.01 / 400_000) ** 0.5), "independent"


def test_each_row_step_seed_and_place_drops_others():
    found = set()
    for seed, step, row, place in ((0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)):
        values = np.ones(256)
        drop(values, row_key(seed, step, row), place, 32768)
        found.add(values.tobytes())
    assert len(found) == 5


def test_measures_drop_nothing():
    dropping, whole = build(DROPPING), build(TINY)
    assert dropping.measure()["train_loss"] == whole.measure()["train_loss"]
    assert loss_and_gradient(dropping, 0)[0] != loss_and_gradient(whole, 0)[0]
    assert loss_and_gradient(dropping, 0)[0] != loss_and_gradient(dropping, 1)[0]


# ---- the same bits

@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only: nothing to compare")
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_threads_and_pauses_change_no_bit(threads, precision):
    experiment = DROPPING.replace(p=23, perp_grad=True, training_precision=precision)
    found = []
    for count, pauses in ((1, (30,)), (2, (1, 9, 20))):
        threads(count)
        work = build(experiment)
        for steps in pauses:
            work.advance(steps)
            measured = work.measure()
        found.append((work.arrays, measured))
    for name in state_names(TINY):
        np.testing.assert_array_equal(found[0][0][name], found[1][0][name], err_msg=name)
    np.testing.assert_equal(found[0][1], found[1][1])


def test_a_resumed_run_is_the_whole_one(tmp_path):
    whole = train(DROPPING, progress=False)
    train(DROPPING.replace(steps=7), progress=False, checkpoint=tmp_path / "run.npz")
    rest = resume(tmp_path / "run.npz", steps=20, progress=False)
    np.testing.assert_array_equal(rest.state["parameters"], whole.state["parameters"])
    for name, values in tensors_of(DROPPING, whole.state["parameters"]).items():
        assert np.linalg.norm(values) == pytest.approx(whole[name][-1], rel=1e-12)


def test_padding_stays_0():
    work = build(DROPPING.replace(perp_grad=True))
    work.advance(10)
    work.measure()
    for which in ("parameters", "grads", "steps", "first", "second"):
        for view in views(work, which):
            view[...] = 0.0
        assert not np.any(work.arrays[which]), which


def test_it_learns():
    work = build(DROPPING.replace(p=13, widths=(32, 64), heads=4, train_fraction=0.6, training_precision="float32"))
    work.advance(300)
    assert work.measure()["train_accuracy"] == 1.0


# ---- its description

def test_rows_are_pairs_of_one_vocabulary_without_0():
    rows = rows_of(PRESETS["figure6a-perpgrad-adamw"])
    assert (rows.n_train, rows.labels.size, rows.n_symbols) == (5017, 12544, 113)
    assert {tuple(pair) for pair in rows.inputs.tolist()} == {(a, b) for a in range(1, 113) for b in range(1, 113)}
    np.testing.assert_array_equal(rows.labels, rows.inputs.sum(axis=1) % 113)
    quotients = rows_of(TINY.replace(task="divide", train_fraction=0.8))
    np.testing.assert_array_equal(quotients.labels * quotients.inputs[:, 1] % 7, quotients.inputs[:, 0])


@pytest.mark.parametrize(("arguments", "message"), [
    (dict(widths=(12,)), r"widths is \(12,\); allowed for a transformer: its model width, a multiple of its 3 heads"),
    (dict(widths=(10, 20)), "a multiple of its 3 heads"), (dict(bias=False), "bias False; allowed for a transformer"),
    (dict(activation="gelu"), "activation is 'gelu'"), (dict(task="parity"), "task is 'parity'; allowed for a trans"),
    (dict(dropout=1.0), "dropout is 1.0"), (dict(heads=0), "heads is 0")])
def test_what_cannot_work_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TINY.replace(**arguments)


def test_a_perceptron_has_no_heads():
    with pytest.raises(ValueError, match="heads is 8; allowed where there is none: 4"):
        Experiment(heads=8)
    assert not {"heads", "dropout"} & set(Experiment().to_dict())
    assert TINY.digest != TINY.replace(heads=2).digest != TINY.replace(heads=2, dropout=0.5).digest
    assert str(TINY).startswith("a + b mod 7, 50% for training, transformer 12-20, 3 heads; ")


def test_rows_of_a_power_of_two_are_spread_over_the_cache():
    assert [spread(n) for n in (1, 16, 17, 128, 2048, 2064)] == [16, 16, 48, 144, 2064, 2064]

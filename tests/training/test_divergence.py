"""A run that diverges says so: no activation, measure or optimizer makes a number of a NaN."""
import subprocess
import sys

import numpy as np
import pytest

from toolkit.collapse.kernels import ORDERS
from toolkit.networks.activation import ACTIVATIONS, activate, times_derivative
from toolkit.networks.attention import handed_back
from toolkit.networks.transformer import scale_where_positive
from toolkit.optimizers import OPTIMIZERS, keep_agreeing, perp_grad
from toolkit.training import Experiment, Run, fit, sweep, table, train
from toolkit.training.loss import gap_of, is_collapsed, larger
from toolkit.training.measures import quantile
from toolkit.training.models import settings_of
from toolkit.training.registered import ACTIVATIONS_BY_KERNEL
from toolkit.training.state import CLOCK

nan = np.nan
BROKEN = Experiment(p=11, widths=(16,), steps=20, lr=1e30)


@pytest.fixture(scope="module")
def run():
    with pytest.warns(RuntimeWarning, match="training diverged at step 1: .*weight norm .*a lower lr may help"):
        return train(BROKEN, progress=False)


def test_divergence_is_in_the_measures_in_words_and_in_the_file(run, tmp_path):
    assert run.diverged == 1 and run.finished
    last = {name: values[-1] for name, values in run.measures.items()}
    assert last["train_accuracy"] == last["zero_loss"] == last["collapsed"] == 0
    assert all(np.isnan(last[name]) for name in ("train_loss", "test_loss", "weight_norm", "gradient_norm", "gap_10",
                                                 "gap_50", "gap_90", "largest_logit", "nlm_cosine", "step_rms"))
    assert "diverged at step 1: training loss nan" in run.summary()
    run.save(tmp_path / "run.npz")
    assert Run.load(tmp_path / "run.npz").summary() == run.summary()


def test_a_run_that_does_not_diverge_says_nothing(recwarn):
    run = train(BROKEN.replace(lr=1e-3), progress=False)
    assert run.diverged is None and "diverged" not in run.summary() and not recwarn.list


def test_fit_says_so():
    x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    with pytest.warns(RuntimeWarning, match="training diverged"):
        assert fit(x, y, widths=(4,), steps=3, lr=1e300, optimizer="sgd", loss="mse", form="common").diverged == 3


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "toolkit", *arguments], capture_output=True, text=True)


def test_the_command_ends_with_1(tmp_path):
    what = ("grok", "--quiet", "--set", "p=11", "--set", "widths=16", "--steps", "20", "--set", "lr=1e30", "--out",
            str(tmp_path / "run.npz"))
    for _ in range(2):  # trained, and found
        done = command(*what)
        assert done.returncode == 1 and "diverged at step 1" in done.stdout and not done.stderr


def test_a_sweep_goes_on_and_tells_at_the_end(tmp_path):
    both = [BROKEN, BROKEN.replace(lr=1e-3)]
    with pytest.warns(RuntimeWarning, match=f"diverged in 1 of 2 runs: {BROKEN.digest} at step 1"):
        members = sweep(both, tmp_path, jobs=1, progress=False)
    assert [member.run.diverged for member in members] == [1, None]
    assert "diverged at step 1" in table(members)
    done = command("sweep", str(tmp_path), "--quiet", "--set", "p=11", "--set", "widths=16", "--steps", "20", "--vary",
                   "lr", "1e30", "1e-3")
    assert done.returncode == 1 and f"{BROKEN.digest} diverged at step 1" in done.stdout and not done.stderr


def test_a_sweep_begins_anew_where_a_checkpoint_is_damaged(tmp_path):
    good = BROKEN.replace(lr=1e-3)
    (tmp_path / f"{good.digest}.checkpoint.npz").write_bytes(b"")
    (member,) = sweep([good], tmp_path, jobs=1, progress=False)
    assert member.run.finished and not member.error


@pytest.mark.parametrize("kind", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations_of_the_networks_keep_nan(kind):
    z = np.array([nan, 1.0, -1.0], np.float32)
    h, g = np.zeros_like(z), np.array([1.0, nan, nan], np.float32)
    activate(None, kind, z, h)
    times_derivative(None, kind, z, g)
    assert np.isnan(h).tolist() == [True, False, False]
    # A slope that is the same everywhere does not see z.
    assert np.isnan(g).tolist() == [kind != ACTIVATIONS["identity"], True, True]


@pytest.mark.parametrize("name", ACTIVATIONS_BY_KERNEL)
def test_activations_of_the_register_keep_nan(name):
    value, slope = (getattr(kernel, "py_func", kernel) for kernel in ACTIVATIONS_BY_KERNEL[name])
    with np.errstate(all="ignore"):
        assert np.isnan(value(nan)) and (np.isnan(slope(nan)) or name == "identity")


def test_gaps_quantiles_and_maxima_keep_nan():
    for row in ([nan, 1, 2], [1, nan, 2], [nan, nan, nan]):
        assert np.isnan(gap_of(np.array(row), 2, 3))
    assert gap_of(np.array([1.0, 4.0, nan]), 1, 2) == 3  # padding is no class
    assert np.isnan(quantile(np.array([1.0, nan, 2.0]), 0.1)) and np.isnan(larger(nan, 1.0)) and larger(2.0, 1.0) == 2
    assert np.isnan(larger(1.0, nan)) and larger(1.0, np.inf) == np.inf


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_row_of_nan_has_not_collapsed(order):
    assert not is_collapsed(np.array([0.0, nan, -800.0]), np.zeros(3), order)


def test_what_comes_back_through_attention_and_the_feed_forward_layer_keeps_nan():
    assert np.isnan(handed_back(1.0, nan, nan)) and handed_back(2.0, 0.5, 0.0) == 0 and handed_back(2.0, 0.5, 1.0) == 4
    d = np.array([[nan, 1.0, 1.0, 1.0]])
    scale_where_positive(np.array([[1.0, nan, 0.0, 2.0]]), nan, d[:, :2])
    scale_where_positive(np.array([[0.0, 2.0]]), 2.0, d[:, 2:])
    assert np.isnan(d[0, :2]).all() and d[0, 2:].tolist() == [0, 2]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_keep_nan(name):
    optimizer = OPTIMIZERS[name]
    w, u, g = np.ones(4), np.zeros(4), np.array([nan, 1.0, 1.0, 1.0])
    clock = np.ones(CLOCK)
    optimizer.rule(w, g, *(np.zeros(4) for _ in optimizer.memory), settings_of(Experiment(optimizer=name)), clock, u)
    assert np.isnan(u[0])


def test_wrappers_of_optimizers_keep_nan():
    u, g = np.array([nan, 1.0, 1.0, -1.0]), np.array([1.0, nan, 1.0, 1.0])
    keep_agreeing(u, g, 4)
    assert np.isnan(u[:2]).all() and u[2:].tolist() == [4, 0]
    g = np.array([nan, 1.0])
    perp_grad(np.ones(2), g)
    assert np.isnan(g).all()

"""Training in the foreground: the same bits whatever happens on the way, and files that are whole or not there."""
import errno
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import types

import numba
import numpy as np
import pytest

from toolkit.__main__ import main
from toolkit.grokking.presets import PRESETS
from toolkit.live.hosts import training_plot as _live_plot
from toolkit.training import Experiment, Run, resume, train
from toolkit.training import loop as training
from toolkit.training.measures import MEASURES
from toolkit.training.models import state_names

SMALL = Experiment(p=11, widths=(8,), activation="square", train_fraction=0.7, lr=0.02, steps=40, log_every=10)


@pytest.fixture(scope="module")
def whole():
    """The run that nothing disturbed."""
    return train(SMALL, progress=False)


def assert_same(run, other):
    """All bits of two runs, the time they took left out."""
    assert run.experiment == other.experiment
    assert (run.finished, run.steps_done) == (other.finished, other.steps_done)
    assert np.array_equal(run.steps, other.steps) and run.environment == other.environment
    for name in MEASURES:
        assert run[name].tobytes() == other[name].tobytes(), name
    for mine, theirs in ((run.norms, other.norms), (run.state, other.state)):
        assert list(mine) == list(theirs)
        assert all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


# --- training --------------------------------------------------------------------------------------------

def test_a_run_measures_what_it_should(whole):
    assert whole.finished and whole.steps_done == 40 and whole.seconds > 0
    assert whole.steps.tolist() == [0, 1, 2, 4, 8, 10, 20, 30, 40]
    assert set(whole.measures) == set(MEASURES) and set(whole.norms) == {"weights 1", "weights 2"}
    assert all(series.shape == (9,) and series.dtype == np.float64 for series in whole.measures.values())
    assert whole["train_loss"][-1] < whole["train_loss"][0] == pytest.approx(np.log(11), rel=0.02)
    total = np.sqrt(whole["weights 1"] ** 2 + whole["weights 2"] ** 2)
    assert np.allclose(whole["weight_norm"], total, rtol=1e-12)
    last = np.sqrt(sum((tensor.astype(float) ** 2).sum() for tensor in whole.parameters.values()))
    assert whole["weight_norm"][-1] == pytest.approx(last, rel=1e-12)


def test_when_to_measure():
    for early, expected in ((True, [1, 2, 4, 5, 10, 12]), (False, [5, 10, 12])):
        steps, step = [], 0
        while step < 12:
            step = training.next_log(step, 5, 12, early)
            steps.append(step)
        assert steps == expected
    assert train(SMALL.replace(log_early=False), progress=False).steps.tolist() == [0, 10, 20, 30, 40]


def test_neither_threads_nor_chunks_nor_measuring_change_a_bit(whole, monkeypatch):
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        assert_same(train(SMALL, progress=False, threads=threads), whole)
    monkeypatch.setattr(training, "_CHUNK_SECONDS", 0.0)
    assert_same(train(SMALL, progress=False), whole)
    rarely = train(SMALL.replace(log_every=40, log_early=False), progress=False)
    assert all(rarely.state[name].tobytes() == whole.state[name].tobytes() for name in state_names(Experiment()))


def test_fast_arithmetic(whole, tmp_path):
    """The same bits for any number of threads and after a break; near those of strict; never mixed with them."""
    fast, path = SMALL.replace(arithmetic="fast"), tmp_path / "c.npz"
    run = train(fast, progress=False, threads=1)
    assert_same(train(fast, progress=False, threads=numba.config.NUMBA_NUM_THREADS), run)
    assert np.allclose(run["train_loss"][:5], whole["train_loss"][:5], rtol=1e-5)
    train(fast.replace(steps=20), progress=False, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint of another experiment: its arithmetic is 'fast', not 'strict'"):
        train(SMALL.replace(steps=20), checkpoint=path)
    assert_same(resume(path, steps=40, progress=False), run)
    assert "arithmetic" not in SMALL.to_dict() and fast.to_dict()["arithmetic"] == "fast"
    assert "fast arithmetic" in str(fast) and fast.digest != SMALL.digest


def test_the_number_of_threads_is_put_back():
    before = numba.get_num_threads()
    inside = []
    train(SMALL, progress=False, threads=1, callback=lambda step, _: inside.append(numba.get_num_threads()))
    assert set(inside) == {1} and numba.get_num_threads() == before
    for threads in (0, 10_000):
        with pytest.raises(ValueError, match=f"threads is {threads}; allowed: an integer from 1 to "):
            train(SMALL, threads=threads)


def test_float64_training():
    run = train(SMALL.replace(training_precision="float64", loss_format="float64"), progress=False)
    assert run.state["parameters"].dtype == np.float64 and run["train_accuracy"][-1] > 0.5


def test_a_callback_sees_measures_and_may_stop():
    seen = []
    run = train(SMALL, progress=False, callback=lambda step, measures: seen.append(measures) or step >= 8)
    assert not run.finished and run.steps_done == 8 and run.steps.tolist() == [0, 1, 2, 4, 8]
    assert [measures["test_loss"] for measures in seen] == run["test_loss"].tolist()


def test_the_bar_shows_accuracy_and_collapse(capsys):
    train(SMALL)
    err = capsys.readouterr().err
    assert "40/40" in err and re.search(r"train \d+\.\d%, test \d+\.\d%, collapsed \d+\.\d%", err)
    train(SMALL, progress=False)
    assert capsys.readouterr().err == ""


def test_a_plot_needs_a_notebook(monkeypatch):
    with pytest.raises(ValueError, match="plot is True; allowed only in a notebook"):
        train(SMALL, progress=False, plot=True)

    class Kernel:
        def get_parent(self, channel=None):
            return {"metadata": {"cellId": "here"}}

    plots, shown = [], []
    shell = types.SimpleNamespace(kernel=Kernel(), events=types.SimpleNamespace(register=lambda *given: None))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(_live_plot, "display", lambda bundle, **options: shown.append((bundle, options.get("update"))))
    monkeypatch.setattr(_live_plot, "keep", plots.append)
    monkeypatch.setattr(_live_plot, "_SECONDS_BETWEEN", 0.0)
    run = train(SMALL, progress=False, plot=True)
    assert [update for _, update in shown] == [None, True] and "<img " in shown[1][0]["text/html"]
    curves = [trace for trace in plots[0]._plot.data if trace.name]
    assert [curve.name for curve in curves] == ["training rows right", "test rows right", "rows collapsed"]
    assert np.array_equal(curves[0].x, run.steps) and np.array_equal(curves[1].y, run["test_accuracy"])


# --- interrupts ------------------------------------------------------------------------------------------

def interrupt_at(step):
    return lambda now, _: os.kill(os.getpid(), signal.SIGINT) if now == step else None


def test_ctrl_c_keeps_what_was_done(whole, tmp_path):
    handler = signal.getsignal(signal.SIGINT)
    run = train(SMALL, progress=False, checkpoint=tmp_path / "c.npz", callback=interrupt_at(20))
    assert not run.finished and run.steps_done == 20 and run.steps[-1] == 20
    assert signal.getsignal(signal.SIGINT) is handler
    assert_same(Run.load(tmp_path / "c.npz"), run)
    assert_same(train(SMALL, progress=False, checkpoint=tmp_path / "c.npz"), whole)
    assert_same(resume(tmp_path / "c.npz", progress=False), whole)


def test_a_second_ctrl_c_does_not_wait():
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, progress=False, callback=lambda *_: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)])


TO_KILL = """
import sys, time
from toolkit.training import Experiment, train
experiment = Experiment.from_dict({experiment})
train(experiment, progress=False, checkpoint=sys.argv[1], checkpoint_seconds=0,
      callback=lambda step, _: time.sleep(0.1) or print(step, flush=True))
"""


def test_a_killed_run_goes_on_to_the_same_bits(whole, tmp_path):
    checkpoint = tmp_path / "c.npz"
    command = [sys.executable, "-c", TO_KILL.format(experiment=SMALL.to_dict()), checkpoint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline().strip() != "10":
            assert process.poll() is None
        process.kill()
    assert 0 < Run.load(checkpoint).steps_done < 40
    assert_same(resume(checkpoint, progress=False), whole)


def test_more_steps(whole, tmp_path):
    checkpoint = tmp_path / "c.npz"
    train(SMALL.replace(steps=20), progress=False, checkpoint=checkpoint)
    with pytest.raises(ValueError, match="steps is 10; allowed: at least 20, which were taken already"):
        resume(checkpoint, steps=10)
    assert_same(resume(checkpoint, steps=40, progress=False), whole)
    train(SMALL.replace(schedule="linear_decay"), progress=False, checkpoint=tmp_path / "d.npz")
    with pytest.raises(ValueError, match="steps is 50; allowed with 'linear_decay': 40"):
        resume(tmp_path / "d.npz", steps=50)


# --- checkpoints that do not fit, disks that are full -----------------------------------------------------

def test_checkpoints_that_do_not_fit_are_refused_and_kept(whole, tmp_path):
    path = tmp_path / "c.npz"
    whole.save(path, keep="state")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"c.npz: the checkpoint of another experiment: its lr is 0.02, not 0.01"):
        train(SMALL.replace(lr=0.01), checkpoint=path)
    assert path.read_bytes() == before
    path.write_bytes(before[:len(before) // 2])
    with pytest.raises(ValueError, match="c.npz: not an npz file, or cut short"):
        train(SMALL, checkpoint=path)
    whole.save(path)
    with pytest.raises(ValueError, match="c.npz: a run without its state"):
        resume(path)
    whole.state["first"] = whole.state["first"][1:]
    whole.save(path, keep="state")
    with pytest.raises(ValueError, match="c.npz: first is float32.*another version wrote it"):
        resume(path, progress=False)
    whole.state = Run.load(path).state | {"first": np.zeros_like(whole.state["parameters"])}
    whole.state["clock"] = whole.state["clock"] + 1
    whole.save(path, keep="state")
    with pytest.raises(ValueError, match="damaged: 40 steps, but its clock says 41"):
        resume(path, progress=False)
    with pytest.raises(ValueError, match="no folder"):
        train(SMALL, checkpoint=tmp_path / "nowhere/c.npz")
    with pytest.raises(ValueError, match="checkpoint_seconds is -1"):
        train(SMALL, checkpoint=path, checkpoint_seconds=-1)


def test_a_full_disk_stops_neither_the_run_nor_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "c.npz"

    def fill(step, _):
        if step == 20:
            monkeypatch.setattr(os, "fsync", full_disk)

    with pytest.warns(RuntimeWarning, match="no checkpoint written after .* steps: .*No space left on device"):
        run = train(SMALL, progress=False, checkpoint=path, checkpoint_seconds=0, callback=fill)
    assert run.finished and [file.name for file in tmp_path.iterdir()] == ["c.npz"]
    kept = Run.load(path)
    assert 10 <= kept.steps_done < 20
    monkeypatch.undo()
    assert_same(resume(path, progress=False), run)


@pytest.mark.parametrize("broken", ["os.fsync", "os.replace", "np.savez_compressed"])
def test_a_file_is_the_old_one_or_the_new_one(whole, tmp_path, monkeypatch, broken):
    path = tmp_path / "run.npz"
    whole.save(path)
    before = path.read_bytes()
    module, name = broken.split(".")
    monkeypatch.setattr({"os": os, "np": np}[module], name, full_disk)
    with pytest.raises(OSError, match="No space left"):
        whole.save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


# --- files -----------------------------------------------------------------------------------------------

def test_files_give_back_the_run(tmp_path):
    run = train(SMALL, progress=False)
    run.save(tmp_path / "exact.npz", exact=True)
    again = Run.load(tmp_path / "exact.npz")
    assert again.state == {} and again.parameters is None
    again.state = run.state
    assert_same(again, run)
    run.save(tmp_path / "short.npz", keep="parameters")
    short = Run.load(tmp_path / "short.npz")
    for name in (*MEASURES, *run.norms):
        assert np.allclose(short[name], run[name], rtol=2**-24, atol=0.0)
    assert all(np.array_equal(short.parameters[name], run.parameters[name]) for name in run.norms)
    assert "numba" in short.environment and not any("/" in value for value in short.environment.values())
    with pytest.raises(ValueError, match="keep is 'all'; allowed: 'logs', 'parameters', 'state'"):
        run.save(tmp_path / "x.npz", keep="all")
    with pytest.raises(ValueError, match="keep is 'state', but this run has no first, second, clock"):
        short.save(tmp_path / "x.npz", keep="state")


def test_short_measures_keep_numbers_that_float32_cannot_hold(whole, tmp_path):
    whole.measures["train_loss"][-1] = 1e-300
    whole.save(tmp_path / "run.npz")
    assert Run.load(tmp_path / "run.npz")["train_loss"][-1] == pytest.approx(1e-300, rel=1e-7)


def test_four_hundred_measurements_take_tens_of_kilobytes(tmp_path):
    train(SMALL.replace(steps=400, log_every=1), progress=False).save(tmp_path / "run.npz")
    assert (tmp_path / "run.npz").stat().st_size < 50_000


class Trap:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_other_files_are_refused(whole, tmp_path):
    def refused(match):
        with pytest.raises(ValueError, match=match) as error:
            Run.load(path)
        assert "\n" not in str(error.value)

    path = tmp_path / "run.npz"
    refused("run.npz: no such file")
    path.mkdir()
    refused("run.npz: not a file")
    path.rmdir()
    path.write_bytes(b"")
    refused("not an npz file, or cut short")
    np.savez(path, z=np.zeros(3))
    refused("run.npz: not a training run: it has no 'about'")
    path.write_bytes(pickle.dumps(Trap()))
    refused("not an npz file")
    np.savez(path, about=np.array([Trap()], dtype=object))
    refused("run.npz: Object arrays cannot be loaded")
    np.savez(path, about=np.array('{"version": 99}'))
    refused("not a training run: version is 99; allowed: 1")
    whole.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    refused("run.npz: ")


# --- looking at runs -------------------------------------------------------------------------------------

def test_first_steps_and_a_summary():
    run = Run(experiment=SMALL, steps=np.array([0, 5, 10]), finished=False, steps_done=10, seconds=1.5, norms={},
              measures={name: np.zeros(3) for name in MEASURES})
    run.measures["test_accuracy"] = np.array([0.1, 0.96, 0.6])
    run.measures["collapsed"] = np.array([0.0, 0.5, 0.4])
    assert run.first_step("test_accuracy", 0.5) == 5 and run.first_step("test_accuracy", 0.99) is None
    text = run.summary()
    assert repr(run) == text and str(SMALL) in text
    assert "stopped after 10 of 40 steps; train accuracy 0.0%, test 60.0% (best 96.0% at step 5)" in text
    assert "reaches 50% at step 5, 95% at step 5" in text and "half of them from step 5" in text
    run.experiment = SMALL.replace(loss="stablemax")
    assert "collapsed" not in run.summary(), "the gauge reads sums that StableMax has not"
    with pytest.raises(KeyError, match="'accuracy'; allowed: train_loss, "):
        run["accuracy"]


# --- the command -----------------------------------------------------------------------------------------

COMMAND = ["grok", "--set", "p=11", "--set", "widths=8", "--set", "activation=square", "--set", "train_fraction=0.7",
           "--set", "lr=0.02", "--set", "log_every=10", "--steps", "40", "--quiet"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_grok_trains_once_and_keeps_a_file(folder, capsys, whole):
    assert main([*COMMAND, "--out", "run.npz"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "train accuracy" in out and re.search(r"run.npz holds it: \d+ kB\n$", out)
    assert [file.name for file in folder.iterdir()] == ["run.npz"]
    assert Run.load("run.npz").experiment == SMALL
    stamp = (folder / "run.npz").stat().st_mtime_ns
    assert main([*COMMAND, "--out", "run.npz"]) == 0
    assert "held this run already" in capsys.readouterr().out and (folder / "run.npz").stat().st_mtime_ns == stamp
    assert main([*COMMAND, "--out", "run.npz", "--seed", "1"]) == 2
    assert "run.npz: there is another run in this file already" in capsys.readouterr().err
    assert (folder / "run.npz").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_grok_stops_and_goes_on(folder, capsys, whole, number):
    slow = [*COMMAND, "--out", "run.npz", "--keep", "state", "--steps", "1000000"]
    with subprocess.Popen([sys.executable, "-W", "error", "-m", "toolkit", *slow, "--checkpoint-every", "0"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not (folder / "run.checkpoint.npz").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and err == ""
    assert "stopped after " in out
    assert "go on with: python -m toolkit grok --resume run.checkpoint.npz" in out
    done = Run.load("run.checkpoint.npz").steps_done
    assert main(["grok", "--resume", "run.checkpoint.npz", "--steps", str(done + 5), "--quiet", "--keep", "state"]) == 0
    assert [file.name for file in folder.iterdir()] == ["run.npz"]
    straight = train(SMALL.replace(steps=done + 5), progress=False)
    assert all(Run.load("run.npz").state[name].tobytes() == straight.state[name].tobytes()
               for name in state_names(Experiment()))


def test_the_table_of_presets(capsys):
    assert main(["grok", "--list-presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["preset", *PRESETS]
    line = next(line for line in lines if line.startswith("figure6-perpgrad-adamw "))
    assert line.split()[-6:] == ["⟂adamw", "0.005", "0", "0.999", "1e-08", "500"]


@pytest.mark.parametrize("arguments, message", [
    (["--preset", "figure3"], "name is 'figure3'; allowed: 'figure1a'"),
    (["--set", "lr"], "'lr' sets nothing; allowed: NAME=VALUE"),
    (["--set", "lr=fast"], "lr is 'fast'; allowed: a number"),
    (["--set", "p=1e2"], "p is '1e2'; allowed: an integer"),
    (["--set", "bias=1"], "bias is '1'; allowed: true or false"),
    (["--set", "widths=8x8"], "widths is '8x8'; allowed: integers divided by commas"),
    (["--arithmetic", "exact"], "arithmetic is 'exact'; allowed: 'strict', 'fast'"),
    (["--resume", "missing.npz", "--arithmetic", "fast"], "--resume goes with"),
    (["--set", "speed=9"], "unknown argument 'speed'; allowed: task, p"),
    (["--set", "train_fraction=0.001"], "12 of 12769 rows, and seed 0 leaves"),
    (["--resume", "missing.npz"], "missing.npz: no such file"),
    (["--resume", "missing.npz", "--preset", "figure1a"], "--resume goes with"),
    (["--out", "nowhere/run.npz"], "--out is 'nowhere/run.npz', but there is no folder 'nowhere'"),
    (["--threads", "0", "--steps", "1"], "threads is 0; allowed: an integer from 1 to"),
])
def test_grok_says_in_one_line_what_is_wrong(folder, capsys, arguments, message):
    assert main(["grok", "--quiet", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1 and message in err
    assert not list(folder.iterdir())


def test_grok_and_a_full_disk(folder, capsys, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.warns(RuntimeWarning, match="no checkpoint written"):
        assert main([*COMMAND, "--out", "run.npz"]) == 2
    assert "No space left on device" in capsys.readouterr().err and not list(folder.iterdir())

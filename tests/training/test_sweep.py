"""Sweeps do what is missing, report what fails, and lose nothing."""
import os
import signal
import subprocess
import sys
import time

import joblib
import pytest

from toolkit.__main__ import main
from toolkit.training import Experiment, Run, grid, members_of, sweep, table, train
from toolkit.training import sweep as sweep_function

BASE = Experiment(p=11, widths=(8,), activation="square", train_fraction=0.7, lr=0.02, steps=20, log_every=10)
HOPELESS = BASE.replace(train_fraction=0.05)
module = sys.modules[sweep_function.__module__]
train_member = module._train_member


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_grid_is_all_combinations():
    members = grid(BASE, seed=range(2), loss_format=("float16", "float32"))
    assert [(e.seed, e.loss_format) for e in members] == [(0, "float16"), (0, "float32"), (1, "float16"),
                                                          (1, "float32")]
    assert grid(BASE) == [BASE]
    with pytest.raises(ValueError, match="unknown argument 'seeds'"):
        grid(BASE, seeds=(1, 2))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_does_what_is_missing(tmp_path, jobs):
    experiments = grid(BASE, seed=range(3))
    folder = tmp_path / "new/folder"
    members = sweep(experiments, folder, jobs=jobs, progress=False)
    assert names(folder) == sorted(f"{e.digest}.npz" for e in experiments)
    alone = train(experiments[1], progress=False)
    assert [member.experiment for member in members] == experiments
    assert members[1].run["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-6)
    members[0].path.unlink()
    members[1].path.write_bytes(b"damaged")
    stamp = members[2].path.stat().st_mtime_ns
    again = sweep(experiments, folder, jobs=jobs, progress=False)
    assert all(member.run.finished and member.error is None for member in again)
    assert members[2].path.stat().st_mtime_ns == stamp


def test_the_bar_counts_runs(tmp_path, capsys):
    sweep(grid(BASE, seed=range(2)), tmp_path, jobs=1)
    sweep(grid(BASE, seed=(0, 1, 1, 2)), tmp_path, jobs=1)
    err = capsys.readouterr().err
    assert "0/2" in err and "2/2" in err and "2/3" in err and "3/3" in err


def test_a_failed_member_is_reported_and_the_others_go_on(tmp_path):
    members = sweep([BASE, HOPELESS, BASE.replace(seed=1)], tmp_path, jobs=2, progress=False)
    assert [member.run is None for member in members] == [False, True, False]
    assert "classes without a training row" in members[1].error and members[0].error is None
    text = table(members)
    assert "failed" in text and len(text.splitlines()) == 4 and "train_fraction" in text
    (tmp_path / f"{HOPELESS.digest}.error.txt").write_text("an older error")
    assert "classes without" in sweep([HOPELESS], tmp_path, jobs=1, progress=False)[0].error


def deadly(member, **options):
    if member.experiment.seed == 1:
        member.beside("started").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    train_member(member, **options)


def test_a_member_that_kills_its_process_does_not_stop_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_train_member", deadly)
    members = sweep(grid(BASE, seed=range(4)), tmp_path, jobs=2, progress=False)
    assert [member.run is None for member in members] == [False, True, False, False]
    assert members[1].error.startswith("its process died: ")
    assert not [name for name in names(tmp_path) if name.endswith("started")]


def test_a_sweep_goes_on_from_checkpoints(tmp_path):
    member, = members_of([BASE], tmp_path)
    checkpoint = member.beside("checkpoint.npz")
    part = train(BASE, progress=False, callback=lambda step, _: step == 8)
    part.seconds = 1000.0  # by which the result shows where it comes from
    part.save(checkpoint, keep="state")
    sweep([BASE], tmp_path, jobs=1, progress=False, keep="state")
    whole = train(BASE, progress=False)
    assert member.run.seconds > 1000.0 and names(tmp_path) == [member.path.name]
    assert member.run.state["parameters"].tobytes() == whole.state["parameters"].tobytes()


def test_arguments_are_checked(tmp_path):
    for arguments, message in (({"keep": "all"}, "keep is 'all'"), ({"jobs": 0}, "jobs is 0; allowed: an integer"),
                               ({"jobs": 1.5}, "jobs is 1.5")):
        with pytest.raises(ValueError, match=message):
            sweep([BASE], tmp_path, **arguments)


def test_on_a_dask_cluster(tmp_path):
    """The documented switch: one line around the same call."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        with joblib.parallel_config(backend="dask"):
            members = sweep([*grid(BASE, seed=range(3)), HOPELESS], tmp_path, progress=False)
    assert [member.run is not None for member in members] == [True, True, True, False]
    assert "classes without a training row" in members[3].error
    alone = train(BASE, progress=False)
    assert members[0].run["test_loss"] == pytest.approx(alone["test_loss"], rel=1e-6)


# --- the command -----------------------------------------------------------------------------------------

SWEEP = ["--set", "p=11", "--set", "widths=8", "--set", "train_fraction=0.7", "--steps", "20", "--quiet"]


def test_the_command_trains_all_variations(tmp_path, capsys):
    command = ["sweep", str(tmp_path), *SWEEP, "--vary", "seed", "0", "1", "--vary", "widths", "8", "8,4",
               "--method", "perp_grad=true", "beta2=0.999", "--method", "optimizer=lion", "lr=0.001"]
    assert main([*command, "--list"]) == 0
    assert capsys.readouterr().out.count("missing") == 8 and not names(tmp_path)
    assert main(command) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 9 and len(names(tmp_path)) == 8
    assert {"seed", "widths", "optimizer", "perp_grad", "lr", "beta2"} <= set(out.splitlines()[0].split())
    run = Run.load(tmp_path / names(tmp_path)[0])
    assert run.finished and run.experiment.p == 11


def test_the_command_reports_failures(tmp_path, capsys):
    assert main(["sweep", str(tmp_path), *SWEEP, "--vary", "train_fraction", "0.7", "0.05"]) == 1
    out = capsys.readouterr().out
    assert "failed: ValueError: train_fraction is 0.05, 6 of 121 rows" in out and len(names(tmp_path)) == 2


@pytest.mark.parametrize("arguments, message", [
    (["--vary", "seed"], "--vary seed has no values"), (["--vary", "speed", "1"], "unknown argument 'speed'"),
    (["--vary", "seed", "x"], "seed is 'x'; allowed: an integer"), (["--jobs", "0"], "jobs is 0"),
    (["--method", "lion"], "'lion' sets nothing"), (["--preset", "figure1a,figure9"], "name is 'figure9'"),
])
def test_the_command_says_in_one_line_what_is_wrong(tmp_path, capsys, arguments, message):
    assert main(["sweep", str(tmp_path), "--quiet", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1 and message in err


def test_ctrl_c_keeps_what_is_done(tmp_path, capsys):
    """The whole process group is interrupted, as a terminal does it."""
    command = ["sweep", str(tmp_path), *SWEEP, "--jobs", "2", "--vary", "seed", "0", "1", "2",
               "--checkpoint-every", "0"]
    short = ["--vary", "steps", "20", "3000000"]
    with subprocess.Popen([sys.executable, "-m", "toolkit", *command, *short], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not any(name.endswith("checkpoint.npz") for name in names(tmp_path)):
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "missing: the same command goes on with them" in out
    assert not any(name.endswith("error.txt") for name in names(tmp_path))

"""Recordings are what they say: the engine's own bits, as far as they ran, in small files."""
import json

import numpy as np
import pytest

from toolkit.__main__ import main
from toolkit.formats import round_to
from toolkit.grokking.recordings import COMPARED, RECORDINGS, comparison, curves, keep, name_of, pack, recorded, thinned
from toolkit.grokking.recordings.comparison import BASE, experiments
from toolkit.grokking.recordings.curves import FULL
from toolkit.grokking.recordings.store import DATA, LEVELS
from toolkit.training import Experiment, Run, members_of, train
from toolkit.training.files import write_arrays
from toolkit.training.run import MEASURES

FILES = sorted(DATA.glob("*.npz"))
NAMES = [path.stem for path in FILES if path.stem != "comparison"]


def run_of(experiment, steps, **measures):
    """A run with made-up measures."""
    steps = np.asarray(steps)
    nothing = np.zeros(steps.size)
    return Run(experiment=experiment, steps=steps, norms={"weights 1": nothing}, finished=True, seconds=1.0,
               measures={name: np.asarray(measures.get(name, nothing), float) for name in MEASURES},
               steps_done=int(steps[-1]))


def test_the_toolkit_comes_with_recordings():
    assert NAMES and sum(path.stat().st_size for path in FILES) < 3e6


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_small_and_belongs_to_its_name(name):
    run = recorded(name)
    assert name_of(run.experiment) == name
    assert run.finished == (run.steps_done >= RECORDINGS[name].steps)
    assert run.steps[0] == 0 and run.steps[-1] <= run.steps_done
    assert run.environment["command"] == f"python -m toolkit record {name}"
    assert (DATA / f"{name}.npz").stat().st_size < 25_000
    assert all(np.all((run[share] >= 0) & (run[share] <= 1)) for share in ("test_accuracy", "collapsed", "zero_loss"))


def test_the_engine_still_gives_the_recorded_bits():
    run = recorded("figure6-perpgrad-adamw")
    again = train(run.experiment.replace(steps=8), progress=False)
    assert again.steps.tolist() == run.steps[:again.steps.size].tolist()
    for name in MEASURES:
        short = round_to(again[name], (11, 23))
        assert np.array_equal(short, run[name][:short.size], equal_nan=True), name


def test_thinning_keeps_the_ends_and_the_first_times():
    steps = np.arange(0, 5000, 5)
    run = run_of(Experiment(steps=5000), steps, test_accuracy=np.linspace(0, 1, 1000),
                 collapsed=steps > 1712, zero_loss=steps > 3003)
    short = thinned(run, 50)
    assert short.steps.size <= 60 and short.steps[0] == 0 and short.steps[-1] == 4995
    for level in LEVELS:
        assert short.first_step("test_accuracy", level) == run.first_step("test_accuracy", level)
    for measure in ("collapsed", "zero_loss"):
        assert short.first_step(measure, 0.5) == run.first_step(measure, 0.5)


def test_a_recording_says_how_far_it_ran_and_grows(tmp_path):
    experiment = RECORDINGS["figure2-70-float32"]
    assert recorded("figure2-70-float32", tmp_path) is None
    for steps, written in (([0, 1, 200], True), ([0, 1], False), ([0, 1, 200, 400], True)):
        name, path, done = keep(run_of(experiment.replace(steps=max(steps)), steps), tmp_path)
        assert (name, done) == ("figure2-70-float32", written)
    run = recorded(name, tmp_path)
    assert run.steps_done == 400 and not run.finished and run.experiment.steps == 20_000
    assert path.parent == tmp_path


def test_what_no_recording_describes_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no recording has this experiment"):
        keep(run_of(Experiment(p=7), [0, 10]), tmp_path)
    with pytest.raises(ValueError, match="name is 'figure7'"):
        recorded("figure7")
    assert not list(tmp_path.iterdir())


def test_curves_hold_the_measure_before():
    found = curves(["figure6-adamw", "figure6-perpgrad-adamw"], range(0, 801, 100))
    assert found.used.tolist() == [6, 6] and found.shares.shape == (2, 2, 9)
    run = recorded("figure6-perpgrad-adamw")
    at = np.searchsorted(run.steps, 200)
    assert found.shares[1, 0, 2] == round(float(run["test_accuracy"][at]) * FULL)


def test_the_comparison_comes_back(tmp_path):
    grid = list(experiments())
    assert len(grid) == len({e.digest for _, e in grid}) == np.prod([len(choices) for choices in COMPARED.values()])
    chosen = grid[::7]
    for i, (_, experiment) in enumerate(chosen):
        steps = [0, 50, experiment.steps]
        accuracy = np.array([0, 5, i]) / (BASE.n_rows - BASE.n_train)
        members_of([experiment], tmp_path)[0].path.parent.mkdir(exist_ok=True)
        run_of(experiment, steps, test_accuracy=accuracy, zero_loss=[0, 0, 1]).save(
            members_of([experiment], tmp_path)[0].path)
    path, done = pack(tmp_path, tmp_path)
    assert done == len(chosen) and path.name == "comparison.npz"
    found = comparison(tmp_path)
    assert np.sum(found.lengths > 0) == done
    for i, (place, _) in enumerate(chosen):
        assert found.last("test_accuracy")[place] == pytest.approx(i / (BASE.n_rows - BASE.n_train))
        assert found.last("zero_loss")[place] == 1
    assert np.isnan(found.last("test_accuracy")[grid[1][0]])


def test_an_empty_sweep_makes_no_comparison(tmp_path):
    with pytest.raises(ValueError, match="no finished run"):
        pack(tmp_path, tmp_path)
    assert comparison(tmp_path) is None


def test_the_recorded_comparison_is_complete():
    assert np.all(comparison().lengths > 0)


def test_record_goes_on_where_it_stopped(tmp_path, capsys):
    options = ["record", "figure6-adamw", "--work", str(tmp_path / "work"), "--into", str(tmp_path), "--quiet"]
    assert main([*options, "--steps", "2"]) == 0
    assert recorded("figure6-adamw", tmp_path).steps_done == 2
    assert main([*options, "--steps", "4"]) == 0
    run, full = recorded("figure6-adamw", tmp_path), recorded("figure6-adamw")
    assert run.steps.tolist() == [0, 1, 2, 4] and np.array_equal(run["train_loss"], full["train_loss"][:4])
    assert main(["record", "--list", "--into", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "figure6-adamw: 4 steps" in said and all(name in said for name in RECORDINGS)
    longer = run_of(RECORDINGS["figure6-adamw"], [0, 9])
    longer.save(tmp_path / "longer.npz")
    for file, words in (("longer.npz", "9 steps"), ("work/figure6-adamw.checkpoint.npz", "a longer recording stays")):
        assert main(["record", "--take", str(tmp_path / file), "--into", str(tmp_path)]) == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize("arguments, words", [([], "nothing to record"), (["figure7"], "no recording is called"),
                                              (["--take", "nowhere.npz"], "no such file")])
def test_record_refuses_in_one_line(arguments, words, capsys):
    assert main(["record", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


@pytest.mark.parametrize("arrays, words", [
    ({"steps": np.arange(3)}, "not a comparison: it has no 'about'"),
    ({"about": np.array("not JSON")}, "not a comparison: Expecting value"),
    ({"about": np.array("{}")}, "another comparison; make it anew"),
    ({"about": np.array(json.dumps({"compared": COMPARED}))}, "not a comparison: it has no ")])
def test_a_damaged_comparison_is_told_by_its_file(tmp_path, arrays, words):
    write_arrays(tmp_path / "comparison.npz", arrays)
    with pytest.raises(ValueError, match=f"comparison.npz: {words}"):
        comparison(tmp_path)
    (tmp_path / "comparison.npz").write_bytes(b"")
    with pytest.raises(ValueError, match="comparison.npz: not an npz file, or cut short"):
        comparison(tmp_path)

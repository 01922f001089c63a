"""Cells of benchmarks: measured again where samples disagree, left out where spoiled; entries, calls, peak, steps."""
import numpy as np
import pytest
from test_benchmark_results import Here

import benchmarks.__main__ as command
from benchmarks import accuracy, grid, grokking_step, inputs, peak, report, results
from benchmarks.worker import Worker
from toolkit.training import Experiment

PEERS = {"peers": {}, "machine": {"caches": {}}}


def in_turn(*cells):
    """A measurement that gives one after the other, and the list of those that are left."""
    left = list(cells)
    return lambda: left.pop(0), left


def test_what_agrees_is_measured_once():
    measure, left = in_turn({"ours": [1.0, 0.15]}, {"ours": [2.0, 0.0]})
    assert grid.settled(measure) == {"ours": [1.0, 0.15]} and len(left) == 1


def test_what_disagrees_is_measured_again_and_the_better_run_kept():
    measure, left = in_turn({"ours": [1.0, 0.0], "JAX": [1.0, 0.9]}, {"ours": [2.0, 0.2], "JAX": [2.0, 0.2]}, None)
    assert grid.settled(measure) == {"ours": [2.0, 0.2], "JAX": [2.0, 0.2]} and left == [None]
    measure, left = in_turn({"ours": [1.0, 0.5]}, {"ours": [2.0, 0.05]}, None)
    assert grid.settled(measure) == {"ours": [2.0, 0.05]} and left == [None]


def test_a_run_that_lost_a_library_is_not_taken():
    measure, _ = in_turn({"ours": [1.0, 0.2], "JAX": [1.0, 0.2]}, {"ours": [2.0, 0.0]}, {"ours": [2.0, 0.0]})
    assert grid.settled(measure) == {"ours": [1.0, 0.2], "JAX": [1.0, 0.2]}
    assert grid.settled(dict) == {}


def test_what_disagrees_for_good_is_spoiled():
    measure, _ = in_turn(*[{"ours": [1.0, 0.31], "JAX": [1.0, 0.3]}] * 3)
    assert grid.settled(measure) == {"ours": [1.0, 0.31, True], "JAX": [1.0, 0.3]}


@pytest.fixture
def one_spoiled():
    cells = {"64x10": {"ours": [2.0, 0.0], "PyTorch": [1.0, 0.0]}, "1x256": {"ours": [1.0, 0.0], "PyTorch": [9.0, 0.0]},
             "1x8": {"ours": [9.0, 0.4, True], "PyTorch": [1.0, 0.0]}}
    return PEERS | {"grid": {"softmax": {"float32": {"1": cells, "2": {"64x10": {"ours": [1.5, 0.0],
                                                                                 "PyTorch": [1.0, 0.5, True]}}}}}}


def test_spoiled_cells_count_nowhere(one_spoiled):
    assert [cell for cell, _ in results.ratios(one_spoiled["grid"], "PyTorch", "float32", 1)] == [
        ("softmax", "64x10"), ("softmax", "1x256")]
    assert results.ratios(one_spoiled["grid"], "PyTorch", "float32", 2) == []
    before = PEERS | {"grid": {"softmax": {"float32": {"1": {"1x8": {"ours": [1.0, 0.0]}}}}}}
    assert results.compare(before, one_spoiled) == []
    text = "\n".join(report.tables(one_spoiled))
    assert "left out of all that follows: 2 measurements" in text and grid.spoiled(one_spoiled) == 2


def test_what_is_slower_than_a_peer_stands_first(one_spoiled):
    assert results.slower(one_spoiled) == [(0.5, "PyTorch", "softmax", "float32", "64x10", "1")]
    lines = list(report.tables(one_spoiled))
    first = next(i for i, line in enumerate(lines) if "0.50 PyTorch" in line)
    assert first < lines.index(f"\n{report.TITLES['grid']}\n")
    assert any("arrays of 1000 entries or more: none" in line for line in lines[:first])


def test_calls_and_extras_are_compared_too():
    now, before = (PEERS | {"calls": {"softmax": {"float32": {"1": {"10": cell}}}}} for cell in (
        {"ours": [500.0, 0.0], "PyTorch": [100.0, 0.0]}, {"ours": [9.0, 0.0]}))
    assert len(results.compare(before, now)) == len(results.slower(now)) == 1
    assert any(" 5 " in line and line.split()[-2:] == ["5", "1"] for line in report.tables(now)), "microseconds"


def test_entries_are_told_beside_the_quicker_copy():
    times = {"gelu": {"ours": [6.0, 0.0]}, "copy": {"NumPy": [4.0, 0.0], "PyTorch": [2.0, 0.0]}}
    entries = {name: {"float32": {"1": {"1024": cell}}} for name, cell in times.items()}
    entries["gelu"]["float32"]["2"] = {"1024": {"ours": [6.0, 0.0]}}
    gelu = [line for line in report.tables(PEERS | {"entries": entries}) if line.startswith("  gelu ")]
    assert [line.split()[-2:] for line in gelu] == [["3.00", "copies"], ["1.50", "copies"]]


def test_arrays_of_one_axis_have_a_name():
    assert inputs.shape_name((10,), 0) == "10" and inputs.entries_of("10") == 10
    assert inputs.shape_name((8, 3), 0) == "8x3 axis 0"
    z, labels = inputs.logits_and_labels((10,), 0, "float32")
    assert z.shape == (10,) and labels.shape == (1,)


def test_only_the_copy_itself_is_timed():
    worker = Worker("NumPy")
    answer = worker.prepare("copy", "float64", [16], 0)
    assert np.array_equal(answer["sample"][0], inputs.logits_and_labels((16,), 0, "float64")[0])
    out = worker.calls["copy"]()
    assert worker.calls["copy"]() is out, "made once"


def test_errors_of_activations():
    found = {}
    pool = Here(("ours", "NumPy", "SciPy"))
    pool.workers["wrong"], pool.functions["wrong"] = Worker("NumPy"), ["tanh"]
    pool.workers["wrong"].library.functions["tanh"] = lambda z, y, axis: np.where(z > 50, np.nan, np.tanh(z))
    accuracy.measure_activation_errors(pool, found, ("tanh", "sigmoid", "gelu"))
    assert all(kinds["float32"]["ours"] < 4 for kinds in found.values())
    assert set(found["tanh"]["float32"]) == {"ours", "NumPy", "wrong"} and "SciPy" in found["sigmoid"]["float32"]
    assert found["tanh"]["float32"]["wrong"] is None and 0.5 < found["tanh"]["float32"]["NumPy"] < 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_peak_is_that_of_multiply_adds(dtype):
    width = 64 // np.dtype(dtype).itemsize
    numbers = np.random.default_rng(1).random((peak.CHAINS + 2, width)).astype(dtype)
    out, expected = np.zeros(peak.CHAINS * width, dtype), numbers[:-2]
    peak.run_chains(numbers.ravel(), 3, out)
    for _ in range(3):
        expected = expected * numbers[-2] + numbers[-1]
    assert np.allclose(out, expected.ravel(), rtol=1e-6)
    assert peak.gigaflops(1, dtype, steps=100, turns=1) > 0


def test_a_step_is_measured_in_both_arithmetics(monkeypatch):
    asked = []
    monkeypatch.setattr(grokking_step, "cases", lambda: [("small", Experiment(p=5, widths=(8, 8), train_fraction=0.7))])
    monkeypatch.setattr(grokking_step.subprocess, "run", lambda command, **options: asked.extend(command) or type(
        "Done", (), {"returncode": 0, "stdout": '{"median": 0.5}'}))
    strict, fast = grokking_step.measure("python", 1, (1,))
    assert (strict[0], fast[0]) == ("small", "small, fast") and strict[3] == fast[3] == 500
    assert strict[4] == fast[4] == pytest.approx(2e-9 * 3 * 17 * (8 * 8 + 8 * 5))
    assert "--fraction=0.7" in asked


def test_a_spoiled_step_is_no_ratio(monkeypatch):
    times = iter([0.1, 0.5, 0.9] * 3)
    monkeypatch.setattr(grokking_step, "cases", lambda: [("small", Experiment(p=5, widths=(8, 8), train_fraction=0.7))])
    monkeypatch.setattr(grokking_step, "our_seconds", lambda work, threads, steps: [0.2])
    monkeypatch.setattr(grokking_step, "torch_result", lambda *_: {"median": next(times)})
    broken = []
    rows = list(grokking_step.measure("python", 3, (1,), broken=broken))
    assert [row[2:4] for row in rows] == [(200, None)] * 2
    assert broken == ["training step of PyTorch, 1 thread(s): spoiled by a busy machine"]


def test_a_busy_machine_is_told_by_its_peak(monkeypatch, capsys):
    monkeypatch.setattr(command.processes, "find_pythons", lambda names, pythons: {})
    session = command.Session(command.parsed(["--threads", "1", "--threads", "2"]))
    session.results["machine"]["cores"] = 2
    for both, busy in ((190.0, False), (120.0, True)):
        monkeypatch.setattr(peak, "gigaflops", lambda threads, dtype: both if threads == 2 else 100.0)
        session.results["broken"].clear()
        session.peak()
        assert bool(session.results["broken"]) == ("another program runs" in capsys.readouterr().out) == busy
    assert session.results["peak"]["float64"] == {"1": 100.0, "2": 120.0}


def test_steps_are_told_beside_the_peak():
    steps = {"new": {"1": [10.0, 20.0, 0.5]}, "old": {"1": [10.0, None]}}
    text = "\n".join(report.tables(PEERS | {"peak": {"float32": {"1": 100.0}}, "grokking": steps}))
    assert "ours 50 GFLOP/s, 50 % of the peak, PyTorch 25 GFLOP/s" in text and "PyTorch was not measured" in text


def test_the_time_to_go_is_told():
    stored = {"seconds": dict.fromkeys(report.TITLES, 60)}
    assert command.progress(90, ["grid", "sums"], stored, False) == "1.5 minutes so far, about 2.0 minutes to go"
    assert command.progress(90, ["grid", "sums"], stored, True) == "1.5 minutes so far"
    assert set(command.SECONDS) == set(report.TITLES)

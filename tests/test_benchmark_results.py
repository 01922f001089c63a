"""Benchmarks with tiny budgets: results agree, errors are found, regressions are listed, Ctrl-C keeps what there is."""
import copy
import json
import math

import mpmath
import numpy as np
import pytest

import benchmarks.__main__ as command
from benchmarks import accuracy, grid, inputs, machine, report, results
from benchmarks.worker import Worker

SHAPES = (((2, 8), 1), ((8, 3), 0))


class Here:
    """A pool whose libraries answer in this process."""

    def __init__(self, names, threads=1):
        self.threads, self.broken = threads, []
        self.workers = {name: Worker(name) for name in names}
        self.functions = {name: list(worker.library.functions) for name, worker in self.workers.items()}

    def ask(self, name, do, **options):
        return json.loads(json.dumps(getattr(self.workers[name], do)(**options)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture(autouse=True)
def nothing_is_spoiled(monkeypatch):
    """So short are the times here that a thread of another process spoils them."""
    monkeypatch.setattr(grid, "SPOILED", math.inf)
    monkeypatch.setattr(grid, "AGAIN", 0)


@pytest.fixture(scope="module")
def pool():
    return Here(("ours", "NumPy", "SciPy"))


@pytest.fixture
def measured(pool):
    found = {"machine": machine.describe(), "peers": {"JAX": {"missing": "no module"}}, "grid": {}, "broken": []}
    grid.measure_grid(pool, found["grid"], 1e-4, functions=("softmax", "stablemax"), shapes=SHAPES)
    return found


@pytest.mark.parametrize("functions, shapes", [(inputs.FUNCTIONS, SHAPES), (inputs.ENTRIES, (((64,), 0),)),
                                               (inputs.EXTRAS, (((3, 60), 1),))], ids=["grid", "entries", "extras"])
def test_every_function_of_every_library_agrees_with_ours(pool, functions, shapes):
    found = {}
    grid.measure_grid(pool, found, 1e-5, functions, shapes=shapes)
    assert pool.broken == []
    assert set(found) == set(functions)
    for (function, *_), cell in grid.cells_of(found).items():
        assert set(cell) == {name for name in pool.functions if function in pool.functions[name]}
        assert all(nanoseconds > 0 and spread >= 0 for nanoseconds, spread in cell.values())


def test_one_thread_is_not_measured_twice(pool):
    found = {}
    pool.threads = 2
    try:
        grid.measure_grid(pool, found, 1e-5, functions=("softmax",), dtypes=("float32",), shapes=SHAPES)
    finally:
        pool.threads = 1
    assert all(set(cell) == {"ours"} for cell in grid.cells_of(found).values())
    found["softmax"]["float32"]["1"] = {"2x8": {"ours": [1.0, 0.0], "NumPy": [6.0, 0.0]}}
    found["softmax"]["float32"]["2"] = {"2x8": {"ours": [2.0, 0.0]}}
    assert results.ratios(found, "NumPy", "float32", 2) == [(("softmax", "2x8"), 3.0)]
    assert results.ratios(found, "NumPy", "float32", 2, least_entries=17) == []


def test_the_algorithms_take_turns(pool):
    found = {}
    grid.measure_algorithms(pool, found, 1e-4, sizes=(16, 64), dtypes=("float32",))
    assert set(found["float32"]["1"]["64"]) == set(inputs.ALGORITHMS)


def test_results_survive_the_file(measured, tmp_path):
    path = tmp_path / "results.json"
    assert results.load(path) == {}
    results.save(measured, path)
    assert results.load(path) == measured
    assert max(map(len, path.read_text().splitlines())) < 400


def test_a_planted_regression_is_found(measured):
    for cell in grid.cells_of(measured["grid"]).values():
        for taken in cell.values():
            taken[1] = 0.05
    assert results.compare(measured, measured) == []
    slower = copy.deepcopy(measured)
    slower["grid"]["softmax"]["float32"]["1"]["2x8"]["ours"][0] *= 1.5
    (change,) = results.compare(measured, slower)
    assert change.cell == ("softmax", "float32", "1", "2x8") and change.factor == pytest.approx(1.5)
    assert "1.50 times as long as stored" in str(change)
    slower["grid"]["softmax"]["float32"]["1"]["2x8"]["ours"][1] = 0.6
    assert results.compare(measured, slower) == [], "within the noise"


def test_a_slower_machine_is_no_regression(measured):
    slower = copy.deepcopy(measured)
    for cell in grid.cells_of(slower["grid"]).values():
        if len(cell) > 1:
            for taken in cell.values():
                taken[0] *= 3
    assert results.compare(measured, slower) == []


def test_new_results_are_laid_over_those_of_the_same_machine(measured):
    part = {"machine": measured["machine"], "peers": {}, "sums": {"normal": {}},
            "grid": {"softmax": {"float32": {"1": {"new": {"ours": [1.0, 0.0]}}}}}}
    both = results.laid_over(measured, part)
    assert set(both["grid"]["softmax"]["float32"]["1"]) == {"2x8", "8x3 axis 0", "new"} and both["peers"] == {}
    part["machine"] = part["machine"] | {"processor": "another"}
    assert results.laid_over(measured, part) is part


@pytest.mark.parametrize("function", inputs.FUNCTIONS)
def test_truths_agree_with_plain_float64(function, pool):
    z, label = np.array([0.5, -1.25, 3.0]), 1
    exact = accuracy.truths(function, z, label)
    theirs = Worker("NumPy").library.functions[function](z[None], np.array([label]), 1)
    parts = theirs if isinstance(theirs, tuple) else (theirs,)
    for mine, other in zip(exact, parts, strict=True):
        assert np.allclose([float(x) for x in mine], np.ravel(other), rtol=1e-12)


def test_truths_keep_what_is_far_below_1():
    (found,) = accuracy.truths("log_softmax", np.array([0.0, -700.0]), 0)
    assert float(found[0]) == pytest.approx(-math.exp(-700), rel=1e-12) and float(found[1]) == -700
    (loss,) = accuracy.truths("cross_entropy", np.array([0.0, -700.0]), 0)
    assert float(loss[0]) == -float(found[0])


def test_errors_are_in_units_of_the_last_place():
    assert accuracy.ulp_error(1.0 + 2.0**-22, mpmath.mpf(1), "float32") == 2
    assert accuracy.ulp_error(0.0, mpmath.mpf(2) ** -150, "float32") == 0.5
    assert accuracy.ulp_error(float("nan"), mpmath.mpf(1), "float64") == math.inf


def test_accuracy_finds_what_the_common_form_loses(pool):
    found = {}
    accuracy.measure_errors(pool, found, functions=("softmax", "cross_entropy"), dtypes=("float32",))
    assert found["softmax"]["float32"]["ours"] <= 4
    assert found["cross_entropy"]["float32"]["ours"] <= 4
    assert found["cross_entropy"]["float32"]["NumPy"] > 1e5


def test_sums_are_in_units_of_roundoff(pool):
    found = {}
    accuracy.measure_sums(pool, found, size=4096, dtypes=("float32",))
    assert set(found) == {"normal", "one large"} and found["normal"]["float32"]["ours"] < 4


def test_tables_name_what_is_missing(measured):
    measured |= {"copy": {"1": machine.copy_times(1, 1e-3, (64,))}, "errors": {"softmax": {"float32": {"ours": 1.0,
                                                                                                 "SciPy": None}}},
                 "grokking": {"mlp": {"1": [10.0, None]}}, "broken": ["PyTorch, 1 thread: it broke"]}
    text = "\n".join(report.tables(measured))
    for sentence in ("JAX: missing (no module)", "FAILED: PyTorch", "PyTorch was not measured", "NaN or inf", "NumPy",
                     "geometric mean", "GB/s"):
        assert sentence in text


def test_copies_in_two_threads_are_timed():
    times = machine.copy_times(2, 1e-3, (64, 4096))
    assert all(kinds["ready"][0] > 0 for kinds in times.values())


@pytest.fixture
def small(monkeypatch):
    greeting = {"version": "0", "python": "3", "functions": []}
    monkeypatch.setattr(command.processes, "find_pythons", lambda names, pythons: {
        "ours": ("python", greeting), "JAX": (None, "ModuleNotFoundError: No module named 'jax'")})
    monkeypatch.setattr(command.processes, "Pool", lambda found, threads, broken: Here(("ours",), threads))
    monkeypatch.setattr(command, "QUICK_SHAPES", SHAPES[:1])


def test_ctrl_c_keeps_what_was_measured(small, monkeypatch, tmp_path, capsys):
    def interrupt(session):
        raise KeyboardInterrupt

    monkeypatch.setattr(command.Session, "sums", interrupt)
    path = tmp_path / "results.json"
    code = command.main(["--quick", "--threads", "1", "--budget", "1e-4", "--only", "grid", "--only", "sums",
                         "--results", str(path)])
    assert code == 130
    stored = results.load(path)
    assert set(stored["grid"]) == set(inputs.FUNCTIONS) and stored["peers"]["JAX"]["missing"]
    assert "No module named 'jax'" in capsys.readouterr().out


def test_small_calls_have_functions_of_their_own_for_each_array(small, tmp_path, capsys):
    path = tmp_path / "results.json"
    assert command.main(["--threads", "1", "--budget", "1e-4", "--only", "calls", "--results", str(path)]) == 0
    stored = results.load(path)
    assert {name: set(kinds["float64"]["1"]) for name, kinds in stored["calls"].items()} == {
        "softmax": {"10", "64x10"}, "cross_entropy_and_grad": {"64x10"}}
    assert set(stored["seconds"]) == {"calls"} and "minutes to go" in capsys.readouterr().out


def test_a_regression_fails_only_when_asked_to(small, tmp_path, capsys):
    path = tmp_path / "results.json"
    options = ["--quick", "--threads", "1", "--budget", "1e-4", "--only", "grid", "--results", str(path)]
    assert command.main(options) == 0
    stored = results.load(path)
    for cell in grid.cells_of(stored["grid"]).values():
        cell["ours"][:] = [cell["ours"][0] / 100, 0.0]
    results.save(stored, path)
    assert command.main([*options, "--fail-on-regression"]) == 1
    assert "times as long as stored" in capsys.readouterr().out


def test_the_stored_results_are_complete_and_small():
    stored = results.load()
    assert {"copy", "grid", "two_pass", "errors", "sums", "grokking", "waiting"} <= set(stored)
    assert set(stored) <= {"machine", "peers", "broken", "dates", "seconds", *report.TITLES}
    assert results.PATH.stat().st_size < 200_000
    assert {"ours", "NumPy", "SciPy", "PyTorch", "JAX"} <= set(stored["peers"])
    assert len(list(report.tables(stored))) > 100

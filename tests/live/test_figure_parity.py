"""Every figure of every page gives the same bits natively and in WebAssembly, over a grid of its controls' states."""
import itertools
from pathlib import Path

import numpy as np
import pytest
from sample import everything, learner
from wasm_runner import WasmRunner

from toolkit.live import Simulation
from toolkit.live.base import parameters_of
from toolkit.live.page import figures_of
from toolkit.live.wasm import build_module

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("notebooks/*.ipynb"), *(p for p in ROOT.glob("book/*.md") if "live_figure" in p.read_text()
                                                   or "gallery" in p.stem)])
MOST_STATES, MOST_RUNS = 60, 6
STEPS = 25


def values_of(control):
    """A few values of a control: its ends, its default and what lies between; all options of a choice."""
    if control.kind in ("choice", "format"):
        return list(control.options)
    if control.kind == "toggle":
        return [False, True]
    if control.kind == "logits":
        n = len(control.default)
        return [control.default, [control.low] * n, [control.high] * n, list(np.linspace(control.low, control.high, n))]
    if control.kind == "bits":
        n = len(control.default)
        return [control.default, [0] * n, [1] * n, [0] + [1] * (n - 1), [i % 2 for i in range(n)]]
    between = np.geomspace(control.low, control.high, 5) if getattr(control, "scale", "") == "log" else np.linspace(
        control.low, control.high, 5)
    values = [control.default, *between]
    return sorted({round(v) for v in values} if control.kind == "integer" else {float(v) for v in values})


def states(figure):
    """The product of all controls' values, thinned evenly to at most `MOST_STATES`, or `MOST_RUNS` of a simulation."""
    names = list(figure.controls)
    grid = list(itertools.product(*(values_of(figure.controls[name]) for name in names)))
    most = MOST_RUNS if isinstance(figure, Simulation) else MOST_STATES
    step = -(-len(grid) // most) | 1  # odd, so that thinning does not fall in step with the last control
    return [dict(zip(names, state)) for state in grid[::step]]


def same_bits(ours, theirs):
    if ours.dtype.kind != "f":
        return np.array_equal(ours, theirs)
    bits = np.dtype(f"u{ours.itemsize}")
    # The payload and sign of a NaN are the processor's own.
    return np.array_equal(np.isnan(ours), np.isnan(theirs)) and np.array_equal(
        np.nan_to_num(ours).view(bits), np.nan_to_num(theirs).view(bits))


def calls_of(figure):
    """Entry points of a figure, and how often each is called in turn."""
    times = {"init": 1, "step": STEPS}
    return [(name, function, times.get(name.rpartition(".")[2], 1)) for name, function, _ in figure.entry_points]


def check_parity(figures, states=states):
    module = build_module([entry for figure in figures for entry in figure.entry_points])
    with WasmRunner(module) as run:
        for figure in figures:
            for state in states(figure):
                ours, theirs = (figure.arguments(figure.state(**state)) for _ in range(2))
                for name, function, times in calls_of(figure):
                    for _ in range(times):
                        function(*(ours[p] for p in parameters_of(function)))
                        run(name, *(theirs[p] for p in parameters_of(function)))
                for name in figure.outputs | figure.work:
                    assert same_bits(ours[name], theirs[name]), f"{figure.name}: {name} differs at {state}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_computes_the_same_bits(page):
    figures = figures_of(page)
    assert figures
    check_parity(figures)


def test_every_kind_of_control_arrives_the_same():
    check_parity([everything])


def test_a_simulation_steps_the_same():
    check_parity([learner], lambda _: [{}, {"size": 12, "rate": 1.0}, {"size": 2, "rate": 0.001}])


def test_a_difference_would_be_seen():
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert not same_bits(np.array([1.0]), np.array([np.nextafter(1.0, 2.0)]))
    assert not same_bits(np.array([np.nan]), np.array([1.0]))
    assert same_bits(np.array([np.nan]), -np.array([np.nan]))

"""Every figure of every page gives the same bits natively and in WebAssembly, over a grid of its controls' states."""
import itertools
from pathlib import Path

import numpy as np
import pytest
from sample import everything
from wasm_runner import WasmRunner

from toolkit.live.page import figures_of
from toolkit.live.wasm import build_module

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("notebooks/*.ipynb"), *(p for p in ROOT.glob("book/*.md") if "live_figure" in p.read_text()
                                                   or "gallery" in p.stem)])
MOST_STATES = 60


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
    """The product of all controls' values, thinned evenly to at most `MOST_STATES`."""
    names = list(figure.controls)
    grid = list(itertools.product(*(values_of(figure.controls[name]) for name in names)))
    step = -(-len(grid) // MOST_STATES) | 1  # odd, so that thinning does not fall in step with the last control
    return [dict(zip(names, state)) for state in grid[::step]]


def arguments_of(figure, state):
    controls = {name: figure.controls[name].argument(value) for name, value in figure.state(**state).items()}
    arrays = {name: np.zeros(size) for name, size in (figure.outputs | figure.scratch).items()}
    return [(controls | arrays)[name] for name in figure.parameters], arrays


def same_bits(ours, theirs):
    # The payload and sign of a NaN are the processor's own.
    return np.array_equal(np.isnan(ours), np.isnan(theirs)) and np.array_equal(
        np.nan_to_num(ours).view(np.int64), np.nan_to_num(theirs).view(np.int64))


def check_parity(figures):
    module = build_module([(f.name, f.kernel, f.argument_types) for f in figures])
    with WasmRunner(module) as run:
        for figure in figures:
            for state in states(figure):
                native, ours = arguments_of(figure, state)
                figure.kernel(*native)
                compiled, theirs = arguments_of(figure, state)
                run(figure.name, *compiled)
                for name in figure.outputs:
                    assert same_bits(ours[name], theirs[name]), f"{figure.name}: {name} differs at {state}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_computes_the_same_bits(page):
    figures = figures_of(page)
    assert figures
    check_parity(figures)


def test_every_kind_of_control_arrives_the_same():
    check_parity([everything])


def test_a_difference_would_be_seen():
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert not same_bits(np.array([1.0]), np.array([np.nextafter(1.0, 2.0)]))
    assert not same_bits(np.array([np.nan]), np.array([1.0]))
    assert same_bits(np.array([np.nan]), -np.array([np.nan]))

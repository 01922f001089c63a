"""Every figure of every page gives the same bits natively and in WebAssembly, at states in which any two values of its
controls meet; the WebAssembly is the page's own. What the figures say is looked at here too, as they are made here."""
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from figure_cells import cells_behind_figures, figures_alone
from sample import everything, learner
from sentences import flaws, said_where
from wasm_runner import WasmRunner

from toolkit.catalog._beginning import SHOWS, shown_gaps
from toolkit.kernels import kernel
from toolkit.live import Axis, Bars, Plot, Readout, Simulation, Slider, live_figure
from toolkit.live.base import parameters_of
from toolkit.live.page import module_in
from toolkit.live.wasm import build_module

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "book/_ext"))
from pages import Page

PAGES = sorted([*ROOT.glob("notebooks/*.ipynb"), *(p for p in ROOT.glob("book/*.md") if "live_figure" in p.read_text()
                                                   or "import entries" in p.read_text())])
STEPS = 8


def values_of(control):
    """A few values of a control: its default, its ends and one between; all options of a choice."""
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
    law = np.geomspace if getattr(control, "scale", "") == "log" else np.linspace
    values = [control.default, control.low, law(control.low, control.high, 3)[1], control.high]
    kind = round if control.kind == "integer" else float
    return list(dict.fromkeys(map(kind, values)))


def covering(values, together):
    """Rows with one of ``values[i]`` at place i, in which any values at up to `together` places meet at least once."""
    places = list(itertools.combinations(range(len(values)), min(together, len(values))))
    missing = {(at, chosen) for at in places for chosen in itertools.product(*(range(len(values[i])) for i in at))}
    while missing:
        at, chosen = min(missing)
        row = dict(zip(at, chosen))
        for i in set(range(len(values))) - set(at):
            row[i] = max(range(len(values[i])), key=lambda value: len(_met(row | {i: value}, places) & missing))
        missing -= _met(row, places)
        yield [values[i][row[i]] for i in range(len(values))]


def _met(row, places):
    return {(at, tuple(row[i] for i in at)) for at in places if all(i in row for i in at)}


def states(figure):
    """States of a figure in which any two values of its controls meet; of a simulation, whose run is long, any one."""
    strength = 1 if isinstance(figure, Simulation) else 2
    rows = covering([values_of(control) for control in figure.controls.values()], strength)
    return [{}, *(dict(zip(figure.controls, row)) for row in rows)]


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


def check_parity(figures, states=states, module=None):
    module = module or build_module([entry for figure in figures for entry in figure.entry_points])
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


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page.stem)
def page(request):
    """A page and its figures."""
    return request.param, figures_alone(request.param)


def test_a_page_computes_the_same_bits_and_notebooks_get_the_figure(page, monkeypatch):
    monkeypatch.delenv("BOOK_BUILD", raising=False)
    (source, figures), module = page, None
    made = Page(source)
    assert figures
    if made.is_made:
        module = module_in(made.module.read_text(encoding="utf-8"))
        assert [*module.manifest["kernels"]] == [name for figure in figures for name, *_ in figure.entry_points]
    check_parity(figures, module=module)
    for figure in figures:
        assert {"text/html", "image/svg+xml", "text/plain"} <= set(figure._repr_mimebundle_())


# Page and figure -> fields that may be no number, and "three times" where three numbers may be equal; and why.
ALLOWED = {
    ("numbers_with_gaps", "float16_bits"): ("number", "above", "below"),  # whatever the bits say: inf, NaN, −0
    ("numbers_with_gaps", "float8_bits"): ("number",),
    ("numbers_with_gaps", "summation"): ("paired", "three times"),  # two of three sums may be the exact one
    ("vanishing_loss", "collapse_edge"): ("three times",),  # two classes have no order
    ("softmax_five_ways", "stepping"): ("pk",),  # the sentence before says that the sum is inf
    ("activation_gallery", "tails"): ("plain + 0",),  # as written: where a formula breaks is what the figure shows
    ("activation_gallery", "derivative_from_value"): ("plain", "plain + 0"),
    ("cost_of_exp", "all_binades"): ("three times",),  # near 0 every way of computing exp is right
    ("temperature", "filters"): ("three times",),  # filters that keep every token
    ("teachers_and_adversaries", "lessons"): ("three times",),  # four students begin with the same weights
    ("teachers_and_adversaries", "shared"): ("three times",),  # a bound that the batch alone limits
    ("codes_and_laws", "straight_line"): ("three times",),  # next to no noise leaves next to no interval
}


def test_sentences_hold_in_every_state(page):
    source, figures = page
    wrong = []
    for figure in figures:
        allowed = ALLOWED.get((source.stem, figure.name), ())
        found = {}
        for state, values, measured in said_where(figure):
            for flaw in flaws(figure, values, measured, allowed):
                found.setdefault(flaw, f"{source.stem}, {figure.name} at {state}: {flaw}: {figure.sentence(values)!r}")
        wrong += found.values()
    assert not wrong, "\n".join(wrong)


@kernel
def halve(x, y):
    y[0] = 0.5 * x


@pytest.mark.parametrize("said, flaw", [
    ("There are {y:d} rows.", "one thing in the plural"), ("They came {y:d} times.", "one thing in the plural"),
    ("It is {y:d} times e.", None), ("There {'is' if y == 1 else 'are'} {y:d} row{y:s}.", None),
    ("It is {y}", "no full stop at the end"), ("it is {y}.", "a small letter at the start"), ("float16 has {y}.", None),
    ("It is  {y}.", "blanks or stops twice"), ("Of {x - 2:d} rows none.", "a part of nothing"),
    ("It has 2^{x:d} rows.", "a power as it is typed"), ("The markers above tell.", "a place on the screen"),
    ("It is off by {y / 3:6g} ulp.", "more digits than an error has"), ("It is {{y}}.", "a field that was not filled"),
    ("It is {y / (x - 2)}.", "{y / (x - 2)} is inf, of which its sentence does not speak"),
    ("They are {y:3f}, {y:3f} and {y:3f}.", "'1.000' three times"), (Readout("No.", when="y == 2"), "nothing is said"),
    ("It is so. " * 40 + "Yes.", "404 letters"),
])
def test_flaws_of_sentences_are_found(said, flaw):
    figure = live_figure(controls=[Slider("x", 0, 4, 2.0)], outputs={"y": 1}, readouts=[said], caption="c",
                         plot=Plot((Bars("y"),), x=Axis("x", (0, 2)), y=Axis("y", (0, 2))))(halve)
    assert list(flaws(figure, figure.values(), True)) == ([flaw] if flaw else [])


def test_gallery_figures_begin_where_something_shows(page):
    source, figures = page
    for figure in figures if source.stem.startswith("gallery_") else []:
        if "fmt" in figure.controls:
            shown = shown_gaps(figure, figure.values(), lambda line: line.y.rpartition("_over_")[0])
            formats = figure.controls["fmt"].options
            somewhere = max(shown_gaps(figure, figure.values(fmt=format)).max() for format in formats) >= SHOWS
            assert (shown >= SHOWS) == somewhere, figure.name
            assert (shown >= SHOWS) != ("no line leaves" in figure.caption), figure.name


def test_cells_without_a_part_in_a_figure_are_left_out():
    cells = ["import a, b", "x = 1\ndef f(): return x + a.c", "for y in range(9): train(y)", "x = 2",
             "@live_figure()\ndef g(y): return [f() for y in (1,)]", "x = g(f)"]
    assert [number for number, _ in cells_behind_figures(enumerate(cells))] == [0, 1, 3, 4]
    cells[3] = "x = 2 * y"
    assert [number for number, _ in cells_behind_figures(enumerate(cells))] == [0, 1, 2, 3, 4]
    assert cells_behind_figures(enumerate(cells[:4])) == []


def test_all_pairs_meet():
    values = [["a", "b", "c"], [1, 2], [0.5, 0.7, 0.9], [True, False]]
    rows = list(covering(values, 2))
    for i, j in itertools.combinations(range(4), 2):
        assert {(row[i], row[j]) for row in rows} == set(itertools.product(values[i], values[j]))
    assert len(rows) < 15
    assert len(list(covering(values, 1))) == 3


def test_every_kind_of_control_arrives_the_same():
    check_parity([everything])


def test_a_simulation_steps_the_same():
    check_parity([learner], lambda _: [{}, {"size": 12, "rate": 1.0}, {"size": 2, "rate": 0.001}])


def test_a_difference_would_be_seen():
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert not same_bits(np.array([1.0]), np.array([np.nextafter(1.0, 2.0)]))
    assert not same_bits(np.array([np.nan]), np.array([1.0]))
    assert same_bits(np.array([np.nan]), -np.array([np.nan]))

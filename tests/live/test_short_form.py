"""Figures in short form: what is computed, its bits in WebAssembly, what is kept on disk, and what is refused."""
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import short_sample
from numba import config
from short_sample import FIGURES, attention, everywhere, gap_figure, log_axis, loss_of, softmax_row, weights

from toolkit.elementary import exp
from toolkit.formats import round_to
from toolkit.live import (
    Axis,
    Bars,
    Curve,
    Format,
    HeatMap,
    Logits,
    Number,
    Plot,
    Readout,
    Rule,
    Slider,
    live_figure,
    live_simulation,
)
from toolkit.live.hosts.page import figure_html
from toolkit.live.slots import fill_slots
from toolkit.softmax import softmax

AXES = {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}
STATES = {
    "gap_figure": [{}, {"gap": 3.0}, {"fmt": "float16", "K": 8}, {"fmt": "float8_e5m2", "gap": 30.0}],
    "weights": [{}, {"z": [11.5, 11.7, -2.0]}, {"fmt": "float32", "tau": 0.37}],
    "everywhere": [{}, {"law": "product", "x": -1.3, "steep_one": True}],
    "attention": [{}, {"beta": 7.5}],
    "log_axis": [{}, {"fmt": "float8_e4m3fn", "c": 700.0}],
}


def test_a_number_is_that_of_its_curve_where_the_control_stands():
    values = gap_figure.values(gap=7.5, fmt="bfloat16")
    at = list(values["along_gap"]).index(7.5)
    assert values["loss"][0] == values["loss_over_gap"][at] == round_to(values["loss"][0], "bfloat16")
    assert values["exact"][0] == values["exact_over_gap"][at] != values["loss"][0]
    assert len(values["along_gap"]) == 121 and (values["along_gap"][0], values["along_gap"][-1]) == (0.0, 30.0)


def test_points_may_be_whole_numbers_listed_ones_or_evenly_spaced_in_the_logarithm():
    values = gap_figure.values()
    np.testing.assert_array_equal(values["along_gap_2"], range(0, 31, 3))
    assert len(values["loss_over_K"]) == 7, "a control of whole numbers takes each once"
    np.testing.assert_array_equal(everywhere.values()["along_x_2"], np.linspace(-2, 2, 11))
    np.testing.assert_allclose(log_axis.values()["along_c"], np.geomspace(1, 1000, 31), rtol=1e-14)


def test_an_axis_and_a_curve_need_no_more_than_a_name():
    plot = log_axis.plots[0]
    assert (plot.x.title, plot.x.range, plot.x.scale) == ("c", (1, 1000), "log")
    assert [(line.label, line.role) for line in plot.traces] == [("root", "first"), ("line", "truth")]
    assert [mark.label for mark in everywhere.plots[1].traces[:2]] == ["steeper", "cut"]


def test_a_row_kernel_runs_in_the_chosen_format_or_in_that_of_its_mark():
    z = [11.5, 11.7, -2.0]
    values = weights.values(z=z, fmt="float16")
    with pytest.warns(RuntimeWarning, match="overflowed"):
        naive = softmax(np.array(z), algorithm="naive", format="float16")
    np.testing.assert_array_equal(values["softmax_row"], naive)
    np.testing.assert_allclose(values["truth"], softmax(np.array(z)), rtol=1e-15)
    assert set(values["shifted_row"]) == set(values["warm"])
    values = weights.values()
    filled = fill_slots(weights.plots[1].bindings(), values)
    assert filled[0]["y"] == [values["softmax_row"][0], max(values["shifted_row"]), 0.25]
    assert filled[1]["y"][0] == values["truth"][0] / 2


def test_a_table_is_computed_in_the_middle_of_its_cells():
    table = everywhere.compute(law="sum")["bowl_over_x_over_y"]
    x, y = -2 + 4 * (np.arange(9) + 0.5) / 9, -1 + 2 * (np.arange(6) + 0.5) / 6
    np.testing.assert_array_equal(table, x * x + (y * y)[:, None])
    slots = fill_slots(everywhere.plots[0].bindings(), everywhere.values())[0]
    assert (slots["rows"], slots["columns"], slots["x"], slots["y"]) == (6, 9, (-2, 2), (-1, 1))


def test_an_output_may_be_a_table():
    plan = attention.compute(beta=2.0)["plan"]
    assert plan.shape == (3, 4)
    slots = fill_slots(attention.plots[0].bindings(), attention.values(beta=2.0))[0]
    assert (slots["rows"], slots["columns"]) == (3, 4)
    np.testing.assert_array_equal(slots["z"], plan.ravel())
    assert '"plan":["f64",[3,4]]' in figure_html(attention)


def test_conditions_and_expressions_say_what_they_mean():
    high = gap_figure.sentence(gap_figure.values(gap=25.0))
    assert high.startswith("In float32 the loss is −0, off by 1. It is 0.")
    low = gap_figure.sentence(gap_figure.values(gap=3.0, fmt="float64"))
    assert "off by 0. Low." in low and "It is 0" not in low
    assert "Low." not in gap_figure.sentence(gap_figure.values(gap=3.0, fmt="float16"))
    assert everywhere.sentence(everywhere.values(steep_one=True)).endswith("On.")


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="compares compiled kernels")
@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_page_computes_the_same_bits(figure):
    pytest.importorskip("wasmtime")
    from wasm_runner import WasmRunner

    from toolkit.live.wasm import build_module

    with WasmRunner(build_module(figure.entry_points)) as run:
        for state in STATES[figure.name]:
            arguments = figure.arguments(figure.state(**state))
            run(figure.name, *(arguments[p] for p in figure.parameters))
            for name, native in figure.compute(**state).items():
                np.testing.assert_array_equal(arguments[name], native, strict=True)


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="needs compiled kernels")
def test_a_figure_of_a_module_is_compiled_once_for_all_processes():
    command = ("import short_sample\nfor figure in (short_sample.gap_figure, short_sample.weights):\n"
               "    assert figure.compute() and not figure.kernel.stats.cache_misses, figure.kernel.stats")
    assert gap_figure.compute() and weights.compute()
    subprocess.run([sys.executable, "-c", command], check=True, cwd=Path(short_sample.__file__).parent)


def test_without_a_format_control_numbers_are_plain():
    def f(a, x):
        return (a + x) * 1e-20 + 1.0

    figure = live_figure(name="plain", controls=[Slider("a", 0, 1, 0.5)], readouts=["{least} {other}"], caption="c",
                         numbers=[Number(f, at={"x": 2.0}, name="other")],
                         plot=Plot((Curve(f, over="x", points=[0.0, 0.5]),
                                    Curve(f, over="a", at={"x": 1}, name="least")), **AXES))
    values = figure.values()
    assert list(values["f_over_x"]) == [1.0, 1.0] and values["other"][0] == values["least"][0] == 1.0


def test_a_kernel_may_be_what_a_parameter_is():
    figure = live_figure(
        name="by_kernel", controls=[Logits("z", (1.0, 0.0)), Format("fmt", "float64")], scratch={"p": 2}, caption="c",
        plot=Plot((Rule(x=0.5),), **AXES), readouts=["{naive:r}"],
        numbers=[Number(loss_of, at={"row_map": softmax_row}, name="naive")])
    assert figure.values()["naive"][0] == pytest.approx(np.log1p(np.exp(-1)))


def one(x):
    return exp(x)


@pytest.mark.parametrize("changes, message", [
    ({"plot": Plot((Curve("y", over="x"),), **AXES)}, "a mark is of 'y'; allowed: a function, or what the figure's"),
    ({"plot": Plot((Curve(lambda x, b: x + b, over="x"),), **AXES)}, "the parameter 'b'; allowed"),
    ({"plot": Plot((Curve(one, over="x", at={"c": 1}),), **AXES)}, "at names ['c']; allowed: parameters of one, ['x']"),
    ({"plot": Plot((Curve(one, over="x", at={"fmt": "float12"}),), **AXES)}, "control 'fmt' has value 'float12'"),
    ({"plot": Plot((Curve(one, over="x", x="one"),), **AXES)}, "and no between"),
    ({"plot": Plot((Curve(one),), **AXES)}, "has no over; allowed: a parameter, here or in the x axis"),
    ({"plot": Plot((Curve("one"),), x="fmt", y=AXES["y"])}, "an axis is 'fmt'; allowed: Axis, or the name of a Slider"),
    ({"plot": Plot((HeatMap(one, 2, 2),), **AXES)}, "a heat map over (None, None)"),
    ({"plot": Plot((HeatMap(one, over=("x", "y")),), **AXES)}, "rows, columns = (None, None)"),
    ({"plot": Plot((HeatMap("x", 2),), **AXES)}, "allowed: both, or none if it shows a table"),
    ({"plot": Plot((Bars(one),), **AXES)}, "allowed for a row: one of them, and no other name of the figure,"),
    ({"plot": Plot((Bars(softmax_row, at={"z": [1.0, 2.0]}),), **AXES)}, "takes no array of the figure"),
    ({"readouts": ["{one + }"]}, "expression 'one + '"),
    ({"readouts": ["{one ** 2}"]}, "'one ** 2' has no meaning here; allowed: numbers, names"),
    ({"readouts": [Readout("Yes.", when="two > 1")]}, "readout refers to ['two']"),
    ({"controls": [Slider("x", 0, 1, 0.5), Format("fmt"), Format("other")]}, "one of the formats ['fmt', 'other']"),
])
def test_what_does_not_fit_together_is_refused(changes, message):
    description = {"controls": [Slider("x", 0, 1, 0.5), Format("fmt")], "returns": "one", "caption": "c",
                   "plot": Plot((Curve("one", over="x"),), **AXES)}
    with pytest.raises(ValueError, match=re.escape(message)):
        live_figure(**description | changes)(one)


@pytest.mark.parametrize("mark", [Curve(one, over="x"), HeatMap(one, 2, 2, over=("x", "y")), Bars(softmax_row)])
def test_a_simulation_shows_no_functions(mark):
    with pytest.raises(ValueError, match="shows a function; allowed in live_figure"):
        live_simulation(lambda s: None, lambda s: None, name="s", controls=[], state={"s": 1}, outputs={"t": 1},
                        plot=Plot((mark,), **AXES), caption="c")

"""The simulation object: what it checks, how it runs natively, and what a page gets of it."""
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sample import learner

from toolkit.live import Axis, HeatMap, Level, Line, Plot, Slider, live_simulation
from toolkit.live.drawing import WIDTHS, plot_svg
from toolkit.live.hosts.page import figure_html
from toolkit.live.slots import fill_slots


def init(start, x, path, used):
    x[0] = start
    path[0] = start
    used[0] = 1.0


def step(rate, x, path, used, ticks, done):
    x[0] -= rate * x[0]
    ticks[0] += 10.0
    if used[0] < path.size:
        path[int(used[0])] = x[0]
        used[0] += 1.0
    else:
        done[0] = 1.0


SIZES = {"path": 8, "used": 1, "ticks": 1, "done": 1}


def make(init=init, step=step, **changes):
    description = {
        "name": "decay", "controls": [Slider("start", -1, 1, 1.0), Slider("rate", 0, 1, 0.5)], "state": {"x": 1},
        "outputs": SIZES, "plot": Plot((Line("path", length="used"),), x=Axis("step", (1, 8)), y=Axis("x", (-1, 1))),
        "readouts": ["x ends at {path[2]}."], "caption": "Play.", "poster": 2,
    } | changes
    return live_simulation(init, step, **description)


def test_run_keeps_state_and_outputs_from_step_to_step():
    np.testing.assert_array_equal(make().run(3)["path"][:5], [1, 0.5, 0.25, 0.125, 0])
    np.testing.assert_array_equal(make().run(2, start=-1.0, rate=0.25)["path"][:3], [-1, -0.75, -0.5625])
    assert make().run(0)["used"] == [1]


def test_a_run_shows_its_state_beside_its_outputs():
    run = make().start()
    run.advance(3)
    assert set(run.arrays) == {"x", *SIZES} and run.arrays["x"] == [0.125]
    assert run.arrays["path"] is run.outputs["path"]


def test_done_stops_it():
    run = make(done="done").start()
    run.advance(100)
    assert run.done and run.calls == 8 and run.outputs["done"][0] == 1
    assert make().run(100)["ticks"] == [1000], "without done= nothing stops it"


def test_steps_are_calls_or_what_the_kernel_counts():
    assert make().values()["steps"] == [2]
    assert make(count="ticks").values()["steps"] == [20]


def test_the_sentence_says_when():
    figure = make()
    assert figure.sentence(figure.values()) == "After 2 steps: x ends at 0.25."
    assert figure.sentence(figure.start().values()) == "Before the first step: x ends at 0."
    run = figure.start()
    run.advance()
    assert figure.sentence(run.values()) == "After 1 step: x ends at 0."
    silent = make(readouts=())
    assert silent.sentence(silent.values()) == "After 2 steps."


def test_live_controls_move_while_it_runs():
    run = make(live=("rate",)).start()
    run.advance()
    run.move(rate=1.0)
    run.advance()
    np.testing.assert_array_equal(run.outputs["path"][:3], [1, 0.5, 0])
    assert run.values()["rate"] == [1.0]
    message = "['start'] cannot move while it runs; allowed: the live controls ('rate',)"
    with pytest.raises(ValueError, match=re.escape(message)):
        run.move(start=0.0)


def test_runs_are_independent_and_values_are_copies():
    figure = make()
    one, other = figure.start(), figure.start()
    one.advance(3)
    kept = one.values()["path"]
    one.advance(1)
    assert other.outputs["used"][0] == 1 and kept[4] == 0 and one.outputs["path"][4] != 0


def test_arrays_have_their_types():
    arguments = learner.arguments(learner.state())
    found = {name: arguments[name].dtype for name in ("weights", "pairs", "clock", "table", "wrong", "loss")}
    assert found == {"weights": np.float32, "pairs": np.int32, "clock": np.uint64, "table": np.float32,
                     "wrong": np.int32, "loss": np.float64}



@pytest.mark.parametrize("changes, message", [
    ({"name": "2 steps"}, "name is '2 steps'; allowed: a Python identifier"),
    ({"step": lambda rate, x, path, used, ticks, done, more: None},
     "step has parameters ['more']; allowed: its controls"),
    ({"init": lambda seed: None}, "init has parameters ['seed']"),
    ({"outputs": SIZES | {"extra": 1}}, "neither init nor step has parameters ['extra']"),
    ({"state": {"x": 1, "path": 3}}, "has ['path'] twice"),
    ({"state": {"x": 0}}, "state['x'] is 0; allowed: a size of at least 1"),
    ({"state": {"x": ("f16", 3)}},
     "state['x'] is ('f16', 3); allowed: a size of at least 1 (float64), or (type, size)"),
    ({"outputs": SIZES | {"done": ("u64", 1)}}, "outputs['done'] is ('u64', 1)"),
    ({"outputs": SIZES | {"done": 1.5}}, "outputs['done'] is 1.5"),
    ({"live": ("speed",)}, "live names ['speed']; allowed: ['rate', 'start']"),
    ({"done": "x"}, "done names ['x']; allowed: ['done', 'path', 'ticks', 'used']"),
    ({"count": "x"}, "count names ['x']"),
    ({"pace": "speed"}, "pace names ['speed']"),
    ({"pace": 0}, "pace is 0; allowed: None, a positive number, or the name of a control"),
    ({"poster": -1}, "poster is -1; allowed: a whole number"),
    ({"presets": {"Wild": {"speed": 1}}},
     "preset 'Wild': figure 'decay' has no control ['speed']; allowed: ['rate', 'start']"),
    ({"presets": {"Wild": {"rate": 7}}}, "preset 'Wild': control 'rate' has value 7; allowed: a number from 0 to 1"),
    ({"readouts": ["{x}"]}, "readout refers to ['x']"),
])
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make(**changes)


def test_steps_is_the_name_of_the_count():
    def counting(rate, x, path, used, steps, done):
        steps[0] += 5.0

    sizes = {"path": 8, "used": 1, "steps": 1, "done": 1}
    with pytest.raises(ValueError, match="only with count='steps'"):
        make(step=counting, outputs=sizes)
    assert make(step=counting, outputs=sizes, count="steps").values()["steps"] == [10]


def test_a_preset_leaves_out_what_stays_at_its_default():
    assert make(presets={"Slow": {"rate": 0.1}}).presets == {"Slow": {"start": 1.0, "rate": 0.1}}


def spec_of(figure):
    return json.loads(re.search(r'class="live-spec">(.*?)</script>', figure_html(figure), re.S).group(1))


def test_the_page_gets_what_it_needs():
    html, spec = figure_html(learner), spec_of(learner)
    assert spec["kind"] == "simulation" and spec["live"] == ["rate", "pace"] and spec["pace"] == "pace"
    assert set(spec["entries"]) == {"learner.init", "learner.step"} == {name for name, *_ in learner.entry_points}
    assert spec["poster"]["steps"] == [40] and spec["outputs"]["table"] == ["f32", 144]
    assert spec["presets"]["Slow & small"]["size"] == 4 and 'data-preset="Slow &amp; small"' in html
    assert learner.sentence(learner.values()) in html and len(html) < 60_000
    assert "fieldset" in html and "<button" in html and '"kind":"figure"' not in html


def not_a_number(x, path, used, ticks, done, start, rate):
    path[0], path[1], path[2], path[3], path[4] = 1.0 / ticks[0], -1.0 / ticks[0], 0.0 * (1.0 / ticks[0]), -0.0, 0.1


def test_numbers_that_json_lacks_travel_as_texts():
    figure = make(init=lambda start: None, step=not_a_number, poster=1)
    assert spec_of(figure)["poster"]["path"][:6] == ["Infinity", "-Infinity", "NaN", -0.0, 0.1, 0]
    assert '"path":["Infinity","-Infinity","NaN",-0.0,0.1,0,0,0]' in figure_html(figure)


# ---- lines that grow, and heat maps ----------------------------------------------------------------


def test_a_line_grows_with_its_length_on_a_log_axis_too():
    run, (line, _) = learner.start(), learner.plots
    for used in (1, 2, 3, 40):
        run.advance(used - 1 - run.calls)
        filled = fill_slots(line.bindings(), run.values())
        assert filled[0]["x"] == list(range(1, used + 1)) and len(filled[0]["y"]) == used
        svg = ElementTree.fromstring(plot_svg(line, "wide", filled))
        path = next(e for e in svg.iter("g") if e.get("class") == "live-line" and e[0].get("d", "").count("M"))[0]
        assert path.get("d").count("L") in (used - 1, 0)


def test_a_heat_map_has_as_many_cells_as_its_controls_say():
    values = learner.values(size=3)
    filled = fill_slots(learner.plots[1].bindings(), values)[0]
    assert (filled["rows"], filled["columns"], len(filled["z"])) == (3, 3, 9)
    assert filled["x"] == filled["y"] == [-0.5, 2.5]


@pytest.mark.parametrize("width", WIDTHS)
def test_marks_tell_states_apart_without_colour(width):
    plot = learner.plots[1]
    svg = plot_svg(plot, width, fill_slots(plot.bindings(), learner.values() | {"table": np.arange(144) % 4}))
    ElementTree.fromstring(svg)
    for mark in ("full", "cross", "hollow", "dot"):
        assert svg.count(f'class="live-cell-{mark}"') == 2, "one path on the plot, one in the legend"
    for level in plot.traces[0].levels:
        assert f">{level.label}</text>" in svg


def test_a_large_heat_map_stays_small():
    plot = Plot((HeatMap("z", 31, 31),), x=Axis("a", (-0.5, 30.5)), y=Axis("b", (-0.5, 30.5)))
    worst = np.random.default_rng(0).random(961)
    assert len(plot_svg(plot, "wide", fill_slots(plot.bindings(), {"z": worst}))) < 25_000
    flat = plot_svg(plot, "wide", fill_slots(plot.bindings(), {"z": np.zeros(961)}))
    assert flat.count("<path") < 40 and len(flat) < 7_000


@pytest.mark.parametrize("build, message", [
    (lambda: HeatMap("z", 0, 3), "rows is 0; allowed: a whole number of at least 1, or a name"),
    (lambda: HeatMap("z", 3, 2.5), "columns is 2.5"),
    (lambda: HeatMap("z", 3, 3, low=1, high=1), "low=1, high=1; allowed: low < high"),
    (lambda: HeatMap("z", 3, 3, role="pink"), "role is 'pink'"),
    (lambda: HeatMap("z", 3, 3, levels=tuple("abcde")), "levels has 5 plain words; allowed: 4 at most"),
    (lambda: Level("right", "pink"), "role is 'pink'"),
    (lambda: Level("right", mark="star"), "mark is 'star'; allowed: 'full', 'hollow', 'dot', 'cross'"),
    (lambda: Plot((HeatMap("z", 3, 3),), x=Axis("a", (1, 3), scale="log"), y=Axis("b", (0, 3))), "linear axes"),
])
def test_a_bad_heat_map_is_refused(build, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        build()

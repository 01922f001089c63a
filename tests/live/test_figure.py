"""The figure object: what it checks, what its kernel receives, what it says, and how it shows itself."""
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sample import everything

from toolkit.formats import get_format
from toolkit.live import (
    Axis,
    Bars,
    Bits,
    Boxes,
    Choice,
    Curve,
    Format,
    HeatMap,
    Integer,
    Line,
    Logits,
    Markers,
    Plot,
    Readout,
    Rule,
    Slider,
    Toggle,
    live_figure,
)
from toolkit.live.drawing import WIDTHS, frame, plot_svg
from toolkit.live.hosts.page import figure_html
from toolkit.live.hosts.plotly import LivePlot, description
from toolkit.live.readout import parts_of
from toolkit.live.slots import fill_slots
from toolkit.live.style import PALETTES, ROLES, resolve_colours
from toolkit.live.svg import pixel

PLOT = Plot((Bars("y"),), x=Axis("x", (0, 1)), y=Axis("y", (0, 1)))


def identity(x, y):
    y[0] = x


def make(function=identity, **changes):
    description = {"controls": [Slider("x", 0, 1, 0.5)], "outputs": {"y": 1}, "plot": PLOT, "caption": "c"} | changes
    return live_figure(**description)(function)


def test_compute_runs_the_kernel_with_every_kind_of_argument():
    values = everything.compute(scale=10.0, shift=1.0, law="sign", fmt="float64", z=[0.0, 0.0, 0.0])
    np.testing.assert_allclose(values["p"], 1 / 3, rtol=1e-15)
    np.testing.assert_array_equal(values["y"], [10, -10, 10, -10, 10, -10])
    assert values["edge"][0] == 2.2
    assert set(values) == set(everything.outputs), "scratch stays inside"


def test_bits_arrive_sign_first():
    pattern = int(np.float16(1.5).view(np.uint16))
    assert everything.default_state["bits"] == [int(bit) for bit in f"{pattern:016b}"]


def test_the_sentence_follows_flags_and_formats_numbers():
    flipped = [1, *everything.default_state["bits"][1:]]
    values = everything.values(bits=flipped, broken=True, scale=10.0)
    assert everything.sentence(values) == "At scale 10 in float16 the last value is 0. It is exactly 0."
    assert everything.sentence(everything.values()).endswith("0.125. The law is power.")


@pytest.mark.parametrize("change, message", [
    ({"scale": 1000.0}, "control 'scale' has value 1000.0; allowed: a number from 1 to 100"),
    ({"scale": float("nan")}, "control 'scale' has value nan"),
    ({"count": 2.5}, "allowed: a whole number from 1 to 6"),
    ({"law": "none"}, "allowed: 'power', 'sign'"),
    ({"fmt": "float12"}, "allowed: 'float64'"),
    ({"broken": 1}, "allowed: True, False"),
    ({"z": [1.0]}, "allowed: 3 numbers"),
    ({"bits": [2] * 16}, "allowed: 16 bits"),
    ({"colour": 1}, "has no control"),
])
def test_a_bad_state_names_control_value_and_what_is_allowed(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        everything.state(**change)


@pytest.mark.parametrize("changes, message", [
    ({"outputs": {"y": 1, "extra": 2}}, "exactly its controls, outputs and scratch"),
    ({"plot": Plot((Line("z"),), x=Axis("x", (0, 1)), y=Axis("y", (0, 1)))}, "plot refers to ['z']"),
    ({"readouts": ["{nothing}"]}, "readout refers to ['nothing']"),
    ({"controls": [Slider("x", 0, 1, 0.5), Slider("x", 0, 1, 0.5)], "outputs": {"y": 1, "x": 1}}, "each once"),
])
def test_a_figure_that_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make(**changes)


@pytest.mark.parametrize("build, message", [
    (lambda: Slider("x", 1, 0, 0.5), "allowed: low < high"),
    (lambda: Slider("x", 0, 1, 0.5, scale="log"), "low > 0 on a log scale"),
    (lambda: Slider("x", 0, 1, 0.5, scale="cubic"), "allowed: 'linear', 'log'"),
    (lambda: Slider("x", 0, 1, 7.0), "control 'x' has value 7.0"),
    (lambda: Slider("2x", 0, 1, 0.5), "control name is '2x'"),
    (lambda: Choice("x", ("a", "b"), "c"), "control 'x' has value 'c'"),
    (lambda: Axis("y", (0, 1), scale="log"), "both positive on a log scale"),
    (lambda: Bars("y", role="pink"), "role is 'pink'"),
])
def test_a_bad_description_is_refused(build, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        build()


def test_a_plot_must_be_a_plot():
    with pytest.raises(TypeError, match="one or more toolkit.live.Plot"):
        make(plot=())


def test_kernel_arguments():
    assert Format("f", "bfloat16").argument("bfloat16") == get_format("bfloat16").code
    assert Choice("c", ("a", "b"), "b").argument("b") == 1
    assert Toggle("t").argument(True) == 1
    assert Integer("i", 0, 3, 1).check(2.0) == 2
    assert Logits("z", (1, 2)).argument([1.0, 2.0]).dtype == np.float64
    assert sum(Bits("b", 65504.0).default) == 14


def test_special_values_go_to_rails():
    line, rail_range = everything.plots[0], everything.plots[0].y.edges()[1]
    values = everything.values(broken=True, scale=10.0, law="sign", count=4)
    slots = fill_slots(line.bindings(), values)[0]
    assert slots["y"] == [10.0, None, None, None]
    assert slots["rail"]["text"] == ["NaN", "+inf", "negative"]
    assert slots["rail"]["symbol"] == ["x-thin-open", "triangle-up-open", "triangle-down-open"]
    low, high = rail_range
    assert slots["rail"]["y"] == [low, high, low] and low < 1e-9 and high > 1e3


def test_exact_zero_bars_get_a_hollow_marker():
    values = everything.values() | {"p": np.array([1.0, 0.0, -0.0])}
    rail = fill_slots(everything.plots[1].bindings(), values)[0]["rail"]
    assert rail["x"] == ["dog", "owl"] and rail["y"] == [0, 0] and rail["text"] == ["exactly 0", ""]


def test_an_empty_band_disappears():
    band = next(b for b in everything.plots[0].bindings() if b["kind"] == "band")
    values = everything.values() | {"edge": [5.0], "far": [5.0]}
    assert fill_slots([band], values)[0]["x"] == []


@pytest.mark.parametrize("plot", everything.plots)
def test_the_plot_is_well_formed_svg_at_both_widths(plot):
    for change in ({}, {"broken": True, "law": "sign"}):
        filled = fill_slots(plot.bindings(), everything.values(**change))
        for width in WIDTHS:
            ElementTree.fromstring(plot_svg(plot, width, filled))


def test_pixels_follow_the_axis():
    area = frame(Plot((Line("y"),), x=Axis("x", (0, 10)), y=Axis("y", (1e-4, 1.0), scale="log")), 400)
    assert pixel(area["x"], 5.0) == 5 * area["width"]
    assert pixel(area["y"], 1e-2) == 5 * area["height"]
    assert pixel(area["x"], 1e300) == 1_000_000, "far away, but no huge number"


def test_log_ticks_are_powers_of_the_base():
    ticks = Axis("u", (2.0**-24, 1.0), scale="log", base=2).power_ticks()
    assert list(ticks) == [2.0**e for e in range(-24, 1, 3)] and ticks[2.0**-24] == "2⁻²⁴"


def test_every_colour_is_a_role_of_both_themes():
    for theme in ("light", "dark"):
        text = json.dumps(resolve_colours(description(everything.plots[0]), theme))
        assert "$" not in text
    assert set(PALETTES["light"]) == set(PALETTES["dark"]) >= set(ROLES)


def test_html_has_labels_and_readout_and_valid_data():
    html = figure_html(everything)
    assert html.count("<label") + html.count("aria-label=") >= len(everything.controls)
    assert everything.sentence(everything.values()) in re.sub("</?(span|b)>", "", html)
    spec = json.loads(re.search(r'class="live-spec">(.*?)</script>', html, re.S).group(1))
    assert spec["name"] == "everything" and len(spec["panels"]) == 2
    assert len(html) < 60_000


def test_a_plot_says_its_axes_and_names_and_not_the_caption():
    html = figure_html(everything)
    assert re.findall(r'class="live-plot" role="img" aria-label="(.*?)"', html) == [
        "value over x: curve, edge, collapsed.", "p over class: p."]
    assert html.count(everything.caption) == 1


def test_script_cannot_be_closed_early():
    figure = make(readouts=["</script><b>{y}"])
    assert figure_html(figure).count("</script>") == 1


def test_a_marker_that_can_be_dragged_names_two_sliders():
    axes = {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}
    point = Markers("y", x="x", drag=("x", "up"))
    controls = [Slider("x", 0, 1, 0.5), Slider("up", 0, 1, 0.5)]

    def follow(x, up, y):
        y[0] = up

    assert make(follow, controls=controls, plot=Plot((point,), **axes)).plots[0].looks()[0]["drag"] == ["x", "up"]
    assert "drag" not in Plot((Markers("y"),), **axes).looks()[0]
    with pytest.raises(ValueError, match="up"):
        make(plot=Plot((point,), **axes))
    for drag, scale in (("up",), "linear"), (("x", "up"), "log"):
        with pytest.raises(ValueError, match="drag is .*; allowed: the names of two sliders, on linear axes"):
            Plot((Markers("y", drag=drag),), x=Axis("x", (1, 2), scale=scale), y=axes["y"])


def test_boxes_say_what_they_are():
    axes = {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}
    for options, word in ({"texts": "AB"}, "texts"), ({"texts": (1,)}, "texts"), ({"drag": ("x",)}, "drag"):
        with pytest.raises((TypeError, ValueError), match=f"{word} is .*; allowed: "):
            Boxes("y", **options)
    with pytest.raises(ValueError, match="boxes stand on a log axis; allowed: linear axes, x and y"):
        Plot((Boxes("y"),), x=Axis("x", (1, 2), scale="log"), y=axes["y"])
    boxes = Boxes("y", value="score", texts=("A",), label="found")
    assert boxes.names() == {"y", "score"} and Plot((boxes,), **axes).looks()[0]["name"] == "found"
    slots = fill_slots(Plot((boxes,), **axes).bindings(), {"y": [0, 0, 1, 1, 0.5, 0.5, 1, 1], "score": [0.5, 0]})[0]
    assert slots["x"] == [0.5, 0.75] and slots["edges"][1] == [0.5, 0.5, 1, 1]
    full, dashed, words = boxes.plotly_slots(None, slots, [])
    assert full["x"] == [0, 1, 1, 0, 0, None] and len(dashed["x"]) == 6 and words["text"] == ["A 0.5", "0"]


def test_a_plot_names_nothing_twice():
    axes = {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}
    message = r"traces has \['as written'\] twice in the legend; allowed: every name once in a plot"
    for marks in ((Line("y", label="as written"), Bars("z", label="as written")),
                  (Markers("y", label="as written"), HeatMap("z", 2, 2, levels=("as written", "stable")))):
        with pytest.raises(ValueError, match=message):
            Plot(marks, **axes)
    with pytest.raises(ValueError, match="'loss'"):
        make(lambda x: x, plot=Plot((Curve("loss"), Curve("loss", points=3, label="loss")), x="x", y=axes["y"]),
             returns="loss", outputs={})
    Plot((Line("y"), Line("z"), Rule(x="y", label="as written"), Line("z", label="as written")), **axes)


def test_a_plot_may_take_the_whole_row():
    def wave(x, y):
        y[0] = x

    axes = {"x": Axis("x", (0, 1)), "y": Axis("y", (0, 1))}
    plots = [Plot((Bars("y"),), **axes, whole_row=whole) for whole in (True, False, False)]
    html = figure_html(live_figure(controls=[Slider("x", 0, 1, 0.5)], outputs={"y": 1}, plot=plots, caption="c")(wave))
    assert html.count('class="live-plot live-whole-row"') == 1 and html.count('class="live-plot"') == 2
    assert ["live-whole-row" in LivePlot(plot, {"y": [0.5]})._dom_classes for plot in plots] == [True, False, False]


def test_a_plot_that_shares_its_row_has_the_narrow_picture_alone():
    html = figure_html(everything)
    spec = json.loads(re.search(r'class="live-spec">(.*?)</script>', html, re.S).group(1))
    assert [list(panel["frames"]) for panel in spec["panels"]] == [["narrow"], ["narrow"]]
    assert html.count('class="live-narrow"') == 2 and "live-wide" not in html
    html = figure_html(make())
    assert html.count('class="live-narrow"') == html.count('class="live-wide"') == 1


def test_a_page_shows_html_and_a_notebook_keeps_a_picture(monkeypatch):
    monkeypatch.setenv("BOOK_BUILD", "1")
    assert set(everything._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.setenv("BOOK_BUILD", "0")
    monkeypatch.setattr("toolkit.live.hosts.output._module_of", lambda figure: None)
    assert set(everything._repr_mimebundle_()) == {"text/html", "image/svg+xml", "text/plain"}


def test_readout_parts():
    assert parts_of("a {b} c {d[2]:3g}.") == ["a ", ["b", 0, ""], " c ", ["d", 2, "3g"], "."]
    assert Readout("{a}", when="b", unless="c").names() == {"a", "b", "c"}

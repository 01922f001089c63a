"""The JupyterLab host without a browser: widgets are moved in Python, plots and sentence must follow."""
import re
from types import SimpleNamespace

import numpy as np
import pytest
from sample import WORDS, everything

from toolkit.live import (
    Axis,
    Band,
    Bars,
    Choice,
    Line,
    Logits,
    Markers,
    Plot,
    Readout,
    Rule,
    Slider,
    live_figure,
)
from toolkit.live.hosts.display import Display
from toolkit.live.hosts.plotly import LivePlot

CURVE, POINTS, EDGE, BAND, CLASSES = 0, 2, 4, 6, 0  # Plotly traces: two for each trace of a plot


@pytest.fixture
def display():
    return Display(everything)


@pytest.fixture
def counted(display, monkeypatch):
    """A display that counts runs of its kernel, and lists the plots that are drawn."""
    counts = SimpleNamespace(runs=0, drawn=[])
    kernel, send = everything.kernel, LivePlot._send_update_msg

    def run(*arguments):
        counts.runs += 1
        kernel(*arguments)

    def draw(plot, *arguments, **more):
        counts.drawn.append(display.plots.index(plot))
        send(plot, *arguments, **more)

    monkeypatch.setattr(everything, "kernel", run)
    monkeypatch.setattr(LivePlot, "_send_update_msg", draw)
    display.counts = counts
    return display


def said(display):
    return re.sub("<[^>]*>", "", display.readout.value)


def shown(display, plot, trace, axis="y"):
    return np.asarray(getattr(display.plots[plot].data[trace], axis))


def part(display, name, index=0):
    return display.inputs[name].parts[index]


def test_the_first_state_is_complete_before_anything_is_sent(display):
    values = everything.values()
    assert said(display) == everything.sentence(values)
    np.testing.assert_array_equal(shown(display, 0, CURVE), values["y"][:4])
    np.testing.assert_array_equal(shown(display, 1, CLASSES), values["p"])
    sent = display.plots[0].get_state("_widget_data")["_widget_data"]
    assert sent[CURVE]["x"] is not None and sent[BAND]["fillpattern"]["shape"] == "/"


MOVES = {
    "scale": (0, 100, {"scale": 100}),
    "shift": (0, 5, {"shift": 5}),
    "count": (0, 6, {"count": 6}),
    "law": (0, "sign", {"law": "sign"}),
    "fmt": (0, "bfloat16", {"fmt": "bfloat16"}),
    "broken": (0, True, {"broken": True}),
    "z": (1, 10, {"z": [1.0, 10.0, -1.0]}),
    "bits": (0, True, {"bits": [1, *everything.default_state["bits"][1:]]}),
}


@pytest.mark.parametrize("name", everything.controls)
def test_every_control_moves_plots_and_sentence(counted, name):
    index, value, state = MOVES[name]
    part(counted, name, index).value = value
    assert counted.counts.runs == 1
    assert counted.counts.drawn in ([0], [1], [0, 1]), "each plot at most once"
    values = everything.values(**state)
    assert said(counted) == everything.sentence(values)
    length = values["count"][0]
    drawable = np.isfinite(values["y"]) & (values["y"] > 0)
    np.testing.assert_array_equal(shown(counted, 0, CURVE), np.where(drawable, values["y"], np.nan)[:length])
    np.testing.assert_array_equal(shown(counted, 0, EDGE, "x"), values["edge"][[0, 0]])
    np.testing.assert_array_equal(shown(counted, 1, CLASSES), values["p"])


def test_reset_is_one_run_from_anywhere(counted):
    for name, (index, value, _) in MOVES.items():
        part(counted, name, index).value = value
    counted.counts.runs = 0
    counted.counts.drawn.clear()
    counted.reset()
    assert counted.counts.runs == 1 and counted.counts.drawn == [0, 1]
    assert {name: entry.read() for name, entry in counted.inputs.items()} == everything.default_state
    assert said(counted) == everything.sentence(everything.values())


def test_a_log_slider_has_both_ends_and_its_start_exactly(display):
    slider = part(display, "scale")
    texts, numbers = zip(*slider.options)
    assert (numbers[0], slider.value, numbers[-1]) == (1, 2.0, 100)
    assert texts[0] == "1" and list(numbers) == sorted(set(numbers)) and len(numbers) > 150
    assert everything.state(scale=numbers[-1])["scale"] == 100


@pytest.mark.parametrize("slider", [
    Slider("x", 2.0**-24, 1.0, 1 / 3, scale="log"), Slider("x", -0.3, 0.3, 1 / 3 - 0.1),
    Slider("x", 0, 120, 17.3, step=0.25), Slider("x", 3, 1025, 1000.0, scale="log"),
])
def test_a_slider_starts_off_its_grid_and_moves_on_it(slider):
    figure = live_figure(controls=[slider], outputs={"y": 1}, caption="",
                         plot=Plot((Bars("y"),), x=Axis("", (0, 2)), y=Axis("", (0, 1))))(identity)
    widget = Display(figure).inputs["x"].parts[0]
    assert widget.value == slider.value and widget.options[widget.index][1] == slider.value
    numbers = [number for _, number in widget.options]
    assert numbers == sorted(set(numbers)) and (numbers[0], numbers[-1]) == (slider.low, slider.high)
    assert all(figure.state(x=number) for number in numbers)
    assert 0 in numbers or slider.low >= 0


def identity(x, y):
    y[0] = x


def test_what_cannot_be_drawn_arrives_as_marked_rails(display):
    part(display, "law").value = "sign"
    part(display, "broken").value = True
    part(display, "count").value = 6
    rail = display.plots[0].data[CURVE + 1]
    bottom, top = everything.plots[0].y.edges()[1]
    found = list(zip(rail.x, rail.y, (text.replace("<br> ", "") for text in rail.text), rail.marker.symbol))
    assert found == [(2, bottom, "NaN", "x-thin-open"), (3, top, "+inf", "triangle-up-open"),
                     (4, bottom, "negative", "triangle-down-open"), (6, bottom, "", "triangle-down-open")]
    assert np.isnan(shown(display, 0, CURVE)[[1, 2, 3, 5]]).all(), "and leaves a gap in the line"
    assert rail.textposition == ("top center", "bottom center", "top center", "top center")


def test_zeros_on_a_log_axis_are_hollow_circles_with_room_between_them():
    y = np.zeros(200)
    plot = Plot((Line("y"),), x=Axis("", (1, 200)), y=Axis("", (1e-3, 1.0), scale="log"))
    rail = LivePlot(plot, {"y": y}).data[1]
    assert set(rail.marker.symbol) == {"circle-open"} and rail.text[:2] == ("exactly 0", "")
    assert 30 < len(rail.x) < 60 and np.diff(rail.x).min() >= 0.02 * 199


def test_words_near_each_other_on_a_rail_have_rows_of_their_own():
    plot = Plot((Line("a"), Line("b")), x=Axis("", (1, 4)), y=Axis("", (1e-3, 1.0), scale="log"))
    near = LivePlot(plot, {"a": [0.0, 1.0, 1.0, 1.0], "b": [np.nan, 1.0, 1.0, 1.0]})
    assert [trace.text for trace in near.data[1::2]] == [("exactly 0",), ("NaN<br> ",)]
    apart = LivePlot(plot, {"a": [0.0, 1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0, np.nan]})
    assert [trace.text for trace in apart.data[1::2]] == [("exactly 0",), ("NaN",)]


def test_an_exact_zero_stands_where_its_bar_would():
    plot = Plot((Bars("a", x=WORDS), Bars("b", x=WORDS)), x=Axis("", (-0.5, 2.5)), y=Axis("", (0, 1)))
    drawn = LivePlot(plot, {"a": [0.0, 0.5, 0.5], "b": [0.5, 0.5, 0.0]})
    np.testing.assert_allclose(drawn.data[1].x, [0 - 0.75 / 4])
    np.testing.assert_allclose(drawn.data[3].x, [2 + 0.75 / 4])


def test_words_are_ticks_even_when_they_look_like_numbers():
    plot = Plot((Bars("a", x=("label", "2", "3")), Rule(x="at"), Band("left", "right", label="in")),
                x=Axis("", (-0.5, 2.5)), y=Axis("", (0, 1)))
    drawn = LivePlot(plot, {"a": [0.1, 0.2, 0.3], "at": [1.5], "left": [2.0], "right": [1.0]})
    assert drawn.layout.xaxis.ticktext == ("label", "2", "3") and drawn.layout.xaxis.type == "linear"
    np.testing.assert_array_equal(drawn.data[0].x, [0, 1, 2])
    np.testing.assert_array_equal(drawn.data[2].x, [1.5, 1.5])
    assert len(drawn.data[4].x) == 0, "an empty band draws nothing"


@live_figure(controls=[Slider("x", 0, 10, 1.0, step=1.0), Logits("z", (0.0, 1.0))], outputs={"y": 1},
             plot=Plot((Bars("y"),), x=Axis("", (0, 2)), y=Axis("", (0, 10))),
             readouts=["x is {x} & y < {y}"], caption="Up to 5 & no <b>further</b>.")
def fragile(x, z, y):
    if x > 5.0:
        raise ValueError("x must stay <= 5")
    y[0] = x + z[0]


def test_an_error_is_shown_and_goes_away():
    display = Display(fragile)
    slider = part(display, "x")
    slider.value = 3
    slider.value = 7
    assert 'role="alert"' in display.readout.value
    assert "This figure stopped:" in display.readout.value
    assert "ValueError: x must stay &lt;= 5" in display.readout.value
    assert shown(display, 0, 0) == [3.0], "the plot stays as it was"
    slider.value = 2
    assert said(display) == "x is 2 &amp; y &lt; 2"


def test_an_error_in_the_first_state_is_raised():
    with pytest.raises(ValueError, match="x must stay <= 5"):
        Display(fragile.show(x=9))


def test_texts_are_no_markup(display):
    caption = next(child for child in Display(fragile).box.children if "live-caption" in child._dom_classes)
    assert "Up to 5 &amp; no &lt;b&gt;further&lt;/b&gt;." in caption.value
    assert part(display, "scale").description == "logit scale <i>s</i>"


def test_two_displays_are_independent():
    one, other = Display(everything), Display(everything)
    part(one, "shift").value = 5
    assert part(other, "shift").value == 0 and said(other) == everything.sentence(everything.values())
    assert one.plots[0].library is other.plots[0].library, "Plotly's code is sent once"


def test_closing_all_widgets_leaves_the_next_figure_whole():
    old = Display(everything).plots[0].library
    old.close()
    fresh = Display(everything).plots[0].library
    assert fresh is not old and len(fresh.source) > 1_000_000


def test_a_page_that_is_loaded_anew_gets_the_state_of_now(display):
    part(display, "scale").value = 100
    state = display.plots[0].get_state()["_widget_data"]
    np.testing.assert_allclose(np.frombuffer(state[POINTS]["y"]["buffer"]), 1e-6, rtol=1e-12)


def test_a_preset_starts_and_resets_at_its_state_without_hidden_controls():
    preset = everything.show(hide=("fmt", "z"), scale=3, z=[0, 0, 1])
    display = Display(preset)
    assert said(display) == preset.sentence(everything.values(scale=3.0, z=[0.0, 0.0, 1.0]))
    assert said(display).startswith("At scale 3 in the hidden number format the last value is ")
    controls = display.box.children[0].children
    assert len(controls) == len(everything.controls) - 2
    assert display.inputs["fmt"].box not in controls and display.inputs["z"].box not in controls
    part(display, "scale").value = 100
    display.reset()
    assert display.inputs["scale"].read() == 3 and display.inputs["z"].read() == [0, 0, 1]
    assert everything.default_state["scale"] == 2.0 and not everything.hidden_names, "the figure stays as it is"


def test_hidden_means_hidden_in_words_and_marks():
    @live_figure(
        controls=[Slider("size", 0, 20, 3.0, label="size", step=1.0), Choice("law", ("double", "square"), "double")],
        outputs={"count": 1, "y": 1},
        plot=Plot((Bars("y"), Rule(x="size", label="here"), Rule(x="size / 2"), Markers(["count"], x="size")),
                  x=Axis("", (0, 20)), y=Axis("", (0, 1e6))),
        readouts=["There are {count:d} dot{count:s} of size {size}, half of it {size / 2}: {y}.",
                  Readout("Every one is doubled.", when="law == 'double'"), "The law is {law}."], caption="c")
    def riddle(size, law, count, y):
        count[0] = 2.0**size
        y[0] = size * 2.0 if law == 0 else size * size

    assert riddle.sentence(riddle.values()) == ("There are 8 dots of size 3, half of it 1.5: 6. Every one is doubled."
                                                " The law is double.")
    preset = riddle.show(hide=("size",))
    assert preset.sentence(riddle.values()) == ("There are ? dots of size ?, half of it ?: 6. Every one is doubled."
                                                " The law is double.")
    assert [type(mark) for mark in preset.hidden.plot(riddle.plots[0]).traces] == [Bars]
    assert len(Display(preset).plots[0].data) == 2
    assert riddle.show(hide=("law",)).sentence(riddle.values()) == (
        "There are 8 dots of size 3, half of it 1.5: 6. The law is the hidden law.")
    assert fragile.show(hide=("x",)).sentence(fragile.values(x=2)) == "x is ? & y < ?"


@pytest.mark.parametrize("wrong", [{"hide": ("format",)}, {"scale": 1000}, {"nothing": 1}])
def test_a_wrong_preset_is_refused(wrong):
    with pytest.raises(ValueError, match="allowed"):
        everything.show(**wrong)


def test_on_a_page_a_preset_is_a_link_to_the_figure_in_its_state(monkeypatch):
    monkeypatch.setenv("BOOK_BUILD", "1")
    preset = everything.show(hide=("fmt",), scale=3, broken=True, z=[0, 0, 1])
    assert preset.address == ("everything.scale=3.0&everything.fmt=~ZmxvYXQxNg&everything.broken=true"
                              "&everything.z=0.0,0.0,1.0&hide=everything.fmt")
    assert f'href="#{preset.address}"'.replace("&", "&amp;") in preset._repr_mimebundle_()["text/html"]
    assert "<figure" in everything.show()._repr_mimebundle_()["text/html"], "without changes it is the figure"


def test_bits_say_what_they_are_and_show_their_digit(display):
    bits = display.inputs["bits"].parts
    assert [bits[i].tooltip for i in (0, 1, -1)] == ["sign bit", "exponent bit 1", "fraction bit 10"]
    bits[-1].value = True
    assert bits[-1].description == "1" and display.inputs["bits"].read()[-1] == 1

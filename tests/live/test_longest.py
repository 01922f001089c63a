"""The longest sentence of a figure, and where its first one ends."""
import pytest
from sample import learner

from toolkit.live import Axis, Bars, Choice, Plot, Readout, Slider, live_figure
from toolkit.live.hosts.page import figure_html
from toolkit.live.longest import longest_sentence
from toolkit.live.readout import in_two


def make(*controls):
    @live_figure(
        controls=[Slider("x", 0, 8, 1.0), Choice("word", ("a", "much longer"), "a"), *controls], outputs={"y": 1},
        plot=Plot((Bars("y"),), x=Axis("", (0, 2)), y=Axis("y", (0, 9))), caption="c",
        readouts=["At {x} with {word}.", Readout("Up to half.", when="x <= 4"), Readout("It is large.", when="x > 4")])
    def figure(x, word, y):
        y[0] = x

    return figure


def test_ends_and_options_are_asked_in_all_combinations():
    figure = make()
    longest = longest_sentence(figure)
    assert longest == figure.sentence(figure.values(x=8.0, word="much longer")) != figure.sentence(figure.values())
    assert f'data-longest="{longest}"' in figure_html(figure)
    assert "data-longest" not in figure_html(figure, key="cell")


def test_a_hidden_control_stays_where_it_is():
    hidden = make().show(hide=("word",), word="a")
    assert longest_sentence(hidden) == "At 8 with the hidden word. It is large."
    assert longest_sentence(make().show(hide=("x",))) == "At ? with much longer."


def test_a_simulation_is_asked_at_its_presets_and_on_its_way():
    said = longest_sentence(learner)
    assert len(said) >= max(len(learner.sentence(learner.values())), len(learner.sentence(learner.start().values())))


@pytest.mark.parametrize("text, first", [
    ("One. Two.", "One."), ("It is 0.5 of all. So.", "It is 0.5 of all."), ("Why? Because.", "Why?"),
    ("No end", "No end"), ("", ""), ("At 2. more of it. End.", "At 2. more of it."),
])
def test_the_first_sentence_stands_out(text, first):
    assert in_two(text) == (first, text[len(first):])

"""Words on plots stand where nothing lies, and can be read."""
import re
from itertools import combinations
from math import nan
from xml.etree import ElementTree

import pytest

from toolkit.live import Axis, Bars, Line, Markers, Plot
from toolkit.live.drawing import frame, marks_svg, plot_svg
from toolkit.live.labels import Labels, text_box
from toolkit.live.slots import fill_slots
from toolkit.live.style import PALETTES, ROLES

AREA = {"width": 200, "height": 100}
MUTED = {"kind": "rule", "role": "muted"}
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def lines_of(path):
    """The straight pieces of a path that has only M, L, H and V."""
    pieces, at = [], None
    for command, rest in re.findall(r"([MLHV])([^MLHV]*)", path):
        numbers = list(map(float, _NUMBERS.findall(rest)))
        to = {"H": lambda: (numbers[0], at[1]), "V": lambda: (at[0], numbers[0])}.get(command, lambda: tuple(numbers))()
        if command != "M":
            pieces.append((at, to))
        at = to
    return pieces


def meets(box, line):
    """Whether a straight line runs through a box."""
    (x, y), (to_x, to_y) = line
    enters, leaves = 0.0, 1.0
    for start, way, low, high in ((x, to_x - x, box[0], box[2]), (y, to_y - y, box[1], box[3])):
        if way == 0:
            if not low < start < high:
                return False
        else:
            ends = sorted(((low - start) / way, (high - start) / way))
            enters, leaves = max(enters, ends[0]), min(leaves, ends[1])
    return enters < leaves


def cross(box, other):
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def overlaps(markup):
    """Words that lie on marks or other words of a plot, or leave it, and on what; hatching does not count."""
    root = ElementTree.fromstring(markup)
    words, lines, boxes = [], [], []
    for group in root:
        kind = (group.get("class") or "").removeprefix("live-")
        if group.tag == "text":
            words.append((group.text, text_box(int(group.get("x")), int(group.get("y")), group.get("text-anchor"),
                                               group.text)))
        elif kind in ("line", "rule"):
            lines += [(kind, line) for path in group for line in lines_of(path.get("d"))]
        elif kind in ("markers", "rail"):
            for path in group:
                x, y = map(float, _NUMBERS.findall(path.get("transform")))
                wide = path.get("d").startswith("M-130")
                boxes.append((kind, (x - 130, y - 8, x + 130, y + 8) if wide else (x - 45, y - 45, x + 45, y + 45)))
        elif kind in ("bars", "hollow"):
            for rect in group:
                x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
                boxes.append((kind, (x, y, x + width, y + height)))
    right, bottom = map(float, root.get("viewBox").split()[2:])
    for text, box in words:
        yield from ((text, kind) for kind, line in lines if meets(box, line))
        yield from ((text, kind) for kind, other in boxes if cross(box, other))
        if box[0] < 0 or box[1] < 0 or box[2] > right or box[3] > bottom:
            yield text, "the edge"
    yield from ((text, other) for (text, box), (other, place) in combinations(words, 2) if cross(box, place))


def pictures(html):
    """The marks of every plot of a page, by figure."""
    for name, figure in re.findall(r'<figure class="live-figure" id="live-(\w+)"(.*?)</figure>', html, re.DOTALL):
        for number, marks in enumerate(re.findall(r'<svg class="live-marks".*?</svg>', figure, re.DOTALL)):
            yield f"{name}, picture {number}", marks


def test_no_word_of_a_page_lies_on_anything(built_book):
    found, words = [], 0
    for page in sorted(built_book.rglob("*.html")):
        for place, marks in pictures(page.read_text(encoding="utf-8")):
            words += marks.count("<text")
            found += [f"{page.stem}: {place}: {text!r} on {met}" for text, met in sorted(set(overlaps(marks)))]
    assert words > 100 and not found, "\n".join(found)


@pytest.mark.parametrize("drawn, met", [
    ('<g class="live-line"><path d="M0 0L900 450"/></g>', ["line"]),
    ('<g class="live-rule"><path d="M450 0V900"/></g>', ["rule"]),
    ('<g class="live-bars"><rect x="400" y="100" width="20" height="100"/></g>', ["bars"]),
    ('<g class="live-rail"><path transform="translate(300 210)" d="M-45-45"/></g>', ["rail"]),
    ('<text x="420" y="200" text-anchor="start">there</text>', ["there"]),
    ('<g class="live-line"><path d="M0 300L900 300M0 0"/></g>', []),
])
def test_overlaps_are_found(drawn, met):
    word = '<text x="300" y="200" text-anchor="start">word</text>'
    marks = f'<svg class="live-marks" viewBox="0 0 1000 1000">{drawn}{word}</svg>'
    assert [other for pair in overlaps(marks) for other in pair if other != "word"] == met


def places_of(labels):
    return [(int(x), int(y)) for x, y in re.findall(r'<text[^>]* x="(\d+)" y="(\d+)"', labels.svg())]


def test_a_word_takes_the_first_place_where_nothing_lies():
    candidates = [(x, 500, "start") for x in (100, 600, 1100)]
    two_lines = [(150, 0), (150, 1000), (650, 1000), (650, 0)]
    for points, place in (([], 100), ([(0, 480), (550, 480)], 600), (two_lines, 1100)):
        labels = Labels(AREA)
        labels.path(points)
        labels.word(MUTED, "word", candidates, 0)
        assert places_of(labels) == [(place, 500)]


def test_words_make_room_for_each_other_in_the_order_of_their_rank():
    labels = Labels(AREA)
    candidates = [(100, 500, "start"), (100, 700, "start")]
    labels.word(MUTED, "later", candidates, 1)
    labels.word(MUTED, "first", candidates, 0)
    assert places_of(labels) == [(100, 500), (100, 700)] and labels.svg().index("first") < labels.svg().index("later")


def test_a_word_stays_within_its_plot():
    labels = Labels(AREA)
    labels.word(MUTED, "a long word", [(1900, 500, "start"), (1900, 500, "end")], 0)
    assert 'text-anchor="end"' in labels.svg()


@pytest.mark.parametrize("places", [[100], [1500], [100, 500], [800, 900], [1450, 1500], [1900], [300, 650, 1000]])
def test_the_word_of_a_rule_stands_where_no_other_rule_crosses_it(places):
    scale = {"offset": 0.0, "slope": 1.0, "log": False, "words": []}
    slots = [{"x": [at / 10] * 2, "y": [0.0, 100.0], "text": "fit"} for at in places]
    slots.append({"x": [0.0, 200.0], "y": [50.0, 50.0], "text": "level"})
    look = MUTED | {"dash": "", "width": 15}
    drawn = marks_svg([look] * len(slots), AREA | {"x": scale, "y": scale}, slots)
    assert drawn.count("<text") == len(slots)
    assert not list(overlaps(f'<svg viewBox="0 0 2000 1000">{drawn}</svg>'))


def two_lines(lower, upper, *more, **changes):
    """A plot of two named lines through these heights, and what it first draws at 720 pixels."""
    marks = (Line("a", label="lower", **changes), Line("b", label="upper", role="naive"), *more)
    plot = Plot(marks, x=Axis("x", (1, 5)), y=Axis("y", (0, 1)))
    return plot_svg(plot, "wide", fill_slots(plot.bindings(), {"a": lower, "b": upper, "n": [5]}))


def test_lines_are_named_beside_them_where_each_name_has_a_place_of_its_own():
    drawn = two_lines([0.1] * 5, [0.9] * 5)
    assert "live-legend" not in drawn
    assert re.findall(r'class="live-line-word"[^>]*>(\w+)<', drawn) == ["lower", "upper"]
    heights = [int(y) for y in re.findall(r'class="live-line-word"[^>]* y="(\d+)"', drawn)]
    lines = [int(y) for y in re.findall(r'class="live-line"[^>]*><path d="M\d+ (\d+)', drawn)]
    assert all(abs(y - line) < 200 for y, line in zip(heights, lines))
    drawn = two_lines([0.1] * 5, [0.9, 0.9, nan, nan, nan])
    assert ">upper: NaN</text>" in drawn


def test_a_lone_marker_is_named_beside_it():
    drawn = two_lines([0.1] * 5, [0.9] * 5, Markers((0.5,), x=(3,), label="alone"))
    (left, top), = re.findall(r'class="live-markers"[^>]*><path transform="translate\((\d+) (\d+)\)', drawn)
    (x, y), = re.findall(r'class="live-markers-word"[^>]* x="(\d+)" y="(\d+)"[^>]*>alone<', drawn)
    assert "live-legend" not in drawn and abs(int(x) - int(left)) < 100 and abs(int(y) - int(top)) < 200


@pytest.mark.parametrize("lines", [
    {"upper": [0.1] * 5},  # one lies on the other
    {"upper": [nan] * 5},  # there is no line that a name could stand beside
    {"upper": [0.9] * 5, "length": "n"},
    {"upper": [0.9] * 5, "more": Bars("a", label="bars")},
    {"upper": [0.9] * 5, "more": Markers("a", label="markers")},
])
def test_other_names_stay_in_the_legend(lines):
    more = [lines.pop("more")] if "more" in lines else []
    drawn = two_lines([0.1] * 5, lines.pop("upper"), *more, **lines)
    assert "live-legend" in drawn and "live-line-word" not in drawn


def zeros(heights):
    """Bars of these heights, with words on classes: the symbols of exact zeros, and the word beside them."""
    plot = Plot((Bars("p", x=tuple("abcdefgh")),), x=Axis("class", (-0.5, 7.5)), y=Axis("p", (0, 1)))
    drawn = marks_svg(plot.looks(), frame(plot, 400), fill_slots(plot.bindings(), {"p": heights}))
    symbols = re.findall(r'<path transform="translate\((\d+) (\d+)\)', drawn)
    (word,) = re.findall(r'<text[^>]* x="(\d+)" y="(\d+)"[^>]*>exactly 0', drawn)
    return drawn, [tuple(map(int, symbol)) for symbol in symbols], tuple(map(int, word))


def test_the_word_of_exact_zeros_stands_beside_a_symbol_or_a_line_leads_to_it():
    drawn, symbols, (x, y) = zeros([0.5, 0.2, 0.1, 0, 0, 0, 0, 0])
    assert any(abs(x - left) < 100 and abs(y - top) < 200 for left, top in symbols) and "live-lead" not in drawn
    drawn, [(left, top)], (x, y) = zeros([0.8, 0.8, 0.8, 0, 0.8, 0.8, 0.8, 0.8])
    assert f'class="live-lead" d="M{left} {top - 60}V{y + 40}"' in drawn and top - y > 1000


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", [f"{role}-word" for role in ROLES] + ["text"])
def test_words_can_be_read_on_the_ground(theme, role):
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
                   for weight, part in zip((0.2126, 0.7152, 0.0722), parts))

    dark, pale = sorted((light(PALETTES[theme][role]), light(PALETTES[theme]["ground"])))
    assert (pale + 0.05) / (dark + 0.05) >= 4.5

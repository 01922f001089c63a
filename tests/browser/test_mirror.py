"""The runtime of pages mirrors Python modules; here both answer the same questions."""
import math
import random
import sys
from pathlib import Path

import pytest
from drive import open_page
from playwright.sync_api import expect

from toolkit.live import Axis, Boxes, Line, Markers, Plot
from toolkit.live.drawing import WIDTHS, frame, marks_svg
from toolkit.live.expressions import evaluate, parse
from toolkit.live.hosts.page import figure_html
from toolkit.live.numbers import format_number
from toolkit.live.page import module_block
from toolkit.live.runtime import runtime_script
from toolkit.live.slots import fill_slots

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from kept_module import kept_module
from sample import everything
from short_sample import gap_figure

pytestmark = pytest.mark.browser


def encoded(value):
    """JSON has no inf and NaN: they travel as texts, as in `DECODE`."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(item) for item in value]
    return f"#{value}" if isinstance(value, float) and not math.isfinite(value) else value


DECODE = """const decode = (v) => ({ "#inf": Infinity, "#-inf": -Infinity, "#nan": NaN })[v] ??
  (Array.isArray(v) ? v.map(decode) : v && typeof v === "object"
    ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, decode(w)])) : v);"""


EXPRESSIONS = [
    "a", "p[1]", "-a / zero", "zero / zero", "a + p[2] * 2 - 1e-3", "sum(p)", "max(p)", "min(a, p[0], 3)", "abs(-a)",
    "sqrt(p[1])", "floor(-a)", "isnan(nothing)", "isinf(large) or zero", "not zero and a > 1", "0 < a <= 2.5",
    "a == 2.5", "law == 'power'", "law != 'power'", "1 if law == 'sign' else a", "inf - large", "min(p) < nothing",
    "max(nothing, a)",
]
VALUES = {"a": [2.5], "p": [0.1, 0.7, 0.30000000000000004], "zero": [0.0], "nothing": [math.nan, 0],
          "large": [math.inf, 0], "law": ["power"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with a figure in the long and one in the short form, as a file."""
    folder = tmp_path_factory.mktemp("figures")
    figures = [everything, gap_figure]
    block = module_block(kept_module("mirror", [entry for figure in figures for entry in figure.entry_points]))
    (folder / "runtime.js").write_text(runtime_script(), "utf-8")
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title>'
        f'<main><h1>Figures</h1>{"".join(map(figure_html, figures))}</main>{block}'
        '<script defer src="runtime.js"></script></html>', encoding="utf-8")
    return folder


@pytest.fixture
def page(new_page, folder):
    page = new_page(1280, 900)
    open_page(page, (folder / "page.html").as_uri())
    return page


def test_numbers_read_the_same(page):
    generator = random.Random(0)
    values = [0.0, -0.0, 1.0, 0.5, 2.5, 1e-4, -1e-4, 0.9999, 99999.5, 65504.0, 1e21, 5e-324]
    values += [math.inf, -math.inf, math.nan]
    values += [generator.choice([-1, 1]) * 10.0 ** generator.uniform(-30, 22) for _ in range(400)]
    specs = ["", "1g", "3g", "6g", "r"]
    cases = [(v, s) for v in values for s in specs]
    cases += [(v, s) for v in values if abs(v) < 1e15 for s in ("d", "2f", "0%", "1%", "s", "2s", "2^")]
    ask = "cases => {" + DECODE + "return decode(cases).map(([v, s]) => liveFigures.formatNumber(v, s)); }"
    theirs = page.evaluate(ask, encoded(cases))
    wrong = [(v, s, format_number(v, s), t) for (v, s), t in zip(cases, theirs) if format_number(v, s) != t]
    assert not wrong, wrong[:10]


BOXES = Plot((Boxes("boxes", value="scores", texts=("A", "B"), label="boxes", drag=("across", "up")),
              Boxes("few", role="naive", label="few", length="count")), x=Axis("x", (0, 7)), y=Axis("y", (-1, 10)))
BOX_VALUES = {"boxes": [1, 1, 3, 4, 2.5, 0, 6, 9, 3, 4, 1, 1, 0, 0, math.nan, 1, 0, -5, 9, math.inf, -3, -3, 20, 20],
              "scores": [0.8, 0, 1.5, 0.5, -0.25, math.nan], "few": [0.1, 0.1, 2.2, 3.3, 5, 5, 6, 6], "count": [1]}
ALONE = Plot((Line("z", label="line"), Markers(("shift",), x=(3.0,), label="alone")),
             x=Axis("x", (0, 7)), y=Axis("value", (-1, 10)))
CHANGES = [{}, {"broken": True, "scale": 10.0, "law": "sign"}, {"shift": 5.0}, {"count": 1}, {"bits": [1] * 16}]


@pytest.mark.parametrize("change", CHANGES)
def test_slots_and_marks_are_the_same(page, change):
    values = everything.values(**change)
    for plot in (*everything.plots, ALONE):
        bindings, looks = plot.bindings(), plot.looks()
        filled = fill_slots(bindings, values)
        theirs = page.evaluate("([b, v]) => {" + DECODE + "return liveFigures.fillSlots(b, decode(v)); }",
                               [bindings, encoded(values)])
        assert encoded(theirs) == encoded(filled)
        for area in (frame(plot, width, named) for width in WIDTHS.values() for named in (False, True)):
            drawn = page.evaluate("([l, f, s]) => liveFigures.marksSvg(l, f, s)", [looks, area, encoded(filled)])
            assert drawn == marks_svg(looks, area, filled)


def test_boxes_are_the_same(page):
    bindings, looks = BOXES.bindings(), BOXES.looks()
    filled = fill_slots(bindings, BOX_VALUES)
    theirs = page.evaluate("([b, v]) => {" + DECODE + "return liveFigures.fillSlots(b, decode(v)); }",
                           [bindings, encoded(BOX_VALUES)])
    assert encoded(theirs) == encoded(filled) and len(filled[1]["edges"]) == 1
    for area in (frame(BOXES, width) for width in WIDTHS.values()):
        drawn = page.evaluate("([l, f, s]) => {" + DECODE + "return liveFigures.marksSvg(l, f, decode(s)); }",
                              [looks, area, encoded(filled)])
        assert drawn == marks_svg(looks, area, filled) and drawn.count("<rect") == 5


@pytest.mark.parametrize("hide", [(), *((name,) for name in everything.controls), tuple(everything.controls)])
def test_sentences_are_the_same_whatever_is_hidden(page, hide):
    theirs = page.evaluate("""names => {
      const figure = liveFigures.figures.get("everything");
      figure.hide(names);
      figure.update();
      return figure.readout.textContent;
    }""", list(hide))
    assert theirs == everything.show(hide=hide).sentence(everything.values())


def test_expressions_are_the_same(page):
    trees = [parse(text) for text in EXPRESSIONS]
    ask = "([t, v]) => {" + DECODE + "return t.map((tree) => liveFigures.evaluate(tree, decode(v))); }"
    theirs = page.evaluate(ask, [trees, encoded(VALUES)])
    assert list(map(encoded, theirs)) == [encoded(evaluate(tree, VALUES)) for tree in trees]


def test_a_figure_in_short_form_says_and_draws_the_same(page):
    root = page.locator("#live-gap_figure")
    for gap, state in (("End", {"gap": 30.0}), ("Home", {"gap": 0.0})):
        root.locator('[data-control="gap"] input').press(gap)
        values = gap_figure.values(**state)
        expect(root.locator(".live-readout")).to_have_text(gap_figure.sentence(values))
        plot = gap_figure.plots[0]
        svg = marks_svg(plot.looks(), frame(plot, WIDTHS["wide"]), fill_slots(plot.bindings(), values))
        drawn = page.evaluate("""(svg) => {
          const area = document.querySelector("#live-gap_figure svg.live-wide .live-marks");
          const copy = area.cloneNode(false);
          copy.innerHTML = svg;
          return area.innerHTML === copy.innerHTML;
        }""", svg)
        assert drawn

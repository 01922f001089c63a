"""The runtime of pages mirrors Python modules; here both answer the same questions."""
import math
import random
import sys
from pathlib import Path

import pytest
from drive import open_page

from toolkit.live.drawing import WIDTHS, frame, marks_svg
from toolkit.live.numbers import format_number
from toolkit.live.slots import fill_slots

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from sample import everything

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


@pytest.fixture
def page(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/intro.html")
    return page


def test_numbers_read_the_same(page):
    generator = random.Random(0)
    values = [0.0, -0.0, 1.0, 0.5, 2.5, 99999.5, 65504.0, 1e21, 5e-324, math.inf, -math.inf, math.nan]
    values += [generator.choice([-1, 1]) * 10.0 ** generator.uniform(-30, 22) for _ in range(400)]
    specs = ["", "1g", "3g", "6g", "r"]
    cases = [(v, s) for v in values for s in specs]
    cases += [(v, s) for v in values if abs(v) < 1e15 for s in ("d", "2f", "0%", "1%")]
    theirs = page.evaluate("cases => {" + DECODE + "return decode(cases).map(([v, s]) => liveFigures.formatNumber(v, s)); }",
                           encoded(cases))
    wrong = [(v, s, format_number(v, s), t) for (v, s), t in zip(cases, theirs) if format_number(v, s) != t]
    assert not wrong, wrong[:10]


CHANGES = [{}, {"broken": True, "scale": 10.0, "law": "sign"}, {"shift": 5.0}, {"count": 1}, {"bits": [1] * 16}]


@pytest.mark.parametrize("change", CHANGES)
def test_slots_and_marks_are_the_same(page, change):
    values = everything.values(**change)
    for plot in everything.plots:
        bindings, looks = plot.bindings(), plot.looks()
        filled = fill_slots(bindings, values)
        theirs = page.evaluate("([b, v]) => {" + DECODE + "return liveFigures.fillSlots(b, decode(v)); }",
                               [bindings, encoded(values)])
        assert encoded(theirs) == encoded(filled)
        for width in WIDTHS.values():
            area = frame(plot, width)
            drawn = page.evaluate("([l, f, s]) => liveFigures.marksSvg(l, f, s)", [looks, area, encoded(filled)])
            assert drawn == marks_svg(looks, area, filled)

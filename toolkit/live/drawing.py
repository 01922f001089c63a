"""A `Plot` on a page: plain SVG in the page's colours. Axes stand still; only the marks are drawn anew.

Python draws the axes, in two widths of which the page shows one, and the marks of the default state, so that the
figure is complete in print and without a script. The page's runtime then draws marks in the same way (`marks_svg`, a
test compares them). A move costs about a millisecond, and the page needs no plotting library.
"""
from math import floor, log10

from toolkit.live.labels import CROWDED, NAMED, Labels, text_width
from toolkit.live.marks import DRAWN_BY
from toolkit.live.numbers import format_number
from toolkit.live.svg import pixel, text_at

__all__ = ["WIDTHS", "axes_svg", "described", "fitting_frame", "frame", "marks_svg", "plot_svg"]

WIDTHS = {"wide": 720, "narrow": 400}
_LEFT, _RIGHT, _BOTTOM, _LEGEND_ROW = 76, 14, 52, 20


def frame(plot, width, named=False):
    """How data become pixels of the inner plot area: ``offset + slope * coordinate`` per axis, as JSON.

    If lines are `named`, their names stand beside them and not in the legend, whose room stays: so plots side by side
    stand alike.
    """
    top = 10 + _LEGEND_ROW * (1 + max((row for _, row, _ in _legend_places(plot, width)), default=0))
    inner = (width - _LEFT - _RIGHT, plot.height - top - _BOTTOM)
    x = _scale(plot.x, 0, inner[0]) | {"words": plot.words()}
    return {"left": _LEFT, "top": top, "width": inner[0], "height": inner[1], "x": x, "y": _scale(plot.y, inner[1], 0),
            "named": named}


def fitting_frame(plot, width, filled):
    """The `frame` of a plot that shows `filled` first: lines are named where every name has a place of its own.

    A line that grows would push its name before it, and what is no line and no lone marker needs a sample in the
    legend.
    """
    looks, named = plot.looks(), frame(plot, width, named=True)
    entries = [(look, binding) for look, binding in zip(looks, plot.bindings())
               if look["kind"] == "cells" or look["name"] and look["kind"] not in ("rule", "band")]
    if any(look["kind"] != "line" and "alone" not in look or binding["length"] for look, binding in entries):
        return frame(plot, width)
    labels = Labels(named)
    marks_svg(looks, named, filled, labels)
    fits = labels.worst_name < CROWDED and len(entries) == sum(look["kind"] in NAMED for _, look, *_ in labels.words)
    return named if fits else frame(plot, width)


def _scale(axis, start, end):
    low, high = axis.edges()[0]
    slope = (end - start) / (high - low)
    return {"offset": start - slope * low, "slope": slope, "log": axis.scale == "log"}


def marks_svg(looks, frame, filled, labels=None):
    """The marks of a plot and their words, with `looks` from `Plot.looks` and `filled` from `fill_slots`."""
    labels = labels or Labels(frame)
    shapes = "".join(DRAWN_BY[look["kind"]].svg(look, frame, slots, labels) for look, slots in zip(looks, filled))
    return shapes + labels.svg()


def plot_svg(plot, name, filled):
    """The plot at width `name` ("wide" or "narrow") with its marks, as an SVG element that scales with its place."""
    width = WIDTHS[name]
    area = fitting_frame(plot, width, filled)
    body = marks_svg(plot.looks(), area, filled)
    return (
        f'<svg class="live-{name}" viewBox="0 0 {width} {plot.height}" aria-hidden="true">{axes_svg(plot, area)}'
        f'<svg class="live-marks" x="{area["left"]}" y="{area["top"]}" width="{area["width"]}"'
        f' height="{area["height"]}"'
        f' viewBox="0 0 {10 * area["width"]} {10 * area["height"]}">{body}</svg></svg>'
    )


def described(plot):
    """What a plot shows, in words: its axes, and the names of its marks."""
    looks = plot.looks()
    axes = f"{plot.y.title} over {plot.x.title}" if plot.x.title else plot.y.title
    levels = [level["name"] for look in looks if look["kind"] == "cells" and look["states"] for level in look["levels"]]
    names = [look["name"] for look in looks if look["name"]]
    return f"{axes}: {', '.join(dict.fromkeys([*names, *levels]))}." if names or levels else f"{axes}."


def axes_svg(plot, area):
    """Axes with ticks and titles, and the legend, around the inner plot area of a `frame`."""
    top = area["top"]
    right, bottom = _LEFT + area["width"], top + area["height"]
    shapes = f'<path class="live-axis" d="M{_LEFT} {top}V{bottom}H{right}"/>'
    for value, text in _thinned(_ticks(plot.x, area["x"]["words"]), area["width"]):
        x = _LEFT + pixel(area["x"], value) / 10
        shapes += f'<path class="live-axis" d="M{x:g} {bottom}v5"/>' + text_at(f"{x:g}", bottom + 20, text, "middle")
    for value, text in _ticks(plot.y, []):
        y = top + pixel(area["y"], value) / 10
        shapes += f'<path class="live-axis" d="M{_LEFT} {y:g}h-5"/>' + text_at(_LEFT - 9, f"{y + 5:g}", text, "end")
    middle = (top + bottom) // 2
    shapes += text_at((_LEFT + right) // 2, bottom + 42, plot.x.title, "middle")
    shapes += f'<g transform="rotate(-90 14 {middle})">{text_at(14, middle, plot.y.title, "middle")}</g>'
    return shapes if area["named"] else shapes + _legend(plot, right + _RIGHT)


def _ticks(axis, words):
    if words:
        return list(enumerate(words))
    if axis.ticks or axis.scale == "log":
        return list((axis.ticks or axis.power_ticks()).items())
    low, high = axis.range
    step = 10.0 ** round(log10((high - low) / 4))
    step = next(step * factor for factor in (0.25, 0.5, 1, 2, 2.5, 5) if (high - low) / (step * factor) <= 6)
    first, last = floor(low / step - 1e-9) + 1, floor(high / step + 1e-9)
    first = first - 1 if abs(low - (first - 1) * step) < 1e-9 * step else first
    return [(k * step, f"{k * step:.6g}".replace("-", "−")) for k in range(first, last + 1)]


def _thinned(ticks, width):
    """Every tick, or every second, third ... so that labels do not touch."""
    longest = 8 * max((len(str(text)) for _, text in ticks), default=1) + 10
    return ticks[:: max(1, -(-longest * len(ticks) // max(width, 1)))]


# ---- legend ----------------------------------------------------------------------------------------------------------


def _entries(plot):
    """``(text, width of the sample, look)`` of what the legend names; a heat map of states has one entry for each."""
    for look in plot.looks():
        if look["kind"] == "cells" and look["states"]:
            for level in look["levels"]:
                yield level["name"], 16, look | {"levels": [level]}
        elif look["kind"] == "cells":
            ends = f"{format_number(look['low'])} to {format_number(look['high'])}"
            yield f"{look['name']} {ends}".strip(), 12 * (len(look["levels"]) - 1), look
        elif look["name"] and look["kind"] not in ("rule", "band"):
            yield look["name"], 26, look


def _legend_places(plot, width):
    """``(x, row, entry)`` of each legend entry: side by side, and in further rows where they need the room."""
    x, row = _LEFT, 0
    for text, sample, look in _entries(plot):
        needed = sample + 26 + text_width(text) // 10
        if x > _LEFT and x + needed > width:
            x, row = _LEFT, row + 1
        yield x, row, (text, sample, look)
        x += needed


def _legend(plot, width):
    shapes = ""
    for x, row, (text, sample, look) in _legend_places(plot, width):
        middle = 14 + _LEGEND_ROW * row
        shapes += DRAWN_BY[look["kind"]].sample(look, x, middle) + text_at(x + sample + 6, middle + 5, text, "start")
    return f'<g class="live-legend">{shapes}</g>'

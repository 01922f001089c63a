"""A `Plot` on a page: plain SVG in the page's colours. Axes stand still; only the marks are drawn anew.

Python draws the axes, in two widths of which the page shows one, and the marks of the default state, so that the
figure is complete in print and without a script. runtime.js then draws marks in the same way (`marks_svg`, a test
compares them). A move costs about a millisecond, and the page needs no plotting library.
"""
from html import escape
from math import floor, log10

from toolkit.live.plot import Band, Bars, Line, Markers, Rule
from toolkit.live.style import DASHES, ROLES, SYMBOLS

__all__ = ["WIDTHS", "axes_svg", "frame", "marks", "marks_svg", "plot_svg"]

WIDTHS = {"wide": 720, "narrow": 400}
_LEFT, _RIGHT, _BOTTOM, _LEGEND_ROW = 76, 14, 52, 20
_CROWD = 130  # tenths of a pixel between equal symbols on a rail: closer ones are left out
_FAR = 1e5  # pixels: what lies beyond the plot is cut off, but must stay a small number


def frame(plot, width):
    """How data become pixels of the inner plot area: ``offset + slope * coordinate`` per axis, as JSON."""
    top = 10 + _LEGEND_ROW * (1 + max((row for _, row, _ in _legend_places(plot, width)), default=0))
    inner = (width - _LEFT - _RIGHT, plot.height - top - _BOTTOM)
    x = _scale(plot.x, 0, inner[0]) | {"words": plot.words()}
    return {"left": _LEFT, "top": top, "width": inner[0], "height": inner[1], "x": x, "y": _scale(plot.y, inner[1], 0)}


def _scale(axis, start, end):
    low, high = axis.edges()[0]
    slope = (end - start) / (high - low)
    return {"offset": start - slope * low, "slope": slope, "log": axis.scale == "log"}


def marks(plot):
    """How each trace looks, as JSON: kind, colour, and what its kind needs."""
    bars = [trace for trace in plot.traces if isinstance(trace, Bars)]
    return [_looks(trace) | ({"order": bars.index(trace), "count": len(bars)} if trace in bars else {})
            for trace in plot.traces]


def _looks(trace):
    role = ROLES[trace.role]
    looks = {"kind": type(trace).__name__.lower(), "role": trace.role, "name": trace.label}
    if isinstance(trace, Markers):
        return looks | {"symbol": role.symbol}
    if isinstance(trace, Bars):
        return looks | {"hollow": bool(role.pattern)}
    return looks | {"dash": DASHES[role.dash], "width": round(10 * role.width)}


# ---- marks: mirrored by runtime.js; coordinates are whole tenths of a pixel ------------------------------------------


def _pixel(scale, value):
    if isinstance(value, str):
        value = scale["words"].index(value)
    place = scale["offset"] + scale["slope"] * (log10(value) if scale["log"] else value)
    return floor(10 * min(max(place, -_FAR), _FAR) + 0.5)


def marks_svg(looks, frame, filled):
    """The marks of all traces, with `looks` from `marks` and `filled` from `fill_slots`."""
    shapes, row = "", 0
    for look, slots in zip(looks, filled):
        shapes += _MARKS[look["kind"]](look | {"row": row}, frame, slots)
        row += "rail" in slots and slots["rail"]["x"] != []
    return shapes


def _symbol(x, y, symbol):
    return f'<path transform="translate({x} {y})" d="{SYMBOLS[symbol]}"/>'


def _text(x, y, text, anchor):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>' if text else ""


def _group(look, kind, body):
    return f'<g class="live-{kind}" style="--live-ink:var(--live-{look["role"]})">{body}</g>'


def _rail(look, frame, slots, places=None):
    """What cannot be drawn at its place; `places` maps x to pixels where a trace moves its points sideways."""
    rail, body, last, words = slots["rail"], "", {}, 0
    for x, y, text, symbol in zip(rail["x"], rail["y"], rail["text"], rail["symbol"]):
        left = places[x] if places else _pixel(frame["x"], x)
        top = _pixel(frame["y"], y)
        if abs(left - last.get(symbol, left + _CROWD)) < _CROWD:
            continue
        last[symbol] = left
        # Every word in a row of its own, so that none lies on another.
        row = 160 * (look["row"] + words)
        words += text != ""
        body += _symbol(left, top, symbol) + _text(left, top + (190 + row if top < 300 else -110 - row), text, "middle")
    return _group(look, "rail", body) if body else ""


def _line(look, frame, slots):
    path, pen = "", "M"
    for x, y in zip(slots["x"], slots["y"]):
        if y is None:
            pen = "M"
        else:
            path += f'{pen}{_pixel(frame["x"], x)} {_pixel(frame["y"], y)}'
            pen = "L"
    style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
    return _group(look, "line", f'<path d="{path}" {style}/>') + _rail(look, frame, slots)


def _markers(look, frame, slots):
    body = "".join(_symbol(_pixel(frame["x"], x), _pixel(frame["y"], y), look["symbol"])
                   for x, y in zip(slots["x"], slots["y"]) if y is not None)
    return _group(look, "markers", body) + _rail(look, frame, slots)


def _bars(look, frame, slots):
    centres = [_pixel(frame["x"], x) for x in slots["x"]]
    gap = centres[1] - centres[0] if len(centres) > 1 else 5 * frame["width"]
    width = 0.75 * gap / look["count"]
    foot = 10 * frame["height"] if frame["y"]["log"] else _pixel(frame["y"], 0.0)
    body, places = "", {}
    for x, centre, y in zip(slots["x"], centres, slots["y"]):
        left = floor(centre + (look["order"] - look["count"] / 2) * width + 0.5)
        places[x] = floor(left + width / 2 + 0.5)
        if y is not None:
            top = _pixel(frame["y"], y)
            body += f'<rect x="{left}" y="{min(top, foot)}" width="{floor(width)}" height="{abs(foot - top)}"/>'
    return _group(look, _bar_kind(look), body) + _rail(look, frame, slots, places)


def _bar_kind(look):
    return "hollow" if look["hollow"] else "bars"


def _rule(look, frame, slots):
    (x0, x1), (y0, y1) = ([_pixel(frame[axis], value) for value in slots[axis]] for axis in ("x", "y"))
    upright = x0 == x1
    near_end = upright and x0 > 7 * frame["width"]
    text = _text(x1 + (-60 if near_end else 60), 130, slots["text"], "end" if near_end else "start") if upright else \
        _text(10 * frame["width"] - 60, y1 - 60, slots["text"], "end")
    style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
    return _group(look, "rule", f'<path d="M{x0} {y0}L{x1} {y1}" {style}/>{text}')


def _band(look, frame, slots):
    if not slots["x"]:
        return ""
    left, right = (min(max(_pixel(frame["x"], x), 0), 10 * frame["width"]) for x in slots["x"])
    height = 10 * frame["height"]
    hatch = ""
    for start in range(left - height, right, 120):
        first, last = max(start, left), min(start + height, right)
        if first < last:
            hatch += f"M{first} {height - (first - start)}L{last} {height - (last - start)}"
    word = _text(_pixel(frame["x"], slots["middle"]), 340, slots["text"], "middle")
    return _group(look, "band", f'<path d="{hatch}"/>{word}')


_MARKS = {"line": _line, "markers": _markers, "bars": _bars, "rule": _rule, "band": _band}


# ---- axes, drawn once --------------------------------------------------------------------------------------------------


def plot_svg(plot, name, filled):
    """The plot at width `name` ("wide" or "narrow") with its marks, as an SVG element that scales with its place."""
    width = WIDTHS[name]
    area = frame(plot, width)
    body = marks_svg(marks(plot), area, filled)
    return (
        f'<svg class="live-{name}" viewBox="0 0 {width} {plot.height}" aria-hidden="true">{axes_svg(plot, width)}'
        f'<svg class="live-marks" x="{area["left"]}" y="{area["top"]}" width="{area["width"]}" height="{area["height"]}"'
        f' viewBox="0 0 {10 * area["width"]} {10 * area["height"]}">{body}</svg></svg>'
    )


def axes_svg(plot, width):
    """Axes with ticks and titles, and the legend."""
    area = frame(plot, width)
    top = area["top"]
    right, bottom = _LEFT + area["width"], top + area["height"]
    shapes = f'<path class="live-axis" d="M{_LEFT} {top}V{bottom}H{right}"/>'
    for value, text in _thinned(_ticks(plot.x, area["x"]["words"]), area["width"]):
        x = _LEFT + _pixel(area["x"], value) / 10
        shapes += f'<path class="live-axis" d="M{x:g} {bottom}v5"/>' + _text(f"{x:g}", bottom + 20, text, "middle")
    for value, text in _ticks(plot.y, []):
        y = top + _pixel(area["y"], value) / 10
        shapes += f'<path class="live-axis" d="M{_LEFT} {y:g}h-5"/>' + _text(_LEFT - 9, f"{y + 5:g}", text, "end")
    middle = (top + bottom) // 2
    shapes += _text((_LEFT + right) // 2, bottom + 42, plot.x.title, "middle")
    shapes += f'<g transform="rotate(-90 14 {middle})">{_text(14, middle, plot.y.title, "middle")}</g>'
    return shapes + _legend(plot, width)


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


def _legend_places(plot, width):
    """``(x, row, look)`` of each legend entry: side by side, and in further rows where they need the room."""
    x, row = _LEFT, 0
    for look in marks(plot):
        if look["name"] and look["kind"] not in ("rule", "band"):
            needed = 52 + 8 * len(look["name"])
            if x > _LEFT and x + needed > width:
                x, row = _LEFT, row + 1
            yield x, row, look
            x += needed


def _legend(plot, width):
    shapes = ""
    for x, row, look in _legend_places(plot, width):
        middle, kind = 14 + _LEGEND_ROW * row, look["kind"]
        if kind == "line":
            sample = (f'<path transform="scale(.1)" d="M{10 * x} {10 * middle}h260" stroke-width="{look["width"]}"'
                      f' stroke-dasharray="{look["dash"]}"/>')
        elif kind == "bars":
            sample, kind = f'<rect x="{x + 4}" y="{middle - 6}" width="16" height="12"/>', _bar_kind(look)
        else:
            sample = f'<g transform="translate({x + 13} {middle}) scale(.1)">{_symbol(0, 0, look["symbol"])}</g>'
        shapes += _group(look, kind, sample) + _text(x + 32, middle + 5, look["name"], "start")
    return f'<g class="live-legend">{shapes}</g>'

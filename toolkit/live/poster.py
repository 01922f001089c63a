"""The picture of a figure's default state without a script: plain SVG in the page's colours.

Readers see it before Plotly has drawn, in print, and where scripts are off.
"""
from html import escape
from itertools import groupby
from math import log10

from toolkit.live.slots import fill_slots

__all__ = ["poster_svg"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 64, 16, 30, 52
_DASHES = {"solid": "none", "dash": "9 6", "dot": "2 5", "dashdot": "9 5 2 5", "longdash": "14 6"}


def poster_svg(description, bindings, values):
    """One panel of a live figure (from `Plot.build`) at `values` as an SVG element that scales with its container."""
    filled = fill_slots(bindings, values)
    traces = [trace | filled[i] for i, trace in enumerate(description["data"])]
    layout = description["layout"]
    words = [x for trace in traces for x in trace["x"] if isinstance(x, str)]
    frame = _Frame(layout, list(dict.fromkeys(words)))
    bars = [trace for trace in traces if trace["type"] == "bar"]
    shapes = [_axes(frame, layout)]
    for trace in traces:
        if trace["type"] == "bar":
            shapes.append(_bars(frame, trace, bars.index(trace), len(bars)))
        elif "fill" in trace:
            shapes.append(_region(frame, trace))
        else:
            shapes.append(_scatter(frame, trace))
    shapes.append(_legend([trace for trace in traces if trace["showlegend"]]))
    return (f'<svg class="live-poster" viewBox="0 0 {_WIDTH} {layout["height"]}" role="presentation"'
            f' font-size="14" fill="var(--live-text)">{"".join(shapes)}</svg>')


class _Frame:
    """Data to pixels, for linear, log and word axes."""

    def __init__(self, layout, words):
        self.words = words
        self.x_axis, self.y_axis = layout["xaxis"], layout["yaxis"]
        self.right, self.bottom = _WIDTH - _RIGHT, layout["height"] - _BOTTOM

    def x(self, value):
        if isinstance(value, str):
            value = self.words.index(value)
        return round(_LEFT + (self.right - _LEFT) * _share(self.x_axis, value), 1)

    def y(self, value):
        return round(self.bottom - (self.bottom - _TOP) * _share(self.y_axis, value), 1)


def _share(axis, value):
    low, high = axis["range"]
    coordinate = log10(value) if axis["type"] == "log" else value
    return min(max((coordinate - low) / (high - low), 0.0), 1.0)


def _colour(name):
    return f"var(--live-{name[1:]})" if name.startswith("$") else name


def _text(x, y, text, anchor="middle", colour="$text", extra=""):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{_colour(colour)}"{extra}>{escape(str(text))}</text>'


def _ticks(axis):
    if "tickvals" in axis:
        return zip(axis["tickvals"], axis["ticktext"])
    low, high = axis["range"]
    step = 10.0 ** round(log10((high - low) / 4))
    step = next(step * factor for factor in (0.5, 1, 2, 5) if (high - low) / (step * factor) <= 6)
    return ((k * step, f"{k * step:.6g}") for k in range(int(-(-low // step)), int(high // step) + 1))


def _axes(frame, layout):
    left, right, top, bottom = _LEFT, frame.right, _TOP, frame.bottom
    shapes = [f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="var(--live-line)"/>']
    ticks = enumerate(frame.words) if frame.words else _ticks(frame.x_axis)
    shapes += [_text(frame.x(value), bottom + 18, text) for value, text in ticks]
    shapes += [_text(left - 8, frame.y(value) + 5, text, "end") for value, text in _ticks(frame.y_axis)]
    middle = (top + bottom) / 2
    shapes.append(_text((left + right) / 2, bottom + 40, frame.x_axis["title"]["text"]))
    shapes.append(_text(16, middle, frame.y_axis["title"]["text"], extra=f' transform="rotate(-90 16 {middle})"'))
    return "".join(shapes)


def _bars(frame, trace, order, count):
    xs = [frame.words.index(x) if isinstance(x, str) else x for x in trace["x"]]
    width = 0.75 * min((b - a for a, b in zip(xs, xs[1:])), default=1.0) / count
    foot = frame.bottom if frame.y_axis["type"] == "log" else frame.y(0.0)
    shapes = []
    for x, y in zip(xs, trace["y"]):
        if y is not None:
            left = frame.x(x + (order - count / 2) * width)
            right, top = frame.x(x + (order + 1 - count / 2) * width), frame.y(y)
            shapes.append(f'<rect x="{left}" y="{top}" width="{right - left:.1f}" height="{max(foot - top, 0):.1f}"/>')
    return f'<g fill="{_colour(trace["marker"]["color"])}">{"".join(shapes)}</g>'


def _region(frame, trace):
    points = " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in zip(trace["x"], trace["y"]))
    colour = _colour(trace["fillpattern"]["fgcolor"])
    return f'<polygon points="{points}" fill="{colour}" fill-opacity="0.12"/>' if points else ""


def _scatter(frame, trace):
    points = list(zip(trace["x"], trace["y"]))
    shapes = []
    if "lines" in trace["mode"]:
        runs = (list(run) for drawn, run in groupby(points, lambda point: point[1] is not None) if drawn)
        path = "".join("M" + "L".join(f"{frame.x(x)} {frame.y(y)}" for x, y in run) for run in runs)
        line = trace["line"]
        shapes.append(f'<path d="{path}" fill="none" stroke="{_colour(line["color"])}"'
                      f' stroke-width="{line["width"]}" stroke-dasharray="{_DASHES[line["dash"]]}"/>')
    if "markers" in trace["mode"]:
        colour = _colour(trace["marker"]["color"])
        hollow = "marker.symbol" in trace
        style = f'fill="{"none" if hollow else colour}" stroke="{colour}" stroke-width="{2 if hollow else 0}"'
        shapes += [f'<circle cx="{frame.x(x)}" cy="{frame.y(y)}" r="4.5" {style}/>' for x, y in points if y is not None]
    if "text" in trace["mode"]:
        texts = ((x, y, text) for (x, y), text in zip(points, trace.get("text", ())) if text)
        shapes += [_text(frame.x(x), frame.y(y) - 9, text, colour=trace["textfont"]["color"]) for x, y, text in texts]
    return "".join(shapes)


def _legend(traces):
    shapes, x = [], _LEFT
    for trace in traces:
        colour = trace["marker"]["color"] if "line" not in trace else trace["line"]["color"]
        shapes.append(f'<rect x="{x}" y="12" width="14" height="6" fill="{_colour(colour)}"/>')
        shapes.append(_text(x + 20, 20, trace["name"], "start"))
        x += 40 + 8 * len(trace["name"])
    return "".join(shapes)

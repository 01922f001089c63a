"""A `Plot` for JupyterLab: a Plotly FigureWidget that draws filled slots.

Plotly's paper is always white. In JupyterLab's dark theme notebook.css inverts lightness and keeps hues,
which turns the light palette into the dark one; a host that we do not know shows dark ink on white paper and
stays readable.
"""
from importlib.resources import files
from math import isfinite, log10

import anywidget
import numpy as np
import plotly.graph_objects as go
import traitlets
from ipywidgets import widget_serialization

from toolkit.live.heatmap import HeatMap
from toolkit.live.plot import Band, Bars, Line, Markers, Rule
from toolkit.live.plotly_cells import cells_attributes, cells_data
from toolkit.live.slots import fill_slots
from toolkit.live.style import ROLES, resolve_colours

__all__ = ["LivePlot", "attributes", "description"]

_ASSETS = files("toolkit.live") / "assets"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
# Shares of the axis: symbols of a rail that are closer are left out, words get rows of their own.
_SYMBOL_ROOM, _WORD_ROOM = 0.02, 0.18
_BAR_GAP = 0.25


class _Library(anywidget.AnyWidget):
    """Plotly's code for the browser, 5 MB: sent once per kernel, not once per FigureWidget."""

    _esm = "export default {}"
    source = traitlets.Unicode().tag(sync=True)
    current = None

    @classmethod
    def get(cls):
        if cls.current is None or cls.current.comm is None:
            cls.current = cls(source=str(go.FigureWidget._esm))
        return cls.current


class LivePlot(go.FigureWidget):
    """One plot of a live figure, as wide as its place.

    Parameters
    ----------
    plot : Plot
    values : dict
        What to show first, from `LiveFigure.values`.
    """

    _esm = (_ASSETS / "notebook.js").read_text(encoding="utf-8")
    library = traitlets.Instance(_Library).tag(sync=True, **widget_serialization)

    def __init__(self, plot, values):
        drawn = resolve_colours(description(plot))
        # Complete from the start: what is sent while the browser still loads Plotly is lost.
        filled = attributes(plot, fill_slots(plot.bindings(), values))
        super().__init__([trace | slots for trace, slots in zip(drawn["data"], filled)], drawn["layout"])
        self._plot = plot
        self._config = {"responsive": True, "displayModeBar": False}
        self.add_class("live-plot")
        if plot.whole_row:
            self.add_class("live-whole-row")

    @traitlets.default("library")
    def _shared_library(self):
        return _Library.get()

    def show_values(self, values):
        """Draw `values`, in one message."""
        filled = attributes(self._plot, fill_slots(self._plot.bindings(), values))
        with self.batch_update():
            for trace, slots in zip(self.data, filled):
                trace.update(slots)

    def get_state(self, key=None, drop_defaults=False):
        """Plotly leaves `_widget_data` at its first value; a page that is loaded anew would show that."""
        state = super().get_state(key, drop_defaults)
        if "_widget_data" in state and self._widget_data:
            state["_widget_data"] = self.trait_metadata("_widget_data", "to_json")(self._data, self)
        return state


# ---- what stands still ---------------------------------------------------------------------------


def description(plot):
    """Plotly's ``{"data", "layout"}``, slots empty, ``"$role"`` for colours; two Plotly traces per trace, any number per heat map."""
    data = [drawn for trace in plot.traces for drawn in _DATA[type(trace)](trace)]
    layout = {
        "xaxis": _axis(plot.x, plot.words()), "yaxis": _axis(plot.y), "height": plot.height, "autosize": True,
        "barmode": "group", "bargap": _BAR_GAP, "dragmode": False, "hovermode": "closest", "showlegend": True,
        "margin": {"l": 60, "r": 14, "t": 28, "b": 44}, "paper_bgcolor": "$ground", "plot_bgcolor": "$ground",
        "font": {"family": _FONT, "size": 14, "color": "$text"},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)",
                   "itemclick": False, "itemdoubleclick": False},
        "hoverlabel": {"bgcolor": "$ground", "bordercolor": "$line",
                       "font": {"family": _FONT, "color": "$text"}},
    }
    return {"data": data, "layout": layout}


def _axis(axis, words=()):
    shown = {
        "title": {"text": axis.title, "font": {"size": 14}, "standoff": 8}, "type": axis.scale,
        "range": axis.edges()[0], "fixedrange": True, "showgrid": False, "zeroline": False, "showline": True,
        "ticks": "outside", "ticklen": 5, "tickangle": 0, "automargin": True, "linecolor": "$line",
        "tickcolor": "$line",
    }
    ticks = dict(enumerate(words)) or axis.ticks or (axis.power_ticks() if axis.scale == "log" else {})
    if ticks:
        named = {at: text for at, text in ticks.items() if text}
        shown |= {"tickmode": "array", "tickvals": list(named), "ticktext": list(named.values())}
    return shown


def _base(trace, **more):
    # Words stand at 0, 1, 2 ... of a linear axis, so that rules and bands between them have their place.
    worded = isinstance(trace.x, (list, tuple)) and any(isinstance(x, str) for x in trace.x)
    place = {"hovertext": list(trace.x)} if worded else {}
    where = "%{hovertext}" if worded else "%{x:.4~g}"
    return {"type": "scatter", "name": trace.label, "showlegend": bool(trace.label),
            "hovertemplate": f"{trace.label} {where}: %{{y:.4~g}}<extra></extra>".lstrip()} | place | more


def _rail(trace):
    colour = f"${trace.role}"
    return {"type": "scatter", "mode": "markers+text", "showlegend": False, "hoverinfo": "skip",
            "cliponaxis": False, "textfont": {"color": colour},
            "marker": {"color": colour, "size": 10, "line": {"color": colour, "width": 2}}}


def _line(trace):
    role = ROLES[trace.role]
    line = {"color": f"${trace.role}", "dash": role.dash, "width": role.width}
    return [_base(trace, mode="lines", line=line), _rail(trace)]


def _markers(trace):
    marker = {"color": f"${trace.role}", "symbol": ROLES[trace.role].symbol, "size": 9}
    if trace.role == "truth":
        marker |= {"size": 26, "line": {"color": "$truth", "width": 2}}
    return [_base(trace, mode="markers", marker=marker), _rail(trace)]


def _bars(trace):
    pattern = {"shape": ROLES[trace.role].pattern, "fgcolor": "$ground", "size": 7, "solidity": 0.35}
    return [_base(trace, type="bar", marker={"color": f"${trace.role}", "pattern": pattern}), _rail(trace)]


def _word(trace, position):
    return {"type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip",
            "textposition": position, "textfont": {"color": f"${trace.role}"}}


def _rule(rule):
    line = {"color": f"${rule.role}", "dash": ROLES[rule.role].dash, "width": 1.5}
    drawn = {"type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip", "line": line}
    return [drawn, _word(rule, "top left")]


def _band(band):
    pattern = {"shape": "/", "fgcolor": f"${band.role}", "bgcolor": "rgba(0,0,0,0)", "size": 9,
               "solidity": 0.12}
    region = {"type": "scatter", "mode": "lines", "fill": "toself", "showlegend": False, "hoverinfo": "skip",
              "line": {"width": 0}, "fillcolor": "rgba(0,0,0,0)", "fillpattern": pattern}
    return [region, _word(band, "bottom center")]


_DATA = {Line: _line, Markers: _markers, Bars: _bars, Rule: _rule, Band: _band, HeatMap: cells_data}


# ---- what moves ----------------------------------------------------------------------------------


def attributes(plot, filled):
    """Filled slots as attributes of the Plotly traces in order, ``{"x": ..., "marker_symbol": ...}`` each."""
    words, placed, drawn = plot.words(), [], []
    for trace, slots in zip(plot.traces, filled):
        if isinstance(trace, Rule):
            drawn += _rule_attributes(plot, slots)
        elif isinstance(trace, Band):
            drawn += _band_attributes(slots)
        elif isinstance(trace, HeatMap):
            drawn += cells_attributes(plot, trace, slots)
        else:
            x, rail_x = ([words.index(at) if at in words else at for at in part["x"]]
                         for part in (slots, slots["rail"]))
            shift = _sideways(plot, trace, x)
            drawn += [_points(x, slots["y"]), _rail_attributes(plot, rail_x, slots["rail"], shift, placed)]
    return drawn


def _points(x, y):
    # Arrays travel as bytes; None and inf become what Plotly leaves out.
    return {"x": np.array(x, dtype=float), "y": np.array(y, dtype=float)}


def _share(axis, value):
    """Where `value` stands on the drawn axis, 0 to 1."""
    low, high = axis.edges()[0]
    return ((log10(value) if axis.scale == "log" else value) - low) / (high - low)


def _sideways(plot, trace, x):
    """How far a bar stands from its x, as others stand there too."""
    bars = [other for other in plot.traces if isinstance(other, Bars)]
    if trace not in bars:
        return 0.0
    gap = x[1] - x[0] if len(x) > 1 else 1.0
    return (1 - _BAR_GAP) * gap * ((bars.index(trace) + 0.5) / len(bars) - 0.5)


def _rail_attributes(plot, places, rail, shift, placed):
    """Symbols with room between them, and words in further rows where others in `placed` are near."""
    top, last, kept = plot.y.edges()[1][1], {}, []
    for x, y, word, symbol in zip(places, rail["y"], rail["text"], rail["symbol"]):
        share = _share(plot.x, x)
        if share - last.get(symbol, -1.0) < _SYMBOL_ROOM:
            continue
        last[symbol] = share
        lift = "<br> " * sum(abs(share - other) < _WORD_ROOM for other, side in placed if side == (y == top))
        if word:
            placed.append((share, y == top))
        text = word and (lift + word if y == top else word + lift)
        kept.append((x + shift, y, text, symbol, "bottom center" if y == top else "top center"))
    x, y, text, symbol, side = map(list, zip(*kept)) if kept else ([] for _ in range(5))
    return _points(x, y) | {"text": text, "marker_symbol": symbol, "textposition": side}


def _rule_attributes(plot, slots):
    (x0, x1), y = slots["x"], slots["y"]
    near_end = x0 == x1 and isfinite(x1) and _share(plot.x, x1) > 0.7
    side = "top left" if x0 != x1 else "bottom left" if near_end else "bottom right"
    word = {"text": [f"\u00a0{slots['text']}\u00a0"], "textposition": side}
    return [_points(slots["x"], y), _points([x1], y[1:]) | word]


def _band_attributes(slots):
    left_right, low_high = slots["x"], slots["y"]
    yield _points([x for x in left_right for _ in (0, 1)], [*low_high, *reversed(low_high)])
    yield _points([slots["middle"]], low_high[1:]) | {"text": [f"<br>{slots['text']}"]}

"""A `Plot` for JupyterLab: a Plotly FigureWidget that draws filled slots.

Plotly's paper is always white. In JupyterLab's dark theme notebook.css inverts lightness and keeps hues,
which turns the light palette into the dark one; a host that we do not know shows dark ink on white paper and
stays readable.
"""
from importlib.resources import files

import anywidget
import plotly.graph_objects as go
import traitlets
from ipywidgets import widget_serialization

from toolkit.live.marks.bars import BAR_GAP
from toolkit.live.slots import fill_slots
from toolkit.live.style import resolve_colours

__all__ = ["LivePlot", "attributes", "description"]

_ASSETS = files("toolkit.live") / "assets"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


class _Library(anywidget.AnyWidget):
    """Plotly's code for the browser, 5 MB: sent once per kernel, not once per FigureWidget."""

    _esm = "export default {}"
    is_shared = True
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
    """Plotly's ``{"data", "layout"}``, slots empty, ``"$role"`` for colours; two or more Plotly traces per mark."""
    data = [drawn for mark in plot.traces for drawn in mark.plotly_data()]
    layout = {
        "xaxis": _axis(plot.x, plot.words()), "yaxis": _axis(plot.y), "height": plot.height, "autosize": True,
        "barmode": "group", "bargap": BAR_GAP, "dragmode": False, "hovermode": "closest", "showlegend": True,
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


# ---- what moves ----------------------------------------------------------------------------------


def attributes(plot, filled):
    """Filled slots as attributes of the Plotly traces in order, ``{"x": ..., "marker_symbol": ...}`` each."""
    placed = []  # where words stand on the rails
    return [moved for mark, slots in zip(plot.traces, filled) for moved in mark.plotly_slots(plot, slots, placed)]

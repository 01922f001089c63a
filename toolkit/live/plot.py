"""What a live figure draws: traces bound to the kernel's outputs, on axes with fixed ranges.

A `Plot` turns into one Plotly description with empty slots, shared by both hosts, and a list of *bindings* that say
which output fills which slot. inf, NaN and exact zeros on a log axis go to marked rails at the edge of the plot.
"""
from dataclasses import KW_ONLY, dataclass
from math import log

from toolkit.live.numbers import power_label
from toolkit.live.style import ROLES

__all__ = ["Axis", "Band", "Bars", "Line", "Markers", "Plot", "Rule"]


@dataclass(frozen=True)
class Axis:
    """An axis with its title (symbol and unit included), a fixed range, and a linear or log scale.

    On a log scale ticks stand at powers of `base`; `ticks` maps values to texts and replaces the default ticks.
    """

    title: str
    range: tuple
    _: KW_ONLY
    scale: str = "linear"
    base: int = 10
    ticks: dict | None = None

    def __post_init__(self):
        low, high = self.range
        if self.scale not in ("linear", "log") or not low < high or (self.scale == "log" and low <= 0):
            raise ValueError(f"axis {self.title!r} has scale={self.scale!r}, range={self.range}; allowed: 'linear' or"
                             " 'log', (low, high) with low < high, both positive on a log scale")

    def power_ticks(self):
        """Eight or fewer powers of `base` within the range, as value -> text."""
        low, high = (log(edge, self.base) for edge in self.range)
        step = next(s for s in (1, 2, 3, 4, 5, 6, 8, 10, 20, 25, 50, 100, 200) if (high - low) / s <= 8)
        first, last = int(-(-(low - 1e-9) // step)) * step, int((high + 1e-9) // step) * step
        return {float(self.base) ** e: power_label(self.base, e) for e in range(first, last + 1, step)}

    def edges(self):
        """The drawn range in axis coordinates, widened so that the rails have their own strip, and the two rails."""
        low, high = self.range if self.scale == "linear" else (log(edge, 10) for edge in self.range)
        pad = 0.07 * (high - low)
        rails = [low - pad / 2, high + pad / 2]
        return [low - pad, high + pad], rails if self.scale == "linear" else [10.0**rail for rail in rails]

    def layout(self):
        description = {
            "title": {"text": self.title}, "type": self.scale, "range": self.edges()[0], "fixedrange": True,
            "showgrid": False, "zeroline": False, "automargin": True, "ticks": "outside", "ticklen": 4,
            "linecolor": "$line", "tickcolor": "$line", "showline": True,
        }
        ticks = self.ticks or (self.power_ticks() if self.scale == "log" else None)
        if ticks:
            description |= {"tickmode": "array", "tickvals": list(ticks), "ticktext": list(ticks.values())}
        return description


@dataclass(frozen=True)
class _Trace:
    """`y`, `x`: names of outputs; `x` may also be constants (numbers or words), or None for 1, 2, 3 ...

    `length` names a control or output that says how many entries are in use.
    """

    y: str
    x: object = None
    _: KW_ONLY
    label: str = ""
    role: str = "first"
    length: str | None = None

    def __post_init__(self):
        if self.role not in ROLES:
            raise ValueError(f"role is {self.role!r}; allowed: {', '.join(map(repr, ROLES))}")

    def names(self):
        return {name for name in (self.y, self.x, self.length) if isinstance(name, str)}

    def trace(self):
        role = ROLES[self.role]
        return {"type": "scatter", "name": self.label, "showlegend": bool(self.label), "hoverinfo": "x+y+name",
                "marker": {"color": f"${self.role}", "symbol": role.symbol, "size": 9}}


class Line(_Trace):
    """A line through (x, y)."""

    def trace(self):
        role = ROLES[self.role]
        return super().trace() | {"mode": "lines", "line": {"color": f"${self.role}", "dash": role.dash,
                                                            "width": role.width}}


class Markers(_Trace):
    """Unconnected points at (x, y)."""

    def trace(self):
        description = super().trace() | {"mode": "markers"}
        if self.role == "truth":
            description["marker"] |= {"size": 26, "line": {"color": "$truth", "width": 2}}
        return description


class Bars(_Trace):
    """One bar per entry; exact zeros are drawn as hollow markers."""

    def trace(self):
        pattern = {"shape": ROLES[self.role].pattern, "fgcolor": "$ground", "size": 7, "solidity": 0.35}
        description = super().trace() | {"type": "bar"}
        description["marker"] = {"color": f"${self.role}", "pattern": pattern}
        return description


@dataclass(frozen=True)
class Rule:
    """A labelled straight line across the plot at a scalar output: ``Rule(x="gap")`` is vertical, ``y=`` horizontal."""

    _: KW_ONLY
    x: str | None = None
    y: str | None = None
    label: str = ""
    role: str = "muted"

    def names(self):
        return {self.x or self.y}


@dataclass(frozen=True)
class Band:
    """A hatched region between two scalar outputs on the x axis, with a word in it ("collapsed")."""

    x0: str
    x1: str
    _: KW_ONLY
    label: str = ""
    role: str = "naive"

    def names(self):
        return {self.x0, self.x1}


@dataclass(frozen=True)
class Plot:
    """Traces on two axes. `height` in pixels."""

    traces: tuple
    _: KW_ONLY
    x: Axis
    y: Axis
    height: int = 340

    def names(self):
        """All control and output names that the plot refers to."""
        return set().union(*(trace.names() for trace in self.traces))

    def build(self):
        """The Plotly description with empty slots, and the bindings that fill it."""
        data, bindings = [], []
        for trace in self.traces:
            build = {Rule: self._rule, Band: self._band}.get(type(trace), self._series)
            build(trace, data, bindings)
        return {"data": data, "layout": self._layout()}, bindings

    def _series(self, trace, data, bindings):
        rails = self.y.edges()[1]
        bindings.append({
            "kind": "series", "trace": len(data), "y": trace.y, "length": trace.length,
            "x": trace.x if isinstance(trace.x, str) or trace.x is None else list(trace.x),
            "positive": self.y.scale == "log", "zeros": isinstance(trace, Bars), "rails": rails,
        })
        rail = {"type": "scatter", "mode": "markers+text", "showlegend": False, "name": trace.label,
                "hoverinfo": "x+text+name", "textposition": "top center", "cliponaxis": False,
                "textfont": {"color": f"${trace.role}"},
                "marker": {"color": f"${trace.role}", "size": 10, "line": {"color": f"${trace.role}", "width": 2}}}
        data += [trace.trace(), rail]

    def _rule(self, rule, data, bindings):
        bindings.append({"kind": "rule", "trace": len(data), "at": rule.x or rule.y, "vertical": rule.x is not None,
                         "across": self.y.edges()[1] if rule.x else self.x.edges()[1], "text": rule.label})
        data.append({"type": "scatter", "mode": "lines+text", "showlegend": False, "hoverinfo": "skip",
                     "line": {"color": f"${rule.role}", "dash": ROLES[rule.role].dash, "width": 1.5},
                     "textposition": "bottom right" if rule.x else "top left", "textfont": {"color": f"${rule.role}"}})

    def _band(self, band, data, bindings):
        low, high = self.y.edges()[1]
        bindings.append({"kind": "band", "trace": len(data), "x0": band.x0, "x1": band.x1, "y": [low, high],
                         "text": band.label, "log": self.x.scale == "log"})
        data += [
            {"type": "scatter", "mode": "lines", "fill": "toself", "showlegend": False, "hoverinfo": "skip",
             "line": {"width": 0}, "fillcolor": "rgba(0,0,0,0)",
             "fillpattern": {"shape": "/", "fgcolor": f"${band.role}", "bgcolor": "rgba(0,0,0,0)", "size": 9,
                             "solidity": 0.12}},
            {"type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip",
             "textposition": "bottom center", "textfont": {"color": f"${band.role}"}},
        ]

    def _layout(self):
        return {
            "xaxis": self.x.layout(), "yaxis": self.y.layout(), "height": self.height, "barmode": "group",
            "bargap": 0.25, "dragmode": False, "hovermode": "closest", "showlegend": True,
            "margin": {"l": 56, "r": 16, "t": 30, "b": 48},
            "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 14, "color": "$text"},
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
            "hoverlabel": {"bgcolor": "$ground", "font": {"color": "$text"}},
        }

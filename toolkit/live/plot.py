"""What a live figure draws: traces bound to the kernel's outputs, on axes with fixed ranges.

Its *bindings* say which output fills which slot of which trace. Two hosts draw it: `plotly.py` for JupyterLab and
`drawing.py` with runtime.js for pages. inf, NaN and exact zeros on a log axis go to marked rails at the plot's edge.
"""
from dataclasses import KW_ONLY, dataclass
from math import log

from toolkit.live.heatmap import HeatMap
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


class Line(_Trace):
    """A line through (x, y)."""


@dataclass(frozen=True)
class Markers(_Trace):
    """Unconnected points at (x, y).

    `drag` names two sliders: when a reader drags the first point on a page, they take its place on the x and y axis,
    which must be linear. In JupyterLab the sliders alone move it.
    """

    drag: tuple | None = None

    def names(self):
        return super().names() | set(self.drag or ())


class Bars(_Trace):
    """One bar per entry; exact zeros are drawn as hollow markers."""


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
    """Traces on two axes. `height` in pixels; a plot with `whole_row` stands beside no other."""

    traces: tuple
    _: KW_ONLY
    x: Axis
    y: Axis
    height: int = 340
    whole_row: bool = False

    def __post_init__(self):
        if any(isinstance(trace, HeatMap) for trace in self.traces) and "log" in (self.x.scale, self.y.scale):
            raise ValueError("a heat map stands on a log axis; allowed: linear axes, x and y")
        dragged = [trace.drag for trace in self.traces if isinstance(trace, Markers) and trace.drag is not None]
        if any(len(drag) != 2 for drag in dragged) or dragged and "log" in (self.x.scale, self.y.scale):
            raise ValueError(f"drag is {dragged[0]!r}; allowed: the names of two sliders, on linear axes")

    def names(self):
        """All control and output names that the plot refers to."""
        return set().union(*(trace.names() for trace in self.traces))

    def words(self):
        """The words on the x axis, in order of appearance; empty for a numeric axis."""
        words = [x for trace in self.traces if isinstance(trace, _Trace) and not isinstance(trace.x, (str, type(None)))
                 for x in trace.x if isinstance(x, str)]
        return list(dict.fromkeys(words))

    def bindings(self):
        """What fills the slots of each trace, as JSON: read by `fill_slots` and by runtime.js."""
        return [trace.binding() if isinstance(trace, HeatMap) else _BINDINGS[type(trace)](self, trace)
                for trace in self.traces]


def _series(plot, trace):
    return {
        "kind": "series", "y": trace.y, "length": trace.length,
        "x": trace.x if isinstance(trace.x, str) or trace.x is None else list(trace.x),
        "positive": plot.y.scale == "log", "zeros": isinstance(trace, Bars), "rails": plot.y.edges()[1],
    }


def _rule(plot, rule):
    across = plot.y if rule.x else plot.x
    return {"kind": "rule", "at": rule.x or rule.y, "vertical": rule.x is not None, "across": across.edges()[1],
            "text": rule.label}


def _band(plot, band):
    return {"kind": "band", "x0": band.x0, "x1": band.x1, "y": plot.y.edges()[1], "text": band.label,
            "log": plot.x.scale == "log"}


_BINDINGS = {Line: _series, Markers: _series, Bars: _series, Rule: _rule, Band: _band}

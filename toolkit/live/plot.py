"""What a live figure draws: marks bound to the kernel's outputs, on axes with fixed ranges.

Its *bindings* say which output fills which slot of which mark. Two hosts draw it: `hosts/plotly.py` for JupyterLab and
`drawing.py` with the page's runtime for pages.
"""
from dataclasses import KW_ONLY, dataclass, replace
from math import inf, log, log10
from numbers import Real

from toolkit._core.arguments import shown
from toolkit.live.fields import check_fields
from toolkit.live.numbers import power_label

__all__ = ["Axis", "Plot"]


@dataclass(frozen=True)
class Axis:
    """An axis with its title (symbol and unit included), a fixed range, and a linear or log scale.

    On a log scale ticks stand at powers of `base`; `ticks` maps values to texts and replaces the default ticks. `over`
    names the control, or other parameter, that runs along it in a `Curve` or a `HeatMap`.
    """

    title: str
    range: tuple
    _: KW_ONLY
    scale: str = "linear"
    base: int = 10
    ticks: dict | None = None
    over: str | None = None

    def __post_init__(self):
        check_fields(self)
        ends = len(self.range) == 2 and all(isinstance(end, Real) and -inf < end < inf for end in self.range)
        low, high = self.range if ends else (1, 0)
        if self.scale not in ("linear", "log") or not low < high or (self.scale == "log" and low <= 0):
            raise ValueError(f"axis {self.title!r} has scale={shown(self.scale)}, range={shown(self.range)}; allowed: "
                             "'linear' or 'log', (low, high) with low < high, both positive on a log scale")

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

    def share(self, value):
        """Where `value` stands on the drawn axis, 0 to 1."""
        low, high = self.edges()[0]
        return ((log10(value) if self.scale == "log" else value) - low) / (high - low)


@dataclass(frozen=True)
class Plot:
    """Marks on two axes. `height` in pixels; a plot with `whole_row` stands beside no other.

    The name of a slider instead of an axis gives one with its label, symbol, range and scale, along which it runs.
    `points` is the number of points of curves, or a sequence of their places.
    """

    traces: tuple
    _: KW_ONLY
    x: Axis | str
    y: Axis | str
    height: int = 340
    whole_row: bool = False
    points: int | tuple = 121

    def __post_init__(self):
        check_fields(self)
        for mark in self.traces:
            if not hasattr(mark, "fitted"):
                raise TypeError(f"traces has {shown(mark)}; allowed: marks, as Curve and Bars")
        if not isinstance(self.x, str) and not isinstance(self.y, str):
            for mark in self.traces:
                mark.check(self)
        names = [name for mark in self.traces for name in mark.entries()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"traces has {twice} twice in the legend; allowed: every name once in a plot")

    def names(self):
        """All control and output names that the plot refers to."""
        return set().union(*(mark.names() for mark in self.traces))

    def plain(self, maker):
        """This plot with marks of arrays and numbers: `maker` gets what is to be computed for the others."""
        drawn = replace(self, x=maker.axis(self.x), y=maker.axis(self.y))
        return replace(drawn, traces=tuple(mark.plain(maker, drawn) for mark in self.traces))

    def fitted(self, outputs):
        """This plot with marks that know the sizes of their arrays."""
        if isinstance(self.x, str) or isinstance(self.y, str):
            raise ValueError(f"a simulation's plot has the axes {self.x!r} and {self.y!r}; allowed: Axis")
        return replace(self, traces=tuple(mark.fitted(outputs) for mark in self.traces))

    def words(self):
        """The words on the x axis, in order of appearance; empty for a numeric axis."""
        return list(dict.fromkeys(word for mark in self.traces for word in mark.words()))

    def bindings(self):
        """What fills the slots of each mark, as JSON: read by `fill_slots` and by the page's runtime."""
        return [mark.binding(self) for mark in self.traces]

    def looks(self):
        """How each mark looks, as JSON: kind, colour, and what its kind needs."""
        return [mark.look(self) for mark in self.traces]

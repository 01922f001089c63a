"""Marks of many points: what lines, markers and bars share. inf, NaN and exact zeros go to rails at the plot's edge."""
from dataclasses import KW_ONLY, dataclass, replace
from math import ceil, copysign, isfinite, isnan

import numpy as np

from toolkit._core.arguments import shown
from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role, not_computed, read_by
from toolkit.live.svg import group, pixel, symbol_at

__all__ = ["Series", "points", "rail_svg"]

# Name, marker symbol, which rail (0 bottom, 1 top) of what cannot be drawn at its place.
_NAN = ("NaN", "x-thin-open", 0)
_ZERO = ("exactly 0", "circle-open", 0)
_POSITIVE = ("+inf", "triangle-up-open", 1)
_NEGATIVE = ("−inf", "triangle-down-open", 0)
_BELOW = ("negative", "triangle-down-open", 0)
_SHIFTS = ((-50, "start"), (50, "end"),  # of a word from a symbol
           *((side * far, anchor) for far in (90, 170, 260, 420) for side, anchor in ((1, "start"), (-1, "end"))))
_CROWD = 130  # tenths of a pixel between equal symbols on a rail: closer ones are left out
# Shares of the axis, for Plotly: symbols of a rail that are closer are left out, words get rows of their own.
_SYMBOL_ROOM, _WORD_ROOM = 0.02, 0.18


@dataclass(frozen=True)
class Series(Mark):
    """`y`: the name of a value, or a sequence of numbers, names and expressions.

    `x`: the name of a value, or a sequence of numbers or words, or None for 1, 2, 3 ... `length` names a control or
    output that says how many entries are in use.

    The short form: `y` is the kernel of a row, ``row(z, ..., out)``. Its parameters are names of the figure, or get
    what `at` says as in `Curve`, and `out` (or `grad`) is an array of `size`, by default that of its first array, which
    sentences read by `name`, by default the kernel's.
    """

    y: object
    x: object = None
    _: KW_ONLY
    label: str = ""
    role: str = "first"
    length: str | None = None
    at: dict | None = None
    name: str | None = None
    size: int | None = None
    fills = "series"

    def __post_init__(self):
        check_fields(self)
        check_role(self.role)
        for name, functions in (("y", True), ("x", False)):
            given = getattr(self, name)
            if not (isinstance(given, (str, tuple, list, np.ndarray, range)) or functions and callable(given)
                    or not functions and given is None):
                raise TypeError(f"{name} is {shown(given)}; allowed: the name of a value, a sequence of numbers, names "
                                f"or expressions{', a function' * functions}")

    def plain(self, maker, plot):
        if not callable(self.y):
            return self
        name = maker.row(self.y, self.at or {}, self.name, self.size)
        return replace(self, y=name, at=None, name=None, size=None)

    def fitted(self, outputs):
        if callable(self.y):
            raise not_computed(self)
        return self

    def names(self):
        return read_by(self.y, self.x, self.length) | (set() if isinstance(self.y, str) else read_by(*self.y))

    def entries(self):
        return [self.label] if self.label else []

    def words(self):
        """The words on the x axis."""
        return [] if isinstance(self.x, (str, type(None))) else [x for x in self.x if isinstance(x, str)]

    def binding(self, plot):
        return {"kind": "series", "y": self.y if isinstance(self.y, str) else list(self.y), "length": self.length,
                "x": self.x if isinstance(self.x, str) or self.x is None else list(self.x),
                "positive": plot.y.scale == "log", "zeros": False, "rails": plot.y.edges()[1]}

    @staticmethod
    def fill(binding, values):
        y = binding["y"]
        y = list(values[y]) if isinstance(y, str) else [values[v][0] if isinstance(v, str) else v for v in y]
        x = binding["x"]
        x = list(range(1, len(y) + 1)) if x is None else list(values[x] if isinstance(x, str) else x)
        count = len(y) if binding["length"] is None else int(values[binding["length"]][0])
        x, y = x[:count], y[:count]
        drawn = [value if _can_draw(value, binding["positive"]) else None for value in y]
        rail = {"x": [], "y": [], "text": [], "symbol": []}
        for position, value, place in zip(x, y, drawn):
            exact_zero = value == 0 and binding["zeros"]
            if place is not None and not exact_zero:
                continue
            name, symbol, edge = _special(value)
            rail["text"].append("" if name in rail["text"] else name)
            rail["x"].append(position)
            rail["y"].append(0 if exact_zero and not binding["positive"] else binding["rails"][edge])
            rail["symbol"].append(symbol)
        return {"x": x, "y": drawn, "rail": rail}

    def look(self, plot):
        return {"kind": self.draws, "role": self.role, "name": self.label}

    # ---- Plotly -------------------------------------------------------------------------------------------------

    def plotly_base(self, **more):
        # Words stand at 0, 1, 2 ... of a linear axis, so that rules and bands between them have their place.
        worded = isinstance(self.x, (list, tuple)) and any(isinstance(x, str) for x in self.x)
        place = {"hovertext": list(self.x)} if worded else {}
        where = "%{hovertext}" if worded else "%{x:.4~g}"
        return {"type": "scatter", "name": self.label, "showlegend": bool(self.label),
                "hovertemplate": f"{self.label} {where}: %{{y:.4~g}}<extra></extra>".lstrip()} | place | more

    def plotly_rail(self):
        colour = f"${self.role}"
        return {"type": "scatter", "mode": "markers+text", "showlegend": False, "hoverinfo": "skip",
                "cliponaxis": False, "textfont": {"color": f"{colour}-word"},
                "marker": {"color": colour, "size": 10, "line": {"color": colour, "width": 2}}}

    def plotly_slots(self, plot, slots, placed):
        words = plot.words()
        x, rail_x = ([words.index(at) if at in words else at for at in part["x"]] for part in (slots, slots["rail"]))
        return [points(x, slots["y"]), _rail_slots(plot, rail_x, slots["rail"], self.sideways(plot, x), placed)]

    def sideways(self, plot, x):
        """How far its points stand from their x."""
        return 0.0


def _can_draw(value, positive):
    return isfinite(value) and (value > 0 or not positive)


def _special(value):
    if isnan(value):
        return _NAN
    if value == 0:
        return _ZERO
    if isfinite(value):
        return _BELOW
    return _POSITIVE if copysign(1, value) > 0 else _NEGATIVE


def rail_svg(look, frame, slots, labels, places=None, leads=False):
    """What cannot be drawn at its place; `places` maps x to pixels where a mark moves its points sideways.

    With `leads`, a line joins a word that had to go far to its symbol: over an empty place in a row of bars.
    """
    rail, body, last, names, found = slots["rail"], "", {}, {}, {}
    for x, y, text, symbol in zip(rail["x"], rail["y"], rail["text"], rail["symbol"]):
        left = places[x] if places else pixel(frame["x"], x)
        top = pixel(frame["y"], y)
        if not text and abs(left - last.get(symbol, left + _CROWD)) < _CROWD:
            continue
        last[symbol] = left
        body += symbol_at(left, top, symbol)
        labels.box(left - 50, top - 50, left + 50, top + 50)
        names[symbol] = text or names[symbol]
        found.setdefault(names[symbol], []).append((left, top))
    for text, symbols in found.items():
        text = f"{look['name']}: {text}" if frame["named"] and look["name"] else text
        labels.word(look | {"kind": "rail"}, text, _beside(symbols, 10 * frame["height"], leads), 0)
    return group(look, "rail", body) if body else ""


def _beside(symbols, height, leads):
    """Places of a word: over or under a symbol, beside one, and in further rows towards the middle of the plot."""
    away, symbols = symbols[0][1] < 300, symbols[:: ceil(len(symbols) / 8)]
    level = 45 if away else 30
    rows = [(left + shift, top + (190 + 80 * row if away else -110 - 80 * row), anchor,
             *([(left, top - 60)] if leads and row > 3 else []))
            for row in range(height // 80) for left, top in symbols for shift, anchor in _SHIFTS]
    ends = [(left + shift, top + level, anchor) for left, top in symbols for shift, anchor in _SHIFTS[2:]]
    return [*rows[:2], *ends, *rows[2:]]


def points(x, y):
    """Points as Plotly takes them: arrays travel as bytes; None and inf become what it leaves out."""
    return {"x": np.array(x, dtype=float), "y": np.array(y, dtype=float)}


def _rail_slots(plot, places, rail, shift, placed):
    """Symbols with room between them, and words in further rows where others in `placed` are near."""
    top, last, kept = plot.y.edges()[1][1], {}, []
    for x, y, word, symbol in zip(places, rail["y"], rail["text"], rail["symbol"]):
        share = plot.x.share(x)
        if share - last.get(symbol, -1.0) < _SYMBOL_ROOM:
            continue
        last[symbol] = share
        lift = "<br> " * sum(abs(share - other) < _WORD_ROOM for other, side in placed if side == (y == top))
        if word:
            placed.append((share, y == top))
        text = word and (lift + word if y == top else word + lift)
        kept.append((x + shift, y, text, symbol, "bottom center" if y == top else "top center"))
    x, y, text, symbol, side = map(list, zip(*kept)) if kept else ([] for _ in range(5))
    return points(x, y) | {"text": text, "marker_symbol": symbol, "textposition": side}

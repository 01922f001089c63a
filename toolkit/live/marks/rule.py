"""A straight line across the plot."""
from dataclasses import KW_ONLY, dataclass
from math import isfinite

from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role, expression, word
from toolkit.live.marks._series import points
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel, text_at

__all__ = ["Rule"]

_LETTER = 75  # tenths of a pixel: a generous mean width of letters


@dataclass(frozen=True)
class Rule(Mark):
    """A labelled straight line across the plot: ``Rule(x="gap")`` is vertical, ``y=`` horizontal.

    It stands at a value, at an expression of values, or at a number.
    """

    _: KW_ONLY
    x: str | float | None = None
    y: str | float | None = None
    label: str = ""
    role: str = "muted"
    fills = draws = "rule"

    def __post_init__(self):
        check_fields(self)
        check_role(self.role)
        for axis in ("x", "y"):
            object.__setattr__(self, axis, expression(getattr(self, axis)))

    def names(self):
        return {self.x or self.y}

    def binding(self, plot):
        across = plot.y if self.x else plot.x
        return {"kind": "rule", "at": self.x or self.y, "vertical": self.x is not None, "across": across.edges()[1],
                "text": self.label}

    @staticmethod
    def fill(binding, values):
        at, across = [values[binding["at"]][0]] * 2, binding["across"]
        x, y = (at, across) if binding["vertical"] else (across, at)
        return {"x": x, "y": y, "text": binding["text"]}

    def look(self, plot):
        role = ROLES[self.role]
        return {"kind": "rule", "role": self.role, "name": self.label, "dash": DASHES[role.dash],
                "width": round(10 * role.width)}

    @staticmethod
    def svg(look, frame, slots):
        (x0, x1), (y0, y1) = ([pixel(frame[axis], value) for value in slots[axis]] for axis in ("x", "y"))
        room, width = _LETTER * len(slots["text"]) + 90, 10 * frame["width"]
        if x0 == x1:
            side = _side(x0, room, look["upright"], width)
            text = text_at(x0 + (-60 if side == "end" else 60), 130, slots["text"], side)
        else:
            text = text_at(_end(room, look["upright"], width) - 60, y1 - 60, slots["text"], "end")
        style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
        return group(look, "rule", f'<path d="M{x0} {y0}L{x1} {y1}" {style}/>{text}')

    def plotly_data(self):
        line = {"color": f"${self.role}", "dash": ROLES[self.role].dash, "width": 1.5}
        drawn = {"type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip", "line": line}
        return [drawn, word(self, "top left")]

    def plotly_slots(self, plot, slots, placed):
        (x0, x1), y = slots["x"], slots["y"]
        near_end = x0 == x1 and isfinite(x1) and plot.x.share(x1) > 0.7
        side = "top left" if x0 != x1 else "bottom left" if near_end else "bottom right"
        text = {"text": [f"\u00a0{slots['text']}\u00a0"], "textposition": side}
        return [points(slots["x"], y), points([x1], y[1:]) | text]


def _side(x, room, upright, width):
    """The side of an upright rule on which its word has room, else the usual one."""
    free = {"start": x + room < width and not any(x < other < x + room for other in upright),
            "end": x - room > 0 and not any(x - room < other < x for other in upright)}
    usual, other = ("end", "start") if 10 * x > 7 * width else ("start", "end")
    return other if free[other] and not free[usual] else usual


def _end(room, upright, width):
    """Where the word of a level rule ends: at the plot's edge, or before upright rules that would cross it."""
    end = width
    for other in reversed(upright):
        if end - room < other < end and other > room:
            end = other
    return end

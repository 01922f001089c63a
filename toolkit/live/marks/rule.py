"""A straight line across the plot."""
from dataclasses import KW_ONLY, dataclass
from math import isfinite

from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role, expression, word
from toolkit.live.marks._series import points
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel

__all__ = ["Rule"]


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
    def svg(look, frame, slots, labels):
        (x0, x1), (y0, y1) = ([pixel(frame[axis], value) for value in slots[axis]] for axis in ("x", "y"))
        width, height = 10 * frame["width"], 10 * frame["height"]
        if x0 == x1:
            sides = (("end", x0 - 60), ("start", x0 + 60))
            sides = sides if 10 * x0 > 7 * width else sides[::-1]
            places = [(x, y, side) for y in range(130, height - 40, 80) for side, x in sides]
        else:
            places = [(x, y, "end") for x in range(width - 60, 0, -160) for y in (y1 - 80, y1 + 160)]
        if 0 <= x1 <= width and (x0 == x1 or 0 <= y1 <= height):  # else there is no line that it could name
            labels.word(look, slots["text"], places, 3 if x0 == x1 else 1)
        labels.path([(x0, y0), (x1, y1)])
        style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
        return group(look, "rule", f'<path d="M{x0} {y0}L{x1} {y1}" {style}/>')

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


"""A hatched region."""
from dataclasses import KW_ONLY, dataclass
from math import sqrt

from toolkit.live.fields import check_fields
from toolkit.live.labels import HATCHED, half_width
from toolkit.live.marks._mark import Mark, check_role, expression, word
from toolkit.live.marks._series import points
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel

__all__ = ["Band"]


@dataclass(frozen=True)
class Band(Mark):
    """A hatched region between two places on the x axis, with a word in it ("collapsed").

    A place is a value, an expression of values, or a number.
    """

    x0: str | float
    x1: str | float
    _: KW_ONLY
    label: str = ""
    role: str = "naive"
    fills = draws = "band"

    def __post_init__(self):
        check_fields(self)
        check_role(self.role)
        for end in ("x0", "x1"):
            object.__setattr__(self, end, expression(getattr(self, end)))

    def names(self):
        return {self.x0, self.x1}

    def binding(self, plot):
        return {"kind": "band", "x0": self.x0, "x1": self.x1, "y": plot.y.edges()[1], "text": self.label,
                "log": plot.x.scale == "log"}

    @staticmethod
    def fill(binding, values):
        left, right = values[binding["x0"]][0], values[binding["x1"]][0]
        if not left < right:
            return {"x": [], "y": [], "middle": 0, "text": ""}
        middle = sqrt(left * right) if binding["log"] else (left + right) / 2
        return {"x": [left, right], "y": binding["y"], "middle": middle, "text": binding["text"]}

    def look(self, plot):
        role = ROLES[self.role]
        return {"kind": "band", "role": self.role, "name": self.label, "dash": DASHES[role.dash],
                "width": round(10 * role.width)}

    @staticmethod
    def svg(look, frame, slots, labels):
        if not slots["x"]:
            return ""
        left, right = (min(max(pixel(frame["x"], x), 0), 10 * frame["width"]) for x in slots["x"])
        height = 10 * frame["height"]
        hatch = ""
        for start in range(left - height, right, 120):
            first, last = max(start, left), min(start + height, right)
            if first < last:
                hatch += f"M{first} {height - (first - start)}L{last} {height - (last - start)}"
        labels.box(left, 0, right, height, HATCHED)
        half, heights = half_width(slots["text"]), sorted(range(180, height - 40, 80), key=lambda y: abs(y - 340))
        places = [(max(half, min(middle, 10 * frame["width"] - half)), y, "middle")
                  for middle in ((left + right) // 2, left + half, right - half) for y in heights]
        labels.word(look, slots["text"], places if left < right else [], 4)
        return group(look, "band", f'<path d="{hatch}"/>')

    def plotly_data(self):
        pattern = {"shape": "/", "fgcolor": f"${self.role}", "bgcolor": "rgba(0,0,0,0)", "size": 9,
                   "solidity": 0.12}
        region = {"type": "scatter", "mode": "lines", "fill": "toself", "showlegend": False, "hoverinfo": "skip",
                  "line": {"width": 0}, "fillcolor": "rgba(0,0,0,0)", "fillpattern": pattern}
        return [region, word(self, "bottom center")]

    def plotly_slots(self, plot, slots, placed):
        left_right, low_high = slots["x"], slots["y"]
        text = {"text": [f"<br>{slots['text']}"]}
        return [points([x for x in left_right for _ in (0, 1)], [*low_high, *reversed(low_high)]),
                points([slots["middle"]], low_high[1:]) | text]

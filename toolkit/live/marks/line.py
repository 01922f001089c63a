"""A line through points."""
from dataclasses import dataclass
from math import ceil, floor

from toolkit.live.marks._series import Series, rail_svg
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel

__all__ = ["Line"]


_SAMPLES = 16  # at least, places along a line for its name


def _beside(points, frame):
    """Places for a line's name: at its right end, then above and below the line, from the right to the left."""
    if not points:
        return []
    parts = ceil(_SAMPLES / max(len(points) - 1, 1))
    along = [tuple(floor((a * (parts - k) + b * k) / parts) for a, b in zip(start, end))
             for start, end in zip(points, points[1:]) for k in range(parts)] + points[-1:]
    seen = [(x, y) for x, y in along if 0 <= x <= 10 * frame["width"] and 0 <= y <= 10 * frame["height"]][::-1]
    places = [(x + 50, y + 45, "start") for x, y in seen[:1]]
    for x, y in seen[:: ceil(len(seen) / _SAMPLES) or 1]:
        for far in (60, 100):
            places += [(x + 40 * side, y + far + 90 if below else y - far, anchor)
                       for side, anchor in ((0, "middle"), (-1, "end"), (1, "start")) for below in (0, 1)]
    return places


@dataclass(frozen=True)
class Line(Series):
    """A line through (x, y)."""

    draws = "line"

    def look(self, plot):
        role = ROLES[self.role]
        return super().look(plot) | {"dash": DASHES[role.dash], "width": round(10 * role.width)}

    @staticmethod
    def svg(look, frame, slots, labels):
        path, run, points, line = "", [], [], labels.line()
        for x, y in zip(slots["x"], slots["y"]):
            if y is None:
                labels.path(run, line)
                run = []
            else:
                run.append((pixel(frame["x"], x), pixel(frame["y"], y)))
                points.append(run[-1])
                path += f"{'L' if len(run) > 1 else 'M'}{run[-1][0]} {run[-1][1]}"
        labels.path(run, line)
        if frame["named"]:
            labels.word(look, look["name"], _beside(points, frame), 2, line)
        style = f'stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"'
        return group(look, "line", f'<path d="{path}" {style}/>') + rail_svg(look, frame, slots, labels)

    @staticmethod
    def sample(look, x, middle):
        return group(look, "line", f'<path transform="scale(.1)" d="M{10 * x} {10 * middle}h260"'
                                   f' stroke-width="{look["width"]}" stroke-dasharray="{look["dash"]}"/>')

    def plotly_data(self):
        role = ROLES[self.role]
        line = {"color": f"${self.role}", "dash": role.dash, "width": role.width}
        return [self.plotly_base(mode="lines", line=line), self.plotly_rail()]

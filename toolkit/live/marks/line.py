"""A line through points."""
from dataclasses import dataclass

from toolkit.live.marks._series import Series, rail_svg
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel

__all__ = ["Line"]


@dataclass(frozen=True)
class Line(Series):
    """A line through (x, y)."""

    draws = "line"

    def look(self, plot):
        role = ROLES[self.role]
        return super().look(plot) | {"dash": DASHES[role.dash], "width": round(10 * role.width)}

    @staticmethod
    def svg(look, frame, slots, labels):
        path, run = "", []
        for x, y in zip(slots["x"], slots["y"]):
            if y is None:
                labels.path(run)
                run = []
            else:
                run.append((pixel(frame["x"], x), pixel(frame["y"], y)))
                path += f"{'L' if len(run) > 1 else 'M'}{run[-1][0]} {run[-1][1]}"
        labels.path(run)
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

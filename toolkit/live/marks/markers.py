"""Points that nothing connects."""
from dataclasses import dataclass

from toolkit._core.arguments import shown
from toolkit.live.marks._series import Series, rail_svg
from toolkit.live.style import ROLES
from toolkit.live.svg import group, half_of, pixel, symbol_at

__all__ = ["Markers"]


@dataclass(frozen=True)
class Markers(Series):
    """Unconnected points at (x, y).

    `drag` names two sliders: when a reader drags the first point on a page, they take its place on the x and y axis,
    which must be linear. In JupyterLab the sliders alone move it.
    """

    drag: tuple | None = None
    draws = "markers"

    def names(self):
        return super().names() | set(self.drag or ())

    def check(self, plot):
        if self.drag is not None and (len(self.drag) != 2 or "log" in (plot.x.scale, plot.y.scale)):
            raise ValueError(f"drag is {shown(self.drag)}; allowed: the names of two sliders, on linear axes")

    def look(self, plot):
        dragged = {"drag": list(self.drag)} if self.drag else {}
        return super().look(plot) | {"symbol": ROLES[self.role].symbol} | dragged

    @staticmethod
    def svg(look, frame, slots, labels):
        across, up = half_of(look["symbol"])
        body = ""
        for x, y in zip(slots["x"], slots["y"]):
            if y is not None:
                left, top = pixel(frame["x"], x), pixel(frame["y"], y)
                labels.box(left - across, top - up, left + across, top + up)
                body += symbol_at(left, top, look["symbol"])
        return group(look, "markers", body) + rail_svg(look, frame, slots, labels)

    @staticmethod
    def sample(look, x, middle):
        shape = symbol_at(0, 0, look["symbol"])
        return group(look, "markers", f'<g transform="translate({x + 13} {middle}) scale(.1)">{shape}</g>')

    def plotly_data(self):
        marker = {"color": f"${self.role}", "symbol": ROLES[self.role].symbol, "size": 9}
        if self.role == "truth":
            marker |= {"size": 26, "line": {"color": "$truth", "width": 2}}
        return [self.plotly_base(mode="markers", marker=marker), self.plotly_rail()]

"""Points that nothing connects."""
from dataclasses import dataclass

from toolkit._core.arguments import shown
from toolkit.live.marks._series import Series, rail_svg
from toolkit.live.style import ROLES
from toolkit.live.svg import group, half_of, pixel, symbol_at

__all__ = ["Markers"]

# Places of a lone marker's name, from its middle.
_BESIDE = [(side * across, down, anchor) for far in (0, 130, 260)
           for across, downs in ((90, (45,)), (60, (-100 - far, 190 + far)), (90 + far, (-50, 140)))
           for down in downs for side, anchor in ((1, "start"), (-1, "end"))]


@dataclass(frozen=True)
class Markers(Series):
    """Unconnected points at (x, y). A lone one, whose x is a number given here, has its name beside it where it fits.

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
        alone = isinstance(self.x, (tuple, list)) and len(self.x) == 1 and self.length is None
        return super().look(plot) | {"symbol": ROLES[self.role].symbol} | dragged | ({"alone": True} if alone else {})

    @staticmethod
    def svg(look, frame, slots, labels):
        across, up = half_of(look["symbol"])
        body = ""
        for x, y in zip(slots["x"], slots["y"]):
            if y is not None:
                left, top = pixel(frame["x"], x), pixel(frame["y"], y)
                labels.box(left - across, top - up, left + across, top + up)
                body += symbol_at(left, top, look["symbol"])
                if frame["named"] and "alone" in look:
                    labels.word(look, look["name"], [(left + x, top + y, side) for x, y, side in _BESIDE], 1)
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

"""Methods that fit something to data, or measure it there: calibration, conformal thresholds, estimators."""
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.catalog._export import Export
from toolkit.catalog._kernels import fit_at
from toolkit.catalog._on_example import OnExample
from toolkit.elementary import pow
from toolkit.live import Axis, Line, Plot, Rule, live_figure

__all__ = ["Fit"]


@dataclass(frozen=True, kw_only=True)
class Fit(OnExample):
    """What is fitted to data or measured there, by kernels ``(knob, x, *numbers, work, y) -> found`` on data.

    The kernel changes an example of data by the knob, fills y with a curve over x, or a bar at each, and returns the
    place or height of what was found.

    Attributes
    ----------
    x, y : Axis
    points, work : int
        How many places x has, in equal steps over its axis, or in equal ratios; how many numbers the kernels work in.
    mark : callable
        `Line` or `Bars`.
    found : str
        What was found, in words.
    upright : bool
        Whether it is a place on the axis of x, and not one of y.
    """

    x: Axis
    y: Axis
    points: int = 61
    work: int = 1
    mark: Callable = Line
    found: str
    upright: bool = True

    def exports(self):
        return {v.name: Export(fit_at, v.kernel, ("number", "vector"), ("vector", "vector", "number"), self.numbers,
                               max(self.points, self.work), self.knob[1:3])
                for v in self.variants}

    def figure(self):
        """A curve or bars, and a rule at what was found."""
        of, numbers = self.default.kernel, self.numbers
        first, last = self.x.range
        logarithmic = self.x.scale == "log"

        def draw(knob, x, y, found, work):
            for i in range(x.size):
                share = i / (x.size - 1)
                x[i] = first * pow(last / first, share) if logarithmic else first + (last - first) * share
            found[0] = of(*((knob, x) + numbers + (work, y)))

        draw.__name__ = self.name
        rule = Rule(x="found") if self.upright else Rule(y="found")
        return live_figure(
            controls=[self.slider()],
            outputs={"x": self.points, "y": self.points, "found": 1}, scratch={"work": self.work},
            plot=Plot((self.mark("y", x="x"), rule), x=self.x, y=self.y, height=300),
            readouts=[f"{self.found}: {{found:4g}}."],
            caption=f"{self.title}: move the slider to change the data, and watch what is found.",
        )(draw)

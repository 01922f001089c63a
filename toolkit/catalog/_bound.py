"""Methods that give a number for a setting: a threshold or a bound."""
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.catalog._export import Export
from toolkit.catalog._kernels import bound_at
from toolkit.catalog._method import Method
from toolkit.live import Axis, Curve, Plot, Rule, Slider, live_figure

__all__ = ["Bound"]


@dataclass(frozen=True, kw_only=True)
class Bound(Method):
    """A bound or threshold as a function of one number, by kernels ``(x, *numbers) -> number`` in float64.

    Attributes
    ----------
    given : callable
        ``given(x) -> (arguments, options)``: how the function is called at a whole x.
    coordinate : str
        What x is.
    axis : Axis
        Of the bound.
    """

    given: Callable
    coordinate: str
    axis: Axis

    def example(self, rows=1, classes=3, dtype=None, seed=0):
        return self.given(self.plot_range[0])[0]

    def at(self, x):
        """The function at a whole number of its coordinate."""
        arguments, options = self.given(x)
        return self.function(*arguments, **options)

    def exports(self):
        return {v.name: Export(bound_at, v.kernel, ("vector",), ("vector",), self.numbers) for v in self.variants}

    def figure(self):
        """A line, and a rule where the slider is."""
        of, numbers, (low, high) = self.default.kernel, self.numbers, self.plot_range

        def bound(at):
            return of(*((at,) + numbers))

        bound.__name__ = self.name
        return live_figure(
            controls=[Slider("at", low, high, low + round(0.5 * (high - low)), label=self.coordinate, step=1)],
            returns="here",
            plot=Plot((Curve("here", role="stable", label=""), Rule(x="at")), y=self.axis, height=300, points=101,
                      x=Axis(self.coordinate, (low, high), over="at")),
            readouts=[f"With {self.coordinate} = {{at:d}} the {self.axis.title} is {{here:4g}}."],
            caption=f"{self.title}: move the slider, and read it off.",
        )(bound)

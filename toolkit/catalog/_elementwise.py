"""Methods that turn each entry of an array into a number by itself."""
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import common_dtype
from toolkit.activations._elementwise import EVERYWHERE, slope
from toolkit.catalog._beginning import at_a_loss
from toolkit.catalog._export import Export
from toolkit.catalog._kernels import entries, of_entry
from toolkit.catalog._method import Method
from toolkit.catalog._of_rows import POINTS, curves, room_for, said_at
from toolkit.formats import round_to, ulp_error
from toolkit.live import Axis, Format, Plot, Readout, Rule, Slider, live_figure

__all__ = ["Elementwise", "Surrogate"]


def times(g, slopes):
    """``g * slopes`` in their common dtype, to which Python numbers adapt; what is masked stays so."""
    values, hidden = array_and_mask(g, "g")
    dtype = common_dtype(g=g, slopes=slopes)
    product = values.astype(dtype) * slopes.astype(dtype)
    return product if hidden is None else np.ma.array(product, mask=np.ma.getmaskarray(product) | hidden)


_SLOPES = [
    Readout("The derivative is {slope + 0:4g}, in float64 {true_slope:4g}.",
            when="abs(slope - true_slope) > 0.01 * abs(true_slope)"),
    Readout("As it is often written, the derivative is {naive_slope + 0:4g} instead of {true_slope:4g}.",
            when="naive_slope != slope and abs(naive_slope - true_slope) > 0.01 * abs(true_slope)"),
    Readout("As it is often written, the derivative is NaN.",
            when="isnan(naive_slope) and not isnan(slope)")]


@dataclass(frozen=True, kw_only=True)
class Elementwise(Method):
    """A function of each entry, ``function(x) -> (...)``, by kernels ``f(x)``.

    Attributes
    ----------
    slope : kernel
        ``f'(x)``.
    naive_slope : kernel or None
        The derivative as it is often written, where that fails.
    """

    slope: Callable
    naive_slope: Callable | None = None

    promises = frozenset({"odd", "monotone", "linear_gap"})

    @property
    def kernels(self):
        """Name -> each kernel ``f(x)``: the forms of the value, then those of the derivative."""
        found = {v.name: v.kernel for v in self.variants} | {"slope": self.slope, "naive slope": self.naive_slope}
        return {name: each for name, each in found.items() if each is not None}

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        x = np.random.default_rng(seed).normal(0, 3, (rows, classes))
        return (x if self.domain == EVERYWHERE else x.clip(*self.plot_range)).astype(dtype),

    def exports(self):
        return {name: Export(entries, each, ("vector",), ("vector",)) for name, each in self.kernels.items()}

    def slope_at(self, x, **options):
        """The derivative at these numbers, with the parameters of this row."""
        return slope(self.function, x, **dict(self.parameters) | options)

    def vjp(self, arguments, options, of=None):
        value = self.function(*arguments, **options)
        given = inspect.signature(self.function).bind(*arguments, **options).arguments
        name = next(iter(given))
        others = self.function.elementwise.others
        if of not in (None, name, *others):
            allowed = ", ".join(map(repr, (name, *others)))
            raise ValueError(f"of is {shown(of)}; allowed for {self.function.__name__}: {allowed}")
        shared = given if self.naive_slope else {key: each for key, each in given.items() if key != "form"}
        slopes = slope(self.function, of=of if of in others else None, **shared)
        return value, lambda g: times(g, slopes)

    def warm(self, dtype):
        for variant in self.variants:
            self(*self.example(dtype=dtype), variant=variant.name)
        self.slope_at(*self.example(dtype=dtype))
        if dtype == np.float64:
            self(*self.example(), format="float16")

    def largest_errors(self, formats):
        points, found = np.linspace(*self.plot_range, POINTS), {}
        for format in formats:
            x = round_to(points, format)
            with np.errstate(all="ignore"):
                computed, exact = (self(x, format=f) for f in (format, "float64"))
            found[format] = float(ulp_error(computed, exact, format).max())
        return found

    def figure(self):
        """Value and derivative; their axes have room for what float64 gives."""
        best, plain, (low, high) = self.default.kernel, self.variants[0].kernel, self.plot_range
        two_forms, plain_slope = plain is not best, self.naive_slope or self.slope
        function = of_entry(best, plain, self.slope, plain_slope)
        function.__name__ = self.name
        values = curves(("truth", "stable", "naive"), ("float64", "stable", two_forms and "naive"), x="x",
                        between=self.plot_range)
        slopes = curves(("true_slope", "slope", "naive_slope"), ("float64", "stable", self.naive_slope and "naive"),
                        x="x", between=self.plot_range)
        points, x = np.linspace(low, high, 1001), Axis("input x", (low, high), over="at")
        figure = live_figure(
            controls=[Slider("at", low, high, round(low + 0.2 * (high - low), 9), label="input", symbol="x"),
                      Format("fmt", "float16")],
            returns=("x", "truth", "stable", "naive", "ulps", "true_slope", "slope", "naive_slope"),
            plot=(Plot((*values, Rule(x="at")), x=x, y=Axis("f(x)", room_for(self(points))), height=260, points=POINTS),
                  Plot((*slopes, Rule(x="at")), x=x, y=Axis("derivative f′(x)", room_for(self.slope_at(points))),
                       height=260, points=POINTS)),
            readouts=said_at("At x = {at}", "naive" if two_forms else None) + _SLOPES[:3 if self.naive_slope else 1],
            caption=f"{self.title}: move x, and change the number format.",
        )(function)
        return at_a_loss(figure, "at")


@dataclass(frozen=True, kw_only=True)
class Surrogate(Elementwise):
    """A function of each entry that is trained by the derivative of another one: what becomes a bit."""

"""Methods that turn each entry of an array into a number by itself."""
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit._core.arrays import Rows
from toolkit.activations._elementwise import slope
from toolkit.catalog._export import Export
from toolkit.catalog._kernels import draw_entry, entries
from toolkit.catalog._method import Method
from toolkit.catalog._of_rows import POINTS
from toolkit.formats import round_to, ulp_error
from toolkit.live import Axis, Format, Line, Plot, Rule, Slider, live_figure

__all__ = ["Elementwise"]


def entries_of(of, x, format=None):
    """The kernel ``f(x)`` at each entry of an array."""
    layout = Rows(x, axis=None, format=format, name="x", allow_empty=True)
    out = layout.empty()
    layout.call(entries, of, [layout.rows(x, "x")[0]], (), out[0])
    return layout.restore(out, 0.0)


def _room(values):
    margin = 0.05 * (values.max() - values.min())
    return float(values.min() - margin), float(values.max() + margin)


@dataclass(frozen=True, kw_only=True)
class Elementwise(Method):
    """A function of each entry, ``function(x) -> (...)``, by kernels ``f(x)``.

    Attributes
    ----------
    slope : kernel
        ``f'(x)``.
    naive_slope : kernel or None
        The derivative as it is often written, where that fails.
    others : tuple of (str, kernel)
        Parameters, each with the kernel ``f(x)`` of the derivative with respect to it.
    """

    slope: Callable
    naive_slope: Callable | None = None
    others: tuple = ()

    promises = frozenset({"odd", "monotone", "linear_gap"})

    @property
    def kernels(self):
        """Name -> each kernel ``f(x)``: the forms of the value, then those of the derivative."""
        found = {v.name: v.kernel for v in self.variants} | {"slope": self.slope, "naive slope": self.naive_slope}
        return {name: each for name, each in found.items() if each is not None}

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        return np.random.default_rng(seed).normal(0, 3, (rows, classes)).astype(dtype),

    def exports(self):
        return {name: Export(entries, each, ("vector",), ("vector",)) for name, each in self.kernels.items()}

    def slope_at(self, x, **options):
        """The derivative at these numbers, with the parameters of this row."""
        return slope(self.function, x, **dict(self.parameters) | options)

    def vjp(self, arguments, options, of=None):
        value = self.function(*arguments, **options)
        given = inspect.signature(self.function).bind(*arguments, **options).arguments
        name, x = next(iter(given.items()))
        if of not in (None, name, *dict(self.others)):
            allowed = ", ".join(map(repr, (name, *dict(self.others))))
            raise ValueError(f"of is {of!r}; allowed for {self.function.__name__}: {allowed}")
        if of in dict(self.others):
            slopes = entries_of(dict(self.others)[of], x, given.get("format"))
        else:
            shared = given if self.naive_slope else {key: each for key, each in given.items() if key != "form"}
            slopes = slope(self.function, **shared)
        return value, lambda g: np.multiply(g, slopes)

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
        best, plain, best_slope, limits = self.default.kernel, self.variants[0].kernel, self.slope, self.plot_range
        plain_slope, (low, high) = self.naive_slope or self.slope, self.plot_range

        def draw(at, fmt, x, truth, stable, naive, true_slope, slope, naive_slope, here, ulps):
            draw_entry(best, plain, best_slope, plain_slope, limits, at, fmt, x, truth, stable, naive, true_slope,
                       slope, naive_slope, here, ulps)

        draw.__name__ = self.name
        points = np.linspace(low, high, 1001)
        lines = {"value": [Line("truth", x="x", label="float64", role="truth"),
                           Line("stable", x="x", label="stable", role="stable")],
                 "slope": [Line("true_slope", x="x", label="float64", role="truth"),
                           Line("slope", x="x", label="stable", role="stable")]}
        sentences = ["At x = {at} in {fmt}: {here[1]:5g}, which is {ulps:2g} ulp from float64's {here[0]:5g}."]
        if plain is not best:
            lines["value"].append(Line("naive", x="x", label="naive", role="naive"))
            sentences.append("The naive form gives {here[2]:5g}.")
        if plain_slope is not best_slope:
            lines["slope"].append(Line("naive_slope", x="x", label="naive", role="naive"))
        outputs = ("x", "truth", "stable", "naive", "true_slope", "slope", "naive_slope")
        return live_figure(
            controls=[Slider("at", low, high, low + 0.2 * (high - low), label="input", symbol="x"),
                      Format("fmt", "float16")],
            outputs=dict.fromkeys(outputs, POINTS) | {"here": 3, "ulps": 1},
            plot=(Plot((*lines["value"], Rule(x="at")), x=Axis("x", (low, high)), height=260,
                       y=Axis("f(x)", _room(self(points)))),
                  Plot((*lines["slope"], Rule(x="at")), x=Axis("x", (low, high)), height=260,
                       y=Axis("derivative f′(x)", _room(self.slope_at(points))))),
            readouts=sentences,
            caption=f"Move x through {self.title} and change the format.",
        )(draw)

"""What kinds share whose methods take rows of logits: their loop, their figure, their errors."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit.catalog._beginning import at_a_loss
from toolkit.catalog._export import Export
from toolkit.catalog._kernels import of_first_logit
from toolkit.catalog._method import Method
from toolkit.formats import round_to, ulp_error
from toolkit.live import Axis, Curve, Format, Plot, Readout, Rule, Slider, live_figure

__all__ = ["POINTS", "OfRows", "curves", "line_figure", "room_for", "said_at"]

POINTS = 161


def curves(names, labels, **options):
    """Curves of a number in float64, in the default form, and in the first one if that has a label."""
    roles = ("truth", "stable", "naive")
    return [Curve(name, label=label, role=role, **options) for name, label, role in zip(names, labels, roles) if label]


def room_for(values):
    """The range of an axis for these values."""
    margin = 0.05 * (values.max() - values.min()) or 1.0  # of a constant
    return float(values.min() - margin), float(values.max() + margin)


def said_at(place, plain=None):
    """What a figure says of `truth`, `stable` and `ulps` at a place, and of `naive` if that form has the name plain."""
    here = f"{place} in {{fmt}}: {{stable + 0:5g}}"
    told = [
        Readout(f"{here}.", when="fmt == 'float64' and abs(truth) < inf"),
        Readout(f"{here}, as in float64.", when="fmt != 'float64' and stable == truth and abs(truth) < inf"),
        Readout(f"{here}, as near to float64's {{truth:5g}} as the format allows.",
                when="fmt != 'float64' and stable != truth and ulps <= 0.5"),
        Readout(f"{here}, which is {{ulps:2g}} ulp from float64's {{truth:5g}}.",
                when="fmt != 'float64' and truth != 0 and 0.5 < ulps < inf"),
        Readout(f"{here}, in float64 exactly 0.", when="truth == 0 and 0.5 < ulps < inf"),
        Readout(f"{place} a number leaves the range of {{fmt}}; float64 gives {{truth:5g}}.",
                when="abs(truth) < inf and not ulps < inf"),
        Readout(f"{place} there is no finite result in {{fmt}}.", unless="abs(truth) < inf")]
    return told if plain is None else told + [
        Readout(f"The {plain} form gives {{naive + 0:5g}}.",
                when="abs(naive) < inf and abs(truth) < inf and abs(naive - stable) > 0.0001 * abs(stable)"),
        Readout(f"In the {plain} form a number leaves the range of {{fmt}}.",
                when="not abs(naive) < inf and abs(stable) < inf and abs(truth) < inf")]


def line_figure(method, seen, axis, moved=None):
    """A live figure of what is `seen` of the result as the first of three logits moves, or what `moved` calls it."""
    best, plain, (low, high), (word, symbol, title) = (method.default, method.variants[0], method.plot_range,
                                                       moved or method.moved)
    beside = method.beside(np.array([[0.0, 0.0, -1.0]])) if method.arrays > 1 else ()
    numbers = tuple(tuple(map(float, each[0])) for each in beside) + method.numbers
    function = of_first_logit(seen, best.kernel, plain.kernel, numbers)
    function.__name__ = method.name
    labels = ("float64", best.name.replace("_", " "), plain != best and plain.name)
    figure = live_figure(
        controls=[Slider("z", low, high, round(low + 0.8 * (high - low), 9), label=word, symbol=symbol),
                  Format("fmt", "float16")],
        returns=("truth", "stable", "naive", "ulps"), scratch={"row": method.width or 3, "out": method.width or 3},
        plot=Plot((*curves(("truth", "stable", "naive"), labels), Rule(x="z")), x=Axis(title, (low, high), over="z"),
                  y=axis, height=300, points=method.points),
        readouts=said_at(f"At {symbol} = {{z}}", None if plain == best else plain.name.replace("_", " ")),
        caption=f"{method.title}: move the {word}, and change the number format.",
    )(function)
    return at_a_loss(figure, "z")


@dataclass(frozen=True, kw_only=True)
class OfRows(Method):
    """A method whose function takes rows ``(..., K)`` along an axis.

    Attributes
    ----------
    beside : callable or None
        ``beside(z) -> tuple`` of the further arguments of the function for rows z.
    arrays : int
        How many rows its kernels read.
    multiple : int
        What the number of entries of a row has to be a multiple of.
    width : int or None
        Entries of a row of its kernels, where that is not free; the figure moves the first of three.
    points : int
        How many the figure's lines have: fewer where each is the end of a search.
    moved : tuple of str
        What the figure moves: its name, its symbol, and the title of the axis.
    """

    beside: Callable | None = None
    arrays: int = 1
    multiple: int = 1
    width: int | None = None
    points: int = POINTS
    moved: tuple = ("first logit", "z₁", "first logit z₁, beside z₂ = 0 and z₃ = −1")

    promises = frozenset({"shift", "order", "weak_order", "zero_sum", "isometry"})
    read, filled = ("row",), ("row",)
    pulled_loop, upstream = None, "row"

    def __call__(self, *arguments, variant=None, **options):
        return super().__call__(*self.completed(arguments), variant=variant, **options)

    def completed(self, arguments):
        """The arguments of the function; those beside the first are made where it is given alone."""
        if self.beside is None or len(arguments) > 1:
            return arguments
        return *arguments, *self.beside(np.asarray(arguments[0]))

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        classes = -(-classes // self.multiple) * self.multiple
        rng = np.random.default_rng(seed)
        return self.completed((rng.normal(0, 3, (rows, classes)).clip(*self.domain).astype(dtype),))

    def exports(self):
        read = ("row",) * (self.arrays - 1) + self.read
        found = {v.name: Export(self.loop_over(read), v.kernel, read, self.filled, self.numbers, self.width)
                 for v in self.variants}
        if self.gradient is not None and self.gradient.kernel is not None:
            found["gradient"] = Export(self.pulled_loop, self.gradient.kernel, ("row", self.upstream), ("row",),
                                       self.numbers)
        return found

    def for_labels(self, labels):
        """The options of `of_rows` and `pulled` for these labels."""
        return {}

    def of_rows(self, z, variant=None, **options):
        """The function on rows of logits: one result for each."""
        return self(z, variant=variant, **options)

    def pulled(self, z, g, **options):
        """The gradient of ``sum(g * result)`` with respect to rows of logits."""
        return self.vjp(self.completed((z,)), dict(self.parameters) | options)[1](g)

    def flaws(self, z, result):
        """What is wrong with the result of rows: sentences."""
        numbers = self.filled[-1] == "number"
        if result.shape != (z.shape[:1] if numbers else z.shape):
            yield f"its shape is {result.shape}"
        if numbers and not np.isfinite(result).all():
            yield "it is not finite"

    def rows_along(self, points):
        """The rows of the figure, 0 and -1 behind these numbers."""
        z = np.full((points.size, -(-3 // self.multiple) * self.multiple), -1.0)
        z[:, 0], z[:, 1] = points, 0.0
        return z

    def largest_errors(self, formats):
        if not self.takes("format"):
            return {}
        points, found = np.linspace(*self.plot_range, POINTS), {}
        for format in formats:
            z = self.rows_along(round_to(points, format))
            with np.errstate(all="ignore"):
                computed, exact = (self.of_rows(z, format=f).reshape(POINTS, -1)[:, 0] for f in (format, "float64"))
            found[format] = float(ulp_error(computed, exact, format).max())
        return found

    def warm(self, dtype):
        super().warm(dtype)
        if self.takes("format") and dtype == np.float64:
            self.of_rows(self.example()[0], format="float16")

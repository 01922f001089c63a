"""A live figure: controls + a plot + sentences + what they show, as one kernel or as functions of a coordinate."""
from dataclasses import dataclass
from types import NoneType

from toolkit._core.arguments import shown
from toolkit._core.public import public
from toolkit.live.base import (
    OUTPUT_TYPES,
    Figure,
    arrays,
    as_kernel,
    controls_of,
    expressions_of,
    note,
    parameters_of,
    plots_of,
    readouts_of,
)
from toolkit.live.entry_source import entry_kernel
from toolkit.live.expressions import names_in
from toolkit.live.fields import check_fields
from toolkit.live.short_form import ShortForm

__all__ = ["LiveFigure", "Number", "live_figure"]


@dataclass(frozen=True)
class Number:
    """A number for sentences, beside those of curves and of the figure's function: `of`, `at`, `name` as in `Curve`."""

    of: object
    at: dict | None = None
    name: str | None = None

    def __post_init__(self):
        check_fields(self)


def live_figure(*, controls, plot, returns=(), outputs=None, scratch=None, numbers=(), readouts=(), caption, name=None):
    """Turn a function into a live figure: controls, what it computes, a plot and sentences.

    A figure's function computes what the figure shows at one state of its controls. In the *short form* it returns
    numbers, which sentences read by name, and a `Curve` draws one of them as a control, or another parameter, runs
    along the x axis: loops, sizes and arrays of the curve are the library's. In the *long form* it returns nothing and
    fills arrays. A figure may do both, and marks may bring functions of their own. All of it becomes one kernel.

    Parameters
    ----------
    controls : sequence of controls
        Each control's name is a parameter of the function and arrives as a scalar (`Slider` float64; `Integer`,
        `Choice` index, `Format` code, `Toggle` int64) or as a float64 vector (`Logits`, `Bits`).
    plot : Plot or sequence of Plot
        Several plots stand side by side, and below each other on a phone. Marks show arrays and numbers (`Line`,
        `Markers`, `Bars`, `HeatMap`, `Boxes`, `Rule`, `Band`) or functions (`Curve`, and `Bars`, `Markers` and
        `HeatMap` in their short form).
    returns : str or sequence of str
        Names of the number or the tuple of numbers that the function returns.
    outputs : dict
        Name -> size: parameters that arrive as float64 arrays to fill, zeroed before every call; ``(rows, columns)``
        makes a table of two dimensions; ``("f32", size)`` or ``("i32", size)`` chooses another type.
    scratch : dict
        Further arrays, described alike, that the functions work in and nothing shows; zeroed too.
    numbers : sequence of Number
        Further numbers for sentences: functions, or the function with some parameter fixed.
    readouts : sequence of Readout or str
        Sentences, some of them under a condition: ``Readout("It is exactly 0.", when="loss == 0 and exact > 0")``. A
        field may be an expression too, ``{loss / exact:2g}``.
    caption : str
        One sentence: what to do and what to see.
    name : str, optional
        For a figure without a function of its own, whose marks bring all: the call then gives the figure.

    Returns
    -------
    LiveFigure, or what makes one of a function
        It takes the function's name, which is also its name in links. The function becomes a kernel; it must stay
        within what WebAssembly can have, since the book runs the same kernel in the reader's browser.

    Raises
    ------
    ValueError
        When parameters, controls, outputs and what plot and readouts refer to do not fit together.

    Notes
    -----
    *In a format.* In a figure with a `Format` control, a function that does not have it among its parameters runs in
    the chosen format: sliders and coordinates are numbers that know it, `Logits` are rounded to it, float64 arrays are
    rows of it. ``at={"fmt": "float64"}`` runs it in another one. A function that takes the code gets plain numbers, and
    makes its own by `toolkit.kernels.in_format`.

    In the short form parameters are names of controls, outputs and scratch, the coordinate of a mark, and what its `at`
    gives, which may be kernels; each function takes those that it needs. In the long form they are exactly the
    controls, outputs and scratch.

    Examples
    --------
    A number that a curve draws as `x` runs along the axis, in the chosen format and in float64:

    >>> @live_figure(
    ...     controls=[Slider("x", 0, 8, 1.0, label="input"), Format("fmt", "float16")],
    ...     returns="rest",
    ...     plot=Plot((Curve("rest", over="x", at={"fmt": "float64"}, name="exact", role="truth"),
    ...                Curve("rest", over="x", label="in the format", role="naive"), Rule(x="x")),
    ...               x=Axis("x", (0, 8)), y=Axis("1 / (1 + x²) − 1", (-1, 0))),
    ...     readouts=["At {x} it is {rest}.", Readout("Nothing is left.", when="rest == 0 and exact < 0")],
    ...     caption="Drag x to where nothing is left.")
    ... def rest(x):
    ...     return 1 / (1 + x * x) - 1
    >>> rest.sentence(rest.values(x=0.02))
    'At 0.02 it is 0. Nothing is left.'

    The long form, which fills arrays:

    >>> @live_figure(
    ...     controls=[Slider("x", -5, 5, 1.0, label="input")],
    ...     outputs={"y": 1},
    ...     plot=Plot((Bars("y", label="x squared"),), x=Axis("", (0, 2)), y=Axis("value", (0, 25))),
    ...     readouts=["The square of {x} is {y}."], caption="Drag x and watch its square.")
    ... def square(x, y):
    ...     y[0] = x * x
    """

    controls, plot, readouts = controls_of(controls), plots_of(plot), readouts_of(readouts)
    for argument, given, kinds, allowed in (
            ("caption", caption, str, "a text"), ("returns", returns, (str, tuple, list), "names of numbers"),
            ("outputs", outputs, (dict, NoneType), "a dict of sizes"),
            ("scratch", scratch, (dict, NoneType), "a dict of sizes"),
            ("numbers", numbers, (tuple, list), "a sequence of Number"), ("name", name, (str, NoneType), "a text")):
        if not isinstance(given, kinds):
            raise TypeError(f"{argument} is {shown(given)}; allowed: {allowed}")

    def decorate(function):
        return LiveFigure(function, name, controls, outputs or {}, plot, readouts, caption, scratch or {}, returns,
                          numbers)

    return public(decorate, "live_figure") if name is None else decorate(None)


class LiveFigure(Figure):
    """See `live_figure`. The object displays itself; `compute` runs its kernel natively."""

    def __init__(self, function, name, controls, outputs, plot, readouts, caption, scratch, returns, numbers):
        function = function and as_kernel(function)
        name = name or getattr(function, "py_func", function).__name__
        outputs, work = arrays("outputs", outputs, OUTPUT_TYPES), arrays("scratch", scratch)
        form = ShortForm(name, {control.name: control for control in controls}, outputs, work, function,
                         (returns,) if isinstance(returns, str) else tuple(returns))
        plots = [each.plain(form) for each in plots_of(plot)]
        readouts = readouts_of(readouts)
        for number in numbers:
            form.number(number.of, number.at or {}, number.name)
        if form.numbers or form.calls or form.sweeps:
            trees = (tree for user in (*plots, *readouts) for tree in expressions_of(user).values())
            form.read(set().union(*map(names_in, trees)))
            function = entry_kernel(form)
        if function is None:
            raise ValueError(f"name is {name!r}, but no mark brings a function; allowed: a name where marks do")
        self.kernel, self.form = function, form
        super().__init__(name, controls, form.outputs, form.work, plots, readouts, caption)
        given = [*self.controls, *self.outputs, *self.work]
        self.parameters = parameters_of(self.kernel)
        if sorted(self.parameters) != sorted(given):
            raise ValueError(f"figure {self.name!r} has parameters {self.parameters}; allowed: exactly its controls,"
                             f" outputs and scratch, each once: {given}")
        note(self)

    @property
    def entry_points(self):
        """What a page's WebAssembly module exports for this figure: ``[(name, kernel, argument types)]``."""
        return [(self.name, self.kernel, self.argument_types(self.kernel))]

    def compute(self, **changes):
        """Run the kernel natively at the default state with `changes`; returns the outputs by name."""
        arguments = self.arguments(self.state(**changes))
        self.call(self.kernel, [arguments[p] for p in self.parameters])
        return {name: arguments[name] for name in self.outputs}

    def values(self, **changes):
        """What slots and sentences read: outputs, and the controls as sequences (texts for choices and formats)."""
        return self.shown(self.state(**changes), self.compute(**changes))

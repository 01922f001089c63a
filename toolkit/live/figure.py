"""A live figure: controls + a plot + sentences + what they show, as one kernel or as functions of a coordinate."""
from dataclasses import dataclass

from toolkit.live.base import (OUTPUT_TYPES, Figure, arrays, as_kernel, expressions_of, made, parameters_of, plots_of,
                               readouts_of)
from toolkit.live.entry_source import entry_kernel
from toolkit.live.expressions import names_in
from toolkit.live.short_form import ShortForm

__all__ = ["LiveFigure", "Number", "live_figure"]


@dataclass(frozen=True)
class Number:
    """A number for sentences, beside those that curves and the figure's function give: `of`, `at`, `name` as in `Curve`."""

    of: object
    at: dict | None = None
    name: str | None = None


def live_figure(*, controls, plot, outputs=None, readouts=(), caption, scratch=None, returns=(), numbers=(), name=None):
    """Turn a function, or functions that the marks bring, into a live figure."""

    def decorate(function):
        return LiveFigure(function, name, controls, outputs or {}, plot, readouts, caption, scratch or {}, returns, numbers)

    return decorate if name is None else decorate(None)


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
        self.kernel, self.form = function, form
        super().__init__(name, controls, form.outputs, form.work, plots, readouts, caption)
        given = [*self.controls, *self.outputs, *self.work]
        self.parameters = parameters_of(self.kernel)
        if sorted(self.parameters) != sorted(given):
            raise ValueError(f"figure {self.name!r} has parameters {self.parameters}; allowed: exactly its controls,"
                             f" outputs and scratch, each once: {given}")
        made.append(self)

    @property
    def entry_points(self):
        """What a page's WebAssembly module exports for this figure: ``[(name, kernel, argument types)]``."""
        return [(self.name, self.kernel, self.argument_types(self.kernel))]

    def compute(self, **changes):
        """Run the kernel natively at the default state with `changes`; returns the outputs by name."""
        arguments = self.arguments(self.state(**changes))
        self.kernel(*(arguments[p] for p in self.parameters))
        return {name: arguments[name] for name in self.outputs}

    def values(self, **changes):
        """What slots and sentences read: outputs, and the controls as sequences (texts for choices and formats)."""
        return self.shown(self.state(**changes), self.compute(**changes))

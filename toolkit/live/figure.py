"""A live figure: controls + one kernel + a plot + sentences, shown by JupyterLab or by a page of the book."""
from toolkit.live.base import Figure, arrays, as_kernel, made, parameters_of

__all__ = ["LiveFigure", "live_figure"]


def live_figure(*, controls, outputs, plot, readouts=(), caption, scratch=None):
    """Turn a function into a live figure.

    Parameters
    ----------
    controls : sequence of controls
        Each control's name is a parameter of the function and arrives as a scalar (`Slider` float64; `Integer`,
        `Choice` index, `Format` code, `Toggle` int64) or as a float64 vector (`Logits`, `Bits`).
    outputs : dict
        Name -> size: parameters that arrive as float64 arrays to fill, zeroed before every call;
        ``("f32", size)`` or ``("i32", size)`` chooses another type.
    plot : Plot or sequence of Plot
        Several plots stand side by side, and below each other on a phone.
    readouts : sequence of Readout or str
    caption : str
        One sentence: what to do and what to see.
    scratch : dict, optional
        Further arrays, described alike, that the kernel works in and nothing shows.

    Returns
    -------
    LiveFigure
        It takes the function's name, which is also its name in links. The function becomes a kernel that returns None;
        it must stay within what WebAssembly can have, since the book runs the same kernel in the reader's browser.

    Raises
    ------
    ValueError
        When parameters, controls, outputs and what plot and readouts refer to do not fit together.

    Examples
    --------
    >>> @live_figure(
    ...     controls=[Slider("x", -5, 5, 1.0, label="input")],
    ...     outputs={"y": 1},
    ...     plot=Plot((Bars("y", label="x squared"),), x=Axis("", (0, 2)), y=Axis("value", (0, 25))),
    ...     readouts=["The square of {x} is {y}."], caption="Drag x and watch its square.")
    ... def square(x, y):
    ...     y[0] = x * x
    """

    def decorate(function):
        return LiveFigure(function, controls, outputs, plot, readouts, caption, scratch or {})

    return decorate


class LiveFigure(Figure):
    """See `live_figure`. The object displays itself; `compute` runs its kernel natively."""

    def __init__(self, function, controls, outputs, plot, readouts, caption, scratch):
        self.kernel = as_kernel(function)
        name = getattr(self.kernel, "py_func", function).__name__
        super().__init__(name, controls, outputs, arrays("scratch", scratch), plot, readouts, caption)
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

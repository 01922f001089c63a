"""A live figure: controls + one kernel + a plot + sentences, shown by JupyterLab or by a page of the book."""
import inspect
import os
from copy import copy
from functools import cached_property
from html import escape
from urllib.parse import urlencode

import numpy as np

from toolkit._kernel import kernel
from toolkit.live.plot import Plot
from toolkit.live.readout import Readout

__all__ = ["LiveFigure", "live_figure"]

# Every figure made in this process, in order: the page builder reads it after running a page's cells.
made = []


def live_figure(*, controls, outputs, plot, readouts=(), caption, scratch=None):
    """Turn a function into a live figure.

    Parameters
    ----------
    controls : sequence of controls
        Each control's name is a parameter of the function and arrives as a scalar (`Slider` float64; `Integer`,
        `Choice` index, `Format` code, `Toggle` int64) or as a float64 vector (`Logits`, `Bits`).
    outputs : dict
        Name -> length: parameters that arrive as float64 arrays to fill. They come in zeroed before every call.
    plot : Plot or sequence of Plot
        Several plots stand side by side, and below each other on a phone.
    readouts : sequence of Readout or str
    caption : str
        One sentence: what to do and what to see.
    scratch : dict, optional
        Name -> length of further arrays that the kernel works in and nothing shows.

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


class LiveFigure:
    """See `live_figure`. The object displays itself; `compute` runs its kernel natively."""

    hidden = ()

    def __init__(self, function, controls, outputs, plot, readouts, caption, scratch):
        self.kernel = function if hasattr(function, "py_func") else kernel(function)
        self.function = getattr(self.kernel, "py_func", function)
        self.name = self.function.__name__
        self.controls = {control.name: control for control in controls}
        self.outputs = dict(outputs)
        self.scratch = dict(scratch)
        self.plots = (plot,) if isinstance(plot, Plot) else tuple(plot)
        self.readouts = tuple(r if isinstance(r, Readout) else Readout(r) for r in readouts)
        self.caption = caption
        self._check()
        made.append(self)

    def _check(self):
        if not self.plots or not all(isinstance(plot, Plot) for plot in self.plots):
            raise TypeError(f"plot is {self.plots!r}; allowed: one or more toolkit.live.Plot")
        given = [*self.controls, *self.outputs, *self.scratch]
        parameters = list(inspect.signature(self.function).parameters)
        if sorted(parameters) != sorted(given):
            raise ValueError(f"figure {self.name!r} has parameters {parameters}; allowed: exactly its controls, outputs"
                             f" and scratch, each once: {given}")
        for user in (*self.plots, *self.readouts):
            unknown = user.names() - set(self.controls) - set(self.outputs)
            if unknown:
                raise ValueError(f"figure {self.name!r}: {type(user).__name__.lower()} refers to {sorted(unknown)};"
                                 f" allowed: {sorted([*self.controls, *self.outputs])}")

    @property
    def parameters(self):
        return list(inspect.signature(self.function).parameters)

    @property
    def argument_types(self):
        """The kernel's parameter types for the WebAssembly build, in order."""
        return [self.controls[p].argument_type if p in self.controls else "f64[]" for p in self.parameters]

    @cached_property
    def default_state(self):
        return {name: control.default for name, control in self.controls.items()}

    def state(self, **changes):
        """The default state with `changes`, each checked by its control."""
        unknown = set(changes) - set(self.controls)
        if unknown:
            raise ValueError(f"figure {self.name!r} has no control {sorted(unknown)}; allowed: {sorted(self.controls)}")
        return self.default_state | {name: self.controls[name].check(value) for name, value in changes.items()}

    def show(self, *, hide=(), **state):
        """This figure as a preset, to display: it starts at `state`, and resets to it, without the controls in `hide`.

        Each display in a notebook has widgets of its own. A page has every figure once: there a preset is a link that
        puts the figure into this state.
        """
        unknown = set(hide) - set(self.controls)
        if unknown:
            raise ValueError(f"hide names {sorted(unknown)}; allowed: controls of figure {self.name!r},"
                             f" {sorted(self.controls)}")
        preset = copy(self)
        preset.default_state, preset.hidden = self.state(**state), tuple(hide)
        return preset

    @property
    def address(self):
        """What a page's address says of a preset, ``"figure.control=value&hide=figure.control"``; else empty."""
        changed = {f"{self.name}.{name}": _address_text(value) for name, value in self.default_state.items()
                   if value != self.controls[name].default}
        hidden = {"hide": ",".join(f"{self.name}.{name}" for name in self.hidden)} if self.hidden else {}
        return urlencode(changed | hidden, safe=",")

    def compute(self, **changes):
        """Run the kernel natively at the default state with `changes`; returns the outputs by name."""
        arguments = {name: self.controls[name].argument(value) for name, value in self.state(**changes).items()}
        sizes = self.outputs | self.scratch
        arguments |= {name: np.zeros(size) for name, size in sizes.items()}
        self.kernel(*(arguments[p] for p in self.parameters))
        return {name: arguments[name] for name in self.outputs}

    def values(self, **changes):
        """What slots and sentences read: outputs, and the controls as sequences (texts for choices and formats)."""
        state = self.state(**changes)
        return {n: v if isinstance(v, list) else [v] for n, v in state.items()} | self.compute(**changes)

    def sentence(self, values):
        """The readout in words for what `values` returned."""
        return " ".join(readout.render(values) for readout in self.readouts if readout.shows(values))

    def __repr__(self):
        return f"<live figure {self.name!r}: {', '.join(self.controls)}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        if os.environ.get("BOOK_BUILD") == "1":
            from toolkit.live.html import figure_html

            link = f'<p><a href="#{escape(self.address)}">The figure in this state</a></p>'
            return {"text/html": link if self.address else figure_html(self), "text/plain": repr(self)}
        from toolkit.live.notebook import widget

        return widget(self)._repr_mimebundle_() | {"text/plain": repr(self)}


def _address_text(value):
    if isinstance(value, list):
        return ",".join(map(_address_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)

"""What live figures and simulations share: controls, arrays, plots, sentences, and how they show themselves."""
import inspect
import os
from copy import copy
from functools import cached_property
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np

from toolkit._core.kernel import kernel
from toolkit.live.plot import Plot
from toolkit.live.readout import Readout

__all__ = ["Array", "Figure", "arrays", "as_kernel", "made", "parameters_of"]

# Every figure made in this process, in order: the page builder reads it after running a page's cells.
made = []

_DTYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "u64": np.uint64}


class Array(NamedTuple):
    """An array of a kernel: the type of its elements, as in `toolkit.live.wasm.abi`, and their number."""

    element: str
    size: int

    def zeros(self):
        return np.zeros(self.size, _DTYPES[self.element])


def arrays(argument, described, allowed=tuple(_DTYPES)):
    """Name -> `Array` from name -> size (float64) or (type, size); `argument` is what errors call it."""
    return {name: _array(f"{argument}[{name!r}]", value, allowed) for name, value in described.items()}


def _array(place, value, allowed):
    element, size = value if isinstance(value, tuple) and len(value) == 2 else ("f64", value)
    whole = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
    if element not in allowed or not whole or size < 1:
        raise ValueError(f"{place} is {value!r}; allowed: a size of at least 1 (float64), or (type, size) with type"
                         f" {', '.join(map(repr, allowed))}")
    return Array(element, int(size))


def parameters_of(function):
    """Names of a kernel's parameters, in order."""
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


class Figure:
    """Base of `LiveFigure` and `Simulation`, which bring `entry_points` and `values`.

    ``work`` are arrays that nothing shows.
    """

    hidden = ()

    def __init__(self, name, controls, outputs, work, plot, readouts, caption):
        self.name = name
        self.controls = {control.name: control for control in controls}
        # Pages read outputs as Numbers, which 64-bit integers are not.
        self.outputs = arrays("outputs", outputs, ("f64", "f32", "i32"))
        self.work = work
        self.plots = (plot,) if isinstance(plot, Plot) else tuple(plot)
        self.readouts = tuple(r if isinstance(r, Readout) else Readout(r) for r in readouts)
        self.caption = caption
        if not self.plots or not all(isinstance(plot, Plot) for plot in self.plots):
            raise TypeError(f"plot is {self.plots!r}; allowed: one or more toolkit.live.Plot")
        given = [*(control.name for control in controls), *self.outputs, *self.work]
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise ValueError(f"figure {name!r} has {twice} twice; allowed: every name, each once, among controls,"
                             " outputs and other arrays")
        for user in (*self.plots, *self.readouts):
            unknown = user.names() - set(self.shown_names)
            if unknown:
                raise ValueError(f"figure {name!r}: {type(user).__name__.lower()} refers to {sorted(unknown)};"
                                 f" allowed: {sorted(self.shown_names)}")

    @property
    def shown_names(self):
        """What plots and sentences may refer to."""
        return [*self.controls, *self.outputs]

    def argument_types(self, function):
        """A kernel's parameter types for the WebAssembly build, in order."""
        held = self.outputs | self.work
        return [f"{held[p].element}[]" if p in held else self.controls[p].argument_type
                for p in parameters_of(function)]

    def arguments(self, state):
        """Name -> argument of a kernel for a checked `state`: numbers and vectors of the controls, zeroed arrays."""
        return {name: self.controls[name].argument(value) for name, value in state.items()} | {
            name: array.zeros() for name, array in (self.outputs | self.work).items()}

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

    def shown(self, state, computed):
        """What slots and sentences read: controls as sequences (texts for choices and formats), and `computed`."""
        return {name: value if isinstance(value, list) else [value] for name, value in state.items()} | computed

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


def as_kernel(function):
    """A plain function as a kernel; kernels stay as they are."""
    return function if hasattr(function, "py_func") else kernel(function)


def _address_text(value):
    if isinstance(value, list):
        return ",".join(map(_address_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)

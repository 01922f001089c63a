"""What live figures and simulations share: controls, arrays, plots, sentences, and how they show themselves."""
import inspect
import os
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np

from toolkit._core.arguments import shown
from toolkit._core.kernel import kernel
from toolkit.live.expressions import evaluate, names_in, parse
from toolkit.live.guard import guarded_run
from toolkit.live.hidden import NO_SENTENCE, Hidden, disguised
from toolkit.live.kernel_errors import in_words
from toolkit.live.plot import Plot
from toolkit.live.readout import Readout

__all__ = ["OUTPUT_TYPES", "Array", "Figure", "arrays", "as_kernel", "collected", "controls_of", "expressions_of",
           "host", "made", "note", "parameters_of", "plots_of", "readouts_of", "writer"]

# Every figure that a page's kernel makes, in order, while the book is built. In a notebook nothing holds a figure whose
# cell has run again.
made = []
_collections = [made] if os.environ.get("BOOK_BUILD") == "1" else []
_hosts, _writers = [], []

OUTPUT_TYPES = ("f64", "f32", "i32")  # pages read outputs as Numbers, which 64-bit integers are not
_DTYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "u64": np.uint64}


class Array(NamedTuple):
    """An array of a kernel: the type of its elements, as in `toolkit.live.wasm.abi`, and its size or two sizes."""

    element: str
    size: int | tuple

    @property
    def shape(self):
        return self.size if isinstance(self.size, tuple) else (self.size,)

    @property
    def argument_type(self):
        return self.element + "[]" * len(self.shape)

    def zeros(self):
        return np.zeros(self.size, _DTYPES[self.element])


def arrays(argument, described, allowed=tuple(_DTYPES)):
    """Name -> `Array` from name -> size or (rows, columns), of float64, or (type, size); errors call it `argument`."""
    return {name: _array(f"{argument}[{name!r}]", value, allowed) for name, value in described.items()}


def _array(place, value, allowed):
    typed = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
    element, size = value if typed else ("f64", value)
    sizes = size if isinstance(size, tuple) else (size,)
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 1 for n in sizes)
    if element not in allowed or not whole or len(sizes) not in (1, 2):
        raise ValueError(f"{place} is {shown(value)}; allowed: a size of at least 1 (float64), or (type, size) with "
                         f"type {', '.join(map(repr, allowed))}; a table has the size (rows, columns)")
    return Array(element, tuple(map(int, sizes)) if isinstance(size, tuple) else int(size))


def parameters_of(function):
    """Names of a kernel's parameters, in order."""
    return list(inspect.signature(getattr(function, "py_func", function)).parameters)


class Figure:
    """Base of `LiveFigure` and `Simulation`, which bring `entry_points` and `values`.

    ``work`` are arrays that nothing shows; ``derived`` are expressions that plots and sentences read, text -> tree.
    """

    hidden_names = ()

    def __init__(self, name, controls, outputs, work, plots, readouts, caption):
        self.name = name
        self.controls = {control.name: control for control in controls}
        self.outputs, self.work = outputs, work
        self.plots = tuple(plot.fitted(outputs) for plot in plots)
        self.readouts, self.caption = readouts, caption
        given = [*(control.name for control in controls), *self.outputs, *self.work]
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise ValueError(f"figure {name!r} has {twice} twice; allowed: every name, each once, among controls,"
                             " outputs and other arrays")
        self.derived = {}
        for user in (*self.plots, *self.readouts):
            trees = expressions_of(user)
            unknown = set().union(*map(names_in, trees.values())) - set(self.shown_names)
            if unknown:
                raise ValueError(f"figure {self.name!r}: {type(user).__name__.lower()} refers to {sorted(unknown)};"
                                 f" allowed: {sorted(self.shown_names)}")
            self.derived |= {text: tree for text, tree in trees.items() if text not in self.shown_names}

    @property
    def shown_names(self):
        """What plots and sentences may refer to."""
        return [*self.controls, *self.outputs]

    def argument_types(self, function):
        """A kernel's parameter types for the WebAssembly build, in order."""
        held = self.controls | self.outputs | self.work
        return [held[p].argument_type for p in parameters_of(function)]

    def arguments(self, state):
        """Name -> argument of a kernel for a checked `state`: numbers and vectors of the controls, zeroed arrays."""
        return {name: self.controls[name].argument(value) for name, value in state.items()} | {
            name: array.zeros() for name, array in (self.outputs | self.work).items()}

    def call(self, function, arguments):
        """Run one of its kernels natively; what is wrong with the kernel is said in words."""
        with in_words(function, self.name):
            guarded_run(function, arguments, self.name)

    @cached_property
    def default_state(self):
        return {name: control.default for name, control in self.controls.items()}

    def state(self, **changes):
        """The default state with `changes`, each checked by its control."""
        unknown = set(changes) - set(self.controls)
        if unknown:
            raise ValueError(f"figure {self.name!r} has no control {sorted(unknown)}; allowed: {sorted(self.controls)}")
        return self.default_state | {name: self.controls[name].check(value) for name, value in changes.items()}

    def begin_at(self, **state):
        """Make this the default state, where only the figure itself could tell what that should be."""
        self.controls |= {name: replace(self.controls[name], value=value) for name, value in state.items()}
        vars(self).pop("default_state", None)

    def show(self, *, hide=(), **state):
        """This figure as a preset, to display: it starts at `state`, and resets to it, without the controls in `hide`.

        Nothing in the figure then tells where a hidden control stands (`toolkit.live.hidden`), and on a page it stays
        hidden until a link names it or the page is loaded anew.

        Each display in a notebook has widgets of its own. A page has every figure once: there a preset is a link that
        puts the figure into this state.
        """
        unknown = set(hide) - set(self.controls)
        if unknown:
            raise ValueError(f"hide names {sorted(unknown)}; allowed: controls of figure {self.name!r},"
                             f" {sorted(self.controls)}")
        preset = copy(self)
        preset.default_state, preset.hidden_names = self.state(**state), tuple(hide)
        return preset

    def save(self, path, /, *, hide=(), **state):
        """Write this figure as one HTML file that needs nothing: for a mail, slides, Moodle or Canvas.

        It starts at `state`, without the controls in `hide`, as `show` does, and runs this figure's kernels wherever
        scripts may run; elsewhere, and in print, it is a picture.

        Parameters
        ----------
        path : str or path
            A name that ends in .html, in a folder that is there. The file is written whole or not at all.

        Returns
        -------
        Path
        """
        return _writers[-1](self.show(hide=tuple(dict.fromkeys([*self.hidden_names, *hide])), **state), path)

    @property
    def hidden(self):
        """The controls that are hidden, and what would tell them."""
        return Hidden(self.controls, self.derived, self.hidden_names)

    @property
    def address(self):
        """What a page's address says of a preset, ``"figure.control=value&hide=figure.control"``; else empty.

        Values of hidden controls are in disguise.
        """
        hidden = self.hidden_names
        said = {name: _address_text(value) for name, value in self.default_state.items()
                if name in hidden or value != self.controls[name].default}
        said = {f"{self.name}.{name}": disguised(text) if name in hidden else text for name, text in said.items()}
        hide = {"hide": ",".join(f"{self.name}.{name}" for name in hidden)} if hidden else {}
        return urlencode(said | hide, safe=",")

    def shown(self, state, computed):
        """What slots and sentences read: controls as sequences (texts for choices and formats), `computed`, row by row,
        and the expressions of both."""
        values = {name: value if isinstance(value, list) else [value] for name, value in state.items()}
        values |= {name: value.ravel() if np.ndim(value) > 1 else value for name, value in computed.items()}
        return values | {text: [evaluate(tree, values)] for text, tree in self.derived.items()}

    def sentence(self, values):
        """The readout in words for what `values` returned."""
        hidden = self.hidden
        told = [readout for readout in self.readouts if readout.is_open(hidden)]
        if self.readouts and not told:
            return NO_SENTENCE
        return " ".join(readout.render(values, hidden) for readout in told if readout.shows(values))

    def __repr__(self):
        return f"<live figure {self.name!r}: {', '.join(self.controls)}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = (host(self) for host in reversed(_hosts))
        return next(bundle for bundle in shown if bundle is not None) | {"text/plain": repr(self)}


def note(figure):
    """Let those know who collect figures that one was made."""
    for collection in _collections:
        collection.append(figure)


@contextmanager
def collected():
    """A list of all figures that are made inside, in order."""
    _collections.append([])
    try:
        yield _collections[-1]
    finally:
        del _collections[-1]


def host(show):
    """Register a host: ``show(figure)`` gives a MIME bundle, or None to leave it to hosts registered before."""
    _hosts.append(show)
    return show


def writer(write):
    """Register what `Figure.save` writes by: ``write(figure, path)``."""
    _writers.append(write)
    return write


def controls_of(controls):
    """The controls of a figure, checked."""
    found = tuple(controls) if hasattr(controls, "__iter__") else (controls,)
    if isinstance(controls, dict) or not all(hasattr(control, "argument_type") for control in found):
        raise TypeError(f"controls is {shown(controls)}; allowed: a sequence of controls, as Slider and Format")
    return found


def plots_of(plot):
    """The plots of a figure, from one or several."""
    plots = tuple(plot) if hasattr(plot, "__iter__") else (plot,)
    if not plots or not all(isinstance(plot, Plot) for plot in plots):
        raise TypeError(f"plot is {shown(plot)}; allowed: one or more toolkit.live.Plot")
    return plots


def readouts_of(readouts):
    """The sentences of a figure, from sentences or plain texts."""
    if isinstance(readouts, (str, dict, np.ndarray)) or not hasattr(readouts, "__iter__"):
        raise TypeError(f"readouts is {shown(readouts)}; allowed: a sequence of sentences")
    for each in readouts:
        if not isinstance(each, (str, Readout)):
            raise TypeError(f"readouts has {shown(each)}; allowed: Readout, or a text")
    return tuple(r if isinstance(r, Readout) else Readout(r) for r in readouts)


def expressions_of(user):
    """Text -> tree of what a plot or a sentence refers to; a name is an expression too."""
    return {text: parse(text) for text in user.names()}


def as_kernel(function):
    """A plain function as a kernel; kernels stay as they are."""
    return function if hasattr(function, "py_func") else kernel(function)


def _address_text(value):
    if isinstance(value, list):
        return ",".join(map(_address_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)

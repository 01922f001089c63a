"""Calls of a figure's functions: what each parameter gets, as source text.

A parameter is bound by its name: a control, an array of the figure, the coordinate of a mark, or what the mark's `at`
says. In a figure with a `Format` control, a function without that control among its parameters runs in it: real numbers
enter it (a `Slider`, a coordinate), arrays are rows of it, and `Logits` are rounded to it.
"""
from typing import NamedTuple

import numpy as np

from toolkit.live.base import Array, as_kernel, parameters_of
from toolkit.live.controls import Format, Logits, Slider
from toolkit.live.marks._mark import name_of

__all__ = ["Binder", "Call", "Points"]


class Call(NamedTuple):
    """A function and the source text of its arguments, with the arrays to clear and the logits to round before it."""

    function: object
    arguments: tuple  # (parameter, text)
    cleared: tuple  # (array, kernel that clears it)
    rounded: tuple  # (control, code of the format as text)


class Points(NamedTuple):
    """Points of a sweep along one axis: the i-th is the text `point`, in which the index is called ``i_<over>``."""

    over: str
    point: str
    count: int

    @property
    def at(self):
        return f"at_{self.over}"

    @property
    def index(self):
        return f"i_{self.over}"


class Binder:
    """The names that functions of a figure may have as parameters.

    Attributes
    ----------
    controls : dict, name -> control
    outputs, work : dict, name -> `Array`; what calls need beside those of the figure is added
    constants : dict, name -> array or kernel, global names of the source
    """

    def __init__(self, figure, controls, outputs, work):
        self.figure, self.controls, self.outputs, self.work = figure, controls, dict(outputs), dict(work)
        self.constants, self.kernels = {}, {}

    @property
    def held(self):
        return self.outputs | self.work

    @property
    def names(self):
        return {*self.controls, *self.held}

    def is_array(self, name):
        return name in self.held or name in self.controls and self.controls[name].argument_type.endswith("[]")

    def kernel_of(self, function):
        """A function of a mark as a kernel, the same one each time."""
        return self.kernels.setdefault(id(function), (as_kernel(function), function))[0]

    def constant(self, name, value):
        """A global name of the source for a value."""
        for known, held in self.constants.items():
            same = isinstance(value, np.ndarray) and getattr(held, "dtype", None) == value.dtype
            if held is value or same and np.array_equal(held, value):
                return known
        while name in self.constants or name in self.names:
            name += "_"
        self.constants[name] = value
        return name

    def call(self, function, at, bound):
        """The call of a function, whose parameters in `bound` get this text."""
        parameters = parameters_of(function)
        code = self._code(parameters, at)
        fixed = {p: self._fixed(p, value) for p, value in at.items() if p in parameters}
        stray = set(at) - set(parameters) - {self._format(parameters)}
        if stray:
            raise ValueError(f"figure {self.figure!r}: at names {sorted(stray)}; allowed: parameters of"
                             f" {name_of(function)}, {parameters}, and a Format control that it leaves out")
        arguments, cleared, rounded = [], [], []
        for p in parameters:
            text, real = self._argument(p, fixed, bound)
            if self.is_array(bound.get(p, p)) and p not in fixed:
                if bound.get(p, p) in self.held:
                    cleared.append((text, "clear" if len(self.held[text].shape) == 1 else "clear_table"))
                elif code and isinstance(self.controls[p], Logits):
                    rounded.append((p, code))
                    text = f"{p}_in_format"
                    self.work[text] = Array("f64", len(self.controls[p].default))
            arguments.append((p, f"in_format({text}, {code})" if code and real else text))
        return Call(function, tuple(arguments), tuple(cleared), tuple(rounded))

    def _argument(self, p, fixed, bound):
        """The text of an argument, and whether it enters the format."""
        if p in bound:
            whole = p in self.controls and self.controls[p].argument_type == "i32"
            return bound[p], not whole
        if p in fixed:
            return fixed[p]
        if p in self.controls:
            return p, isinstance(self.controls[p], Slider) or self.is_array(p)
        if p in self.held:
            return p, self.held[p].element == "f64"
        raise ValueError(f"figure {self.figure!r}: a function has the parameter {p!r}; allowed: its controls, outputs,"
                         f" scratch, the coordinate of its mark, and names in `at`: {sorted(self.names)}")

    def _fixed(self, p, value):
        """The text of a constant, and whether it enters the format."""
        if callable(value):
            return self.constant(f"{name_of(value)}_kernel", self.kernel_of(value)), False
        if p in self.controls:
            value = self.controls[p].argument(self.controls[p].check(value))
        if isinstance(value, np.ndarray | list | tuple):
            return self.constant(f"fixed_{p}", np.asarray(value, float)), True
        value = value.item() if isinstance(value, np.generic) else value
        return repr(value), isinstance(value, float)

    def _format(self, parameters):
        """The Format control in which a function with these parameters runs, or None."""
        formats = [name for name, control in self.controls.items() if isinstance(control, Format)]
        if not formats or set(formats) & set(parameters):
            return None
        if len(formats) > 1:
            raise ValueError(f"figure {self.figure!r}: a function runs in one of the formats {formats}; allowed: those"
                             " that it uses are among its parameters")
        return formats[0]

    def _code(self, parameters, at):
        """The text of the code of this format."""
        name = self._format(parameters)
        if name is None:
            return None
        return repr(int(self.controls[name].argument(self.controls[name].check(at[name])))) if name in at else name

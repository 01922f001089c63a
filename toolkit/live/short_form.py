"""The short form of a figure: functions of a coordinate and the controls become one kernel with loops and arrays.

Marks ask a `ShortForm` for curves, tables, rows and numbers; it makes arrays for them and notes which function is called
with what. `entry_source` writes the kernel. A call binds every parameter of a function by name: a control, a coordinate,
an array of the figure, or what the mark's `at` says.

Format: in a figure with a `Format` control, a function without that control among its parameters runs in it. Real
numbers enter it (a `Slider`, a coordinate), arrays are rows of it, and `Logits` are rounded to it.
"""
from typing import NamedTuple

import numpy as np

from toolkit.elementary import log as log_of
from toolkit.live.base import Array, as_kernel, parameters_of
from toolkit.live.controls import Format, Logits, Slider
from toolkit.live.marks._mark import name_of
from toolkit.live.plot import Axis

__all__ = ["Call", "Points", "ShortForm", "Sweep"]

_RESULTS = ("out", "grad")  # parameters of row kernels that they fill


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


class Sweep(NamedTuple):
    """A call at each point of one axis or two, the slowest first; at the controls' values it is the call `still`."""

    call: Call
    axes: tuple
    still: Call | None
    stored: dict  # name of an array -> text of what it gets


class ShortForm:
    """What the marks and sentences of a figure ask of its functions.

    Parameters
    ----------
    function : kernel or None
        The figure's own function, whose result has the names `returns`.

    Attributes
    ----------
    outputs, work : dict, name -> `Array`: those of the figure, and those made here
    sweeps : list of `Sweep`
    calls : dict, `Call` at the controls' values -> what is stored: name -> text
    constants : dict, name -> array or kernel, global names of the kernel
    """

    def __init__(self, figure, controls, outputs, work, function, returns):
        self.figure, self.controls, self.outputs, self.work = figure, controls, dict(outputs), dict(work)
        self.own, self.returns = function, returns
        self.numbers = {name: (function, f"value[{i}]" if len(returns) > 1 else "value", {})
                        for i, name in enumerate(returns)}
        self.given = tuple(outputs)
        self.sweeps, self.calls, self.constants = [], {}, {}
        self.kernels, self.coordinates = {}, {}

    # ---- what plots and marks ask for -----------------------------------------------------------------------------------------

    def axis(self, given):
        """An axis; the name of a slider makes one."""
        if not isinstance(given, str):
            return given
        control = self.controls.get(given)
        if not hasattr(control, "low") or control.argument_type.endswith("[]"):
            raise ValueError(f"figure {self.figure!r}: an axis is {given!r}; allowed: Axis, or the name of a Slider or"
                             " Integer")
        return Axis(f"{control.label or given} {control.symbol}".strip(), (control.low, control.high),
                    scale=getattr(control, "scale", "linear"), over=given)

    def curve(self, of, over, at, points, between, log, x, name):
        """Names of the arrays of a `Curve`: y and x."""
        self._name_number(name, of, at, (over,))
        sweep = self._sweep(of, at, (self._axis(over, points, between, log),))
        along = self._along(sweep) if x is None else self._stored(sweep, x)
        return self._stored(sweep, of, name), along

    def table(self, of, over, counts, edges, at, name):
        """Name of the table of a `HeatMap`."""
        if not all(isinstance(count, int) for count in counts) or len(over) != 2 or None in over:
            raise ValueError(f"figure {self.figure!r}: a heat map over {over!r} has rows, columns = {counts}; allowed:"
                             " two parameters and two whole numbers")
        self._name_number(name, of, at, over)
        axes = [Points(o, f"{low!r} + {high - low!r} * (i_{o} + 0.5) / {count}", count)
                for o, (low, high), count in zip(over, [map(float, pair) for pair in edges], counts[::-1])]
        return self._stored(self._sweep(of, at, tuple(axes[::-1])), of, name)

    def computes(self, of):
        """Whether a mark is of a function or of what one returns."""
        return callable(of) or of in self.numbers

    def row(self, function, at, name, size):
        """Name of the array that a row kernel fills."""
        function = self._kernel(function)
        name = self._new(name or name_of(function))
        parameters = parameters_of(function)
        results = [p for p in parameters if p in _RESULTS and p not in self._names and p not in at]
        if len(results) != 1:
            raise ValueError(f"figure {self.figure!r}: {name_of(function)} has parameters {parameters}; allowed for a"
                             f" row: one of them, and no other name of the figure, is {' or '.join(_RESULTS)}")
        if size is None:
            size = next((len(self.controls[p].default) if p in self.controls else self._held[p].shape[0]
                         for p in parameters if self._is_array(p)), None)
            if size is None:
                raise ValueError(f"figure {self.figure!r}: {name_of(function)} takes no array of the figure; allowed:"
                                 " with size=")
        self.outputs[name] = Array("f64", size)
        self._call_once(self._call(function, at, {results[0]: name}), {})
        return name

    def number(self, of, at, name):
        """A number that sentences read by `name`."""
        self.numbers[self._new(name or name_of(of))] = (*self._resolved(of), at)

    def read(self, names):
        """Compute the numbers among `names`, and what the figure's own arrays need, at the controls' values."""
        for name, (function, part, at) in self.numbers.items():
            if name in names:
                self.outputs[name] = Array("f64", 1)
                self._call_once(self._call(function, at, {}), {name: part})
        if self.own is not None and self.given:
            self._call_once(self._call(self.own, {}, {}), {})

    def _call_once(self, call, stored):
        self.calls.setdefault(call, {}).update(stored)

    # ---- names ------------------------------------------------------------------------------------------------------

    @property
    def _held(self):
        return self.outputs | self.work

    @property
    def _names(self):
        return {*self.controls, *self._held}

    def _is_array(self, name):
        return name in self._held or name in self.controls and self.controls[name].argument_type.endswith("[]")

    def _new(self, name):
        taken = self._names | set(self.numbers)
        if name not in taken:
            return name
        return next(f"{name}_{i}" for i in range(2, 1000) if f"{name}_{i}" not in taken)

    def _kernel(self, function):
        return self.kernels.setdefault(id(function), (as_kernel(function), function))[0]

    def _resolved(self, of):
        """The kernel of a mark, and the text of that part of its result which is meant."""
        if callable(of):
            return self._kernel(of), "value"
        if of not in self.numbers:
            raise ValueError(f"figure {self.figure!r}: a mark is of {of!r}; allowed: a function, or what the figure's own"
                             f" function returns, {list(self.returns)}")
        return self.numbers[of][:2]

    def _name_number(self, name, of, at, over):
        """Let sentences read what a mark draws, if it has a name and its coordinates are controls."""
        name = name or (name_of(of) if callable(of) and not at else None)
        if name is not None and all(coordinate in self.controls for coordinate in over):
            self.numbers.setdefault(name, (*self._resolved(of), at))

    # ---- sweeps and calls -------------------------------------------------------------------------------------------

    def _sweep(self, of, at, axes):
        """The sweep of a call, shared by all marks that draw a part of its result."""
        function, _ = self._resolved(of)
        call = self._call(function, at, {axis.over: axis.at for axis in axes})
        same = next((sweep for sweep in self.sweeps if sweep.call == call and sweep.axes == axes), None)
        if same is None:
            still = all(axis.over in self.controls for axis in axes) and self._call(function, at, {})
            same = Sweep(call, axes, still or None, {})
            self.sweeps.append(same)
        return same

    def _along(self, sweep):
        """Name of the array of a sweep's coordinates; sweeps over the same points share it."""
        name = self.coordinates.get(sweep.axes)
        if name is None:
            name = self.coordinates[sweep.axes] = self._new(f"along_{sweep.axes[0].over}")
            self._store(sweep, name, sweep.axes[0].at)
        return name

    def _stored(self, sweep, of, name=None):
        """Name of the array of a part of a sweep's result."""
        _, part = self._resolved(of)
        for known, text in sweep.stored.items():
            if text == part:
                return known
        name = self._new("_".join([name or name_of(of), *(f"over_{axis.over}" for axis in sweep.axes[::-1])]))
        return self._store(sweep, name, part)

    def _store(self, sweep, name, text):
        counts = tuple(axis.count for axis in sweep.axes)
        self.outputs[name] = Array("f64", counts if len(counts) > 1 else counts[0])
        sweep.stored[name] = text
        return name

    def _axis(self, over, points, between, log):
        index = f"i_{over}"
        if isinstance(points, int) and over in self.controls and self.controls[over].argument_type == "i32":
            low, high = max(between[0], self.controls[over].low), min(between[1], self.controls[over].high)
            points = np.unique(np.rint((np.geomspace if log else np.linspace)(low, high, points)).astype(np.int64))
        if isinstance(points, range):
            return Points(over, f"{points.start} + {points.step} * {index}", len(points))
        if not isinstance(points, int):
            values = np.asarray(points)
            values = values if values.dtype.kind in "iu" else values.astype(float)
            return Points(over, f"{self._constant(f'points_of_{over}', values)}[{index}]", values.size)
        low, high = map(float, between)
        if log:
            return Points(over, f"{low!r} * exp({float(log_of(high / low))!r} * {index} / {points - 1})", points)
        return Points(over, f"{low!r} + {high - low!r} * {index} / {points - 1}", points)

    def _constant(self, name, value):
        for known, held in self.constants.items():
            if held is value or isinstance(value, np.ndarray) and np.array_equal(held, value):
                return known
        while name in self.constants or name in self._names:
            name += "_"
        self.constants[name] = value
        return name

    def _call(self, function, at, bound):
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
            if self._is_array(bound.get(p, p)) and p not in fixed:
                if bound.get(p, p) in self._held:
                    cleared.append((text, "clear" if len(self._held[text].shape) == 1 else "clear_table"))
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
            return p, isinstance(self.controls[p], Slider) or self._is_array(p)
        if p in self._held:
            return p, self._held[p].element == "f64"
        raise ValueError(f"figure {self.figure!r}: a function has the parameter {p!r}; allowed: its controls, outputs,"
                         f" scratch, the coordinate of its mark, and names in `at`: {sorted(self._names)}")

    def _fixed(self, p, value):
        """The text of a constant, and whether it enters the format."""
        if callable(value):
            return self._constant(f"{name_of(value)}_kernel", self._kernel(value)), False
        if p in self.controls:
            value = self.controls[p].argument(self.controls[p].check(value))
        if isinstance(value, np.ndarray | list | tuple):
            return self._constant(f"fixed_{p}", np.asarray(value, float)), True
        value = value.item() if isinstance(value, np.generic) else value
        return repr(value), isinstance(value, float)

    def _format(self, parameters):
        """The Format control in which a function with these parameters runs, or None."""
        controls = [name for name, control in self.controls.items()
                    if isinstance(control, Format) and name not in parameters]
        if len(controls) > 1:
            raise ValueError(f"figure {self.figure!r}: a function runs in one of the formats {controls}; allowed: all but"
                             " one are among its parameters")
        return controls[0] if controls and not any(isinstance(self.controls.get(p), Format) for p in parameters) else None

    def _code(self, parameters, at):
        """The text of the code of this format."""
        name = self._format(parameters)
        if name is None:
            return None
        return repr(int(self.controls[name].argument(self.controls[name].check(at[name])))) if name in at else name

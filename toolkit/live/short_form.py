"""The short form of a figure: functions of a coordinate and the controls become one kernel with loops and arrays.

Marks ask a `ShortForm` for curves, tables, rows and numbers; it makes arrays for them and notes which function is
called with what. `entry_source` writes the kernel.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import shown
from toolkit.elementary import log as log_of
from toolkit.live.base import Array, parameters_of
from toolkit.live.calls import Binder, Call, Points
from toolkit.live.marks._mark import name_of
from toolkit.live.plot import Axis

__all__ = ["ShortForm", "Sweep"]

_RESULTS = ("out", "grad")  # parameters of row kernels that they fill


class Sweep(NamedTuple):
    """A call at each point of one axis or two, the slowest first; at the controls' values it is the call `still`."""

    call: Call
    axes: tuple
    still: Call | None
    stored: dict  # name of an array -> text of what it gets


class ShortForm(Binder):
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
    """

    def __init__(self, figure, controls, outputs, work, function, returns):
        super().__init__(figure, controls, outputs, work)
        self.own, self.returns = function, returns
        self.numbers = {name: (function, f"value[{i}]" if len(returns) > 1 else "value", {})
                        for i, name in enumerate(returns)}
        self.given = tuple(outputs)
        self.sweeps, self.calls, self.coordinates = [], {}, {}

    # ---- what plots and marks ask for ---------------------------------------------------------------------------

    def axis(self, given):
        """An axis; the name of a slider makes one."""
        if not isinstance(given, str):
            return given
        control = self.controls.get(given)
        if not hasattr(control, "low") or control.argument_type.endswith("[]"):
            raise ValueError(f"figure {self.figure!r}: an axis is {shown(given)}; allowed: Axis, or the name of a "
                             "Slider or Integer")
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
        function = self.kernel_of(function)
        name = self._new(name or name_of(function))
        parameters = parameters_of(function)
        results = [p for p in parameters if p in _RESULTS and p not in self.names and p not in at]
        if len(results) != 1:
            raise ValueError(f"figure {self.figure!r}: {name_of(function)} has parameters {parameters}; allowed for a"
                             f" row: one of them, and no other name of the figure, is {' or '.join(_RESULTS)}")
        if size is None:
            size = next((len(self.controls[p].default) if p in self.controls else self.held[p].shape[0]
                         for p in parameters if self.is_array(p)), None)
            if size is None:
                raise ValueError(f"figure {self.figure!r}: {name_of(function)} takes no array of the figure; allowed:"
                                 " with size=")
        self.outputs[name] = Array("f64", size)
        self._call_once(self.call(function, at, {results[0]: name}), {})
        return name

    def number(self, of, at, name):
        """A number that sentences read by `name`."""
        self.numbers[self._new(name or name_of(of))] = (*self._resolved(of), at)

    def read(self, names):
        """Compute the numbers among `names`, and what the figure's own arrays need, at the controls' values."""
        for name, (function, part, at) in self.numbers.items():
            if name in names:
                self.outputs[name] = Array("f64", 1)
                self._call_once(self.call(function, at, {}), {name: part})
        if self.own is not None and self.given:
            self._call_once(self.call(self.own, {}, {}), {})

    def _call_once(self, call, stored):
        self.calls.setdefault(call, {}).update(stored)

    # ---- names ------------------------------------------------------------------------------------------------------

    def _new(self, name):
        taken = self.names | set(self.numbers)
        if name not in taken:
            return name
        return next(f"{name}_{i}" for i in range(2, 1000) if f"{name}_{i}" not in taken)

    def _resolved(self, of):
        """The kernel of a mark, and the text of that part of its result which is meant."""
        if callable(of):
            return self.kernel_of(of), "value"
        if of not in self.numbers:
            raise ValueError(f"figure {self.figure!r}: a mark is of {of!r}; allowed: a function, or what the figure's"
                             f" own function returns, {list(self.returns)}")
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
        call = self.call(function, at, {axis.over: axis.at for axis in axes})
        same = next((sweep for sweep in self.sweeps if sweep.call == call and sweep.axes == axes), None)
        if same is None:
            still = all(axis.over in self.controls for axis in axes) and self.call(function, at, {})
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
            return Points(over, f"{self.constant(f'points_of_{over}', values)}[{index}]", values.size)
        low, high = map(float, between)
        if log:
            return Points(over, f"{low!r} * exp({float(log_of(high / low))!r} * {index} / {points - 1})", points)
        return Points(over, f"{low!r} + {high - low!r} * {index} / {points - 1}", points)

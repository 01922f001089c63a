"""A simulation: a live figure with state that runs step by step, in the reader's browser or in JupyterLab."""
from toolkit._core.arguments import shown
from toolkit.live.base import (
    OUTPUT_TYPES,
    Figure,
    arrays,
    as_kernel,
    controls_of,
    note,
    parameters_of,
    plots_of,
    readouts_of,
)
from toolkit.live.numbers import format_number

__all__ = ["Simulation", "live_simulation"]


def live_simulation(init, step, *, name, controls, state, outputs, plot, readouts=(), caption, presets=None, live=(),
                    done=None, count=None, pace=None, poster=0):
    """Make a live figure that plays: `init` fills the state once, `step` moves it on again and again.

    Parameters
    ----------
    init, step : callable
        Plain functions or kernels that return None. Their parameters are names of controls, state and outputs, in any
        order, and each takes only those that it uses. One call of `step` should take a few milliseconds at most:
        a pause is answered between calls.
    name : str
        The figure's name in links, an identifier.
    controls : sequence of controls
        They arrive as in `live_figure`, in both functions with the same values.
    state, outputs : dict
        Name -> size or (rows, columns), of float64, or ("f32" or "i32", size); in the state also "u64". All come in
        zeroed before `init` and are then kept from step to step, outputs too, so that a step may append to a curve.
        Plots and readouts see the outputs, and nothing of the state.
    plot : Plot or sequence of Plot
    readouts : sequence of Readout or str
        Sentences; ``{steps:d}`` is the number of steps so far. Both hosts say "After 600 steps:" before them.
    caption : str
        One sentence: what to do and what to see.
    presets : dict, optional
        Label of a button -> dict of control values; controls that it leaves out take their defaults. A click sets them,
        starts anew and plays.
    live : sequence of str
        Names of controls that may move while it runs. Any other one starts anew from `init` when it moves.
    done : str, optional
        Name of an output that stops the simulation when its first element is not zero.
    count : str, optional
        Name of an output whose first element counts the steps, where a call of `step` makes several of them.
        Without it, calls are counted.
    pace : str or number, optional
        At most so many calls of `step` in a second, or the name of a control that says so and need be no parameter.
        Without it, as fast as it can.
    poster : int
        Calls of `step` before the picture that stands in a page until somebody plays, and in print.

    Returns
    -------
    Simulation
        ``simulation.run(steps, **state)`` runs it natively, with the same bits as in a page.

    Raises
    ------
    ValueError
        When functions, names and sizes do not fit together.

    Examples
    --------
    >>> def init(start, x):
    ...     x[0] = start
    >>> def step(rate, x, path, used):
    ...     x[0] -= rate * 2.0 * x[0]
    ...     if used[0] < path.size:
    ...         path[int(used[0])] = x[0]
    ...         used[0] += 1.0
    >>> descent = live_simulation(
    ...     init, step, name="descent",
    ...     controls=[Slider("start", -1, 1, 1.0, label="start"), Slider("rate", 0, 1.5, 0.1, label="step size")],
    ...     state={"x": 1}, outputs={"path": 100, "used": 1}, live=("rate",), poster=20,
    ...     presets={"Too fast": {"rate": 1.1}},
    ...     plot=Plot((Line("path", length="used"),), x=Axis("step", (0, 100)), y=Axis("x", (-1, 1))),
    ...     caption="Play, and raise the step size until the walk no longer ends at the minimum.")
    >>> descent.run(3, rate=0.25)["path"][:3]
    array([0.5  , 0.25 , 0.125])
    """
    return Simulation(init, step, name, controls, state, outputs, plot, readouts, caption, presets or {}, live, done,
                      count, pace, poster)


class Simulation(Figure):
    """See `live_simulation`. The object displays itself; `run` and `start` run its kernels natively."""

    def __init__(self, init, step, name, controls, state, outputs, plot, readouts, caption, presets, live, done, count,
                 pace, poster):
        if not (isinstance(name, str) and name.isidentifier()):
            raise ValueError(f"name is {shown(name)}; allowed: a Python identifier")
        self.count = count
        outputs, state = arrays("outputs", outputs, OUTPUT_TYPES), arrays("state", state)
        super().__init__(name, controls_of(controls), outputs, state, plots_of(plot), readouts_of(readouts), caption)
        self.init, self.step = as_kernel(init), as_kernel(step)
        self.live, self.done, self.pace, self.poster = tuple(live), done, pace, poster
        self._check_parameters()
        self._check_names("live", self.live, self.controls)
        self._check_names("done", [done] if done else [], self.outputs)
        self._check_names("count", [count] if count else [], self.outputs)
        self._check_names("pace", [pace] if isinstance(pace, str) else [], self.controls)
        if "steps" in [*self.controls, *self.outputs] and count != "steps":
            raise ValueError(f"figure {name!r} has a control or output 'steps'; allowed: only with count='steps', since"
                             " readouts read the number of steps by this name")
        if not (pace is None or isinstance(pace, str) or pace > 0):
            raise ValueError(f"pace is {shown(pace)}; allowed: None, a positive number, or the name of a control")
        if not isinstance(poster, int) or isinstance(poster, bool) or poster < 0:
            raise ValueError(f"poster is {shown(poster)}; allowed: a whole number of calls of step, 0 or more")
        self.presets = {label: self._preset(label, values) for label, values in presets.items()}
        note(self)

    def _check_parameters(self):
        given = [*self.controls, *self.outputs, *self.work]
        used = set()
        for role, function in (("init", self.init), ("step", self.step)):
            parameters = parameters_of(function)
            unknown = [p for p in parameters if p not in given]
            if unknown:
                raise ValueError(f"figure {self.name!r}: {role} has parameters {unknown}; allowed: its controls,"
                                 f" outputs and state: {given}")
            used.update(parameters)
        idle = [name for name in given if name not in used and name != self.pace]
        if idle:
            raise ValueError(f"figure {self.name!r}: neither init nor step has parameters {idle}; allowed: names that"
                             " one of them takes")

    def _check_names(self, argument, names, allowed):
        unknown = [name for name in names if name not in allowed]
        if unknown:
            raise ValueError(f"figure {self.name!r}: {argument} names {unknown}; allowed: {sorted(allowed)}")

    def _preset(self, label, values):
        try:
            return self.state(**values)
        except ValueError as error:
            raise ValueError(f"figure {self.name!r}, preset {label!r}: {error}") from None

    @property
    def shown_names(self):
        return [*super().shown_names, "steps"]

    @property
    def entry_points(self):
        """What a page's WebAssembly module exports for this figure: ``[(name, kernel, argument types)]``."""
        return [(f"{self.name}.{role}", function, self.argument_types(function))
                for role, function in (("init", self.init), ("step", self.step))]

    def start(self, **changes):
        """A `Run` at the default state with `changes`, after `init`."""
        return Run(self, self.state(**changes))

    def run(self, steps, **changes):
        """The outputs by name after `init` and at most `steps` calls of `step`, fewer where `done` stops it."""
        run = self.start(**changes)
        run.advance(steps)
        return run.outputs

    def values(self, **changes):
        """What slots and sentences read at the poster, at the default state with `changes`."""
        run = self.start(**changes)
        run.advance(self.poster)
        return run.values()

    def sentence(self, values):
        """The readout in words for `values`, with the number of steps before it."""
        steps = values["steps"][0]
        when = "Before the first step" if steps == 0 else f"After {counted(steps)}"
        said = super().sentence(values)
        return f"{when}: {said}" if said else f"{when}."


def counted(steps):
    """The number of steps in words, as simulation.js says it."""
    return f"{format_number(steps, 'd')} step{'s' * (steps != 1)}"


class Run:
    """One run of a simulation, natively: its state, its outputs and how far it is.

    Attributes
    ----------
    outputs : dict, name -> array; they are written to by `advance`
    arrays : dict, name -> array: outputs and the simulation's state
    calls : int, how often `step` was called
    """

    def __init__(self, simulation, state):
        self.simulation, self.state, self.calls = simulation, state, 0
        self._arguments = simulation.arguments(state)
        self.outputs = {name: self._arguments[name] for name in simulation.outputs}
        self.arrays = self.outputs | {name: self._arguments[name] for name in simulation.work}
        simulation.call(simulation.init, self._of(simulation.init))
        self._step_arguments = self._of(simulation.step)

    def _of(self, function):
        return [self._arguments[p] for p in parameters_of(function)]

    @property
    def steps(self):
        """Steps so far, as the simulation counts them."""
        count = self.simulation.count
        return float(self.outputs[count][0]) if count else self.calls

    @property
    def done(self):
        name = self.simulation.done
        return name is not None and bool(self.outputs[name][0] != 0)

    def advance(self, calls=1):
        """Call `step` `calls` times, or until it is done."""
        for _ in range(calls):
            if self.done:
                return
            self.simulation.call(self.simulation.step, self._step_arguments)
            self.calls += 1

    def move(self, **changes):
        """New values of live controls, for all further steps."""
        wrong = sorted(set(changes) - set(self.simulation.live))
        if wrong:
            raise ValueError(f"{wrong} cannot move while it runs; allowed: the live controls {self.simulation.live}")
        controls = self.simulation.controls
        checked = {name: controls[name].check(value) for name, value in changes.items()}
        self.state = self.state | checked
        self._arguments |= {name: controls[name].argument(value) for name, value in checked.items()}
        self._step_arguments = self._of(self.simulation.step)

    def values(self):
        """What slots and sentences read now; arrays are copies."""
        computed = {name: array.copy() for name, array in self.outputs.items()}
        return self.simulation.shown(self.state, computed | {"steps": [self.steps]})

"""Methods that go on step by step: optimizers, Sinkhorn's sweeps, mirror descent, consensus."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit.catalog._export import Export
from toolkit.catalog._kernels import one_step
from toolkit.catalog._on_example import OnExample
from toolkit.live import Axis, Line, Plot, Readout, live_simulation

__all__ = ["Iteration"]


@dataclass(frozen=True, kw_only=True)
class Iteration(OnExample):
    """A rule that is applied again and again, by kernels on one array of numbers, its state in an example.

    Attributes
    ----------
    init : kernel
        ``(state)``, which comes in zeroed.
    step : kernel
        ``(knob, state)``.
    measure : kernel
        ``(state) -> number``: what should fall.
    size : int
        How many numbers the state has.
    axis : Axis
        Of what falls.
    steps : int
        How many the figure shows.
    """

    init: Callable
    step: Callable
    measure: Callable
    size: int
    axis: Axis
    steps: int = 200

    def exports(self):
        return {"step": Export(one_step, self.step, ("vector",), ("vector",), (float(self.knob[3]),), self.size)}

    def run(self, steps, knob=None):
        """What should fall, before the first and after each step of the example."""
        state, found = np.zeros(self.size), []
        self.init(state)
        for _ in range(steps):
            found.append(float(self.measure(state)))
            self.step(self.knob[3] if knob is None else knob, state)
        return np.array([*found, float(self.measure(state))])

    def figure(self):
        """A simulation: what should fall, over the steps."""
        start, move, measure = self.init, self.step, self.measure

        def init(state, path, used, now):
            start(state)
            path[0] = now[0] = measure(state)
            used[0] = 1.0

        def step(knob, state, path, used, now, done):
            move(knob, state)
            path[int(used[0])] = now[0] = measure(state)
            used[0] += 1.0
            done[0] = used[0] == path.size

        return live_simulation(
            init, step, name=self.name, controls=[self.slider("log")],
            state={"state": self.size}, outputs={"path": self.steps + 1, "used": 1, "now": 1, "done": 1},
            live=("knob",), done="done", poster=self.steps // 2,
            plot=Plot((Line("path", length="used"),), x=Axis("step", (0, self.steps)), y=self.axis, height=300),
            readouts=[Readout(f"With {{knob}} for the {self.knob[0]} the {self.axis.title} is {{now:3g}}.",
                              when="now < inf"),
                      Readout(f"With {{knob}} for the {self.knob[0]} the steps run away.", unless="now < inf")],
            caption=f"{self.title}: press Play, and move the slider while it runs.")

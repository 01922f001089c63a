"""Accuracy and collapse in a notebook, drawn while a network trains."""
import sys
import time

from IPython.display import display

from toolkit.live.hosts.plotly import LivePlot
from toolkit.live.marks import Line
from toolkit.live.plot import Axis, Plot

__all__ = ["TrainingPlot"]

_SECONDS_BETWEEN = 0.3
_SHOWN = {"train_accuracy": ("training rows right", "train"), "test_accuracy": ("test rows right", "test"),
          "collapsed": ("rows collapsed", "naive")}


class TrainingPlot:
    """A plot below the cell, from step 0 to `steps`.

    Raises
    ------
    ValueError
        Outside a notebook.
    """

    def __init__(self, steps):
        shell = sys.modules.get("IPython")
        shell = shell and shell.get_ipython()
        if getattr(shell, "kernel", None) is None:
            raise ValueError("plot is True; allowed only in a notebook, since there is no place to draw elsewhere")
        traces = tuple(Line(name, x="step", label=label, role=role) for name, (label, role) in _SHOWN.items())
        self._plot = LivePlot(Plot(traces, x=Axis("step", (0, steps)), y=Axis("share", (0, 1))),
                              {name: [] for name in ("step", *_SHOWN)})
        self._drawn = 0.0
        display(self._plot)

    def draw(self, log, now=False):
        """Draw a `Log`, unless it was drawn just before."""
        if now or time.monotonic() - self._drawn >= _SECONDS_BETWEEN:
            self._plot.show_values({"step": log.steps} | {name: log.measures[name] for name in _SHOWN})
            self._drawn = time.monotonic()

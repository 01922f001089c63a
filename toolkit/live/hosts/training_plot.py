"""Accuracy and collapse in a notebook, drawn while a network trains; what stays in the notebook is the last picture."""
import sys
import time
from uuid import uuid4

from IPython.display import display

from toolkit.live.hosts.cells import keep, widgets_apart
from toolkit.live.hosts.output import Mount, picture_svg, place_html
from toolkit.live.hosts.plotly import LivePlot
from toolkit.live.marks import Line
from toolkit.live.plot import Axis, Plot

__all__ = ["TrainingPlot"]

_SECONDS_BETWEEN = 0.3
_SHOWN = {"train_accuracy": ("training rows right", "train"), "test_accuracy": ("test rows right", "test"),
          "collapsed": ("rows collapsed", "naive")}
_CAPTION = "Shares of rows that are right and that have collapsed, over the steps of training."


class TrainingPlot:
    """A plot below the cell, from step 0 to `steps`.

    Raises
    ------
    ValueError
        Outside a notebook.
    """

    figure = None  # there is none that a later cell could define anew

    def __init__(self, steps):
        shell = sys.modules.get("IPython")
        shell = shell and shell.get_ipython()
        if getattr(shell, "kernel", None) is None:
            raise ValueError("plot is True; allowed only in a notebook, since there is no place to draw elsewhere")
        traces = tuple(Line(name, x="step", label=label, role=role) for name, (label, role) in _SHOWN.items())
        self._described = Plot(traces, x=Axis("step", (0, steps)), y=Axis("share", (0, 1)))
        self._key, self._drawn, nothing = uuid4().hex[:12], 0.0, {name: [] for name in ("step", *_SHOWN)}
        with widgets_apart() as self._widgets:
            self._plot = LivePlot(self._described, nothing)
            Mount(key=self._key, box=self._plot)
        keep(self)
        display(self._bundle(nothing), raw=True, display_id=self._key)

    def _bundle(self, values):
        picture = picture_svg([self._described], values)
        return {"text/html": place_html(self._key, picture, "", _CAPTION), "image/svg+xml": picture,
                "text/plain": "<accuracy and collapse while a network trains>"}

    def close(self):
        for widget in self._widgets:
            if not getattr(widget, "is_shared", False):
                widget.close()

    def draw(self, log, now=False):
        """Draw a `Log`, unless it was drawn just before; `now` is the last time."""
        if not now and time.monotonic() - self._drawn < _SECONDS_BETWEEN:
            return
        values = {"step": log.steps} | {name: log.measures[name] for name in _SHOWN}
        with widgets_apart():  # nothing of it is kept in the notebook
            self._plot.show_values(values)
        if now:
            display(self._bundle(values), raw=True, display_id=self._key, update=True)
        self._drawn = time.monotonic()

"""A curve: a function as one of its parameters runs along the x axis."""
from dataclasses import KW_ONLY, dataclass
from types import NoneType

import numpy as np

from toolkit._core.arguments import shown
from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role, name_of, not_computed
from toolkit.live.marks.line import Line
from toolkit.live.style import ROLES

__all__ = ["Curve"]


@dataclass(frozen=True)
class Curve(Mark):
    """A line that the library computes: ``Curve("loss")``, ``Curve(loss, over="gap")``.

    Parameters
    ----------
    of : str or callable
        A number that the figure's function returns, by name, or a function of its own whose parameters are names of the
        figure (controls, outputs, scratch) or in `at`.
    over : str, optional
        The parameter that runs along the x axis: a control, which gives its place to it, or another parameter. By
        default that of the axis.
    at : dict, optional
        Parameter -> what it is instead of the control of this name (``{"fmt": "float64"}``, ``{"tau": 1.0}``), or a
        constant or a kernel for a parameter that is no control.
    points : int or sequence of numbers
        How many, evenly spaced on the axis (in the logarithm on a log axis), or which; by default as many as the plot
        says.
    between : (first, last), optional
        Where they lie; by default the range of the x axis.
    x : str, optional
        Another number that the function returns: the line goes through (x, of) as `over` runs `between`.
    name : str, optional
        What sentences and other marks read as the number at the controls' values. By default the name of `of`, if `at`
        changes nothing.
    label, role : str, optional
        By default the name, or that of `of`, and the role of this name if there is one.
    """

    of: object
    _: KW_ONLY
    over: str | None = None
    at: dict | None = None
    points: object = None
    between: tuple | None = None
    x: str | None = None
    name: str | None = None
    label: str | None = None
    role: str | None = None

    def __post_init__(self):
        check_fields(self)
        if not (isinstance(self.of, str) or callable(self.of)):
            raise TypeError(f"of is {shown(self.of)}; allowed: the name of a number, or a function")
        if not isinstance(self.points, (NoneType, int, np.integer, tuple, list, np.ndarray, range)):
            raise TypeError(f"points is {shown(self.points)}; allowed: how many, or a sequence of numbers")
        if self.role is not None:
            check_role(self.role)

    def plain(self, maker, plot):
        if self.x is not None and self.between is None:
            raise ValueError(f"curve of {self.of!r} has x={self.x!r} and no between; allowed: both or none")
        over = self.over or plot.x.over
        if over is None:
            raise ValueError(f"curve of {self.of!r} has no over; allowed: a parameter, here or in the x axis")
        points = plot.points if self.points is None else self.points
        log = plot.x.scale == "log" and self.between is None
        y, x = maker.curve(self.of, over, self.at or {}, points, self.between or plot.x.range, log, self.x, self.name)
        name = self.name or name_of(self.of)
        label = name.replace("_", " ") if self.label is None else self.label
        return Line(y, x, label=label, role=self.role or (name if name in ROLES else "first"))

    def fitted(self, outputs):
        raise not_computed(self)

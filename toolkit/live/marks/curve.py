"""A curve: a function as one of its parameters runs along the x axis."""
from dataclasses import KW_ONLY, dataclass

from toolkit.live.marks._mark import Mark, check_role, not_computed
from toolkit.live.marks.line import Line

__all__ = ["Curve"]


@dataclass(frozen=True)
class Curve(Mark):
    """A line that the library computes: ``Curve("loss", over="gap")``, ``Curve(loss, over="gap")``.

    Parameters
    ----------
    of : str or callable
        A number that the figure's function returns, by name, or a function of its own whose parameters are names of the
        figure (controls, outputs, scratch) or in `at`.
    over : str
        The parameter that runs along the x axis: a control, which gives its place to it, or another parameter.
    at : dict, optional
        Parameter -> what it is instead of the control of this name (``{"fmt": "float64"}``, ``{"tau": 1.0}``), or a
        constant or a kernel for a parameter that is no control.
    points : int or sequence of numbers
        How many, evenly spaced on the axis (in the logarithm on a log axis), or which.
    between : (first, last), optional
        Where they lie; by default the range of the x axis.
    x : str, optional
        Another number that the function returns: the line goes through (x, of) as `over` runs `between`.
    name : str, optional
        What sentences and other marks read as the number at the controls' values. By default the name of `of`, if `at`
        changes nothing.
    """

    of: object
    _: KW_ONLY
    over: str
    at: dict | None = None
    points: object = 121
    between: tuple | None = None
    x: str | None = None
    name: str | None = None
    label: str = ""
    role: str = "first"

    def __post_init__(self):
        check_role(self.role)

    def plain(self, maker, plot):
        if self.x is not None and self.between is None:
            raise ValueError(f"curve of {self.of!r} has x={self.x!r} and no between; allowed: both or none")
        log = plot.x.scale == "log" and self.between is None
        x, y = maker.curve(self.of, self.over, self.at or {}, self.points, self.between or plot.x.range, log, self.x,
                           self.name)
        return Line(y, x, label=self.label, role=self.role)

    def fitted(self, outputs):
        raise not_computed(self)

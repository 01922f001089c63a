"""Methods that turn a row into a number."""
from dataclasses import dataclass

import numpy as np

from toolkit._core import loops
from toolkit.catalog._kernels import number_of_parts, number_of_row, pull_rows
from toolkit.catalog._of_rows import POINTS, OfRows, line_figure, room_for
from toolkit.live import Axis

__all__ = ["Scalar"]


@dataclass(frozen=True, kw_only=True)
class Scalar(OfRows):
    """A number of each row, ``function(z) -> (...)``, by kernels ``(z, *numbers) -> number``.

    Attributes
    ----------
    of_one : float
        The number of a single class with logit 1/2.
    """

    of_one: float = 0.5

    filled = ("number",)
    pulled_loop, upstream = staticmethod(pull_rows), "number"

    def loop_over(self, read):
        """The loop over so many rows."""
        return (loops.reduce_rows, loops.reduce_row_pairs)[len(read) - 1]

    def figure(self):
        if self.domain[0] < 0:
            values = self.of_rows(self.rows_along(np.linspace(*self.plot_range, POINTS)))
            return line_figure(self, number_of_row, Axis("value", room_for(values)))
        moved = "first part", "p₁", "first part p₁, beside p₂ = 1/2 and p₃ = 1/4"
        return line_figure(self, number_of_parts, Axis("value", self.plot_range), moved)

    def of_one_class(self, result):
        """Whether this may be the result of one class with logit 1/2."""
        return result == self.of_one

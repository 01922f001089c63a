"""Methods that turn a row into a row."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from toolkit._core import loops
from toolkit.catalog._kernels import first_bin, first_entry, minus_first_entry
from toolkit.catalog._of_rows import OfRows, line_figure
from toolkit.live import Axis
from toolkit.losses.targets import target_rows

__all__ = ["ENTRIES", "LOGS", "PROBABILITIES", "WEIGHTS", "Result", "RowMap", "RowOfNumber"]

_EPS = np.finfo(np.float64).eps
TINY = 1e-20  # lower end of logarithmic axes


class Result(NamedTuple):
    """What a row becomes.

    Attributes
    ----------
    masked : float
        What a masked class has.
    of_one : float or None
        Of a single class, where that is always the same.
    sums : (low, high) or None
        Between which the sum of `mass` of a row lies.
    mass : callable
        From results to numbers from 0 to 1.
    seen : kernel
        ``(of, row, numbers, out) -> number``: what the figure shows.
    axis : callable
        ``axis(low, high)``: on what, for a plot range.
    """

    masked: float
    of_one: float | None
    sums: tuple | None
    mass: Callable
    seen: Callable
    axis: Callable


PROBABILITIES = Result(0.0, 1.0, (1, 1), np.asarray, first_entry,
                       lambda low, high: Axis("first probability p₁", (0, 1)))
WEIGHTS = Result(0.0, None, (0, 1), np.asarray, first_entry, lambda low, high: Axis("first weight p₁", (0, 1)))
LOGS = Result(-np.inf, 0.0, (1, 1), np.exp, minus_first_entry,
              lambda low, high: Axis("−log p₁", (TINY, 1e3), scale="log"))
ENTRIES = Result(0.0, None, None, np.asarray, first_entry, lambda low, high: Axis("first result", (low, high)))


@dataclass(frozen=True, kw_only=True)
class RowMap(OfRows):
    """A map from rows to rows, ``function(z) -> (..., K)``, by kernels ``(z, *numbers, out)``.

    Attributes
    ----------
    result : Result
    """

    result: Result = PROBABILITIES

    pulled_loop = staticmethod(loops.map_row_pairs)

    def loop_over(self, read):
        """The loop over so many rows."""
        return (loops.map_rows, loops.map_row_pairs, loops.map_row_triples)[len(read) - 1]

    def figure(self):
        return line_figure(self, self.result.seen, self.result.axis(*self.plot_range))

    def flaws(self, z, result):
        yield from super().flaws(z, result)
        if self.result.sums is not None:
            p, (low, high) = self.result.mass(result), self.result.sums
            slack = 8 * z.shape[1] * _EPS
            if not ((p >= 0) & (p <= 1 + _EPS)).all():
                yield "it is not between 0 and 1"
            if not ((p.sum(axis=1) >= low * (1 - slack)) & (p.sum(axis=1) <= high * (1 + slack))).all():
                yield f"its sums are {p.sum(axis=1)}"

    def of_one_class(self, result):
        """Whether this may be the result of one class with logit 1/2."""
        return 0 < result <= 1 if self.result.of_one is None else result == self.result.of_one


@dataclass(frozen=True, kw_only=True)
class RowOfNumber(RowMap):
    """A row from each number, ``function(values) -> (..., K)``, by kernels ``(value, *numbers, out)``."""

    read = ("number",)

    def loop_over(self, read):
        """The loop over so many rows."""
        return target_rows

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        return np.random.default_rng(seed).uniform(*self.plot_range, rows).astype(dtype),

    def rows_along(self, points):
        return points

    def figure(self):
        return line_figure(self, first_bin, Axis("first probability p₁", (0, 1)), ("value", "v", "value v"))

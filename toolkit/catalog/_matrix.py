"""Methods that give a matrix: plans, couplings, weights of attention."""
from dataclasses import dataclass

from toolkit._core.kernel import kernel
from toolkit.catalog._export import Export
from toolkit.catalog._kernels import fill_matrix
from toolkit.catalog._method import forms
from toolkit.catalog._on_example import OnExample
from toolkit.live import Axis, HeatMap, Plot, live_figure

__all__ = ["Matrix"]


def filled_by(fill, **kernels):
    """`forms` of which each fills the example as ``fill(of, knob, work, cells)`` does with its kernel."""
    def with_kernel(of):
        def cells_of(knob, work, cells):
            fill(of, knob, work, cells)

        return kernel(cells_of)

    return forms(**{name: with_kernel(of) for name, of in kernels.items()})


@dataclass(frozen=True, kw_only=True)
class Matrix(OnExample):
    """A matrix, by kernels ``(knob, *numbers, work, cells)`` that fill an example of it, row by row.

    Attributes
    ----------
    side, work : int
        Rows, which are as many as the columns, and how many numbers the kernels work in.
    entry, high : str, float
        What an entry is, and from which one on cells are darkest.
    """

    side: int = 12
    work: int = 1
    entry: str = "entry"
    high: float = 1.0

    def exports(self):
        return {v.name: Export(fill_matrix, v.kernel, ("number",), ("vector", "vector"), self.numbers,
                               max(self.side**2, self.work), self.knob[1:3]) for v in self.variants}

    def figure(self):
        """A heat map of the matrix."""
        of, numbers = self.default.kernel, self.numbers

        def draw(knob, cells, work):
            of(*((knob,) + numbers + (work, cells)))

        draw.__name__, n = self.name, self.side
        return live_figure(
            controls=[self.slider("log")],
            outputs={"cells": n * n}, scratch={"work": self.work},
            plot=Plot((HeatMap("cells", n, n, label=self.entry, high=self.high),), height=340,
                      x=Axis("column j", (-0.5, n - 0.5)), y=Axis("row i", (-0.5, n - 0.5))),
            readouts=[f"With {{knob}} for the {self.knob[0]} the largest entry is {{max(cells):3g}}."],
            caption=f"{self.title}: move the slider and watch the entries.",
        )(draw)

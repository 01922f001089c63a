"""Losses of a row and its label, whose kernels fill the gradient too."""
import inspect
from dataclasses import dataclass

import numpy as np

from toolkit._core.arguments import shown
from toolkit.catalog._kernels import loss_of_row, loss_rows
from toolkit.catalog._of_rows import OfRows, line_figure
from toolkit.catalog._row_map import TINY
from toolkit.live import Axis

__all__ = ["Loss"]


def scaled(gradient, axes, g):
    """The gradient of a loss times g, which has one number for each row or is one for all."""
    if np.ndim(g) == 0 and g == 1:
        return gradient
    rows = tuple(size for axis, size in enumerate(gradient.shape) if axis not in np.atleast_1d(axes) % gradient.ndim)
    if np.ndim(g) == 0:
        return gradient * g
    if np.shape(g) != rows:
        raise ValueError(f"g has shape {np.shape(g)}; allowed: one number, or one for each row, {rows}")
    return gradient * np.expand_dims(g, axes)


@dataclass(frozen=True, kw_only=True)
class Loss(OfRows):
    """A loss, ``function(logits, labels) -> ()``, by kernels ``(z, y, *numbers, grad) -> loss``.

    The function has an attribute `value_and_gradient` with the same arguments, which gives both from one pass.
    """

    promises = OfRows.promises | {"nonnegative", "certain", "margin"}
    read, filled = ("row", "label"), ("row", "number")

    def loop_over(self, read):
        """The loop over so many rows."""
        return loss_rows

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        return *super().example(rows, classes, dtype, seed), np.arange(rows) % classes

    def for_labels(self, labels):
        return {"labels": labels}

    def of_rows(self, z, variant=None, labels=None, **options):
        labels = np.arange(len(z)) % z.shape[-1] if labels is None else labels
        return self(*self.completed((z,)), labels, variant=variant, reduction="none", **options)

    def pulled(self, z, g, labels=None, **options):
        labels = np.arange(len(z)) % z.shape[-1] if labels is None else labels
        options = dict(self.parameters) | {"reduction": "none"} | options
        return self.vjp((*self.completed((z,)), labels), options)[1](g)

    def figure(self):
        axis = Axis("loss of class 1", (TINY, 1e3), scale="log")
        if "nonnegative" not in self.holds:
            axis = Axis("loss of class 1", (-2.0, -self.plot_range[0]))
        return line_figure(self, loss_of_row, axis)

    def vjp(self, arguments, options, of=None):
        value, gradient = self.function.value_and_gradient(*arguments, **options)
        if of is not None or isinstance(gradient, tuple):
            gradient = self._gradient_of(of, gradient if isinstance(gradient, tuple) else (gradient,))
        axes = options.get("axis", -1)
        axes = tuple(range(gradient.ndim)) if axes is None else axes
        return value, lambda g: scaled(gradient, axes, g)

    def _gradient_of(self, name, gradients):
        """That of the named argument among those of the first few, or of the first."""
        found = dict(zip(inspect.signature(self.function).parameters, gradients))
        if name not in (None, *found):
            raise ValueError(f"of is {shown(name)}; allowed for {self.function.__name__}: "
                             f"{', '.join(map(repr, found))}")
        return gradients[0] if name is None else found[name]

    def flaws(self, z, result):
        yield from super().flaws(z, result)
        if "nonnegative" in self.holds and (result < 0).any():
            yield "it is below 0"

    def of_one_class(self, result):
        """Whether this may be the result of one class with logit 1/2."""
        return "certain" not in self.holds or result == 0

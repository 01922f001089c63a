"""What kinds share whose figure shows one example, which a slider changes."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit.catalog._method import Method
from toolkit.live import Slider

__all__ = ["OnExample"]


@dataclass(frozen=True, kw_only=True)
class OnExample(Method):
    """A method whose kernels fill an example of their own, as a number says.

    Attributes
    ----------
    given : callable
        ``given(rng, rows, columns) -> tuple``: arguments of the function.
    knob : (name, low, high, start)
        The number that the figure's slider moves.
    """

    given: Callable
    knob: tuple

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        classes = max(classes, 2)
        return self.given(np.random.default_rng(seed), max(rows, classes), classes)

    def slider(self, scale="linear"):
        """The figure's control."""
        label, low, high, start = self.knob
        return Slider("knob", low, high, start, label=label, scale=scale)

"""Methods that choose a set: suppression of boxes, top-k sets, conformal sets."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit._core import loops
from toolkit.catalog._export import Export
from toolkit.catalog._method import Method
from toolkit.live import Axis, Bars, Plot, Readout, Slider, live_figure

__all__ = ["Set"]


@dataclass(frozen=True, kw_only=True)
class Set(Method):
    """Members chosen among candidates, by kernels ``(scores, *numbers, chosen)`` that mark each with 1 or 0.

    Attributes
    ----------
    given : callable
        ``given(scores) -> tuple``: arguments of the function for rows of scores.
    scores : tuple of float
        Of the candidates in the figure, whose slider moves the first one over the plot range.
    """

    given: Callable
    scores: tuple

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        return self.given(np.random.default_rng(seed).normal(size=(rows, classes)).astype(dtype))

    def exports(self):
        return {v.name: Export(loops.map_rows, v.kernel, ("row",), ("row",), self.numbers) for v in self.variants}

    def figure(self):
        """Bars of the scores, and of those that were chosen."""
        of, numbers, scores, (low, high) = self.default.kernel, self.numbers, self.scores, self.plot_range

        def draw(first, score, inside, chosen):
            for i in range(score.size):
                score[i] = first if i == 0 else scores[i]
            of(*((score,) + numbers + (chosen,)))
            for i in range(score.size):
                inside[i] = score[i] * chosen[i]

        draw.__name__, count = self.name, len(scores)
        return live_figure(
            controls=[Slider("first", low, high, scores[0], label="first score")],
            outputs={"score": count, "inside": count, "chosen": count},
            plot=Plot((Bars("score", label="score", role="muted"), Bars("inside", label="chosen", role="first")),
                      x=Axis("candidate", (0.4, count + 0.6)), y=Axis("score", (min(low, 0.0), high)), height=300),
            readouts=[Readout(f"Chosen: {{sum(chosen):d}} of {count} candidates, {words}.", when=f"chosen {sign} 0")
                      for words, sign in (("the first one among them", ">"), ("the first one not", "=="))],
            caption=f"{self.title}: move the first score and watch what is chosen.",
        )(draw)

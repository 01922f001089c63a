"""Methods that choose among boxes in a plane."""
from dataclasses import dataclass

import numpy as np

from toolkit.catalog._export import Export
from toolkit.catalog._kernels import suppress_boxes
from toolkit.catalog._method import Method
from toolkit.live import Axis, Boxes, Plot, Slider, live_figure

__all__ = ["BoxSet"]

# The figure's boxes: middle across, up, score; sliders move the first.
_BOXES = ((48.0, 48.0, 0.8), (35.0, 45.0, 0.9), (75.0, 50.0, 0.7), (45.0, 80.0, 0.6))
_SIDE = 30.0


@dataclass(frozen=True, kw_only=True)
class BoxSet(Method):
    """Boxes with scores, ``function(boxes, scores)``, by kernels ``(boxes, scores, *numbers, left, rank)``.

    A kernel takes an array (N, 4) of ``x1, y1, x2, y2`` and N scores. It fills `left` with what is left of the scores,
    and `rank` with 0 for the box that was chosen first, 1 for the next ... and -1 for those that are not.
    """

    def example(self, rows=1, classes=3, dtype=np.float64, seed=0):
        rng, count = np.random.default_rng(seed), max(rows, classes)
        low = rng.uniform(0, 2, (count, 2))
        return (np.concatenate([low, low + rng.uniform(1, 2, (count, 2))], axis=1).astype(dtype),
                rng.uniform(0.1, 1, count).astype(dtype))

    def exports(self):
        return {v.name: Export(suppress_boxes, v.kernel, ("matrix", "vector"), ("vector", "vector"), self.numbers, 4)
                for v in self.variants}

    def warm(self, dtype):
        """Compile what the public function runs on this dtype, and its gradient."""
        boxes, scores = self.example(dtype=dtype)
        _, pull = self.vjp((boxes, scores), dict(self.parameters))
        pull(np.ones_like(scores))

    def figure(self):
        """The boxes before and after: what is left of each score."""
        of, numbers = self.default.kernel, self.numbers

        def draw(across, up, boxes, before, left, rank, found):
            for i in range(before.size):
                x, y, score = _BOXES[i]
                if i == 0:
                    x, y = across, up
                boxes[i, 0], boxes[i, 1] = x - _SIDE / 2, y - _SIDE / 2
                boxes[i, 2], boxes[i, 3] = x + _SIDE / 2, y + _SIDE / 2
                before[i] = score
            of(*((boxes, before) + numbers + (left, rank)))
            for i in range(before.size):
                found[0] += 1.0 if rank[i] >= 0.0 else 0.0

        draw.__name__, count, (across, up, _) = self.name, len(_BOXES), _BOXES[0]
        return live_figure(
            controls=[Slider("across", 15, 85, across, label="box A across"),
                      Slider("up", 15, 85, up, label="box A up")],
            outputs={"boxes": (count, 4), "before": count, "left": count, "rank": count, "found": 1},
            plot=Plot((Boxes("boxes", value="left", texts=("A", "B", "C", "D"), drag=("across", "up"), role="stable"),),
                      x=Axis("x", (0, 100)), y=Axis("y", (0, 100)), height=420),
            readouts=["{found:d} of 4 boxes are kept; their scores, 3 in all, now sum to {sum(left):3g}."],
            caption=f"{self.title}: move box A over the others, and watch what is left of the scores.",
        )(draw)

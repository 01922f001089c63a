"""Exercises of the chapter *Sparse maps to the simplex*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to
from toolkit.softmax import sparsemax

__all__ = ["EXERCISES"]

def _sorted(z):
    ordered = np.sort(z)[::-1]
    taus = (np.cumsum(ordered) - 1) / np.arange(1, z.size + 1).astype(z.dtype)
    return np.maximum(z - taus[ordered > taus][-1], 0)


def _shifted(z):
    return _sorted(z - z.max())


def _judge_map(nearest):
    if not callable(nearest):
        return f"expected a function nearest(z), got {nearest!r}"
    for row in ([1, 0.8, 0.1, -0.5], [3], [2, 2, 2], [1e6, 1e6 - 0.3125, 1e6 - 0.4375], [0, -np.inf, -0.5]):
        z = np.array(row, np.float32)
        p, expected = np.asarray(nearest(z.copy())), sparsemax(z.astype(np.float64))
        if p.shape != z.shape or not np.allclose(p, expected, atol=1e-6):
            return f"for z = {row} sparsemax is {expected.round(6)}, yours is {p}"
    return None


def _judge_slope(answer):
    slope = np.asarray(answer, float)
    if slope.shape != (4,):
        return f"expected four numbers, got {answer!r}"
    if np.allclose(slope, [0.5, -0.5, 0, 0], atol=1e-6):
        return None
    if slope[2:].any():
        return "who is out has no gradient: its probability stays 0 when logits move a little"
    return "on the support the gradient is g less the mean of g there, with g = (1, 0, 0, 0)"


EXERCISES = {
    "sparse.gap": Exercise(
        solution=4.0,
        judge=close_to(4.0, 1e-6, (0.25, "that is α − 1; the gap is its inverse"),
                       (1.0, "that is sparsemax, α = 2"),
                       otherwise="the map is exactly 0 from a gap of 1 / (α − 1) on"),
        wrong=(0.25, 1.0, 2.0, -4.0),
        praise="1 / (α − 1): the closer to softmax, the longer somebody behind keeps a part.",
    ),
    "sparse.half": Exercise(
        solution=1.3807626,
        judge=close_to(1.3807626, 3e-4, (2.0, "at α = 2 the first probability is 0.6"),
                       (1.3807626, "very near; bisect for some more digits"),
                       otherwise="bisect between α = 1, where it is below one half, and α = 2"),
        wrong=(1.5, 2.0, 1.25, 1.39),
        praise="more α, more for the first; the gradient of alpha_entmax in α is the slope of that.",
    ),
    "sparse.write": Exercise(
        solution=_shifted,
        judge=_judge_map,
        wrong=(_sorted, lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(), 0.5),
        praise="the map does not mind an offset, so the code may choose the one that loses no digits.",
    ),
    "sparse.slope": Exercise(
        solution=[0.5, -0.5, 0.0, 0.0],
        judge=_judge_slope,
        wrong=([0.24, -0.24, 0, 0], [0.75, -0.25, -0.25, -0.25], [1, 0, 0, 0], [0.5, -0.5]),
        praise="half of what the one gains, the other loses; whoever is out neither gains nor loses.",
    ),
}

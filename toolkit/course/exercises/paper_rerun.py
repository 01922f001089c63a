"""Exercises of the chapter *The paper, re-run*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

_UNDERFLOW = 25 * math.log(2) - math.log(8938)


def _gradient(z, y):
    """Gradient of the mean cross-entropy in the complement form, in the dtype of z."""
    rows = np.arange(len(y))
    e = np.exp(z - z.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[rows, y] = 0
    g[rows, y] = -g.sum(axis=1)
    return g / z.dtype.type(len(y))


def _common(z, y):
    rows = np.arange(len(y))
    e = np.exp(z - z.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[rows, y] -= 1
    return g / z.dtype.type(len(y))


def _summed(z, y):
    return _gradient(z, y) * z.dtype.type(len(y))


def _widened(z, y):
    return _gradient(z.astype(np.float64), y)


def _judge_gradient(gradient):
    if not callable(gradient):
        return f"expected a function gradient(z, y), got {gradient!r}"
    rng = np.random.default_rng(3)
    for scale in (1.0, 30.0):
        z = (scale * rng.standard_normal((50, 113))).astype(np.float32)
        y = z.argmax(axis=1)
        z[np.arange(50), y] += np.float32(20.0)
        y[:10] = rng.integers(113, size=10)
        given = np.asarray(gradient(z.copy(), y.copy()))
        if given.shape != z.shape or given.dtype != np.float32:
            return f"expected float32 of shape {z.shape}, got {given.dtype} of shape {given.shape}"
        truth = _gradient(z.astype(np.float64), y)
        label = np.arange(50), y
        if np.any(given[label][10:] == 0):
            return "the labels of confident rows have a gradient of exactly 0: that is the collapse"
        if not np.allclose(given, truth, rtol=1e-4, atol=1e-37):
            return "compare with the gradient in float64: (p - onehot(y)) / N, one row for each sample"
    return None


# Points of test accuracy that the recordings gain from epoch 2850 to 8000: complement form, common form in float32.
_GAINS = 24.1712, -5.1684
_PARTED = _GAINS[0] - _GAINS[1]

EXERCISES = {
    "rerun.formula": Exercise(
        solution=_PARTED,
        judge=close_to(_PARTED, 3e-3,
                       (30.827, "that is how far apart they end; at epoch 2850 they were not quite equal"),
                       (_GAINS[0], "that is the gain of the complement form; what is that of the common form?"),
                       (_GAINS[0] + _GAINS[1], "the common form loses: mind the sign of its gain"),
                       (_PARTED / 100, "in points, that is in percent"), (-_PARTED, "the other way round"),
                       otherwise="run['test_accuracy'] at run.steps of 2850 and 8000, for both recordings"),
        wrong=(30.827, _GAINS[0], _GAINS[0] + _GAINS[1], _PARTED / 100, -_PARTED),
        praise="29.3 points: same function, format, pairs and seed, so what parts them is rounding alone.",
    ),
    "rerun.epoch": Exercise(
        solution=1260,
        judge=close_to(1260, 1e-3, (7875, "the other way: it was measured more often than the axis says"),
                       (3150, "that is where the plot shows it"),
                       otherwise="the entry at 3150 is number 3150 / 500; one entry was made every 200 epochs"),
        wrong=(7875, 3150, 630, 1000),
        praise="1260. An axis is data, too.",
    ),
    "rerun.pace": Exercise(
        solution=1e-10 / (1e-10 + 1e-8),
        judge=close_to(1e-10 / (1e-10 + 1e-8), 0.02,
                       (1.0, "that is what Adam was asked for; 1e-8 is not small beside 1e-10"),
                       (1e-15, "that is the smallest gradient that the flag would have let through"),
                       otherwise="with a constant gradient a step is lr · g / (|g| + ε)"),
        wrong=(1.0, 100, 1e-15, 0.5),
        praise="one percent: a flag that never arrived decides whether such gradients count.",
    ),
    "rerun.underflow": Exercise(
        solution=_UNDERFLOW,
        judge=close_to(_UNDERFLOW, 4e-3,
                       (25 * math.log(2), "that is for one row; the mean divides by 8938"),
                       (24 * math.log(2) - math.log(8938), "half of the smallest number, 2^-24, still rounds up to it"),
                       (11 * math.log(2), "that is where 1 + r rounds to 1; here a small number is lost by itself"),
                       otherwise="p_k is about e^-d, and e^-d / N becomes 0 at half of float16's smallest number"),
        wrong=(25 * math.log(2), 24 * math.log(2) - math.log(8938), 11 * math.log(2), 12.3),
        praise="about 8.2, long before the collapse at 12.3: in float16 the mean kills the wrong classes first.",
    ),
    "rerun.gradient": Exercise(
        solution=_gradient,
        judge=_judge_gradient,
        wrong=(_common, _summed, _widened, 3.0),
        praise="no p - 1 anywhere, and no collapse.",
    ),
}

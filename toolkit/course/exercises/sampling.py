"""Exercises of the chapter *Sampling through a softmax*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to
from toolkit.gradients import vjp
from toolkit.softmax import softmax

__all__ = ["EXERCISES"]

_LARGEST = -math.log(-math.log(1 - 2.0**-8))


def _quadratic():
    """Where the squared error of the mean of score functions falls below that of straight-through; best baseline."""
    p = np.exp([0.5, -0.2, 0.1, 1.0])  # by NumPy alone: nothing may compile at import
    p /= p.sum()
    a = np.array([[2, -1, 0, 0.5], [-1, 1, 0.3, 0], [0, 0.3, 3, -1], [0.5, 0, -1, 1.5]])
    b = np.array([0.3, -0.5, 1.0, -0.2])
    values, jacobian = a.diagonal() / 2 + b, np.diag(p) - np.outer(p, p)
    guesses = values[:, None] * (np.eye(4) - p), (a + b) @ jacobian
    score, through = (p @ (g**2).sum(axis=1) - ((p @ g) ** 2).sum() for g in guesses)
    bias = ((p @ guesses[1] - jacobian @ values) ** 2).sum()
    size = p * ((np.eye(4) - p) ** 2).sum(axis=1)
    return tuple(map(float, ((score - through) / bias, score / bias, size @ values / size.sum(), p @ values)))


_DRAWS, _WITHOUT_NOISE, _BASELINE, _MEAN_LOSS = _quadratic()


def _exact(z, values):
    return vjp(softmax, z)[1](values)


def _without_mean(z, values):
    return softmax(z) * np.asarray(values)


def _unshifted(z, values):
    with np.errstate(all="ignore"):
        p = np.exp(z) / np.exp(z).sum()
    return p * (values - p @ values)


def _judge_exact(gradient):
    if not callable(gradient):
        return f"expected a function exact(z, values), got {gradient!r}"
    for z, values in (([0.5, -0.2, 0.1, 1.0], [1.0, 2.0, 0.0, -1.0]), ([0.0, 0.0], [3.0, 3.0]),
                      ([1000.0, 999.0], [0.0, 1.0])):
        z, values = np.array(z), np.array(values)
        expected = vjp(softmax, z)[1](values)
        answer = np.asarray(gradient(z.copy(), values.copy()))
        if answer.shape != z.shape or not np.allclose(answer, expected, atol=1e-12):
            return f"for z = {z} and the losses {values} it is {expected}, yours is {answer}"
    return None


EXERCISES = {
    "sampling.largest": Exercise(
        solution=_LARGEST,
        judge=close_to(_LARGEST, 2e-3, (7.624, "that is float16, with steps of 2^-11"),
                       (-_LARGEST, "mind the signs: -log(-log u)"),
                       otherwise="put the largest u below 1 into -log(-log u)"),
        wrong=(7.624, 16.6, -_LARGEST),
        praise="5.54: a class 5 behind another cannot win while the other draws the average number, 0.58.",
    ),
    "sampling.baseline": Exercise(
        solution=_BASELINE,
        judge=close_to(_BASELINE, 3e-3, (_MEAN_LOSS, "close: that is the mean loss; large guesses should count more"),
                       (1.0875, "that is the mean over the classes, however rare they are"),
                       (0.0, "that is no baseline at all; it has three times the variance of the best"),
                       otherwise="weight the loss of class i by p_i |e_i - p|²: where is a parabola in a least?"),
        wrong=(_MEAN_LOSS, 1.0875, 0.0, 3),
        praise="1.13 leaves a third of the variance; the mean loss, easily kept as a running mean, is nearly as good.",
    ),
    "sampling.draws": Exercise(
        solution=_DRAWS,
        judge=close_to(_DRAWS, 0.01, (_WITHOUT_NOISE, "straight-through has noise of its own, which averages out"),
                       otherwise="solve variance / n = bias² + variance' / n, with sums over the four classes"),
        wrong=(_WITHOUT_NOISE, 1.0, 1000.0),
        praise="a biased guess is the better one for few draws; a network that draws once per step lives there.",
    ),
    "sampling.exact": Exercise(
        solution=_exact,
        judge=_judge_exact,
        wrong=(_without_mean, _unshifted, 0.5),
        praise="that is the gradient of softmax: every class is compared with the mean loss.",
    ),
}

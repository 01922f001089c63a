"""Exercises of the chapter *Proper losses*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _estimate(draw, label):
    n, total = 0, 0.0
    while draw() != label:
        n += 1
        total += 1 / n
    return total


def _one_more(draw, label):
    n, total = 1, 1.0
    while draw() != label:
        n += 1
        total += 1 / n
    return total


def _count(draw, label):
    n = 0
    while draw() != label:
        n += 1
    return float(n)


def _judge_estimate(estimate):
    if not callable(estimate):
        return f"expected a function estimate(draw, label), got {estimate!r}"
    for misses in (0, 1, 2, 5, 40):
        drawn = iter([1] * misses + [0] * 3)
        answer, expected = estimate(lambda d=drawn: next(d), 0), sum(1 / k for k in range(1, misses + 1))
        if not isinstance(answer, (int, float, np.floating)):
            return f"expected a number, got {answer!r}"
        if misses == 0 and answer == 1:
            return "a label that comes at once costs nothing: the sum ends before the draw that is the label"
        if abs(answer - expected) > 1e-9:
            return f"with {misses} draws before the label it is {expected:.6g}, yours is {answer:.6g}"
    return None


EXERCISES = {
    "proper.absolute": Exercise(
        solution=1.0,
        judge=close_to(1.0, 1e-9, (0.6, "that is the belief; the expected loss is linear in p, so look at its ends"),
                       (0.5, "the expected loss is 0.6 (1 - p) + 0.4 p: which way does it fall?"),
                       (0.0, "the other end"), otherwise="an end of the range of probabilities"),
        wrong=(0.6, 0.5, 0.0, 0.36),
        praise="0.6 (1 - p) + 0.4 p falls all the way to p = 1.",
    ),
    "proper.brier": Exercise(
        solution=0.42,
        judge=close_to(0.42, 1e-9, (0.21, "that is for one class; both classes have a square"),
                       (0.18, "that is the loss if class 1 comes"), (0.98, "that is the loss if class 2 comes"),
                       otherwise="0.7 · 2 · 0.3² + 0.3 · 2 · 0.7²"),
        wrong=(0.21, 0.18, 0.98, 0.7),
        praise="2 q (1 - q): what honesty costs, and the least that anybody pays.",
    ),
    "proper.draws": Exercise(
        solution=11 / 6,
        judge=close_to(11 / 6, 1e-3, (25 / 12, "the draw that is the label does not count: 1 + 1/2 + 1/3"),
                       (3.0, "that is the number of misses"), (math.log(4), "that is -log 1/4; count draws"),
                       otherwise="1 + 1/2 + 1/3"),
        wrong=(25 / 12, 3.0, math.log(4), 0.25),
        praise="H of 3: the first three draws missed.",
    ),
    "proper.rare": Exercise(
        solution="sigmoid(-eta)",
        judge=exactly("sigmoid(-eta)", ("1 - sigmoid(eta)", "in float32 that is 0 from eta = 18 on"),
                      ("sigmoid(eta)", "that is the probability of all classes below the last"),
                      otherwise="the same number, written without a difference"),
        wrong=("1 - sigmoid(eta)", "sigmoid(eta)", "exp(-eta)"),
        praise="The same number; only this one survives rounding.",
    ),
    "proper.estimate": Exercise(
        solution=_estimate,
        judge=_judge_estimate,
        wrong=(_one_more, _count, 0.5),
        praise="no probability was asked for, and on average it is -log p.",
    ),
}

"""Exercises of the chapter *The loss that vanishes*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly
from toolkit.losses import cross_entropy

__all__ = ["EXERCISES"]


def _accurate(z, y):
    top = z.argmax()
    others = np.delete(z, top) - z[top]
    return np.log1p(np.exp(others).sum()) + (z[top] - z[y])


def _common(z, y):
    shifted = z - z.max()
    return np.log(np.exp(shifted).sum()) - shifted[y]


def _only_for_the_top(z, y):
    return np.log1p(np.exp(np.delete(z, y) - z.max()).sum())


def _judge_loss(loss):
    if not callable(loss):
        return f"expected a function loss(z, y), got {loss!r}"
    rows = [([0, -17], 0), ([0, -60], 0), ([0, -17], 1), ([3, 3, -40], 1), ([-200, 5, 2, 1], 3), ([1e4, 0], 0)]
    for row, y in rows:
        z = np.array(row, np.float32)
        truth = float(cross_entropy(z.astype(np.float64), y))
        if not abs(float(loss(z.copy(), y)) - truth) <= 8 * np.spacing(np.float32(truth)):
            return f"for z = {row} and y = {y} the loss is {truth:.8g}, yours is {float(loss(z, y)):.8g}"
    return None


EXERCISES = {
    "loss.first_zero": Exercise(
        solution=17,
        judge=exactly(17, (16, "at 16 the common form is still about 6 % off, but not 0"),
                      (104, "that is where exp itself underflows; the sum 1 + r rounds to 1 much earlier"),
                      otherwise="try whole gaps one by one with form='common' and float32 logits"),
        wrong=(16, 18, 104, 16.64),
        praise="-ln u = 16.64 for float32, and 17 is the first whole number beyond it.",
    ),
    "loss.bfloat16_gap": Exercise(
        solution=-math.log(2.0**-8) + math.log(31_999),
        judge=close_to(-math.log(2.0**-8) + math.log(31_999), 2e-4,
                       (-math.log(2.0**-7) + math.log(31_999), "u is half the gap above 1: 2^-8 for bfloat16"),
                       (-math.log(2.0**-8), "that is the margin; now add what K - 1 equal terms contribute"),
                       (math.log(2.0**-8) + math.log(31_999), "mind the sign of ln u"),
                       otherwise="put u = 2^-8 and K = 32 000 into d* = -ln u + ln(K - 1)"),
        wrong=(5.545, 15.225, 4.828, 16.64),
        praise="about 15.92: more classes move the edge out, but only by a logarithm.",
    ),
    "loss.longer_alive": Exercise(
        solution="float16",
        judge=exactly("float16", ("bfloat16", "bfloat16 has the wider range, but fewer digits, and digits decide here"),
                      among=("float16", "bfloat16")),
        wrong=("bfloat16", "float32", 16),
        praise="float16 has 11 significant bits, bfloat16 8: the edge is at 7.62 against 5.55.",
    ),
    "loss.row_sum": Exercise(
        solution=112 * math.exp(-25),
        judge=close_to(112 * math.exp(-25), 4e-3, (0.0, "that is what it should be; add up grad(cross_entropy)"),
                       (math.exp(-25), "that is one entry; there are 112 of them"),
                       otherwise="add up grad(cross_entropy)(z, 0, form='common') for that row"),
        wrong=(0.0, math.exp(-25), -112 * math.exp(-25)),
        praise="the 112 wrong classes push down with 1.56e-9 in all, and nothing pushes up.",
    ),
    "loss.write_it": Exercise(
        solution=_accurate,
        judge=_judge_loss,
        wrong=(_common, _only_for_the_top, 3.0),
        praise="two terms that are never negative, so nothing cancels: that is the whole trick.",
    ),
}

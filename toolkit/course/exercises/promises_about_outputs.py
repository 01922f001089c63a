"""Exercises of the chapter *Promises about outputs*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

_SHARE = 1 / (1 + math.exp(-2))


def _elided(W, b, low, high, y):
    difference = W - W[y]
    return b - b[y] + np.maximum(difference * low, difference * high).sum(axis=1)


def _not_elided(W, b, low, high, y):
    upper, lower = (b + s * np.maximum(s * W * low, s * W * high).sum(axis=1) for s in (1, -1))
    return np.where(np.arange(len(b)) == y, 0.0, upper - lower[y])


def _one_corner(W, b, low, high, y):
    return (W - W[y]) @ high + b - b[y]


def _judge_elided(margins):
    if not callable(margins):
        return f"expected a function elided(W, b, low, high, y), got {margins!r}"
    rng = np.random.default_rng(0)
    for y in range(3):
        W, b, low = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
        high = low + rng.uniform(0, 1, 4)
        expected, answer = _elided(W, b, low, high, y), np.asarray(margins(W.copy(), b.copy(), low, high, y))
        if answer.shape != (3,):
            return f"expected 3 bounds, one for each class, got the shape {answer.shape}"
        if np.allclose(answer, _not_elided(W, b, low, high, y)):
            return "those are bounds, but looser ones: subtract the rows of W before the box comes in"
        if not np.allclose(answer, expected, atol=1e-12):
            return f"for y = {y} of a random layer it is {expected}, yours is {answer}"
    return None


EXERCISES = {
    "promises.upper": Exercise(
        solution=-0.3,
        judge=close_to(-0.3, 1e-9, (-1.1, "that lets the radii cancel; the worst corner has x1 high and x2 low"),
                       (-1.0, "that is the output at the centre"), (0.7, "that is the radius alone"),
                       otherwise="the output at the centre, and the sizes of the weights times 0.1"),
        wrong=(-1.1, -1.0, 0.7, -1.7),
        praise="-1 at the centre, and a radius of 3 · 0.1 + 4 · 0.1.",
    ),
    "promises.share": Exercise(
        solution=_SHARE,
        judge=close_to(_SHARE, 1e-6, (1 / (1 + math.exp(-1)), "the other logit may fall, too"),
                       (math.exp(2) / 2, "that divides an interval by an interval, and is more than 1"),
                       (0.5, "that is without a box"),
                       otherwise="the first logit is as high, and the other one as low as it can be"),
        wrong=(1 / (1 + math.exp(-1)), math.exp(2) / 2, 0.5, 1.0),
        praise="1 / (1 + e^-2): its own logit at 1, the other at -1.",
    ),
    "promises.tightness": Exercise(
        solution=1 / 3,
        judge=close_to(1 / 3, 1e-9, (0.5, "that is the true slope; divide it by what intervals make of it"),
                       (3.0, "the other way around"), (1.0, "1 and -1/2 cancel in part; their sizes do not"),
                       otherwise="|1 - 1/2| over 1 + 1/2"),
        wrong=(0.5, 3.0, 1.0, 1.5),
        praise="a half over one and a half: two thirds of the width are not real.",
    ),
    "promises.gap": Exercise(
        solution=0.75,
        judge=close_to(0.75, 1e-9, (1.5, "that is the area of the triangle"), (3.0, "that is the upper end"),
                       (1.0, "at which x is the gap largest?"),
                       otherwise="the line u (x - l) / (u - l) at x = 0"),
        wrong=(1.5, 3.0, 1.0, 0.25),
        praise="3 · 1 / 4, at the kink.",
    ),
    "promises.elided": Exercise(
        solution=_elided,
        judge=_judge_elided,
        wrong=(_not_elided, _one_corner, 0.5),
        praise="the margins of one hidden vector, not of two.",
    ),
}

"""Exercises of the chapter *Softmax Collapse*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly
from toolkit.gradients import vjp
from toolkit.losses import cross_entropy, stablemax_cross_entropy

__all__ = ["EXERCISES"]


def _scores(z):
    return np.where(z >= 0, 1 + np.abs(z), 1 / (1 + np.abs(z)))


def _collapsing(z, y):
    return -np.log(_scores(z)[y] / _scores(z).sum())


def _repaired(z, y):
    return np.log1p(np.delete(_scores(z), y).sum() / _scores(z)[y])


def _judge_loss(loss):
    if not callable(loss):
        return f"expected a function loss(z, y), got {loss!r}"
    rows = [([1e6, -1e6], 0), ([300, -300, -300], 0), ([2, 1, 0], 1), ([-5, 8, 0.5], 0), ([1e8, -1e8, 0], 0),
            ([1e8, -1e8], 1)]
    for row, y in rows:
        z = np.array(row, np.float32)
        truth = float(stablemax_cross_entropy(z.astype(np.float64), y))
        if not abs(float(loss(z.copy(), y)) - truth) <= 16 * np.spacing(np.float32(truth)):
            return f"for z = {row} and y = {y} the loss is {truth:.8g}, yours is {float(loss(z, y)):.8g}"
    return None


def _silent(z, y):
    slopes = vjp(cross_entropy, z, y, form="common", reduction="none")[1](np.ones(len(y), z.dtype))
    return np.mean(slopes[np.arange(len(y)), y] == 0)


def _sum_is_one(z, y):
    return np.mean(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1) == 1)


def _no_silence(z, y):
    slopes = vjp(cross_entropy, z, y, reduction="none")[1](np.ones(len(y), z.dtype))
    return np.mean(slopes[np.arange(len(y)), y] == 0)


def _judge_share(share):
    if not callable(share):
        return f"expected a function share_silent(z, y), got {share!r}"
    z = np.zeros((8, 4), np.float32)
    z[:6, 0] = 30
    z[6:, 0] = 3
    sure_and_right, all_wrong = np.zeros(8, int), np.ones(8, int)
    cases = [
        ("6 of 8 rows lead by 30, all are right", sure_and_right, 0.75),
        ("6 of 8 rows lead by 30, and all are wrong", all_wrong, 0.0),
        ("6 of 8 rows lead by 30, and 4 of those are right", np.array([0, 0, 0, 0, 2, 3, 0, 0]), 0.5),
    ]
    for words, y, expected in cases:
        if not abs(float(share(z.copy(), y.copy())) - expected) < 1e-6:
            return f"{words}: the share is {expected}, yours is {float(share(z, y)):.4g}"
    return None


EXERCISES = {
    "collapse.which_rows": Exercise(
        solution=[0, 2, 3],
        judge=exactly({0, 2, 3},
                      ({0, 3}, "one row is sure and wrong: its sum is 1 as well, and the measure looks at no label"),
                      ({0, 1, 2, 3}, "in one of them two classes share the gap of 8: take the margin, not the gap"),
                      ({0, 1, 3}, "take the margin, not the gap, and mind that the measure looks at no label"),
                      ({0, 2}, "a shift of all logits changes nothing: it is differences that count, not the largest"
                               " logit"),
                      ({0, 1, 2}, "it is differences that count, not the largest logit"),
                      otherwise="compare each row's margin, of its largest logit over all others, with -ln u = 7.62"),
        wrong=([0, 3], [0, 1, 2, 3], [0, 2], [], [4], 0),
        praise="the margin decides, whatever the label, and whatever is added to all logits.",
    ),
    "collapse.first_death": Exercise(
        solution=11 * math.log(2),
        judge=close_to(11 * math.log(2), 1e-3,
                       (25 * math.log(2) - math.log(1000), "that is the wrong class, which dies later here"),
                       (25 * math.log(2), "that is a wrong class without the mean, and the later one of the two"),
                       (10 * math.log(2), "u is half the gap above 1: 2^-11 for float16"),
                       otherwise="compare -ln u with the gap at which e^-d / 1000 rounds to 0"),
        wrong=(10.42, 17.33, 6.93, 12.34),
        praise="7.62: with two classes the right one dies first, the wrong one at 10.4.",
    ),
    "collapse.repair": Exercise(
        solution=_repaired,
        judge=_judge_loss,
        wrong=(_collapsing, lambda z, y: _collapsing(z, y) + np.float32(1e-12), 3.0),
        praise="log1p of what the others hold: the stable form works for any positive scores, not for e^z alone.",
    ),
    "collapse.share_silent": Exercise(
        solution=_silent,
        judge=_judge_share,
        wrong=(_sum_is_one, _no_silence, 0.75),
        praise="ask the gradient itself: it knows the label and the loss.",
    ),
    "collapse.stablemax_edge": Exercise(
        solution=math.sqrt(30 * 2**8) - 1,
        judge=close_to(math.sqrt(30 * 2**8) - 1, 5e-3,
                       (math.sqrt(30 * 2**7) - 1, "u is half the gap above 1: 2^-8 for bfloat16"),
                       (math.sqrt(30 * 2**11) - 1, "that is float16"),
                       (8 * math.log(2) + math.log(30), "that is the gap of the softmax; put K and u into a*"),
                       otherwise="put K = 31 and u = 2^-8 into a* = sqrt((K - 1) / u) - 1"),
        wrong=(61.0, 246.9, 8.95, 30 * 2**8 - 1),
        praise="logits of 87 are nothing unusual with StableMax: in 16 bits it needs the stable form too.",
    ),
}

"""Exercises of the chapter *Sets with a promise*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _threshold(scores, alpha):
    n = len(scores)
    k = int(np.ceil((n + 1) * (1 - alpha) - 1e-9))
    return np.inf if k > n else np.sort(scores)[k - 1]


def _clamped(scores, alpha):
    n = len(scores)
    return np.sort(scores)[min(int(np.ceil((n + 1) * (1 - alpha) - 1e-9)), n) - 1]


def _without_room(scores, alpha):
    return np.quantile(scores, 1 - alpha)


def _rounded_up(scores, alpha):
    n = len(scores)
    k = int(np.ceil((n + 1) * (1 - alpha)))
    return np.inf if k > n else np.sort(scores)[k - 1]


def _judge_threshold(function):
    if not callable(function):
        return f"expected a function threshold(scores, alpha), got {function!r}"
    rng = np.random.default_rng(0)
    for n, alpha in ((9, 0.2), (50, 0.1), (24, 0.44), (5, 0.1), (19, 0.05)):
        scores = rng.random(n)
        found, expected = float(function(scores.copy(), alpha)), float(_threshold(scores, alpha))
        if found != expected:
            return f"for {n} scores and alpha = {alpha}: {expected:.4f}, yours {found:.4f}"
    return None


EXERCISES = {
    "sets.rank": Exercise(
        solution=57,
        judge=exactly(57, (56, "that is 59 times 0.95, rounded: the row to come takes a place, too"),
                      (59, "the largest covers 59/60, more than you need"),
                      otherwise="multiply n + 1 by the share that is to be covered, and round up"),
        wrong=(56, 59, 3),
        praise="60 times 0.95. It covers exactly 95 %, as 60 times 0.95 is whole.",
    ),
    "sets.fewest": Exercise(
        solution=99,
        judge=exactly(99, (100, "100 are enough; so is one less"), (98, "99 times 0.99 is above 98"),
                      otherwise="when is the rank (n + 1) times 0.99, rounded up, at most n?"),
        wrong=(100, 98, 1000),
        praise="1/alpha - 1: the largest of 99 scores is beaten by the next one with probability 1/100.",
    ),
    "sets.clamped": Exercise(
        solution=5 / 6,
        judge=close_to(5 / 6, 1e-3, (0.9, "that is what was promised; the largest of five is beaten more often"),
                       (1.0, "it is beaten now and then"), (0.8, "of how many places is it the last?"),
                       otherwise="the new score is at each of six places with the same probability"),
        wrong=(0.9, 1.0, 0.8),
        praise="5 of 6 places are not above the largest: 0.833, where 0.9 was promised.",
    ),
    "sets.floor": Exercise(
        solution=0.02,
        judge=close_to(0.02, 1e-4, (1 / 49, "N is at most 49; the row to come counts 1 besides"),
                       (0.98, "that is rho itself"), (0.0, "the weights do not add up to infinity"),
                       otherwise="add up all weights, 0.98 / (1 - 0.98), and the 1 of the row to come"),
        wrong=(1 / 49, 0.98, 0.0),
        praise="1 - rho: N is at most 49, and with the row to come there are 50.",
    ),
    "sets.adjusted": Exercise(
        solution=0.1,
        judge=close_to(0.1, 1e-4, (4 / 49, "that is the mean; the row to come may lose 1"),
                       (4 / 50, "the row to come counts as one of 50, and loses 1"),
                       otherwise="add 1 to the losses, and 1 to the rows"),
        wrong=(4 / 49, 4 / 50, 0.05),
        praise="(4 + 1) / (49 + 1): the row to come is counted as the worst.",
    ),
    "sets.write_it": Exercise(
        solution=_threshold,
        judge=_judge_threshold,
        wrong=(_clamped, _without_room, _rounded_up, 0.9),
        praise="room for the row to come, inf where there is too little, and no rank that rounding made.",
    ),
}

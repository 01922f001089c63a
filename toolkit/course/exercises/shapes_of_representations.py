"""Exercises of the chapter *Shapes of representations*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _info(z):
    z = np.asarray(z, float)
    top = z.max(axis=1)
    lse = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return np.log(len(z)) - (lse - np.diag(z)).mean()


def _unshifted(z):
    with np.errstate(all="ignore"):
        return np.log(len(z)) - (np.log(np.exp(z).sum(axis=1)) - np.diag(z)).mean()


def _by_columns(z):
    return _info(np.asarray(z, float).T)


def _loss_alone(z):
    return np.log(len(z)) - _info(z)


def _judge_info(function):
    if not callable(function):
        return f"expected a function info(z), got {function!r}"
    rng = np.random.default_rng(0)
    for n, size in ((3, 1.0), (8, 3.0), (5, 3000.0)):
        z = size * rng.normal(size=(n, n)) + size * np.eye(n)
        found, expected = float(function(z.copy())), float(_info(z))
        if not abs(found - expected) <= 1e-9 * (1 + abs(expected)):
            return f"for {n} rows of scores around {size:g}: {expected:.6g}, yours {found:.6g}"
    return None


EXERCISES = {
    "shapes.angle": Exercise(
        solution=-0.25,
        judge=close_to(-0.25, 1e-3, (0.0, "orthogonal vectors do not sum to zero; these do"),
                       (-0.2, "one less than the number of classes"), (0.25, "they point away from each other"),
                       otherwise="the five vectors sum to zero: multiply the sum by one of them"),
        wrong=(0.0, -0.2, 0.25),
        praise="1 + 4 c = 0, as the five sum to zero.",
    ),
    "shapes.floor": Exercise(
        solution=1.92,
        judge=close_to(1.92, 1e-3,
                       (1.832727, "the rank of 33 rows that sum to zero is one less than their number"),
                       (2.88, "take off what stands on the diagonal"),
                       otherwise="squares add up to at least D squared over the rank; the diagonal has D of them"),
        wrong=(2.88, 1.832727, 0.0),
        praise="0.01 times (96²/32 - 96): of 288 in all, 96 stand on the diagonal.",
    ),
    "shapes.candidates": Exercise(
        solution=22027,
        judge=exactly(22027, (22026, "the bound has to reach it, and candidates are whole"),
                      (1024, "nats, not bits"), (10, "it grows with the log"),
                      otherwise="when does the log of the candidates reach it?"),
        wrong=(22026, 1024, 10),
        praise="e to the 10, rounded up; and that is for a loss of exactly 0.",
    ),
    "shapes.welch": Exercise(
        solution=0.4472135954999579,
        judge=close_to(0.4472135954999579, 1e-3, (0.2, "that is its square"),
                       (0.0, "sixteen do not fit at right angles"), (0.4330127, "the number of others, not of all"),
                       otherwise="put both numbers into Welch's bound, and take the root"),
        wrong=(0.2, 0.0, 0.4330127),
        praise="The root of 12 / (4 times 15).",
    ),
    "shapes.minority": Exercise(
        solution=11,
        judge=exactly(11, (10, "at the threshold itself a class is gone"), (1, "the square of all rows"),
                      (100, "the product of both decays, not its root"),
                      otherwise="compare with all rows squared times both decays"),
        wrong=(10, 1, 100),
        praise="10⁶ times 10⁻⁵ is 10, and exactly 10 rows have a strength of 0.",
    ),
    "shapes.write_it": Exercise(
        solution=_info,
        judge=_judge_info,
        wrong=(_unshifted, _by_columns, _loss_alone, 1.0),
        praise="The largest score of a row first, then the log of the sum; and no batch says more than log N.",
    ),
}

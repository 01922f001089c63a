"""Exercises of the chapter *Competition without gradients*."""
import math

import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_SHARE = 1 / (1 + math.exp(-1.0))


def _anti(u, tau):
    e = np.exp((u - u.max()) / tau)
    y = -e / e.sum()
    y[u.argmax()] *= -1
    return y


def _naive(u, tau):
    e = np.exp(u / tau)
    y = -e / e.sum()
    y[u.argmax()] *= -1
    return y


def _winner_alone(u, tau):
    return np.where(u == u.max(), 1.0, -1.0)


def _no_temperature(u, tau):
    return _anti(u, 1.0)


def _judge_anti(anti):
    if not callable(anti):
        return f"expected a function anti(u, tau), got {anti!r}"
    for u, tau in (([0.6, 0.1, -1.0], 0.5), ([0.2, 0.9], 2.0), ([1000.0, 999.5, -1000.0], 0.25)):
        u = np.array(u)
        with np.errstate(all="ignore"):
            expected, found = _anti(u, tau), np.asarray(anti(u.copy(), tau), float)
        if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-9, atol=1e-300):
            return f"for the answers {u.tolist()} and tau = {tau} the shares are {expected}, yours are {found}"
    return None


EXERCISES = {
    "hebb.share": Exercise(
        solution=_SHARE,
        judge=close_to(_SHARE, 1e-3, (1 / (1 + math.exp(-0.25)), "T is the inverse temperature: it multiplies"),
                       (1 / (1 + math.exp(-0.5)), "and T = 2"), (1 - _SHARE, "that is the other one's"),
                       otherwise="1 / (1 + e^(-T (u₁ - u₂)))"),
        wrong=(1 / (1 + math.exp(-0.25)), 1 / (1 + math.exp(-0.5)), 1 - _SHARE, 0.6),
        praise="only the gap counts, times T.",
    ),
    "hebb.norm": Exercise(
        solution=-1.5,
        judge=close_to(-1.5, 1e-6, (1.5, "above norm 1 it shrinks"), (-0.5, "the square of the norm"),
                       otherwise="y u (1 - |w|²)"),
        wrong=(1.5, -0.5, -3.0, 0.0),
        praise="the norm is above 1, the answer above 0: it shrinks. With an answer of -0.5 it would grow.",
    ),
    "hebb.overflow": Exercise(
        solution=11.09,
        judge=close_to(11.09, 0.02, (88.72, "and the answer is 8"), (709.76, "it multiplies 8"),
                       otherwise="8 T must stay below 88.72"),
        wrong=(88.72, 709.76, 12.0),
        praise="and the code of the papers begins at 12.",
    ),
    "hebb.prior": Exercise(
        solution=0.5 * math.log(0.2),
        judge=close_to(0.5 * math.log(0.2), 1e-3, (math.log(0.2), "times the temperature"),
                       (2 * math.log(0.2), "times the temperature, not over it"),
                       (-0.5 * math.log(0.2), "a share below 1 has a logarithm below 0"), otherwise="τ log 0.2"),
        wrong=(math.log(0.2), 2 * math.log(0.2), -0.5 * math.log(0.2), 0.2),
        praise="there e^(b / τ) is the mean share.",
    ),
    "hebb.oja": Exercise(
        solution=math.sqrt(0.5),
        judge=close_to(math.sqrt(0.5), 1e-3, (1.0, "that is the mean, which one neuron of the soft rule would find"),
                       (3.0, "that is the eigenvalue"), (0.5, "its norm is 1"),
                       otherwise="the leading eigenvector is along (1, 1)"),
        wrong=(1.0, 3.0, 0.5),
        praise="along (1, 1), at norm 1. The mean does not matter to it.",
    ),
    "hebb.entropy": Exercise(
        solution=1,
        judge=exactly(1, (2, "e^-H is 0.357: is 0.3 above it?"), (3, "their sum would not stay"),
                      (0, "something must become surer"), otherwise="H is 1.03, and e^-H 0.357"),
        wrong=(2, 3, 0),
        praise="the first alone. What is likeliest becomes likelier, whether it is right or not.",
    ),
    "hebb.step": Exercise(
        solution=_anti,
        judge=_judge_anti,
        wrong=(_naive, _winner_alone, _no_temperature),
        praise="the sizes sum to 1, and no exponential is larger than 1.",
    ),
}

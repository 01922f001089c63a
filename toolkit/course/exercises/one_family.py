"""Exercises of the chapter *One family around cross-entropy*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]


def _family(loss, tau):
    return loss if tau == 1 else np.expm1((1 - tau) * loss) / (1 - tau)


def _power(loss, tau):
    return loss if tau == 1 else (np.exp((1 - tau) * loss) - 1) / (1 - tau)


def _without_the_limit(loss, tau):
    return np.expm1((1 - tau) * loss) / (1 - tau)


def _judge_family(function):
    if not callable(function):
        return f"expected a function loss(l, tau), got {function!r}"
    for tau in (0.0, 0.5, 1.0, 1 + 1e-9, 1.7, 2.0):
        for loss in (1e-12, 0.1, 3.0, 40.0):
            with np.errstate(all="ignore"):
                found = float(function(loss, tau))
            if not abs(found / _family(loss, tau) - 1) <= 1e-10:
                return (f"for l = {loss:g} and tau = {tau:.10g} the loss is {_family(loss, tau):.12g},"
                        f" yours is {found:.12g}")
    return None


_WEIGHT = 0.01**0.7
_MINIMUM = 0.36 / (0.36 + 0.09 + 0.01)

EXERCISES = {
    "family.weight": Exercise(
        solution=_WEIGHT,
        judge=close_to(_WEIGHT, 5e-3, (0.01**1.7, "the weight is p to the power tau - 1"),
                       (1 / _WEIGHT, "upside down: a row that looks wrong pulls less, not more"),
                       (_WEIGHT * 0.99, "that is the pull itself; divide by that of cross-entropy"),
                       otherwise="the gradients differ by the factor p_y to the power tau - 1"),
        wrong=(0.01**1.7, 1 / _WEIGHT, _WEIGHT * 0.99, 0.01),
        praise="0.01^0.7 = 0.0398: one such row pulls like a twenty-fifth of a row.",
    ),
    "family.minimum": Exercise(
        solution=_MINIMUM,
        judge=close_to(_MINIMUM, 2e-3, (0.6, "that is cross-entropy's; for another tau the labels are sharpened"),
                       (0.36, "now divide by the sum of all three"),
                       (0.6**0.5 / (0.6**0.5 + 0.3**0.5 + 0.1**0.5), "the power is 1 / (2 - tau) = 2, not its inverse"),
                       otherwise="p_k is proportional to eta_k to the power 1 / (2 - tau)"),
        wrong=(0.6, 0.36, 0.4645, 0.9076),
        praise="squares: 0.36 / 0.46 = 0.783. At tau = 1.5 a majority of 60 % passes for 78 %.",
    ),
    "family.majority": Exercise(
        solution=1.0,
        judge=close_to(1.0, 1e-3, (0.5, "the lies are spread over ten classes; none of them gets more than a / 10"),
                       (0.9, "a random label is the true one in a tenth of the cases"),
                       otherwise="compare how often the label is the true class and how often each other one"),
        wrong=(0.5, 0.9, 10 / 11),
        praise="only at 1: as long as one label is not drawn at random, the truth is the most frequent class.",
    ),
    "family.agreeing": Exercise(
        solution=0.5,
        judge=close_to(0.5, 1e-3, (1.0, "now all lies fall on one class: it gets a, the truth keeps 1 - a"),
                       otherwise="the minimum of tau = 2 sits in the corner of the most frequent label"),
        wrong=(1.0, 1 / 3, 0.9),
        praise="half is enough: robust losses trust the most frequent label, and that can be wrong.",
    ),
    "family.write_it": Exercise(
        solution=_family,
        judge=_judge_family,
        wrong=(_power, _without_the_limit, 3.0),
        praise="expm1 keeps what exp(x) - 1 loses, and the limit is one line.",
    ),
}

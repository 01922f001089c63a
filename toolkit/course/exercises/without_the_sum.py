"""Exercises of the chapter *Without the sum*."""
import math

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

_TWO_UNITS = math.log(2 * math.e + 2 / math.e)
_PAIR = math.log1p(math.exp(-1.3)) + math.log1p(math.exp(-0.7))

EXERCISES = {
    "sum.two_units": Exercise(
        solution=_TWO_UNITS,
        judge=close_to(_TWO_UNITS, 1e-3, (math.log(math.e + 1 / math.e), "there are four states, two of each kind"),
                       (math.exp(_TWO_UNITS), "that is Z; its logarithm is asked for"),
                       (1.0, "that is the logit of one state; there are others"),
                       otherwise="write down the logits of all four states, and add up their exponentials"),
        wrong=(math.log(math.e + 1 / math.e), math.exp(_TWO_UNITS), 1.0, 0.0),
        praise="two states have the logit 1, two have -1: log(2e + 2/e).",
    ),
    "sum.variance": Exercise(
        solution=math.expm1(4.0),
        judge=close_to(math.expm1(4.0), 1e-2, (math.exp(4.0), "that is E w² beside (E w)²; what is left of it?"),
                       (math.expm1(2.0), "the distance is squared"), (4.0, "that stands in the exponent"),
                       otherwise="put the distance into exp(θ²) - 1"),
        wrong=(math.exp(4.0), math.expm1(2.0), 4.0, 1.0),
        praise="53.6: for a standard error of a tenth you need more than five thousand draws.",
    ),
    "sum.pair": Exercise(
        solution=_PAIR,
        judge=close_to(_PAIR, 1e-3, (_PAIR / 2, "the sum is asked for, not the mean"),
                       (math.log1p(math.exp(1.3)) + math.log1p(math.exp(-0.7)), "data want a large G"),
                       (math.log1p(math.exp(-1.3)) + math.log1p(math.exp(0.7)), "noise should have a small G"),
                       otherwise="softplus of -G for the data, and of G for the noise"),
        wrong=(_PAIR / 2, math.log1p(math.exp(1.3)) + math.log1p(math.exp(-0.7)),
               math.log1p(math.exp(-1.3)) + math.log1p(math.exp(0.7)), 0.0),
        praise="0.2412 for the data and 0.4032 for the noise, of which the classifier is less sure.",
    ),
    "sum.first_step": Exercise(
        solution=20.0,
        judge=close_to(20.0, 1e-6, (0.05, "that is how much too small u is"), (1.0, "what is u after the first step?"),
                       (19.0, "the old u is 0, so its share counts for nothing"),
                       otherwise="after the first step u is γ times the estimate, and w is divided by it"),
        wrong=(0.05, 1.0, 19.0, 0.95),
        praise="1/γ. That is why u begins with the first estimate instead.",
    ),
}

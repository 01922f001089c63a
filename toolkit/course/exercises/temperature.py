"""Exercises of the chapter *Temperature*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "temperature.crowd": Exercise(
        solution=12 / math.log(1000),
        judge=close_to(12 / math.log(1000), 2e-3, (12 / math.log10(1000), "log is the natural logarithm"),
                       (12 / math.log(500), "the others together, all 1000 of them, weigh as much as the one"),
                       (math.log(1000) / 12, "that is 1 / τ"), otherwise="when is 1000 exp(-12 / τ) equal to 1?"),
        wrong=(4.0, 12 / math.log(500), math.log(1000) / 12, 1.0),
        praise="at τ = d / log n the n others together are as likely as the one.",
    ),
    "temperature.entropy": Exercise(
        solution=1.09239,
        judge=close_to(1.09239, 4e-4, (1.0, "at τ = 1 it is 0.9475"),
                       (1.44, "1 nat, not 1 bit: the natural logarithm"),
                       otherwise="the entropy rises with τ: bisect"),
        wrong=(1.0, 1.2, 0.5),
        praise="the entropy rises with every temperature, so there is one answer, and bisection finds it.",
    ),
    "temperature.min_p": Exercise(
        solution=2 * math.log(10),
        judge=close_to(2 * math.log(10), 2e-3, (math.log(10), "that is the gap after the division by τ"),
                       (math.log(10) / 2, "the division makes gaps smaller, so more logits are kept"),
                       (2.0, "log is the natural logarithm"), (0.2, "r compares probabilities, not logits"),
                       otherwise="which gap gives a ratio of r after the division by τ?"),
        wrong=(math.log(10), math.log(10) / 2, 2.0, 0.2, 20.0),
        praise="a logit may lag by τ log(1/r): where the temperature comes first, min-p opens with it.",
    ),
    "temperature.nucleus": Exercise(
        solution=2048,
        judge=exactly(2048, (1843, "that is 0.9 of it: how many tokens stay"), (65504, "that is the largest number"),
                      (2047, "the gap above 2048 is 2"), otherwise="from where on is the gap between numbers 2?"),
        wrong=(1843, 65504, 4500, 2047),
        praise="float16 counts to 2048 = 2^11, where 1 is half a gap and the tie goes to the even number.",
    ),
}

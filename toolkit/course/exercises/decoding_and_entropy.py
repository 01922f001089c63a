"""Exercises of the chapter *Decoding and entropy*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_PUSH = math.log(2) - 0.5

EXERCISES = {
    "decoding.push": Exercise(
        solution=_PUSH,
        judge=close_to(_PUSH, 1e-3, (math.log(2), "that is the mean of 1 / L; subtract q"),
                       (0.0, "so it is for the sum of the scores; here it is divided by the length"),
                       otherwise="q log(1 / q) / (1 - q) - q"),
        wrong=(0.693, 0.0, 0.5, -0.193),
        praise="log 2 - 1/2: on average a wrong answer lowers its stop logit by that, times advantage and rate.",
    ),
    "decoding.share": Exercise(
        solution=4,
        judge=close_to(4.0, 1e-3, (1.0, "so it is with a constant, or with one mean over all tokens"),
                       (0.25, "the other way round: which answer is the shorter one?"),
                       otherwise="each answer has the same weight, shared by its tokens"),
        wrong=(1.0, 0.25, 3.0),
        praise="one over the length, whatever the others are.",
    ),
    "decoding.raised": Exercise(
        solution=2,
        judge=exactly(2, (1, "the likeliest always, but is it the only one above e^-H?"),
                      (3, "compare each with e^-H: 0.2 is below it"), (4, "probabilities sum to 1: some have to fall"),
                      otherwise="what is H, and what is e^-H?"),
        wrong=(1, 3, 4),
        praise="H is 1.28 nats and e^-H is 0.278: 0.4 and 0.3 are above it.",
    ),
    "decoding.quantile": Exercise(
        solution=7,
        judge=exactly(7, (4, "that is how many wrong answers make the baseline 0"),
                      (6, "with 6 right answers, reward number 4 from below is still 0"),
                      (5, "it is the reward number 4 from below; sort them"),
                      otherwise="the baseline is the reward number ceil(0.4 times 10) from below"),
        wrong=(4, 5, 6, 10),
        praise="with 7 right answers only three rewards are 0, and the fourth from below is 1.",
    ),
}

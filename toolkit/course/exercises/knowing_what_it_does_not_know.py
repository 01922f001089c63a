"""Exercises of the chapter *Knowing what it does not know*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "knowing.sure": Exercise(
        solution=0.9,
        judge=close_to(0.9, 1e-3, (1 / (1 + 9**-2), "that is with d = 1"),
                       (1 / (1 + math.exp(-1)), "the base is 2 + q, not e"), (0.1, "that is the other class"),
                       (1 / (1 + 1 / 7), "the base is 2 + q"), otherwise="9 to the power of d times the gap"),
        wrong=(1 / (1 + 9**-2), 1 / (1 + math.exp(-1)), 0.1, 7 / 8),
        praise="9 to 1: the base is 9, and half of the gap is 1.",
    ),
    "knowing.floor": Exercise(
        solution=-5.75,
        judge=close_to(-5.75, 2e-3, (5.75, "a logarithm of something below 1"),
                       (-23 * math.log(2), "that is the natural logarithm; the base is 2 + q"),
                       (-23 * math.log(2) / math.log(14), "the base is 2 + q"), (-23.0, "that is the one at q = 0"),
                       otherwise="the logarithm of 2^-23 to the base 2 + q"),
        wrong=(5.75, -23 * math.log(2), -23 * math.log(2) / math.log(14), -23.0),
        praise="23 halvings, to the base of 16, are 23 / 4.",
    ),
    "knowing.strength": Exercise(
        solution=25,
        judge=exactly(25, (20, "and one for each class: knowing nothing is alpha = 1"),
                      (20_000_005, "that is with the sum of the losses"), (1_000_005, "that is Bayes' rule"),
                      otherwise="K + 1 / λ"),
        wrong=(20, 20_000_005, 1_000_005, 6),
        praise="as it would be after ten labels. The doubt that it reports was put in by hand.",
    ),
    "knowing.gate": Exercise(
        solution=1.0,
        judge=close_to(1.0, 1e-3, (0.6, "its gate asks for that, and only 0.2 are left"),
                       (0.2, "that is the share of all rows"), otherwise="those who leave over those who came"),
        wrong=(0.6, 0.2, 0.75),
        praise="0.2 came, and the gate asks for more: nobody sees the last exit.",
    ),
}

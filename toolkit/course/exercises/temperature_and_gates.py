"""Exercises of the chapter *Temperature and gates*."""
from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

EXERCISES = {
    "gates.same": Exercise(
        solution=0.4,
        judge=close_to(0.4, 1e-3, (6.4, "the other way round: a smaller weight needs a smaller temperature"),
                       (1.6, "only β / τ counts, and β has changed"), otherwise="keep β / τ"),
        wrong=(6.4, 1.6, 0.8),
        praise="β / τ is all that the gate depends on.",
    ),
    "gates.square": Exercise(
        solution=3.2,
        judge=close_to(3.2, 1e-3, (1.6, "so it is with the identity; what is (2s)² beside s²?"),
                       (0.8, "twice the weight makes the bent score four times as large"),
                       (0.2, "the other way round: larger scores want a higher temperature"),
                       otherwise="(βx)² / τ has to stay as it is"),
        wrong=(1.6, 0.8, 0.2, 0.4),
        praise="σ(cs) = c² σ(s), so (β, τ) and (cβ, c²τ) are one gate: bending is not enough, powers bend.",
    ),
    "gates.entropy": Exercise(
        solution=1.09239,
        judge=close_to(1.09239, 1e-4, (1.0, "at τ = 1 it is 0.9475"),
                       (1.44, "1 nat, not 1 bit: the natural logarithm"),
                       otherwise="the entropy rises with τ: bisect"),
        wrong=(1.0, 1.2, 0.5),
        praise="the entropy rises with every temperature, so there is one answer, and bisection finds it.",
    ),
    "gates.nucleus": Exercise(
        solution=2048,
        judge=exactly(2048, (1843, "that is 0.9 of it: how many tokens stay"), (65504, "that is the largest number"),
                      (2047, "the gap above 2048 is 2"), otherwise="from where on is the gap between numbers 2?"),
        wrong=(1843, 65504, 4500, 2047),
        praise="float16 counts to 2048 = 2^11, where 1 is half a gap and the tie goes to the even number.",
    ),
}

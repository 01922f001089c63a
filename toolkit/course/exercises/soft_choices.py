"""Exercises of the chapter *Soft choices*."""
import math

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "choices.decay": Exercise(
        solution=0.8 * math.exp(-0.5),
        judge=close_to(0.8 * math.exp(-0.5), 1e-3, (math.exp(-0.5), "that is the decay; the score was 0.8"),
                       (0.4, "that is the linear decay, 1 - u"), (0.8 * math.exp(-1.0), "the overlap is squared"),
                       otherwise="the score times exp(-u² / σ)"),
        wrong=(math.exp(-0.5), 0.4, 0.8 * math.exp(-1.0), 0.0),
        praise="0.4852: the hard rule with θ = 0.3 would leave nothing.",
    ),
    "choices.lottery": Exercise(
        solution=math.log((1 + math.exp(4.0)) / 2),
        judge=close_to(math.log((1 + math.exp(4.0)) / 2), 1e-3, (2.0, "that is the mean"),
                       (4.0, "that is the best case"),
                       (math.log(1 + math.exp(4.0)), "a sum stands where the mean belongs: too large by log 2"),
                       otherwise="the logarithm of the mean of the exponentials"),
        wrong=(2.0, 4.0, math.log(1 + math.exp(4.0)), 3.0),
        praise="the best case less nearly log 2, the price of a chance of 1/2.",
    ),
    "choices.two_proposals": Exercise(
        solution=0.25 + 0.5 / (1 + math.exp(-1.0)),
        judge=close_to(0.25 + 0.5 / (1 + math.exp(-1.0)), 1e-3,
                       (1 / (1 + math.exp(-1.0)), "that is what is wanted, with very many proposals"),
                       (0.75, "that is the largest of two"), (0.5, "that is the model"),
                       otherwise="three cases: both up, both down, one of each"),
        wrong=(1 / (1 + math.exp(-1.0)), 0.75, 0.5, 0.25),
        praise="half-way between the model's 0.5 and the 0.731 that is wanted: half of the pairs leave no choice.",
    ),
    "choices.step": Exercise(
        solution=1 / (1 + math.exp(-1.0)),
        judge=close_to(1 / (1 + math.exp(-1.0)), 1e-3, (1 / (1 + math.exp(-0.5)), "the rival falls, too, by its share"),
                       (0.5, "that is before the step"), (1 / (1 + math.exp(-2.0)), "each moves by 1/2, not by 1"),
                       otherwise="the utilities are then 1/2 and -1/2"),
        wrong=(1 / (1 + math.exp(-0.5)), 0.5, 1 / (1 + math.exp(-2.0)), 1.0),
        praise="the two are 1 apart: one winner rises by what the other loses.",
    ),
}

"""Exercises of the chapter *Weights that walk*."""
import math

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "walk.step": Exercise(
        solution=1 / 3,
        judge=close_to(1 / 3, 1e-3, (0.25, "and over the sum, so that the weights add up to 1"),
                       (2 / 3, "a gradient above 0 lowers a weight"), (0.5, "it is multiplied by exp(-η g)"),
                       otherwise="multiply by exp(-η g), which is 1/2 for the first, then divide by the sum"),
        wrong=(0.25, 0.667, 0.5, 0.4),
        praise="1/2 times 1/2 is 1/4, as much as the others have: all three are equal now.",
    ),
    "walk.laplace": Exercise(
        solution=math.log(2),
        judge=close_to(math.log(2), 2e-3, (0.0, "that is the least energy, or the sum in place of the mean"),
                       (500.0, "that is the mean energy, the limit of a small β"),
                       (-math.log(2), "mind the sign before the logarithm"),
                       otherwise="the second exponential is as good as 0: what is the mean of 1 and 0?"),
        wrong=(0.0, 500.0, -0.693, 1.0),
        praise="log 2 above the least energy: as far as two energies can get, log(n) / β.",
    ),
    "walk.bowl": Exercise(
        solution=1.0,
        judge=close_to(1.0, 1e-3, (-3.0, "that is the plain gradient step, which overshoots"),
                       (3 / 1.5, "mind the a of the bowl, 4"), (0.0, "that is the minimum, the limit of a large β"),
                       otherwise="it is the proximal step; look up its formula above"),
        wrong=(-3.0, 2.0, 0.0, 3.0),
        praise="a plain gradient step of the same size, β s² = 1/2, would have gone to -3.",
    ),
    "walk.rate": Exercise(
        solution=1.0,
        judge=close_to(1.0, 1e-6, (2.0, "that is right for cross-entropy, which bends less"),
                       (4.0, "that is right for the logistic loss, which bends less"),
                       (0.5, "the half before the square is in the loss and in the surrogate"),
                       otherwise="how large is the second derivative of the loss?"),
        wrong=(2.0, 4.0, 0.5, 0.1),
        praise="with L = 1 the surrogate is the loss itself, up to a constant: the target is t.",
    ),
}

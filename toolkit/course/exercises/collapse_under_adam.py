"""Exercises of the chapter *Collapse under Adam*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_LEFT = 2.0**-24

EXERCISES = {
    "adam.brake": Exercise(
        solution=_LEFT / (_LEFT + 1e-6),
        judge=close_to(_LEFT / (_LEFT + 1e-6), 2e-2,
                       (1.0, "so it would be without epsilon: it is larger than the gradient here"),
                       (_LEFT, "that is what gradient descent makes of it"),
                       (_LEFT / 1e-6, "nearly: the root of v stands beside epsilon, and is as large as the gradient"),
                       otherwise="the mean is g, and so is the root of v: divide g by the sum of g and epsilon"),
        wrong=(1.0, _LEFT, _LEFT / 1e-6, 17.8),
        praise="a step of 0.056 learning rates: the brake is on, before anything has collapsed.",
    ),
    "adam.runaway": Exercise(
        solution=math.sqrt(27) * 0.09 * 530,
        judge=close_to(math.sqrt(27) * 0.09 * 530, 2e-2,
                       (0.09 * 530, "that is how far one weight falls; the length of all 27 is a root of squares"),
                       (27 * 0.09 * 530, "a length is the root of a sum of squares, not a sum"),
                       (math.sqrt(27) * 0.09 * 600, "the runaway begins at step 70"),
                       (math.sqrt(27) * 0.1 * 530, "they fall by 0.09, not by the whole learning rate"),
                       otherwise="each of 27 weights falls by 0.09 times the number of steps; the length is their root"
                                 " of squares"),
        wrong=(47.7, 1287.9, 280.6, 275.4, 0.47),
        praise="248, and that is where the figure ends: the weights go straight down.",
    ),
    "collapse.adam_step": Exercise(
        solution=1e4,
        judge=close_to(1e4, 1e-2, (1.0, "so it would be if v could hold 1e-46; the smallest float32 is 1.4e-45"),
                       (1e-4, "upside down: the step is g / epsilon"),
                       otherwise="what is (1 - beta_2) g^2 in float32? Then the step is g / (sqrt(v) + epsilon)"),
        wrong=(1.0, 1e-4, 1e22, 1000.0),
        praise="ten thousand learning rates at once, from a gradient of 1e-22.",
    ),
    "adam.half": Exercise(
        solution="nan",
        judge=exactly("nan", ("zero", "the gradient is 0, but what is it divided by, in float16?"),
                      ("full", "the mean of the gradients is 0; a full step needs something to magnify"),
                      otherwise="round epsilon to float16 first", among=("zero", "full", "nan")),
        wrong=("zero", "full", "inf"),
        praise="epsilon rounds to 0 in float16, and 0 / 0 is NaN, from then on in every logit.",
    ),
}

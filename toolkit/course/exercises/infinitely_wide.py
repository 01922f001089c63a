"""Exercises of the chapter *Infinitely wide*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_ALPHA = 2 * math.log(math.sinh(1.0)) / math.log(1 / math.tanh(1.0))

EXERCISES = {
    "wide.exponent": Exercise(
        solution=_ALPHA,
        judge=close_to(_ALPHA, 5e-3, (_ALPHA / 2, "and the factor 2: the complement is half of the squared distance"),
                       (2 / _ALPHA, "the other way round"), (-_ALPHA, "logarithms of slopes below 1 are below 0"),
                       otherwise="the slopes are cosh(s) / sinh(1) at 0 and at 1"),
        wrong=(_ALPHA / 2, 2 / _ALPHA, -_ALPHA, 1.0),
        praise="near 1, but not equal: the singular kernel of a circle wants α = 1.",
    ),
    "wide.layers": Exercise(
        solution=10,
        judge=exactly(10, (9, "that is one too few: 2⁹ ln(0.99 / 0.98) is 5.2, and ln 1000 is 6.9"),
                      (681, "each layer squares: the exponent doubles"),
                      otherwise="after L layers the weights are 0.99 and 0.98 to the power of 2^L"),
        wrong=(9, 681, 11, 1000),
        praise="after ten layers they are powers of 1024. The deeper, the more the nearest point has all the weight.",
    ),
    "wide.mean": Exercise(
        solution=1 / math.sqrt(2 * math.pi),
        judge=close_to(1 / math.sqrt(2 * math.pi), 2e-3, (0.5, "that is the mean of its square"),
                       (math.sqrt(2 / math.pi), "that is the mean of |z|"), (0.0, "ReLU is nowhere below 0"),
                       otherwise="the mean of ReLU of a standard normal number"),
        wrong=(0.5, math.sqrt(2 / math.pi), 0.0, 1 / math.pi),
        praise="the density of the normal distribution at 0. Then the dual is 0 at 0, and the limit a singular kernel.",
    ),
    "wide.units": Exercise(
        solution=6400,
        judge=close_to(6400, 0.25, (640, "the error falls like one over the root of the width"),
                       (202, "the other way round: the error is one over the root, not the width"),
                       otherwise="a tenth of the error, 1 / √m"),
        wrong=(640, 202, 64_000),
        praise="a hundred times the units for one digit more.",
    ),
}

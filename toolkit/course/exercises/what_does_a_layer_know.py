"""Exercises of the chapter *What does a layer know?*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_OUTSIDE = 3 / 8 * math.log2(8 / 3) + 5 / 8 * math.log2(8 / 5)
_SATURATED = 6.5 * math.log(2)

EXERCISES = {
    "layer.noise": Exercise(
        solution=1_000_000,
        judge=close_to(1e6, 1e-9, (1e3, "the activations grow by that, and a variance has the unit of their square"),
                       (100.0, "that is for one layer of three"), (10.0, "there are three layers, and a square"),
                       otherwise="each layer multiplies by 10, and distances are squared"),
        wrong=(1000, 100, 10, 30),
        praise="10³ for three layers, squared. Noise of κ max|T|² does it by itself.",
    ),
    "layer.outside": Exercise(
        solution=_OUTSIDE,
        judge=close_to(_OUTSIDE, 2e-3, (1.0, "the two symbols are not equally frequent"),
                       (_OUTSIDE * math.log(2), "that is in nats"),
                       (3 / 8 * math.log2(8 / 3) + 5 / 8 * 3, "2, 3, 5, 7 and 9 share the last bin"),
                       otherwise="there are two symbols: 0, and what is beyond 1"),
        wrong=(1.0, _OUTSIDE * math.log(2), 3 / 8 * math.log2(8 / 3) + 5 / 8 * 3, 2.0),
        praise="the bins of tanh on a ReLU: all that is above 1 is one symbol, and 2 to 9 cannot be told apart.",
    ),
    "layer.saturated": Exercise(
        solution=_SATURATED,
        judge=close_to(_SATURATED, 5e-3, (6 * math.log(2), "half of the distance to the next number decides"),
                       (13 * math.log(2), "the exponent is 2z"), (7 * math.log(2), "the 2 before e^(-2z) counts"),
                       otherwise="solve 2 exp(-2z) = 2^-12"),
        wrong=(6 * math.log(2), 13 * math.log(2), 7 * math.log(2), 1.0),
        praise="4.5. In float32 it is 9.0, in float64 19.1: from there on, tanh says nothing about z.",
    ),
    "layer.smallest": Exercise(
        solution=2,
        judge=exactly(2, (1, "so far apart are numbers near 9 million; the sum of both squares is twice that"),
                      (0, "above 0"), otherwise="how far apart are float32 numbers of nearly 18 million?"),
        wrong=(1, 0, 4),
        praise="all that is closer than about 1.4 has the distance 0 or 2, or -2.",
    ),
}

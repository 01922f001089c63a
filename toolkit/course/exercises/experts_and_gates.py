"""Exercises of the chapter *Experts and gates*."""
import math

from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "gates.balance": Exercise(
        solution=1.36,
        judge=close_to(1.36, 1e-3, (0.34, "and times the number of experts"), (1.0, "that is an even load"),
                       otherwise="multiply each load by its mean weight, add up, times K"),
        wrong=(0.34, 1.0, 2.8, 4.0),
        praise="above 1, which an even load gives: the term pulls at P₁ seven times as hard as at the others.",
    ),
    "gates.kept": Exercise(
        solution=1 / (1 + math.exp(-1.0)),
        judge=close_to(1 / (1 + math.exp(-1.0)), 2e-3,
                       (1 / (1 + math.exp(-1.0) + math.exp(-1.1) + math.exp(-3.0)), "that is softmax over all four"),
                       (2 / 3, "weights are exponentials of scores"), (1 / (1 + math.exp(1.0)), "that is the second"),
                       otherwise="a softmax of the two that are kept"),
        wrong=(0.572, 0.667, 0.269, 0.5),
        praise="of two kept scores only the difference counts; the dropped ones may be anything lower.",
    ),
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
        praise="σ(cs) = c² σ(s), so (β, τ) and (cβ, c²τ) are one gate: a power is nonlinear, and still no remedy.",
    ),
    "gates.uneven": Exercise(
        solution=8 / 9,
        judge=close_to(8 / 9, 1e-3, (1.0, "that is an even load with even weights"),
                       (10 / 9, "that is with weights as large as the loads"),
                       (4 / 9, "and times the number of experts"),
                       (2.0, "that is one expert with everything"),
                       otherwise="P₁ is 2/3 times 1/2, and nothing from where expert 2 has all the weight"),
        wrong=(1.0, 10 / 9, 4 / 9, 2.0, 1.5),
        praise="below 1: the load is uneven, and the mean weights are uneven the other way round.",
    ),
    "gates.correlation": Exercise(
        solution=4.0,
        judge=close_to(4.0, 1e-3, (0.5, "that is the correlation; standardized vectors have the length √d"),
                       (32.0, "that is the dot product; it is divided by √d"), (8.0, "and times the correlation"),
                       otherwise="√d times the correlation"),
        wrong=(0.5, 32.0, 8.0, 2.0),
        praise="√64 · 0.5. With more numbers in an input the same correlation makes a sharper choice.",
    ),
    "gates.own": Exercise(
        solution=0.5,
        judge=close_to(0.5, 1e-3, (0.7, "the other way round: g is the weight of the local expert"),
                       (0.6, "that is with a gate half open"),
                       (0.8**0.25 * 0.4**0.75, "that is a geometric mean; probabilities are mixed"),
                       otherwise="sigmoid(log 3) = 3/4 is the weight of the local expert"),
        wrong=(0.7, 0.6, 0.476, 0.4),
        praise="1/4 · 0.8 + 3/4 · 0.4.",
    ),
}

"""Exercises of the *Primer*."""
import math

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_SIGMOID = 1 / (1 + math.exp(-1))

EXERCISES = {
    "primer.shift": Exercise(
        solution=_SIGMOID,
        judge=close_to(_SIGMOID, 1e-3, (1 - _SIGMOID, "that is the other class"),
                       (0.5, "the difference is small beside 1000, but only the difference counts"),
                       (1.0, "a difference of 1 is a factor of e between the two, not more"),
                       otherwise="take 1000 from both logits: nothing changes"),
        wrong=(1 - _SIGMOID, 0.5, 1.0, 1001 / 2001),
        praise="it is that of the logits 1 and 0, since only the difference counts.",
    ),
    "primer.slope": Exercise(
        solution=-0.75,
        judge=close_to(-0.75, 1e-6, (0.25, "that is its probability, and the slope in each of the other logits"),
                       (0.75, "does the loss grow or shrink when the right logit grows?"),
                       (-1.0, "that is the most it can be, where the label has no probability"),
                       otherwise="its probability less 1"),
        wrong=(0.25, 0.75, -1.0, 0.0),
        praise="p less one-hot: 1/4 - 1. The other three slopes are 1/4 each, and all four sum to 0.",
    ),
    "primer.rate": Exercise(
        solution=0.5,
        judge=close_to(0.5, 1e-6, (1.0, "that is the edge for w²; here the slope is 4w"),
                       (0.25, "that is the rate that needs a single step"),
                       (2.0, "a step multiplies w by 1 less 4 times the rate"),
                       otherwise="a step multiplies w by a number; between which two must it lie?"),
        wrong=(1.0, 0.25, 2.0, 0.05),
        praise="twice as steep a valley, half the rate: the steepest direction sets the limit.",
    ),
    "primer.steps": Exercise(
        solution=160,
        judge=exactly(160, (156.25, "a step is whole; the last batch of an epoch is smaller"),
                      (156, "the last batch of an epoch is smaller, and it counts"),
                      (155, "the last batch of an epoch is smaller, and it counts"),
                      (32, "that is one epoch"), otherwise="how many batches has one epoch?"),
        wrong=(156.25, 156, 155, 32, 5000),
        praise="32 batches make an epoch: 31 of 32 rows and one of the 8 that remain.",
    ),
    "primer.places": Exercise(
        solution=3,
        judge=exactly(3, (12, "8 and 12 share a divisor, so some fall on each other"),
                      (4, "that is the divisor that 8 and 12 share; how many places remain?"),
                      (8, "that is the number of turns"), otherwise="set the sliders and count"),
        wrong=(12, 4, 8, 1),
        praise="12 / 4: tokens that differ by 3 cannot be told apart. A prime number of tokens needs a multiple of"
               " it as f for that.",
    ),
}

"""Exercises of the chapter *Decoding and entropy*."""
from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "decoding_and_entropy.first": Exercise(
        solution=2.0611536e-09,
        judge=close_to(2.0611536e-09, 1e-12, otherwise="what is added to 1?"),
        wrong=(0.0, 1.0),
        praise="It is real, and float32 has no number for the sum."),
}

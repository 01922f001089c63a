"""Exercises of the chapter *Attention without softmax*."""
from toolkit.course.exercises._check import Exercise, close_to

__all__ = ["EXERCISES"]

EXERCISES = {
    "attention_without_softmax.first": Exercise(
        solution=2.0611536e-09,
        judge=close_to(2.0611536e-09, 1e-12, otherwise="what is added to 1?"),
        wrong=(0.0, 1.0),
        praise="It is real, and float32 has no number for the sum."),
}

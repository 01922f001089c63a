"""Exercises of the chapter *A gallery you can break*."""
import math
import warnings

import numpy as np

from toolkit import activations
from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _good(x):
    t = np.exp(-abs(x))
    gate = np.where(x >= 0, 1, t) / (1 + t)
    return np.where(gate == 0, np.float32(0), x) * gate


def _as_written(x):
    return x / (1 + np.exp(-x))


def _infinity_forgotten(x):
    t = np.exp(-abs(x))
    return x * np.where(x >= 0, 1, t) / (1 + t)


def _judge_silu(silu):
    if not callable(silu):
        return f"expected a function silu(x), got {silu!r}"
    x = np.float32([-80, -20, -5, -1e-3, 0, 1e-3, 1, 30, 90, 1e4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = np.asarray(silu(x.copy()), float)
        if found.shape != x.shape:
            return f"expected {x.size} numbers for {x.size} numbers, got the shape {found.shape}"
        truth = activations.silu(x.astype(float))
        wrong = ~(abs(found - truth) <= 1e-6 * abs(truth))
        if wrong.any():
            i = int(wrong.argmax())
            return f"silu({x[i]:g}) is {truth[i]:.8g}, yours is {found[i]:.8g}"
        if np.asarray(silu(np.float32([-np.inf])))[0] != 0:
            return "at -inf the gate is 0, and inf * 0 is NaN: the limit is 0"
    return None


EXERCISES = {
    "activations.softplus_overflow": Exercise(
        solution=12,
        judge=exactly(12, (11, "e^11 is 59874, which float16 still holds"),
                      (89, "that is where float32 ends; float16 ends at 65504"),
                      otherwise="the largest float16 is 65504; take its logarithm"),
        wrong=(11, 13, 89, 11.09),
        praise="e^12 is beyond 65504, although softplus(12) is hardly more than 12.",
    ),
    "activations.gelu_steepest": Exercise(
        solution=math.sqrt(2),
        judge=close_to(math.sqrt(2), 2e-4, (-0.7517915, "that is GELU's minimum, where the slope is 0"),
                       (1.1289041, "that is the slope there; where is it?"),
                       otherwise="its second derivative is (2 - x**2) phi(x)"),
        wrong=(1.1289041, 1.0, -0.7517915),
        praise="at the square root of 2 the slope is 1.1289: GELU stretches small changes by up to 13 %.",
    ),
    "activations.tanh_dead": Exercise(
        solution=10,
        judge=exactly(10, (20, "tanh is exactly 1 well before: 2 exp(-2x) has to fall below half an ulp of 1"),
                      (9, "at 9 one last bit is left"),
                      otherwise="try whole x with grad(activations.tanh)(np.float32(x), form='naive')"),
        wrong=(9, 11, 20, 17),
        praise="the true derivative there is 8.2e-9, which float32 holds without effort.",
    ),
    "activations.write_silu": Exercise(
        solution=_good,
        judge=_judge_silu,
        wrong=(_as_written, _infinity_forgotten, 3.0),
        praise="e^-|x| cannot overflow, and a gate that is shut wins over infinity.",
    ),
}

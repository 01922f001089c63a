"""Exercises of the chapter *Thresholds and sparse codes*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]

_X = np.array([-3.0, -1.6, -1.2, -0.4, 0.0, 0.7, 1.0, 1.3, 2.4, 2.6, 5.0])


def _firm(x, low, high):
    x = np.asarray(x, float)
    size = np.abs(x)
    ramp = high * (size - low) / (high - low) if high > low else size
    return np.where(size <= low, 0.0, np.sign(x) * np.minimum(size, ramp))


def _judge_firm(answer):
    if not callable(answer):
        return "a function firm(x, low, high)"
    for low, high in ((1.0, 2.5), (0.5, 5.0), (1.3, 1.3)):
        with np.errstate(all="ignore"):
            found = np.asarray(answer(_X, low, high), float)
        if found.shape != _X.shape:
            return f"the result should have the shape of x, {_X.shape}; yours has {found.shape}"
        expected = _firm(_X, low, high)
        wrong = ~np.isclose(found, expected, rtol=1e-12, atol=1e-12)
        if wrong.any():
            k = int(np.argmax(wrong))
            return (f"at x = {_X[k]:g} with low = {low:g} and high = {high:g} it is {expected[k]:.6g}; "
                    f"yours is {found[k]:.6g}")
    return None


EXERCISES = {
    "thresholds.price": Exercise(
        solution=0.02,
        judge=close_to(0.02, 1e-3, (0.2, "that is the threshold; λ is half of its square"),
                       (0.04, "t² / 2 against λ: one half is missing"), otherwise="keep x if λ is less than x² / 2"),
        wrong=(0.2, 0.04, 0.632),
        praise="√(2 · 0.02) = 0.2. Code without the 1/2 needs 0.04 for the same threshold.",
    ),
    "thresholds.jump": Exercise(
        solution=4.0,
        judge=close_to(4.0, 1e-3, (6.0, "that is where it jumps from; the result there is two thirds of it"),
                       (1.5, "that is the threshold for λ = 1"), otherwise="λ to the power of 2/3"),
        wrong=(6.0, 1.5, 8.0),
        praise="no result lies between 0 and 4: half thresholding never says 'a little'.",
    ),
    "thresholds.bias": Exercise(
        solution=0.005,
        judge=close_to(0.005, 2e-2, (0.1, "so much soft thresholding takes, for ever"),
                       (0.05, "divide by two: λ / (2 √x)"), (0.01, "divide by two: λ / (2 √x)"),
                       otherwise="y = x - λ / (2 √y), and y is nearly x"),
        wrong=(0.1, 0.05, 0.01, 0.0),
        praise="and soft thresholding takes 0.1, twenty times as much.",
    ),
    "thresholds.step": Exercise(
        solution="hard",
        judge=exactly("hard", ("firm", "the ramp needs c² μ < 1"), ("soft", "CEL0 is never soft"),
                      ("zero", "that is what the released code returns"), among=("soft", "hard", "firm", "zero")),
        wrong=("firm", "soft", "zero"),
        praise="with the threshold √(2 μ λ). The released code returns 0 here.",
    ),
    "thresholds.firm": Exercise(
        solution=_firm, judge=_judge_firm,
        wrong=(lambda x, low, high: np.sign(x) * np.maximum(np.abs(x) - low, 0),
               lambda x, low, high: high * (np.abs(x) - low) / (high - low), 1.0),
        praise="also where both ends are the same number.",
    ),
}

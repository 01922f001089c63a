"""Exercises of the chapter *Is it calibrated?*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _error(sure, right, bins):
    place = np.clip(np.ceil(sure * bins) - 1, 0, bins - 1).astype(int)
    gaps = np.bincount(place, weights=sure - right, minlength=bins)
    return np.abs(gaps).sum() / len(sure)


def _open_above(sure, right, bins):
    total = 0.0
    for b in range(bins):
        inside = (sure >= b / bins) & (sure < (b + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    return total


def _row_by_row(sure, right, bins):
    return np.abs(sure - right).mean()


def _judge_error(function):
    if not callable(function):
        return f"expected a function ece(sure, right, bins), got {function!r}"
    rng = np.random.default_rng(0)
    for count, bins in ((4, 2), (200, 10), (50, 1)):
        sure = np.append(rng.uniform(0.1, 1, count), [1.0, 1.0, 0.5])
        right = np.append(rng.uniform(size=count) < sure[:count], [False, True, False])
        found, expected = float(function(sure, right, bins)), _error(sure, right, bins)
        if not np.isclose(found, expected, rtol=1e-9, atol=1e-12):
            return (f"for {count + 3} rows, two of them with confidence 1, in {bins} bins: {expected:.6f},"
                    f" yours {found:.6f}")
    return None


_TWO_BINS = 0.295197039686085

EXERCISES = {
    "calibration.two_bins": Exercise(
        solution=_TWO_BINS,
        judge=close_to(_TWO_BINS, 2e-3, (0.339297886, "that is for 15 bins"),
                       otherwise="expected_calibration_error takes bins=2"),
        wrong=(0.3393, 0.75, 0.0),
        praise="0.295 with two bins, 0.339 with fifteen: the number of bins is part of the result.",
    ),
    "calibration.doubled": Exercise(
        solution=5.0,
        judge=close_to(5.0, 1e-6, (1.25, "the larger the logits, the more there is to divide by"),
                       (2.5, "it depends on the logits: only z / T matters"), otherwise="only z / T matters"),
        wrong=(1.25, 2.5, 3.5),
        praise="2 z / 5 is z / 2.5: temperature scaling does not care for the scale of the logits.",
    ),
    "calibration.changed": Exercise(
        solution=0,
        judge=exactly(0, otherwise="does dividing a row by a positive number change which entry is largest?"),
        wrong=(1, 17, 1737),
        praise="none: the largest logit stays the largest. Accuracy is out of reach of a temperature.",
    ),
    "calibration.write_it": Exercise(
        solution=_error,
        judge=_judge_error,
        wrong=(_open_above, _row_by_row, 3.0),
        praise="a sum over bins, no loop, and the surest rows are in the last bin.",
    ),
}

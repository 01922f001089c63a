"""Exercises of the chapter *Is it calibrated?*."""
import math

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


def _heated(rivals):
    """How sure a class of 98 % is at T = 2.72 beside so many equal rivals."""
    return 1 / (1 + rivals * math.exp(-math.log(0.98 * rivals / 0.02) / 2.72))


_ASKED = 4 * 0.05 / 0.95 / (1 + 4 * 0.05 / 0.95)
_TWO_BINS = 0.295197039686085

EXERCISES = {
    "calibration.two_bins": Exercise(
        solution=_TWO_BINS,
        judge=close_to(_TWO_BINS, 2e-3, (0.339297886, "that is for 15 bins"),
                       otherwise="expected_calibration_error takes bins=2"),
        wrong=(0.3393, 0.75, 0.0),
        praise="0.295 with two bins, 0.339 with fifteen: the number of bins is part of the result.",
    ),
    "calibration.heated": Exercise(
        solution=_heated(9),
        judge=close_to(_heated(9), 3e-3, (_heated(1), "that is with one rival; each of the nine gains by the heat"),
                       (0.98 / 2.72, "the logits are divided, not the probability"),
                       (1 / (1 + 9 * math.exp(-math.log(49) / 2.72)), "a rival has a ninth of 0.02: mind its gap"),
                       otherwise="take the gap of the logits from p, divide it by T, and go back"),
        wrong=(_heated(1), 0.98 / 2.72, 0.98, 0.9),
        praise="0.51: the more rivals, the more a temperature takes from the first; with a single one 0.81 is left.",
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
    "calibration.two_classes": Exercise(
        solution="higher",
        judge=exactly("higher", otherwise="is there a class below the label, from which it could gain?"),
        wrong=("lower", "none", 1),
        praise="the label is the least of the two, below the mean logit: only heat helps it. It takes weak classes to"
               " make cross-entropy sharpen a wrong answer.",
    ),
    "calibration.balanced": Exercise(
        solution=_ASKED,
        judge=close_to(_ASKED, 3e-3, (0.8, "that is the truth, which the plain loss asks for"),
                       (1 - _ASKED, "which of the two is weighted by 0.05, right rows or wrong ones?"),
                       (4 * 0.05 / 0.95, "that is the odds"),
                       otherwise="odds of the group, times the odds of a wrong answer in all"),
        wrong=(0.8, 1 - _ASKED, 0.5, 4 * 0.05 / 0.95),
        praise="right in four of five cases, and told to deny it: it is worse than the rest, and that is all that these"
               " weights ask about.",
    ),
    "calibration.window": Exercise(
        solution=20,
        judge=exactly(20, (201 // 5, "the first window is centred on the first entry: half of it is beyond the end"),
                      (10, "that is for ten classes"),
                      otherwise="how many entries does the window around the first entry see?"),
        wrong=(40, 10, 201),
        praise="the window around the first entry sees it and 100 more, and so does that around the last: 100 entries"
               " are 20 rows.",
    ),
}

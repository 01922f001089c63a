"""The temperature that correctness asks for, and the way in which each row pulls a temperature."""
import numpy as np

from toolkit._core.arguments import check_flag, check_number, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.public import warn
from toolkit.elementary import exp, log
from toolkit.softmax.kernels import top_class
from toolkit.uncertainty._weights import sums_without_top
from toolkit.uncertainty.calibration import calibration_rows, cross_entropy_of_row, largest_gap, sharpness

__all__ = ["balanced_confidence", "fit_correctness_temperature", "temperature_slopes"]
KERNELS = ["balanced_confidence_of", "best_correctness_temperature", "correctness_of_row", "mean_correctness"]

_HALVINGS, _PER_OCTAVE = 60, 4


@kernel
def correctness_of_row(z, label, inverse):
    """``(loss, slope)``: ``(c - conf)^2`` at the inverse temperature, and its derivative there."""
    top = top_class(z)
    rest, spread = sums_without_top(z, top, inverse)
    rest, spread = float(rest), float(spread)
    sure = 1.0 / (1.0 + rest)
    off = -rest / (1.0 + rest) if top == label else sure
    return off * off, 2.0 * off * sure * (spread / (1.0 + rest))


@kernel
def mean_correctness(z, labels, inverse, balance):
    """``(loss, slope)`` of the mean over all rows or, balanced, of the mean of that of right rows and of wrong ones."""
    right, loss, slope, loss_of_right, slope_of_right = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(z.shape[0]):
        value, change = correctness_of_row(z[i], labels[i], inverse)
        if top_class(z[i]) == labels[i]:
            right += 1.0
            loss_of_right += value
            slope_of_right += change
        else:
            loss += value
            slope += change
    rows = float(z.shape[0])
    if balance and 0.0 < right < rows:
        return (0.5 * (loss / (rows - right) + loss_of_right / right),
                0.5 * (slope / (rows - right) + slope_of_right / right))
    return (loss + loss_of_right) / rows, (slope + slope_of_right) / rows


@kernel
def smallest_lead(z):
    """The smallest distance above 0 of a row's largest logit from its others; inf if there is none."""
    least = np.inf
    for i in range(z.shape[0]):
        top = top_class(z[i])
        for k in range(z.shape[1]):
            if 0.0 < z[i, top] - z[i, k] < least:
                least = z[i, top] - z[i, k]
    return least


@kernel
def best_correctness_temperature(z, labels, balance):
    """The temperature of least mean correctness loss; 0 or inf where it falls all the way to that end.

    The loss may have several minima: it is taken at temperatures four to an octave, from one that leaves no row sure
    to one that leaves none in doubt, and the slope's change of sign beside the least is found by bisection.
    """
    low, high = log(1e-3 / largest_gap(z)), log(50.0) - log(smallest_lead(z))
    steps = int((high - low) / log(2.0) * _PER_OCTAVE) + 1
    best, least = 0, np.inf
    for i in range(steps + 1):
        value, _ = mean_correctness(z, labels, exp(low + (high - low) * (i / steps)), balance)
        if value < least:
            best, least = i, value
    at = low + (high - low) * (best / steps)
    _, slope = mean_correctness(z, labels, exp(at), balance)
    if best == 0 and slope >= 0.0:
        return np.inf
    if best == steps and slope <= 0.0:
        return 0.0
    step = (high - low) / steps
    low, high = (at - step, at) if slope > 0.0 else (at, at + step)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        _, slope = mean_correctness(z, labels, exp(middle), balance)
        if slope < 0.0:
            low = middle
        else:
            high = middle
    return exp(-0.5 * (low + high))


@kernel
def balanced_confidence_of(accuracy, overall):
    """``a (1 - A) / (a (1 - A) + (1 - a) A)``."""
    up, down = accuracy * (1.0 - overall), (1.0 - accuracy) * overall
    return up / (up + down)


@kernel
def confidences(accuracies, overall, out):
    for i in range(accuracies.size):
        out[i] = balanced_confidence_of(accuracies[i], overall)


def fit_correctness_temperature(logits, labels, *, balance=False, ignore_index=None, axis=-1):
    """The temperature of least mean `toolkit.losses.correctness_loss` of ``logits / T``: one number for all rows.

    A right row pulls T down, a wrong one up, each by how far its confidence is from 1 or from 0. Cross-entropy, which
    `fit_temperature` takes, can sharpen a wrong row instead: its label gains where it lies above the mean logit.

    The loss is not convex in 1 / T. It is taken at four temperatures per octave over all that matter, and the best is
    refined by bisection: no learning rate, and no step to a temperature of 0 or below. The authors learn a temperature
    for each row by a small network instead, clamped to 0.1 to 10; beyond a clamp its gradient is exactly 0.

    Parameters
    ----------
    logits : array_like (..., K)
        Of rows that were not trained on.
    labels : array_like of integers (...)
    balance : bool
        Weight right and wrong rows as the authors' code does: see `balanced_confidence` for what this asks for.
    ignore_index : int, optional
        Rows with this label are left out.
    axis : int, tuple of ints or None
        Where the K classes are.

    Returns
    -------
    float

    Special values
    --------------
    With a RuntimeWarning that says why: 0 where the loss falls all the way to it, as where every row is right; inf
    where it falls all the way there, as where every row is wrong; 1 where all logits of a row are equal, in every row.

    Accuracy
    --------
    Within 1e-7 of T against another minimiser, tested; logits times a power of two give T times that power within
    1e-12.

    References
    ----------
    Liu et al., Optimizing Calibration by Gaining Aware of Prediction Correctness, 2024, arXiv:2404.13016.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{fit_correctness_temperature(logits, [0, 1, 1, 2]):.6f}"
    '2.050129'
    """
    _, z, y = calibration_rows(logits, labels, axis, None, ignore_index)
    balance = check_flag("balance", balance)
    z = z.astype(np.float64)
    exponent = int(np.frexp(np.abs(z[z != -np.inf]).max())[1])
    z = np.ldexp(z, -exponent)
    with np.errstate(all="ignore"):
        if not largest_gap(z):
            return _limit(1.0, "the logits of a row are all equal, in every row: each temperature is as good")
        found = best_correctness_temperature(z, y, balance)
    if found == 0 or found == np.inf:
        return _limit(found, f"the loss falls all the way to temperature {found:g}")
    return float(np.ldexp(found, exponent))


def _limit(temperature, why):
    warn(f"fit_correctness_temperature gives {temperature:g}, as {why}")
    return float(temperature)


_OF_ROW = {"cross_entropy": cross_entropy_of_row, "correctness": correctness_of_row}


@kernel
def slopes_of_rows(of, z, labels, inverse, out):
    for i in range(z.shape[0]):
        out[i] = of(z[i], labels[i], inverse)[1]


def temperature_slopes(logits, labels, *, loss="cross_entropy", temperature=1.0, axis=-1):
    """The way in which each row pulls the temperature: the derivative of its loss in T.

    Above 0 a row wants a lower temperature, below 0 a higher one. Of cross-entropy it is ``(z_y - E_p[z]) / T^2``, of
    correctness ``2 (c - conf) conf (z_max - E_p[z]) / T^2``. In log T it is T times as large, and a descent there never
    steps to a temperature of 0 or below.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    loss : {"cross_entropy", "correctness"}
    temperature : float > 0
    axis : int, tuple of ints or None
        Where the K classes are.

    Returns
    -------
    (...) float64

    Special values
    --------------
    Logits with NaN or +inf, or a row of -inf, are a ValueError. 0 where all logits of a row are equal.

    Accuracy
    --------
    Within 1e-13 of the largest gap of the row's logits over T^2, in float64, tested.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, 2017, arXiv:1706.04599; Liu et al.,
    Optimizing Calibration by Gaining Aware of Prediction Correctness, 2024, arXiv:2404.13016.

    Examples
    --------
    >>> narrow_miss = [2.0, 1.8] + [-1.0] * 8  # the label is the second class
    >>> [f"{temperature_slopes(narrow_miss, 1, loss=loss):.4f}" for loss in ("cross_entropy", "correctness")]
    ['0.4128', '-0.2494']
    """
    of = chosen("loss", loss, _OF_ROW)
    layout, z, y = calibration_rows(logits, labels, axis, None, None)
    rows, inverse = sharpness(temperature, layout, z.astype(np.float64))
    out = np.empty(len(z))
    with np.errstate(all="ignore"):
        slopes_of_rows(of, rows, y, inverse, out)
    return (-inverse * inverse * out).reshape(layout.batch)[()]


def balanced_confidence(accuracy, overall):
    """What the balanced correctness loss asks a group of rows to say: of a share a of right rows, not a.

    Right rows weigh 1 - A and wrong ones A, with A the share that is right overall. A group with accuracy a then pays
    least with odds ``a / (1 - a) * (1 - A) / A``: a group as accurate as all has to say 1/2.

    Parameters
    ----------
    accuracy : array_like (...)
        Share of right rows in the group, from 0 to 1.
    overall : float above 0 and below 1
        Share of right rows in all.

    Returns
    -------
    (...) float64

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    Within 4 epsilon, tested.

    References
    ----------
    Derived here from the weights in the code of Liu et al., 2024, arXiv:2404.13016.

    Examples
    --------
    >>> balanced_confidence([0.6, 0.9, 0.99], 0.9).round(3)
    array([0.143, 0.5  , 0.917])
    """
    a, overall = real_array(accuracy, "accuracy").astype(np.float64), check_number("overall", overall, 0.0, 1.0)
    if ((a < 0) | (a > 1)).any():
        raise ValueError("accuracy has an entry outside of 0 to 1; allowed: numbers from 0 to 1")
    if overall in (0.0, 1.0):
        raise ValueError(f"overall is {overall}; allowed: a number above 0 and below 1")
    out = np.empty(a.size)
    confidences(a.reshape(-1), overall, out)
    return out.reshape(a.shape)[()]

"""Is a classifier as sure as it is right? Reliability, expected calibration error, and temperature scaling."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_temperature, check_whole
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like, over_exactly
from toolkit._core.public import warn
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, log, log1p
from toolkit.losses._labels import IGNORED, label_rows
from toolkit.softmax._temperature import beyond_float32
from toolkit.softmax.kernels import top_class
from toolkit.uncertainty._weights import sums_without_top

__all__ = ["Reliability", "expected_calibration_error", "fit_temperature", "reliability"]

_HALVINGS = 60


@kernel
def cross_entropy_of_row(z, label, inverse):
    """``(loss, slope)``: cross-entropy at the inverse temperature, and its derivative there, ``E_p[z] - z_y``."""
    top = top_class(z)
    rest, spread = sums_without_top(z, top, inverse)
    gap = z[top] - z[label]
    return log1p(rest) + inverse * gap, gap - spread / (1 + rest)


@kernel
def mean_loss(z, labels, inverse):
    """The mean of `cross_entropy_of_row` over the rows."""
    inverse = float(like(inverse, z))
    loss, slope = sum_like(z), sum_like(z)
    for i in range(z.shape[0]):
        value, change = cross_entropy_of_row(z[i], labels[i], inverse)
        loss += value
        slope += change
    return over_exactly(loss.value, z.shape[0]), over_exactly(slope.value, z.shape[0])


@kernel
def largest_gap(z):
    """Of all rows, infinite ones left out."""
    largest = 0.0
    for i in range(z.shape[0]):
        top = top_class(z[i])
        for k in range(z.shape[1]):
            gap = z[i, top] - z[i, k]
            if largest < gap < np.inf:
                largest = gap
    return largest


@kernel
def best_temperature(z, labels):
    """The temperature of least mean loss: 0 if every row is right, inf if no temperature beats equal probabilities.

    Bisection of the slope in the logarithm of ``b = G / T``, where G is the largest gap of the logits. It lies between
    ``-slope(0) / G``, since the slope grows by at most G² per 1 / T, and K G over the mean gap of the labels, where
    the mean over p of all gaps is less than that of the labels.
    """
    largest, missed = largest_gap(z), 0.0
    for i in range(z.shape[0]):
        missed += (z[i, top_class(z[i])] - z[i, labels[i]]) / z.shape[0]
    if missed == 0:
        return 0.0
    _, slope = mean_loss(z, labels, 0.0)
    if not slope < 0:
        return np.inf
    low, high = log(-slope / largest), log(z.shape[1] * (largest / missed))
    if high == np.inf:
        high = log(z.shape[1] * largest) - log(missed)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        _, slope = mean_loss(z, labels, exp(middle) / largest)
        if slope < 0:
            low = middle
        else:
            high = middle
    return exp(-0.5 * (low + high)) * largest


@kernel
def reliability_rows(z, labels, inverse, counts, confidence, accuracy):
    """Fill three arrays, one entry per bin ``(lo, hi]`` of confidence: rows, mean confidence, share of right rows."""
    bins = counts.size
    for b in range(bins):
        counts[b], confidence[b], accuracy[b] = 0.0, 0.0, 0.0
    for i in range(z.shape[0]):
        top = top_class(z[i])
        rest, spread = sums_without_top(z[i], top, inverse)
        sure = float(1 / (1 + rest))
        b = min(max(np.int64(np.ceil(sure * bins)) - 1, 0), bins - 1)
        counts[b] += 1.0
        confidence[b] += sure
        if top == labels[i]:
            accuracy[b] += 1.0
    for b in range(bins):
        if counts[b] > 0.0:
            confidence[b] /= counts[b]
            accuracy[b] /= counts[b]


class Reliability(NamedTuple):
    """A reliability diagram: per bin of confidence its rows, their mean confidence and the share that is right.

    counts, confidence, accuracy : (bins,) · Empty bins have 0.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self):
        """Expected calibration error: the mean of ``abs(confidence - accuracy)`` over the rows."""
        return float(np.abs(self.confidence - self.accuracy) @ self.counts / self.counts.sum())

    @property
    def largest_error(self):
        """Maximum calibration error: the largest ``abs(confidence - accuracy)`` of a bin."""
        return float(np.abs(self.confidence - self.accuracy).max())

    @property
    def root_mean_square_error(self):
        """The root of the mean of ``(confidence - accuracy)²`` over the rows."""
        off = self.confidence - self.accuracy
        return float(np.sqrt(off * off @ self.counts / self.counts.sum()))


def calibration_rows(logits, labels, axis, format, ignore_index):
    """``(layout, rows, labels)`` without the rows that are ignored."""
    layout = Rows(logits, axis=axis, where=None, format=format, name="logits")
    z = layout.rows(logits, "logits")
    if not np.isfinite(z.max(axis=1)).all():
        raise ValueError("logits contains NaN or +inf, or a row of -inf; allowed: rows with a finite maximum")
    if layout.count == 0:
        raise ValueError(f"logits has shape {layout.shape}: no rows; allowed: at least 1")
    targets = label_rows(layout, z, labels, ignore_index=ignore_index)
    if targets.q is not None:
        raise TypeError("labels are probabilities; allowed: integers, the classes")
    known = targets.index != IGNORED
    if not known.any():
        raise ValueError(f"labels are all ignore_index ({ignore_index}); allowed: at least 1 other")
    return layout, z[known], targets.index[known]


def sharpness(temperature, layout, z):
    """``(rows, 1 / T)``, at most the largest finite number of the rows: infinity would turn a gap of 0 into NaN.

    The rows are those of z for kernels, in float64 where float32 lacks 1 / T.
    """
    temperature = check_temperature(temperature)
    if temperature == 0:
        raise ValueError("temperature is 0.0; allowed: a number > 0")
    inverse = 1 / max(temperature, 1e-308)
    z = z.astype(np.float64) if beyond_float32(inverse) else z
    return in_format(z, layout.fmt), min(inverse, float(np.finfo(z.dtype).max))


def reliability(logits, labels, *, bins=15, temperature=1.0, ignore_index=None, axis=-1, format=None):
    """Reliability diagram of ``softmax(logits / temperature)``: how sure, and how often right, in bins.

    Parameters
    ----------
    logits : array_like (..., K)
        A class that a masked array hides is left out.
    labels : array_like of integers (...)
    bins : int >= 1
        Equal bins ``(lo, hi]`` of the largest probability. The error depends on their number: more bins find more
        of it, and more noise.
    temperature : float > 0
    ignore_index : int, optional
        Rows with this label are left out.
    axis : int, tuple of ints or None
        Where the K classes are.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format for the probabilities.

    Returns
    -------
    Reliability
        Its `error` is the expected calibration error.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, 2017, arXiv:1706.04599.
    """
    bins = check_whole("bins", bins, 1, 2**31)
    layout, z, y = calibration_rows(logits, labels, axis, format, ignore_index)
    arrays = [np.empty(bins) for _ in range(3)]
    rows, inverse = sharpness(temperature, layout, z)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        reliability_rows(rows, y, inverse, *arrays)
    return Reliability(*arrays)


def expected_calibration_error(logits, labels, **options):
    """Expected calibration error: the mean distance between confidence and accuracy, in bins of confidence.

    A biased estimate that depends on the number of bins and rows: a perfectly calibrated model has an error above 0.

    Parameters
    ----------
    logits, labels, **options
        As of `reliability`.

    Returns
    -------
    float

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, 2017, arXiv:1706.04599.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{expected_calibration_error(logits, [0, 1, 1, 2]):.6f}"
    '0.339298'
    """
    return reliability(logits, labels, **options).error


def fit_temperature(logits, labels, *, ignore_index=None, axis=-1):
    """Temperature scaling: the T that makes the mean cross-entropy of ``softmax(logits / T)`` least.

    The loss is convex in ``1 / T`` with slope ``mean(E_p[z] - z_y)``, so its one zero is found by bisection in
    ``log T``: no learning rate, no overflow near 0, no sign change of T. Every argmax stays. The ends of the bisection
    come from the logits, so that T scales with them.

    Parameters
    ----------
    logits : array_like (..., K)
        Of rows that were not trained on.
    labels : array_like of integers (...)
    ignore_index : int, optional
        Rows with this label are left out.
    axis : int, tuple of ints or None
        Where the K classes are.

    Returns
    -------
    float

    Special values
    --------------
    With a RuntimeWarning that says why: 0 where every row is right, as the loss falls all the way to T = 0; inf where
    the logits say nothing of the labels, or the contrary; 1 where all logits of a row are equal, in every row.

    Accuracy
    --------
    Within 1e-12 of T for logits of every scale that float32 or float64 has, tested; logits times a power of two give T
    times that power, to the last bit, while nothing is subnormal.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, 2017, arXiv:1706.04599.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{fit_temperature(logits, [0, 1, 1, 2]):.9f}"
    '1.256819505'
    """
    _, z, y = calibration_rows(logits, labels, axis, None, ignore_index)
    z = z.astype(np.float64)
    at = int(np.argmin(z[np.arange(len(y)), y]))
    if z[at, y[at]] == -np.inf:
        raise ValueError(f"labels has a row of label {y[at]} whose logit is -inf; allowed: classes of finite logits, "
                         "as else the loss is infinite at every temperature")
    exponent = int(np.frexp(np.abs(z[z != -np.inf]).max())[1])
    z = np.ldexp(z, -exponent)  # gaps of the largest float64 overflow
    with np.errstate(all="ignore"):
        if not largest_gap(z):
            return _limit(1.0, "the logits of a row are all equal, in every row: each temperature is as good")
        found = best_temperature(z, y)
    if found == 0:
        return _limit(0.0, "every row is right: the loss falls all the way to temperature 0")
    if found == np.inf:
        return _limit(np.inf, "no temperature is better than equal probabilities")
    return float(np.ldexp(found, exponent))


def _limit(temperature, why):
    warn(f"fit_temperature gives {temperature:g}, as {why}")
    return temperature

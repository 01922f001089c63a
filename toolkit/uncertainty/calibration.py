"""Is a classifier as sure as it is right? Reliability, expected calibration error, and temperature scaling."""
from numbers import Integral
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_temperature
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like, over_exactly, times_exactly
from toolkit.elementary import exp, log, log1p
from toolkit.losses._labels import label_rows
from toolkit.softmax.kernels import top_class

__all__ = ["Reliability", "expected_calibration_error", "fit_temperature", "reliability"]

_HALVINGS = 60
_HOTTEST = 1e4


@kernel
def sums_without_top(z, top, inverse):
    """``sum_{k != top} e^{(z_k - max z) / T}`` of a row, and the same with each term times ``max z - z_k``.

    1 / T keeps its digits also where the format lacks them.
    """
    rest, spread = 0.0, 0.0
    for k in range(z.size):
        gap = z[top] - z[k]
        if k != top and gap < np.inf:
            w = exp(-times_exactly(gap, inverse))
            rest += w
            spread += w * gap
    return rest, spread


@kernel
def mean_loss(z, labels, inverse):
    """``(loss, slope)``: mean cross-entropy at the inverse temperature, and its derivative ``E_p[z] - z_y``."""
    inverse = float(like(inverse, z))
    loss, slope = 0.0, 0.0
    for i in range(z.shape[0]):
        top = top_class(z[i])
        rest, spread = sums_without_top(z[i], top, inverse)
        gap = z[i, top] - z[i, labels[i]]
        loss += log1p(rest) + inverse * gap
        slope += gap - spread / (1 + rest)
    return over_exactly(loss, z.shape[0]), over_exactly(slope, z.shape[0])


@kernel
def best_temperature(z, labels):
    """The temperature of least mean loss, by bisection of the slope in ``log T``."""
    low, high = -log(_HOTTEST), log(_HOTTEST)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        loss, slope = mean_loss(z, labels, exp(middle))
        if slope < 0 or loss == 0:  # 0 to the last row: all are right, and underflow
            low = middle
        else:
            high = middle
    return exp(-0.5 * (low + high))


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


def _rows(logits, labels, axis, format):
    layout = Rows(logits, axis=axis, where=None, format=format, name="logits")
    z = layout.rows(logits, "logits")
    if not np.isfinite(z.max(axis=1)).all():
        raise ValueError("logits contains NaN or +inf, or a row of -inf; allowed: rows with a finite maximum")
    if layout.count == 0:
        raise ValueError(f"logits has shape {layout.shape}: no rows; allowed: at least 1")
    targets = label_rows(layout, z, labels, label_smoothing=0, ignore_index=None, weight=None, format=None)
    if targets.q is not None:
        raise TypeError("labels are probabilities; allowed: integers, the classes")
    return layout, z, targets.index


def reliability(logits, labels, *, bins=15, temperature=1.0, axis=-1, format=None):
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
    if not isinstance(bins, Integral) or bins < 1:
        raise ValueError(f"bins is {bins!r}; allowed: a whole number >= 1")
    temperature = check_temperature(temperature)
    if temperature == 0:
        raise ValueError("temperature is 0.0; allowed: a number > 0")
    layout, z, y = _rows(logits, labels, axis, format)
    arrays = [np.empty(int(bins)) for _ in range(3)]
    (inverse,) = layout.parameters((1 / temperature,))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        reliability_rows(in_format(z, layout.fmt), y, inverse, *arrays)
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


def fit_temperature(logits, labels, *, axis=-1):
    """Temperature scaling: the T that makes the mean cross-entropy of ``softmax(logits / T)`` least.

    The loss is convex in ``1 / T`` with slope ``mean(E_p[z] - z_y)``, so its one zero is found by bisection in
    ``log T``: no learning rate, no overflow near 0, no sign change of T. Every argmax stays.

    Parameters
    ----------
    logits : array_like (..., K)
        Of rows that were not trained on.
    labels : array_like of integers (...)
    axis : int, tuple of ints or None
        Where the K classes are.

    Returns
    -------
    float
        Between 1e-4 and 1e4, which are the answers where every row is right or the logits say nothing.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, 2017, arXiv:1706.04599.

    Examples
    --------
    >>> logits = [[4, 1, 0], [3, 2.5, 0], [0, 5, 1], [1, 3, 2]]
    >>> f"{fit_temperature(logits, [0, 1, 1, 2]):.9f}"
    '1.256819505'
    """
    _, z, y = _rows(logits, labels, axis, None)
    with np.errstate(all="ignore"):
        return float(best_temperature(z.astype(np.float64), y))

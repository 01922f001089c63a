"""Conformal intervals from the rows that chose when to stop, by the lower envelope of the models' losses."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_flag, check_number, check_whole, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.uncertainty._conformal_binomial import beta_quantile
from toolkit.uncertainty._conformal_quantile import ROUNDING, conformal_quantile
from toolkit.uncertainty._early_stopping_sets import least_of, of_models

__all__ = ["Envelope", "Interval", "early_stopping_interval", "lower_envelope", "reuse_bound"]
KERNELS = ["envelope_row", "order_of", "reuse_bound_by_markov", "reuse_bound_of", "stopped_interval", "stopped_pieces"]


class Envelope(NamedTuple):
    """Which of M parabolas is the lowest where: piece i is that of `models[i]`, from `starts[i]` to `starts[i + 1]`.

    models : (P,) integers · starts : (P,) · The first start is -inf, and the last piece ends at inf.
    """

    models: np.ndarray
    starts: np.ndarray


class Interval(NamedTuple):
    """Ends of intervals, lower and upper: (...) or, where there may be gaps, (..., M) with NaN behind the last."""

    lower: np.ndarray
    upper: np.ndarray


@kernel
def order_of(values, order):
    """Fill `order` with the places of the values, the smallest first, by insertion: for a few values."""
    for m in range(values.size):
        at = m
        while at > 0 and values[int(order[at - 1])] > values[m]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = m


@kernel
def crossing(predictions, totals, a, b):
    """Where the parabolas ``(y - prediction)^2 + total`` of a and b meet, the prediction of b being the larger one."""
    apart = predictions[b] - predictions[a]
    return 0.5 * (predictions[a] + predictions[b]) + 0.5 * (totals[b] - totals[a]) / apart


@kernel
def envelope_row(predictions, totals, order, models, starts):
    """The lowest of ``(y - prediction_m)^2 + total_m`` for each y, from the sorted models on; how many pieces it has.

    The squares of y are the same in all, so that it is an envelope of lines: one walk, in which each model comes once
    and goes once at most.
    """
    count = 0
    for i in range(order.size):
        m, start = int(order[i]), -np.inf
        while count > 0:
            last = int(models[count - 1])
            if predictions[m] == predictions[last]:
                if not totals[m] < totals[last]:
                    start = np.inf
                    break
                start = -np.inf
            else:
                start = crossing(predictions, totals, last, m)
            if start > starts[count - 1]:
                break
            count -= 1
        if start < np.inf:
            models[count], starts[count] = m, -np.inf if count == 0 else start
            count += 1
    return count


@kernel
def stopped_pieces(predictions, totals, thresholds, order, models, starts, lower, upper):
    """Fill the ends of the intervals of all y that are in the interval of the model that they choose; how many.

    Where there is no such y it is the interval of the model of the least total.
    """
    count, kept = envelope_row(predictions, totals, order, models, starts), 0
    for i in range(count):
        m = int(models[i])
        left = max(predictions[m] - thresholds[m], starts[i])
        right = min(predictions[m] + thresholds[m], starts[i + 1] if i + 1 < count else np.inf)
        if left <= right:
            lower[kept], upper[kept] = left, right
            kept += 1
    if kept == 0:
        m = least_of(totals)
        lower[0], upper[0], kept = predictions[m] - thresholds[m], predictions[m] + thresholds[m], 1
    return kept


@kernel
def stopped_interval(predictions, totals, thresholds, order, models, starts, lower, upper):
    """``(lower, upper)``: the hull of `stopped_pieces`, which come in order."""
    kept = stopped_pieces(predictions, totals, thresholds, order, models, starts, lower, upper)
    return lower[0], upper[kept - 1]


@kernel
def interval_rows(predictions, orders, totals, thresholds, hull, models, starts, out):
    for i in range(predictions.shape[0]):
        lower, upper = out[0, i], out[1, i]
        kept = stopped_pieces(predictions[i], totals, thresholds, orders[i], models, starts, lower, upper)
        if hull:
            upper[0], kept = upper[kept - 1], 1
        for m in range(kept, lower.size):
            lower[m], upper[m] = np.nan, np.nan


@kernel
def reuse_bound_of(n, models, alpha):
    """By the inequality of Dvoretzky, Kiefer and Wolfowitz for all models at once."""
    logs = log(2.0 * models)
    error = np.sqrt(0.5 * logs) + np.sqrt(2.0) * models * exp(-logs) / (np.sqrt(logs) + np.sqrt(logs + 4.0 / np.pi))
    return (1.0 + 1.0 / n) * (1.0 - alpha) - error / np.sqrt(n)


@kernel
def reuse_bound_by_markov(n, models, alpha):
    """By Markov's inequality: ``(1 - 1/b)`` of the quantile 1 / (M b) of the coverage, with b = 100."""
    rank = np.floor((alpha + ROUNDING) * (n + 1.0))
    return 0.99 if rank < 1.0 else 0.0 if rank > n else 0.99 * beta_quantile(0.01 / models, n + 1.0 - rank, rank)


_FORMS = {"naive": True, "stable": False}
_BOUNDS = {"dkw": reuse_bound_of, "markov": reuse_bound_by_markov}


def lower_envelope(predictions, losses):
    """Which model is chosen if the answer is y, for every y: the lowest of the parabolas ``(y - prediction)^2 + loss``.

    The y axis falls into at most M pieces with a model each, found by a sort and one walk: M log M steps.

    Parameters
    ----------
    predictions : array_like (M,)
        Of a new row, by each of M models.
    losses : array_like (M,)
        The sum of squared errors of each on the held-out rows.

    Returns
    -------
    Envelope

    Special values
    --------------
    Of equal parabolas the first model counts.

    References
    ----------
    Liang, Zhou, Sesia, Conformal Inference Is (Almost) Free for Neural Networks Trained with Early Stopping, 2023,
    arXiv:2301.11556, who divide and conquer.

    Examples
    --------
    >>> found = lower_envelope([0.0, 2.0, 1.0], [0.0, 0.0, 5.0])
    >>> found.models.tolist(), found.starts.tolist()
    ([0, 1], [-inf, 1.0])
    """
    predictions = _finite("predictions", of_models("predictions", predictions, 1))
    losses = _finite("losses", of_models("losses", losses, 1, len(predictions)))
    if predictions.ndim != 1 or losses.ndim != 1:
        raise ValueError(f"predictions has shape {predictions.shape} and losses {losses.shape}; allowed: (M,) both")
    order = np.argsort(predictions, kind="stable").astype(np.float64)
    models, starts = np.empty(len(order)), np.empty(len(order))
    count = int(envelope_row(predictions, losses, order, models, starts))
    return Envelope(models[:count].astype(int), starts[:count].copy())


def _finite(name, array):
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has an infinite entry; allowed: finite numbers")
    return array


def early_stopping_interval(held, targets, predictions, *, alpha=0.1, hull=True, form="stable"):
    """Intervals for a number where the same held-out rows choose the model and calibrate it.

    As of `early_stopping_sets`, with squared errors: each y takes part in the choice of its model. Which y leads to
    which model is the `lower_envelope`; in each piece the y within the model's own threshold of its prediction are
    kept. They may have gaps between them, which the hull fills: it covers more, and is wider.

    Parameters
    ----------
    held : array_like (M, n)
        Predictions of n held-out rows by each of M models.
    targets : array_like (n,)
    predictions : array_like (M, ...)
        Of new rows, by the same models.
    alpha : float from 0 to 1
    hull : bool
        Whether gaps are filled. Without it there are up to M intervals for each row.
    form : {"naive", "stable"}
        Naive takes the model that is best on the held-out rows for every y, and covers less than promised.

    Returns
    -------
    Interval

    Special values
    --------------
    All numbers where n is too small for alpha. Where no y is kept, the naive interval.

    References
    ----------
    Liang, Zhou, Sesia, 2023, arXiv:2301.11556.

    Examples
    --------
    >>> held, targets = [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], [0.5, 1.0, 1.5]
    >>> found = early_stopping_interval(held, targets, [3.0, 1.0], alpha=0.25)
    >>> float(found.lower), float(found.upper)
    (0.5, 3.5)
    """
    reuse, alpha = chosen("form", form, _FORMS), check_number("alpha", alpha, 0, 1)
    hull = check_flag("hull", hull)
    held = _finite("held", of_models("held", held, 2))
    predictions = _finite("predictions", of_models("predictions", predictions, 1, len(held)))
    targets = real_array(targets, "targets").astype(np.float64)
    if held.ndim != 2 or targets.shape != held.shape[1:] or not np.isfinite(targets).all():
        raise ValueError(f"held has shape {held.shape} and targets {targets.shape}; allowed: (M, n) and (n,), finite")
    errors = np.abs(held - targets)
    totals, thresholds = (errors * errors).sum(axis=1), conformal_quantile(errors, alpha=alpha)
    rows = np.ascontiguousarray(predictions.reshape(len(held), -1).T)
    out, work = np.full((2, len(rows), len(held)), np.nan), np.empty((2, len(held)))
    if reuse:
        m = int(totals.argmin())
        out[:, :, 0] = rows[:, m] - thresholds[m], rows[:, m] + thresholds[m]
    else:
        orders = np.argsort(rows, axis=1, kind="stable").astype(np.float64)
        with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
            interval_rows(rows, orders, totals, thresholds, hull, *work, out)
    lower, upper = (each[:, 0] if hull else each for each in out)
    shape = predictions.shape[1:] + lower.shape[1:]
    return Interval(lower.reshape(shape)[()], upper.reshape(shape)[()])


def reuse_bound(n, models, *, alpha=0.1, bound="dkw"):
    """How much is still covered, at least, if the rows that chose among M models calibrate the chosen one naively.

    Parameters
    ----------
    n : int >= 1
        Held-out rows.
    models : int >= 1
        M, among which they choose.
    alpha : float from 0 to 1
    bound : {"dkw", "markov"}
        By the inequality of Dvoretzky, Kiefer and Wolfowitz, or by Markov's: the second is better for few models and
        small alpha.

    Returns
    -------
    float
        Below 0 it says nothing.

    References
    ----------
    Liang, Zhou, Sesia, 2023, arXiv:2301.11556, and the code released with it (its b = 100).

    Examples
    --------
    >>> [f"{reuse_bound(100, 10, bound=bound):.4f}" for bound in ("dkw", "markov")]
    ['0.7680', '0.7806']
    """
    of = chosen("bound", bound, _BOUNDS)
    n, models = check_whole("n", n, 1, 2**31), check_whole("models", models, 1, 2**31)
    with np.errstate(all="ignore"):
        return float(of(float(n), float(models), check_number("alpha", alpha, 0, 1)))

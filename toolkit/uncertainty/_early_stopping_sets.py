"""Conformal sets from the very rows that chose when to stop: each candidate label takes part in the choice."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_flag, check_number, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.softmax.kernels import log_softmax_stable, top_class
from toolkit.uncertainty._conformal_quantile import conformal_quantile
from toolkit.uncertainty._conformal_sets import SCORES, conformal_scores

__all__ = ["StoppedSets", "early_stopping_p_value", "early_stopping_sets"]
KERNELS = ["early_stopping_row", "least_of", "least_total", "rank_p_value", "stopped_p_value"]


class StoppedSets(NamedTuple):
    """What `early_stopping_sets` finds.

    chosen : (..., K) booleans · Whether a label is in the set.
    models : (..., K) integers · The model that each label was judged by.
    """

    chosen: np.ndarray
    models: np.ndarray


@kernel
def least_total(totals, losses):
    """The model whose losses on all held-out rows and on one more are least in sum; of equal ones the first."""
    best = 0
    for m in range(1, totals.size):
        if totals[m] + losses[m] < totals[best] + losses[best]:
            best = m
    return best


@kernel
def least_of(totals):
    """The model of the least total, which no new row has changed; of equal ones the first."""
    best = 0
    for m in range(1, totals.size):
        best = m if totals[m] < totals[best] else best
    return best


@kernel
def early_stopping_row(of, logits, totals, thresholds, reuse, losses, p, chosen, models):
    """Of a row's logits by each model: 1 for a label that is not above the threshold of the model it leads to.

    `reuse` lets no label take part: the model is the one of least total, which is the naive way.
    """
    for m in range(totals.size):
        log_softmax_stable(logits[m], losses[m])
        for k in range(p.size):
            losses[m, k] = 0.0 if reuse else -losses[m, k]
    for k in range(p.size):
        m = least_total(totals, losses[:, k])
        models[k] = m
        chosen[k] = 0.0 if of(logits[m], k, 1.0, p) > thresholds[m] else 1.0


@kernel
def early_stopping_rows(of, logits, totals, thresholds, reuse, best, losses, p, chosen, models):
    for i in range(logits.shape[1]):
        early_stopping_row(of, logits[:, i], totals, thresholds, reuse, losses, p, chosen[i], models[i])
        if best:
            chosen[i, top_class(logits[least_of(totals), i])] = 1.0


@kernel
def rank_p_value(scores, score):
    """``(1 + scores that are at least as large) / (n + 1)``."""
    count = 1.0
    for i in range(scores.size):
        if not scores[i] < score:
            count += 1.0
    return count / (scores.size + 1.0)


@kernel
def stopped_p_value(totals, scores, losses, score, reuse):
    """By the model that has the least total with the new row, or without it."""
    m = least_of(totals) if reuse else least_total(totals, losses)
    return rank_p_value(scores[m], score[m])


@kernel
def p_value_rows(totals, scores, losses, score, reuse, out):
    for i in range(out.size):
        out[i] = stopped_p_value(totals, scores, losses[:, i], score[:, i], reuse)


_FORMS = {"naive": True, "stable": False}


def of_models(name, given, dimensions, beside=None):
    """An array whose first axis are the models, in float64 and without NaN."""
    array = real_array(given, name).astype(np.float64)
    if array.ndim < dimensions or 0 in array.shape or beside is not None and len(array) != beside:
        models = "M" if beside is None else beside
        raise ValueError(f"{name} has shape {array.shape}; allowed: ({models}, ...), at least {dimensions} axes, none"
                         " of length 0, the models first")
    if np.isnan(array).any():
        raise ValueError(f"{name} has a NaN; allowed: numbers")
    return np.ascontiguousarray(array)


def early_stopping_sets(held, labels, logits, *, alpha=0.1, score="log", best=False, form="stable"):
    """Conformal sets where the same held-out rows choose the model and calibrate it, without losing the promise.

    A model that was chosen because it is good on the held-out rows scores better there than on new ones, so that its
    threshold is too low. Here each candidate label of a new row takes part in the choice: the model of a label is the
    one with the least sum of cross-entropies on the held-out rows and on this row with this label. That choice treats
    all n + 1 rows alike, as conformal prediction asks.

    Parameters
    ----------
    held : array_like (M, n, K)
        Logits of n held-out rows by each of M models, such as checkpoints of one run.
    labels : array_like of integers (n,)
    logits : array_like (M, ..., K)
        Of new rows, by the same models.
    alpha : float from 0 to 1
    score : {"probability", "log", "aps"}
        As of `conformal_scores`.
    best : bool
        Whether the likeliest class by the model that the held-out rows choose is always in.
    form : {"naive", "stable"}
        Naive takes this model for all labels: it covers less than promised, by up to what `reuse_bound` says.

    Returns
    -------
    StoppedSets

    References
    ----------
    Liang, Zhou, Sesia, Conformal Inference Is (Almost) Free for Neural Networks Trained with Early Stopping, 2023,
    arXiv:2301.11556.

    Examples
    --------
    >>> held, labels = [[[2, 0], [0, 1], [1, 0]], [[3, 0], [0, 4], [0, 1]]], [0, 1, 0]
    >>> found = early_stopping_sets(held, labels, [[[0, 1]], [[0, 3]]], alpha=0.25)
    >>> found.chosen.tolist(), found.models.tolist()
    ([[False, True]], [[0, 0]])
    """
    of, reuse = chosen("score", score, SCORES), chosen("form", form, _FORMS)
    best, alpha = check_flag("best", best), check_number("alpha", alpha, 0, 1)
    held = of_models("held", held, 3)
    logits = of_models("logits", logits, 2, len(held))
    if held.ndim != 3 or logits.shape[-1] != held.shape[-1]:
        raise ValueError(f"held has shape {held.shape} and logits {logits.shape}; allowed: (M, n, K) and (M, ..., K)")
    labels = real_array(labels, "labels")
    if labels.shape != held.shape[1:2]:
        raise ValueError(f"labels has shape {labels.shape}; allowed: {held.shape[1:2]}, one for each held-out row")
    scores = np.stack([conformal_scores(each, labels, score=score) for each in held])
    losses = scores if score == "log" else np.stack([conformal_scores(each, labels) for each in held])
    thresholds = conformal_quantile(scores, alpha=alpha)
    models, classes = held.shape[0], held.shape[2]
    rows = logits.reshape(models, -1, classes)
    found, by = np.empty((rows.shape[1], classes)), np.empty((rows.shape[1], classes), np.int64)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        early_stopping_rows(of, rows, losses.sum(axis=1), thresholds, reuse, best, np.empty((models, classes)),
                            np.empty(classes), found, by)
    shape = logits.shape[1:]
    return StoppedSets(found.astype(bool).reshape(shape), by.reshape(shape))


def early_stopping_p_value(held_losses, held_scores, losses, scores, *, form="stable"):
    """Is a row an outlier? A p-value by the model that the held-out rows and this row choose together.

    Parameters
    ----------
    held_losses, held_scores : array_like (M, n)
        Of n held-out rows by each of M models: what chooses the model, and how odd a row is for it.
    losses, scores : array_like (M, ...)
        The same of new rows.
    form : {"naive", "stable"}
        Naive lets the held-out rows choose alone: small p-values come too often.

    Returns
    -------
    (...) float64
        ``(1 + held-out scores that are at least as large) / (n + 1)``.

    References
    ----------
    Liang, Zhou, Sesia, 2023, arXiv:2301.11556.

    Examples
    --------
    >>> early_stopping_p_value([[1, 1, 1], [0, 1, 1]], [[1, 2, 3], [1, 1, 1]], [0, 3], [4, 4]).item()
    0.25
    """
    reuse = chosen("form", form, _FORMS)
    held_losses = of_models("held_losses", held_losses, 2)
    held_scores = of_models("held_scores", held_scores, 2, len(held_losses))
    losses, scores = of_models("losses", losses, 1, len(held_losses)), of_models("scores", scores, 1, len(held_losses))
    if held_losses.ndim != 2 or held_scores.shape != held_losses.shape:
        raise ValueError(f"held_losses has shape {held_losses.shape} and held_scores {held_scores.shape}; allowed: "
                         "(M, n) both")
    if losses.shape != scores.shape:
        raise ValueError(f"losses has shape {losses.shape} and scores {scores.shape}; allowed: the same")
    models, shape = len(losses), losses.shape[1:]
    out = np.empty(int(np.prod(shape)))
    with np.errstate(all="ignore"):
        rows = losses.reshape(models, -1), scores.reshape(models, -1)
        p_value_rows(held_losses.sum(axis=1), held_scores, *rows, reuse, out)
    return out.reshape(shape)[()]

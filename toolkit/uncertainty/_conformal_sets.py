"""Sets of labels that hold the right one as often as promised, by three scores."""
import numpy as np

from toolkit._core.arguments import check_flag, chosen
from toolkit._core.arrays import Rows, real_array
from toolkit._core.kernel import kernel
from toolkit.losses._labels import IGNORED, label_rows
from toolkit.softmax.kernels import log_softmax_stable, softmax_three_pass_reload, top_class

__all__ = ["conformal_scores", "conformal_sets"]
KERNELS = ["log_score", "log_set_row", "mass_score", "mass_set_row", "probability_score", "probability_set_row"]


@kernel
def ahead(z, j, k):
    """Whether class j comes before k, by its logit, then by its place."""
    return z[j] > z[k] or z[j] == z[k] and j < k


@kernel
def probability_score(z, y, draw, p):
    """``1 - p_y``: 0 for all labels that a saturated softmax gives 1."""
    softmax_three_pass_reload(z, p)
    return 1 - p[y]


@kernel
def log_score(z, y, draw, p):
    """``-log p_y``: the same order as ``1 - p_y``, and no ties at its ends."""
    log_softmax_stable(z, p)
    return -p[y]


@kernel
def following_class(z, last):
    """The likeliest class behind `last`, or of all if that is -1; -1 if there is none."""
    found = -1
    for k in range(z.size):
        if (last < 0 or ahead(z, last, k)) and (found < 0 or ahead(z, k, found)):
            found = k
    return found


@kernel
def mass_score(z, y, draw, p):
    """The probability of the classes before y and, with a draw of 1, its own (APS); of that the share `draw`."""
    softmax_three_pass_reload(z, p)
    before, k = 0.0, following_class(z, -1)
    while k >= 0 and k != y:
        before += p[k]
        k = following_class(z, k)
    return before + draw * p[y]


@kernel
def finish(z, best, chosen):
    """Take impossible classes out and, if wanted, the likeliest one in."""
    for k in range(z.size):
        if z[k] == -np.inf:
            chosen[k] = 0.0
    if best:
        chosen[top_class(z)] = 1.0


@kernel
def probability_set_row(z, threshold, best, draw, chosen):
    """1 where ``1 - p_k`` is not above the threshold, else 0; what is NaN excludes nothing."""
    softmax_three_pass_reload(z, chosen)
    for k in range(z.size):
        chosen[k] = 0.0 if float(1 - chosen[k]) > threshold else 1.0
    finish(z, best, chosen)


@kernel
def log_set_row(z, threshold, best, draw, chosen):
    """1 where ``-log p_k`` is not above the threshold."""
    log_softmax_stable(z, chosen)
    for k in range(z.size):
        chosen[k] = 0.0 if float(-chosen[k]) > threshold else 1.0
    finish(z, best, chosen)


@kernel
def mass_set_row(z, threshold, best, draw, chosen):
    """1 for the likeliest classes, as long as the mass before one and its share are not above the threshold."""
    softmax_three_pass_reload(z, chosen)
    last, before, k = -1, 0.0, following_class(z, -1)
    while k >= 0 and not float(before + draw * chosen[k]) > threshold:
        before += chosen[k]
        last, k = k, following_class(z, k)
    unknown = not chosen[top_class(z)] >= 0
    for k in range(z.size):
        chosen[k] = 1.0 if unknown or last >= 0 and (k == last or ahead(z, k, last)) else 0.0
    finish(z, best, chosen)


SCORES = {"probability": probability_score, "log": log_score, "aps": mass_score}
_SETS = {"probability": probability_set_row, "log": log_set_row, "aps": mass_set_row}


@kernel
def score_rows(of, z, labels, draws, p, out):
    for i in range(z.shape[0]):
        out[i] = of(z[i], labels[i], draws[i], p)


@kernel
def set_rows(of, z, thresholds, best, draws, out):
    for i in range(z.shape[0]):
        of(z[i], thresholds[i], best, draws[i], out[i])


def _draws(layout, draws):
    """One number from 0 to 1 per row, 1 where none are given."""
    draws = real_array(1.0 if draws is None else draws, "draws").astype(np.float64)
    if not ((draws >= 0) & (draws <= 1)).all():
        raise ValueError("draws has an entry that is not from 0 to 1; allowed: numbers from 0 to 1")
    return layout.per_row(draws, "draws", np.float64)


def conformal_scores(logits, labels, *, score="log", draws=None, ignore_index=None, axis=-1, where=None):
    """How badly each row fits its label: what `conformal_quantile` takes.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    score : {"probability", "log", "aps"}
        ``1 - p_y``; ``-log p_y``, which gives the same sets and has no ties where softmax saturates; or the mass of the
        classes that are at least as likely, up to the label itself (adaptive prediction sets).
    draws : array_like (...), optional
        A uniform random number for each row: of the label's own mass APS counts this share only, which makes sets
        smaller. By default 1: where the likeliest label alone has more than the threshold, the set is empty. The other
        scores need none.
    ignore_index : int, optional
        Rows with this label have the score NaN.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (...) float64, or float32 for logits of at most 32 bits

    Special values
    --------------
    NaN where the logits have one.

    References
    ----------
    Sadinle, Lei, Wasserman, Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, 2019, arXiv:1609.00451;
    Romano, Sesia, Candès, Classification with Valid and Adaptive Coverage, 2020, arXiv:2006.02544.

    Examples
    --------
    >>> z = [[2, 1, -1, 0.5]]
    >>> [conformal_scores(z, [1], score=score).round(6).tolist() for score in ("probability", "log", "aps")]
    [[0.775792], [1.495182], [0.833668]]
    """
    of = chosen("score", score, SCORES)
    layout = Rows(logits, axis=axis, where=where, name="logits")
    z = layout.rows(logits, "logits")
    targets = label_rows(layout, z, labels, ignore_index=ignore_index)
    if targets.q is not None:
        raise TypeError("labels are probabilities; allowed: integers, the classes")
    draws = _draws(layout, draws)
    out, known = np.full(layout.count, np.nan, z.dtype), targets.index != IGNORED
    found = np.empty(int(known.sum()), z.dtype)
    with np.errstate(all="ignore"):
        score_rows(of, np.ascontiguousarray(z[known]), targets.index[known], draws[known].astype(z.dtype),
                   np.empty(layout.classes, z.dtype), found)
    out[known] = found
    return out.reshape(layout.batch)[()]


def conformal_sets(logits, threshold, *, score="log", draws=None, best=False, axis=-1, where=None):
    """The set of labels of each row whose score is not above the threshold.

    Parameters
    ----------
    logits : array_like (..., K)
    threshold : float or array_like (...)
        Of `conformal_quantile`, from `conformal_scores` of other rows by the same model.
    score : {"probability", "log", "aps"}
    draws : array_like (...), optional
        As of `conformal_scores`; other random numbers than there.
    best : bool
        Whether the likeliest class is always in: a set may be empty otherwise, and the promise is kept without it.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (..., K) booleans

    Special values
    --------------
    A threshold of inf gives all classes. A class with a logit of -inf, or that `where` leaves out, is in no set. A row
    with a NaN has all others: nothing excludes one.

    References
    ----------
    Sadinle, Lei, Wasserman, 2019, arXiv:1609.00451; Romano, Sesia, Candès, 2020, arXiv:2006.02544.

    Examples
    --------
    >>> conformal_sets([[2, 1, -1, 0.5], [9, 0, 0, 0]], 1.6).astype(int).tolist()
    [[1, 1, 0, 0], [1, 0, 0, 0]]
    """
    of, best = chosen("score", score, _SETS), check_flag("best", best)
    layout = Rows(logits, axis=axis, where=where, name="logits")
    z = layout.rows(logits, "logits")
    threshold = real_array(threshold, "threshold").astype(np.float64)
    if np.isnan(threshold).any():
        raise ValueError("threshold has a NaN; allowed: numbers, inf for the set of all labels")
    thresholds = layout.per_row(threshold, "threshold", np.float64)
    draws = _draws(layout, draws)
    found = layout.empty()
    with np.errstate(all="ignore"):
        set_rows(of, z, thresholds, best, draws.astype(z.dtype), found)
    return layout.restore(found, 0.0).astype(bool)

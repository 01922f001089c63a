"""The threshold of conformal prediction: a quantile of scores that leaves room for the one to come, also weighted."""
import numpy as np

from toolkit._core.arguments import check_number, check_whole, chosen, shown
from toolkit._core.arrays import check_axis, real_array
from toolkit._core.kernel import kernel
from toolkit._core.sorting import sort_descending

__all__ = ["conformal_quantile", "conformal_rank"]
KERNELS = ["conformal_quantile_clamped", "conformal_quantile_interpolated", "conformal_quantile_row",
           "conformal_rank_naive", "conformal_rank_of", "weighted_quantile_row"]

ROUNDING = 2.0**-50  # what 1 - alpha and its product with n + 1 may be off, relative to n + 1


@kernel
def conformal_rank_naive(n, alpha):
    """``ceil((n + 1)(1 - alpha))`` as it is written: one too many where the product is rounded up past an integer."""
    return np.ceil((n + 1.0) * (1.0 - alpha))


@kernel
def conformal_rank_of(n, alpha):
    """The same without what rounding adds to the product."""
    return np.ceil((n + 1.0) * (1.0 - alpha) - (n + 1.0) * ROUNDING)


@kernel
def sorted_scores(scores, work):
    """Fill `work` with the scores, largest first; whether none is NaN."""
    for i in range(scores.size):
        if scores[i] != scores[i]:
            return False
        work[i] = scores[i]
    sort_descending(work[:scores.size])
    return True


@kernel
def conformal_quantile_row(scores, weights, alpha, work):
    """The k-th smallest score, k = ceil((n + 1)(1 - alpha)); inf where k > n, -inf where k = 0."""
    if not sorted_scores(scores, work):
        return np.nan
    k = int(conformal_rank_of(scores.size, alpha))
    return np.inf if k > scores.size else -np.inf if k < 1 else work[scores.size - k]


@kernel
def conformal_quantile_clamped(scores, weights, alpha, work):
    """The same with k = n where k > n: the promise is broken without a word."""
    if not sorted_scores(scores, work):
        return np.nan
    k = min(int(conformal_rank_of(scores.size, alpha)), scores.size)
    return -np.inf if k < 1 else work[scores.size - k]


@kernel
def conformal_quantile_interpolated(scores, weights, alpha, work):
    """The quantile 1 - alpha as statistics takes it: no room for the row to come, a value between two scores."""
    if not sorted_scores(scores, work):
        return np.nan
    last = scores.size - 1
    place = last * (1.0 - alpha)
    below = min(int(place), last)
    low, high = work[last - below], work[last - min(below + 1, last)]
    return low if low == high else low + (place - below) * (high - low)


@kernel
def weight_above(scores, weights, bar):
    total = 0.0
    for i in range(scores.size):
        if scores[i] > bar:
            total += weights[i]
    return total


@kernel
def weighted_quantile_row(scores, weights, alpha, work):
    """The smallest score with ``(weight above it + 1) / (N + 1) <= alpha``, N all weights; inf if there is none."""
    if not sorted_scores(scores, work):
        return np.nan
    count = 1.0
    for i in range(weights.size):
        count += weights[i]
    room = count * (alpha + ROUNDING)
    if not 1.0 <= room:
        return np.inf
    if count <= room:
        return -np.inf
    first, last = 0, scores.size - 1  # the last place that holds: weight grows along the sorted scores
    while first < last:
        middle = (first + last + 1) // 2
        if weight_above(scores, weights, work[middle]) + 1.0 <= room:
            first = middle
        else:
            last = middle - 1
    return work[first]


_FORMS = {"naive": conformal_quantile_interpolated, "common": conformal_quantile_clamped,
          "stable": conformal_quantile_row}
_RANKS = {"naive": conformal_rank_naive, "stable": conformal_rank_of}


@kernel
def quantile_rows(of, scores, weights, alpha, work, out):
    for i in range(scores.shape[0]):
        out[i] = of(scores[i], weights, alpha, work)


def weights_of(weights, n):
    """Weights from 0 to 1 for n scores, in float64."""
    weights = real_array(weights, "weights").astype(np.float64)
    if weights.shape != (n,):
        raise ValueError(f"weights have shape {weights.shape}; allowed: ({n},), one for each score")
    if not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError("weights have an entry outside of 0 to 1; allowed: numbers from 0 to 1, as larger ones would"
                         " hide the row to come")
    return weights


def conformal_rank(n, *, alpha=0.1, form="stable"):
    """Which of n sorted scores is the threshold: ``k = ceil((n + 1)(1 - alpha))``.

    The score of a new row is as likely at any of the n + 1 places among the old ones, so that it is at most the k-th
    smallest with probability k / (n + 1). For k = n + 1 no score is enough. The naive form is the formula in
    floating-point numbers, which is one too high for some n and alpha: 25 (1 - 0.44) comes out above 14.

    Parameters
    ----------
    n : int >= 1
    alpha : float from 0 to 1
        The share of rows that may be missed.
    form : {"naive", "stable"}

    Returns
    -------
    int from 0 to n + 1

    Accuracy
    --------
    Exact for alpha of at most three decimals and n up to 10000, tested by rational arithmetic.

    References
    ----------
    Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005; Angelopoulos, Bates, Fisch, Lei, Schuster,
    Conformal Risk Control, 2022, arXiv:2208.02814.

    Examples
    --------
    >>> conformal_rank(24, alpha=0.44), conformal_rank(24, alpha=0.44, form="naive")
    (14, 15)
    """
    of = chosen("form", form, _RANKS)
    n = check_whole("n", n, 1, 2**31)
    return int(of(float(n), check_number("alpha", alpha, 0, 1)))


def conformal_quantile(scores, weights=None, *, alpha=0.1, form="stable", axis=-1):
    """The threshold that a new score stays below with probability 1 - alpha: split conformal prediction.

    With `weights` it is that of the non-exchangeable rule: the smallest score such that the weights above it, plus 1
    for the row to come, are at most ``alpha (N + 1)``, N their sum. Weights of 1 give the same as none.

    Parameters
    ----------
    scores : array_like (..., n)
        How badly each of n rows fits its label; the rows were neither trained on nor used to choose anything.
    weights : array_like (n,), optional
        From 0 to 1, and chosen without a look at the labels; as ``0.99 ** np.arange(n, 0, -1)`` for rows in time order.
    alpha : float from 0 to 1
    form : {"naive", "common", "stable"}
        Naive is `numpy.quantile`, which leaves no room for the row to come; common takes the largest score where
        k > n. Both cover too little. With weights only the stable form exists.
    axis : int, tuple of ints or None
        Where the scores are.

    Returns
    -------
    (...) float64

    Special values
    --------------
    inf where n, or N, is too small: only the set of all labels keeps the promise. -inf at alpha = 1. NaN gives NaN.

    References
    ----------
    Papadopoulos, Proedrou, Vovk, Gammerman, Inductive Confidence Machines for Regression, 2002; Farinhas, Zerva,
    Ulmer, Martins, Non-Exchangeable Conformal Risk Control, 2024, arXiv:2310.01262.

    Examples
    --------
    >>> scores = [0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.8, 0.9]
    >>> [float(conformal_quantile(scores, alpha=alpha)) for alpha in (0.2, 0.1, 0.05)]
    [0.8, 0.9, inf]
    """
    of, alpha = chosen("form", form, _FORMS), check_number("alpha", alpha, 0, 1)
    scores = np.atleast_1d(real_array(scores, "scores")).astype(np.float64)
    axes = check_axis(axis, scores.ndim, "scores")
    rows = np.moveaxis(scores, axes, range(-len(axes), 0))
    shape = rows.shape[:-len(axes)]
    n = int(np.prod([scores.shape[a] for a in axes]))
    if n == 0:
        raise ValueError(f"scores have shape {scores.shape}: none on axis {shown(axis)}; allowed: at least 1")
    if weights is None:
        weights = np.ones(0)
    else:
        if form != "stable":
            raise ValueError(f"form is {form!r} beside weights; allowed beside them: 'stable'")
        of, weights = weighted_quantile_row, weights_of(weights, n)
    out = np.empty(int(np.prod(shape)))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        quantile_rows(of, np.ascontiguousarray(rows.reshape(out.size, n)), weights, alpha, np.empty(n), out)
    return out.reshape(shape)[()]

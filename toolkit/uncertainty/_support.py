"""Similarity and distance to a support set: what the SDM activation reads beside the logits."""
import numpy as np

from toolkit._core.arguments import check_flag, check_number, check_whole
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log
from toolkit.uncertainty._given import class_row, feature_rows, number_row

__all__ = ["dkw_band", "nearest_distance", "sdm_distance", "sdm_similarity"]
KERNELS = ["agreeing_neighbours", "dkw", "nearest_of", "share_farther", "squared_distance"]


@kernel
def squared_distance(x, other):
    total = 0.0
    for k in range(x.size):
        off = x[k] - other[k]
        total += off * off
    return total


@kernel
def nearest_of(x, support, skipped):
    """The squared distance to the nearest row of the support set other than row `skipped`."""
    least = np.inf
    for i in range(support.shape[0]):
        if i != skipped:
            far = squared_distance(x, support[i])
            if not far >= least:
                least = far
    return least


@kernel
def agreeing_neighbours(x, prediction, support, labels, predictions, skipped, far):
    """How many of the nearest rows, before the first other one, are right and predicted as x is.

    No row is sorted: the first that disagrees is found, and those before it are counted; `far` is a row to work in.
    """
    least, first = np.inf, support.shape[0]
    for i in range(support.shape[0]):
        far[i] = squared_distance(x, support[i])
        if i != skipped and (predictions[i] != labels[i] or predictions[i] != prediction) and far[i] < least:
            least, first = far[i], i
    count = 0
    for i in range(support.shape[0]):
        if i != skipped and predictions[i] == labels[i] == prediction:
            if far[i] < least or far[i] == least and i < first:
                count += 1
    return count


@kernel
def share_farther(distance, known, labels, classes):
    """``min_c (1 - eCDF_c(distance))`` over classes; 0 where a class has no known distance."""
    least = 1.0
    for c in range(classes):
        count, below = 0, 0
        for i in range(known.size):
            if labels[i] == c:
                count += 1
                below += 1 if known[i] < distance else 0
        share = 1.0 - below / count if count > 0 else 0.0
        least = min(least, share)
    return least if distance == distance else distance


@kernel
def dkw(n, level):
    return min(np.sqrt(log(2.0 / (1.0 - level)) / (2.0 * n)), 1.0) if n > 0 else 1.0


@kernel
def fill_similarity(x, predicted, support, labels, predictions, own, cap, far, out):
    for i in range(x.shape[0]):
        skipped = i if own else -1
        out[i] = min(agreeing_neighbours(x[i], predicted[i], support, labels, predictions, skipped, far), cap)


@kernel
def fill_nearest(x, support, own, out):
    for i in range(x.shape[0]):
        out[i] = np.sqrt(nearest_of(x[i], support, i if own else -1))


@kernel
def fill_shares(distances, known, labels, classes, out):
    for i in range(distances.size):
        out[i] = share_farther(distances[i], known, labels, classes)


def _support_of(features, support, own):
    shape, x = feature_rows("features", features)
    _, s = feature_rows("support", support, x.shape[1])
    if len(s) == 0:
        raise ValueError("support has no rows; allowed: at least 1")
    own = check_flag("own", own)
    if own and len(x) != len(s):
        raise ValueError(f"own is True, but features has {len(x)} rows and support {len(s)}; allowed: the same rows")
    return shape, x, s, own


def sdm_similarity(features, predictions, support, labels, support_predictions, *, own=False, cap=1000):
    """Similarity q of the SDM activation: how many of the nearest training points agree, from the nearest on.

    The support set is sorted by distance; q is the length of its first run of rows that are predicted rightly, and as
    this row is.

    Parameters
    ----------
    features : array_like (..., d)
    predictions : array_like of integers (...)
        The class that the model gives each row.
    support : array_like (m, d)
        The training points, in the same space.
    labels, support_predictions : array_like of integers (m,)
    own : bool
        The rows are the support set itself, and none is its own neighbour.
    cap : int >= 1
        The largest q.

    Returns
    -------
    Whole numbers (...), as float64

    Special values
    --------------
    Of rows at the same distance the first in the support set is nearer. A row with a NaN has q = 0 or `cap`.

    References
    ----------
    A. Schmaltz, Similarity-Distance-Magnitude Universal Verification, 2025, arXiv:2502.20167.

    Examples
    --------
    >>> sdm_similarity([[0.1]], [0], [[0.0], [0.2], [1.0], [0.4]], [0, 0, 0, 1], [0, 0, 0, 1])
    array([2.])
    """
    shape, x, s, own = _support_of(features, support, own)
    predicted = class_row("predictions", predictions, len(x))
    right = class_row("labels", labels, len(s))
    said = class_row("support_predictions", support_predictions, len(s))
    cap, out = check_whole("cap", cap, 1), np.empty(len(x))
    fill_similarity(x, predicted, s, right, said, own, cap, np.empty(len(s)), out)
    return out.reshape(shape)


def nearest_distance(features, support, *, own=False):
    """The Euclidean distance of each row to the nearest row of a support set.

    Parameters
    ----------
    features, support, own
        As of `sdm_similarity`.

    Returns
    -------
    (..., d), (m, d) -> (...)

    Examples
    --------
    >>> nearest_distance([[3.0, 4.0]], [[0.0, 0.0], [9.0, 9.0]])
    array([5.])
    """
    shape, x, s, own = _support_of(features, support, own)
    out = np.empty(len(x))
    fill_nearest(x, s, own, out)
    return out.reshape(shape)


def sdm_distance(distances, known, labels, *, classes=None):
    """Distance d of the SDM activation: how usual it is to be so far from the nearest training point, from 0 to 1.

    ``d = min_c (1 - F_c(distance))`` with the empirical distribution F_c of the distances of calibration points of
    class c, which counts those that are strictly smaller: 0 is only beyond the largest of some class.

    Parameters
    ----------
    distances : array_like (...)
        Of the rows to the nearest training point, see `nearest_distance`.
    known : array_like (n,)
        The same of calibration points; the paper leaves out those of similarity 0.
    labels : array_like of integers (n,)
        Their true classes.
    classes : int, optional
        How many there are, by default one more than the largest label. A class without a point makes d = 0.

    Returns
    -------
    (...)

    Special values
    --------------
    A NaN stays one.

    References
    ----------
    A. Schmaltz, Similarity-Distance-Magnitude Universal Verification, 2025, arXiv:2502.20167.

    Examples
    --------
    >>> sdm_distance([0.5, 1.5, 9.0], [1.0, 2.0, 1.0, 4.0], [0, 0, 1, 1])
    array([1. , 0.5, 0. ])
    """
    known = number_row("known", known)
    labels = class_row("labels", labels, known.size)
    least = int(labels.max()) + 1
    classes = least if classes is None else check_whole("classes", classes, least, 2**31)
    x = real_array(distances, "distances")
    out = np.empty(x.size)
    fill_shares(behaved(x.reshape(-1), np.float64), known, labels, classes, out)
    return out.reshape(x.shape)[()]


def dkw_band(n, *, level=0.95):
    """How far an empirical distribution of n numbers is from the true one, everywhere at once, with this probability.

    ``sqrt(log(2 / (1 - level)) / (2 n))``, the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant;
    1 where it says nothing, and without numbers. The SDM estimator takes it off the share of the predicted class.

    Parameters
    ----------
    n : int >= 0
    level : float from 0 to 1

    Returns
    -------
    float

    References
    ----------
    P. Massart, The Tight Constant in the Dvoretzky-Kiefer-Wolfowitz Inequality, 1990, doi:10.1214/aop/1176990746.

    Examples
    --------
    >>> f"{dkw_band(50):.6f}"
    '0.192065'
    """
    return float(dkw(check_whole("n", n, 0, 2**62), min(check_number("level", level, 0, 1), 1 - 2.0**-53)))

"""`fit_presto`, and the objective that it makes least."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_flag, check_whole, shown
from toolkit._core.arrays import real_array
from toolkit.losses._ordinal_probabilities import ordinal_probabilities
from toolkit.losses._presto import presto_objective_of, presto_solve, presto_start, presto_work_size

__all__ = ["Presto", "fit_presto", "presto_largest_penalty", "presto_objective"]


class Presto(NamedTuple):
    """A fitted model of ordered classes.

    Attributes
    ----------
    intercepts : (K - 1,)
    slopes : (K - 1, n)
        beta_k, of x as it was given. Rows that are all equal are proportional odds.
    objective : float
        Mean loss and penalty.
    steps : int
        How many the fit took.
    """

    intercepts: np.ndarray
    slopes: np.ndarray
    objective: float
    steps: int

    def eta(self, x):
        """The K - 1 numbers of rows x."""
        return np.asarray(x, np.float64) @ self.slopes.T + self.intercepts

    def probabilities(self, x):
        """Those of the K classes, by `ordinal_probabilities`, which warns where curves cross."""
        return ordinal_probabilities(self.eta(x))


def _data(x, labels, classes):
    x, y = real_array(x, "x").astype(np.float64), real_array(labels, "labels")
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"x has shape {x.shape}; allowed: (rows, numbers), at least one of each")
    if not np.isfinite(x).all():
        raise ValueError("x contains NaN or an infinity; allowed: finite numbers")
    if y.dtype.kind not in "iu":
        raise TypeError(f"labels is {shown(labels)}; allowed: integers")
    if y.shape != x.shape[:1] or (y < 0).any():
        raise ValueError(f"labels is {shown(y)}; allowed beside x of shape {x.shape}: ({len(x)},) integers >= 0")
    if classes is None:
        classes = max(int(y.max()) + 1, 2)
    classes = check_whole("classes", classes, 2, 1000)
    if int(y.max()) >= classes:
        raise ValueError(f"labels has {y.max()}; allowed: 0 to {classes - 1}")
    return np.ascontiguousarray(x), y.astype(np.int64), classes


def _standardized(x):
    """``(rows, centre, scale)``; a constant column stays."""
    scale = x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    centre = x.mean(axis=0)
    return np.ascontiguousarray((x - centre) / scale), centre, scale


def fit_presto(x, labels, *, penalty=0.1, penalize_first=True, standardize=True, classes=None, steps=100):
    """PRESTO: ordered classes with a slope for each step, shrunk towards one slope for all.

    Makes ``mean loss + penalty (|beta_1|_1 + sum_k |beta_k - beta_{k-1}|_1)`` least, ``P(y <= k) = sigma(alpha_k + x'
    beta_k)``. Rare classes say little about their own slope; common ones, if slopes are alike, say it for them. A
    penalty of 0 are slopes on their own. The code of the authors penalises beta_1 too: then a large penalty leaves no
    slope at all, and not proportional odds, which ``penalize_first=False`` does.

    Parameters
    ----------
    x : array_like (rows, n)
    labels : array_like of integers (rows,)
        0 to K - 1, in their order.
    penalty : float >= 0
        lambda.
    penalize_first : bool
        Whether beta_1 is penalised as well.
    standardize : bool
        Whether the penalty is one of x with mean 0 and deviation 1, as in the paper. Slopes are those of x as given.
    classes : int from 2 to 1000, optional
        K, if not that of the labels seen.
    steps : int >= 1
        At most.

    Returns
    -------
    Presto

    Accuracy
    --------
    Proximal Newton steps, halved while curves cross at a row of the data, until one promises less than 1e-12. With a
    small penalty curves may touch at a row, and the fit takes all its steps there. Tested where they do not touch:
    the gradient of the loss is within 1e-5 of what the penalty allows, and with two classes the fit is that of
    scikit-learn's logistic regression within 1e-4.

    References
    ----------
    Faletto, Bien, Predicting Rare Events by Shrinking Towards Proportional Odds, ICML 2023, arXiv:2305.18700.

    Examples
    --------
    >>> x = [[-1.0], [-0.6], [-0.2], [0.1], [0.4], [0.5], [0.9], [1.0]]
    >>> fit = fit_presto(x, [0, 1, 0, 1, 0, 2, 1, 2], penalty=0.3, penalize_first=False)
    >>> bool(abs(fit.slopes[0] - fit.slopes[1]) < 1e-9)
    True
    """
    x, y, classes = _data(x, labels, classes)
    penalty, first = check_finite("penalty", penalty, 0.0), check_flag("penalize_first", penalize_first)
    steps = check_whole("steps", steps, 1, 10**6)
    rows, centre, scale = _standardized(x) if check_flag("standardize", standardize) else (x, 0.0, 1.0)
    alpha, psi = np.zeros(classes - 1), np.zeros((classes - 1, x.shape[1]))
    work = np.zeros(int(presto_work_size(*psi.shape)))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        presto_start(y, alpha, psi)
        objective, taken = presto_solve(rows, y, penalty, first, steps, 1e-12, alpha, psi, work)
    slopes = np.cumsum(psi, axis=0) / scale
    return Presto(alpha - slopes @ np.broadcast_to(centre, x.shape[1:]), slopes, float(objective), int(taken))


def presto_largest_penalty(x, labels, *, classes=None):
    """The least penalty at which `fit_presto`, with beta_1 penalised, leaves no slope: where a path of them begins.

    Parameters
    ----------
    x, labels, classes
        As of `fit_presto`, which standardises x.

    Returns
    -------
    float

    Examples
    --------
    >>> x = [[-1.0], [-0.6], [-0.2], [0.1], [0.4], [0.5], [0.9], [1.0]]
    >>> print(round(presto_largest_penalty(x, [0, 1, 0, 1, 0, 2, 1, 2]), 3))
    0.318
    """
    x, y, classes = _data(x, labels, classes)
    counts = np.bincount(y, minlength=classes)
    if (counts == 0).any():
        raise ValueError(f"labels has no {int(np.argmin(counts))}; allowed: each class at least once")
    below = np.cumsum(counts)[:-1]
    alpha, psi = np.log(below / (len(y) - below)), np.zeros((classes - 1, x.shape[1]))
    of_alpha, of_psi, room = np.empty_like(alpha), np.empty_like(psi), np.empty((2, classes - 1))
    with np.errstate(all="ignore"):
        presto_objective_of(_standardized(x)[0], y, alpha, psi, 0.0, True, of_alpha, of_psi, room[0], room[1])
    return float(np.abs(of_psi).max())


def _objective(slopes, intercepts, x, labels, penalty, penalize_first):
    """``(value, gradient in beta, in alpha, sign of the penalty in beta)``."""
    beta, alpha = real_array(slopes, "slopes").astype(np.float64), real_array(intercepts, "intercepts")
    if alpha.ndim != 1 or alpha.size == 0:
        raise ValueError(f"intercepts has shape {alpha.shape}; allowed: (K - 1,), at least one")
    x, y, _ = _data(x, labels, alpha.size + 1)
    if beta.shape != (alpha.size, x.shape[1]):
        raise ValueError(f"slopes has shape {beta.shape}; allowed: {(alpha.size, x.shape[1])}, one row for"
                         " each intercept")
    penalty, first = check_finite("penalty", penalty, 0.0), check_flag("penalize_first", penalize_first)
    psi = np.diff(beta, axis=0, prepend=0.0)
    of_alpha, of_psi, room = np.empty(alpha.size), np.empty_like(psi), np.empty((2, alpha.size))
    with np.errstate(all="ignore"):
        value = presto_objective_of(x, y, alpha.astype(np.float64), psi, penalty, first, of_alpha, of_psi, room[0],
                                    room[1])
    signs = penalty * np.sign(psi)
    if not first:
        signs[0] = 0.0
    of_beta = (of_psi + signs) - np.concatenate([of_psi[1:] + signs[1:], np.zeros((1, psi.shape[1]))])
    return float(value), of_beta, of_alpha


def presto_objective(slopes, intercepts, x, labels, *, penalty=0.1, penalize_first=True):
    """Objective of PRESTO: the mean cumulative loss, and a lasso on differences of slopes from class to class.

    Parameters
    ----------
    slopes : array_like (K - 1, n)
        beta_k.
    intercepts : array_like (K - 1,)
        alpha_k.
    x, labels, penalty, penalize_first
        As of `fit_presto`; x is taken as it is.

    Returns
    -------
    float

    Gradient
    --------
    With respect to slopes and intercepts; that of the penalty is a sign, 0 where a difference is 0.

    Special values
    --------------
    inf where curves cross at a label's own row.

    Accuracy
    --------
    float64, tested: within 1e-13 of the largest loss for 100 rows.

    References
    ----------
    Faletto, Bien, Predicting Rare Events by Shrinking Towards Proportional Odds, ICML 2023, arXiv:2305.18700.

    Examples
    --------
    >>> x = [[-1.0], [0.0], [1.0], [2.0]]
    >>> round(presto_objective([[0.3], [0.8]], [-0.5, 1.0], x, [0, 1, 2, 2], penalty=0.1), 12)
    1.788886024766
    """
    return _objective(slopes, intercepts, x, labels, penalty, penalize_first)[0]


def presto_objective_pull(slopes, g, *, intercepts, x, labels, penalty=0.1, penalize_first=True):
    return g * _objective(slopes, intercepts, x, labels, penalty, penalize_first)[1]


def presto_objective_pull_intercepts(slopes, g, *, intercepts, x, labels, penalty=0.1, penalize_first=True):
    return g * _objective(slopes, intercepts, x, labels, penalty, penalize_first)[2]

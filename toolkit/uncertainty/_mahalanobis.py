"""Mahalanobis confidence: how near a row of features is to the nearest class, in units of the spread of classes."""
import numpy as np

from toolkit._core.arguments import chosen, shown
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.formats import get_format, round_to
from toolkit.uncertainty._gaussians import Gaussians, cholesky, pseudo_inverse, solve_factor
from toolkit.uncertainty._given import feature_rows

__all__ = ["gaussian_logits", "mahalanobis_confidence"]
KERNELS = ["expanded_square", "mahalanobis_of", "quadratic_form", "square_by_factor"]


@kernel
def square_by_factor(f, mean, factor, room):
    """``(f - mu)^T Sigma^-1 (f - mu)`` as the squared length of ``L^-1 (f - mu)``, which is in `room`."""
    for i in range(f.size):
        room[i] = f[i] - mean[i]
    total = 0.0
    for i in range(f.size):
        here = room[i]
        for k in range(i):
            here -= factor[i, k] * room[k]
        room[i] = here / factor[i, i]
        total += room[i] * room[i]
    return total


@kernel
def quadratic_form(f, mean, precision, room):
    """The same with an inverse or a pseudo-inverse, from the difference."""
    total = 0.0
    for i in range(f.size):
        here = 0.0
        for k in range(f.size):
            here += precision[i, k] * (f[k] - mean[k])
        room[i] = here
        total += here * (f[i] - mean[i])
    return total


@kernel
def expanded_square(f, mean, precision, room):
    """``f P f - 2 f P mu + mu P mu``, which cancels far from the origin."""
    own, cross, other = 0.0, 0.0, 0.0
    for i in range(f.size):
        here, there = 0.0, 0.0
        for k in range(f.size):
            here += precision[i, k] * f[k]
            there += precision[i, k] * mean[k]
        own += here * f[i]
        cross += there * f[i]
        other += there * mean[i]
        room[i] = here - there
    return (own - 2 * cross) + other


@kernel
def mahalanobis_of(square, f, means, matrix, room):
    """``(M, nearest class)``: the largest ``-1/2`` of the squares."""
    best, nearest = -np.inf, 0
    for c in range(means.shape[0]):
        score = 0.0 - 0.5 * float(square(f, means[c], matrix, room))
        if not score <= best:
            best, nearest = score, c
    return best, nearest


@kernel
def fill_confidence(square, x, means, matrix, room, fmt, out):
    x, means, matrix, room = in_format(x, fmt), in_format(means, fmt), in_format(matrix, fmt), in_format(room, fmt)
    for i in range(x.shape[0]):
        out[i] = mahalanobis_of(square, x[i], means, matrix, room)[0]


@kernel
def fill_slopes(x, means, factor, room, out):
    """``-Sigma^-1 (f - mu)`` of the nearest class."""
    for i in range(x.shape[0]):
        nearest = mahalanobis_of(square_by_factor, x[i], means, factor, room)[1]
        for k in range(room.size):
            out[i, k] = means[nearest, k] - x[i, k]
        solve_factor(factor, out[i], True)


_SQUARES = {"naive": quadratic_form, "expanded": expanded_square, "stable": square_by_factor}


def _checked(gaussians):
    if not isinstance(gaussians, Gaussians):
        raise TypeError(f"gaussians is {shown(gaussians)}; allowed: what fit_gaussians gives")
    _, means = feature_rows("gaussians", gaussians.means)
    _, covariance = feature_rows("gaussians", gaussians.covariance, means.shape[1])
    return means, covariance


def factor_of(covariance):
    """Cholesky's factor."""
    factor = np.zeros_like(covariance)
    if not cholesky(covariance, factor):
        raise ValueError("gaussians has a covariance that is not positive definite; allowed: one from a shrinkage > 0")
    return factor


def precision_of(covariance):
    """The pseudo-inverse."""
    out = np.empty_like(covariance)
    pseudo_inverse(covariance.copy(), np.empty_like(covariance), out)
    return out


def mahalanobis_confidence(features, gaussians, *, form="stable", format=None):
    """Mahalanobis confidence ``M(f) = max_c -1/2 (f - mu_c)^T Sigma^-1 (f - mu_c)``: 0 at a mean, far below far away.

    Softmax forgets how far away a row is: ``-1/2 f^T Sigma^-1 f`` is the same for all classes, and cancels. This is the
    term that M keeps.

    Parameters
    ----------
    features : array_like (..., d)
    gaussians : Gaussians
        From `fit_gaussians`.
    form : {"stable", "expanded", "naive"}
        "stable" solves with Cholesky's factor. "naive" multiplies by the pseudo-inverse, as released code does: it is
        blind in the directions in which no row of the fit ever moved. "expanded" is ``f P f - 2 f P mu + mu P mu``.
    format : Format, name or pair, optional
        Emulated format of all steps but the inversion.

    Returns
    -------
    (..., d) -> (...), in float64

    Special values
    --------------
    NaN gives NaN. The stable form refuses a covariance that is not positive definite.

    Accuracy
    --------
    Stable, tested in many digits: within ``32 d kappa`` epsilon of float64, kappa the condition of Sigma.

    Gradient
    --------
    ``-Sigma^-1 (f - mu)`` of the nearest class.

    References
    ----------
    Lee, Lee, Lee, Shin, A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks,
    2018, arXiv:1807.03888.

    Examples
    --------
    >>> from toolkit.uncertainty import fit_gaussians
    >>> rows, labels = [[0.0, 1.0], [2.0, 1.0], [5.0, 1.0], [7.0, 1.0]], [0, 0, 1, 1]
    >>> far = [1.0, 51.0]  # the second feature never moved
    >>> float(mahalanobis_confidence(far, fit_gaussians(rows, labels, shrinkage=0), form="naive"))
    0.0
    >>> float(round(mahalanobis_confidence(far, fit_gaussians(rows, labels))))
    -2500000.0
    """
    square = chosen("form", form, _SQUARES)
    means, covariance = _checked(gaussians)
    shape, x = feature_rows("features", features, means.shape[1])
    fmt = None if format is None else np.int64(get_format(format).code)
    matrix = factor_of(covariance) if form == "stable" else precision_of(covariance)
    arrays, out = (x, means, matrix), np.empty(len(x))
    if format is not None:
        arrays = [round_to(each, format).astype(np.float64) for each in arrays]
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        fill_confidence(square, *arrays, np.empty(len(covariance)), fmt, out)
    return out.reshape(shape)[()]


def mahalanobis_pull(features, g, *, gaussians):
    """Gradient with respect to the features."""
    means, covariance = _checked(gaussians)
    shape, x = feature_rows("features", features, means.shape[1])
    out = np.empty_like(x)
    fill_slopes(x, means, factor_of(covariance), np.empty(x.shape[1]), out)
    return out.reshape(*shape, x.shape[1]) * np.expand_dims(np.asarray(g), -1)


def gaussian_logits(features, gaussians):
    """The logits of Gaussian classes, ``w_c^T f + b_c`` with ``w_c = Sigma^-1 mu_c``: linear in the features.

    ``b_c = -1/2 mu_c^T Sigma^-1 mu_c + log pi_c``. Their softmax is the probability of each class, if there are no
    others; far away it tends to 1, whatever is there. Their log-sum-exp, the energy, grows there as well.

    Parameters
    ----------
    features : array_like (..., d)
    gaussians : Gaussians

    Returns
    -------
    (..., d) -> (..., K)

    References
    ----------
    R. A. Fisher, The Use of Multiple Measurements in Taxonomic Problems, 1936, doi:10.1111/j.1469-1809.1936.tb02137.x.

    Examples
    --------
    >>> model = Gaussians(np.array([[0.0], [3.0]]), np.array([[1.0]]), np.array([0.5, 0.5]))
    >>> gaussian_logits([[1.5]], model).round(4)
    array([[-0.6931, -0.6931]])
    """
    means, covariance = _checked(gaussians)
    shape, x = feature_rows("features", features, means.shape[1])
    factor, weights = factor_of(covariance), means.copy()
    for row in weights:
        solve_factor(factor, row, True)
    with np.errstate(divide="ignore"):
        offset = np.log(gaussians.priors) - 0.5 * (weights * means).sum(axis=1)
    return (x @ weights.T + offset).reshape(*shape, len(means))

"""Classes as Gaussians with one covariance: fitted, and inverted by Cholesky's factor or by a pseudo-inverse."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.kernel import kernel
from toolkit.uncertainty._given import class_row, feature_rows

__all__ = ["Gaussians", "fit_gaussians"]
KERNELS = ["cholesky", "fill_means_and_covariance", "pseudo_inverse", "solve_factor", "symmetric_eigen"]

_SWEEPS = 30


@kernel
def fill_means_and_covariance(x, labels, shrinkage, means, covariance, counts):
    """Means of the classes, and ``1/N sum (f - mu)(f - mu)^T + shrinkage tr / d I``."""
    n, d = x.shape
    for c in range(means.shape[0]):
        counts[c] = 0.0
        for j in range(d):
            means[c, j] = 0.0
    for i in range(n):
        counts[labels[i]] += 1.0
        for j in range(d):
            means[labels[i], j] += x[i, j]
    for c in range(means.shape[0]):
        for j in range(d):
            means[c, j] /= max(counts[c], 1.0)
    trace = 0.0
    for j in range(d):
        for k in range(j + 1):
            total = 0.0
            for i in range(n):
                total += (x[i, j] - means[labels[i], j]) * (x[i, k] - means[labels[i], k])
            covariance[j, k] = covariance[k, j] = total / n
        trace += covariance[j, j]
    for j in range(d):
        covariance[j, j] += shrinkage * trace / d


@kernel
def cholesky(a, factor):
    """The lower factor L with ``L L^T = a``; whether the matrix is positive definite. `factor` may be `a`."""
    d = a.shape[0]
    for j in range(d):
        for i in range(j, d):
            total = a[i, j] + 0.0
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                factor[j, j] = np.sqrt(total)
            else:
                factor[i, j] = total / factor[j, j]
    return True


@kernel
def solve_factor(factor, b, back):
    """``b <- L^-1 b``, and then ``L^-T`` of that if `back`."""
    d = b.size
    for i in range(d):
        total = b[i] + 0.0
        for k in range(i):
            total -= factor[i, k] * b[k]
        b[i] = total / factor[i, i]
    if back:
        for i in range(d - 1, -1, -1):
            total = b[i] + 0.0
            for k in range(i + 1, d):
                total -= factor[k, i] * b[k]
            b[i] = total / factor[i, i]


@kernel
def symmetric_eigen(a, vectors):
    """Jacobi's rotations: the diagonal of `a` becomes its eigenvalues, the columns of `vectors` their directions."""
    d = a.shape[0]
    for i in range(d):
        for j in range(d):
            vectors[i, j] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        for p in range(d - 1):
            for q in range(p + 1, d):
                if a[p, q] == 0.0:
                    continue
                slope = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
                t = (1.0 if slope >= 0.0 else -1.0) / (abs(slope) + np.sqrt(1.0 + slope * slope))
                c = 1.0 / np.sqrt(1.0 + t * t)
                s = t * c
                for k in range(d):
                    here, there = a[k, p], a[k, q]
                    a[k, p], a[k, q] = c * here - s * there, s * here + c * there
                for k in range(d):
                    here, there = a[p, k], a[q, k]
                    a[p, k], a[q, k] = c * here - s * there, s * here + c * there
                a[p, q] = a[q, p] = 0.0
                for k in range(d):
                    here, there = vectors[k, p], vectors[k, q]
                    vectors[k, p], vectors[k, q] = c * here - s * there, s * here + c * there


@kernel
def pseudo_inverse(a, vectors, out):
    """``sum v v^T / lambda`` over the eigenvalues that are not small beside the largest; `a` is spent. Their number."""
    d = a.shape[0]
    symmetric_eigen(a, vectors)
    largest, rank = 0.0, 0
    for k in range(d):
        largest = max(largest, a[k, k])
    for i in range(d):
        for j in range(d):
            out[i, j] = 0.0
    for k in range(d):
        if a[k, k] > 2.0**-52 * d * largest:
            rank += 1
            for i in range(d):
                for j in range(d):
                    out[i, j] += vectors[i, k] * vectors[j, k] / a[k, k]
    return rank


class Gaussians(NamedTuple):
    """Classes as Gaussians with one covariance.

    Attributes
    ----------
    means : (K, d)
    covariance : (d, d)
        Of a row around the mean of its class, with what shrinkage added.
    priors : (K,)
        The share of each class.
    """

    means: np.ndarray
    covariance: np.ndarray
    priors: np.ndarray


def fit_gaussians(features, labels, *, shrinkage=1e-3):
    """Class means and one covariance of features, shrunk so that it can be inverted.

    ``Sigma = 1/N sum_i (f_i - mu_y)(f_i - mu_y)^T + shrinkage tr(Sigma) / d I``: the scale of the shrinkage is that of
    the features. Without it Sigma is singular where there are fewer rows than features, or where one never moves.

    Parameters
    ----------
    features : array_like (N, d)
    labels : array_like of integers (N,)
        Each class from 0 to the largest has to occur.
    shrinkage : float >= 0

    Returns
    -------
    Gaussians

    Accuracy
    --------
    Tested against scikit-learn's `EmpiricalCovariance`, to 1e-12.

    References
    ----------
    Lee, Lee, Lee, Shin, A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks,
    2018, arXiv:1807.03888. The shrinkage is ours.

    Examples
    --------
    >>> fit_gaussians([[0.0, 1.0], [2.0, 1.0], [5.0, 1.0], [7.0, 1.0]], [0, 0, 1, 1], shrinkage=0).covariance
    array([[1., 0.],
           [0., 0.]])
    """
    shape, x = feature_rows("features", features)
    if len(shape) != 1 or len(x) == 0:
        raise ValueError(f"features has shape {np.shape(features)}; allowed: (N, d) with N >= 1")
    y = class_row("labels", labels, len(x))
    shrinkage = check_finite("shrinkage", shrinkage, 0)
    classes, d = int(y.max()) + 1, x.shape[1]
    if classes > len(x):
        raise ValueError(f"labels has a class {classes - 1}, and {len(x)} rows; allowed: no class without a row")
    means, covariance, counts = np.empty((classes, d)), np.empty((d, d)), np.empty(classes)
    fill_means_and_covariance(x, y, shrinkage, means, covariance, counts)
    if (counts == 0).any():
        raise ValueError(f"labels has no row of class {int(np.argmin(counts))}; allowed: no class without a row")
    return Gaussians(means, covariance, counts / len(x))

"""Neural collapse, measured: how far features and weights are from one point per class, at the corners of a simplex."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_number
from toolkit._core.kernel import kernel
from toolkit.representations._given import checked_matrix, classes_of

__all__ = ["NeuralCollapse", "neural_collapse"]
KERNELS = ["distance_to_simplex", "neural_collapse_of", "symmetric_eigen"]


class NeuralCollapse(NamedTuple):
    """Three measures of neural collapse, all 0 where it is complete.

    Attributes
    ----------
    within : float
        NC1: spread within classes beside that between them.
    simplex : float
        NC2: distance of the weights' Gram matrix from that of a simplex.
    duality : float
        NC3: distance of the products of weights and class means from it.
    """

    within: float
    simplex: float
    duality: float


@kernel
def symmetric_eigen(a, v):
    """Eigenvalues of a symmetric matrix, which take its diagonal, and eigenvectors as columns of v: Jacobi's sweeps."""
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            v[i, j] = 1.0 if i == j else 0.0
    for _ in range(40):
        off, on = 0.0, 0.0
        for i in range(n):
            on += a[i, i] * a[i, i]
            for j in range(i):
                off += a[i, j] * a[i, j]
        if not off > 1e-40 * on:
            return
        for p in range(n):
            for q in range(p + 1, n):
                if a[p, q] == 0.0:
                    continue
                theta = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
                t = (1.0 if theta >= 0.0 else -1.0) / (abs(theta) + np.sqrt(theta * theta + 1.0))
                c = 1.0 / np.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    left, right = a[k, p], a[k, q]
                    a[k, p], a[k, q] = c * left - s * right, s * left + c * right
                for k in range(n):
                    left, right = a[p, k], a[q, k]
                    a[p, k], a[q, k] = c * left - s * right, s * left + c * right
                for k in range(n):
                    left, right = v[k, p], v[k, q]
                    v[k, p], v[k, q] = c * left - s * right, s * left + c * right


@kernel
def fill_means(features, labels, counts, means):
    """Class means less the mean of the class means."""
    classes, d = means.shape
    for c in range(classes):
        counts[c] = 0.0
        for k in range(d):
            means[c, k] = 0.0
    for i in range(features.shape[0]):
        counts[labels[i]] += 1.0
        for k in range(d):
            means[labels[i], k] += features[i, k]
    for k in range(d):
        total = 0.0
        for c in range(classes):
            means[c, k] /= counts[c]
            total += means[c, k]
        for c in range(classes):
            means[c, k] -= total / classes


@kernel
def product_of(a, b, out):
    """``a b'`` of rows."""
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = 0.0
            for k in range(a.shape[1]):
                total += a[i, k] * b[j, k]
            out[i, j] = total


@kernel
def distance_to_simplex(a):
    """``|A / |A| - (I - 1 1' / K) / sqrt(K - 1)|`` by Frobenius norms: what a has of no simplex."""
    n, squares, total = a.shape[0], 0.0, 0.0
    for i in range(n):
        for j in range(n):
            squares += a[i, j] * a[i, j]
    norm, root = np.sqrt(squares), np.sqrt(n - 1.0)
    for i in range(n):
        for j in range(n):
            off = a[i, j] / norm - ((1.0 if i == j else 0.0) - 1.0 / n) / root
            total += off * off
    return np.sqrt(total)


@kernel
def spread_within(features, labels, counts, means, gram, vectors, rcond, work):
    """``tr(Σ_W pinv(Σ_B)) / K``: the mean of ``|G⁺ M (h - mean of its class)|²``, with ``G = M M'`` of the means M."""
    classes, d = means.shape
    product_of(means, means, gram)
    symmetric_eigen(gram, vectors)
    largest = 0.0
    for c in range(classes):
        largest = max(largest, gram[c, c])
    # work: what is to be taken from a row for its class, the mean of all class means
    for k in range(d):
        work[k] = 0.0
    for i in range(features.shape[0]):
        for k in range(d):
            work[k] += (features[i, k] - means[labels[i], k]) / counts[labels[i]] / classes
    total = 0.0
    for i in range(features.shape[0]):
        for q in range(classes):
            if not gram[q, q] > rcond * largest:
                continue
            along = 0.0
            for c in range(classes):
                inner = 0.0
                for k in range(d):
                    inner += means[c, k] * (features[i, k] - means[labels[i], k] - work[k])
                along += vectors[c, q] * inner
            total += (along / gram[q, q]) * (along / gram[q, q])
    return total / features.shape[0] if largest > 0.0 else np.nan


@kernel
def neural_collapse_of(features, labels, weights, rcond, counts, means, gram, vectors, work):
    """``(NC1, NC2, NC3)``; room: counts (K), means (K, d), gram and vectors (K, K), work (d)."""
    fill_means(features, labels, counts, means)
    within = spread_within(features, labels, counts, means, gram, vectors, rcond, work)
    product_of(weights, weights, gram)
    simplex = distance_to_simplex(gram)
    product_of(weights, means, gram)
    return within, simplex, distance_to_simplex(gram)


def neural_collapse(features, labels, weights, *, rcond=1e-10):
    """How far a network's last layer is from neural collapse: NC1, NC2 and NC3.

    With class means H, centred, and covariances within and between classes:
    NC1 is ``tr(Σ_W pinv(Σ_B)) / K``; NC2 ``|WW' / |WW'| - S|`` with ``S = (I - 1 1' / K) / sqrt(K - 1)``, and NC3 the
    same of ``WH``. Norms are Frobenius norms, so that the scale of features and weights is irrelevant.

    Parameters
    ----------
    features : array_like (N, d)
        What the last layer sees of each row.
    labels : array_like of integers (N,)
        K classes, at least two; the center of their means is that of the classes, also where they are not balanced.
    weights : array_like (K, d)
        Of the last layer, one row for each class, in the order of the labels.
    rcond : float from 0 to 1
        Eigenvalues of Σ_B below this share of the largest count as 0. It has rank ``K - 1`` at most: with a share of
        0, rounding errors are inverted.

    Returns
    -------
    NeuralCollapse

    Special values
    --------------
    NaN in features or weights gives NaN. Class means that are all equal: NaN for NC1 and NC3.

    Accuracy
    --------
    float64: within 1e-9 of NumPy's pinv with the same cutoff, relative, tested.

    References
    ----------
    Papyan, Han, Donoho, Prevalence of Neural Collapse during the Terminal Phase of Deep Learning Training, PNAS 2020,
    arXiv:2008.08186.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.sqrt(3 / 2) * (np.eye(3) - 1 / 3)
    >>> [bool(abs(each) < 1e-12) for each in neural_collapse(np.repeat(m, 2, axis=0), [0, 0, 1, 1, 2, 2], m)]
    [True, True, True]
    """
    features = checked_matrix(features, "features")
    labels, classes = classes_of(labels, len(features))
    weights, rcond = checked_matrix(weights, "weights", classes), check_number("rcond", rcond, 0.0, 1.0)
    if weights.shape[1] != features.shape[1]:
        raise ValueError(f"weights has shape {weights.shape}; allowed: {(classes, features.shape[1])}")
    d = features.shape[1]
    with np.errstate(all="ignore"):
        found = neural_collapse_of(features, labels, weights, rcond, np.empty(classes), np.empty((classes, d)),
                                   np.empty((classes, classes)), np.empty((classes, classes)), np.empty(d))
    return NeuralCollapse(*map(float, found))

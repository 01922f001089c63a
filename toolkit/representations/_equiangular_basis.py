"""Equiangular basis vectors: many directions in few dimensions, no two of them closer than need be."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number, check_whole
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like

__all__ = ["equiangular_basis", "welch_bound"]
KERNELS = ["basis_step", "largest_cosine", "length_of_row", "normalize_rows", "welch_bound_of"]


@kernel
def length_of_row(v):
    """Euclidean length of a row, by its largest entry: no square overflows, and none is lost."""
    largest = abs(v[0])
    for k in range(v.size):
        largest = abs(v[k]) if not abs(v[k]) <= largest else largest
    if not (largest > 0 and largest < np.inf):
        return largest
    total = 0.0
    for k in range(v.size):
        total += (v[k] / largest) * (v[k] / largest)
    return largest * np.sqrt(total)


@kernel
def normalize_rows(v):
    """Rows of length 1; one of zeros stays."""
    for i in range(v.shape[0]):
        length = length_of_row(v[i])
        for k in range(v.shape[1]):
            v[i, k] = v[i, k] / length if length != 0 else v[i, k]


@kernel
def dot(a, b):
    total = 0.0
    for k in range(a.size):
        total += a[k] * b[k]
    return total


@kernel
def largest_cosine(v):
    """The largest ``|<v_i, v_j>|`` of two different rows of length 1."""
    largest = 0.0
    for i in range(v.shape[0]):
        for j in range(i):
            largest = max(largest, float(abs(dot(v[i], v[j]))))
    return largest


@kernel
def basis_step(v, t, rate, grad):
    """A step down ``sum_{i != j} relu(|<v_i, v_j>| - t)`` from rows of length 1, and back to this length: the sum."""
    total = 0.0
    for i in range(v.shape[0]):
        for k in range(v.shape[1]):
            grad[i, k] = 0.0
    for i in range(v.shape[0]):
        for j in range(v.shape[0]):
            cosine = dot(v[i], v[j])
            if i != j and abs(cosine) > t:
                total += float(abs(cosine)) - t
                for k in range(v.shape[1]):
                    grad[i, k] += 2 * v[j, k] if cosine > 0 else 0 - 2 * v[j, k]
    for i in range(v.shape[0]):
        for k in range(v.shape[1]):
            v[i, k] -= like(rate, v) * grad[i, k]
    normalize_rows(v)
    return total


@kernel
def descend(v, t, rate, steps, slack, grad):
    """Steps until no cosine is beyond t by more than `slack`: how many."""
    normalize_rows(v)
    for step in range(steps):
        if largest_cosine(v) <= t + slack:
            return step
        basis_step(v, t, rate, grad)
    return steps


@kernel
def welch_bound_of(count, dimension):
    """``sqrt((N - d) / (d (N - 1)))``; 0 where the vectors have room to be orthogonal."""
    return np.sqrt((count - dimension) / dimension / (count - 1.0)) if count > dimension else 0.0


def equiangular_basis(count, dimension, *, largest=None, steps=2000, rate=0.01, seed=0):
    """Vectors of length 1 whose cosines are at most `largest` in size, found by descent from random ones.

    Each step descends ``sum_{i != j} relu(|<v_i, v_j>| - t)`` and makes the lengths 1 again. No N vectors of d
    dimensions have smaller cosines than `welch_bound`, and few sets attain it. What comes out may be above t: look at
    it. Two vectors that were driven into each other never part again, as the slope along the sphere ends with the
    angle: try another seed.

    Parameters
    ----------
    count, dimension : int
        N, at least 2, and d.
    largest : float from 0 to 1, optional
        t; by default the Welch bound.
    steps, rate : int, float > 0
        It stops before where no cosine is beyond t by more than 1e-4. The authors' rate is 1e-3.
    seed : int

    Returns
    -------
    (count, dimension) float64

    Accuracy
    --------
    Lengths are within 1e-15 of 1, tested.

    References
    ----------
    Shen, Sun, Wei, Equiangular Basis Vectors, CVPR 2023, arXiv:2303.11637.

    Examples
    --------
    >>> v = equiangular_basis(3, 2, seed=1)
    >>> float(abs(v @ v.T - 1.5 * abs(v @ v.T) * (v @ v.T > 2)).min().round(2))
    0.5
    """
    count, dimension = check_whole("count", count, 2, 2**15), check_whole("dimension", dimension, 1, 2**15)
    steps, rate = check_whole("steps", steps, 0, 2**31), check_finite("rate", rate, 0, above=True)
    seed = check_whole("seed", seed, 0, 2**63 - 1)
    t = float(welch_bound_of(float(count), float(dimension))) if largest is None else check_number(
        "largest", largest, 0.0, 1.0)
    v = np.random.default_rng(seed).normal(size=(count, dimension))
    with np.errstate(all="ignore"):
        descend(v, t, rate, steps, 1e-4, np.empty_like(v))
    return v


def welch_bound(count, dimension):
    """The largest cosine that N vectors of d dimensions have at least: ``sqrt((N - d) / (d (N - 1)))``.

    Parameters
    ----------
    count, dimension : int
        N, at least 2, and d.

    Returns
    -------
    float
        0 where ``N <= d``.

    References
    ----------
    Welch, Lower Bounds on the Maximum Cross Correlation of Signals, 1974, doi:10.1109/TIT.1974.1055219.

    Examples
    --------
    >>> round(welch_bound(1000, 100), 10), round(welch_bound(10, 2), 7)
    (0.0949157996, 0.6666667)
    """
    count, dimension = check_whole("count", count, 2, 2**31), check_whole("dimension", dimension, 1, 2**31)
    return float(welch_bound_of(float(count), float(dimension)))

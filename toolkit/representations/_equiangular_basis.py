"""Equiangular basis vectors: many directions in few dimensions, no two of them closer than need be."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number, check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.elementary import exp, log1p
from toolkit.representations._given import checked_matrix, rounded

__all__ = ["cosine_loss_floor", "cosine_logits", "equiangular_basis", "welch_bound"]
KERNELS = ["basis_step", "cosine_logits_row", "cosine_logits_vjp_row", "cosine_loss_floor_of", "largest_cosine",
           "normalize_rows", "welch_bound_of"]


@kernel
def length_of(v):
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
        length = length_of(v[i])
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


@kernel
def cosine_loss_floor_of(classes, temperature):
    """``log(1 + (N - 1) e^(-1/τ))``."""
    return log1p((classes - 1.0) * exp(0.0 - 1.0 / temperature))


@kernel
def cosine_logits_row(f, basis, temperature, out):
    """``<f, v_k> / (|f| τ)`` for rows v_k of length 1; 0 where f is 0."""
    length = length_of(f)
    for k in range(basis.shape[0]):
        total = 0.0
        for d in range(f.size):
            total += (f[d] / length) * basis[k, d] if length != 0 else 0 * basis[k, d]
        out[k] = total / like(temperature, f)


@kernel
def cosine_logits_vjp_row(f, basis, temperature, g, out):
    """``(I - u u') V' g / (τ |f|)`` with ``u = f / |f|``; 0 where f is 0."""
    length, along = length_of(f), 0.0
    if length == 0:
        for d in range(f.size):
            out[d] = 0.0
        return
    for d in range(f.size):
        total = 0.0
        for k in range(basis.shape[0]):
            total += g[k] * basis[k, d]
        out[d] = total
        along += total * (f[d] / length)
    for d in range(f.size):
        out[d] = (out[d] - along * (f[d] / length)) / length / temperature


@kernel
def logits_of(features, basis, temperature, out):
    for i in range(features.shape[0]):
        cosine_logits_row(features[i], basis, temperature, out[i])


@kernel
def pull_logits(features, basis, temperature, g, out):
    for i in range(features.shape[0]):
        cosine_logits_vjp_row(features[i], basis, temperature, g[i], out[i])


def equiangular_basis(count, dimension, *, largest=None, steps=2000, rate=0.01, seed=0):
    """Vectors of length 1 whose cosines are at most `largest` in size, found by descent from random ones.

    Each step descends ``sum_{i != j} relu(|<v_i, v_j>| - t)`` and makes the lengths 1 again. No N vectors of d
    dimensions have smaller cosines than `welch_bound`, and few sets attain it. What comes out may be above t: look at
    it.

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


def cosine_loss_floor(classes, *, temperature=0.07):
    """The least cross-entropy of logits that are cosines over a temperature: ``log(1 + (N - 1) e^(-1/τ))``.

    Of a feature on its own vector, with all others at right angles. Without a small temperature there is no small
    loss: cosines end at 1.

    Parameters
    ----------
    classes : int
        N.
    temperature : float > 0
        τ.

    Returns
    -------
    float

    Accuracy
    --------
    Within 1e-14 of 40 digits, relative, tested.

    References
    ----------
    As of `equiangular_basis`.

    Examples
    --------
    >>> f"{cosine_loss_floor(1000):.7e}", round(cosine_loss_floor(1000, temperature=1.0), 10)
    ('6.2405531e-04', 5.9094720863)
    """
    classes = check_whole("classes", classes, 1, 2**31)
    return float(cosine_loss_floor_of(float(classes), check_finite("temperature", temperature, 0, above=True)))


def _given(features, basis):
    features, basis = checked_matrix(features, "features"), checked_matrix(basis, "basis")
    if features.shape[1] != basis.shape[1]:
        raise ValueError(f"basis has shape {basis.shape}; allowed: (classes, {features.shape[1]}), as features have")
    return features, basis


def cosine_logits(features, basis, *, temperature=0.07, format=None):
    """Logits of features before frozen vectors: ``cos(f, v_k) / τ``.

    Parameters
    ----------
    features : array_like (n, d)
        Of any length.
    basis : array_like (classes, d)
        Vectors of length 1, as `equiangular_basis` gives them; they are taken as they are.
    temperature : float > 0
        τ.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format. In float16 a cosine beyond 1 - 2.4e-4 is 1.

    Returns
    -------
    (n, classes) float64

    Gradient
    --------
    With respect to the features: ``(I - u u') V' g / (τ |f|)``, u the feature at length 1. 0 for a feature of zeros.

    Special values
    --------------
    A feature of zeros has logits of 0, where the formula says 0/0. NaN gives NaN.

    Accuracy
    --------
    float64: within 1e-14 of 40 digits, relative to 1/τ, tested for lengths from 1e-200 to 1e200.

    References
    ----------
    As of `equiangular_basis`.

    Examples
    --------
    >>> cosine_logits([[3.0, 4.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], temperature=0.1)
    array([[6., 8.],
           [0., 0.]])
    """
    temperature, (features, basis) = check_finite("temperature", temperature, 0, above=True), _given(features, basis)
    code, features, basis = rounded(format, features, basis)
    out = np.empty((len(features), len(basis)))
    with np.errstate(all="ignore"):
        logits_of(in_format(features, code), in_format(basis, code), temperature, in_format(out, code))
    return out


def cosine_logits_pull(at, g, *, basis, temperature=0.07):
    temperature, (features, basis) = check_finite("temperature", temperature, 0, above=True), _given(at, basis)
    g = real_array(g, "g")
    if g.shape != (len(features), len(basis)):
        raise ValueError(f"g has shape {g.shape}; allowed: {(len(features), len(basis))}, that of the logits")
    out = np.empty_like(features)
    with np.errstate(all="ignore"):
        pull_logits(features, basis, temperature, np.ascontiguousarray(g, np.float64), out)
    return out

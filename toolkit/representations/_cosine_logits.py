"""Logits of frozen vectors: cosines over a temperature, and how small a loss they can have."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.elementary import exp, log1p
from toolkit.representations._equiangular_basis import length_of_row
from toolkit.representations._given import checked_matrix, rounded

__all__ = ["cosine_logits", "cosine_loss_floor"]
KERNELS = ["cosine_logits_row", "cosine_logits_vjp_row", "cosine_loss_floor_of"]


@kernel
def cosine_loss_floor_of(classes, temperature):
    """``log(1 + (N - 1) e^(-1/τ))``."""
    return log1p((classes - 1.0) * exp(0.0 - 1.0 / temperature))


@kernel
def cosine_logits_row(f, basis, temperature, out):
    """``<f, v_k> / (|f| τ)`` for rows v_k of length 1; 0 where f is 0."""
    length = length_of_row(f)
    for k in range(basis.shape[0]):
        total = 0.0
        for d in range(f.size):
            total += (f[d] / length) * basis[k, d] if length != 0 else 0 * basis[k, d]
        out[k] = total / like(temperature, f)


@kernel
def cosine_logits_vjp_row(f, basis, temperature, g, out):
    """``(I - u u') V' g / (τ |f|)`` with ``u = f / |f|``; 0 where f is 0."""
    length, along = length_of_row(f), 0.0
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

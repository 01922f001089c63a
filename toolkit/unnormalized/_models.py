"""Models that give a logit to each x, as a kernel ``(theta, x, slope) -> s``; `slope` receives the gradient in theta.

``exp(s)`` is a density up to the factor 1/Z: with all x side by side, p is the softmax of their logits.
"""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, tanh

__all__ = ["unnormalized_logits"]
KERNELS = ["boltzmann_logit", "network_logit", "normal_logit", "normal_mean_logit"]


@kernel
def normal_mean_logit(theta, x, slope):
    """``-(x - m)^2 / 2`` with theta = (m): Z is a constant, which nobody need know."""
    d = x[0] - theta[0]
    slope[0] = d
    return -0.5 * d * d


@kernel
def normal_logit(theta, x, slope):
    """``-(x - m)^2 e^{-2 l} / 2`` with theta = (m, l): Z is ``sqrt(2 pi) e^l``."""
    shrink = exp(-theta[1])
    z = (x[0] - theta[0]) * shrink
    slope[0], slope[1] = z * shrink, z * z
    return -0.5 * z * z


@kernel
def boltzmann_logit(theta, x, slope):
    """``sum_i b_i x_i + sum_{j < i} J_ij x_i x_j``: theta has the n biases, then J row by row below the diagonal."""
    n, s = x.size, 0.0
    at = n
    for i in range(n):
        slope[i] = x[i]
        s += theta[i] * x[i]
        for j in range(i):
            slope[at] = x[i] * x[j]
            s += theta[at] * slope[at]
            at += 1
    return s


@kernel
def network_logit(theta, x, slope):
    """``-|x|^2 / 2 + sum_k a_k tanh(c_k + sum_i u_ki x_i)``: theta has (a_k, c_k, u_k) of one unit after another."""
    width, s = x.size + 2, 0.0
    for i in range(x.size):
        s -= 0.5 * x[i] * x[i]
    for first in range(0, theta.size, width):
        drive = theta[first + 1]
        for i in range(x.size):
            drive += theta[first + 2 + i] * x[i]
        h = tanh(drive)
        back = theta[first] * (1.0 - h * h)
        slope[first], slope[first + 1] = h, back
        for i in range(x.size):
            slope[first + 2 + i] = back * x[i]
        s += theta[first] * h
    return s


@kernel
def logits_of(logit, theta, x, slope, out):
    """The logit of each row of x; `slope` is to work in."""
    for i in range(x.shape[0]):
        out[i] = logit(theta, x[i], slope)


MODELS = {"normal": normal_logit, "normal_mean": normal_mean_logit, "boltzmann": boltzmann_logit,
          "network": network_logit}


def rows_of(x, name):
    """`x` as a float64 matrix, a row for each sample; a row of numbers is a column of samples."""
    x = real_array(x, name)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"{name} has shape {x.shape}; allowed: (samples, numbers), at least one of each")
    return behaved(x, np.float64)


def model_of(model, theta, dimension, name="theta"):
    """``(kernel, theta)`` of a model for so many numbers in a sample, checked."""
    logit, theta = chosen("model", model, MODELS), real_array(theta, name)
    theta = np.array(theta[None] if theta.ndim == 0 else theta, np.float64)
    sizes = {"normal": 2, "normal_mean": 1, "boltzmann": dimension * (dimension + 1) // 2}
    if model in ("normal", "normal_mean") and dimension != 1:
        raise ValueError(f"model is {model!r}, and samples have {dimension} numbers; allowed: one number")
    fits = theta.size == sizes[model] if model in sizes else theta.size % (dimension + 2) == 0 < theta.size
    if theta.ndim != 1 or not fits:
        allowed = sizes.get(model, f"a multiple of {dimension + 2}")
        raise ValueError(f"{name} has shape {theta.shape}; allowed for {model!r} in {dimension} dimensions: {allowed}")
    return logit, theta


def unnormalized_logits(theta, x, *, model="normal"):
    """Logits ``s(x)`` of a model ``p(x) = exp(s(x)) / Z`` whose Z is not part of it.

    Parameters
    ----------
    theta : array_like (P,)
    x : array_like (N, d), or (N,) for d = 1
    model : {"normal", "normal_mean", "boltzmann", "network"}
        A normal density with mean and logarithm of the width; with a mean alone; a Boltzmann machine of d units ±1, by
        its d biases and d (d - 1) / 2 couplings, row by row below the diagonal; ``-|x|^2 / 2`` and a network of tanh
        units, each by its weight outwards, its bias and d weights inwards.

    Returns
    -------
    (N,) float64

    Examples
    --------
    >>> unnormalized_logits([1.0, 0.0], [1.0, 3.0])
    array([-0., -2.])
    """
    x = rows_of(x, "x")
    logit, theta = model_of(model, theta, x.shape[1])
    out = np.empty(len(x))
    with np.errstate(all="ignore"):
        logits_of(logit, theta, x, np.empty_like(theta), out)
    return out

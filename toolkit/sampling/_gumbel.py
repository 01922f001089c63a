"""Gumbel noise, the draws from a softmax that it gives, and relaxed draws.

The class with the largest ``z + noise`` is a draw from ``softmax(z)``; the softmax of ``(z + noise) / tau`` is one too
as tau falls to 0.
"""
import numpy as np

from toolkit._core.arguments import check_temperature
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, uniform
from toolkit.elementary import log
from toolkit.softmax.kernels import shifted, softmax_tempered, top_class

__all__ = ["gumbel_max", "gumbel_noise", "gumbel_softmax"]
KERNELS = ["gumbel", "gumbel_max_row", "gumbel_of", "gumbel_softmax_row"]


@kernel
def gumbel_of(u):
    """``-log(-log u)``: a Gumbel number from a uniform one, which has to be above 0 and below 1."""
    return -log(-log(u))


@kernel
def gumbel(state):
    """A standard Gumbel float64, from -3.6 to 36.7; a uniform 0 is drawn again."""
    u = uniform(state)
    while u == 0.0:
        u = uniform(state)
    return gumbel_of(u)


@kernel
def fill_gumbel(state, out):
    for i in range(out.size):
        out[i] = gumbel(state)


@kernel
def gumbel_max_row(z, noise, out):
    """One-hot of the largest ``z + noise``: a draw from softmax(z)."""
    for i in range(z.size):
        out[i] = shifted(z[i], -noise[i])
    top = top_class(out)
    lost = out[top] - out[top]
    for i in range(z.size):
        out[i] = lost
    out[top] = lost + 1


@kernel
def gumbel_softmax_row(z, noise, tau, y):
    """``softmax((z + noise) / tau)``."""
    for i in range(z.size):
        y[i] = shifted(z[i], -noise[i])
    softmax_tempered(y, tau, y)


def gumbel_noise(shape, *, seed=0, stream=0):
    """Standard Gumbel numbers, the same for the same seed and stream on every machine and in the browser."""
    state, noise = np.zeros(1, np.uint64), np.empty(shape)
    with np.errstate(over="ignore"):
        seeded(state, seed, stream)
        fill_gumbel(state, noise.reshape(-1))
    return noise


def gumbel_max(z, noise, *, axis=-1, where=None, format=None):
    """A draw from softmax(z) as a one-hot vector: the largest of ``z + noise``, for Gumbel noise.

    It needs no normalised probabilities. Noise formed from float16 uniforms ends at 7.6: rare classes are not drawn.

    Parameters
    ----------
    z : array_like (..., K)
        Logits, or log-probabilities.
    noise : array_like, broadcast to the shape of `z`
        As `gumbel_noise` makes it.
    axis, where, format
        As in `toolkit.softmax.softmax`.

    Returns
    -------
    One-hot vectors (..., K) -> (..., K). NaN for a row with NaN or +inf, or of -inf alone.

    References
    ----------
    C. Maddison, D. Tarlow, T. Minka, A* Sampling, NeurIPS 2014, arXiv:1411.0030.

    Examples
    --------
    >>> gumbel_max([1.0, 0.0], [0.0, 2.0])
    array([0., 1.])
    """
    return map_rows(gumbel_max_row, {"z": z, "noise": noise}, axis=axis, where=where, format=format,
                    fills=(-np.inf, 0.0))


def gumbel_softmax(z, noise, *, temperature=1.0, axis=-1, where=None, format=None):
    """A relaxed draw from softmax(z): ``softmax((z + noise) / tau)``, one-hot as tau falls to 0.

    Parameters as `gumbel_max`.

    Returns
    -------
    Probabilities (..., K) -> (..., K)

    Gradient
    --------
    With the noise held fixed it is a differentiable function of z. Its gradient is that of `toolkit.softmax.softmax` at
    the result, with the same temperature, and grows as 1 / tau.

    References
    ----------
    E. Jang, S. Gu, B. Poole, Categorical Reparameterization with Gumbel-Softmax, ICLR 2017, arXiv:1611.01144.
    C. Maddison, A. Mnih, Y. W. Teh, The Concrete Distribution, ICLR 2017, arXiv:1611.00712.

    Examples
    --------
    >>> gumbel_softmax([0.0, 0.0], [1.0, 0.0], temperature=0.5).round(4)
    array([0.8808, 0.1192])
    """
    return map_rows(gumbel_softmax_row, {"z": z, "noise": noise}, check_temperature(temperature), axis=axis,
                    where=where, format=format, fills=(-np.inf, 0.0))

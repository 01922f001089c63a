"""Gumbel noise, the draws from a softmax that it gives, and relaxed draws.

The class with the largest ``z + noise`` is a draw from ``softmax(z)``; the softmax of ``(z + noise) / tau`` is one too
as tau falls to 0.
"""
import numpy as np

from toolkit._core.arguments import check_flag, check_temperature, check_whole
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, uniform
from toolkit.elementary import log
from toolkit.sampling._rows import map_beside, summed_to
from toolkit.softmax._softmax import softmax_pull
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
    """Standard Gumbel numbers, the same for the same seed and stream on every machine and in the browser.

    Parameters
    ----------
    shape : int or tuple of int
    seed, stream : int from 0 to 2**63 - 1
        Streams of one seed are independent.

    Returns
    -------
    float64 array of that shape
        Beside float32 logits it makes float32 draws.

    Examples
    --------
    >>> gumbel_noise((2, 3), seed=7).shape
    (2, 3)
    """
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    sizes = tuple(check_whole("shape", size, 0, 2**31 - 1) for size in sizes)
    seed, stream = check_whole("seed", seed, 0, 2**63 - 1), check_whole("stream", stream, 0, 2**63 - 1)
    state, noise = np.zeros(1, np.uint64), np.empty(sizes)
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
    noise : array_like, broadcast with `z`
        As `gumbel_noise` makes it: noise (n, K) beside logits (K,) gives n draws.
    axis, where, format
        As in `toolkit.softmax.softmax`, of the shape of both. `where` draws from what a filter keeps.

    Returns
    -------
    One-hot vectors (..., K), (..., K) -> (..., K) in the dtype of `z`, whatever that of the noise is. NaN for a row
    with NaN or +inf, or of -inf alone.

    Accuracy
    --------
    Each sum ``z + noise`` is rounded once. Tested: exact where the largest two of the rounded sums differ; of equal
    ones the first is drawn.

    References
    ----------
    C. Maddison, D. Tarlow, T. Minka, A* Sampling, NeurIPS 2014, arXiv:1411.0030.

    Examples
    --------
    >>> gumbel_max([1.0, 0.0], [0.0, 2.0])
    array([0., 1.])

    A thousand draws from the classes that hold nine tenths of the weight:

    >>> from toolkit.softmax import top_p_softmax
    >>> z = np.log([0.6, 0.35, 0.05])
    >>> draws = gumbel_max(z, gumbel_noise((1000, 3)), where=top_p_softmax(z, mass=0.9) > 0)
    >>> draws.sum(axis=0)[2].item()
    0.0
    """
    return map_beside(gumbel_max_row, z, {"noise": noise}, axis=axis, where=where, format=format)


def gumbel_softmax(z, noise, *, temperature=1.0, hard=False, axis=-1, where=None, format=None):
    """A relaxed draw from softmax(z): ``softmax((z + noise) / tau)``, one-hot as tau falls to 0.

    Parameters
    ----------
    temperature : float >= 0
        tau.
    hard : bool
        Whether the result is the draw itself, `gumbel_max`, with the gradient of the relaxed one: straight-through.
    z, noise, axis, where, format
        As in `gumbel_max`.

    Returns
    -------
    Probabilities, or one-hot vectors, (..., K), (..., K) -> (..., K) in the dtype of `z`.

    Gradient
    --------
    With the noise held fixed it is a differentiable function of z. Its gradient is that of `toolkit.softmax.softmax` at
    the relaxed draw, with the same temperature, and grows as 1 / tau; also of a hard one, whose own is 0. Where one row
    of logits served many draws, it is the sum over them.

    Accuracy
    --------
    float32 and float64, tested: within ``4 + 4 size / tau`` ulp, with the largest size of ``z + noise``: these sums are
    rounded first.

    References
    ----------
    E. Jang, S. Gu, B. Poole, Categorical Reparameterization with Gumbel-Softmax, ICLR 2017, arXiv:1611.01144.
    C. Maddison, A. Mnih, Y. W. Teh, The Concrete Distribution, ICLR 2017, arXiv:1611.00712.

    Examples
    --------
    >>> gumbel_softmax([0.0, 0.0], [1.0, 0.0], temperature=0.5).round(4)
    array([0.8808, 0.1192])
    """
    tau = check_temperature(temperature)
    of, numbers = (gumbel_max_row, ()) if check_flag("hard", hard) else (gumbel_softmax_row, (tau,))
    return map_beside(of, z, {"noise": noise}, *numbers, axis=axis, where=where, format=format)


def gumbel_softmax_pull(z, g, *, noise, temperature=1.0, axis=-1, where=None):
    """The gradient at the relaxed draw, of a hard draw too."""
    y = gumbel_softmax(z, noise, temperature=temperature, axis=axis, where=where)
    return summed_to(softmax_pull(y, g, axis=axis, where=where, temperature=temperature), np.shape(z))

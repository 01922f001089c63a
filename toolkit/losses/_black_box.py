"""Proper losses of a model that can only be sampled: from draws, without a probability.

A loss of n draws has a mean that is a polynomial of degree n in the model's probabilities. The Brier score is one of
degree 2; ``-log p`` is none of any degree, and needs a number of draws that is itself drawn: until the label appears,
or a Poisson number. The formulas of these two schemes are derived here, not taken from the paper.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_number, check_whole, chosen, shown
from toolkit._core.arrays import real_array
from toolkit._core.random import seeded
from toolkit.losses._black_box_kernels import fill_harmonic, fill_poisson, fill_trials

__all__ = ["BlackBox", "black_box_losses", "geometric_log_loss", "poisson_log_loss", "two_draw_loss"]

_SCHEMES = {"two draws": 0, "geometric": 1, "poisson": 2}


def _counts(x, name, low):
    given = real_array(x, name)
    if given.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {given.dtype}; allowed: integers")
    if given.size and (given.min() < low or given.max() > 2**31):
        raise ValueError(f"{name} has {given.min()} to {given.max()}; allowed: {low} to 2147483648")
    return given.astype(np.int64)


def two_draw_loss(first, second, labels):
    """Loss ``[x1 = x2] - [x1 = y] - [x2 = y]`` of two draws x1, x2 of a model, and a label: proper.

    Its mean over draws from p and labels from q is ``|p|^2 - 2 <p, q>``, least at p = q alone, where it is ``-|q|^2``:
    the Brier loss less 1, by draws. Two are the fewest: a mean of one draw is linear in p, and least in a corner.

    Parameters
    ----------
    first, second : array_like of integers (...)
        Independent draws of the model.
    labels : array_like of integers (...)
        Broadcast with the draws.

    Returns
    -------
    float64 (...)
        -1 to 1.

    Accuracy
    --------
    Exact.

    References
    ----------
    Kimpara, Frongillo, Waggoner, Proper Losses for Discrete Generative Models, ICML 2023, arXiv:2211.03761. This loss
    is derived here from their condition.

    Examples
    --------
    >>> two_draw_loss([0, 1, 1], [0, 1, 2], 1)
    array([ 1., -1., -1.])
    """
    arrays = [_counts(x, name, -2**31) for x, name in ((first, "first"), (second, "second"), (labels, "labels"))]
    try:
        a, b, y = np.broadcast_arrays(*arrays)
    except ValueError:
        raise ValueError(f"labels has shape {arrays[2].shape}; allowed beside draws of shapes {arrays[0].shape} and "
                         f"{arrays[1].shape}: what broadcasts") from None
    return (a == b).astype(np.float64) - (a == y) - (b == y)


def geometric_log_loss(draws):
    """Unbiased estimate of ``-log p_y`` from how many draws of the model it took until the label appeared.

    With N draws it is the harmonic number ``H_{N-1} = 1 + 1/2 + ... + 1/(N - 1)``. Its mean is ``-log p_y``, its
    variance the dilogarithm ``Li2(1 - p_y)``, at most pi^2 / 6 for every model: the noise is bounded, and the number of
    draws, 1 / p_y on average, is not. Who stops after so many draws has a mean that is too low. (Derived here.)

    Parameters
    ----------
    draws : array_like of integers >= 1 (...)
        N, the draw of the label counted.

    Returns
    -------
    float64 (...)

    Accuracy
    --------
    Within 4 epsilon, tested for N up to 10^9.

    References
    ----------
    Kimpara, Frongillo, Waggoner, Proper Losses for Discrete Generative Models, ICML 2023, arXiv:2211.03761, for the
    question.

    Examples
    --------
    >>> geometric_log_loss([1, 2, 3])
    array([0. , 1. , 1.5])
    """
    n = _counts(draws, "draws", 1)
    out = np.empty(n.shape)
    fill_harmonic(np.ascontiguousarray(n).reshape(-1), out.reshape(-1))
    return out[()]


def poisson_log_loss(misses, *, rate=5.0):
    """Unbiased estimate of ``-log p_y`` from how many of a Poisson number of draws were not the label.

    With N draws, N from the Poisson distribution of mean `rate`, and M of them other than the label, it is
    ``sum_{k=1}^M M (M - 1) ... (M - k + 1) / (k rate^k)``. Its mean is ``-log p_y`` at every rate, and its variance is
    infinite at every rate: a mean of many looks calm until one is drawn that is huge. (Reconstructed here: the paper
    has a Poisson scheme for the log loss, whose formula was not seen.)

    Parameters
    ----------
    misses : array_like of integers >= 0 (...)
    rate : float > 0

    Returns
    -------
    float64 (...)

    Special values
    --------------
    inf where the largest term overflows, from about 170 misses at a rate of 1.

    Accuracy
    --------
    Within M + 2 epsilon, tested: all terms are above 0.

    References
    ----------
    Kimpara, Frongillo, Waggoner, Proper Losses for Discrete Generative Models, ICML 2023, arXiv:2211.03761.

    Examples
    --------
    >>> poisson_log_loss([0, 1, 2, 3, 4]).round(4)
    array([0.    , 0.2   , 0.44  , 0.736 , 1.1136])
    """
    m, rate = _counts(misses, "misses", 0), check_finite("rate", rate, 0.0, above=True)
    out = np.empty(m.shape)
    with np.errstate(all="ignore"):
        fill_poisson(np.ascontiguousarray(m).reshape(-1), rate, out.reshape(-1))
    return out[()]


class BlackBox(NamedTuple):
    """Losses of a sampled model, and what they cost.

    losses : (trials,) · draws : (trials,), how many of the model each took
    """

    losses: np.ndarray
    draws: np.ndarray


def black_box_losses(p, label, *, scheme="geometric", trials=1000, rate=5.0, most=10**6, seed=0, stream=0):
    """Losses of one label by draws of a model with probabilities p, again and again: what a sampler would be charged.

    Parameters
    ----------
    p : array_like (K,)
        Probabilities, from which alone draws are made.
    label : int
    scheme : {"geometric", "poisson", "two draws"}
        `geometric_log_loss`, `poisson_log_loss` or `two_draw_loss`.
    trials : int >= 1
    rate : float from 0.001 to 500
        Of the Poisson scheme.
    most : int >= 1
        At most so many draws in a trial. The mean of the logarithmic schemes is then too low: at most that of the
        series ``sum_{k <= most} (1 - p_y)^k / k``, which of the geometric one it is.
    seed, stream : int from 0 to 2**63 - 1
        The same numbers on every machine and in the browser; streams of one seed are independent.

    Returns
    -------
    BlackBox

    Accuracy
    --------
    Means and variances as said, tested by enumeration of all outcomes, and by many trials.

    References
    ----------
    Kimpara, Frongillo, Waggoner, Proper Losses for Discrete Generative Models, ICML 2023, arXiv:2211.03761.

    Examples
    --------
    >>> found = black_box_losses([0.3, 0.7], 0, trials=100000)
    >>> print(found.losses.mean().round(2), found.draws.mean().round(1), -np.log(0.3).round(2))
    1.2 3.3 1.2
    """
    p = real_array(p, "p").astype(np.float64)
    if p.ndim != 1 or p.size == 0 or not ((p >= 0).all() and abs(p.sum() - 1) <= 1e-6):
        raise ValueError(f"p is {shown(p)}; allowed: probabilities (K,), >= 0 with the sum 1")
    y = check_whole("label", label, 0, p.size - 1)
    which = chosen("scheme", scheme, _SCHEMES)
    trials, most = check_whole("trials", trials, 1, 2**31), check_whole("most", most, 1, 2**31)
    rate = check_number("rate", rate, 0.001, 500.0)
    seed, stream = check_whole("seed", seed, 0, 2**63 - 1), check_whole("stream", stream, 0, 2**63 - 1)
    state, losses, draws = np.zeros(1, np.uint64), np.empty(trials), np.empty(trials, np.int64)
    with np.errstate(all="ignore"):
        seeded(state, seed, stream)
        fill_trials(which, np.ascontiguousarray(p), y, rate, most, state, losses, draws)
    return BlackBox(losses, draws)

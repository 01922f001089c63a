"""Kullback-Leibler divergence of two Dirichlet distributions, without the differences of large numbers."""
import math

import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import map_rows, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import log
from toolkit.information._gamma_functions import (
    digamma,
    log_gamma,
    log_less_digamma,
    stirling_rest,
    trigamma_excess,
    trigamma_of,
)

__all__ = ["dirichlet_kl"]
KERNELS = ["dirichlet_kl_naive", "dirichlet_kl_row", "dirichlet_kl_slopes", "slope_less_trigammas"]

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@kernel
def dirichlet_kl_naive(alpha, beta):
    """The definition as it is written, in the format of the row; its terms grow like S log S and cancel."""
    strength, other = 0.0, 0.0
    for k in range(alpha.size):
        if alpha[k] > -np.inf:
            strength += alpha[k]
            other += beta[k]
    total = log_gamma(strength) - log_gamma(other)
    psi = digamma(strength)
    for k in range(alpha.size):
        if alpha[k] > -np.inf:
            total -= log_gamma(alpha[k]) - log_gamma(beta[k])
            total += (alpha[k] - beta[k]) * (digamma(alpha[k]) - psi)
    return total


@kernel
def dirichlet_kl_row(alpha, beta):
    """The same with Stirling's terms cancelled by hand, in float64: what is left grows like log S."""
    strength, other, over, count, same = 0.0, 0.0, 0.0, 0, True
    for k in range(alpha.size):
        a, b = float(alpha[k]), float(beta[k])
        if a != -np.inf:
            strength += a
            other += b
            over += a - b
            count += 1
            same = same and a == b and a > 0.0
    if same:
        return like(0.0, alpha)
    total = stirling_rest(strength) + over * log_less_digamma(strength) + 0.5 * (count - 1) * log(strength)
    total -= (count - 1) * HALF_LOG_2PI + log_gamma(other)
    for k in range(alpha.size):
        a, b = float(alpha[k]), float(beta[k])
        if a != -np.inf:
            total += (b - 0.5) * log(strength / a) - stirling_rest(a) - (a - b) * log_less_digamma(a) + log_gamma(b)
    return like(total, alpha)


@kernel
def slope_less_trigammas(a, b):
    """``(a - b) psi'(a) - 1``."""
    return trigamma_excess(a) - b * trigamma_of(a)


@kernel
def dirichlet_kl_slopes(alpha, beta, out):
    """``(a - b) psi'(a) - (S - B) psi'(S)`` of each class, in float64: the two ones that each holds cancel by hand."""
    strength, other = 0.0, 0.0
    for k in range(alpha.size):
        if alpha[k] > -np.inf or alpha[k] != alpha[k]:
            strength += float(alpha[k])
            other += float(beta[k])
    beside = slope_less_trigammas(strength, other)
    for k in range(alpha.size):
        a, b = float(alpha[k]), float(beta[k])
        out[k] = like(0.0 if a == -np.inf else slope_less_trigammas(a, b) - beside, alpha)


_ROWS = {"naive": dirichlet_kl_naive, "stable": dirichlet_kl_row}


def dirichlet_kl(alpha, beta=1.0, *, axis=-1, where=None, form="stable", format=None):
    """Kullback-Leibler divergence of the Dirichlet distributions of two rows of parameters, in nats.

    ``log G(S) - log G(B) - sum (log G(a) - log G(b)) + sum (a - b)(psi(a) - psi(S))`` with ``S = sum a``,
    ``B = sum b`` and the gamma function G. With b = 1 it is the distance from knowing nothing, by which evidential
    losses are regularised. The terms grow like S log S, and the result like log S: in float32 the definition is 40 at
    four parameters of 1e7, where 23 is right. Here what cancels is left out: with Stirling's rest r of log-gamma and
    ``s(x) = log x - psi(x)`` the terms are ``(b - 1/2) log(S / a)``, ``(K - 1) / 2 log S``, r and ``(a - b) s(a)``.

    Parameters
    ----------
    alpha, beta : array_like (..., K)
        Parameters > 0 of the first and of the second distribution; `beta` is broadcast to `alpha`.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        Classes that are masked do not exist.
    form : {"stable", "naive"}
        The stable form computes in float64 and rounds once.
    format : Format, name or pair, optional
        Emulated format of the arguments and the result; of each step, in the naive form.

    Returns
    -------
    (..., K) -> (...)

    Special values
    --------------
    A parameter that is NaN, 0 or below gives NaN, as does one that is infinite. Equal rows give exactly 0.

    Accuracy
    --------
    Stable, tested for parameters from 1e-3 to 1e9, also in float32: within 64 epsilon of float64 of the sum of the
    sizes of its terms, rounded once.

    Gradient
    --------
    With respect to `alpha`: ``(a - b) psi'(a) - (S - B) psi'(S)``, within 64 epsilon of float64 of the larger of 1 and
    ``(a + b) psi'(a)``.

    References
    ----------
    Sensoy, Kaplan, Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty, 2018, arXiv:1806.01768.
    The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> alpha = np.full(4, 1e7, np.float32)
    >>> [f"{dirichlet_kl(alpha, form=form):.1f}" for form in ("naive", "stable")]
    ['40.0', '23.0']
    """
    return reduce_rows(chosen("form", form, _ROWS), {"alpha": alpha, "beta": beta}, axis=axis, where=where,
                       format=format, empty=0.0)


def dirichlet_kl_pull(alpha, g, *, beta=1.0, axis=-1, where=None):
    """Gradient with respect to `alpha`, from the gradient `g` with respect to the divergence.

    Examples
    --------
    >>> dirichlet_kl_pull([2.0, 1.0, 1.0], 1.0).round(6)
    array([ 0.361111, -0.283823, -0.283823])
    """
    slopes = map_rows(dirichlet_kl_slopes, {"alpha": alpha, "beta": beta}, axis=axis, where=where)
    axes = tuple(range(slopes.ndim)) if axis is None else axis
    return slopes * np.expand_dims(np.asarray(g, slopes.dtype), axes)

"""Mirror descent on the simplex: steps that multiply weights, kept as logarithms.

Among all points of the simplex the step looks for one where ``rate <g, p>`` is low and which is near the old one, by
the Kullback-Leibler divergence. The answer multiplies each weight by ``exp(-rate g)``: it subtracts ``rate g`` from the
logits. The optimistic step takes ``2 g - before`` for g, as if the gradient went on changing as it did.
"""
import numpy as np

from toolkit._core.arguments import check_finite, chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.softmax._log_softmax import log_softmax_pull
from toolkit.softmax.kernels import log_softmax_stable, shifted

__all__ = ["exponentiated_gradient_step", "optimistic_gradient_step"]
KERNELS = ["exponentiated_gradient_naive", "exponentiated_gradient_row", "optimistic_gradient_row"]


@kernel
def exponentiated_gradient_naive(z, g, rate, out):
    """``e^z e^{-rate g}`` over its sum, as weights: one that has underflown stays 0."""
    total = 0.0
    for i in range(z.size):
        out[i] = exp(z[i]) * exp(-rate * g[i])
        total += out[i]
    for i in range(z.size):
        out[i] = log(out[i] / total)


@kernel
def exponentiated_gradient_row(z, g, rate, out):
    """``log softmax(z - rate g)``."""
    for i in range(z.size):
        out[i] = shifted(z[i], rate * g[i])
    log_softmax_stable(out, out)


@kernel
def optimistic_gradient_row(z, g, before, rate, out):
    """``log softmax(z - rate (2 g - before))``."""
    for i in range(z.size):
        out[i] = shifted(z[i], rate * (g[i] + (g[i] - before[i])))
    log_softmax_stable(out, out)


_ROWS = {"naive": exponentiated_gradient_naive, "stable": exponentiated_gradient_row}


def lost_weights(rows, out):
    """Rows where a finite logit has no finite logarithm any more."""
    return (np.isfinite(rows) & ~np.isfinite(out)).any(axis=1)


def exponentiated_gradient_step(z, g, *, rate=0.1, axis=-1, where=None, form="stable", format=None):
    """Exponentiated gradient: one step of mirror descent on the simplex, ``p_i exp(-rate g_i)`` over its sum.

    Logits go in and log-probabilities come out, ``log softmax(z - rate g)``. The naive form multiplies weights: one
    that has fallen below the least number is 0, and no later gradient brings it back.

    Parameters
    ----------
    z : array_like (..., K)
        Logits of the weights; a result of an earlier step is one.
    g : array_like, broadcast to the shape of `z`
        Gradient with respect to the weights. One number more in all entries changes nothing.
    rate : float >= 0
    form : {"naive", "stable"}
    axis, where, format
        As in `toolkit.softmax.log_softmax`.

    Returns
    -------
    Log-probabilities (..., K), (..., K) -> (..., K) in the common dtype of `z` and `g`; -inf where masked. Their
    exponentials are the new weights.

    Special values
    --------------
    As `toolkit.softmax.log_softmax` at ``z - rate g``. A class of weight 0, a logit of -inf, keeps it. The naive form
    warns where a weight is lost.

    Accuracy
    --------
    float32 and float64, tested: within 6 epsilon of the largest ``|z| + rate |g|`` of the row and of the result.

    Gradient
    --------
    With respect to z, ``u - p sum(u)`` for what comes from above, u, with p the new weights; with respect to g -rate
    times that.

    References
    ----------
    J. Kivinen, M. Warmuth, Exponentiated Gradient versus Gradient Descent for Linear Predictors, Information and
    Computation 132 (1997), doi:10.1006/inco.1996.2612.

    Examples
    --------
    >>> np.exp(exponentiated_gradient_step(np.log([0.5, 0.3, 0.2]), [1.0, 0.0, -1.0], rate=0.5)).round(4)
    array([0.325 , 0.3215, 0.3534])

    In float32, a weight that is pushed down and up again:

    >>> z, g = np.zeros(2, np.float32), np.array([0, 1], np.float32)
    >>> exponentiated_gradient_step(exponentiated_gradient_step(z, g, rate=120.0), -g, rate=120.0).round(4)
    array([-0.6931, -0.6931], dtype=float32)
    """
    row, rate = chosen("form", form, _ROWS), check_finite("rate", rate, 0.0)
    broken = (lost_weights, "exponentiated_gradient_step(form='naive') lost weights") if form == "naive" else None
    return map_rows(row, {"z": z, "g": g}, rate, axis=axis, where=where, format=format, fills=(-np.inf, 0.0),
                    masked=-np.inf, broken=broken)


def optimistic_gradient_step(z, g, before, *, rate=0.1, axis=-1, where=None, format=None):
    """Optimistic mirror descent on the simplex: a step along ``2 g - before``, with the gradient of the step before.

    The same as to gather gradients, ``L = L - rate g``, and to play ``softmax(L - rate g)``: to guess that the next
    gradient is the last one. In games, where the plain step walks in widening circles, this one can reach the middle.

    Parameters
    ----------
    before : array_like, broadcast to the shape of `z`
        The gradient one step earlier; at the first step the same as `g`, or 0 to count the first one twice.
    z, g, rate, axis, where, format
        As in `exponentiated_gradient_step`.

    Returns
    -------
    Log-probabilities, as of `exponentiated_gradient_step`.

    Special values
    --------------
    As of `exponentiated_gradient_step`.

    Accuracy
    --------
    float32 and float64, tested: within 8 epsilon of the largest ``|z| + rate (2 |g| + |before|)`` of the row and of the
    result.

    Gradient
    --------
    As of `exponentiated_gradient_step`; with respect to g -2 rate, and with respect to `before` rate times that of z.

    References
    ----------
    S. Chen et al., Optimistic Online Mirror Descent for Bridging Stochastic and Adversarial Online Convex
    Optimization, JMLR 25 (2024), arXiv:2302.04552; the form for the simplex is derived here. C. Daskalakis,
    I. Panageas, Last-Iterate Convergence: Zero-Sum Games and Constrained Min-Max Optimization, ITCS 2019,
    arXiv:1807.04252.

    Examples
    --------
    >>> np.exp(optimistic_gradient_step(np.zeros(2), [1.0, 0.0], [1.0, 0.0], rate=1.0)).round(4)
    array([0.2689, 0.7311])
    """
    rate = check_finite("rate", rate, 0.0)
    return map_rows(optimistic_gradient_row, {"z": z, "g": g, "before": before}, rate, axis=axis, where=where,
                    format=format, fills=(-np.inf, 0.0), masked=-np.inf)


def logits_pull(log_p, upstream, *, axis=-1, where=None):
    """With respect to `z`; masked classes, and those of weight 0, get 0."""
    return log_softmax_pull(log_p, upstream, axis=axis, where=where)


def times_pull(log_p, upstream, rate, axis, where):
    """`logits_pull` times a number."""
    pulled = logits_pull(log_p, upstream, axis=axis, where=where)
    return np.multiply(pulled, rate, dtype=pulled.dtype)


def gradient_pull(log_p, upstream, *, rate=0.1, axis=-1, where=None):
    """With respect to `g` of `exponentiated_gradient_step`."""
    return times_pull(log_p, upstream, -rate, axis, where)


def optimistic_pull(log_p, upstream, *, rate=0.1, axis=-1, where=None):
    """With respect to `g` of `optimistic_gradient_step`."""
    return times_pull(log_p, upstream, -2 * rate, axis, where)


def before_pull(log_p, upstream, *, rate=0.1, axis=-1, where=None):
    """With respect to `before` of `optimistic_gradient_step`."""
    return times_pull(log_p, upstream, rate, axis, where)

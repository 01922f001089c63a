"""Sampling through a softmax: Gumbel noise, relaxed samples, and estimators of the gradient of an expected loss.

A class is drawn from ``p = softmax(z)`` and the loss of the one-hot vector D is f(D). The gradient of ``E f(D)`` is
``J_p (f(e_1), ..., f(e_K))`` with ``J_p = diag(p) - p p'``, which is `softmax_vjp` of p and these K values. With too
many classes to try them all, it is estimated from one draw: from the value f(D) alone (score function), or from
f's slope at D (straight-through, ReinMax, Gumbel-softmax).
"""
import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.random import seeded, uniform
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, log
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._softmax import check_temperature, softmax_tempered, softmax_tempered_vjp_row

__all__ = ["gumbel", "gumbel_max", "gumbel_max_row", "gumbel_noise", "gumbel_of", "gumbel_softmax",
           "gumbel_softmax_row", "reinmax", "reinmax_row", "score_function", "score_function_row",
           "seeded", "straight_through", "straight_through_row", "uniform"]


@kernel
def gumbel_of(u, fmt):
    """``-log(-log u)``: a Gumbel number from a uniform one, which has to be above 0 and below 1."""
    return rnd(-log(rnd(-log(u), fmt)), fmt)


@kernel
def gumbel(state):
    """A standard Gumbel float64, from -3.6 to 36.7; a uniform 0 is drawn again."""
    u = uniform(state)
    while u == 0.0:
        u = uniform(state)
    return gumbel_of(u, None)


@kernel
def fill_gumbel(state, out):
    for i in range(out.size):
        out[i] = gumbel(state)


@kernel
def gumbel_max_row(z, noise, out, fmt):
    """One-hot of the largest ``z + noise``: a draw from softmax(z)."""
    for i in range(z.size):
        out[i] = shifted(z[i], -noise[i], fmt)
    top = top_class(out)
    lost = out[top] - out[top]
    for i in range(z.size):
        out[i] = lost
    out[top] = lost + like(1.0, lost)


@kernel
def gumbel_softmax_row(z, noise, tau, y, fmt):
    """``softmax((z + noise) / tau)``."""
    for i in range(z.size):
        y[i] = shifted(z[i], -noise[i], fmt)
    softmax_tempered(y, tau, y, fmt)


@kernel
def score_function_row(z, drawn, value, out, fmt):
    """``value (D - p)``, `value` one number per class of which the drawn one counts: right on average, for any f."""
    one = like(1.0, z[0])
    softmax_tempered(z, one, out, fmt)
    loss = like(0.0, one)
    for i in range(z.size):
        if drawn[i] != like(0.0, one):  # what was not drawn may be NaN
            loss = rnd(loss + rnd(drawn[i] * value[i], fmt), fmt)
    for i in range(z.size):
        out[i] = rnd(loss * rnd(drawn[i] - out[i], fmt), fmt)


@kernel
def straight_through_row(z, slope, tau, out, fmt):
    """``J_q slope / tau`` with ``q = softmax(z / tau)``: the slope at D, backwards as if D were q."""
    softmax_tempered(z, tau, out, fmt)
    softmax_tempered_vjp_row(out, slope, tau, out, fmt)


@kernel
def reinmax_row(z, drawn, slope, tau, out, fmt):
    """``2 J_r slope - J_p slope / 2`` with ``r = (softmax(z / tau) + D) / 2``: Heun's rule for Euler's."""
    one, two, half = like(1.0, z[0]), like(2.0, z[0]), like(0.5, z[0])
    m, tau = z[top_class(z)], rnd(tau, fmt)
    total, total_tempered, mean, mean_tempered, mean_drawn = m - m, m - m, m - m, m - m, m - m
    for i in range(z.size):
        gap = shifted(z[i], m, fmt)
        e, e_tempered = rnd(exp(gap), fmt), rnd(exp(rnd(gap / tau, fmt)), fmt)
        total = rnd(total + e, fmt)
        total_tempered = rnd(total_tempered + e_tempered, fmt)
        mean = rnd(mean + rnd(e * slope[i], fmt), fmt)
        mean_tempered = rnd(mean_tempered + rnd(e_tempered * slope[i], fmt), fmt)
        mean_drawn = rnd(mean_drawn + rnd(drawn[i] * slope[i], fmt), fmt)
    mean = rnd(mean / total, fmt)
    middle = rnd(half * rnd(rnd(mean_tempered / total_tempered, fmt) + mean_drawn, fmt), fmt)
    for i in range(z.size):
        gap = shifted(z[i], m, fmt)
        p = rnd(rnd(exp(gap), fmt) / total, fmt)
        q = rnd(rnd(exp(rnd(gap / tau, fmt)), fmt) / total_tempered, fmt)
        r = rnd(half * rnd(q + drawn[i], fmt), fmt)
        second = rnd(two * rnd(r * rnd(slope[i] - middle, fmt), fmt), fmt)
        out[i] = rnd(second - rnd(half * rnd(p * rnd(slope[i] - mean, fmt), fmt), fmt), fmt)


@kernel
def gumbel_max_rows(z, noise, out, fmt):
    for i in range(z.shape[0]):
        gumbel_max_row(z[i], noise[i], out[i], fmt)


@kernel
def gumbel_softmax_rows(z, noise, tau, out, fmt):
    for i in range(z.shape[0]):
        gumbel_softmax_row(z[i], noise[i], tau, out[i], fmt)


@kernel
def score_function_rows(z, drawn, value, out, fmt):
    for i in range(z.shape[0]):
        score_function_row(z[i], drawn[i], value[i], out[i], fmt)


@kernel
def straight_through_rows(z, slope, tau, out, fmt):
    for i in range(z.shape[0]):
        straight_through_row(z[i], slope[i], tau, out[i], fmt)


@kernel
def reinmax_rows(z, drawn, slope, tau, out, fmt):
    for i in range(z.shape[0]):
        reinmax_row(z[i], drawn[i], slope[i], tau, out[i], fmt)


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
    return map_rows(gumbel_max_rows, {"z": z, "noise": noise}, axis=axis, where=where, format=format,
                    fills=(-np.inf, 0.0))


def gumbel_softmax(z, noise, *, temperature=1.0, axis=-1, where=None, format=None):
    """A relaxed draw from softmax(z): ``softmax((z + noise) / tau)``, one-hot as tau falls to 0.

    With the noise held fixed it is a differentiable function of z; its gradient is `softmax_vjp` at the result, with
    the same temperature, and grows as 1 / tau. Parameters as `gumbel_max`.

    Returns
    -------
    Probabilities (..., K) -> (..., K)

    References
    ----------
    E. Jang, S. Gu, B. Poole, Categorical Reparameterization with Gumbel-Softmax, ICLR 2017, arXiv:1611.01144.
    C. Maddison, A. Mnih, Y. W. Teh, The Concrete Distribution, ICLR 2017, arXiv:1611.00712.

    Examples
    --------
    >>> gumbel_softmax([0.0, 0.0], [1.0, 0.0], temperature=0.5).round(4)
    array([0.8808, 0.1192])
    """
    return map_rows(gumbel_softmax_rows, {"z": z, "noise": noise}, check_temperature(temperature), axis=axis,
                    where=where, format=format, fills=(-np.inf, 0.0))


def score_function(z, drawn, value, *, axis=-1, where=None, format=None):
    """Score-function estimator (REINFORCE): ``f(D) (D - p)``, from the value of the drawn class alone.

    Unbiased for any f, with a large variance; a baseline is subtracted from `value` by the caller.

    Parameters
    ----------
    z : array_like (..., K)
        Logits.
    drawn : array_like (..., K)
        D, one-hot.
    value : array_like, broadcast to the shape of `z`
        Losses f(e_i), of which only that of the drawn class is read.
    axis, where, format
        As in `toolkit.softmax.softmax`.

    Returns
    -------
    Estimate of the gradient with respect to z, (..., K) -> (..., K).

    References
    ----------
    R. Williams, Simple Statistical Gradient-Following Algorithms, Machine Learning 8 (1992), doi:10.1007/BF00992696.

    Examples
    --------
    >>> score_function([0.0, 0.0], [1.0, 0.0], [3.0, 0.0])
    array([ 1.5, -1.5])
    """
    return map_rows(score_function_rows, {"z": z, "drawn": drawn, "value": value}, axis=axis, where=where,
                    format=format, fills=(-np.inf, 0.0))


def straight_through(z, slope, *, temperature=1.0, axis=-1, where=None, format=None):
    """Straight-through estimator: ``J_q f'(D) / tau`` with ``q = softmax(z / tau)``.

    The slope of f at the drawn one-hot vector goes backwards as if the draw had been q. Right on average only for a
    linear f.

    Parameters
    ----------
    slope : array_like, broadcast to the shape of `z`
        f'(D), the gradient of a continuous extension of f at the drawn vector.
    temperature : float > 0
    z, axis, where, format
        As in `score_function`.

    Returns
    -------
    Estimate of the gradient with respect to z, (..., K) -> (..., K).

    References
    ----------
    Y. Bengio, N. Léonard, A. Courville, Estimating or Propagating Gradients Through Stochastic Neurons, 2013,
    arXiv:1308.3432.

    Examples
    --------
    >>> straight_through([0.0, 0.0], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    return map_rows(straight_through_rows, {"z": z, "slope": slope}, check_temperature(temperature), axis=axis,
                    where=where, format=format, fills=(-np.inf, 0.0))


def reinmax(z, drawn, slope, *, temperature=1.0, axis=-1, where=None, format=None):
    """ReinMax: ``2 J_r f'(D) - J_p f'(D) / 2`` with ``r = (softmax(z / tau) + D) / 2``.

    At tau = 1 it is right on average for every quadratic f: the trapezoidal rule in the place of Euler's, for the
    price of a second Jacobian. For strongly curved f it can be further off than `straight_through`.

    Parameters
    ----------
    temperature : float >= 1
    z, drawn, slope, axis, where, format
        As in `score_function` and `straight_through`.

    Returns
    -------
    Estimate of the gradient with respect to z, (..., K) -> (..., K).

    References
    ----------
    L. Liu et al., Bridging Discrete and Backpropagation: Straight-Through and Beyond, NeurIPS 2023, arXiv:2304.08612.

    Examples
    --------
    >>> reinmax([0.0, 0.0], [1.0, 0.0], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    tau = check_temperature(temperature)
    if tau < 1:
        raise ValueError(f"temperature is {temperature!r}; allowed: a number >= 1")
    return map_rows(reinmax_rows, {"z": z, "drawn": drawn, "slope": slope}, tau, axis=axis, where=where,
                    format=format, fills=(-np.inf, 0.0))

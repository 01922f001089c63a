"""Estimators of the gradient of an expected loss from one draw.

A class is drawn from ``p = softmax(z)`` and the loss of the one-hot vector D is f(D). The gradient of ``E f(D)`` is
``J_p (f(e_1), ..., f(e_K))`` with ``J_p = diag(p) - p p'``, the gradient of softmax at p for these K values. With too
many classes to try them all, it is estimated from one draw: from the value f(D) alone (score function), or from
f's slope at D (straight-through, ReinMax, Gumbel-softmax).
"""
from toolkit._core.arguments import check_temperature, shown
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp
from toolkit.sampling._rows import map_beside
from toolkit.softmax.kernels import (
    shifted,
    softmax_tempered,
    softmax_tempered_vjp_row,
    softmax_three_pass_reload,
    tempered_gap,
    top_class,
)

__all__ = ["reinmax", "score_function", "straight_through"]
KERNELS = ["reinmax_row", "score_function_row", "straight_through_row"]


@kernel
def score_function_row(z, drawn, value, out):
    """``value (D - p)``, `value` one number per class of which the drawn one counts: right on average, for any f."""
    softmax_three_pass_reload(z, out)
    loss = sum_like(z)
    for i in range(z.size):
        if drawn[i] != 0:  # what was not drawn may be NaN
            loss += drawn[i] * value[i]
    for i in range(z.size):
        out[i] = loss.value * (drawn[i] - out[i])


@kernel
def straight_through_row(z, slope, tau, out):
    """``J_q slope / tau`` with ``q = softmax(z / tau)``: the slope at D, backwards as if D were q."""
    softmax_tempered(z, tau, out)
    softmax_tempered_vjp_row(out, slope, tau, out)


@kernel
def reinmax_row(z, drawn, slope, tau, out):
    """``2 J_r slope - J_p slope / 2`` with ``r = (softmax(z / tau) + D) / 2``: Heun's rule for Euler's."""
    m = z[top_class(z)]
    total, total_tempered = sum_like(z), sum_like(z)
    mean, mean_tempered, mean_drawn = sum_like(z), sum_like(z), sum_like(z)
    for i in range(z.size):
        gap = shifted(z[i], m)
        e, e_tempered = exp(gap), exp(tempered_gap(gap, tau))
        total += e
        total_tempered += e_tempered
        mean += e * slope[i]
        mean_tempered += e_tempered * slope[i]
        mean_drawn += drawn[i] * slope[i]
    average = mean.value / total.value
    middle = 0.5 * (mean_tempered.value / total_tempered.value + mean_drawn.value)
    for i in range(z.size):
        gap = shifted(z[i], m)
        p, q = exp(gap) / total.value, exp(tempered_gap(gap, tau)) / total_tempered.value
        r = 0.5 * (q + drawn[i])
        out[i] = 2 * (r * (slope[i] - middle)) - 0.5 * (p * (slope[i] - average))


def score_function(z, drawn, value, *, axis=-1, where=None, format=None):
    """Score-function estimator (REINFORCE): ``f(D) (D - p)``, from the value of the drawn class alone.

    Unbiased for any f, with a large variance; a baseline is subtracted from `value` by the caller.

    Parameters
    ----------
    z : array_like (..., K)
        Logits, broadcast with the others: one row of them serves many draws.
    drawn : array_like (..., K)
        D, one-hot.
    value : array_like
        Losses f(e_i), of which only that of the drawn class is read.
    axis, where, format
        As in `toolkit.softmax.softmax`.

    Returns
    -------
    Estimate of the gradient with respect to z for each draw, (..., K), (..., K), (..., K) -> (..., K), in the dtype of
    `z`, whatever that of the others is.

    Accuracy
    --------
    float32 and float64, tested: within ``6 + gap_i`` epsilon of ``|f(D)| max(D_i, p_i)``, with ``gap_i`` that of z_i to
    the largest logit.

    References
    ----------
    R. Williams, Simple Statistical Gradient-Following Algorithms, Machine Learning 8 (1992), doi:10.1007/BF00992696.

    Examples
    --------
    >>> score_function([0.0, 0.0], [1.0, 0.0], [3.0, 0.0])
    array([ 1.5, -1.5])
    """
    return map_beside(score_function_row, z, {"drawn": drawn, "value": value}, axis=axis, where=where, format=format)


def straight_through(z, slope, *, temperature=1.0, axis=-1, where=None, format=None):
    """Straight-through estimator: ``J_q f'(D) / tau`` with ``q = softmax(z / tau)``.

    The slope of f at the drawn one-hot vector goes backwards as if the draw had been q. Right on average only for a
    linear f.

    Parameters
    ----------
    slope : array_like (..., K)
        f'(D), the gradient of a continuous extension of f at the drawn vector.
    temperature : float > 0
    z, axis, where, format
        As in `score_function`.

    Returns
    -------
    Estimate of the gradient with respect to z, (..., K) -> (..., K).

    Accuracy
    --------
    float32 and float64, tested: within ``8 + gap_i / tau`` epsilon of ``q_i spread / tau``, with ``gap_i`` that of z_i
    to the largest logit and the spread of the slopes.

    References
    ----------
    Y. Bengio, N. Léonard, A. Courville, Estimating or Propagating Gradients Through Stochastic Neurons, 2013,
    arXiv:1308.3432.

    Examples
    --------
    >>> straight_through([0.0, 0.0], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    return map_beside(straight_through_row, z, {"slope": slope}, check_temperature(temperature), axis=axis, where=where,
                      format=format)


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

    Accuracy
    --------
    float32 and float64, tested: within ``8 + gap_i`` epsilon of ``(r_i + p_i) spread``, with ``gap_i`` that of z_i to
    the largest logit and the spread of the slopes.

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
        raise ValueError(f"temperature is {shown(temperature)}; allowed: a number >= 1")
    return map_beside(reinmax_row, z, {"drawn": drawn, "slope": slope}, tau, axis=axis, where=where, format=format)

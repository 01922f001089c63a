"""Efficient exact optimisation: the divergence of the policy's preferences from the labels', not the other way."""
import numpy as np

from toolkit._core.arguments import check_number
from toolkit._core.arrays import Rows, reduce_rows
from toolkit._core.kernel import kernel
from toolkit._core.loops import map_row_triples
from toolkit._core.sums import sum_like
from toolkit.elementary import exp, expm1, log, log1p, sigmoid, softplus
from toolkit.information.kernels import excess
from toolkit.losses._binary import part
from toolkit.losses._evaluate import above, loss
from toolkit.preferences._pairs import loss_of_pairs
from toolkit.softmax.kernels import top_class

__all__ = ["exo", "exo_of_rewards"]
KERNELS = ["exo_entry", "exo_entry_naive", "exo_of_rewards_row", "exo_of_rewards_vjp_row"]


@kernel
def exo_entry(x, target, beta, odds):
    """``KL(q, label)`` of ``q = sigmoid(s)``, ``s = beta h``, and of the label with log-odds `odds`.

    Near the label it is a sum of two terms >= 0 in which nothing cancels.
    """
    score = beta * (x - target[0])
    off = score - odds
    yes, no = sigmoid(score), sigmoid(-score)
    if abs(off) < 1:
        value = (yes * excess(log1p(sigmoid(0 - odds) * expm1(-off)))
                 + no * excess(log1p(sigmoid(odds) * expm1(off))))
    else:
        value = part(yes, softplus(0 - odds) - softplus(-score)) + part(no, softplus(odds) - softplus(score))
    half = exp(-0.5 * abs(score))
    weight = half / (1 + half * half)  # whose square is q (1 - q), and which underflows later
    return value, beta * (part(weight, off) * weight)


@kernel
def exo_entry_naive(x, target, beta, odds):
    """With logarithms of probabilities: NaN where one is 0."""
    score = beta * (x - target[0])
    yes, label = 1 / (1 + exp(-score)), 1 / (1 + exp(0 - odds))
    no = 1 - yes
    return yes * log(yes / label) + no * log(no / (1 - label)), beta * yes * no * (score - odds)


@kernel
def largest_of(rewards, n):
    """Of the first n, which may be a tuple."""
    best = rewards[0]
    for k in range(1, n):
        if rewards[k] > best:
            best = rewards[k]
    return best


@kernel
def exo_of_rewards_row(a, rewards, beta, temperature):
    """``KL(p, q)`` of ``p = softmax(beta a)`` and ``q = softmax(rewards / temperature)``."""
    top, best = top_class(a), largest_of(rewards, a.size)
    mass, weight, zero = sum_like(a), sum_like(a), a[top] - a[top]
    for k in range(a.size):
        mass += exp(beta * (a[k] - a[top]))
        weight += exp(zero + (rewards[k] - best) / temperature)
    ratio = log(weight.value) - log(mass.value)
    total = sum_like(a)
    for k in range(a.size):
        p = exp(beta * (a[k] - a[top])) / mass.value
        total += part(p, beta * (a[k] - a[top]) - (rewards[k] - best) / temperature + ratio)
    return total.value


@kernel
def exo_of_rewards_vjp_row(a, rewards, g, beta, temperature, out):
    """``g beta p_k (log(p_k / q_k) - KL)``."""
    top, best = top_class(a), largest_of(rewards, a.size)
    mass = sum_like(a)
    for k in range(a.size):
        mass += exp(beta * (a[k] - a[top]))
    mean = sum_like(a)
    for k in range(a.size):
        p = exp(beta * (a[k] - a[top])) / mass.value
        mean += part(p, beta * (a[k] - a[top]) - (rewards[k] - best) / temperature)
    for k in range(a.size):
        p = exp(beta * (a[k] - a[top])) / mass.value
        gap = beta * (a[k] - a[top]) - (rewards[k] - best) / temperature
        out[k] = part(beta * p, gap - mean.value) * g


def log_odds(epsilon):
    """``log((1 - epsilon) / epsilon)``, as Python's float."""
    return float(np.log1p(-epsilon) - np.log(epsilon))


@loss
def exo(chosen, rejected, *, beta=0.1, epsilon=1e-3, form="stable", reduction="mean", weight=None, format=None):
    """EXO of a pair: the divergence of the policy's preference from the smoothed label, ``KL(q, label)``.

    ``q = sigmoid(beta h)`` is how much the policy prefers the chosen answer, the label has ``1 - epsilon``. DPO with
    smoothed labels is the reverse, ``KL(label, q)`` up to a constant. Both are least where ``q = 1 - epsilon``; this
    one's gradient dies at both ends, also where the policy prefers the wrong answer.

    Parameters
    ----------
    chosen : array_like (...)
        As in `dpo`.
    rejected : array_like, broadcast to (...)
    beta : float > 0
    epsilon : float between 0 and 0.5, above 0
        With 0 the loss is inf. (The authors' code takes -10 for ``log epsilon`` and 0 for ``log(1 - epsilon)``, which
        are no logarithms of two probabilities: at ``beta h = 0.15`` its loss is 3.9354.)
    form : {"stable", "naive"}
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``beta q (1 - q) (beta h - log((1 - epsilon) / epsilon))`` in `chosen`, minus that in `rejected`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested, with ``s = beta (abs(chosen) + abs(rejected))``: the
    loss within ``32 (1 + s)`` epsilon of ``q (o + log(1 / q)) + (1 - q) (o + log(1 / (1 - q)))``, o the log-odds of the
    label; the gradient within ``16 (1 + s)`` epsilon of ``beta q (1 - q) (s + o)``.

    References
    ----------
    H. Ji et al., Towards Efficient and Exact Optimization of Language Model Alignment, 2024, arXiv:2402.00856.

    Examples
    --------
    >>> f"{exo(1.0, -0.5, epsilon=0.1):.6f}"
    '0.431388'
    """
    epsilon = check_number("epsilon", epsilon, 1e-300, 0.5)
    return loss_of_pairs({"naive": exo_entry_naive, "stable": exo_entry}, chosen, {"rejected": rejected},
                         above(0, "beta", beta), log_odds(epsilon), form=form, reduction=reduction, weight=weight,
                         format=format)


def exo_of_rewards(log_ratios, rewards, *, beta=0.5, temperature=0.5, axis=-1, where=None):
    """EXO of K answers with rewards: ``KL(p, q)``, ``p = softmax(beta log_ratios)``, ``q = softmax(rewards / t)``.

    The rewards of the K answers are softened by a temperature t. DPO's generalisation to K answers takes the
    divergence the other way round, which spreads a narrow policy over all good answers; this one makes it choose.

    Parameters
    ----------
    log_ratios : array_like (..., K)
        ``log policy - log reference`` of K answers to a question.
    rewards : array_like (..., K), broadcast to `log_ratios`
    beta, temperature : float > 0
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.

    Returns
    -------
    (...)

    Gradient
    --------
    ``beta p_k (log(p_k / q_k) - KL)`` in `log_ratios`.

    Special values
    --------------
    A log-ratio of -inf is masked; inf where q has not what p has. NaN gives NaN.

    Accuracy
    --------
    float32 and float64, tested for K <= 100, with ``s_k = 1 + abs(beta (a_k - max a)) + (max r - r_k) / temperature +
    log K``: within 32 epsilon of ``sum p s^2``, the gradient within 32 epsilon of ``beta p_k (s_k + S)^2``, S the
    largest s that has a p.

    References
    ----------
    H. Ji et al., Towards Efficient and Exact Optimization of Language Model Alignment, 2024, arXiv:2402.00856.

    Examples
    --------
    >>> f"{exo_of_rewards([0.0, 0.0], [1.0, 0.0]):.6f}"
    '0.433781'
    """
    of = above(0, "beta", beta), above(0, "temperature", temperature)
    return reduce_rows(exo_of_rewards_row, {"log_ratios": log_ratios, "rewards": rewards}, *of, axis=axis, where=where,
                       empty=0.0)


def exo_of_rewards_pull(at, g, *, rewards, beta=0.5, temperature=0.5, axis=-1, where=None):
    layout = Rows(at, axis=axis, where=where, name="log_ratios")
    rows = layout.rows(at, "log_ratios"), layout.rows(rewards, "rewards"), layout.per_row(g, "g")
    out = layout.empty()
    layout.call(map_row_triples, exo_of_rewards_vjp_row, rows, (float(beta), float(temperature)), out)
    return layout.restore(out, 0.0)

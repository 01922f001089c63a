"""The expected loss of a policy over a few answers, with its gradient: all pairs alike, labelled as preferences say."""
import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, sigmoid
from toolkit.preferences._dpo import dpo_entry, dpo_smoothed_entry
from toolkit.preferences._exo import exo_entry
from toolkit.preferences._ipo import ipo_entry
from toolkit.preferences._robust import expo_entry
from toolkit.softmax.kernels import log_softmax_stable

__all__ = ["bradley_terry"]
KERNELS = ["curvature_of_pair", "fill_bradley_terry", "loss_at_margin", "population_gradient", "population_loss"]

LOSSES = ("dpo", "ipo", "exo", "expo", "srpo", "smoothed", "pre_dpo")
DPO, IPO, EXO, EXPO, SRPO, SMOOTHED, PRE_DPO = range(7)


@kernel
def fill_bradley_terry(p, preferences):
    """``P[i, j] = p_i / (p_i + p_j)``: how often answer i is preferred to answer j."""
    for i in range(p.size):
        for j in range(p.size):
            preferences[i, j] = p[i] / (p[i] + p[j]) if i != j else 0.5


@kernel
def loss_at_margin(of, margin, strength, wrong):
    """``(loss, slope)`` of a pair at a margin, of log-ratios or, of EXPO, of log-probabilities."""
    if of == IPO:
        return ipo_entry(margin, (0.0,), 0.5 / strength)
    if of == EXO:
        return exo_entry(margin, (0.0,), strength, log((1.0 - wrong) / wrong))
    if of == EXPO:
        return expo_entry(margin, (0.0, 0.0), 0.0)
    if of == SMOOTHED:
        return dpo_smoothed_entry(margin, (0.0,), strength, wrong)
    return dpo_entry(margin, (0.0,), strength)


@kernel
def curvature_of_pair(of, margin, strength):
    """The second derivative at a margin, or for EXO, which is not convex, that part of it which is not below 0."""
    if of == IPO:
        return 2.0
    scale = 1.0 if of == EXPO else strength
    return scale * scale * sigmoid(scale * margin) * sigmoid(-scale * margin)


@kernel
def population_loss(of, z, reference, preferences, strength, wrong, logs):
    """The expected loss of the policy softmax(z): over all pairs alike, each labelled as the preferences say.

    `reference` are log-probabilities, `logs` is room. EXPO adds its divergence, times the strength.
    """
    n, total = z.size, 0.0
    log_softmax_stable(z, logs)
    for i in range(n):
        for j in range(n):
            if i != j and preferences[i, j] > 0.0:
                margin = z[i] - z[j]
                if of != EXPO:
                    margin -= reference[i] - reference[j]
                total += preferences[i, j] * loss_at_margin(of, margin, strength, wrong)[0]
    total *= 2.0 / (n * (n - 1.0))
    if of == EXPO:
        for i in range(n):
            if reference[i] > -np.inf:
                total += strength * exp(reference[i]) * (reference[i] - logs[i])
    return total


@kernel
def population_gradient(of, z, reference, preferences, strength, wrong, logs, grad, matrix):
    """Fill the gradient of `population_loss` in the logits, and the matrix of its curvature."""
    n = z.size
    log_softmax_stable(z, logs)
    for i in range(n):
        grad[i] = 0.0
        for j in range(n):
            matrix[i, j] = 0.0
    share = 2.0 / (n * (n - 1.0))
    for i in range(n):
        for j in range(n):
            if i == j or preferences[i, j] == 0.0:
                continue
            margin = z[i] - z[j]
            if of != EXPO:
                margin -= reference[i] - reference[j]
            weight = share * preferences[i, j]
            push = weight * loss_at_margin(of, margin, strength, wrong)[1]
            bend = weight * curvature_of_pair(of, margin, strength)
            grad[i] += push
            grad[j] -= push
            matrix[i, i] += bend
            matrix[j, j] += bend
            matrix[i, j] -= bend
            matrix[j, i] -= bend
    if of == EXPO:
        for i in range(n):
            grad[i] += strength * (exp(logs[i]) - exp(reference[i]))
            for j in range(n):
                both = strength * exp(logs[i]) * exp(logs[j])
                matrix[i, j] -= both
            matrix[i, i] += strength * exp(logs[i])


def distribution(p, name):
    p = real_array(p, name).astype(np.float64)
    if p.ndim != 1 or len(p) < 2 or not ((p > 0) & np.isfinite(p)).all():
        raise ValueError(f"{name} is not a row of positive numbers; allowed: the probabilities of at least 2 answers")
    return p / p.sum()


def bradley_terry(p):
    """How often each answer is preferred to each other one: ``P[i, j] = p_i / (p_i + p_j)``.

    Parameters
    ----------
    p : array_like (K,)
        Positive numbers: exponentials of rewards, or a policy.

    Returns
    -------
    (K, K) float64

    References
    ----------
    R. A. Bradley, M. E. Terry, Rank Analysis of Incomplete Block Designs, 1952, doi:10.2307/2334029.

    Examples
    --------
    >>> bradley_terry([3.0, 1.0])
    array([[0.5 , 0.75],
           [0.25, 0.5 ]])
    """
    p = distribution(p, "p")
    preferences = np.empty((len(p), len(p)))
    fill_bradley_terry(p, preferences)
    return preferences

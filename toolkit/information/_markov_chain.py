"""The entropy rate of a Markov chain: the loss per token that no model of the chain gets below."""
import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log

__all__ = ["entropy_rate"]
KERNELS = ["cross_rate", "stationary"]

_SUM_TOLERANCE = 1e-6


@kernel
def stationary(transitions, work, out):
    """Fill out with the shares of time that a chain spends in its states, without any subtraction.

    The algorithm of Grassmann, Taksar and Heyman: leave out one state after the other, and pass its ways on to the
    rest. `work` is room like transitions. NaN where a state with a higher number cannot be left for a lower one.
    """
    n = out.size
    for i in range(n):
        for j in range(n):
            work[i, j] = transitions[i, j]
    for k in range(n - 1, 0, -1):
        away = 0.0
        for j in range(k):
            away += work[k, j]
        for i in range(k):
            work[i, k] /= away
            for j in range(k):
                work[i, j] += work[i, k] * work[k, j]
    total = 1.0
    out[0] = 1.0
    for k in range(1, n):
        out[k] = 0.0
        for i in range(k):
            out[k] += out[i] * work[i, k]
        total += out[k]
    for k in range(n):
        out[k] /= total


@kernel
def cross_rate(transitions, shares, model):
    """``sum_i s_i sum_j P_ij (-log Q_ij)`` in nats; the entropy rate where Q is P."""
    total = 0.0
    for i in range(shares.size):
        for j in range(shares.size):
            if transitions[i, j] > 0 and shares[i] > 0:
                total -= shares[i] * transitions[i, j] * log(model[i, j])
    return total


def _transitions(given, name):
    table = real_array(given, name)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.size == 0:
        raise ValueError(f"{name} has shape {table.shape}; allowed: (n, n), a row of probabilities for each state")
    table = np.ascontiguousarray(table, dtype=np.float64)
    if not ((table >= 0).all() and (np.abs(table.sum(1) - 1) <= _SUM_TOLERANCE).all()):
        raise ValueError(f"{name} has a row that is no probabilities; allowed: numbers >= 0 that sum to 1")
    return table


def entropy_rate(transitions, model=None):
    """Entropy of a Markov chain for each step, in nats; with a model, its cross-entropy on the chain.

    ``sum_i s_i sum_j P_ij (-log Q_ij)``, s the shares of time of the states and Q the model, by default the chain P
    itself. It is what a perfect model of the chain pays for each token, and what a worse one pays.

    Parameters
    ----------
    transitions : array_like (n, n)
        P: in row i the probabilities of what follows state i. Every state must be reachable from every other one.
    model : array_like (n, n), optional
        Q.

    Returns
    -------
    float
        inf where the model gives probability 0 to what happens.

    Accuracy
    --------
    Within 1e-13 of the definition in 40 digits, relative, tested for up to 12 states.

    References
    ----------
    Shannon, A Mathematical Theory of Communication, 1948, doi:10.1002/j.1538-7305.1948.tb01338.x; shares, Grassmann,
    Taksar, Heyman, Regenerative Analysis and Steady State Distributions for Markov Chains, 1985,
    doi:10.1287/opre.33.5.1107.

    Examples
    --------
    >>> f"{entropy_rate([[0.9, 0.1], [0.5, 0.5]]):.6f}"
    '0.386427'
    """
    table = _transitions(transitions, "transitions")
    other = table if model is None else _transitions(model, "model")
    if other.shape != table.shape:
        raise ValueError(f"model has shape {other.shape}; allowed: {table.shape}, that of transitions")
    shares = np.empty(len(table))
    with np.errstate(all="ignore"):
        stationary(table, np.empty(table.shape), shares)
        if not (shares >= 0).all():
            raise ValueError("transitions has states that cannot be left; allowed: each reachable from each other one")
        return float(cross_rate(table, shares, other))

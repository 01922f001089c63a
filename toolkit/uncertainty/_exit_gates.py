"""Which exit a row leaves at: by learnt gates, or by a threshold on the largest probability."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_number, shown
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import sigmoid
from toolkit.softmax.kernels import softmax_three_pass_reload, top_class
from toolkit.uncertainty._early_exit import exit_features_row, exit_of, exit_probabilities_row

__all__ = ["ExitGates", "gated_exits", "threshold_exits"]
KERNELS = ["gate_of", "leave_above", "leave_by_gates"]


@kernel
def gate_of(features, weights):
    """The sigmoid of a linear function of an exit's features; the last weight is the constant."""
    total = weights[features.size]
    for k in range(features.size):
        total += weights[k] * features[k]
    return sigmoid(total)


@kernel
def leave_by_gates(logits, row, weights, room, features, gates, p):
    """The exit of a row; logits (exits, N, K), weights (exits - 1, 5), and arrays to work in."""
    for e in range(gates.size):
        exit_features_row(logits[e, row], room, features)
        gates[e] = gate_of(features, weights[e])
    exit_probabilities_row(gates, p)
    return exit_of(p, 0.5)


@kernel
def leave_above(logits, row, threshold, room):
    """The first exit whose largest probability reaches the threshold, or the last."""
    last = logits.shape[0] - 1
    for e in range(last):
        softmax_three_pass_reload(logits[e, row], room)
        if room[top_class(logits[e, row])] >= threshold:
            return e
    return last


@kernel
def fill_gated(logits, weights, room, features, gates, p, out):
    for i in range(out.size):
        out[i] = leave_by_gates(logits, i, weights, room, features, gates, p)


@kernel
def fill_above(logits, threshold, room, out):
    for i in range(out.size):
        out[i] = leave_above(logits, i, threshold, room)


class ExitGates(NamedTuple):
    """Gates of all exits but the last.

    Attributes
    ----------
    weights : (exits - 1, 5)
        Of the four numbers of `exit_features`, and a constant.
    """

    weights: np.ndarray


def exits_of(logits):
    """Logits (exits, N, K) in float64."""
    z = real_array(logits, "logits")
    if z.ndim != 3 or z.shape[0] < 2 or z.shape[2] == 0:
        raise ValueError(f"logits has shape {z.shape}; allowed: (exits, N, K) with 2 exits or more")
    return behaved(z, np.float64)


def gated_exits(logits, gates):
    """The exit at which each row leaves: the first at which its gate makes that at least as likely as to go on.

    Parameters
    ----------
    logits : array_like (exits, N, K)
    gates : ExitGates
        From `toolkit.networks.fit_exit_gates`.

    Returns
    -------
    Integers (N,)

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> sure_enough = ExitGates(np.array([[20.0, 0.0, 0.0, 0.0, -18.0]]))  # of a largest probability above 0.9
    >>> gated_exits([[[4.0, 0.0], [1.0, 0.0]], [[9.0, 0.0], [9.0, 0.0]]], sure_enough)
    array([0, 1])
    """
    z = exits_of(logits)
    if not isinstance(gates, ExitGates):
        raise TypeError(f"gates is {shown(gates)}; allowed: what fit_exit_gates gives")
    weights = behaved(real_array(gates.weights, "gates"), np.float64)
    if weights.shape != (len(z) - 1, 5):
        raise ValueError(f"gates has weights of shape {weights.shape}; allowed: ({len(z) - 1}, 5)")
    out = np.empty(z.shape[1], np.int64)
    with np.errstate(all="ignore"):
        fill_gated(z, weights, np.empty(z.shape[2]), np.empty(4), np.empty(len(z) - 1), np.empty(len(z)), out)
    return out


def threshold_exits(logits, threshold):
    """The exit at which each row leaves: the first whose largest probability reaches a threshold, or the last.

    Parameters
    ----------
    logits : array_like (exits, N, K)
    threshold : float from 0 to 1

    Returns
    -------
    Integers (N,)

    Examples
    --------
    >>> threshold_exits([[[4.0, 0.0], [1.0, 0.0]], [[9.0, 0.0], [9.0, 0.0]]], 0.9)
    array([0, 1])
    """
    z, threshold = exits_of(logits), check_number("threshold", threshold, 0, 1)
    out = np.empty(z.shape[1], np.int64)
    with np.errstate(all="ignore"):
        fill_above(z, threshold, np.empty(z.shape[2]), out)
    return out

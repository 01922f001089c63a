"""Early exit: features of an exit's answer, and the probability to leave there."""
import numpy as np

from toolkit._core.arguments import check_choice
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit.information.kernels import entropy_of_logits
from toolkit.softmax.kernels import softmax_three_pass_reload, top_class
from toolkit.uncertainty._given import feature_rows

__all__ = ["conditional_exits", "exit_features", "exit_probabilities"]
KERNELS = ["conditional_exits_row", "exit_features_row", "exit_of", "exit_probabilities_row"]


@kernel
def exit_features_row(z, room, out):
    """Largest probability, entropy, lead over the second, and entropy at temperature 1/2."""
    softmax_three_pass_reload(z, room)
    top, second = top_class(z), 0.0
    for k in range(z.size):
        if k != top and not room[k] <= second:
            second = room[k]
    out[0], out[2] = room[top], room[top] - second
    out[1] = entropy_of_logits(z)
    for k in range(z.size):
        room[k] = 2.0 * z[k]
    out[3] = entropy_of_logits(room)


@kernel
def exit_probabilities_row(gates, out):
    """``P_l = max(0, min(g_l, 1 - sum_{k < l} g_k))``, and the rest behind the last gate."""
    left = 1.0
    for i in range(gates.size):
        out[i] = max(0.0, min(gates[i], left))
        left -= gates[i]
    out[gates.size] = max(0.0, left)


@kernel
def conditional_exits_row(p, stable, out):
    """``P_l / (1 - sum_{k < l} P_k)``: to leave here, if it came so far; stable, the sum of what is still to come."""
    left = 1.0
    for i in range(p.size):
        if stable:
            left = 0.0
            for k in range(p.size - 1, i - 1, -1):
                left += p[k]
            out[i] = p[i] / left if left != 0.0 else 1.0
        else:
            out[i] = p[i] / left
            left -= p[i]


@kernel
def exit_of(p, at):
    """The first exit with a conditional probability of at least `at`; the last one, if there is none."""
    for i in range(p.size - 1):
        left = 0.0
        for k in range(p.size - 1, i - 1, -1):
            left += p[k]
        if p[i] >= at * left:
            return i
    return p.size - 1


@kernel
def map_exit_features(z, room, out):
    for i in range(z.shape[0]):
        exit_features_row(z[i], room, out[i])


@kernel
def map_exit_probabilities(gates, out):
    for i in range(gates.shape[0]):
        exit_probabilities_row(gates[i], out[i])


@kernel
def map_conditional_exits(p, stable, out):
    for i in range(p.shape[0]):
        conditional_exits_row(p[i], stable, out[i])


def exit_features(logits, *, axis=-1):
    """Four numbers of an exit's answer, from which a gate says whether to leave there.

    The largest probability, the entropy, the lead of the largest probability over the second, and the entropy of
    ``p^2 / sum p^2``, which is the softmax at temperature 1/2. Computed in float64.

    Parameters
    ----------
    logits : array_like (..., K)
    axis : int, tuple of ints or None

    Returns
    -------
    (..., K) -> (..., 4)

    Special values
    --------------
    A logit of -inf counts as a class that is not there; NaN gives NaN.

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> exit_features([2.0, 0.5, -1.0]).round(6)
    array([0.785597, 0.621585, 0.610307, 0.207022])
    """
    layout = Rows(logits, axis=axis, name="logits")
    z = layout.rows(logits, "logits").astype(np.float64)
    out = np.empty((layout.count, 4))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        map_exit_features(z, np.empty(layout.classes), out)
    return out.reshape(*layout.batch, 4)


def exit_probabilities(gates):
    """The probability to leave at each exit: ``P_l = max(0, min(g_l, 1 - sum_{k < l} g_k))``; the last takes the rest.

    Parameters
    ----------
    gates : array_like (..., G)
        What the gate of each exit but the last says, from 0 to 1.

    Returns
    -------
    (..., G) -> (..., G + 1), each >= 0, of sum 1

    Gradient
    --------
    1 at a gate that decides alone; where the gates before leave less than it asks for, -1 in each of these. At a tie
    as if the gate decided.

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> exit_probabilities([0.3, 0.5, 0.6]).round(12)
    array([0.3, 0.5, 0.2, 0. ])
    """
    shape, g = shares_of("gates", gates)
    out = np.empty((len(g), g.shape[1] + 1))
    map_exit_probabilities(g, out)
    return out.reshape(*shape, out.shape[1])


def exit_probabilities_pull(gates, g):
    """Gradient with respect to the gates."""
    shape, rows = shares_of("gates", gates)
    upstream = np.broadcast_to(np.asarray(g, float), (*shape, rows.shape[1] + 1)).reshape(len(rows), rows.shape[1] + 1)
    left = 1 - np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    asked = np.concatenate([rows, np.full((len(rows), 1), np.inf)], axis=1)
    capped = (asked > left) & (left > 0)
    out = np.where((asked <= left) & (left > 0), upstream, 0)[:, :-1]
    later = np.cumsum(np.where(capped, upstream, 0)[:, ::-1], axis=1)[:, ::-1]
    return (out - later[:, 1:]).reshape(*shape, rows.shape[1])


def conditional_exits(probabilities, *, form="stable"):
    """The probability to leave at an exit for a row that has come so far.

    At test time a row leaves where it is at least 1/2.

    Parameters
    ----------
    probabilities : array_like (..., exits)
        Of leaving at each exit, the last included; see `exit_probabilities`.
    form : {"stable", "naive"}
        The naive form divides by 1 less what is before: 0 / 0 behind a gate of 1. The stable one divides by the sum of
        what is still to come, and is 1 where nothing is.

    Returns
    -------
    (..., exits)

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> conditional_exits([0.25, 0.5, 0.25]).round(6)
    array([0.25    , 0.666667, 1.      ])
    """
    stable = bool(check_choice("form", form, ("naive", "stable")))
    shape, p = shares_of("probabilities", probabilities)
    out = np.empty_like(p)
    with np.errstate(all="ignore"):
        map_conditional_exits(p, stable, out)
    return out.reshape(*shape, out.shape[1])


def shares_of(name, given):
    """`feature_rows` of numbers from 0 to 1, or NaN."""
    shape, rows = feature_rows(name, given)
    if ((rows < 0) | (rows > 1)).any():
        raise ValueError(f"{name} contains {rows[(rows < 0) | (rows > 1)][0]}; allowed: numbers from 0 to 1")
    return shape, rows

"""Gates of early exits, learned on rows that the exits were not trained on."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.kernel import kernel
from toolkit.losses import cross_entropy
from toolkit.optimizers import adam_direction
from toolkit.uncertainty import ExitGates, exit_features, exit_targets
from toolkit.uncertainty._exit_gates import exits_of
from toolkit.uncertainty._given import number_row
from toolkit.uncertainty.kernels import gate_of

__all__ = ["fit_exit_gates"]
KERNELS = ["learn_gate"]

_BETA1, _BETA2, _EPS, _MOST = 0.9, 0.999, 1e-8, 5.0


@kernel
def gate_slopes(features, targets, exit, weights, positive, grad):
    """The gradient of the mean binary cross-entropy of "leave here or before", which counts `positive` times."""
    for k in range(grad.size):
        grad[k] = 0.0
    for i in range(targets.size):
        leaves = targets[i] <= exit
        d = gate_of(features[i], weights) - (1.0 if leaves else 0.0)
        d *= (positive if leaves else 1.0) / targets.size
        for k in range(features.shape[1]):
            grad[k] += d * features[i, k]
        grad[features.shape[1]] += d


@kernel
def learn_gate(features, targets, exit, steps, rate, weights, rows):
    """Steps of Adam from zero; `rows` are four rows of the length of the weights, to work in."""
    grad, first, second, u = rows[0], rows[1], rows[2], rows[3]
    leave = 0.0
    for i in range(targets.size):
        leave += 1.0 if targets[i] <= exit else 0.0
    positive = min((targets.size - leave) / leave, _MOST) if leave > 0.0 else 1.0
    for k in range(weights.size):
        weights[k], first[k], second[k] = 0.0, 0.0, 0.0
    power1, power2 = 1.0, 1.0
    for _ in range(steps):
        power1 *= _BETA1
        power2 *= _BETA2
        gate_slopes(features, targets, exit, weights, positive, grad)
        adam_direction(weights, grad, first, second, _BETA1, _BETA2, _EPS, power1, power2, 0.0, u)
        for k in range(weights.size):
            weights[k] -= rate * u[k]


def fit_exit_gates(logits, labels, costs, *, cost_weight, steps=400, lr=0.1):
    """Gates that say for each row whether to leave a network at an exit, learned from what each exit would have lost.

    A row's target is the exit of least ``cross-entropy + cost_weight cost``. Each gate, a sigmoid of the four numbers
    of `exit_features`, learns whether the target is at its exit or before, by binary cross-entropy in which rows that
    should leave count ``min(zeros / ones, 5)``, with Adam and all rows in each step. The classifiers stay as they are;
    the paper trains both in turn.

    Parameters
    ----------
    logits : array_like (exits, N, K)
        Of rows that the exits were not trained on.
    labels : array_like of integers (N,)
    costs : array_like (exits,)
    cost_weight : float >= 0
        What a unit of cost may spare of cross-entropy.
    steps : int
    lr : float > 0

    Returns
    -------
    ExitGates

    Accuracy
    --------
    The same bits on every machine; tested against the same steps by NumPy, to 1e-9.

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> z, y = np.array([[[0.2, 0.0], [4.0, 0.0]], [[6.0, 0.0], [6.0, 0.0]]]), [0, 0]
    >>> from toolkit.uncertainty import gated_exits
    >>> gated_exits(z, fit_exit_gates(z, y, [0.1, 1.0], cost_weight=0.1))
    array([1, 0])
    """
    z = exits_of(logits)
    costs = number_row("costs", costs, len(z))
    cost_weight, steps = check_finite("cost_weight", cost_weight, 0), check_whole("steps", steps, 1, 2**31)
    lr = check_finite("lr", lr, 0, above=True)
    losses = np.stack([cross_entropy(each, labels, reduction="none") for each in z], axis=1)
    if losses.size == 0:
        raise ValueError(f"logits has shape {z.shape}; allowed: at least 1 row")
    targets = exit_targets(losses, costs, cost_weight=cost_weight)
    weights = np.empty((len(z) - 1, 5))
    for e in range(len(z) - 1):
        learn_gate(exit_features(z[e]), targets, e, steps, lr, weights[e], np.empty((4, 5)))
    return ExitGates(weights)

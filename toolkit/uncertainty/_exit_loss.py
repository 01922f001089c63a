"""What gates of early exits are to learn, and the loss of the classifiers of all exits."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite
from toolkit._core.kernel import kernel
from toolkit.uncertainty._early_exit import shares_of
from toolkit.uncertainty._given import feature_rows, number_row

__all__ = ["exit_loss", "exit_targets"]
KERNELS = ["exit_loss_row", "exit_target"]


@kernel
def exit_target(losses, costs, cost_weight):
    """The exit of least ``loss + cost_weight cost``, the first of several."""
    best = 0
    for i in range(1, losses.size):
        if losses[i] + cost_weight * costs[i] < losses[best] + cost_weight * costs[best]:
            best = i
    return best


@kernel
def exit_loss_row(losses, p, stable, grad):
    """``sum P_l L_l``, and its gradient in the losses; naive, the released loss, from which P cancels."""
    value, total = 0.0, 0.0
    for i in range(losses.size):
        value += p[i] * losses[i]
        total += losses[i]
    for i in range(losses.size):
        grad[i] = p[i] if stable else 1.0
    return value if stable else value * (total / value)


@kernel
def map_exit_targets(losses, costs, cost_weight, out):
    for i in range(losses.shape[0]):
        out[i] = exit_target(losses[i], costs, cost_weight)


@kernel
def map_exit_losses(losses, p, stable, values, grads):
    for i in range(losses.shape[0]):
        values[i] = exit_loss_row(losses[i], p[i], stable, grads[i])


def exit_targets(losses, costs, *, cost_weight):
    """The exit at which a row should leave: that of least ``loss + cost_weight cost``, the first of several.

    The gates from it on are to say 1, those before it 0. A larger weight never moves it back.

    Parameters
    ----------
    losses : array_like (..., exits)
        Cross-entropy of the row at each exit.
    costs : array_like (exits,)
        What it takes to come there, the last usually 1.
    cost_weight : float >= 0

    Returns
    -------
    Integers (...)

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163.

    Examples
    --------
    >>> losses, costs = [[0.9, 0.2, 0.1]], [0.1, 0.4, 1.0]
    >>> [int(exit_targets(losses, costs, cost_weight=w)[0]) for w in (0.0, 0.3, 3.0)]
    [2, 1, 0]
    """
    shape, rows = feature_rows("losses", losses)
    costs = number_row("costs", costs, rows.shape[1])
    out = np.empty(len(rows), np.int64)
    map_exit_targets(rows, costs, check_finite("cost_weight", cost_weight, 0), out)
    return out.reshape(shape)[()]


def exit_loss(losses, probabilities, *, form="stable"):
    """The loss of the classifiers of all exits, each as likely as it is used: ``sum P_l L_l``.

    The released code multiplies it by ``sum L / sum P L`` and does not detach that ratio: P cancels, and each exit
    learns from each row alike. That is the naive form.

    Parameters
    ----------
    losses, probabilities : array_like (..., exits)
    form : {"stable", "naive"}

    Returns
    -------
    (...)

    Gradient
    --------
    With respect to the losses P; in the naive form 1.

    References
    ----------
    Regol, Chataoui, Coates, Jointly-Learned Exit and Inference for a Dynamic Neural Network: JEI-DNN, 2024,
    arXiv:2310.09163; that it cancels is derived here.

    Examples
    --------
    >>> [float(exit_loss([3.0, 1.0], [0.25, 0.75], form=form)) for form in ("naive", "stable")]
    [4.0, 1.5]
    """
    return _exit_losses(losses, probabilities, form)[0]


def exit_loss_pull(losses, g, *, probabilities, form="stable"):
    """Gradient with respect to the losses."""
    return np.expand_dims(np.asarray(g), -1) * _exit_losses(losses, probabilities, form)[1]


def _exit_losses(losses, probabilities, form):
    stable = bool(check_choice("form", form, ("naive", "stable")))
    shape, rows = feature_rows("losses", losses)
    found, p = shares_of("probabilities", probabilities)
    if found != shape or p.shape != rows.shape:
        raise ValueError(f"probabilities has shape {np.shape(probabilities)}; allowed: {np.shape(losses)}")
    values, grads = np.empty(len(rows)), np.empty_like(rows)
    with np.errstate(all="ignore"):
        map_exit_losses(rows, p, stable, values, grads)
    return values.reshape(shape)[()], grads.reshape(*shape, grads.shape[1])

"""A student learns from what a teacher tells of each input: probabilities, at a temperature, or a few of them."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole, chosen, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.losses.kernels import squared_logit_vjp_row
from toolkit.networks._flat_perceptron import (
    add_outer_products,
    checked_rows,
    checked_weights,
    fill_he_weights,
    signal_of_row,
    slopes_of_row,
    softmax_of_logits,
    units_of,
    weights_in,
)
from toolkit.optimizers import adam_direction, descend

__all__ = ["FitToTargets", "fit_to_targets"]
KERNELS = ["Student", "add_target_gradient", "restart_student", "start_student", "student_in", "student_size",
           "student_step"]

TOLD = {"cross_entropy": 0, "squared_logit": 1}
_SQUARED_LOGIT = TOLD["squared_logit"]
_BETA1, _BETA2, _CLOCK = 0.9, 0.999, 2


class Student(NamedTuple):
    """A network that learns, as kernels read it.

    Attributes
    ----------
    w, grads, first, second, step : its weights, their gradient, Adam's memory and direction
    clock : beta1^t and beta2^t
    h, d, row : units, their slopes, and a row of classes to work in
    """

    w: np.ndarray
    grads: np.ndarray
    first: np.ndarray
    second: np.ndarray
    step: np.ndarray
    clock: np.ndarray
    h: np.ndarray
    d: np.ndarray
    row: np.ndarray


@kernel
def student_size(sizes):
    """Numbers of a `Student`."""
    return 5 * weights_in(sizes) + _CLOCK + 2 * units_of(sizes) + np.int64(sizes[sizes.size - 1])


@kernel(inline=True)
def student_in(values, sizes):
    """A `Student` cut from an array of at least `student_size`."""
    n, units = weights_in(sizes), units_of(sizes)
    a = 5 * n + _CLOCK
    return Student(values[:n], values[n:2 * n], values[2 * n:3 * n], values[3 * n:4 * n], values[4 * n:5 * n],
                   values[5 * n:a], values[a:a + units], values[a + units:a + 2 * units],
                   values[a + 2 * units:a + 2 * units + np.int64(sizes[sizes.size - 1])])


@kernel
def start_student(run, sizes, seed, gain, random):
    """He's weights times `gain`, and a clock at its start."""
    fill_he_weights(sizes, seed, gain, random, run.w)
    restart_student(run)


@kernel
def restart_student(run):
    """Nothing remembered of earlier steps."""
    for i in range(run.w.size):
        run.first[i], run.second[i] = 0.0, 0.0
    run.clock[0], run.clock[1] = 1.0, 1.0


@kernel
def add_target_gradient(sizes, run, x, target, told, tau, share):
    """Add `share` times the gradient of a row's loss to the gradients; returns that loss.

    Cross-entropy ``-tau^2 sum q log p`` of ``z / tau``, where q need not sum to 1, or `squared_logit_loss` of it.
    """
    signal_of_row(sizes, run.w, x, run.h)
    first, total, mass = run.h.size - run.row.size, 0.0, 0.0
    z, g = run.h[first:], run.d[first:]
    for k in range(z.size):
        run.row[k] = z[k] / tau
    if told == _SQUARED_LOGIT:
        squared_logit_vjp_row(run.row, target, share * tau, g)
        norm = softmax_of_logits(run.row, z)
        for k in range(z.size):
            if target[k] > -np.inf:
                d = run.row[k] - norm - target[k]
                total += 0.5 * tau * tau * d * d
    else:
        norm = softmax_of_logits(run.row, g)
        for k in range(z.size):
            mass += target[k]
            total -= tau * tau * target[k] * (run.row[k] - norm) if target[k] != 0.0 else 0.0
        for k in range(z.size):
            g[k] = share * tau * (mass * g[k] - target[k])
    slopes_of_row(sizes, run.w, run.h, run.d)
    add_outer_products(sizes, x, run.h, run.d, run.grads)
    return share * total


@kernel
def student_step(sizes, run, x, targets, told, tau, lr):
    """A step of Adam on all rows; their mean loss before it."""
    loss = 0.0
    for i in range(run.grads.size):
        run.grads[i] = 0.0
    for i in range(targets.shape[0]):
        loss += add_target_gradient(sizes, run, x[i], targets[i], told, tau, 1.0 / targets.shape[0])
    run.clock[0], run.clock[1] = run.clock[0] * _BETA1, run.clock[1] * _BETA2
    adam_direction(run.w, run.grads, run.first, run.second, _BETA1, _BETA2, 1e-8, run.clock[0], run.clock[1], 0.0,
                   run.step)
    descend(run.w, run.step, lr, 0.0)
    return loss


@kernel
def learn_targets(sizes, values, x, targets, told, tau, lr, losses):
    run = student_in(values, sizes)
    restart_student(run)
    for step in range(losses.size):
        losses[step] = student_step(sizes, run, x, targets, told, tau, lr)


class FitToTargets(NamedTuple):
    """A student after its lessons.

    Attributes
    ----------
    weights : list of arrays (inputs, units)
    losses : (steps,)
        The mean loss before each step.
    """

    weights: list
    losses: np.ndarray

    def logits(self, inputs):
        """(..., inputs) -> (..., K)."""
        h = np.asarray(inputs, np.float64)
        for w in self.weights[:-1]:
            h = np.maximum(h @ w, 0)
        return h @ self.weights[-1]


def fit_to_targets(inputs, targets, *, loss="cross_entropy", tau=1.0, hidden=(32,), steps=300, lr=0.01, seed=0,
                   start=None):
    """Train a ReLU network without biases on what a teacher tells of each row, by Adam on all rows.

    With "cross_entropy" the targets are probabilities q, and the loss is ``-tau^2 sum q log softmax(z / tau)``: one-hot
    rows are labels, all of a teacher's ``softmax(t / tau)`` make it distillation, and its q of one drawn label alone,
    zeros beside it, the naive loss of partial knowledge. With "squared_logit" they are log-probabilities, -inf where
    nothing is told. Defensive distillation is twice this: a teacher of labels at a large tau, a student of its
    ``softmax(t / tau)`` at the same tau, used without it.

    Parameters
    ----------
    inputs : array_like (n, inputs)
    targets : array_like (n, K)
    loss : {"cross_entropy", "squared_logit"}
    tau : float > 0
    hidden : tuple of int
        Units of each hidden layer, at least one layer.
    steps : int
    lr : float >= 0
    seed : int
        Of He's initial weights, as `normal_weights` gives them.
    start : list of arrays, optional
        Weights to begin with instead; `hidden` and `seed` then say nothing.

    Returns
    -------
    FitToTargets

    Accuracy
    --------
    Its gradient is that of differences, within 1e-8, tested; everything is computed in float64.

    References
    ----------
    G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015, arXiv:1503.02531. N. Papernot et
    al., Distillation as a Defense to Adversarial Perturbations, 2016, arXiv:1511.04508.

    Examples
    --------
    >>> x = [[1.0, 0.2], [0.3, 1.0], [-1.0, -0.2]]
    >>> student = fit_to_targets(x, [[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]], hidden=(8,), steps=500)
    >>> p = np.exp(student.logits(x))
    >>> (p / p.sum(axis=1, keepdims=True)).round(2)[:, 0]
    array([0.7, 0.2, 0.5])
    """
    told, tau = chosen("loss", loss, TOLD), check_finite("tau", tau, 0.0, above=True)
    steps, lr = check_whole("steps", steps, 1, 10**7), check_finite("lr", lr, 0.0)
    q = real_array(targets, "targets").astype(np.float64)
    if q.ndim != 2 or 0 in q.shape:
        raise ValueError(f"targets has shape {q.shape}; allowed: (n, K), at least one of each")
    if told == TOLD["cross_entropy"] and (q < 0).any():
        raise ValueError("targets has a number below 0; allowed with 'cross_entropy': probabilities")
    if isinstance(hidden, (str, dict)) or not hasattr(hidden, "__iter__"):
        raise TypeError(f"hidden is {shown(hidden)}; allowed: a tuple of integers, at least one")
    hidden = [check_whole("each of hidden", units, 1, 65536) for units in hidden]
    if not hidden:
        raise ValueError("hidden is (); allowed: a tuple of integers, at least one")
    seed, x = check_whole("seed", seed, 0, 2**62), real_array(inputs, "inputs")
    if start is None:
        sizes = np.array([x.shape[1] if x.ndim == 2 else 1, *hidden, q.shape[1]], np.int64)
    else:
        sizes, flat = checked_weights(start, "start")
        if sizes[-1] != q.shape[1]:
            raise ValueError(f"start has {sizes[-1]} classes; allowed: {q.shape[1]}, as targets")
    x = checked_rows(inputs, "inputs", int(sizes[0]))
    if len(x) != len(q):
        raise ValueError(f"targets has {len(q)} rows; allowed: {len(x)}, as inputs")
    if start is None:
        flat = np.empty(int((sizes[:-1] * sizes[1:]).sum()))
        fill_he_weights(sizes, seed, 1.0, np.zeros(1, np.uint64), flat)
    values, losses = np.zeros(int(student_size(sizes))), np.empty(steps)
    values[:flat.size] = flat
    with np.errstate(all="ignore"):
        learn_targets(sizes, values, x, np.ascontiguousarray(q), told, tau, lr, losses)
    ends = np.cumsum(sizes[:-1] * sizes[1:])
    parts = np.split(values[:flat.size].copy(), ends[:-1])
    return FitToTargets([w.reshape(a, b) for w, a, b in zip(parts, sizes, sizes[1:])], losses)

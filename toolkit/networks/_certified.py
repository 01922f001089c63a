"""Certified training: a small ReLU network learns from the worst case of a box around each row, by Adam."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_flag, check_number, check_whole, chosen, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.switch import switch
from toolkit.networks._given import labels_of, layers_from
from toolkit.networks._interval_gradient import interval_backward, interval_loss_of_row
from toolkit.networks._interval_initial import fill_interval_weights
from toolkit.networks._interval_pass import IntervalWork, interval_pass, interval_work_in, interval_work_size
from toolkit.networks._interval_regularizers import interval_statistics
from toolkit.networks.initial import fill_normal_weights
from toolkit.networks.plan import n_parameters, plan_of, size_of
from toolkit.optimizers import adam_rule, adam_settings, descend, tick

__all__ = ["Certified", "fit_certified"]
KERNELS = ["CertifiedRun", "certified_accuracy", "certified_run_in", "certified_run_size", "certified_settings",
           "certified_step", "start_certified"]

_CLOCK = 3
_ONE = np.ones(1)
_WEIGHT = 0.5  # of the regularisers, before the warm-up


class CertifiedRun(NamedTuple):
    """A run of certified training, as kernels read it.

    Attributes
    ----------
    plan, labels : of the network and of the rows
    parameters, grads, first, second, steps : weights and biases, their gradient, Adam's memory and direction
    clock : as of `toolkit.optimizers`
    work : IntervalWork
        Whose `centre[0]` holds the inputs, a row each.
    """

    plan: np.ndarray
    labels: np.ndarray
    parameters: np.ndarray
    grads: np.ndarray
    first: np.ndarray
    second: np.ndarray
    steps: np.ndarray
    clock: np.ndarray
    work: IntervalWork


@kernel
def certified_run_size(plan, rows):
    """Numbers that a `CertifiedRun` takes besides its plan and labels."""
    return 5 * n_parameters(plan) + _CLOCK + interval_work_size(plan, rows)


@kernel(inline=True)
def certified_run_in(plan, labels, values):
    """A `CertifiedRun` cut from an array of at least `certified_run_size`."""
    n = n_parameters(plan)
    return CertifiedRun(plan, labels, values[:n], values[n:2 * n], values[2 * n:3 * n], values[3 * n:4 * n],
                        values[4 * n:5 * n], values[5 * n:5 * n + _CLOCK],
                        interval_work_in(values[5 * n + _CLOCK:], plan, labels.size))


@kernel
def fill_he_weights(plan, parameters, seed, state):
    fill_normal_weights(plan, parameters, seed, 1.0, state)


_INITIAL = {"normal": 0, "interval": 1}
_fill = switch((fill_he_weights, fill_interval_weights))


@kernel
def start_certified(run, initial, seed, state):
    """First weights: 0 stands for He's, 1 for those that keep the radius; memory of 0, the clock at its start."""
    for i in range(run.parameters.size):
        run.parameters[i], run.first[i], run.second[i] = 0.0, 0.0, 0.0
    _fill(initial, run.plan, run.parameters, seed, state)
    run.clock[0], run.clock[1], run.clock[2] = 0.0, 1.0, 1.0


@kernel
def certified_settings(lr):
    """Adam with its usual numbers, at a constant rate."""
    return adam_settings(lr, 0.0, 0.9, 0.999, 1e-8, False, False)


@kernel
def set_radius(run, epsilon):
    for i in range(run.labels.size):
        for k in range(size_of(run.plan, 0)):
            run.work.radius[0, i, k] = epsilon


@kernel
def certified_step(run, epsilon, regularizer, tolerance, elided, settings):
    """A step of Adam on the mean interval loss at the radius `epsilon`, and on the regularisers times their weight.

    Returns the loss, the share of rows certified, tightness and balance, all of them before the step. With an epsilon
    of 0 it is ordinary training on the cross-entropy.
    """
    rows = run.labels.size
    set_radius(run, epsilon)
    interval_pass(run.plan, run.parameters, rows, run.work)
    tightness, balance = interval_statistics(run.plan, rows, tolerance, regularizer if epsilon > 0.0 else 0.0,
                                             regularizer, run.work)
    for i in range(run.grads.size):
        run.grads[i] = 0.0
    loss, certified = interval_backward(run.plan, run.parameters, run.labels, elided, 1.0 / rows, _ONE, run.work,
                                        run.grads)
    tick(run.clock, settings)
    adam_rule(run.parameters, run.grads, run.first, run.second, settings, run.clock, run.steps)
    descend(run.parameters, run.steps, settings.lr, 0.0)
    return loss, certified, tightness, balance


@kernel
def certified_accuracy(run, epsilon, elided):
    """``(mean loss, share of rows certified)`` at the weights of a run; with an epsilon of 0 the clean accuracy."""
    rows, loss, certified = run.labels.size, 0.0, 0
    set_radius(run, epsilon)
    interval_pass(run.plan, run.parameters, rows, run.work)
    for i in range(rows):
        here, certain = interval_loss_of_row(run.plan, run.parameters, i, np.int64(run.labels[i]), elided, run.work)
        loss, certified = loss + here, certified + certain
    return loss / rows, certified / rows


@kernel
def learn(plan, labels, values, inputs, initial, seed, state, epsilon, warmup, regularizer, tolerance, elided, lr,
          loss, certified):
    """All steps; fills loss and certified share before each and after the last, at the radius of that step."""
    run, steps = certified_run_in(plan, labels, values), loss.size - 1
    start_certified(run, initial, seed, state)
    for i in range(labels.size):
        for k in range(inputs.shape[1]):
            run.work.centre[0, i, k] = inputs[i, k]
    settings = certified_settings(lr)
    for t in range(steps):
        share = min(1.0, t / (warmup * steps)) if warmup > 0.0 else 1.0
        loss[t], certified[t], _, _ = certified_step(run, share * epsilon, regularizer * (1.0 - share), tolerance,
                                                     elided, settings)
    loss[steps], certified[steps] = certified_accuracy(run, epsilon, elided)


class Certified(NamedTuple):
    """What certified training leaves.

    Attributes
    ----------
    weights, biases : lists of arrays, as `toolkit.networks.interval_bounds` takes them
    loss, certified : (steps + 1,)
        The mean interval loss and the share of certified rows before each step and after the last one, at the radius
        of that step.
    """

    weights: list
    biases: list
    loss: np.ndarray
    certified: np.ndarray


def fit_certified(inputs, labels, *, epsilon=0.1, widths=(32, 32), steps=1500, warmup=0.5, lr=0.005, initial="normal",
                  regularizer=0.0, tolerance=0.5, elided=True, seed=0):
    """Train a ReLU network on the worst case of a box around each row, as intervals see it.

    Full batches, Adam. The radius grows in equal steps from 0 to `epsilon` over the first part of training, so that the
    network learns the rows before it learns to be certain of them. An `epsilon` of 0 is ordinary training.

    Parameters
    ----------
    inputs : array_like (rows, n)
    labels : array_like of integers (rows,)
    epsilon : float
        >= 0, of every coordinate.
    widths : tuple of int
        Units of each hidden layer.
    steps : int
    warmup : float
        The share of steps over which the radius grows, 0 to 1.
    lr : float
    initial : {"normal", "interval"}
        First weights by He, or with `interval_deviation`.
    regularizer : float
        Weight of `interval_regularizers`, which falls to 0 while the radius grows. The paper's is 0.5.
    tolerance : float
        Of the regularisers.
    elided : bool
        As of `margin_bounds`.
    seed : int
        Of the first weights.

    Returns
    -------
    Certified

    Accuracy
    --------
    The same bits compiled, in plain Python and in a page, tested. Gradients are those of `interval_loss`, tested by
    differences; the weights and intervals of training are plain float64: ask `margin_bounds` for a promise.

    References
    ----------
    Shi, Wang, Zhang, Yi, Hsieh, Fast Certified Robust Training with Short Warmup, NeurIPS 2021, arXiv:2103.17268.

    Examples
    --------
    >>> x, y = [[-1.0, 0.0], [-0.8, 0.3], [0.9, 0.1], [1.0, -0.2]], [0, 0, 1, 1]
    >>> run = fit_certified(x, y, epsilon=0.5, widths=(8,), steps=200)
    >>> print(run.certified[-1])
    1.0
    """
    x = real_array(inputs, "inputs").astype(np.float64)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"inputs has shape {x.shape}; allowed: (rows, numbers), at least one of each")
    y = labels_of(labels, x.shape[:1], 2**31)
    epsilon, warmup = check_finite("epsilon", epsilon, 0.0), check_number("warmup", warmup, 0.0, 1.0)
    if not isinstance(widths, (list, tuple)) or not widths:
        raise TypeError(f"widths is {shown(widths)}; allowed: a tuple of integers, at least 1")
    widths = [check_whole("widths", each, 1, 2**16) for each in widths]
    steps, seed = check_whole("steps", steps, 1, 10**7), check_whole("seed", seed, 0)
    lr, regularizer = check_finite("lr", lr, 0.0), check_finite("regularizer", regularizer, 0.0)
    tolerance, elided = check_finite("tolerance", tolerance, 0.0, above=True), check_flag("elided", elided)
    kind = chosen("initial", initial, _INITIAL)
    sizes = [x.shape[1], *widths, int(y.max()) + 1]
    plan = plan_of(n_train=len(x), n_all=len(x), arity=0, sizes=sizes, biased=True, activation="relu")
    values, state = np.zeros(int(certified_run_size(plan, len(x)))), np.zeros(1, np.uint64)
    loss, certified = np.empty((2, steps + 1))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        learn(plan, y, values, x, kind, seed, state, epsilon, warmup, regularizer, tolerance, elided, lr, loss,
              certified)
    return Certified(*layers_from(values, sizes), loss, certified)

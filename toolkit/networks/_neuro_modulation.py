"""Test-time adaptation without labels: a first layer learns by Hebb, and gains behind it by the entropy."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.information.kernels import entropy_of_logits, entropy_of_logits_vjp
from toolkit.networks._certified import certified_settings
from toolkit.networks._given import layers_from, network_of
from toolkit.networks._hebbian_competition import check_tau, competition_row
from toolkit.networks._soft_hebbian import length_of, soft_hebbian_step
from toolkit.networks.perceptron import (
    backward_block,
    block_floats,
    forward_block,
    layer_block,
    transpose_weights,
    transposed_floats,
)
from toolkit.networks.plan import BLOCK, DEPTH, SIZES, bias_of, matrix, n_classes, n_parameters, size_of, weights_of
from toolkit.optimizers import adam_rule, descend, tick
from toolkit.softmax.kernels import top_class

__all__ = ["Adapted", "neuro_modulated_adaptation"]
KERNELS = ["Modulation", "fill_modulated", "modulated_accuracy", "modulated_entropy", "modulation_in",
           "modulation_size", "modulation_step", "start_modulation"]

_CLOCK = 3


class Modulation(NamedTuple):
    """A network that adapts, as kernels read it.

    Attributes
    ----------
    plan, own : of the network, and its numbers as they were trained
    parameters, grads : its numbers as they are now, and their gradient
    directions, lengths : the weights of the first layer, a unit vector and a norm for each unit
    modulator : gains of the units of the first layer, and then their offsets
    slopes, first, second, moves, clock : gradient of the modulator, Adam's memory, direction and clock
    turned, block : where the passes work
    u, y, shares, step, order : where the Hebbian step works
    """

    plan: np.ndarray
    own: np.ndarray
    parameters: np.ndarray
    grads: np.ndarray
    directions: np.ndarray
    lengths: np.ndarray
    modulator: np.ndarray
    slopes: np.ndarray
    first: np.ndarray
    second: np.ndarray
    moves: np.ndarray
    clock: np.ndarray
    turned: np.ndarray
    block: np.ndarray
    u: np.ndarray
    y: np.ndarray
    shares: np.ndarray
    step: np.ndarray
    order: np.ndarray


@kernel
def modulation_size(plan, rows):
    """Numbers that a `Modulation` takes besides its plan and the numbers of the network."""
    units, below = size_of(plan, 1), size_of(plan, 0)
    return (2 * n_parameters(plan) + 2 * units * below + 14 * units + _CLOCK + transposed_floats(plan)
            + block_floats(plan) + rows)


@kernel(inline=True)
def modulation_in(plan, own, values, rows):
    """A `Modulation` for so many rows, cut from an array of at least `modulation_size`."""
    n, units, below = n_parameters(plan), size_of(plan, 1), size_of(plan, 0)
    at = 2 * n
    directions, step = matrix(values, at, units, below), matrix(values, at + units * below, units, below)
    at += 2 * units * below
    small = values[at:at + 14 * units]
    at += 14 * units
    clock = values[at:at + _CLOCK]
    at += _CLOCK
    turned, at = values[at:at + transposed_floats(plan)], at + transposed_floats(plan)
    block, at = values[at:at + block_floats(plan)], at + block_floats(plan)
    return Modulation(plan, own, values[:n], values[n:2 * n], directions, small[:units], small[units:3 * units],
                      small[3 * units:5 * units], small[5 * units:7 * units], small[7 * units:9 * units],
                      small[9 * units:11 * units], clock, turned, block, small[11 * units:12 * units],
                      small[12 * units:13 * units], small[13 * units:], step, values[at:at + rows])


@kernel
def start_modulation(run):
    """The network as it was trained, with gains of 1 and offsets of 0."""
    w = weights_of(run.own, run.plan, 1)
    units = run.lengths.size
    for k in range(units):
        for i in range(w.shape[0]):
            run.directions[k, i] = w[i, k]
        run.lengths[k] = length_of(run.directions[k], 2.0)
        for i in range(w.shape[0]):
            run.directions[k, i] = run.directions[k, i] / run.lengths[k] if run.lengths[k] > 0.0 else 0.0
        run.modulator[k], run.modulator[units + k] = 1.0, 0.0
    for k in range(2 * units):
        run.first[k], run.second[k] = 0.0, 0.0
    run.clock[0], run.clock[1], run.clock[2] = 0.0, 1.0, 1.0
    fill_modulated(run)


@kernel
def fill_modulated(run):
    """The numbers of the network: gain times the first layer's, and the offset beside its bias."""
    for i in range(run.own.size):
        run.parameters[i] = run.own[i]
    units, w = run.lengths.size, weights_of(run.parameters, run.plan, 1)
    bias, trained = bias_of(run.parameters, run.plan, 1), bias_of(run.own, run.plan, 1)
    for k in range(units):
        gain = run.modulator[k] * run.lengths[k]
        for i in range(w.shape[0]):
            w[i, k] = gain * run.directions[k, i]
        bias[k] = run.modulator[k] * trained[k] + run.modulator[units + k]


@kernel
def hebbian_part(run, inputs, tau, rate):
    """A soft Hebbian step of the directions, which keep their norm of 1."""
    for n in range(run.order.size):
        run.order[n] = n
    soft_hebbian_step(competition_row, run.directions, None, inputs, run.order, 0, run.order.size, tau, rate, 2.0,
                      False, False, run.u, run.y, run.shares, run.step)
    for k in range(run.lengths.size):
        length = length_of(run.directions[k], 2.0)
        for i in range(run.directions.shape[1]):
            run.directions[k, i] = run.directions[k, i] / length if length > 0.0 else run.directions[k, i]


@kernel
def modulated_entropy(run, inputs, backward):
    """The mean entropy of the outputs; with `backward` also its gradient with respect to all numbers of the network."""
    rows, last, classes = run.order.size, np.int64(run.plan[DEPTH]), n_classes(run.plan)
    total = 0.0
    for i in range(run.grads.size):
        run.grads[i] = 0.0
    transpose_weights(run.parameters, run.plan, run.turned)
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        forward_block(run.plan, None, None, run.parameters, inputs, first, count, run.block)
        z, d = layer_block(run.block, run.plan, last, 0), layer_block(run.block, run.plan, last, 2)
        for i in range(count):
            total += entropy_of_logits(z[i, :classes]) / rows
            if backward:
                for k in range(classes, d.shape[1]):
                    d[i, k] = 0.0
                entropy_of_logits_vjp(z[i, :classes], 1.0 / rows, d[i, :classes])
        if backward:
            backward_block(run.plan, None, None, run.turned, inputs, first, count, run.block, run.grads)
    return total


@kernel
def modulated_accuracy(run, inputs, labels):
    """The share of rows whose largest output is that of their label."""
    rows, last, classes, right = run.order.size, np.int64(run.plan[DEPTH]), n_classes(run.plan), 0.0
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        forward_block(run.plan, None, None, run.parameters, inputs, first, count, run.block)
        z = layer_block(run.block, run.plan, last, 0)
        for i in range(count):
            right += 1.0 if top_class(z[i, :classes]) == labels[first + i] else 0.0
    return right / rows


@kernel
def feedback_part(run, inputs, rate):
    """A step of Adam on gains and offsets, along the gradient of the entropy; returns the entropy before it."""
    entropy = modulated_entropy(run, inputs, True)
    units, dw = run.lengths.size, weights_of(run.grads, run.plan, 1)
    db, trained = bias_of(run.grads, run.plan, 1), bias_of(run.own, run.plan, 1)
    for k in range(units):
        slope = db[k] * trained[k]
        for i in range(dw.shape[0]):
            slope += dw[i, k] * run.lengths[k] * run.directions[k, i]
        run.slopes[k], run.slopes[units + k] = slope, db[k]
    settings = certified_settings(rate)
    tick(run.clock, settings)
    adam_rule(run.modulator, run.slopes, run.first, run.second, settings, run.clock, run.moves)
    descend(run.modulator, run.moves, settings.lr, 0.0)
    return entropy


@kernel
def modulation_step(run, inputs, tau, hebbian, feedback):
    """A Hebbian step of the first layer, and one of the modulator; a rate of 0 leaves either out.

    Returns the mean entropy between the two.
    """
    if hebbian > 0.0:
        hebbian_part(run, inputs, tau, hebbian)
        fill_modulated(run)
    if feedback > 0.0:
        entropy = feedback_part(run, inputs, feedback)
        fill_modulated(run)
        return entropy
    return modulated_entropy(run, inputs, False)


@kernel
def adapt(plan, own, values, inputs, tau, hebbian, feedback, entropy):
    run = modulation_in(plan, own, values, inputs.shape[0])
    start_modulation(run)
    entropy[0] = modulated_entropy(run, inputs, False)
    for t in range(1, entropy.size):
        modulation_step(run, inputs, tau, hebbian, feedback)
        entropy[t] = modulated_entropy(run, inputs, False)


class Adapted(NamedTuple):
    """A network after test-time adaptation.

    Attributes
    ----------
    weights, biases : lists of arrays
        As they were given; the first layer's with gains and offsets in them.
    entropy : (steps + 1,)
        The mean entropy of the outputs, before the first and after each step.
    """

    weights: list
    biases: list
    entropy: np.ndarray


def neuro_modulated_adaptation(weights, biases, inputs, *, hebbian=0.01, feedback=0.03, tau=0.25, steps=20):
    """Adapt a trained ReLU network to shifted inputs without labels: a Hebbian first layer, gains learned by entropy.

    Each step has two parts. The first layer takes a soft Hebbian step on all inputs; each of its units keeps the norm
    of its weights. Then a *neuro-modulator* behind it, a gain and an offset for each of its units, takes a step of Adam
    down the mean entropy of the outputs. What comes behind, the classifier, stays as it is. A rate of 0 leaves a part
    out: without `hebbian` it is entropy minimisation by gains and offsets (Tent, there of normalisation layers).

    Written from the abstract of the paper, whose code and details we have not seen: form and place of the modulator,
    the norms that are kept, the optimizer and all rates are ours. It lowers the entropy, which is not the error: where
    many outputs are wrong, it makes them surer, and may end with one class for everything.

    Parameters
    ----------
    weights : list of array_like (units, units below)
        Of the first layer first.
    biases : list of array_like (units,), or None
    inputs : array_like (N, n)
        Of the new kind, all of them in each step.
    hebbian, feedback : float >= 0
        Rates of the two parts.
    tau : float >= 0
        Temperature of the competition.
    steps : int

    Returns
    -------
    Adapted

    Accuracy
    --------
    The same bits on every machine; computed in float64. Tested against NumPy's matrices to 1e-9.

    References
    ----------
    Y. Tang et al., Neuro-Modulated Hebbian Learning for Fully Test-Time Adaptation, CVPR 2023, arXiv:2303.00914.
    D. Wang et al., Tent: Fully Test-Time Adaptation by Entropy Minimization, ICLR 2021, arXiv:2006.10726.

    Examples
    --------
    >>> weights, x = [np.eye(2), np.eye(2)], [[0.6, 0.4], [0.5, 0.7]]
    >>> found = neuro_modulated_adaptation(weights, None, x, steps=10)
    >>> bool(found.entropy[-1] < found.entropy[0])
    True
    """
    plan, own = network_of(weights, biases)
    x = real_array(inputs, "inputs")
    if x.ndim != 2 or not len(x) or x.shape[1] != plan[SIZES]:
        raise ValueError(f"inputs has shape {x.shape}; allowed: (rows, {plan[SIZES]}), the inputs of the network")
    hebbian, feedback = check_finite("hebbian", hebbian, 0.0), check_finite("feedback", feedback, 0.0)
    tau, steps = check_tau(tau), check_whole("steps", steps, 0, 10**6)
    values, entropy = np.zeros(int(modulation_size(plan, len(x)))), np.empty(steps + 1)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        adapt(plan, own, values, behaved(x, np.float64), tau, hebbian, feedback, entropy)
    return Adapted(*layers_from(values, plan[SIZES:].tolist()), entropy)

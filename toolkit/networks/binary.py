"""Training of a perceptron whose weights are bits: real numbers move, their bits answer.

A weight of the network is the bit of a real number, times a learned factor of its unit. Forwards and backwards goes the
engine's perceptron, with these products for weights; then the surrogate slope of the bit takes the gradient on.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_whole
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, shuffle, uniform
from toolkit._core.switch import switch
from toolkit.activations import kernels as of
from toolkit.losses.kernels import cross_entropy_stable
from toolkit.networks._given import labels_of
from toolkit.networks.adam_step import adam_step, memory_of, start_memory
from toolkit.networks.perceptron import (
    backward_block,
    block_floats,
    forward_block,
    layer_block,
    transpose_weights,
    transposed_floats,
)
from toolkit.networks.plan import (
    BLOCK,
    DEPTH,
    bias_of,
    fill_tensors,
    n_classes,
    n_parameters,
    numbers_in,
    plan_of,
    size_of,
    weights_of,
)

__all__ = ["BinaryRun", "fit_binary"]

_EPOCHS = 1 << 32  # the random streams of the engine's batches
_START = 0.125  # numbers begin uniform up to this size
# Name -> kernels of value and slope; each takes one number besides the weight.
CODES = {"biper": (of.biper_value, of.biper_slope), "biper_sine": (of.biper_sine_value, of.biper_slope),
         "sign": (of.straight_through_value, of.window_slope)}

bit_of = switch([value for value, _ in CODES.values()])
slope_of = switch([slope for _, slope in CODES.values()])


@kernel
def fill_from_bits(plan, behind, code, number, parameters, bits, weights):
    """The bits, and the weights that answer; `behind` is the plan of the numbers, with the factors for biases."""
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        w, factors = weights_of(parameters, behind, layer), bias_of(parameters, behind, layer)
        b, out = weights_of(bits, plan, layer), weights_of(weights, plan, layer)
        for i in range(w.shape[0]):
            for j in range(size_of(plan, layer)):
                b[i, j] = bit_of(code, w[i, j], number)
                out[i, j] = factors[j] * b[i, j]


@kernel
def pull_to_numbers(plan, behind, code, number, penalty, parameters, bits, pulls, grads):
    """From the gradient of the weights to that of the numbers and factors, with that of `periodic_penalty`."""
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        w, factors = weights_of(parameters, behind, layer), bias_of(parameters, behind, layer)
        dw, dfactors = weights_of(grads, behind, layer), bias_of(grads, behind, layer)
        b, pull, size = weights_of(bits, plan, layer), weights_of(pulls, plan, layer), size_of(plan, layer)
        share = 2.0 * penalty / (w.shape[0] * size)
        for j in range(size):
            dfactors[j] = 0.0
        for i in range(w.shape[0]):
            for j in range(size):
                slope, sine = slope_of(code, w[i, j], number), 0.0
                if penalty != 0.0:
                    sine = of.biper_sine_value(w[i, j], number)
                dfactors[j] += pull[i, j] * b[i, j]
                dw[i, j] = (pull[i, j] * factors[j] + share * sine) * slope


@kernel
def add_gradient_of_rows(plan, weights, turned, inputs, labels, work, pulls):
    """Adds the gradient of the mean cross-entropy in the weights of the perceptron; returns that loss."""
    classes, total, rows = n_classes(plan), 0.0, labels.size
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        forward_block(plan, None, None, weights, inputs, first, count, work)
        z = layer_block(work, plan, np.int64(plan[DEPTH]), 0)
        d = layer_block(work, plan, np.int64(plan[DEPTH]), 2)
        for i in range(count):
            for k in range(d.shape[1]):
                d[i, k] = 0.0
            total += cross_entropy_stable(z[i, :classes], np.int64(labels[first + i]), d[i, :classes])
            for k in range(classes):
                d[i, k] /= rows
        backward_block(plan, None, None, turned, inputs, first, count, work, pulls)
    return total / rows


@kernel
def gradient_of_bits(plan, behind, code, number, penalty, parameters, inputs, labels, room, grads):
    """Fills the gradient of numbers and factors; returns the mean cross-entropy. `room` is of `room_for`."""
    n = n_parameters(plan)
    bits, weights, pulls = room[:n], room[n:2 * n], room[2 * n:3 * n]
    turned, work = room[3 * n:3 * n + transposed_floats(plan)], room[3 * n + transposed_floats(plan):]
    fill_from_bits(plan, behind, code, number, parameters, bits, weights)
    transpose_weights(weights, plan, turned)
    for i in range(n):
        pulls[i] = 0.0
    loss = add_gradient_of_rows(plan, weights, turned, inputs, labels, work, pulls)
    pull_to_numbers(plan, behind, code, number, penalty, parameters, bits, pulls, grads)
    return loss


@kernel
def room_for(plan):
    return 3 * n_parameters(plan) + transposed_floats(plan) + block_floats(plan)


@kernel
def start_numbers(behind, seed, random, parameters):
    """Numbers uniform up to `_START`, each layer from a stream of its own; factors ``1 / sqrt(fan_in)``."""
    for layer in range(1, np.int64(behind[DEPTH]) + 1):
        w, factors = weights_of(parameters, behind, layer), bias_of(parameters, behind, layer)
        seeded(random, seed, 2 * layer)
        for j in range(size_of(behind, layer)):
            factors[j] = 1.0 / np.sqrt(float(w.shape[0]))
            for i in range(w.shape[0]):
                w[i, j] = _START * (2.0 * uniform(random) - 1.0)


@kernel
def take_epoch(plan, behind, code, number, penalty, lr, order, parameters, inputs, labels, memory, tensors, numbers,
               rows, of_rows, room):
    """A step of Adam on each batch of the rows in this order; what is left does not fill a batch."""
    grads, first, second, clock, steps = memory
    for start in range(0, order.size - of_rows.size + 1, of_rows.size):
        for j in range(of_rows.size):
            i = np.int64(order[start + j])
            of_rows[j] = labels[i]
            for k in range(inputs.shape[1]):
                rows[j, k] = inputs[i, k]
        gradient_of_bits(plan, behind, code, number, penalty, parameters, rows, of_rows, room, grads)
        adam_step(lr, 0.999, tensors, numbers, parameters, grads, first, second, clock, steps)


@kernel
def order_of_epoch(seed, epoch, random, order):
    """As the engine's batches have it."""
    seeded(random, seed, _EPOCHS + epoch)
    for i in range(order.size):
        order[i] = i
    shuffle(order, random)


class BinaryRun(NamedTuple):
    """What training leaves.

    Attributes
    ----------
    numbers : list of arrays (inputs, units)
        Behind the bits of each layer.
    factors : list of arrays (units,)
    flips : (epochs,)
        The share of the first layer's bits that each epoch changed.
    parameters : array
        All of them as kernels have them, to go on from.
    """

    numbers: list
    factors: list
    flips: np.ndarray
    parameters: np.ndarray

    def logits(self, x, code="biper", number=20.0):
        """What the network with these bits says of rows."""
        layers = [bits_of(w, code, number) * f for w, f in zip(self.numbers, self.factors, strict=True)]
        for w in layers[:-1]:
            x = np.maximum(x @ w, 0)
        return x @ layers[-1]


def bits_of(w, code, number):
    out = np.empty_like(w)
    fill_bits(check_choice("code", code, tuple(CODES)), number, w.reshape(-1), out.reshape(-1))
    return out


@kernel
def fill_bits(code, number, w, out):
    for i in range(w.size):
        out[i] = bit_of(code, w[i], number)


def fit_binary(inputs, labels, *, code="biper", number=20.0, lr=0.002, epochs=20, width=64, batch=64, penalty=0.0,
               seed=0, start=None):
    """Train a perceptron of bits, with one hidden layer of ReLUs, on rows and their labels.

    Adam on the mean cross-entropy of batches, in float32. Numbers begin uniform up to 1/8, factors at
    ``1 / sqrt(fan_in)``; random streams and batches are those of the engine, which cannot take this network: its
    weights are not what moves.

    Parameters
    ----------
    inputs : array_like (rows, n)
    labels : array_like of integers (rows,)
    code : {"biper", "biper_sine", "sign"}
        `toolkit.activations.biper`, its first stage, or `straight_through_sign`.
    number : float
        The frequency, or of "sign" the window.
    lr : float
    epochs, width, batch, seed : int
    penalty : float
        Strength of `toolkit.activations.periodic_penalty`, for each layer.
    start : BinaryRun, optional
        To go on from, with a fresh memory.

    Returns
    -------
    BinaryRun
    """
    x = behaved(real_array(inputs, "inputs"), np.float32)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"inputs has shape {x.shape}; allowed: (rows, numbers), at least one of each")
    y = labels_of(labels, x.shape[:1], 2**31)
    place, seed = check_choice("code", code, tuple(CODES)), check_whole("seed", seed, 0, 2**62)
    number, lr = check_finite("number", number, 0.0, above=code != "sign"), check_finite("lr", lr, 0.0)
    penalty, epochs = check_finite("penalty", penalty), check_whole("epochs", epochs, 0)
    if penalty and code == "sign":
        raise ValueError(f"penalty is {penalty}; allowed with 'sign': 0, since it has no frequency")
    batch = check_whole("batch", batch, 1, len(x))
    given = {"n_train": len(x), "n_all": len(x), "arity": 0, "activation": "relu",
             "sizes": (x.shape[1], check_whole("width", width, 1, 2**16), int(y.max()) + 1)}
    plan, behind = plan_of(**given, biased=False), plan_of(**given, biased=True)
    tensors, random = np.zeros(2 * int(plan[DEPTH]) + 1, np.int64), np.zeros(1, np.uint64)
    fill_tensors(behind, tensors)
    numbers = np.array([numbers_in(behind, t) for t in range(tensors.size - 1)])
    parameters, memory = np.zeros(tensors[-1], np.float32), memory_of(tensors[-1], np.float32)
    if start is None:
        start_numbers(behind, seed, random, parameters)
    elif start.parameters.size != parameters.size:
        raise ValueError(f"start has {start.parameters.size} numbers; allowed here: {parameters.size}")
    else:
        parameters[:] = start.parameters
    start_memory(memory[1], memory[2], memory[3])
    rows, of_rows, order = np.empty_like(x[:batch]), np.zeros(batch, np.int64), np.zeros(len(x), np.int64)
    room, flips, w = np.zeros(room_for(plan), np.float32), np.empty(epochs), weights_of(parameters, behind, 1)
    for epoch in range(epochs):
        before = bits_of(w, code, number) >= 0
        order_of_epoch(seed, epoch, random, order)
        take_epoch(plan, behind, place, number, penalty, lr, order, parameters, x, y, memory, tensors, numbers, rows,
                   of_rows, room)
        flips[epoch] = np.mean(before != (bits_of(w, code, number) >= 0))
    layers = range(1, int(plan[DEPTH]) + 1)
    return BinaryRun([weights_of(parameters, behind, k)[:, :size_of(plan, k)].copy() for k in layers],
                     [bias_of(parameters, behind, k)[:size_of(plan, k)].copy() for k in layers], flips, parameters)

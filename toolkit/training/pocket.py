"""A whole training run in three flat arrays, started and moved on by kernels alone: how a page trains in a browser.

`integers` holds the plan, the choices, the data and places; `doubles` the rates, the clock and what float64 needs;
`floats` the parameters, the optimizer's memory and work space. Nothing here is another engine: the arrays are cut
into the arguments of `advance`.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import cos, sin
from toolkit.formats import FLOAT32, FLOAT64
from toolkit.training.engine import CHOICES, RATES, advance
from toolkit.networks.initial import fill_weights
from toolkit.training.loss import EMULATED, NATIVE32, NATIVE64, TALLIES
from toolkit.networks.perceptron import block_floats, transposed_floats
from toolkit.networks.plan import (ACTIVATION, ARITY, BIASED, CHUNKS, DEPTH, N_ALL, N_TRAIN, SIZES, fill_tensors,
                                    n_classes, n_parameters, plan_of, size_of, weights_of)
from toolkit._core.random import seeded
from toolkit.networks.product import PACKED, ROWS
from toolkit.training.task_rows import fill_modular, shuffle_rows

__all__ = ["choose", "correct_cells", "embedding_spectrum", "pocket_sizes", "set_rates", "start_modular_addition",
           "steps_taken", "train_and_measure"]

_PLAN, _TENSORS, _CHOICES = 16, 8, len(CHOICES)
_PLACES = CHUNKS * ROWS * (PACKED + 1)
_HEAD = _PLAN + _TENSORS + _CHOICES + _PLACES
_CLOCK = len(RATES)
_NORMS = _CLOCK + 3
_TALLIED = CHUNKS * len(TALLIES)
_FRONT = _NORMS + _TENSORS + _TALLIED
_FLOAT32, _FLOAT64 = FLOAT32.code, FLOAT64.code
_TWO_PI = 6.283185307179586


def pocket_sizes(p, width):
    """State of a live simulation of modular addition with one hidden layer: name -> (type, size).

    Parameters
    ----------
    p, width : the largest modulus and width that its controls allow
    """
    plan = plan_of(n_train=1, n_all=p * p, arity=2, sizes=(2 * p, width, p), biased=False, activation="square")
    size = int(n_parameters(plan))
    floats = (5 + CHUNKS) * size + int(transposed_floats(plan)) + CHUNKS * (int(block_floats(plan)) + 3 * p)
    return {"integers": ("i32", _HEAD + 3 * p * p), "doubles": ("f64", _FRONT + CHUNKS * 3 * p + p * p + 2 * width),
            "floats": ("f32", floats + 16), "random": ("u64", 1)}


@kernel
def start_modular_addition(p, width, fraction, activation, seed, integers, doubles, floats, random):
    """Data, split and initial weights of ``(a + b) mod p``; `activation` is a value of `ACTIVATIONS`.

    The same bits as `Experiment(p=p, widths=(width,), train_fraction=fraction, seed=seed)` starts with.
    """
    rows = p * p
    plan = integers[:_PLAN]
    plan[N_TRAIN] = np.int64(fraction * rows)
    plan[N_ALL] = rows
    plan[ARITY] = 2
    plan[DEPTH] = 2
    plan[BIASED] = 0
    plan[ACTIVATION] = activation
    plan[SIZES] = 2 * p
    plan[SIZES + 1] = width
    plan[SIZES + 2] = p
    inputs = integers[_HEAD:_HEAD + 2 * rows]
    labels = integers[_HEAD + 2 * rows:_HEAD + 3 * rows]
    fill_modular(0, p, inputs, labels)
    seeded(random, seed, 1)
    shuffle_rows(inputs, labels, 2, random)
    fill_tensors(plan, integers[_PLAN:_PLAN + 3])
    for i in range(floats.size):
        floats[i] = like(0.0, floats[i])
    fill_weights(plan, floats[:n_parameters(plan)], seed, 1.0, random)
    doubles[_CLOCK] = 0.0
    doubles[_CLOCK + 1] = 1.0
    doubles[_CLOCK + 2] = 1.0


@kernel
def choose(loss, form, order, fmt, optimizer, perp, integers):
    """Loss, its form, its order of summation, its format's code, optimizer and ⟂Grad, as the engine numbers them."""
    choices = integers[_PLAN + _TENSORS:_PLAN + _TENSORS + _CHOICES]
    choices[0] = loss
    choices[1] = form
    choices[2] = order
    choices[3] = NATIVE32 if fmt == _FLOAT32 else NATIVE64 if fmt == _FLOAT64 else EMULATED
    choices[4] = fmt
    choices[5] = optimizer
    choices[6] = perp
    choices[7] = 0
    choices[8] = 0


@kernel
def set_rates(lr, weight_decay, beta1, beta2, eps, momentum, doubles):
    """Numbers of the optimizer; the loss sees the logits as they are, at no penalty and a constant rate."""
    doubles[0] = lr
    doubles[1] = weight_decay
    doubles[2] = beta1
    doubles[3] = beta2
    doubles[4] = eps
    doubles[5] = momentum
    doubles[6] = 1.0
    doubles[7] = 0.0
    doubles[8] = 0.0
    doubles[9] = 1.0


@kernel
def train_and_measure(count, measuring, integers, doubles, floats, out):
    """Take `count` steps, then, when `measuring`, fill `out` with `MEASURES` at the new weights."""
    plan = integers[:_PLAN]
    tensors = integers[_PLAN:_PLAN + 3]
    choices = integers[_PLAN + _TENSORS:_PLAN + _TENSORS + _CHOICES]
    places = integers[_HEAD - _PLACES:_HEAD]
    rows = np.int64(plan[N_ALL])
    classes = n_classes(plan)
    inputs = integers[_HEAD:_HEAD + 2 * rows]
    labels = integers[_HEAD + 2 * rows:_HEAD + 3 * rows]
    rates = doubles[:_CLOCK]
    clock = doubles[_CLOCK:_NORMS]
    norms = doubles[_NORMS:_NORMS + _TENSORS]
    tallies = doubles[_NORMS + _TENSORS:_FRONT]
    row64 = doubles[_FRONT:_FRONT + CHUNKS * 3 * classes]
    gaps = doubles[_FRONT + CHUNKS * 3 * classes:_FRONT + CHUNKS * 3 * classes + rows]
    size = n_parameters(plan)
    parameters, first, second = floats[:size], floats[size:2 * size], floats[2 * size:3 * size]
    grads, steps = floats[3 * size:4 * size], floats[4 * size:5 * size]
    sums = floats[5 * size:(5 + CHUNKS) * size]
    at = (5 + CHUNKS) * size
    turned = floats[at:at + transposed_floats(plan)]
    at += transposed_floats(plan)
    blocks = floats[at:at + CHUNKS * block_floats(plan)]
    at += CHUNKS * block_floats(plan)
    row32 = floats[at:at + CHUNKS * 3 * classes]
    advance(count, measuring, plan, tensors, parameters, first, second, grads, steps, inputs, labels, choices, rates,
            clock, turned, sums, blocks, places, row32, row64, tallies, gaps, out, norms)


@kernel
def steps_taken(doubles):
    """Steps since the start."""
    return np.int64(doubles[_CLOCK])


@kernel
def correct_cells(integers, doubles, cells):
    """The table of a and b: 0 for training rows that are wrong, 1 right; 2 for test rows that are wrong, 3 right."""
    plan = integers[:_PLAN]
    p = n_classes(plan)
    gaps = doubles[_FRONT + CHUNKS * 3 * p:]
    for i in range(np.int64(plan[N_ALL])):
        a = np.int64(integers[_HEAD + 2 * i])
        b = np.int64(integers[_HEAD + 2 * i + 1]) - p
        held_out = i >= plan[N_TRAIN]
        cells[a * p + b] = (2.0 if held_out else 0.0) + (1.0 if gaps[i] > 0.0 else 0.0)


@kernel
def embedding_spectrum(integers, doubles, floats, units, power):
    """Of the first `units` hidden units, the share of the weights from a at each frequency 0 ... p // 2.

    ``power[k * units + h]`` is what frequency k has of the energy of unit h, by the discrete Fourier transform over a;
    a column sums to 1, or is 0 beyond the width. A unit that helps to add by rotating has one frequency; one that
    memorizes has a little of all.
    """
    plan = integers[:_PLAN]
    p = n_classes(plan)
    w = weights_of(floats[:n_parameters(plan)], plan, 1)
    width = size_of(plan, 1)
    count = min(units, width)
    start = _FRONT + CHUNKS * 3 * p + np.int64(plan[N_ALL])
    real = doubles[start:start + count]
    imaginary = doubles[start + width:start + width + count]
    for i in range(power.size):
        power[i] = 0.0
    for k in range(p // 2 + 1):
        for h in range(count):
            real[h] = 0.0
            imaginary[h] = 0.0
        for a in range(p):
            angle = _TWO_PI * ((k * a) % p) / p
            c, s = cos(angle), sin(angle)
            for h in range(count):
                real[h] += c * np.float64(w[a, h])
                imaginary[h] += s * np.float64(w[a, h])
        both = 1.0 if 2 * k % p == 0 else 2.0  # frequency p - k has the same energy as k
        for h in range(count):
            power[k * units + h] = both * (real[h] * real[h] + imaginary[h] * imaginary[h])
    for h in range(count):
        total = 0.0
        for k in range(p // 2 + 1):
            total += power[k * units + h]
        for k in range(p // 2 + 1):
            power[k * units + h] = power[k * units + h] / total if total > 0.0 else 0.0

"""Full-batch training: gradients over chunks of rows, optimizer steps, and what a step is worth looking at.

`advance` takes any number of steps without Python in between and fills `MEASURES` at the weights they lead to.
The same kernels run in the browser. Sums have fixed owners and orders, so neither threads nor machine change a bit.
"""
import numpy as np
from numba import prange

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.training.loss import BOOST
from toolkit.networks.perceptron import backward_chunk, transpose_weights
from toolkit.optimizers.rules import (adam_direction, descend, inner, keep_agreeing, lion_direction, norm_squared,
                                          perp_grad, sgd_direction)
from toolkit.networks.plan import CHUNKS, N_ALL, N_TRAIN, n_classes, numbers_in
from toolkit.networks.product import PACKED, ROWS
from toolkit._core.threads import start_threads
from toolkit.networks.transformer import prepare, transformer_chunk
from toolkit.networks.transformer_plan import tensor_numbers

__all__ = ["CHOICES", "MEASURES", "RATES", "SCHEDULES", "advance", "gradient", "learning_rate", "quantile"]

SCHEDULES = {"constant": 0, "linear_decay": 1, "warmup": 2, "warmup_linear_decay": 3}

start_threads()

_LARGEST = np.finfo(np.float64).max

# Integers and numbers of an experiment, in this order; the first five choices are the loss's.
CHOICES = ("loss", "form", "order", "mode", "code", "optimizer", "perp", "cautious", "schedule")
_OPTIMIZER, _PERP, _CAUTIOUS, _SCHEDULE = range(5, 9)
RATES = ("lr", "weight_decay", "beta1", "beta2", "eps", "momentum", "scale", "penalty", "warmup", "steps")
_LR, _DECAY, _BETA1, _BETA2, _EPS, _MOMENTUM, _SCALE, _PENALTY, _WARMUP, _STEPS = range(len(RATES))

# What `advance` measures, in this order.
MEASURES = ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "collapsed", "zero_loss",
            "zero_label_gradient", "zero_gradient", "row_sum", "gap_10", "gap_50", "gap_90", "largest_logit",
            "gradient_norm", "nlm_cosine", "weight_norm", "step_rms")


@kernel(parallel=True)
def gradient(plan, parameters, inputs, labels, begin, end, learning, watching, choices, rates, turned, sums, blocks,
             places, row32, row64, tallies, gaps, grads, shape, step):
    """Tallies over rows [begin, end) and, when `learning`, the gradient of their mean loss.

    `shape` is None for a perceptron, whose machine code then holds nothing of a transformer.
    """
    n = np.int64(end - begin)
    size = grads.size
    room = blocks.size // CHUNKS
    entries = ROWS * PACKED
    classes = n_classes(plan)
    each = tallies.size // CHUNKS
    if learning:
        if shape is None:
            transpose_weights(parameters, plan, turned)
        else:
            prepare(plan, shape, parameters, turned, blocks[:room], places[:entries].reshape((ROWS, PACKED)),
                    places[entries:entries + ROWS])
    for c in prange(CHUNKS):
        first, last = begin + n * c // CHUNKS, begin + n * (c + 1) // CHUNKS
        pack = places[c * (entries + ROWS):(c + 1) * (entries + ROWS)]
        rows, counts = pack[:entries].reshape((ROWS, PACKED)), pack[entries:]
        block, own_sums = blocks[c * room:(c + 1) * room], sums[c * size:(c + 1) * size]
        narrow = row32[3 * classes * c:3 * classes * (c + 1)].reshape((3, classes))
        wide = row64[3 * classes * c:3 * classes * (c + 1)].reshape((3, classes))
        tally = tallies[c * each:(c + 1) * each]
        if shape is None:
            backward_chunk(plan, parameters, turned, inputs, labels, first, last, learning, watching, choices,
                           rates[_SCALE], rates[_PENALTY], 1.0 / n, block, rows, counts, narrow, wide, tally, gaps,
                           own_sums)
        else:
            transformer_chunk(plan, shape, parameters, turned, inputs, labels, first, last, step, learning, watching,
                              choices, rates[_SCALE], rates[_PENALTY], 1.0 / n, block, rows, counts, narrow, wide,
                              tally, gaps, own_sums)
    if learning:
        for part in prange(CHUNKS):
            for i in range(size * part // CHUNKS, size * (part + 1) // CHUNKS):
                total = (((sums[i] + sums[size + i]) + (sums[2 * size + i] + sums[3 * size + i]))
                         + ((sums[4 * size + i] + sums[5 * size + i]) + (sums[6 * size + i] + sums[7 * size + i])))
                grads[i] = total * like(1.0 / BOOST, total)


@kernel
def learning_rate(rates, schedule, step):
    """The rate of step 0, 1, 2 ...: constant, falling linearly to 0 at `steps`, or rising over `warmup` steps."""
    factor = 1.0
    warmup = rates[_WARMUP] if schedule >= 2 else 0.0
    if step < warmup:
        factor = (step + 1.0) / warmup
    elif schedule == 1 or schedule == 3:
        factor = max(0.0, (rates[_STEPS] - step) / (rates[_STEPS] - warmup))
    return rates[_LR] * factor


@kernel
def numbers_of(plan, shape, tensor):
    """Numbers in a parameter tensor without padding."""
    if shape is None:
        return numbers_in(plan, tensor)
    else:
        return tensor_numbers(plan, shape, tensor)


@kernel
def update(plan, shape, tensors, parameters, grads, first, second, steps, choices, rates, clock):
    """One optimizer step on every tensor; `clock` holds t, beta1^t and beta2^t."""
    lr = learning_rate(rates, np.int64(choices[_SCHEDULE]), clock[0])
    clock[0] += 1.0
    clock[1] *= rates[_BETA1]
    clock[2] *= rates[_BETA2]
    rule = np.int64(choices[_OPTIMIZER])
    decay = rates[_DECAY]
    for t in range(tensors.size - 1):
        a = np.int64(tensors[t])
        b = np.int64(tensors[t + 1])
        w, g, u = parameters[a:b], grads[a:b], steps[a:b]
        numbers = numbers_of(plan, shape, t)
        if choices[_PERP] and numbers > 1:  # padding hides a tensor of one element from perp_grad
            perp_grad(w, g)
        if rule == 0:
            sgd_direction(w, g, first[a:b], rates[_MOMENTUM], decay, u)
        elif rule == 3:
            lion_direction(g, first[a:b], rates[_BETA1], rates[_BETA2], u)
        else:
            adam_direction(w, g, first[a:b], second[a:b], rates[_BETA1], rates[_BETA2], rates[_EPS], clock[1],
                           clock[2], decay if rule == 1 else 0.0, u)
        if choices[_CAUTIOUS]:
            keep_agreeing(u, g, numbers)
        descend(w, u, lr, decay if rule >= 2 else 0.0)


@kernel
def total_of(tallies, which):
    """One of `TALLIES` over all chunks."""
    each = tallies.size // CHUNKS
    total = 0.0
    for c in range(CHUNKS):
        value = tallies[c * each + which]
        total = max(total, value) if which == 7 else total + value
    return total


@kernel
def quantile(values, share):
    """The smallest of `values` that at least `share` of them do not exceed, by bisection to the last bit; no copy."""
    low = np.inf
    high = -np.inf
    for v in values:
        low = min(low, v)
        high = max(high, v)
    needed = share * values.size
    while True:
        middle = 0.5 * max(low, -_LARGEST) + 0.5 * min(high, _LARGEST)
        if not (low < middle < high):
            break
        below = 0
        for v in values:
            below += v <= middle
        if below >= needed:
            high = middle
        else:
            low = middle
    below = 0
    for v in values:
        below += v <= low
    return low if below >= needed else high


@kernel
def note_training(plan, shape, tensors, parameters, grads, steps, tallies, gaps, out, norms):
    """What the training rows and the weights say, once the gradient at these weights is there."""
    n = np.int64(plan[N_TRAIN])
    out[0] = total_of(tallies, 0) / n
    out[1] = total_of(tallies, 1) / n
    for i in range(4):
        out[4 + i] = total_of(tallies, 2 + i) / n
    out[8] = total_of(tallies, 6)
    out[9] = quantile(gaps[:n], 0.1)
    out[10] = quantile(gaps[:n], 0.5)
    out[11] = quantile(gaps[:n], 0.9)
    out[12] = total_of(tallies, 7)
    length = np.sqrt(norm_squared(parameters))
    slope = np.sqrt(norm_squared(grads))
    out[13] = slope
    out[14] = -inner(parameters, grads) / (length * slope) if length * slope > 0.0 else 0.0
    out[15] = length
    numbers = 0
    for t in range(tensors.size - 1):
        numbers += numbers_of(plan, shape, t)
        norms[t] = np.sqrt(norm_squared(parameters[np.int64(tensors[t]):np.int64(tensors[t + 1])]))
    out[16] = np.sqrt(norm_squared(steps) / numbers)


@kernel
def advance(count, measuring, plan, tensors, parameters, first, second, grads, steps, inputs, labels, choices, rates,
            clock, turned, sums, blocks, places, row32, row64, tallies, gaps, out, norms, shape=None):
    """Take `count` full-batch training steps; then, when `measuring`, fill `out` with `MEASURES` at the new weights,
    and `norms` with the norm of each parameter tensor. `shape` is that of a transformer, or None.

    One loop holds the steps and both passes of the measurement: with a single call of `gradient`, machine code and
    WebAssembly are half as large.
    """
    n = np.int64(plan[N_TRAIN])
    rest = np.int64(plan[N_ALL]) - n
    for i in range(count + (2 if measuring else 0)):
        testing = i == count + 1
        gradient(plan, parameters, inputs, labels, n if testing else 0, n + rest if testing else n, not testing,
                 i == count, choices, rates, turned, sums, blocks, places, row32, row64, tallies, gaps, grads,
                 shape, np.int64(clock[0]))
        if i < count:
            update(plan, shape, tensors, parameters, grads, first, second, steps, choices, rates, clock)
        elif i == count:
            note_training(plan, shape, tensors, parameters, grads, steps, tallies, gaps, out, norms)
        else:
            out[2] = total_of(tallies, 0) / rest
            out[3] = total_of(tallies, 1) / rest

"""Modular addition with one hidden layer, started, trained and looked at by kernels alone: how a page groks."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.random import seeded
from toolkit.collapse.kernels import ORDERS
from toolkit.elementary import cos, sin
from toolkit.networks.initial import fill_weights
from toolkit.networks.plan import N_ALL, N_TRAIN, n_classes, size_of, weights_of
from toolkit.optimizers import adam_rule, adam_settings
from toolkit.training.loss import Loss, any_mode
from toolkit.training.page import empty, loss_settings, pocket_sizes, set_plan, steps_taken, taken, train
from toolkit.training.task_rows import fill_modular, shuffle_rows

__all__ = ["adamw", "addition_sizes", "correct_cells", "embedding_spectrum", "start_addition", "steps_taken", "taken",
           "train_addition"]

_LANES = ORDERS["lanes"]
_TWO_PI = 6.283185307179586


def addition_sizes(p, width):
    """State of a live simulation: name -> (type, size); `p` and `width` are the largest that its controls allow."""
    return pocket_sizes(rows=p * p, inputs=2 * p, widths=(width,), classes=p, arity=2)


@kernel
def start_addition(p, width, fraction, activation, seed, integers, doubles, floats, random):
    """Data, split and initial weights of ``(a + b) mod p``; `activation` is a value of `ACTIVATIONS`.

    The same bits as `Experiment(p=p, widths=(width,), train_fraction=fraction, seed=seed)` starts with.
    """
    rows = p * p
    set_plan(np.int64(fraction * rows), rows, 2, (2 * p, width, p), False, activation, integers)
    run = taken(integers, doubles, floats)
    fill_modular(0, p, run.data.inputs, run.data.labels)
    seeded(random, seed, 1)
    shuffle_rows(run.data.inputs, run.data.labels, 2, random)
    empty(run)
    fill_weights(run.plan, run.state.parameters, seed, 1.0, random)


@kernel
def adamw(lr, weight_decay, beta1, beta2, eps, perp):
    """Settings of AdamW, with ⟂Grad or without, at a constant rate."""
    return adam_settings(lr, weight_decay, beta1, beta2, eps, True, perp)


@kernel
def train_addition(count, measuring, run, loss, fmt, settings):
    """Take `count` steps of AdamW and, when `measuring`, return `Measures` at the new weights.

    `loss` is a place in `toolkit.training.loss.LOSSES`, computed in the format with the code `fmt`, and adds up the
    classes in lanes.
    """
    return train(count, measuring, run, Loss(None, (0.0,), any_mode, loss_settings(loss, _LANES, fmt)), adam_rule,
                 settings)


@kernel
def correct_cells(run, cells):
    """The table of a and b: 0 for training rows that are wrong, 1 right; 2 for test rows that are wrong, 3 right."""
    p, inputs = n_classes(run.plan), run.data.inputs
    for i in range(np.int64(run.plan[N_ALL])):
        a, b = np.int64(inputs[2 * i]), np.int64(inputs[2 * i + 1]) - p
        held_out = i >= run.plan[N_TRAIN]
        cells[a * p + b] = (2.0 if held_out else 0.0) + (1.0 if run.work.gaps[i] > 0.0 else 0.0)


@kernel
def embedding_spectrum(run, units, power):
    """Of the first `units` hidden units, the share of the weights from a at each frequency 0 ... p // 2.

    ``power[k * units + h]`` is what frequency k has of the energy of unit h, by the discrete Fourier transform over a;
    a column sums to 1, or is 0 beyond the width. A unit that helps to add by rotating has one frequency; one that
    memorizes has a little of all. At most 12 p units; the rows of the loss are work space.
    """
    p = n_classes(run.plan)
    w = weights_of(run.state.parameters, run.plan, 1)
    count = min(units, size_of(run.plan, 1))
    real, imaginary = run.work.row64[:count], run.work.row64[count:2 * count]
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

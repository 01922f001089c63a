"""Boxes of many inputs go through a ReLU network by centre and radius, in plain arithmetic: what training does.

`toolkit.networks.interval_bounds` rounds outward and is a promise; this is the same to a few ulp, and has a gradient.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks._interval_bounds import widest
from toolkit.networks.plan import DEPTH, bias_of, n_classes, size_of, weights_of

__all__ = []
KERNELS = ["IntervalWork", "interval_pass", "interval_work_in", "interval_work_size"]

STATISTICS = 8


class IntervalWork(NamedTuple):
    """What a pass fills, for each layer k of the network and each row.

    Attributes
    ----------
    centre, radius : (layers, rows, units)
        Of the box that layer k hands on; 0 is that of the inputs.
    low, high : (layers, rows, units)
        Ends before the activation of layer k, a hidden one.
    slopes : (4, units)
        Gradients on their way back.
    margins : (2, classes)
        Bounds of a row, and the gradient with respect to them.
    statistics : (layers, `STATISTICS`)
        Of the regularisers.
    """

    centre: np.ndarray
    radius: np.ndarray
    low: np.ndarray
    high: np.ndarray
    slopes: np.ndarray
    margins: np.ndarray
    statistics: np.ndarray


@kernel
def interval_work_size(plan, rows):
    """Numbers that `IntervalWork` takes."""
    depth, units = np.int64(plan[DEPTH]), widest(plan)
    return 4 * depth * rows * units + 4 * units + 2 * n_classes(plan) + depth * STATISTICS


@kernel(inline=True)
def interval_work_in(values, plan, rows):
    """`IntervalWork` cut from an array of at least `interval_work_size`."""
    depth, units, classes = np.int64(plan[DEPTH]), widest(plan), n_classes(plan)
    part = depth * rows * units
    shape = (depth, rows, units)
    rest = 4 * part
    last = rest + 4 * units + 2 * classes
    return IntervalWork(
        values[:part].reshape(shape), values[part:2 * part].reshape(shape), values[2 * part:3 * part].reshape(shape),
        values[3 * part:rest].reshape(shape), values[rest:rest + 4 * units].reshape((4, units)),
        values[rest + 4 * units:last].reshape((2, classes)),
        values[last:last + depth * STATISTICS].reshape((depth, STATISTICS)))


@kernel
def interval_pass(plan, parameters, rows, work):
    """From the boxes of inputs to those of all hidden layers: ``W c + b`` and ``abs(W) r``, then ReLU of both ends."""
    for layer in range(1, np.int64(plan[DEPTH])):
        w, bias = weights_of(parameters, plan, layer), bias_of(parameters, plan, layer)
        units = size_of(plan, layer)
        for i in range(rows):
            c, r = work.centre[layer - 1, i], work.radius[layer - 1, i]
            low, high = work.low[layer, i], work.high[layer, i]
            for j in range(units):
                low[j], high[j] = bias[j], 0.0
            for k in range(w.shape[0]):
                for j in range(units):
                    low[j] += c[k] * w[k, j]
                    high[j] += r[k] * abs(w[k, j])
            for j in range(units):
                middle, reach = low[j], high[j]
                low[j], high[j] = middle - reach, middle + reach
                first = 0.0 if low[j] <= 0.0 else low[j]
                second = 0.0 if high[j] <= 0.0 else high[j]
                work.centre[layer, i, j] = 0.5 * (first + second)
                work.radius[layer, i, j] = 0.5 * (second - first)

"""Lines above and below a ReLU, and what they promise of a network when substituted back to its inputs."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.kernel import kernel
from toolkit.networks._given import boxes_of, logit_boxes, network_of
from toolkit.networks._interval_bounds import BENDS, Bounds, bend_interval, interval_affine, layers_in, room_for_layers
from toolkit.networks._outward import rounded_down, rounded_up
from toolkit.networks.plan import DEPTH, bias_of, size_of, weights_of

__all__ = ["Relaxation", "linear_bounds", "relu_relaxation"]
KERNELS = ["linear_forward", "lower_slope", "relaxation_area", "substituted_bound", "upper_line"]

_RELU = BENDS["relu"]
LOWER_LINES = {"adaptive": 0, "zero": 1, "one": 2}
_ROUND, _ETA = 1.2e-16, 5e-324  # more than 2^-53, and the smallest subnormal


class Relaxation(NamedTuple):
    """Lines between which ReLU lies over an interval, ``lower_slope x <= relu(x) <= upper_slope x + intercept``.

    Attributes
    ----------
    upper_slope, intercept, lower_slope : arrays of one shape
    area : of what a relaxation allows and the graph is not
        Of the triangle, which has both lines below, x and 0, at once.
    """

    upper_slope: np.ndarray
    intercept: np.ndarray
    lower_slope: np.ndarray
    area: np.ndarray


@kernel(forceinline=True)
def upper_line(low, high):
    """``(slope, intercept)`` of the line through both ends of the graph; the intercept is rounded up."""
    if low >= 0.0:
        return 1.0, 0.0
    if high <= 0.0:
        return 0.0, 0.0
    slope = min(high / (high - low), 1.0)
    at_low, at_high = rounded_up(-slope * low), rounded_up(high - rounded_down(slope * high))
    return slope, max(max(at_low, at_high), 0.0)


@kernel(forceinline=True)
def lower_slope(which, low, high):
    """Of the line below through 0: 1 or 0 for a unit that is always or never active, else as `which` says.

    0: whichever leaves the smaller area; 1: always 0; 2: always 1.
    """
    if low >= 0.0:
        return 1.0
    if high <= 0.0 or which == 1:
        return 0.0
    return 1.0 if which == 2 or high > -low else 0.0


@kernel(forceinline=True)
def relaxation_area(low, high):
    """Of the triangle between the line above and both lines below: ``-l u / 2``."""
    return -0.5 * low * high if low < 0.0 < high else 0.0


@kernel
def largest_over_box(a, low, high, n):
    """An upper bound of ``sum a_i x_i`` over a box."""
    total = 0.0
    for i in range(n):
        if a[i] != 0.0:
            total = rounded_up(total + rounded_up(max(a[i] * low[i], a[i] * high[i])))
    return total


@kernel
def line_back(which, low, high, a, n):
    """From coefficients of ReLUs to those of what they see, in place; returns what comes to the constant."""
    constant = 0.0
    for i in range(n):
        if a[i] > 0.0:
            slope, intercept = upper_line(low[i], high[i])
            constant = rounded_up(constant + rounded_up(a[i] * intercept))
        else:
            slope = lower_slope(which, low[i], high[i])
        if low[i] < 0.0 < high[i]:  # else the slope is 0 or 1 and rounds nothing
            constant = rounded_up(constant + (_ROUND * abs(a[i] * slope) + _ETA) * max(-low[i], high[i]))
        a[i] *= slope
    return constant


@kernel
def layer_back(w, bias, low, high, a, n, below):
    """From coefficients of a layer to those of what it sees; returns what comes to the constant.

    The coefficients are rounded, so that they stand for slightly other ones: by how much at most, times the largest
    size of what they multiply, comes to the constant.
    """
    constant = 0.0
    for j in range(n):
        constant = rounded_up(constant + rounded_up(a[j] * bias[j]))
    for i in range(w.shape[0]):
        total, size = 0.0, 0.0
        for j in range(n):
            total += a[j] * w[i, j]
            size += abs(a[j] * w[i, j])
        below[i] = total
        slack = (n + 4) * (_ROUND * size + _ETA)
        constant = rounded_up(constant + rounded_up(slack * max(abs(low[i]), abs(high[i]))))
    return constant


@kernel
def substituted_bound(plan, parameters, which, layer, a, other, layers):
    """An upper bound of ``sum a_i h_i``, h what `layer` hands on, by lines substituted back to the inputs.

    `a` and `other` are written over. The boxes of `layers` must be there up to `layer`.
    """
    constant = 0.0
    while layer > 0:
        units = size_of(plan, layer)
        constant = rounded_up(constant + line_back(which, layers.low[layer], layers.high[layer], a, units))
        constant = rounded_up(constant + layer_back(
            weights_of(parameters, plan, layer), bias_of(parameters, plan, layer), layers.low_after[layer - 1],
            layers.high_after[layer - 1], a, units, other))
        for i in range(size_of(plan, layer - 1)):
            a[i] = other[i]
        layer -= 1
    return rounded_up(constant + largest_over_box(a, layers.low_after[0], layers.high_after[0], size_of(plan, 0)))


@kernel
def linear_forward(plan, parameters, which, layers, a, other):
    """`toolkit.networks.kernels.interval_forward` of a ReLU network with boxes from lines, where they are smaller."""
    depth = np.int64(plan[DEPTH])
    for layer in range(1, depth + 1):
        low, high = layers.low[layer], layers.high[layer]
        interval_affine(plan, parameters, layer, layers.low_after[layer - 1], layers.high_after[layer - 1], low, high)
        w, bias = weights_of(parameters, plan, layer), bias_of(parameters, plan, layer)
        for j in range(size_of(plan, layer) if layer > 1 else 0):
            for i in range(w.shape[0]):
                a[i] = w[i, j]
            most = rounded_up(substituted_bound(plan, parameters, which, layer - 1, a, other, layers) + bias[j])
            for i in range(w.shape[0]):
                a[i] = -w[i, j]
            least = -rounded_up(substituted_bound(plan, parameters, which, layer - 1, a, other, layers) - bias[j])
            low[j], high[j] = max(low[j], least), min(high[j], most)
        for j in range(size_of(plan, layer) if layer < depth else 0):
            layers.low_after[layer, j], layers.high_after[layer, j] = bend_interval(_RELU, low[j], high[j])


@kernel
def linear_rows(plan, parameters, which, low, high, work, a, other, out_low, out_high):
    layers, depth = layers_in(work, plan), np.int64(plan[DEPTH])
    for i in range(low.shape[0]):
        layers.low_after[0, :low.shape[1]] = low[i]
        layers.high_after[0, :low.shape[1]] = high[i]
        linear_forward(plan, parameters, which, layers, a, other)
        out_low[i] = layers.low[depth, :out_low.shape[1]]
        out_high[i] = layers.high[depth, :out_low.shape[1]]


def relu_relaxation(lower, upper, *, lower_line="adaptive"):
    """The lines of a single ReLU over an interval: what linear relaxations know of it.

    Above, the line through both ends. Below, two lines hold, 0 and x: the *triangle* takes both, and is the smallest
    convex set around the graph, of area ``-l u / 2``. DeepPoly and CROWN take one of them, so that a bound can be
    substituted through all layers.

    Parameters
    ----------
    lower, upper : array_like
        Ends of the intervals, of one shape.
    lower_line : {"adaptive", "zero", "one"}
        Which line below has its slope in `lower_slope`: x where ``u > -l`` and 0 else, which leaves the smaller area;
        or the same one for all units that may be active or not.

    Returns
    -------
    Relaxation
        `upper_slope`, `intercept`, `lower_slope` and `area`, of the shape of the ends, in float64.

    Special values
    --------------
    A unit that is active everywhere has slope 1 on both sides and area 0, one that is active nowhere slope 0.

    Accuracy
    --------
    The intercept is rounded up, by at most 3 ulp of ``u - l``: with the slope as it is, the line is nowhere below the
    graph, tested in rational arithmetic.

    References
    ----------
    Singh, Gehr, Püschel, Vechev, An Abstract Domain for Certifying Neural Networks, POPL 2019,
    doi:10.1145/3290354. Zhang, Weng, Chen, Hsieh, Daniel, Efficient Neural Network Robustness Certification with
    General Activation Functions, NeurIPS 2018, arXiv:1811.00866.

    Examples
    --------
    >>> for number in relu_relaxation([-1.0], [2.0]):
    ...     print(number.round(6))
    [0.666667]
    [0.666667]
    [1.]
    [1.]
    """
    which = chosen("lower_line", lower_line, LOWER_LINES)
    low, high = logit_boxes(lower, upper)
    out = np.empty((4, low.size))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        relaxation_rows(which, low.reshape(-1), high.reshape(-1), *out)
    return Relaxation(*out.reshape(4, *low.shape))


@kernel
def relaxation_rows(which, low, high, slope, intercept, below, area):
    for i in range(low.size):
        slope[i], intercept[i] = upper_line(low[i], high[i])
        below[i] = lower_slope(which, low[i], high[i])
        area[i] = relaxation_area(low[i], high[i])
        if low[i] != low[i] or high[i] != high[i]:
            slope[i] = intercept[i] = below[i] = area[i] = np.nan


def linear_bounds(weights, biases, lower, upper, *, lower_line="adaptive"):
    """Bounds of a ReLU network's outputs over a box of inputs, by lines substituted back to the inputs.

    A box of a hidden layer forgets that two units saw the same input. A line through each ReLU does not: the output
    becomes a linear function of the inputs, in which terms cancel, and only then the box comes in. This is what CROWN
    and DeepPoly do. Each layer's bounds are also no wider than those of interval arithmetic from the layer before.

    Parameters
    ----------
    weights, biases, lower, upper
        As of `toolkit.networks.interval_bounds`.
    lower_line : {"adaptive", "zero", "one"}
        As of `relu_relaxation`.

    Returns
    -------
    Bounds
        `lower` and `upper` (..., outputs), in float64.

    Special values
    --------------
    NaN gives NaN, where intervals have it.

    Accuracy
    --------
    Rounded outward, coefficients too: the exact outputs of the network with these weights lie inside, tested in
    rational arithmetic and by exact programs for small networks.

    References
    ----------
    Singh, Gehr, Püschel, Vechev, An Abstract Domain for Certifying Neural Networks, POPL 2019,
    doi:10.1145/3290354. Zhang, Weng, Chen, Hsieh, Daniel, Efficient Neural Network Robustness Certification with
    General Activation Functions, NeurIPS 2018, arXiv:1811.00866. The rounding is derived here.

    Examples
    --------
    The size of x between -1 and 1, as ``relu(x) + relu(-x)``; intervals promise 2:

    >>> linear_bounds([[[1.0], [-1.0]], [[1.0, 1.0]]], None, [-1.0], [1.0]).upper.round(12)
    array([1.])
    """
    which = chosen("lower_line", lower_line, LOWER_LINES)
    plan, parameters = network_of(weights, biases)
    shape, low, high = boxes_of(lower, upper, len(weights[0][0]))
    room = room_for_layers(plan)
    out, lines = np.empty((2, len(low), len(weights[-1]))), np.empty((2, room.size))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        linear_rows(plan, parameters, which, low, high, room, lines[0], lines[1], out[0], out[1])
    return Bounds(*out.reshape(2, *shape, len(weights[-1])))

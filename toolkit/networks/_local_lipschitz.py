"""How steep a ReLU network can be inside a box: bounds of its Jacobian, and of its local Lipschitz constant."""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks._given import boxes_of, network_of
from toolkit.networks._interval_bounds import BENDS, interval_forward, layers_in, room_for_layers, times
from toolkit.networks._outward import rounded_down, rounded_up
from toolkit.networks.plan import DEPTH, size_of, weights_of

__all__ = ["LocalLipschitz", "local_lipschitz"]
KERNELS = ["jacobian_bounds"]

_RELU = BENDS["relu"]


class LocalLipschitz(NamedTuple):
    """How steep a network is inside of boxes.

    Attributes
    ----------
    bound : (...)
        ``max over outputs of the sum over inputs`` of the largest size of a slope: no two inputs in the box have
        outputs further apart than this times their distance, both as the largest coordinate.
    lower, upper : (..., outputs, inputs)
        Between what the slopes lie.
    """

    bound: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@kernel
def slopes_below(w, units, low, high, least, most):
    """``A W`` for a row A of intervals [low, high]; `w` has a row for each unit below."""
    for i in range(w.shape[0]):
        first, second = 0.0, 0.0
        for j in range(units):
            x = w[i, j]
            if x != 0.0 or low[j] != low[j]:
                one, other = times(x, low[j]), times(x, high[j])
                if x < 0.0:
                    one, other = other, one
                if one != 0.0:
                    first = rounded_down(first + rounded_down(one))
                if other != 0.0:
                    second = rounded_up(second + rounded_up(other))
        least[i], most[i] = first, second


@kernel
def times_slope_interval(low, high, before_low, before_high):
    """An interval times the slopes of ReLU over an interval: 1, 0, or anything between."""
    if before_low > 0.0:
        return low, high
    if before_high <= 0.0:
        return 0.0 * low, 0.0 * high
    if not before_low <= before_high:
        return np.nan, np.nan
    return min(low, 0.0 * low), max(high, 0.0 * high)


@kernel
def jacobian_bounds(plan, parameters, layers, k, least, most):
    """Intervals of the slopes of output k, after `interval_forward` of a ReLU network; returns the sum of their sizes.

    A row of intervals goes back through the layers: times the interval of the ReLU's slope, then times the weights.
    The rows of `layers` that the last layer does not need are written over.
    """
    depth = np.int64(plan[DEPTH])
    low, high = layers.low_after[depth], layers.high_after[depth]
    w = weights_of(parameters, plan, depth)
    for i in range(w.shape[0]):
        low[i], high[i] = w[i, k], w[i, k]
    for layer in range(depth - 1, 0, -1):
        units = size_of(plan, layer)
        for j in range(units):
            low[j], high[j] = times_slope_interval(low[j], high[j], layers.low[layer, j], layers.high[layer, j])
        slopes_below(weights_of(parameters, plan, layer), units, low, high, least, most)
        for i in range(size_of(plan, layer - 1)):
            low[i], high[i] = least[i], most[i]
    total = 0.0
    for i in range(size_of(plan, 0)):
        least[i], most[i] = low[i], high[i]
        total = rounded_up(total + max(-low[i], high[i]))
    return total


@kernel
def lipschitz_rows(plan, parameters, low, high, work, least, most, bound, out_low, out_high):
    layers = layers_in(work, plan)
    for i in range(low.shape[0]):
        layers.low_after[0, :low.shape[1]] = low[i]
        layers.high_after[0, :low.shape[1]] = high[i]
        interval_forward(plan, parameters, _RELU, layers)
        bound[i] = 0.0
        for k in range(out_low.shape[1]):
            total = jacobian_bounds(plan, parameters, layers, k, least, most)
            bound[i] = total if total > bound[i] or total != total else bound[i]
            out_low[i, k] = least[:low.shape[1]]
            out_high[i, k] = most[:low.shape[1]]


def local_lipschitz(weights, biases, lower, upper):
    """A bound on how steep a ReLU network is inside of a box, from interval bounds of its Jacobian.

    Interval bounds say which units are active all over the box, which are nowhere, and which may be either; the slope
    of the last kind is anything from 0 to 1. Where the box is small and no unit changes sides the bound is the exact
    slope; for a large box it is at most the product of the weights' norms.

    Parameters
    ----------
    weights, biases, lower, upper
        As of `toolkit.networks.interval_bounds`.

    Returns
    -------
    LocalLipschitz
        `bound` (...), and the Jacobian's `lower` and `upper` (..., outputs, inputs), in float64. The norm is the
        largest coordinate, of inputs and outputs.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    Rounded outward: no slope of the network with these weights is larger, tested by random points and, for small
    networks, by all patterns of active units. At a kink every slope from 0 to 1 counts.

    References
    ----------
    The interval form is derived here. Shi, Wang, Zhang, Kolter, Hsieh, Efficiently Computing Local Lipschitz Constants
    of Neural Networks via Bound Propagation, NeurIPS 2022, arXiv:2210.07394, replace the intervals by linear
    relaxations and split boxes, which is strictly tighter and not built here.

    Examples
    --------
    >>> W1, W2 = [[1.0, -1.0], [2.0, 0.5]], [[1.0, -1.0]]
    >>> for radius in (0.3, 0.5):
    ...     low, high = [0.5 - radius, -0.2 - radius], [0.5 + radius, -0.2 + radius]
    ...     print(local_lipschitz([W1, W2], [[0.1, -0.2], [0.0]], low, high).bound.round(6))
    2.5
    3.5
    """
    plan, parameters = network_of(weights, biases)
    inputs, outputs = len(weights[0][0]), len(weights[-1])
    shape, low, high = boxes_of(lower, upper, inputs)
    room, rows = room_for_layers(plan), len(low)
    bound, slopes, ends = np.empty(rows), np.empty((2, rows, outputs, inputs)), np.empty((2, room.size))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        lipschitz_rows(plan, parameters, low, high, room, ends[0], ends[1], bound, slopes[0], slopes[1])
    return LocalLipschitz(bound.reshape(shape)[()], *slopes.reshape(2, *shape, outputs, inputs))

"""Interval bound propagation: a box of inputs goes through a network, and a box of outputs comes out."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_number, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.switch import switch
from toolkit.activations.kernels import (
    gelu_value,
    hard_swish_value,
    mish_value,
    relu_value,
    sigmoid_value,
    silu_value,
    tanh_value,
)
from toolkit.networks._given import boxes_of, network_of
from toolkit.networks._outward import rounded_down, rounded_up, widened_down, widened_up
from toolkit.networks.plan import DEPTH, SIZES, bias_of, matrix, size_of, weights_of, width_of
from toolkit.networks.product import LINE

__all__ = ["Bounds", "box_around", "interval_bounds"]
KERNELS = ["Layers", "bend_interval", "interval_affine", "interval_forward", "layers_in", "layers_size"]

# Name -> (kernel, where the function is least: it falls up to there and then rises).
_BENDS = {"relu": (relu_value, -np.inf), "tanh": (tanh_value, -np.inf), "sigmoid": (sigmoid_value, -np.inf),
          "gelu": (gelu_value, -0.751791524694), "silu": (silu_value, -1.278464542761),
          "mish": (mish_value, -1.192431214515), "hard_swish": (hard_swish_value, -1.5)}
BENDS = {name: place for place, name in enumerate(_BENDS)}
_LOWEST = np.array([lowest for _, lowest in _BENDS.values()])
_value = switch([value for value, _ in _BENDS.values()])


class Bounds(NamedTuple):
    """Between what outputs lie.

    Attributes
    ----------
    lower, upper : arrays of one shape
    """

    lower: np.ndarray
    upper: np.ndarray


class Layers(NamedTuple):
    """A box in each layer: row 0 is the input, row k is layer k.

    Attributes
    ----------
    low, high : before the activation
    low_after, high_after : behind it; in row 0 the box of inputs
    """

    low: np.ndarray
    high: np.ndarray
    low_after: np.ndarray
    high_after: np.ndarray


@kernel
def widest(plan):
    """Columns in memory of the widest layer, inputs included."""
    most = width_of(plan, 0)
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        most = max(most, width_of(plan, layer))
    return most


@kernel
def layers_size(plan):
    """Numbers that `Layers` of this network take."""
    return 4 * (np.int64(plan[DEPTH]) + 1) * widest(plan)


@kernel(inline=True)
def layers_in(values, plan):
    """`Layers` cut from an array of at least `layers_size`."""
    rows, columns = np.int64(plan[DEPTH]) + 1, widest(plan)
    part = rows * columns
    return Layers(matrix(values, 0, rows, columns), matrix(values, part, rows, columns),
                  matrix(values, 2 * part, rows, columns), matrix(values, 3 * part, rows, columns))


@kernel(forceinline=True)
def times(weight, end):
    """A product in which a weight of 0 leaves nothing of an infinite end."""
    return 0.0 if weight == 0.0 and end == end else weight * end


@kernel
def interval_affine(plan, parameters, layer, low, high, out_low, out_high):
    """``W h + b`` of a box: each weight takes the end that is worse, each product and each sum is rounded outward."""
    w, bias = weights_of(parameters, plan, layer), bias_of(parameters, plan, layer)
    for j in range(size_of(plan, layer)):
        least = most = bias[j]
        for i in range(w.shape[0]):
            x = w[i, j]
            if x != 0.0 or low[i] != low[i] or high[i] != high[i]:
                first, second = times(x, low[i]), times(x, high[i])
                if x < 0.0:
                    first, second = second, first
                least = rounded_down(least + rounded_down(first))
                most = rounded_up(most + rounded_up(second))
        out_low[j], out_high[j] = least, most


@kernel
def bend_interval(kind, low, high):
    """The range of an activation over an interval: its ends, and its least value where that lies between them."""
    if kind == 0:
        return relu_value(low), relu_value(high)
    first, second = _value(kind, low), _value(kind, high)
    least = min(first, second)
    if low <= _LOWEST[kind] <= high:
        least = _value(kind, _LOWEST[kind])
    if first != first or second != second:
        return np.nan, np.nan
    return widened_down(least), widened_up(max(first, second))


@kernel
def interval_forward(plan, parameters, kind, layers):
    """From the box in row 0 of `low_after` and `high_after` to those of all layers."""
    depth = np.int64(plan[DEPTH])
    for layer in range(1, depth + 1):
        low, high = layers.low[layer], layers.high[layer]
        interval_affine(plan, parameters, layer, layers.low_after[layer - 1], layers.high_after[layer - 1], low, high)
        if layer < depth:
            for j in range(size_of(plan, layer)):
                layers.low_after[layer, j], layers.high_after[layer, j] = bend_interval(kind, low[j], high[j])


@kernel
def interval_rows(plan, parameters, kind, low, high, work, out_low, out_high):
    """The box of outputs of each row's box."""
    layers, depth = layers_in(work, plan), np.int64(plan[DEPTH])
    for i in range(low.shape[0]):
        layers.low_after[0, :low.shape[1]] = low[i]
        layers.high_after[0, :low.shape[1]] = high[i]
        interval_forward(plan, parameters, kind, layers)
        out_low[i] = layers.low[depth, :out_low.shape[1]]
        out_high[i] = layers.high[depth, :out_low.shape[1]]


def box_around(inputs, epsilon, *, low=-np.inf, high=np.inf):
    """The box of all inputs within ``epsilon`` of these in every coordinate, rounded outward.

    Parameters
    ----------
    inputs : array_like (..., n)
    epsilon : float or array_like
        >= 0; broadcasts to the inputs.
    low, high : float
        The range of the data, to which the box is clipped.

    Returns
    -------
    Bounds
        `lower` and `upper`, of the shape of the inputs. With an `epsilon` of 0 the inputs themselves, clipped.

    Examples
    --------
    >>> lower, upper = box_around([0.5, 0.95], 0.1, high=1.0)
    >>> lower.round(3), upper.round(3)
    (array([0.4 , 0.85]), array([0.6, 1. ]))
    """
    low, high = (check_number(name, end, -np.inf, np.inf) for name, end in (("low", low), ("high", high)))
    x, radius = real_array(inputs, "inputs").astype(np.float64), real_array(epsilon, "epsilon").astype(np.float64)
    if (radius < 0).any():
        raise ValueError("epsilon has a negative number; allowed: numbers >= 0")
    try:
        x, radius = np.broadcast_arrays(x, radius)
    except ValueError:
        raise ValueError(f"epsilon has shape {radius.shape}; allowed: one that broadcasts to that of inputs, {x.shape}"
                         ) from None
    still = radius == 0
    lower = np.where(still, x, np.nextafter(x - radius, -np.inf))
    upper = np.where(still, x, np.nextafter(x + radius, np.inf))
    return Bounds(np.clip(lower, low, high), np.clip(upper, low, high))


def interval_bounds(weights, biases, lower, upper, *, activation="relu"):
    """Bounds of a network's outputs over a box of inputs, by interval arithmetic, layer by layer.

    A matrix takes centre c and radius r of a box to ``W c + b`` and ``abs(W) r``; a monotone activation takes both ends
    along. GELU, SiLU, Mish and hard swish fall and then rise, and their least value counts where it lies inside. What
    comes out is certain and often loose: a box forgets that two units saw the same input.

    Parameters
    ----------
    weights : list of array_like (units, units below)
        Of the first layer first; there is an activation behind each layer but the last.
    biases : list of array_like (units,), or None
    lower, upper : array_like (..., inputs)
        The ends of the boxes; see `box_around`.
    activation : {"relu", "tanh", "sigmoid", "gelu", "silu", "mish", "hard_swish"}

    Returns
    -------
    Bounds
        `lower` and `upper` (..., outputs), in float64.

    Special values
    --------------
    A NaN among weights or inputs gives NaN where it arrives. An infinite end is taken as it is.

    Accuracy
    --------
    Each operation is rounded outward, so that the exact outputs of the network with these weights lie inside, tested in
    rational arithmetic. Not inside is what another program rounds on its own way through the network. The bounds are
    within 2n ulp of exact interval arithmetic, relative to the sum of the sizes of n terms.

    References
    ----------
    Gowal et al., On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models, 2018,
    arXiv:1810.12715. Rump, Zimmermann, Boldo, Melquiond, Computing predecessor and successor in rounding to nearest,
    BIT 49, 2009, for the rounding.

    Examples
    --------
    >>> W1, W2 = [[1.0, -1.0], [2.0, 0.5]], [[1.0, -1.0]]
    >>> low, high = interval_bounds([W1, W2], [[0.1, -0.2], [0.0]], *box_around([0.5, -0.2], 0.1))
    >>> print(f"{low[0]:.6f} {high[0]:.6f}")
    -0.350000 0.550000
    """
    kind = chosen("activation", activation, BENDS)
    plan, parameters = network_of(weights, biases)
    shape, low, high = boxes_of(lower, upper, len(weights[0][0]))
    out = np.empty((2, len(low), len(weights[-1])))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        interval_rows(plan, parameters, kind, low, high, room_for_layers(plan), out[0], out[1])
    return Bounds(*out.reshape(2, *shape, len(weights[-1])))


def room_for_layers(plan):
    """Space for `Layers`, without a call of a kernel."""
    sizes = plan[SIZES:]
    return np.empty(4 * len(sizes) * (max(sizes) + LINE))

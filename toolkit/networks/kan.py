"""Training of a Kolmogorov-Arnold network: layers of edges, each a sum of functions with weights that are learned.

The parameters lie in one row: of each layer the weights (units, units below, functions), then the biases.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_whole, shown
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded
from toolkit.elementary.normal import standard_normal
from toolkit.networks._kan_grid import checked_grid
from toolkit.networks._kan_layer import BASES, basis_row, kan_layer, kan_layer_row, kan_layer_vjp_row
from toolkit.networks.adam_step import adam_step, memory_of, start_memory

__all__ = ["Edges", "KanRun", "bias_of_layer", "edge_at", "edges_of_layer", "fit_kan", "kan_numbers", "kan_step",
           "start_kan"]


class Edges(NamedTuple):
    """What all edges of a network share: the place of their basis in `BASES`, its grid, and the ends of that."""

    basis: int
    grid: int
    order: int
    low: float
    high: float


@kernel
def layer_start(sizes, functions, layer):
    """Where layer 1, 2 ... begins among the parameters; one layer too many: how many there are."""
    start = 0
    for k in range(1, layer):
        start += np.int64(sizes[k]) * (np.int64(sizes[k - 1]) * functions + 1)
    return start


@kernel
def kan_numbers(sizes, functions):
    return layer_start(sizes, functions, sizes.size)


@kernel(inline=True)
def edges_of_layer(values, sizes, functions, layer):
    """(units, units below, functions)."""
    units, below = np.int64(sizes[layer]), np.int64(sizes[layer - 1])
    start = layer_start(sizes, functions, layer)
    return values[start:start + units * below * functions].reshape((units, below, functions))


@kernel(inline=True)
def bias_of_layer(values, sizes, functions, layer):
    end = layer_start(sizes, functions, layer + 1)
    return values[end - np.int64(sizes[layer]):end]


@kernel
def edge_at(edges, x, weights, features):
    """What one edge makes of a number."""
    basis_row(edges.basis, x, edges.grid, edges.order, edges.low, edges.high, features)
    total = 0.0
    for i in range(weights.size):
        total += weights[i] * features[i]
    return total


@kernel
def start_kan(sizes, functions, seed, random, parameters, first, second, clock):
    """Normal weights with deviation ``0.3 / sqrt(units below)``, biases 0; a fresh memory."""
    seeded(random, seed, 2)
    for layer in range(1, sizes.size):
        w = edges_of_layer(parameters, sizes, functions, layer)
        bias = bias_of_layer(parameters, sizes, functions, layer)
        deviation = 0.3 / np.sqrt(float(w.shape[1]))
        for o in range(w.shape[0]):
            bias[o] = 0.0
            for d in range(w.shape[1]):
                for i in range(functions):
                    w[o, d, i] = deviation * standard_normal(random)
    start_memory(first, second, clock)


@kernel
def kan_gradient(edges, sizes, parameters, inputs, targets, units, slopes, features, grads):
    """Fills the gradient of the mean squared error; returns that, and the share of hidden numbers off the grid.

    `units` and `slopes` are (layers + 1, widest), `features` (widest, functions), all to work in.
    """
    functions, last, rows, off, hidden, error = features.shape[1], sizes.size - 1, targets.shape[0], 0, 0, 0.0
    for i in range(grads.size):
        grads[i] = 0.0
    for n in range(rows):
        for d in range(inputs.shape[1]):
            units[0, d] = inputs[n, d]
        for layer in range(1, last + 1):
            below, here = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
            kan_layer_row(edges.basis, units[layer - 1, :below], edges_of_layer(parameters, sizes, functions, layer),
                          bias_of_layer(parameters, sizes, functions, layer), edges.order, edges.low, edges.high,
                          features[:below], units[layer, :here])
            if layer < last:
                for d in range(here):
                    hidden += 1
                    off += units[layer, d] < edges.low or units[layer, d] > edges.high
        for k in range(targets.shape[1]):
            miss = units[last, k] - targets[n, k]
            error += miss * miss
            slopes[last, k] = 2.0 * miss / (rows * targets.shape[1])
        for layer in range(last, 0, -1):
            below, here = np.int64(sizes[layer - 1]), np.int64(sizes[layer])
            kan_layer_vjp_row(edges.basis, units[layer - 1, :below],
                              edges_of_layer(parameters, sizes, functions, layer), slopes[layer, :here], edges.order,
                              edges.low, edges.high, features[:below], slopes[layer - 1, :below],
                              edges_of_layer(grads, sizes, functions, layer),
                              bias_of_layer(grads, sizes, functions, layer))
    return error / (rows * targets.shape[1]), off / max(hidden, 1)


@kernel
def kan_step(edges, sizes, lr, parameters, memory, inputs, targets, units, slopes, features, tensors):
    """A step of Adam on all rows; returns error and share off the grid before it.

    `memory` is that of `memory_of`; `tensors` has room for two numbers, since all parameters move as one tensor.
    """
    grads, first, second, clock, steps = memory
    found = kan_gradient(edges, sizes, parameters, inputs, targets, units, slopes, features, grads)
    tensors[0], tensors[1] = 0, parameters.size
    adam_step(lr, 0.99, tensors, tensors[1:], parameters, grads, first, second, clock, steps)
    return found


@kernel
def take_steps(edges, sizes, lr, parameters, memory, inputs, targets, units, slopes, features, tensors, errors):
    for t in range(errors.size):
        errors[t], _ = kan_step(edges, sizes, lr, parameters, memory, inputs, targets, units, slopes, features, tensors)


class KanRun(NamedTuple):
    """What training leaves.

    Attributes
    ----------
    weights, biases : lists of arrays, as `toolkit.networks.kan_layer` takes them
    errors : (steps,)
        The mean squared error before each step.
    layer : dict
        The other arguments of `kan_layer`.
    """

    weights: list
    biases: list
    errors: np.ndarray
    layer: dict

    def predict(self, x):
        """What the network says of rows."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = kan_layer(x, weight, bias, **self.layer)
        return x


def fit_kan(inputs, targets, *, widths=(1,), basis="spline", grid=6, order=3, low=-1.0, high=1.0, lr=0.02, steps=2000,
            seed=0):
    """Train a Kolmogorov-Arnold network on rows of numbers and what it should say of them.

    Adam (beta2 = 0.99) on the mean squared error of all rows, in float64: the loop of the figures. The engine, whose
    layers are matrices, cannot take these.

    Parameters
    ----------
    inputs : array_like (rows, n)
    targets : array_like (rows, m)
    widths : tuple of int
        Units of each hidden layer.
    basis, order, low, high : as in `toolkit.networks.kan_layer`
    grid, steps, seed : int
    lr : float

    Returns
    -------
    KanRun
    """
    x, y = (behaved(real_array(each, name), np.float64) for each, name in ((inputs, "inputs"), (targets, "targets")))
    for each, name in ((x, "inputs"), (y, "targets")):
        if each.ndim != 2 or 0 in each.shape or len(each) != len(x):
            raise ValueError(f"{name} has shape {each.shape}; allowed: (rows, numbers), as many rows as inputs")
    if not isinstance(widths, (list, tuple)):
        raise TypeError(f"widths is {shown(widths)}; allowed: a tuple of integers, at least 1")
    sizes = np.array([x.shape[1], *(check_whole("widths", each, 1, 2**16) for each in widths), y.shape[1]])
    edges = Edges(check_choice("basis", basis, tuple(BASES)), *checked_grid(grid, order, low, high))
    lr, steps, seed = check_finite("lr", lr, 0.0), check_whole("steps", steps, 0), check_whole("seed", seed, 0, 2**62)
    functions, widest = edges.grid + edges.order, int(sizes.max())
    parameters = np.zeros(kan_numbers(sizes, functions))
    memory, errors = memory_of(parameters.size), np.empty(steps)
    start_kan(sizes, functions, seed, np.zeros(1, np.uint64), parameters, *memory[1:4])
    take_steps(edges, sizes, lr, parameters, memory, x, y, *np.zeros((2, sizes.size, widest)),
               np.zeros((widest, functions)), np.zeros(2, np.int64), errors)
    layers = range(1, sizes.size)
    return KanRun([edges_of_layer(parameters, sizes, functions, k).copy() for k in layers],
                  [bias_of_layer(parameters, sizes, functions, k).copy() for k in layers], errors,
                  {"basis": basis, "order": edges.order, "low": edges.low, "high": edges.high})

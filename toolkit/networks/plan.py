"""How a network's numbers lie in memory: one integer array, the *plan*, that kernels and Python read alike.

A layer's weights are a (rows, columns) matrix whose columns are padded to whole cache lines; the padding is 0 and
stays 0. A bias is one more row behind the weights. Inputs are sums of rows of the first layer's weights: a one-hot
vector picks one row, so the product with the input is a gather.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks.activation import ACTIVATIONS
from toolkit.networks.product import padded

__all__ = ["ACTIVATION", "ARITY", "BIASED", "BLOCK", "CHUNKS", "DEPTH", "N_ALL", "N_TRAIN", "SIZES",
           "bias_of", "columns_in", "fill_tensors", "layer_start", "matrix", "n_classes", "n_parameters", "numbers_in",
           "plan_of", "size_of", "weights_of", "width_of"]

N_TRAIN, N_ALL, ARITY, DEPTH, BIASED, ACTIVATION, SIZES = range(7)
CHUNKS = 8  # parts of the training rows, each with sums of its own: fixed, so that threads change no bit
BLOCK = 64  # rows of a chunk that go through the network together


def plan_of(*, n_train, n_all, arity, sizes, biased, activation):
    """The plan of a multi-layer perceptron; `sizes` = (input symbols, widths ..., classes)."""
    return np.array([n_train, n_all, arity, len(sizes) - 1, int(biased), ACTIVATIONS[activation], *sizes], np.int32)


@kernel
def size_of(plan, layer):
    """Units of a layer; layer 0 is the input."""
    return np.int64(plan[SIZES + layer])


@kernel
def width_of(plan, layer):
    """Columns in memory of a layer."""
    return padded(size_of(plan, layer))


@kernel
def n_classes(plan):
    return size_of(plan, np.int64(plan[DEPTH]))


@kernel
def layer_start(plan, layer):
    """Where the weights of `layer` (1, 2 ...) begin among all parameters; layer depth + 1: where they end."""
    start = 0
    for i in range(1, layer):
        start += (size_of(plan, i - 1) + np.int64(plan[BIASED])) * width_of(plan, i)
    return start


@kernel
def n_parameters(plan):
    """Numbers among the parameters, padding included."""
    return layer_start(plan, np.int64(plan[DEPTH]) + 1)


@kernel
def numbers_in(plan, tensor):
    """Numbers in parameter tensor 0, 1 ... without padding."""
    each = 1 + np.int64(plan[BIASED])
    layer = tensor // each + 1
    return size_of(plan, layer) * (size_of(plan, layer - 1) if tensor % each == 0 else 1)


@kernel
def columns_in(plan, tensor):
    """Columns in memory of parameter tensor 0, 1 ...; 0 of a bias."""
    each = 1 + np.int64(plan[BIASED])
    return width_of(plan, tensor // each + 1) if tensor % each == 0 else 0


@kernel(inline=True)
def matrix(values, start, rows, columns):
    """A (rows, columns) view of `values` from `start` on."""
    return values[start:start + rows * columns].reshape((rows, columns))


@kernel(inline=True)
def weights_of(values, plan, layer):
    """The weights of `layer` as a (rows, columns) view."""
    return matrix(values, layer_start(plan, layer), size_of(plan, layer - 1), width_of(plan, layer))


@kernel(inline=True)
def bias_of(values, plan, layer):
    """The bias of `layer` as a row."""
    start = layer_start(plan, layer) + size_of(plan, layer - 1) * width_of(plan, layer)
    return values[start:start + width_of(plan, layer)]


@kernel
def fill_tensors(plan, tensors):
    """Where each parameter tensor begins, and where the last one ends: weights 1, bias 1, weights 2 ..."""
    n = 0
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        start = layer_start(plan, layer)
        tensors[n] = start
        n += 1
        if plan[BIASED]:
            tensors[n] = start + size_of(plan, layer - 1) * width_of(plan, layer)
            n += 1
    tensors[n] = n_parameters(plan)

"""Forward and backward through a multi-layer perceptron, for one chunk of rows at a time.

A chunk owns its sums of gradients and its work space, so chunks may run on any number of threads: their sums are
added in a fixed order afterwards. Within a chunk, blocks of rows go all the way forward and back while their
numbers are in the cache.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks.activation import activate, times_derivative
from toolkit.networks.plan import (
    ACTIVATION,
    ARITY,
    BIASED,
    BLOCK,
    DEPTH,
    bias_of,
    matrix,
    size_of,
    weights_of,
    width_of,
)
from toolkit.networks.product import add_product, add_transposed_product
from toolkit.networks.rows import add_row, add_rows, clear, start_from, transpose

__all__ = ["backward_block", "block_floats", "forward_block", "layer_block", "transpose_weights",
           "transposed_floats"]


@kernel
def block_floats(plan):
    """Numbers of work space that one chunk needs: z, phi(z) and the gradient of each layer."""
    total = 0
    for layer in range(1, np.int64(plan[DEPTH]) + 1):
        total += 3 * BLOCK * width_of(plan, layer)
    return total


@kernel(inline=True)
def layer_block(work, plan, layer, part):
    """The (BLOCK, width) rows of a layer: part 0 is z, 1 is phi(z), 2 the gradient with respect to z."""
    start = 0
    for i in range(1, layer):
        start += 3 * BLOCK * width_of(plan, i)
    width = width_of(plan, layer)
    return matrix(work, start + part * BLOCK * width, BLOCK, width)


@kernel
def transposed_floats(plan):
    """Numbers that the transposed weights of layers 2 and up need."""
    total = 0
    for layer in range(2, np.int64(plan[DEPTH]) + 1):
        total += size_of(plan, layer) * width_of(plan, layer - 1)
    return total


@kernel(inline=True)
def transposed(values, plan, layer):
    """The weights of `layer`, transposed: a (units, width of the layer below) view."""
    start = 0
    for i in range(2, layer):
        start += size_of(plan, i) * width_of(plan, i - 1)
    return matrix(values, start, size_of(plan, layer), width_of(plan, layer - 1))


@kernel
def transpose_weights(parameters, plan, turned):
    """Fill `turned` with the transposed weights of layers 2 and up."""
    for layer in range(2, np.int64(plan[DEPTH]) + 1):
        transpose(weights_of(parameters, plan, layer), size_of(plan, layer), transposed(turned, plan, layer))


@kernel
def start_rows(z, parameters, plan, layer):
    """Set rows to the layer's bias, or to 0."""
    if plan[BIASED]:
        start_from(z, bias_of(parameters, plan, layer))
    else:
        clear(z)


@kernel
def forward_block(plan, bend, fused, parameters, inputs, first, count, work):
    """Rows first, first + 1 ... of the data through the network; the logits are z of the last layer.

    `inputs` are rows of numbers, or a flat array of `ARITY` symbols a row, which are ones among zeros. `bend` is an
    activation, or None for that of the plan; `fused` is that of `add_product`.
    """
    depth = np.int64(plan[DEPTH])
    arity = np.int64(plan[ARITY])
    z = layer_block(work, plan, 1, 0)[:count]
    start_rows(z, parameters, plan, 1)
    w = weights_of(parameters, plan, 1)
    if inputs.ndim == 2:
        add_product(fused, inputs[first:first + count], w, z)
    else:
        for i in range(count):
            for slot in range(arity):
                symbol = np.int64(inputs[(first + i) * arity + slot])
                if symbol >= 0:
                    add_row(w[symbol], z[i])
    for layer in range(2, depth + 1):
        h = layer_block(work, plan, layer - 1, 1)[:count]
        for i in range(count):
            activate(bend, np.int64(plan[ACTIVATION]), z[i], h[i])
        z = layer_block(work, plan, layer, 0)[:count]
        start_rows(z, parameters, plan, layer)
        add_product(fused, h[:, :size_of(plan, layer - 1)], weights_of(parameters, plan, layer), z)


@kernel
def add_bias_gradient(d, plan, layer, sums):
    if plan[BIASED]:
        add_rows(d, bias_of(sums, plan, layer))


@kernel
def backward_block(plan, slope, fused, turned, inputs, first, count, work, sums):
    """From the gradient of the logits to that of all parameters, added to `sums`; `slope` belongs to `bend`."""
    arity = np.int64(plan[ARITY])
    for layer in range(np.int64(plan[DEPTH]), 1, -1):
        d = layer_block(work, plan, layer, 2)[:count]
        h = layer_block(work, plan, layer - 1, 1)[:count]
        add_bias_gradient(d, plan, layer, sums)
        add_transposed_product(fused, h[:, :size_of(plan, layer - 1)], d, weights_of(sums, plan, layer))
        below = layer_block(work, plan, layer - 1, 2)[:count]
        clear(below)
        add_product(fused, d[:, :size_of(plan, layer)], transposed(turned, plan, layer), below)
        z = layer_block(work, plan, layer - 1, 0)[:count]
        for i in range(count):
            times_derivative(slope, np.int64(plan[ACTIVATION]), z[i], below[i])
    d = layer_block(work, plan, 1, 2)[:count]
    add_bias_gradient(d, plan, 1, sums)
    w = weights_of(sums, plan, 1)
    if inputs.ndim == 2:
        add_transposed_product(fused, inputs[first:first + count], d, w)
    else:
        for i in range(count):
            for slot in range(arity):
                symbol = np.int64(inputs[(first + i) * arity + slot])
                if symbol >= 0:
                    add_row(d[i], w[symbol])

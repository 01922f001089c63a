"""Forward and backward through the paper's one-layer transformer, for one chunk of rows at a time.

Only what the logits at the last token need is computed: its query, keys and values of both tokens, and one row of
everything after attention. Queries, keys and values are made once a step for all symbols (`prepare`), and a chunk
sends their gradients through the in-projection once, at its end. Chunks and blocks are those of the perceptron.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.activations.kernels import relu_value
from toolkit.networks.activation import activate_by
from toolkit.networks.attention import attend, attend_backward, attention_weights
from toolkit.networks.dropout import drop, kept_scale, row_key
from toolkit.networks.layer_norm import normalize, normalize_backward
from toolkit.networks.plan import n_classes
from toolkit.networks.product import add_product, add_transposed_product, padded
from toolkit.networks.rows import add_row, add_rows, clear, start_from, transpose
from toolkit.networks.transformer_plan import (
    BETA1,
    BETA2,
    BIAS1,
    BIAS2,
    EMBEDDING,
    FFN,
    GAMMA1,
    GAMMA2,
    HEAD_BIAS,
    HEAD_WEIGHTS,
    HEADS,
    IN_BIAS,
    IN_WEIGHTS,
    LINEAR1,
    LINEAR2,
    MODEL,
    OUT_BIAS,
    OUT_WEIGHTS,
    SEED,
    THRESHOLD,
    row_of,
    tensor_of,
    turned_part,
    work_part,
)

__all__ = ["LOGITS", "LOGITS_SLOPE", "SYMBOLS_SLOPE", "backward_rows", "forward_rows", "prepare",
           "project_backward"]

_CONTEXT, _NORMED1, _MIDDLE, _NORMED2, _TOP, _SLOPE, _BRANCH, _HIDDEN, _HIDDEN_SLOPE, LOGITS, LOGITS_SLOPE = range(11)
_WEIGHTS, SYMBOLS_SLOPE = 11, 12
_AT_WEIGHTS, _AT_ATTENTION, _AT_HIDDEN, _AT_FFN = range(4)  # places of dropout
_TURNED_IN, _TURNED_OUT, _TURNED1, _TURNED2, _TURNED_HEAD, _SYMBOLS = range(6)


@kernel
def prepare(plan, shape, fused, parameters, turned):
    """Transposed weights, and queries, keys and values of all symbols."""
    d = np.int64(shape[MODEL])
    width = padded(d)
    w = tensor_of(parameters, plan, shape, IN_WEIGHTS)
    for part in range(3):
        transpose(w[part * d:(part + 1) * d], d, turned_part(turned, plan, shape, _TURNED_IN)[:, part * width:])
    transpose(tensor_of(parameters, plan, shape, OUT_WEIGHTS), d, turned_part(turned, plan, shape, _TURNED_OUT))
    transpose(tensor_of(parameters, plan, shape, LINEAR1), d, turned_part(turned, plan, shape, _TURNED1))
    transpose(tensor_of(parameters, plan, shape, LINEAR2), d, turned_part(turned, plan, shape, _TURNED2))
    transpose(tensor_of(parameters, plan, shape, HEAD_WEIGHTS), d, turned_part(turned, plan, shape, _TURNED_HEAD))
    symbols = turned_part(turned, plan, shape, _SYMBOLS)
    start_from(symbols, tensor_of(parameters, plan, shape, IN_BIAS).reshape(3 * width))
    embedding = tensor_of(parameters, plan, shape, EMBEDDING)
    add_product(fused, embedding[:, :d], turned_part(turned, plan, shape, _TURNED_IN), symbols)


@kernel
def forward_rows(plan, shape, fused, parameters, turned, inputs, first, count, step, dropping, work):
    """Rows first, first + 1 ... of the data through the network, to the logits."""
    d, heads = np.int64(shape[MODEL]), np.int64(shape[HEADS])
    seed, threshold = np.int64(shape[SEED]), np.int64(shape[THRESHOLD])
    width, room = padded(d), padded(2 * heads)
    symbols = turned_part(turned, plan, shape, _SYMBOLS)
    embedding = tensor_of(parameters, plan, shape, EMBEDDING)
    context = work_part(work, plan, shape, _CONTEXT)[:count]
    weights = work_part(work, plan, shape, _WEIGHTS)
    for i in range(count):
        a = symbols[np.int64(inputs[2 * (first + i)])]
        b = symbols[np.int64(inputs[2 * (first + i) + 1])]
        row = weights[i]
        attention_weights(a, b, heads, d // heads, width, row)
        for j in range(room):
            row[room + j] = row[j]
        if dropping:
            drop(row[room:2 * room], row_key(seed, step, first + i), _AT_WEIGHTS, threshold)
        attend(a, b, heads, d // heads, width, row[room:], context[i])
    normed = work_part(work, plan, shape, _NORMED1)[:count]
    middle = work_part(work, plan, shape, _MIDDLE)[:count]
    start_from(normed, row_of(parameters, plan, shape, OUT_BIAS))
    add_product(fused, context[:, :d], turned_part(turned, plan, shape, _TURNED_OUT), normed)
    for i in range(count):
        if dropping:
            drop(normed[i], row_key(seed, step, first + i), _AT_ATTENTION, threshold)
        add_row(embedding[np.int64(inputs[2 * (first + i) + 1])], normed[i])
        weights[i, 2 * room] = normalize(normed[i], d, row_of(parameters, plan, shape, GAMMA1),
                                         row_of(parameters, plan, shape, BETA1), middle[i])
    hidden = work_part(work, plan, shape, _HIDDEN)[:count]
    start_from(hidden, row_of(parameters, plan, shape, BIAS1))
    add_product(fused, middle[:, :d], turned_part(turned, plan, shape, _TURNED1), hidden)
    for i in range(count):
        activate_by(relu_value, hidden[i], hidden[i])
        if dropping:
            drop(hidden[i], row_key(seed, step, first + i), _AT_HIDDEN, threshold)
    normed = work_part(work, plan, shape, _NORMED2)[:count]
    top = work_part(work, plan, shape, _TOP)[:count]
    start_from(normed, row_of(parameters, plan, shape, BIAS2))
    add_product(fused, hidden[:, :np.int64(shape[FFN])], tensor_of(parameters, plan, shape, LINEAR2), normed)
    for i in range(count):
        if dropping:
            drop(normed[i], row_key(seed, step, first + i), _AT_FFN, threshold)
        add_row(middle[i], normed[i])
        weights[i, 2 * room + 1] = normalize(normed[i], d, row_of(parameters, plan, shape, GAMMA2),
                                             row_of(parameters, plan, shape, BETA2), top[i])
    logits = work_part(work, plan, shape, LOGITS)[:count]
    start_from(logits, row_of(parameters, plan, shape, HEAD_BIAS))
    add_product(fused, top[:, :d], turned_part(turned, plan, shape, _TURNED_HEAD), logits)


@kernel
def copy_and_drop(source, target, seed, step, first, place, dropping, threshold):
    """The gradient that goes into a branch of a residual connection."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]
        if dropping:
            drop(target[i], row_key(seed, step, first + i), place, threshold)


@kernel
def scale_where_positive(hidden, scale, d):
    """Back through dropout and ReLU: where a hidden unit is 0, so is its gradient."""
    d = in_format(d, None)
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            d[i, j] = 0.0 if hidden[i, j] <= 0 else d[i, j] * scale


@kernel
def backward_rows(plan, shape, fused, parameters, turned, inputs, first, count, step, dropping, work, sums):
    """From the gradient of the logits to those of the parameters and, in the work space, of all q, k and v."""
    d, f, heads = np.int64(shape[MODEL]), np.int64(shape[FFN]), np.int64(shape[HEADS])
    seed, threshold = np.int64(shape[SEED]), np.int64(shape[THRESHOLD])
    room = padded(2 * heads)
    weights = work_part(work, plan, shape, _WEIGHTS)
    middle = work_part(work, plan, shape, _MIDDLE)[:count]
    hidden = work_part(work, plan, shape, _HIDDEN)[:count]
    slope = work_part(work, plan, shape, _SLOPE)[:count]
    branch = work_part(work, plan, shape, _BRANCH)[:count]

    at_logits = work_part(work, plan, shape, LOGITS_SLOPE)[:count]
    at_classes = at_logits[:, :n_classes(plan)]
    add_rows(at_logits, row_of(sums, plan, shape, HEAD_BIAS))
    add_transposed_product(fused, at_classes, work_part(work, plan, shape, _TOP)[:count],
                           tensor_of(sums, plan, shape, HEAD_WEIGHTS))
    clear(slope)
    add_product(fused, at_classes, tensor_of(parameters, plan, shape, HEAD_WEIGHTS), slope)
    normed = work_part(work, plan, shape, _NORMED2)
    for i in range(count):
        normalize_backward(slope[i], normed[i], d, weights[i, 2 * room + 1], row_of(parameters, plan, shape, GAMMA2),
                           row_of(sums, plan, shape, GAMMA2), row_of(sums, plan, shape, BETA2))

    copy_and_drop(slope, branch, seed, step, first, _AT_FFN, dropping, threshold)
    add_rows(branch, row_of(sums, plan, shape, BIAS2))
    add_transposed_product(fused, hidden[:, :f], branch, tensor_of(sums, plan, shape, LINEAR2))
    at_hidden = work_part(work, plan, shape, _HIDDEN_SLOPE)[:count]
    clear(at_hidden)
    add_product(fused, branch[:, :d], turned_part(turned, plan, shape, _TURNED2), at_hidden)
    scale_where_positive(hidden, kept_scale(threshold) if dropping else 1.0, at_hidden)
    add_rows(at_hidden, row_of(sums, plan, shape, BIAS1))
    add_transposed_product(fused, at_hidden[:, :f], middle, tensor_of(sums, plan, shape, LINEAR1))
    add_product(fused, at_hidden[:, :f], tensor_of(parameters, plan, shape, LINEAR1), slope)
    normed = work_part(work, plan, shape, _NORMED1)
    embedding = tensor_of(sums, plan, shape, EMBEDDING)
    for i in range(count):
        normalize_backward(slope[i], normed[i], d, weights[i, 2 * room], row_of(parameters, plan, shape, GAMMA1),
                           row_of(sums, plan, shape, GAMMA1), row_of(sums, plan, shape, BETA1))
        add_row(slope[i], embedding[np.int64(inputs[2 * (first + i) + 1])])

    copy_and_drop(slope, branch, seed, step, first, _AT_ATTENTION, dropping, threshold)
    add_rows(branch, row_of(sums, plan, shape, OUT_BIAS))
    add_transposed_product(fused, branch[:, :d], work_part(work, plan, shape, _CONTEXT)[:count],
                           tensor_of(sums, plan, shape, OUT_WEIGHTS))
    clear(slope)
    add_product(fused, branch[:, :d], tensor_of(parameters, plan, shape, OUT_WEIGHTS), slope)
    symbols = turned_part(turned, plan, shape, _SYMBOLS)
    at_symbols = work_part(work, plan, shape, SYMBOLS_SLOPE)
    for i in range(count):
        a, b = np.int64(inputs[2 * (first + i)]), np.int64(inputs[2 * (first + i) + 1])
        attend_backward(slope[i], symbols[a], symbols[b], heads, d // heads, padded(d), weights[i], weights[i, room:],
                        at_symbols[a], at_symbols[b])


@kernel
def project_backward(plan, shape, fused, parameters, work, sums):
    """Gradients of the in-projection and what they hand to the embedding."""
    d = np.int64(shape[MODEL])
    width = padded(d)
    at_symbols = work_part(work, plan, shape, SYMBOLS_SLOPE)
    bias = tensor_of(sums, plan, shape, IN_BIAS)
    for part in range(3):
        slope = at_symbols[:, part * width:part * width + d]
        for i in range(slope.shape[0]):
            add_row(slope[i], bias[part, :d])
        add_transposed_product(fused, slope, tensor_of(parameters, plan, shape, EMBEDDING),
                               tensor_of(sums, plan, shape, IN_WEIGHTS)[part * d:(part + 1) * d])
        add_product(fused, slope, tensor_of(parameters, plan, shape, IN_WEIGHTS)[part * d:(part + 1) * d],
                    tensor_of(sums, plan, shape, EMBEDDING))

"""How a one-layer transformer's numbers lie in memory: its *shape*, an integer array beside the plan.

The plan of a transformer has two sizes, symbols and classes. The parameter tensors are PyTorch's, in its order and
orientation, but for the weights of the second linear layer, which stand transposed. Rows are padded to whole cache
lines with numbers that are 0 and stay 0; the in-projection is one tensor, as in PyTorch, and ⟂Grad treats it as one.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.networks.plan import BLOCK, matrix, n_classes, size_of
from toolkit.networks.product import LINE, padded

__all__ = ["BETA1", "BETA2", "BIAS1", "BIAS2", "EMBEDDING", "FFN", "GAMMA1", "GAMMA2", "HEAD_BIAS", "HEAD_WEIGHTS",
           "HEADS", "HIDDEN_PARTS", "IN_BIAS", "IN_WEIGHTS", "LINEAR1", "LINEAR2", "MODEL", "OUT_BIAS", "OUT_WEIGHTS",
           "SEED", "TENSORS", "THRESHOLD", "fill_transformer_tensors", "numbers_in_row", "row_of",
           "rows_in", "shape_of", "spread", "tensor_columns", "tensor_numbers", "tensor_of", "tensor_start",
           "transformer_parameters", "turned_floats", "turned_part", "width_in", "work_floats", "work_part"]

# Integers of a shape, in this order; a dropped number is one whose 16 random bits are below the threshold.
MODEL, HEADS, FFN, SEED, THRESHOLD = range(5)

TENSORS = ("embedding", "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias", "linear1.weight",
           "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight",
           "norm2.bias", "head.weight", "head.bias")
(EMBEDDING, IN_WEIGHTS, IN_BIAS, OUT_WEIGHTS, OUT_BIAS, LINEAR1, BIAS1, LINEAR2, BIAS2, GAMMA1, BETA1, GAMMA2, BETA2,
 HEAD_WEIGHTS, HEAD_BIAS) = range(len(TENSORS))

HIDDEN_PARTS = 7  # blocks of rows as wide as the model, then what follows them
_THRICE = 3


def shape_of(*, width, heads, ffn, dropout, seed):
    """The shape of a transformer layer; `dropout` is rounded to 1/65536."""
    return np.array([width, heads, ffn, seed, round(65536 * dropout)], np.int64)


@kernel
def spread(n):
    """`n` padded to an odd number of cache lines: rows of a power of two would all meet in a few lines of the cache."""
    lines = padded(n) // LINE
    return (lines + 1 - lines % 2) * LINE


@kernel
def width_in(plan, shape, tensor):
    """Columns in memory of a tensor's rows."""
    if tensor == BIAS1:
        return spread(shape[FFN])
    if tensor == HEAD_BIAS:
        return padded(n_classes(plan))
    return padded(shape[MODEL])


@kernel
def numbers_in_row(plan, shape, tensor):
    if tensor == BIAS1:
        return np.int64(shape[FFN])
    if tensor == HEAD_BIAS:
        return n_classes(plan)
    return np.int64(shape[MODEL])


@kernel
def rows_in(plan, shape, tensor):
    """Rows of a tensor; a bias is one row, but for the in-projection's, which is three."""
    if tensor == EMBEDDING:
        return size_of(plan, 0)
    if tensor == IN_WEIGHTS:
        return _THRICE * np.int64(shape[MODEL])
    if tensor == IN_BIAS:
        return np.int64(_THRICE)
    if tensor == OUT_WEIGHTS:
        return np.int64(shape[MODEL])
    if tensor == LINEAR1 or tensor == LINEAR2:
        return np.int64(shape[FFN])
    if tensor == HEAD_WEIGHTS:
        return n_classes(plan)
    return np.int64(1)


@kernel
def tensor_start(plan, shape, tensor):
    """Where a tensor begins among all parameters."""
    start = 0
    for t in range(tensor):
        start += rows_in(plan, shape, t) * width_in(plan, shape, t)
    return start


@kernel
def transformer_parameters(plan, shape):
    """Numbers among the parameters, padding included."""
    return tensor_start(plan, shape, len(TENSORS))


@kernel
def tensor_numbers(plan, shape, tensor):
    """Numbers in a tensor without padding."""
    return rows_in(plan, shape, tensor) * numbers_in_row(plan, shape, tensor)


@kernel
def tensor_columns(plan, shape, tensor):
    """Columns in memory of a tensor; 0 of a bias and of the parameters of a norm."""
    of_matrix = (tensor == EMBEDDING or tensor == IN_WEIGHTS or tensor == OUT_WEIGHTS or tensor == LINEAR1
                 or tensor == LINEAR2 or tensor == HEAD_WEIGHTS)
    return width_in(plan, shape, tensor) if of_matrix else 0


@kernel(inline=True)
def tensor_of(values, plan, shape, tensor):
    """A tensor as a (rows, width) view."""
    return matrix(values, tensor_start(plan, shape, tensor), rows_in(plan, shape, tensor),
                  width_in(plan, shape, tensor))


@kernel(inline=True)
def row_of(values, plan, shape, tensor):
    """A tensor of one row as a 1-D view."""
    start = tensor_start(plan, shape, tensor)
    return values[start:start + width_in(plan, shape, tensor)]


@kernel
def fill_transformer_tensors(plan, shape, tensors):
    """Where each tensor begins, and where the last one ends."""
    for t in range(len(TENSORS) + 1):
        tensors[t] = tensor_start(plan, shape, t)


# ---- what all chunks read: transposed weights, and the projections of all symbols

@kernel
def turned_rows(plan, shape, part):
    return size_of(plan, 0) if part == 5 else np.int64(shape[MODEL])


@kernel
def turned_width(plan, shape, part):
    if part == 0 or part == 5:
        return _THRICE * padded(shape[MODEL])
    if part == 1:
        return padded(shape[MODEL])
    if part == 4:
        return padded(n_classes(plan))
    return spread(shape[FFN])


@kernel
def turned_start(plan, shape, part):
    start = 0
    for i in range(part):
        start += turned_rows(plan, shape, i) * turned_width(plan, shape, i)
    return start


@kernel
def turned_floats(plan, shape):
    """Numbers of work space that `turned_part` needs."""
    return turned_start(plan, shape, 6)


@kernel(inline=True)
def turned_part(turned, plan, shape, part):
    """Transposed in-projection, out-projection, linear1, linear2 (untransposed) and head; 5: q, k, v of all symbols."""
    return matrix(turned, turned_start(plan, shape, part), turned_rows(plan, shape, part),
                  turned_width(plan, shape, part))


# ---- what each chunk works in

@kernel
def work_rows(plan, part):
    if part == HIDDEN_PARTS + 5:
        return size_of(plan, 0)
    return np.int64(BLOCK)


@kernel
def work_width(plan, shape, part):
    if part < HIDDEN_PARTS:
        return padded(shape[MODEL])
    if part < HIDDEN_PARTS + 2:
        return spread(shape[FFN])
    if part < HIDDEN_PARTS + 4:
        return padded(n_classes(plan))
    if part == HIDDEN_PARTS + 4:
        return 2 * padded(2 * shape[HEADS]) + LINE
    return _THRICE * padded(shape[MODEL])


@kernel
def work_start(plan, shape, part):
    start = 0
    for i in range(part):
        start += work_rows(plan, i) * work_width(plan, shape, i)
    return start


@kernel
def work_floats(plan, shape):
    """Numbers of work space that one chunk needs."""
    return work_start(plan, shape, HIDDEN_PARTS + 6)


@kernel(inline=True)
def work_part(work, plan, shape, part):
    """One block of a chunk's work space.

    0 to 6 are rows as wide as the model; then come hidden units and their gradient, logits and their gradient,
    attention weights before and after dropout with the two norms' inverse spreads, and gradients of q, k and v of all
    symbols.
    """
    return matrix(work, work_start(plan, shape, part), work_rows(plan, part), work_width(plan, shape, part))

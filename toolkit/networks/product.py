"""Matrix product that skips zeros: strict, the same bits on every machine and in WebAssembly.

Half of what a ReLU layer hands on is exactly 0. Each row of A is packed to its non-zero entries first, and the
product adds up rows of B with those coefficients, in their order. A tile of `TILE` columns of the result stays in
vector registers meanwhile; vectors run along columns, so their width changes no bit. Columns come in multiples of
`LINE`, which keeps rows aligned to cache lines: that alone doubles the speed.
"""
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from toolkit._core.kernel import kernel

__all__ = ["LINE", "PACKED", "ROWS", "TILE", "add_product", "padded"]

LINE = 16  # columns come in multiples of this: a cache line of float32
TILE = 64  # columns of the result that stay in registers
CHUNK = 64  # rows of B that stay in the first-level cache, at TILE columns
ROWS = 32  # rows of A packed at a time
PACKED = CHUNK + LINE  # room for a packed row; one entry more than CHUNK is written

_WASM_TILE_BYTES = 128
_I64 = ir.IntType(64)


def add_tile(coefficients, rows, count, b, column, width, out):
    """``out[column + j] += sum_t coefficients[t] * b[rows[t], column + j]`` for 0 <= j < width, t in order."""
    for t in range(count):
        for j in range(column, column + width):
            out[j] = out[j] + coefficients[t] * b[rows[t], j]


@overload(add_tile, inline="always")
def _add_tile(coefficients, rows, count, b, column, width, out):
    def implementation(coefficients, rows, count, b, column, width, out):
        while width >= 64:
            _tile_64(coefficients, rows, count, b, column, out)
            column += 64
            width -= 64
        if width >= 32:
            _tile_32(coefficients, rows, count, b, column, out)
            column += 32
            width -= 32
        if width >= 16:
            _tile_16(coefficients, rows, count, b, column, out)
            column += 16
            width -= 16

    return implementation


def _vector_tile(width):
    """An intrinsic that keeps `width` sums in vector registers: LLVM does not find this form in a loop over arrays."""

    @intrinsic
    def tile(_context, coefficients, rows, count, b, column, out):
        signature = types.none(coefficients, rows, count, b, column, out)
        return signature, lambda *lowering: _lower_tile(width, *lowering)

    return tile


def _lower_tile(width, context, builder, signature, arguments):
    scalar = context.get_value_type(signature.args[3].dtype)
    bytes_each = context.get_abi_sizeof(scalar)
    # WebAssembly has 128-bit vectors, and a browser gives it 16 registers: a full tile does not fit.
    narrow = context.get_abi_sizeof(scalar.as_pointer()) == 4
    parts = max(1, width * bytes_each // _WASM_TILE_BYTES) if narrow else 1
    vector = ir.VectorType(scalar, width // parts)
    arrays = {i: context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 1, 3, 5)}
    count, column = arguments[2], arguments[4]
    stride = builder.sdiv(cgutils.unpack_tuple(builder, arrays[3].strides)[0], ir.Constant(_I64, bytes_each))

    def vector_at(data, index):
        return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())

    for part in range(parts):
        first = builder.add(column, ir.Constant(_I64, part * (width // parts)))
        target = vector_at(arrays[5].data, first)
        total = cgutils.alloca_once_value(builder, builder.load(target, align=bytes_each))
        with cgutils.for_range(builder, count) as loop:
            coefficient = builder.load(builder.gep(arrays[0].data, [loop.index]))
            row = builder.sext(builder.load(builder.gep(arrays[1].data, [loop.index])), _I64)
            source = vector_at(arrays[3].data, builder.add(builder.mul(row, stride), first))
            term = builder.fmul(_splat(builder, coefficient, vector), builder.load(source, align=bytes_each))
            builder.store(builder.fadd(builder.load(total), term), total)
        builder.store(builder.load(total), target, align=bytes_each)
    return context.get_dummy_value()


def _splat(builder, value, vector):
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


_tile_64, _tile_32, _tile_16 = _vector_tile(TILE), _vector_tile(32), _vector_tile(LINE)


@kernel
def padded(n):
    """`n` rounded up to whole cache lines."""
    return (n + LINE - 1) // LINE * LINE


@kernel
def pack_rows(a, first, last, start, stop, coefficients, rows, counts):
    """Non-zero entries of columns [start, stop) of rows [first, last) of `a`, and where they stand."""
    for i in range(first, last):
        packed = coefficients[i - first]
        places = rows[i - first]
        n = 0
        for q in range(start, stop):
            value = a[i, q]
            packed[n] = value
            places[n] = q
            n += 1 if value != 0 else 0
        counts[i - first] = n


@kernel
def add_product(a, b, c, coefficients, rows, counts):
    """``c += a @ b``, terms in the order of b's rows, those with a zero coefficient left out.

    Parameters
    ----------
    a : (m, k) array; may be a transposed view
    b : (k, n) array, C-contiguous
    c : (m, n) array, C-contiguous, n a multiple of `LINE`
    coefficients, rows : (ROWS, PACKED) work arrays, float like a and int32
    counts : (ROWS,) int32 work array
    """
    m = a.shape[0]
    k = a.shape[1]
    n = c.shape[1]
    for start in range(0, k, CHUNK):
        stop = min(start + CHUNK, k)
        for first in range(0, m, ROWS):
            last = min(first + ROWS, m)
            pack_rows(a, first, last, start, stop, coefficients, rows, counts)
            for column in range(0, n, TILE):
                width = min(TILE, n - column)
                for i in range(first, last):
                    add_tile(coefficients[i - first], rows[i - first], np.int64(counts[i - first]), b, column, width,
                             c[i])

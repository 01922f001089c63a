"""Sums of rows of B with coefficients, those that are 0 left out, in vector registers: what a product is made of.

The bits of an integer say which of up to 64 coefficients are not 0: 16 of them are found at once, and to go from one
to the next takes two instructions. Meanwhile a tile of a row of the result stays in registers. Vectors run along
columns, so their width changes no bit.
"""
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

from toolkit._core.kernel import kernel
from toolkit._core.lanes import LINE, Lanes, call, load, memory_of, operation, splat, suffix, width_of

__all__ = ["BITS", "WIDEST", "add_tile", "nonzero_in_columns", "nonzero_in_row", "widest_tile"]

BITS = 64  # coefficients whose places one integer holds
# Lines of a row that stay in registers, by what the machine has: 32 registers of 64 bytes, 16 of 32 (or 32 of 16), or
# the 16 of 16 bytes that a browser gives to WebAssembly.
WIDEST = {"avx512f": 13, "avx2": 6, "neon": 6, "": 2}

_I1, _I64 = ir.IntType(1), ir.IntType(64)


@operation(lambda value: sum(int(there) << i for i, there in enumerate(value != 0)))
def nonzero(_context, value):
    """Bit i: whether lane i is not 0; NaN is not."""

    def lower(context, builder, signature, arguments):
        return builder.zext(builder.bitcast(_is_not_zero(builder, arguments[0]), ir.IntType(value.count)), _I64)

    return types.int64(value), lower


@operation(lambda bits, value, place: bits | np.where(value != 0, np.int64(1) << np.int64(place), np.int64(0)))
def with_bit(_context, bits, value, place):
    """`bits` with bit `place` set in the lanes where `value` is not 0."""

    def lower(context, builder, signature, arguments):
        each = context.get_value_type(bits)
        bit = builder.shl(ir.Constant(_I64, 1), context.cast(builder, arguments[2], place, types.int64))
        there = builder.select(_is_not_zero(builder, arguments[1]), splat(builder, bit, each), ir.Constant(each, None))
        return builder.or_(arguments[0], there)

    return bits(bits, value, place), lower


@operation(lambda array: np.zeros(width_of(array), np.int64))
def no_bits(_context, array):
    """An integer for each number in a line of an array: none of its bits is set."""
    kind = Lanes(types.int64, LINE * 8 // array.dtype.bitwidth)
    return kind(array), lambda context, builder, signature, arguments: ir.Constant(context.get_value_type(kind), None)


def _is_not_zero(builder, value):
    return builder.fcmp_unordered("!=", value, ir.Constant(value.type, None))


@kernel
def nonzero_in_row(a, row, start, stop):
    """Bit t: ``a[row, start + t] != 0``."""
    place = row * (a.strides[0] // a.itemsize)
    bits = np.int64(0)
    for q in range(start, stop, width_of(a)):
        line = load(memory_of(a), place + q, min(width_of(a), stop - q), 0.0)
        bits |= nonzero(line) << (q - start)
    return bits


@kernel(inline=True)
def nonzero_in_columns(a, column, start, stop):
    """Lane i, bit t: ``a[start + t, column + i] != 0``."""
    stride = a.strides[0] // a.itemsize
    bits = no_bits(a)
    for t in range(start, stop):
        line = load(memory_of(a), t * stride + column, min(width_of(a), a.shape[1] - column), 0.0)
        bits = with_bit(bits, line, t - start)
    return bits


def _plain_tile(fused, bits, coefficients, b, first, count, out):
    width = width_of(out)
    columns = slice(first * width, (first + count) * width)
    for t in range(coefficients.size):
        if bits >> t & 1:
            out[columns] += coefficients[t] * b[t, columns]


@operation(_plain_tile)
def add_tile(_context, fused, bits, coefficients, b, first, count, out):
    """``out[j] += sum_t coefficients[t] * b[t, j]`` over the bits t, in their order, and `count` lines j from `first`.

    Each product is rounded, and each sum; unless `fused` is None: then both at once where the machine can.
    """
    signature = types.none(fused, bits, coefficients, b, first, count, out)
    return signature, lambda *lowering: _lower_tiles(fused != types.none, *lowering)


def _lower_tiles(fused, context, builder, signature, arguments):
    """One loop over the bits for each number of lines that fit into registers."""
    bits, first, count = arguments[1], arguments[4], arguments[5]
    a, b, out = (_Memory(context, builder, signature.args[i], arguments[i]) for i in (2, 3, 6))
    places = [builder.gep(each.data, [builder.mul(first, ir.Constant(_I64, each.lanes))]) for each in (b, out)]
    added = builder.append_basic_block("added")
    chosen = builder.switch(count, added)
    for lines in range(1, _widest(context) + 1):
        block = builder.append_basic_block(f"lines.{lines}")
        chosen.add_case(ir.Constant(_I64, lines), block)
        builder.position_at_end(block)
        _lower_tile(builder, fused, bits, a, b, *places, lines)
        builder.branch(added)
    builder.position_at_end(added)
    return context.get_dummy_value()


def _lower_tile(builder, fused, bits, a, b, rows, out, lines):
    before, each, done = builder.block, builder.append_basic_block("each"), builder.append_basic_block("done")
    begun = [builder.load(b.line(builder, out, i), align=b.bytes) for i in range(lines)]
    none_left = ir.Constant(_I64, 0)
    builder.cbranch(builder.icmp_unsigned("!=", bits, none_left), each, done)
    builder.position_at_end(each)
    left, totals = builder.phi(_I64), [builder.phi(b.vector) for _ in begun]
    t = call(builder, "llvm.cttz.i64", _I64, [left, ir.Constant(_I1, True)])
    coefficient = splat(builder, builder.load(a.row(builder, a.data, t)), b.vector)
    row = b.row(builder, rows, t)
    sums = []
    for i, total in enumerate(totals):
        numbers = builder.load(b.line(builder, row, i), align=b.bytes)
        if fused:
            sums.append(call(builder, f"llvm.fmuladd.{suffix(b.vector)}", b.vector, [coefficient, numbers, total]))
        else:
            sums.append(builder.fadd(total, builder.fmul(coefficient, numbers)))
    others = builder.and_(left, builder.sub(left, ir.Constant(_I64, 1)))
    builder.cbranch(builder.icmp_unsigned("!=", others, none_left), each, done)
    for value, at_first, then in zip((left, *totals), (bits, *begun), (others, *sums), strict=True):
        value.add_incoming(at_first, before)
        value.add_incoming(then, each)
    builder.position_at_end(done)
    results = [builder.phi(b.vector) for _ in begun]
    for result, at_first, then in zip(results, begun, sums, strict=True):
        result.add_incoming(at_first, before)
        result.add_incoming(then, each)
    for i, result in enumerate(results):
        builder.store(result, b.line(builder, out, i), align=b.bytes)


class _Memory:
    """Where an array lies, and how far apart its rows are, or its numbers if it is one row."""

    def __init__(self, context, builder, kind, value):
        array, number = context.make_array(kind)(context, builder, value), context.get_value_type(kind.dtype)
        self.data, self.bytes = array.data, context.get_abi_sizeof(number)
        self.lanes = LINE // self.bytes
        self.vector = ir.VectorType(number, self.lanes)
        self.stride = builder.sdiv(cgutils.unpack_tuple(builder, array.strides)[0], ir.Constant(_I64, self.bytes))

    def row(self, builder, data, t):
        return builder.gep(data, [builder.mul(t, self.stride)])

    def line(self, builder, data, i):
        return builder.bitcast(builder.gep(data, [ir.Constant(_I64, i * self.lanes)]), self.vector.as_pointer())


def _widest(context):
    features = f"{context.codegen().magic_tuple()[2]},"
    return next(lines for name, lines in WIDEST.items() if f"+{name}," in features or not name)


@operation(lambda: max(WIDEST.values()))
def widest_tile(_context):
    """The largest `count` that `add_tile` takes."""
    return types.int64(), lambda context, builder, signature, arguments: ir.Constant(_I64, _widest(context))

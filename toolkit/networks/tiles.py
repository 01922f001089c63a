"""Sums of rows of B with coefficients, those that are 0 left out, in vector registers: what a product is made of.

The bits of an integer say which of some coefficients are not 0: 16 of them are found at once, and to go from one
to the next takes two instructions. Meanwhile a tile of a row of the result stays in registers. Vectors run along
columns, so their width changes no bit.
"""
import numpy as np
from llvmlite import ir
from numba.core import types

from toolkit._core.across_lanes import bits_of
from toolkit._core.kernel import kernel
from toolkit._core.lanes import LINE, Lanes, call, has_feature, load, operation, splat, suffix, width_of

__all__ = ["BITS", "WIDEST", "add_tile", "add_tiles", "are_alike", "nonzero_in_columns", "nonzero_in_row",
           "widest_tile"]

BITS = 32  # terms at a time: that many lines of the widest tile fit into the first-level cache
# Lines of a row that stay in registers, by what the machine has: 32 registers of 64 bytes, 16 of 32 (or 32 of 16), or
# the 16 of 16 bytes that a browser gives to WebAssembly.
WIDEST = {"avx512f": 13, "avx2": 6, "neon": 6, "": 2}

_I1, _I64 = ir.IntType(1), ir.IntType(64)


@operation(lambda bits, condition, place: bits | np.where(condition, np.int64(1) << np.int64(place), np.int64(0)))
def with_bit(_context, bits, condition, place):
    """`bits` with bit `place` set in the lanes where a condition holds."""

    def lower(context, builder, signature, arguments):
        each = context.get_value_type(bits)
        bit = builder.shl(ir.Constant(_I64, 1), context.cast(builder, arguments[2], place, types.int64))
        there = builder.select(arguments[1], splat(builder, bit, each), ir.Constant(each, None))
        return builder.or_(arguments[0], there)

    return bits(bits, condition, place), lower


@operation(lambda array: np.zeros(width_of(array), np.int64))
def no_bits(_context, array):
    """An integer for each number in a line of memory: none of its bits is set."""
    kind = Lanes(types.int64, LINE * 8 // array.dtype.bitwidth)
    return kind(array), lambda context, builder, signature, arguments: ir.Constant(context.get_value_type(kind), None)


@kernel
def nonzero_in_row(a, count):
    """Bit t: ``a[t] != 0`` for t up to `count`; `a` is memory of an array."""
    bits = np.int64(0)
    for t in range(0, count, width_of(a)):
        bits |= bits_of(load(a, t, min(width_of(a), count - t), 0.0) != 0.0) << t
    return bits


@kernel
def nonzero_in_columns(a, stride, rows, columns):
    """Lane i, bit t: ``a[t * stride + i] != 0``, for so many rows t, and columns i as far as they fit."""
    bits = no_bits(a)
    for t in range(rows):
        bits = with_bit(bits, load(a, t * stride, min(width_of(a), columns), 0.0) != 0.0, t)
    return bits


def _plain_tile(fused, bits, a, step, b, stride, out, lines):
    width = lines * width_of(out)
    for t in range(BITS):
        if bits >> t & 1:
            out[:width] += a[t * step] * b[t * stride:t * stride + width]


@operation(_plain_tile)
def add_tile(_context, fused, bits, a, step, b, stride, out, lines):
    """``out[j] += sum_t a[t * step] * b[t * stride + j]`` over the bits t, in their order, and so many lines of j.

    Each product is rounded, and each sum; unless `fused` is None: then both at once where the machine can. `a`, `b` and
    `out` are memory of arrays: to make views of them for every row takes as long as to add one.
    """
    signature = types.none(fused, bits, a, step, b, stride, out, lines)

    def lower(context, builder, signature, arguments):
        _, bits, a, step, b, stride, out, lines = arguments
        kind = signature.args[4].dtype
        _for_each_width(context, builder, kind, lines, _widest(context),
                        lambda tile: _lower_tile(tile, fused != types.none, bits, [a], step, b, stride, [out]))
        return context.get_dummy_value()

    return signature, lower


def _plain_tiles(bits, a, other, step, b, stride, out, other_out, lines):
    for row, sums in ((a, out), (other, other_out)):
        _plain_tile(True, bits, row, step, b, stride, sums, lines)


@operation(_plain_tiles)
def add_tiles(_context, bits, a, other, step, b, stride, out, other_out, lines):
    """`add_tile`, fused, for two rows at once, so that a line of b is loaded once for both."""
    signature = types.none(bits, a, other, step, b, stride, out, other_out, lines)

    def lower(context, builder, signature, arguments):
        bits, a, other, step, b, stride, out, other_out, lines = arguments
        if _has_room_for_two(context):
            _for_each_width(context, builder, signature.args[4].dtype, lines, _widest(context),
                            lambda tile: _lower_tile(tile, True, bits, [a, other], step, b, stride, [out, other_out]))
        return context.get_dummy_value()

    return signature, lower


class _Tile:
    """What code for a tile of so many lines is made with."""

    def __init__(self, context, builder, kind, lines):
        number = context.get_value_type(kind)
        self.builder, self.lines, self.bytes = builder, lines, context.get_abi_sizeof(number)
        self.vector = ir.VectorType(number, LINE // self.bytes)

    def line(self, data, i):
        place = self.builder.gep(data, [ir.Constant(_I64, i * self.vector.count)])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def load(self, data, i):
        return self.builder.load(self.line(data, i), align=self.bytes)

    def added(self, fused, coefficient, numbers, total):
        if fused:
            return call(self.builder, f"llvm.fmuladd.{suffix(self.vector)}", self.vector, [coefficient, numbers, total])
        return self.builder.fadd(total, self.builder.fmul(coefficient, numbers))


def _for_each_width(context, builder, kind, lines, widest, lower):
    """Code for each number of lines, from 1 to the widest, and a switch over them."""
    added = builder.append_basic_block("added")
    chosen = builder.switch(lines, added)
    for count in range(1, widest + 1):
        block = builder.append_basic_block(f"lines.{count}")
        chosen.add_case(ir.Constant(_I64, count), block)
        builder.position_at_end(block)
        lower(_Tile(context, builder, kind, count))
        builder.branch(added)
    builder.position_at_end(added)


def _lower_tile(tile, fused, bits, rows, step, b, stride, outs):
    """A loop over the bits, in which the sums for all rows stay in registers."""
    builder, none_left = tile.builder, ir.Constant(_I64, 0)
    before, each, done = builder.block, builder.append_basic_block("each"), builder.append_basic_block("done")
    begun = [[tile.load(out, i) for i in range(tile.lines)] for out in outs]
    builder.cbranch(builder.icmp_unsigned("!=", bits, none_left), each, done)
    builder.position_at_end(each)
    left, totals = builder.phi(_I64), [[builder.phi(tile.vector) for _ in out] for out in begun]
    t = call(builder, "llvm.cttz.i64", _I64, [left, ir.Constant(_I1, True)])
    coefficients = [splat(builder, builder.load(builder.gep(row, [builder.mul(t, step)])), tile.vector) for row in rows]
    source, sums = builder.gep(b, [builder.mul(t, stride)]), [[] for _ in rows]
    for i in range(tile.lines):
        numbers = tile.load(source, i)
        for coefficient, total, new in zip(coefficients, totals, sums, strict=True):
            new.append(tile.added(fused, coefficient, numbers, total[i]))
    others = builder.and_(left, builder.sub(left, ir.Constant(_I64, 1)))
    builder.cbranch(builder.icmp_unsigned("!=", others, none_left), each, done)
    flat = [sum(lists, []) for lists in (totals, begun, sums)]
    for value, at_first, then in zip([left, *flat[0]], [bits, *flat[1]], [others, *flat[2]], strict=True):
        value.add_incoming(at_first, before)
        value.add_incoming(then, each)
    builder.position_at_end(done)
    results = [builder.phi(tile.vector) for _ in flat[0]]
    for result, at_first, then in zip(results, flat[1], flat[2], strict=True):
        result.add_incoming(at_first, before)
        result.add_incoming(then, each)
    for place, result in enumerate(results):
        out, i = divmod(place, tile.lines)
        builder.store(result, tile.line(outs[out], i), align=tile.bytes)


def _widest(context):
    return next(lines for name, lines in WIDEST.items() if not name or has_feature(context, name))


def _has_room_for_two(context):
    return has_feature(context, "avx512f")


@operation(lambda: max(WIDEST.values()))
def widest_tile(_context):
    """The largest `count` that `add_tile` takes."""
    return types.int64(), lambda context, builder, signature, arguments: ir.Constant(_I64, _widest(context))


@operation(lambda fused, bits, other: False)
def are_alike(_context, fused, bits, other):
    """Whether `add_tiles` is faster for two rows with these bits than `add_tile` twice: where arithmetic is fused, the
    machine has the registers, and most bits are set in both."""

    def lower(context, builder, signature, arguments):
        if fused == types.none or not _has_room_for_two(context):
            return ir.Constant(_I1, False)
        either, both = (call(builder, "llvm.ctpop.i64", _I64, [join(*arguments[1:])])
                        for join in (builder.or_, builder.and_))
        return builder.icmp_unsigned(">", builder.mul(both, ir.Constant(_I64, 4)),
                                     builder.mul(either, ir.Constant(_I64, 3)))

    return types.boolean(fused, bits, other), lower

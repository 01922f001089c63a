"""From the lanes of a vector to one number, to others of them, and to an order of its own."""
import numpy as np
from llvmlite import ir
from numba.core import types

from toolkit._core.lanes import Lanes, call, operation

__all__ = ["all_of", "any_of", "bits_of", "count_of", "high_half", "largest_of", "low_half", "lowest_of",
           "rotated_1", "rotated_2", "rotated_4", "some_lanes", "sum_of"]

_I32, _I64 = ir.IntType(32), ir.IntType(64)


def _fold(builder, vector, join):
    """Join the upper half of the lanes to the lower one until a single number is left."""
    while vector.type.count > 1:
        half = vector.type.count // 2
        low, high = (builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(_I32, half), list(order)))
                     for order in (range(half), range(half, 2 * half)))
        vector = join(low, high)
    return builder.extract_element(vector, ir.Constant(_I32, 0))


def _plain_fold(join):
    def fold(value):
        while value.size > 1:
            half = value.size // 2
            value = join(value[:half], value[half:])
        return value[0]

    return fold


@operation(_plain_fold(np.add))
def sum_of(_context, value):
    """Sum of the lanes, as a tree: lane 0 with lane count/2, and so on."""

    def lower(context, builder, signature, arguments):
        return _fold(builder, arguments[0], builder.fadd)

    return value.dtype(value), lower


@operation(_plain_fold(lambda a, b: np.where(a < b, b, a)))
def largest_of(_context, value):
    """The largest lane, NaN left out."""

    def lower(context, builder, signature, arguments):
        return _fold(builder, arguments[0], lambda a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))

    return value.dtype(value), lower


@operation(lambda condition: int(np.count_nonzero(condition)))
def count_of(_context, condition):
    """In how many lanes a condition holds."""

    def lower(context, builder, signature, arguments):
        together = builder.bitcast(arguments[0], ir.IntType(condition.count))
        return builder.zext(builder.ctpop(together), _I64)

    return types.int64(condition), lower


@operation(lambda condition: sum(int(there) << i for i, there in enumerate(condition)))
def bits_of(_context, condition):
    """An integer whose bit i is set where a condition holds in lane i."""

    def lower(context, builder, signature, arguments):
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(condition.count)), _I64)

    return types.int64(condition), lower


@operation(lambda bits: (int(bits) & -int(bits)).bit_length() - 1)
def lowest_of(_context, bits):
    """The place of the lowest bit that is set in an integer other than 0."""

    def lower(context, builder, signature, arguments):
        return call(builder, "llvm.cttz.i64", _I64, [arguments[0], ir.Constant(ir.IntType(1), True)])

    return types.int64(bits), lower


def some_lanes(builder, vector, start, count):
    places = ir.Constant(ir.VectorType(_I32, count), list(range(start, start + count)))
    return builder.shuffle_vector(vector, vector, places)


def _half(first):
    def lowering(_context, value):
        kind = Lanes(value.dtype, value.count // 2)

        def lower(context, builder, signature, arguments):
            return some_lanes(builder, arguments[0], 0 if first else kind.count, kind.count)

        return kind(value), lower

    return operation(lambda value: value[:value.size // 2] if first else value[value.size // 2:])(lowering)


low_half, high_half = _half(True), _half(False)


def _quantifier(plain, symbol, number):
    """Whether a condition holds in some lane, or in all: the bits of its lanes are, or are not, that number."""
    def lowering(_context, condition):
        def lower(context, builder, signature, arguments):
            together = ir.IntType(condition.count)
            return builder.icmp_unsigned(symbol, builder.bitcast(arguments[0], together), ir.Constant(together, number))

        return types.boolean(condition), lower

    return operation(plain)(lowering)


any_of, all_of = _quantifier(np.any, "!=", 0), _quantifier(np.all, "==", -1)


def _rotation(by):
    def lowering(_context, value):
        def lower(context, builder, signature, arguments):
            order = [(i + by) % value.count for i in range(value.count)]
            indices = ir.Constant(ir.VectorType(_I32, value.count), order)
            return builder.shuffle_vector(arguments[0], arguments[0], indices)

        return value(value), lower

    return operation(lambda value: np.roll(value, -by))(lowering)


rotated_1, rotated_2, rotated_4 = map(_rotation, (1, 2, 4))

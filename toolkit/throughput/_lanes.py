"""Vectors of numbers: `load` a cache line of an array, calculate with it as with one number, `store` it.

A value is 16 float32 or 8 float64. Arithmetic is strict IEEE in each lane, so that NaN and inf survive by themselves
and the order of a sum is what the kernel says; only `fused` depends on the machine, which may or may not round once.
Uncompiled, a value is a NumPy array and all of this plain NumPy.
"""
import operator

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel, register_default
from numba.extending import intrinsic, overload

__all__ = ["LINE", "Lanes", "bit_distance", "by_dtype", "choose", "exponent_above", "fused", "lane", "largest_of", "load", "low_bits_as_exponent", "narrowed", "replaced",
           "rotated_1", "rotated_2", "rotated_4", "spread", "store", "sum_of", "widened", "width_of"]

LINE = 64  # bytes

_I32, _I64 = ir.IntType(32), ir.IntType(64)


class Lanes(types.Type):
    """Numba's type of `count` numbers of one dtype in vector registers."""

    def __init__(self, dtype, count):
        self.dtype, self.count = dtype, count
        super().__init__(f"{count} lanes of {dtype}")


@register_default(Lanes)
class _Model(PrimitiveModel):
    def __init__(self, manager, kind):
        element = ir.IntType(1) if kind.dtype == types.boolean else manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.count))


def _operation(plain):
    """An intrinsic of kernels, or `plain` where nothing is compiled."""
    return lambda lowering: plain if numba.config.DISABLE_JIT else intrinsic(lowering)


def _splat(builder, value, vector):
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_I32, vector.count), None))


def _vectors(context, builder, kind, signature, arguments):
    """Arguments as vectors: numbers are cast and spread."""
    vector = context.get_value_type(kind)
    for value, given in zip(arguments, signature.args, strict=True):
        yield value if isinstance(given, Lanes) else _splat(builder, context.cast(builder, value, given, kind.dtype), vector)


def _suffix(vector):
    return f"v{vector.count}{'f32' if isinstance(vector.element, ir.FloatType) else 'f64'}"


def _call(builder, name, result, arguments):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def _address(context, builder, signature, arguments, vector):
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    index = context.cast(builder, arguments[1], signature.args[1], types.int64)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _first(context, builder, signature, arguments, vector):
    """Mask of the first `count` lanes; `count` is the third argument."""
    count = context.cast(builder, arguments[2], signature.args[2], types.int32)
    steps = ir.Constant(ir.VectorType(_I32, vector.count), list(range(vector.count)))
    return builder.icmp_signed("<", steps, _splat(builder, count, steps.type))


def _plain_load(array, index, count, fill):
    values = np.full(LINE // array.itemsize, fill, array.dtype)
    values[:count] = array[index : index + count]
    return values


@_operation(_plain_load)
def load(_context, array, index, count, fill):
    """`count` neighbours of a contiguous 1-D array from `index` on; `fill` in the lanes beyond."""
    kind = Lanes(array.dtype, LINE * 8 // array.dtype.bitwidth)

    def lower(context, builder, signature, arguments):
        vector = context.get_value_type(kind)
        place = _address(context, builder, signature, arguments, vector)
        width = array.dtype.bitwidth // 8
        fill = _splat(builder, context.cast(builder, arguments[3], signature.args[3], kind.dtype), vector)
        whole = builder.icmp_signed("==", context.cast(builder, arguments[2], signature.args[2], types.int64),
                                    ir.Constant(_I64, kind.count))
        with builder.if_else(whole) as (then, otherwise):
            with then:
                all_of_them = builder.load(place, align=width)
                then_block = builder.block
            with otherwise:
                mask = _first(context, builder, signature, arguments, vector)
                some = _call(builder, f"llvm.masked.load.{_suffix(vector)}.p0{_suffix(vector)}", vector,
                             [place, ir.Constant(_I32, width), mask, fill])
                otherwise_block = builder.block
        value = builder.phi(vector)
        value.add_incoming(all_of_them, then_block)
        value.add_incoming(some, otherwise_block)
        return value

    return kind(array, index, count, fill), lower


def _plain_store(array, index, count, value):
    array[index : index + count] = value[:count]


@_operation(_plain_store)
def store(_context, array, index, count, value):
    """Store the first `count` lanes at `index` of a contiguous 1-D array."""

    def lower(context, builder, signature, arguments):
        vector = arguments[3].type
        place = _address(context, builder, signature, arguments, vector)
        width = array.dtype.bitwidth // 8
        whole = builder.icmp_signed("==", context.cast(builder, arguments[2], signature.args[2], types.int64),
                                    ir.Constant(_I64, vector.count))
        with builder.if_else(whole) as (then, otherwise):
            with then:
                builder.store(arguments[3], place, align=width)
            with otherwise:
                mask = _first(context, builder, signature, arguments, vector)
                _call(builder, f"llvm.masked.store.{_suffix(vector)}.p0{_suffix(vector)}", ir.VoidType(),
                      [arguments[3], place, ir.Constant(_I32, width), mask])
        return context.get_dummy_value()

    return types.none(array, index, count, value), lower


@_operation(lambda value, like: np.full(like.size, value, like.dtype))
def spread(_context, value, like):
    """`value` in every lane of a vector like `like`."""

    def lower(context, builder, signature, arguments):
        return next(_vectors(context, builder, like, signature, arguments))

    return like(value, like), lower


@_operation(lambda value, index: value[index])
def lane(_context, value, index):
    """One of the numbers."""

    def lower(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], context.cast(builder, arguments[1], index, types.int32))

    return value.dtype(value, index), lower


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


@_operation(_plain_fold(np.add))
def sum_of(_context, value):
    """Sum of the lanes, as a tree: lane 0 with lane count/2, and so on."""

    def lower(context, builder, signature, arguments):
        return _fold(builder, arguments[0], builder.fadd)

    return value.dtype(value), lower


@_operation(_plain_fold(lambda a, b: np.where(a < b, b, a)))
def largest_of(_context, value):
    """The largest lane, NaN left out."""

    def lower(context, builder, signature, arguments):
        return _fold(builder, arguments[0], lambda a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))

    return value.dtype(value), lower


def _rotation(by):
    def lowering(_context, value):
        def lower(context, builder, signature, arguments):
            order = [(i + by) % value.count for i in range(value.count)]
            return builder.shuffle_vector(arguments[0], arguments[0], ir.Constant(ir.VectorType(_I32, value.count), order))

        return value(value), lower

    return _operation(lambda value: np.roll(value, -by))(lowering)


rotated_1, rotated_2, rotated_4 = map(_rotation, (1, 2, 4))


def _plain_replaced(value, index, number):
    value = value.copy()
    value[index] = number
    return value


@_operation(_plain_replaced)
def replaced(_context, value, index, number):
    """The vector with another number in one lane."""

    def lower(context, builder, signature, arguments):
        number_there = context.cast(builder, arguments[2], number, value.dtype)
        return builder.insert_element(arguments[0], number_there, context.cast(builder, arguments[1], index, types.int32))

    return value(value, index, number), lower


@_operation(np.where)
def choose(_context, condition, yes, no):
    """`yes` in the lanes where `condition` holds, else `no`; numbers are spread."""
    kind = yes if isinstance(yes, Lanes) else no

    def lower(context, builder, signature, arguments):
        condition, *sides = _vectors(context, builder, kind, signature, arguments)
        return builder.select(condition, *sides)

    return kind(condition, yes, no), lower


@_operation(lambda a, b, c: a * b + c)
def fused(_context, a, b, c):
    """``a * b + c``, rounded once where the machine has an instruction for it; numbers are spread."""
    kind = next(side for side in (a, b, c) if isinstance(side, Lanes))

    def lower(context, builder, signature, arguments):
        vector = context.get_value_type(kind)
        return _call(builder, f"llvm.fmuladd.{_suffix(vector)}", vector,
                     list(_vectors(context, builder, kind, signature, arguments)))

    return kind(a, b, c), lower


@_operation(lambda value: value.astype(np.float64))
def widened(_context, value):
    """The lanes as float64, as many of them."""
    kind = Lanes(types.float64, value.count)

    def lower(context, builder, signature, arguments):
        same = value.dtype == types.float64
        return arguments[0] if same else builder.fpext(arguments[0], context.get_value_type(kind))

    return kind(value), lower


@_operation(lambda value, like: value.astype(like.dtype))
def narrowed(_context, value, like):
    """float64 lanes in the dtype of `like`."""

    def lower(context, builder, signature, arguments):
        same = like.dtype == types.float64
        return arguments[0] if same else builder.fptrunc(arguments[0], context.get_value_type(like))

    return like(value, like), lower


def _bits(value):
    return value.view(np.int32 if value.dtype == np.float32 else np.int64)


def _on_bits(context, builder, kind, arguments, emit):
    """Result of an operation on the bit patterns of vectors."""
    integer = ir.VectorType(_I32 if kind.dtype == types.float32 else _I64, kind.count)
    result = emit(integer, *(builder.bitcast(argument, integer) for argument in arguments))
    return builder.bitcast(result, context.get_value_type(kind))


@_operation(lambda a, b: (_bits(a) - _bits(b)).view(a.dtype))
def bit_distance(_context, a, b):
    """The number whose bit pattern is the difference of two bit patterns."""

    def lower(context, builder, signature, arguments):
        return _on_bits(context, builder, a, arguments, lambda _, *bits: builder.sub(*bits))

    return a(a, b), lower


def _shift_of(dtype):
    return 23 if dtype in (np.float32, types.float32) else 52


@_operation(lambda value: (_bits(value) << _bits(value).dtype.type(_shift_of(value.dtype))).view(value.dtype))
def low_bits_as_exponent(_context, value):
    """The number whose sign and exponent are the last 9 (float64: 12) bits of `value`, and whose fraction is 0."""

    def lower(context, builder, signature, arguments):
        return _on_bits(context, builder, value, arguments, lambda integer, bits: builder.shl(
            bits, ir.Constant(integer, [_shift_of(value.dtype)] * value.count)))

    return value(value), lower


@_operation(lambda value, least: ((_bits(value) - _bits(np.float64(least))) >> np.int64(52)).astype(np.float64))
def exponent_above(_context, value, least):
    """The k of ``value = f * 2**k`` with f from `least` to 2 `least`, for float64 lanes of positive normal numbers."""

    def lower(context, builder, signature, arguments):
        integer = ir.VectorType(_I64, value.count)
        number = context.cast(builder, arguments[1], least, types.float64)
        bits, least_bits = builder.bitcast(arguments[0], integer), builder.bitcast(number, _I64)
        k = builder.ashr(builder.sub(bits, _splat(builder, least_bits, integer)), ir.Constant(integer, [52] * value.count))
        return builder.sitofp(k, context.get_value_type(value))

    return value(value, least), lower


def _operator(symbol, emit, truth=False):
    def lanewise(_context, left, right):
        kind = left if isinstance(left, Lanes) else right

        def lower(context, builder, signature, arguments):
            return emit(builder, *_vectors(context, builder, kind, signature, arguments))

        return (Lanes(types.boolean, kind.count) if truth else kind)(left, right), lower

    lanewise = intrinsic(lanewise)

    @overload(symbol, inline="always")
    def _overload(left, right):
        if isinstance(left, Lanes) or isinstance(right, Lanes):
            return lambda left, right: lanewise(left, right)


_operator(operator.add, lambda builder, a, b: builder.fadd(a, b))
_operator(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_operator(operator.mul, lambda builder, a, b: builder.fmul(a, b))
_operator(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))
_operator(operator.lt, lambda builder, a, b: builder.fcmp_ordered("<", a, b), truth=True)
_operator(operator.eq, lambda builder, a, b: builder.fcmp_ordered("==", a, b), truth=True)


def by_dtype(of_32, of_64):
    """A function of kernels that is `of_32` for float32 lanes as first argument, else `of_64`."""

    def pick(*arguments):
        return (of_32 if arguments[0].dtype == np.float32 else of_64)(*arguments)

    @overload(pick)
    def _pick(*arguments):
        chosen = of_32 if arguments[0].dtype == types.float32 else of_64
        return lambda *arguments: chosen(*arguments)

    return pick


def width_of(array):
    """How many numbers of an array fill a line."""
    return LINE // array.itemsize


@overload(width_of)
def _width_of(array):
    width = LINE * 8 // array.dtype.bitwidth
    return lambda array: width

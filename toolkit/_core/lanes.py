"""Vectors of numbers: `load` a cache line of an array, calculate with it as with one number, `store` it.

A value is 16 float32 or 8 float64; most operations take single numbers as well. Arithmetic is strict IEEE in each lane,
so that NaN and inf survive by themselves and the order of a sum is what the kernel says; only `fused` depends on the
machine, which may or may not round once. Uncompiled, a value is a NumPy array and all of this plain NumPy.
"""
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel, register_default
from numba.extending import intrinsic, overload

__all__ = ["LINE", "Lanes", "by_dtype", "call", "constant", "dtype_of", "has_feature", "lane", "load",
           "load_two", "memory_at", "memory_of", "operation", "replaced", "shaped", "splat", "spread", "store",
           "suffix", "vectors", "width_of"]

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


def operation(plain):
    """An intrinsic of kernels, or `plain` where nothing is compiled."""
    return lambda lowering: plain if numba.config.DISABLE_JIT else intrinsic(lowering)


def dtype_of(kind):
    """The dtype of lanes, memory or an array; that of a number is its type."""
    return getattr(kind, "dtype", kind)


def shaped(element, kind):
    """The LLVM type of elements in the shape of `kind`: a vector, or one element for a number."""
    return ir.VectorType(element, kind.count) if isinstance(kind, Lanes) else element


def constant(shape, number):
    """`number` as an LLVM type, in all its elements."""
    return ir.Constant(shape, [number] * shape.count if isinstance(shape, ir.VectorType) else number)


def splat(builder, value, vector):
    if not isinstance(vector, ir.VectorType):
        return value
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_I32, vector.count), None))


def vectors(context, builder, kind, signature, arguments, first=0):
    """Arguments from the `first` on in the shape of `kind`: numbers are cast and spread."""
    vector = context.get_value_type(kind)
    for value, given in zip(arguments[first:], signature.args[first:], strict=True):
        if not isinstance(given, Lanes):
            value = splat(builder, context.cast(builder, value, given, dtype_of(kind)), vector)
        yield value


def suffix(value):
    """How LLVM's names of operations end for a type."""
    if isinstance(value, ir.VectorType):
        return f"v{value.count}{suffix(value.element)}"
    return "f32" if isinstance(value, ir.FloatType) else "f64"


def has_feature(context, name):
    """Whether code is made for a machine that has a feature, as LLVM calls it."""
    return f"+{name}," in f"{context.codegen().magic_tuple()[2]},"


def call(builder, name, result, arguments):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def _data(context, builder, kind, value):
    return context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value


@operation(lambda array: array)
def memory_of(_context, array):
    """The address of a contiguous array's numbers: to count references for every row takes longer than some rows do."""
    kind = types.CPointer(array.dtype)
    return kind(array), lambda context, builder, signature, arguments: _data(context, builder, array, arguments[0])


def _flat_from(array, i, j):
    there = array[i:, j:]
    numbers = (max(there.shape[0] - 1, 0) * array.strides[0] + there.shape[1] * array.itemsize) // array.itemsize
    return np.lib.stride_tricks.as_strided(there, (numbers,), (array.itemsize,))


@operation(_flat_from)
def memory_at(_context, array, i, j):
    """The address of ``array[i, j]``, from which rows are ``array.strides[0]`` apart."""
    kind = types.CPointer(array.dtype)

    def lower(context, builder, signature, arguments):
        whole = context.make_array(array)(context, builder, arguments[0])
        places = (context.cast(builder, *each, types.int64) for each in zip(arguments[1:], signature.args[1:]))
        row, column = places
        stride = builder.sext(cgutils.unpack_tuple(builder, whole.strides)[0], _I64)
        start = builder.gep(builder.bitcast(whole.data, ir.IntType(8).as_pointer()), [builder.mul(row, stride)])
        return builder.gep(builder.bitcast(start, whole.data.type), [column])

    return kind(array, i, j), lower


def _address(context, builder, signature, arguments, vector):
    data = _data(context, builder, signature.args[0], arguments[0])
    index = context.cast(builder, arguments[1], signature.args[1], types.int64)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _first(context, builder, signature, arguments, vector):
    """Mask of the first `count` lanes; `count` is the third argument."""
    count = context.cast(builder, arguments[2], signature.args[2], types.int32)
    steps = ir.Constant(ir.VectorType(_I32, vector.count), list(range(vector.count)))
    return builder.icmp_signed("<", steps, splat(builder, count, steps.type))


def _plain_load(array, index, count, fill):
    values = np.full(LINE // array.itemsize, fill, array.dtype)
    values[:count] = array[index : index + count]
    return values


@operation(_plain_load)
def load(_context, array, index, count, fill):
    """`count` neighbours of a contiguous 1-D array, or of its memory, from `index` on; `fill` in the lanes beyond."""
    kind = Lanes(array.dtype, LINE * 8 // array.dtype.bitwidth)

    def lower(context, builder, signature, arguments):
        vector = context.get_value_type(kind)
        place = _address(context, builder, signature, arguments, vector)
        width = array.dtype.bitwidth // 8
        fill = splat(builder, context.cast(builder, arguments[3], signature.args[3], kind.dtype), vector)
        whole = builder.icmp_signed("==", context.cast(builder, arguments[2], signature.args[2], types.int64),
                                    ir.Constant(_I64, kind.count))
        with builder.if_else(whole) as (then, otherwise):
            with then:
                all_of_them = builder.load(place, align=width)
                then_block = builder.block
            with otherwise:
                mask = _first(context, builder, signature, arguments, vector)
                some = call(builder, f"llvm.masked.load.{suffix(vector)}.p0{suffix(vector)}", vector,
                             [place, ir.Constant(_I32, width), mask, fill])
                otherwise_block = builder.block
        value = builder.phi(vector)
        value.add_incoming(all_of_them, then_block)
        value.add_incoming(some, otherwise_block)
        return value

    return kind(array, index, count, fill), lower


@operation(lambda array, index: array[index:index + 2 * (LINE // array.itemsize)].copy())
def load_two(_context, array, index):
    """Two lines of neighbours as one value: an operation on it is two that do not wait for each other."""
    kind = Lanes(array.dtype, 2 * LINE * 8 // array.dtype.bitwidth)

    def lower(context, builder, signature, arguments):
        place = _address(context, builder, signature, arguments, context.get_value_type(kind))
        return builder.load(place, align=array.dtype.bitwidth // 8)

    return kind(array, index), lower


def _plain_store(array, index, count, value):
    array[index : index + count] = value[:count]


@operation(_plain_store)
def store(_context, array, index, count, value):
    """Store the first `count` lanes at `index` of a contiguous 1-D array, or of its memory."""

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
                call(builder, f"llvm.masked.store.{suffix(vector)}.p0{suffix(vector)}", ir.VoidType(),
                      [arguments[3], place, ir.Constant(_I32, width), mask])
        return context.get_dummy_value()

    return types.none(array, index, count, value), lower


@operation(lambda value, like: np.full(like.size, value, like.dtype))
def spread(_context, value, like):
    """`value` in every lane of a vector like `like`."""

    def lower(context, builder, signature, arguments):
        return next(vectors(context, builder, like, signature, arguments))

    return like(value, like), lower


@operation(lambda value, index: value[index])
def lane(_context, value, index):
    """One of the numbers."""

    def lower(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], context.cast(builder, arguments[1], index, types.int32))

    return value.dtype(value, index), lower


def _plain_replaced(value, index, number):
    value = value.copy()
    value[index] = number
    return value


@operation(_plain_replaced)
def replaced(_context, value, index, number):
    """The vector with another number in one lane."""

    def lower(context, builder, signature, arguments):
        number_there = context.cast(builder, arguments[2], number, value.dtype)
        place = context.cast(builder, arguments[1], index, types.int32)
        return builder.insert_element(arguments[0], number_there, place)

    return value(value, index, number), lower


def by_dtype(of_32, of_64):
    """A function of kernels that is `of_32` for float32 as first argument, else `of_64`."""

    def pick(first, *others):
        return (of_32 if first.dtype == np.float32 else of_64)(first, *others)

    @overload(pick)
    def _pick(first, *others):
        chosen = of_32 if dtype_of(first) == types.float32 else of_64
        return lambda first, *others: chosen(first, *others)

    return pick


def width_of(array):
    """How many numbers of an array fill a line."""
    return LINE // array.itemsize


@overload(width_of)
def _width_of(array):
    width = LINE * 8 // array.dtype.bitwidth
    return lambda array: width

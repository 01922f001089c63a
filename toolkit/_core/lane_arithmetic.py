"""Arithmetic of vectors: lane by lane, and on their bits."""
import operator

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from toolkit._core.across_lanes import some_lanes
from toolkit._core.lanes import Lanes, call, constant, dtype_of, has_feature, operation, shaped, splat, suffix, vectors

__all__ = ["bit_distance", "choose", "exponent_above", "fused", "inverse_of", "low_bits_as_exponent",
           "narrowed", "signed_as", "size", "widened"]

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@operation(lambda value: 1 / value)
def inverse_of(_context, value):
    """``1 / value`` within an ulp, of numbers neither very small nor very large.

    By Newton's steps from an estimate, where the machine has one: its division takes as long as twenty operations.
    """
    name, steps = {types.float32: ("ps", 1), types.float64: ("pd", 2)}[value.dtype]
    count = 512 // value.dtype.bitwidth

    def inverse(builder, given):
        one, mask = constant(given.type, 1.0), ir.Constant(ir.IntType(count), -1)
        estimate = call(builder, f"llvm.x86.avx512.rcp14.{name}.512", given.type,
                        [given, ir.Constant(given.type, None), mask])
        for _ in range(steps):
            error = _fma(builder, builder.fneg(given), estimate, one)
            estimate = _fma(builder, error, estimate, estimate)
        return estimate

    def lower(context, builder, signature, arguments):
        if value.count % count or not has_feature(context, "avx512f"):
            return builder.fdiv(constant(arguments[0].type, 1.0), arguments[0])
        parts = [inverse(builder, some_lanes(builder, arguments[0], start, count))
                 for start in range(0, value.count, count)]
        while len(parts) > 1:
            parts = [_joined(builder, *pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return value(value), lower


def _fma(builder, *arguments):
    return call(builder, f"llvm.fma.{suffix(arguments[0].type)}", arguments[0].type, list(arguments))


def _joined(builder, low, high):
    places = ir.Constant(ir.VectorType(_I32, 2 * low.type.count), list(range(2 * low.type.count)))
    return builder.shuffle_vector(low, high, places)


def _kind_of(*sides):
    """The kind of a result: that of the lanes among the arguments, or float64 where all are numbers."""
    return next((side for side in sides if isinstance(side, Lanes)), types.float64)


@operation(lambda condition, yes, no: np.where(condition, yes, no)[()])
def choose(_context, condition, yes, no):
    """`yes` in the lanes where `condition` holds, else `no`; numbers are spread."""
    alone = isinstance(condition, Lanes) and not isinstance(yes, Lanes) and not isinstance(no, Lanes)
    kind = Lanes(yes, condition.count) if alone else _kind_of(yes, no)

    def lower(context, builder, signature, arguments):
        return builder.select(arguments[0], *vectors(context, builder, kind, signature, arguments, first=1))

    return kind(condition, yes, no), lower


@operation(lambda a, b, c: a * b + c)
def fused(_context, a, b, c):
    """``a * b + c``, rounded once where the machine has an instruction for it; numbers are spread."""
    kind = _kind_of(a, b, c)

    def lower(context, builder, signature, arguments):
        vector = context.get_value_type(kind)
        return call(builder, f"llvm.fmuladd.{suffix(vector)}", vector,
                     list(vectors(context, builder, kind, signature, arguments)))

    return kind(a, b, c), lower


@operation(lambda value: value.astype(np.float64))
def widened(_context, value):
    """The lanes as float64, as many of them."""
    kind = Lanes(types.float64, value.count) if isinstance(value, Lanes) else types.float64

    def lower(context, builder, signature, arguments):
        same = dtype_of(value) == types.float64
        return arguments[0] if same else builder.fpext(arguments[0], context.get_value_type(kind))

    return kind(value), lower


@operation(lambda value, like: value.astype(like.dtype))
def narrowed(_context, value, like):
    """float64 lanes, or a number, in the dtype of `like`."""
    dtype = dtype_of(like)
    kind = Lanes(dtype, value.count) if isinstance(value, Lanes) else dtype

    def lower(context, builder, signature, arguments):
        return arguments[0] if dtype == types.float64 else builder.fptrunc(arguments[0], context.get_value_type(kind))

    return kind(value, like), lower


@operation(np.abs)
def size(_context, value):
    """``|value|``."""

    def lower(context, builder, signature, arguments):
        return call(builder, f"llvm.fabs.{suffix(arguments[0].type)}", arguments[0].type, arguments)

    return value(value), lower


@operation(np.copysign)
def signed_as(_context, value, sign):
    """`value` with the sign of the lanes `sign`."""

    def lower(context, builder, signature, arguments):
        return call(builder, f"llvm.copysign.{suffix(arguments[0].type)}", arguments[0].type, arguments)

    return value(value, sign), lower


def _bits(value):
    return value.view(np.int32 if value.dtype == np.float32 else np.int64)


def _on_bits(context, builder, kind, arguments, emit):
    """Result of an operation on the bit patterns of vectors."""
    integer = shaped(_I32 if dtype_of(kind) == types.float32 else _I64, kind)
    result = emit(*(builder.bitcast(argument, integer) for argument in arguments))
    return builder.bitcast(result, context.get_value_type(kind))


@operation(lambda a, b: (_bits(a) - _bits(b)).view(a.dtype))
def bit_distance(_context, a, b):
    """The number whose bit pattern is the difference of two bit patterns."""

    def lower(context, builder, signature, arguments):
        return _on_bits(context, builder, a, arguments, builder.sub)

    return a(a, b), lower


def _shift_of(dtype):
    return 23 if dtype in (np.float32, types.float32) else 52


@operation(lambda value: (_bits(value) << _bits(value).dtype.type(_shift_of(value.dtype))).view(value.dtype))
def low_bits_as_exponent(_context, value):
    """The number whose sign and exponent are the last 9 (float64: 12) bits of `value`, and whose fraction is 0."""

    def lower(context, builder, signature, arguments):
        return _on_bits(context, builder, value, arguments, lambda bits: builder.shl(
            bits, constant(bits.type, _shift_of(dtype_of(value)))))

    return value(value), lower


@operation(lambda value, least: ((_bits(value) - _bits(np.float64(least))) >> np.int64(52)).astype(np.float64))
def exponent_above(_context, value, least):
    """The k of ``value = f * 2**k`` with f from `least` to 2 `least`, for float64 lanes of positive normal numbers."""

    def lower(context, builder, signature, arguments):
        integer = shaped(_I64, value)
        number = context.cast(builder, arguments[1], least, types.float64)
        bits, least_bits = builder.bitcast(arguments[0], integer), builder.bitcast(number, _I64)
        above = builder.sub(bits, splat(builder, least_bits, integer))
        k = builder.ashr(above, constant(integer, 52))
        return builder.sitofp(k, context.get_value_type(value))

    return value(value, least), lower


def _operator(symbol, emit, truth=False):
    def lanewise(_context, left, right):
        kind = left if isinstance(left, Lanes) else right

        def lower(context, builder, signature, arguments):
            return emit(builder, *vectors(context, builder, kind, signature, arguments))

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
_operator(operator.le, lambda builder, a, b: builder.fcmp_ordered("<=", a, b), truth=True)
_operator(operator.ne, lambda builder, a, b: builder.fcmp_unordered("!=", a, b), truth=True)
_operator(operator.eq, lambda builder, a, b: builder.fcmp_ordered("==", a, b), truth=True)

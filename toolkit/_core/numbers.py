"""Numbers that know their format: a kernel is plain arithmetic, and its rows decide what each operation rounds to.

- ``+ - * /``, `np.sqrt` and the elementary functions round their result to the format.
- A plain number among their arguments (a literal, an integer, a parameter) is rounded first, as in NumPy 2 and JAX.
- Comparisons, signs, ``abs min max``, `np.rint`, `np.floor`, `np.ceil` and `np.copysign` round nothing.
- A variable may begin as a plain number that the format has: after ``total = 0.0``, ``total += z[i]`` is of the row.
- ``like(x, row)`` makes a plain number one of the row, and `as_numbers` a tuple of them. ``unrounded(z[i])`` is a plain
  number of the row's dtype and ``float(z[i])`` a float64: what is computed from them is not rounded.

`emulated` says this in Python; here Numba learns it. An operation is emitted into the kernel that uses it, not compiled
as a function of its own: that hoists the constants of a format out of loops and shortens compilation.
"""
import operator

import numpy as np
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed

from toolkit._core.emulated import as_numbers, in_format, lifted, like, literal, relative, rounded, unrounded
from toolkit._core.kernel import kernel
from toolkit._core.number_types import ROUND, Number, Row, call, enter, number_among, resolve, teach

__all__ = ["as_numbers", "elementary_function", "in_format", "like", "over_exactly", "through_float64",
           "times_exactly", "unrounded"]

_ONE_OR_TWO = (Number,), (Number, Number), (Number, types.Number), (types.Number, Number)


def _operation(function, result, machine=None):
    """Let kernels call `function` with numbers: as `machine` of their values, "rounded", "exact" or "plain"."""
    machine = machine or function

    def typed(typing, *kinds):
        number = number_among(kinds)
        return resolve(typing, machine, kinds)[1].return_type if number and result == "plain" else number

    def emit(context, builder, sig, args):
        number = sig.return_type
        if result == "plain":
            return call(context, builder, machine, sig.args, args)
        codes = [builder.extract_value(a, 1) for a, k in zip(args, sig.args) if k == number]
        code = builder.or_(codes[0], codes[-1]) if number.begun else codes[0]
        values = [enter(context, builder, a, k, number, code, literal) for a, k in zip(args, sig.args)]
        value = call(context, builder, machine, [number.plain] * len(args), values)
        if result == "rounded" and number.emulated:
            value = call(context, builder, rounded, ROUND, (value, code))
        return cgutils.pack_struct(builder, (value, code))

    teach(function, typed, emit, *_ONE_OR_TWO)


@kernel
def _larger(a, b):
    return b if b > a else a  # as Python says


@kernel
def _smaller(a, b):
    return b if b < a else a


for _name in ("add", "sub", "mul", "truediv"):
    _operation(getattr(operator, _name), "rounded")
    _operation(getattr(operator, "i" + _name), "rounded", getattr(operator, _name))
_operation(np.sqrt, "rounded")
for _function in (operator.neg, operator.pos, abs, np.absolute, np.copysign, np.rint, np.floor, np.ceil, np.sign):
    _operation(_function, "exact")
_operation(max, "exact", _larger)
_operation(min, "exact", _smaller)
for _function in (operator.lt, operator.gt, operator.le, operator.ge, operator.eq, operator.ne, np.isinf, np.isnan,
                  np.isfinite, np.signbit, int):
    _operation(_function, "plain")
_operation(float, "plain", np.float64)


def elementary_function(function):
    """A kernel of floats as a function that kernels may call with numbers, whose result is rounded once."""
    of_numbers = lifted(function)
    _operation(of_numbers, "rounded", function)
    teach(of_numbers, lambda typing, *kinds: resolve(typing, function, kinds)[1].return_type
          if all(isinstance(kind, types.Number) for kind in kinds) else None,
          lambda context, builder, sig, args: call(context, builder, function, sig.args, args),
          (types.Number,), (types.Number, types.Number))
    return of_numbers


def _type_like(typing, value, x):
    kind = x.number if isinstance(x, Row) else getattr(x, "dtype", x)
    return kind if isinstance(kind, Number | types.Float) else types.float64


def _emit_like(context, builder, sig, args):
    if not isinstance(sig.return_type, Number):
        return context.cast(builder, args[0], sig.args[0], sig.return_type)
    code = builder.extract_value(args[1], 1)
    return cgutils.pack_struct(builder, (enter(context, builder, args[0], sig.args[0], sig.return_type, code), code))


def _type_as_numbers(typing, given, x):
    if not isinstance(given, types.BaseTuple):
        return None
    number = x.number if isinstance(x, Row) else x
    if not isinstance(number, Number):
        return given
    return types.Tuple([number if isinstance(kind, types.Float) else kind for kind in given])


def _emit_as_numbers(context, builder, sig, args):
    given, result = sig.args[0], sig.return_type
    if result == given:
        return args[0]
    code = builder.extract_value(args[1], 1)
    values = [value if kind == number else cgutils.pack_struct(
        builder, (enter(context, builder, value, kind, number, code), code))
        for value, kind, number in zip(cgutils.unpack_tuple(builder, args[0]), given, result, strict=True)]
    return context.make_tuple(builder, result, values)


def _type_unrounded(typing, x):
    return x.plain if getattr(x, "emulated", False) else x


def _emit_unrounded(context, builder, sig, args):
    return args[0] if sig.return_type == sig.args[0] else builder.extract_value(args[0], 0)


def _type_in_format(typing, x, fmt):
    if fmt == types.none and isinstance(x, Row | Number):
        return x
    if isinstance(x, types.Array):
        if fmt == types.none:
            return x if x.dtype == types.float64 else Row(x)
        return Row(x) if isinstance(fmt, types.Integer) and x.dtype == types.float64 else None
    if not isinstance(x, types.Number):
        return None
    return x if fmt == types.none else Number(types.float64) if isinstance(fmt, types.Integer) else None


def _emit_in_format(context, builder, sig, args):
    (x, fmt), kind = args, sig.return_type
    if kind == sig.args[0]:
        return impl_ret_borrowed(context, builder, kind, x)
    code = call(context, builder, relative, sig.args[1:], (fmt,))
    if isinstance(kind, Row):
        return cgutils.pack_struct(builder, (impl_ret_borrowed(context, builder, sig.args[0], x), code))
    return cgutils.pack_struct(builder, (enter(context, builder, x, sig.args[0], kind, code), code))


teach(like, _type_like, _emit_like, (types.Any, types.Any))
teach(as_numbers, _type_as_numbers, _emit_as_numbers, (types.Any, types.Any))
teach(unrounded, _type_unrounded, _emit_unrounded, (types.Any,))
teach(in_format, _type_in_format, _emit_in_format, (types.Any, types.Any))


@kernel
def times_exactly(x, n):
    """``x n``, rounded once in an emulated format, which may lack n, as a count of classes; float32 rounds n first."""
    return like(unrounded(x) * n, x)


@kernel
def over_exactly(x, n):
    """``x / n``, with n as of `times_exactly`."""
    return like(unrounded(x) / n, x)


@kernel
def through_float64(of, x):
    """``of(x)``, computed in float64 and rounded once to the dtype of `x`."""
    return like(of(np.float64(x)), x)

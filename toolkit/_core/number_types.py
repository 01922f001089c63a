"""What Numba knows about numbers and rows of a format: their types, how they lie in memory, how they come and go."""
import operator

from numba.core import cgutils, types
from numba.core.imputils import lower_builtin, lower_cast, lower_getattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import NativeValue, box, models, register_model, typeof_impl, unbox

from toolkit._core.emulated import EmulatedNumber, EmulatedRow, entered, literal

__all__ = ["ROUND", "Number", "Row", "call", "enter", "number_among", "plain_type", "resolve", "teach"]

ROUND = types.float64, types.int64


class Number(types.Type):
    """A float32, or a float64 and the code of its format, which is 0 in a variable that `begun` as a plain number."""

    def __init__(self, plain, begun=False):
        self.plain, self.begun, self.emulated = plain, begun, plain == types.float64
        super().__init__(f"Number({plain}{', begun' * begun})")

    def unify(self, context, other):
        same = isinstance(other, Number) and self.plain == other.plain
        return Number(self.plain, True) if same or isinstance(other, types.Number) else None


class Row(types.Type):
    """An array of numbers and the code of their format."""

    def __init__(self, plain):
        self.plain, self.number = plain, Number(plain.dtype)
        super().__init__(f"Row({plain})")


@register_model(Number)
@register_model(Row)
class _Model(models.StructModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, [("plain", kind.plain), ("code", types.int64)])


def plain_type(kind):
    """The type of the value or array that a number or row holds; other types as they are."""
    return kind.plain if isinstance(kind, Number | Row) else kind



def resolve(typing, function, kinds):
    """A function and its signature for plain numbers and arrays of these kinds."""
    callee = typing.resolve_value_type(function)
    return callee, typing.resolve_function_type(callee, tuple(map(plain_type, kinds)), {})


def call(context, builder, function, kinds, values):
    """Emit a call of a function of plain numbers and arrays."""
    callee, called = resolve(context.typing_context, function, kinds)
    emit = context.get_function(callee, called)
    context.add_linking_libs(getattr(emit, "libs", ()))
    values = [builder.extract_value(v, 0) if isinstance(k, Number | Row) else v for v, k in zip(values, kinds)]
    return emit(builder, [context.cast(builder, *each) for each in zip(values, map(plain_type, kinds), called.args)])


def teach(function, typed, emit, *signatures):
    """Give Numba the type of a result, or None, and the code of `function` for arguments of these kinds."""
    class Typing(AbstractTemplate):
        key = function

        def generic(self, args, kws):
            result = typed(self.context, *args)
            return result and signature(result, *args)

    infer_global(function, types.Function(Typing))
    for kinds in signatures:
        lower_builtin(function, *kinds)(emit)


def number_among(kinds):
    """The kind of the numbers among arguments, if the others are plain numbers; rather one that has met a row."""
    numbers = sorted((k for k in kinds if isinstance(k, Number)), key=lambda number: number.begun)
    alike = all(isinstance(k, types.Number) or plain_type(k) == numbers[0].plain for k in kinds if numbers)
    return numbers[0] if numbers and alike else None


def enter(context, builder, value, kind, number, code, rounding=entered):
    """The value of an argument; a plain number enters the format, and what began as one if it is stored."""
    if isinstance(kind, Number):
        value = builder.extract_value(value, 0)
        if rounding is literal or not kind.begun:
            return value
    value = context.cast(builder, value, plain_type(kind), number.plain)
    return call(context, builder, rounding, ROUND, (value, code)) if number.emulated else value


@lower_cast(Number, Number)
@lower_cast(types.Number, Number)
def _begin(context, builder, kind, number, value):
    if isinstance(kind, Number):
        return value
    value = context.cast(builder, value, kind, number.plain)
    return cgutils.pack_struct(builder, (value, context.get_constant(types.int64, 0)))


def _type_item(typing, row, index):
    if isinstance(row, Row):
        item = resolve(typing, operator.getitem, (row, index))[1].return_type
        return Row(item) if isinstance(item, types.Array) else row.number


def _emit_item(context, builder, sig, args):
    item = call(context, builder, operator.getitem, sig.args, args)
    return cgutils.pack_struct(builder, (item, builder.extract_value(args[0], 1)))


def _type_store(typing, row, index, x):
    return types.none if isinstance(row, Row) and number_among((row.number, x)) else None


def _emit_store(context, builder, sig, args):
    row, index, kind = sig.args
    value = enter(context, builder, args[2], kind, row.number, builder.extract_value(args[0], 1))
    return call(context, builder, operator.setitem, (row, index, row.number.plain), (*args[:2], value))


def _type_store_in_array(typing, array, index, x):
    plain = isinstance(array, types.Array) and isinstance(x, Number) and not isinstance(index, types.Array)
    return types.none if plain else None


def _emit_store_in_array(context, builder, sig, args):
    """What a figure draws goes to plain arrays: a number leaves its format there."""
    return call(context, builder, operator.setitem, sig.args, args)


teach(operator.getitem, _type_item, _emit_item, (Row, types.Any))
teach(operator.setitem, _type_store, _emit_store, (Row, types.Any, types.Any))
teach(operator.setitem, _type_store_in_array, _emit_store_in_array, (types.Array, types.Any, Number))
teach(len, lambda typing, row: types.intp if isinstance(row, Row) else None,
      lambda context, builder, sig, args: call(context, builder, len, sig.args, args), (Row,))


@infer_getattr
class _RowAttributes(AttributeTemplate):
    key = Row

    def generic_resolve(self, row, name):
        return self.context.resolve_getattr(row.plain, name) if name in ("size", "shape") else None


@lower_getattr_generic(Row)
def _emit_attribute(context, builder, row, value, name):
    return context.get_getattr(row.plain, name)(context, builder, row.plain, builder.extract_value(value, 0), name)


@typeof_impl.register(EmulatedRow)
def _type_of_row(row, context):
    return Row(typeof_impl(row.values, context))


@typeof_impl.register(EmulatedNumber)
def _type_of_number(number, context):
    return Number(typeof_impl(number.value, context))


@unbox(Number)
@unbox(Row)
def _from_python(kind, given, c):
    parts, failed = [], []
    for name, part in (("values" if isinstance(kind, Row) else "value", kind.plain), ("code", types.int64)):
        attribute = c.pyapi.object_getattr_string(given, name)
        native = c.unbox(part, attribute)
        c.pyapi.decref(attribute)
        parts.append(native.value)
        failed.append(native.is_error)
    return NativeValue(cgutils.pack_struct(c.builder, parts), is_error=c.builder.or_(*failed))


@box(Number)
def _number_to_python(kind, number, c):
    """As a Python float: what comes back is a result, which nothing is computed from in its format."""
    value = c.context.cast(c.builder, c.builder.extract_value(number, 0), kind.plain, types.float64)
    return c.box(types.float64, value)

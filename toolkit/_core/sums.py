"""Sums that keep their digits: ``total = sum_like(z)``, then ``total += x`` for each number, then ``total.value``.

A plain running sum in the dtype of a row is off by K/2 units, and stops where a term is below half a unit of it: in
float32 ones add up to 2**24 and no further. What `sum_like` begins keeps more than the row has:

- of float32 rows a float64, which adds up products of two float32 exactly;
- of float64 rows a pair, the second number of which collects what each addition rounds off (A. Neumaier 1974,
  doi:10.1002/zamm.19740540106);
- of rows in an emulated format a number of the format, rounded at each addition: that loss is what such rows show.

``value`` is the sum as a number of the row, rounded once. Naive and common forms add up plainly: `total` begins as 0.0.
"""
import operator

import numpy as np
from numba.core import cgutils, types
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import models, register_model

from toolkit._core.emulated import EmulatedNumber, EmulatedRow, like
from toolkit._core.number_types import Number, Row, plain_type, teach

__all__ = ["sum_like"]


class RunningSum:
    """What `sum_like` begins, in Python."""

    def __init__(self, x):
        self.row, self.total, self.lost = x, 0.0, 0.0
        if isinstance(x, EmulatedRow | EmulatedNumber) and like(0, x).value.dtype == np.float64:
            self.total = like(0.0, x)

    def __iadd__(self, x):
        if isinstance(self.total, EmulatedNumber):
            self.total = self.total + x
            return self
        before, x = np.float64(self.total), np.float64(float(x))
        self.total = before + x
        if not isinstance(self.row, EmulatedRow | EmulatedNumber):
            added = self.total - before
            self.lost += (before - (self.total - added)) + (x - added)
        return self

    @property
    def value(self):
        """The sum as a number of the row."""
        whole = self.total + self.lost if not isinstance(self.total, EmulatedNumber) and self.total - self.total == 0 \
            else self.total
        return like(whole, self.row)


def sum_like(x):
    """A sum of numbers like `x`, which is a row or a number; as yet 0."""
    return RunningSum(x)


class Sum(types.Type):
    """A sum of numbers of some kind: float64, or a `Number`."""

    def __init__(self, number):
        self.number, self.in_format = number, isinstance(number, Number) and number.emulated
        super().__init__(f"Sum({number})")


@register_model(Sum)
class _Model(models.StructModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, [("total", types.float64), ("lost", types.float64), ("code", types.int64)])


def _type_begin(typing, x):
    kind = x.number if isinstance(x, Row) else getattr(x, "dtype", x)
    if isinstance(kind, Number):
        return Sum(Number(kind.plain))
    return Sum(types.float64) if isinstance(kind, types.Number) else None


def _emit_begin(context, builder, sig, args):
    total = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    total.total = total.lost = context.get_constant(types.float64, 0)
    known = sig.return_type.in_format
    total.code = builder.extract_value(args[0], 1) if known else context.get_constant(types.int64, 0)
    return total._getvalue()


def _type_add(typing, total, x):
    return total if isinstance(total, Sum) and isinstance(plain_type(x), types.Number) else None


def _emit_add(context, builder, sig, args):
    kind, term = sig.args
    total = cgutils.create_struct_proxy(kind)(context, builder, args[0])
    if kind.in_format:
        typing = context.typing_context
        added = typing.resolve_function_type(typing.resolve_value_type(operator.add), (kind.number, term), {})
        before = cgutils.pack_struct(builder, (total.total, total.code))
        after = context.get_function(operator.add, added)(builder, (before, args[1]))
        total.total = builder.extract_value(after, 0)
        return total._getvalue()
    x = builder.extract_value(args[1], 0) if isinstance(term, Number) else args[1]
    before, x = total.total, context.cast(builder, x, plain_type(term), types.float64)
    after = total.total = builder.fadd(before, x)
    if kind.number == types.float64:
        added = builder.fsub(after, before)
        lost = builder.fadd(builder.fsub(before, builder.fsub(after, added)), builder.fsub(x, added))
        total.lost = builder.fadd(total.lost, lost)
    return total._getvalue()


teach(sum_like, _type_begin, _emit_begin, (types.Any,))
for _add in (operator.add, operator.iadd):
    teach(_add, _type_add, _emit_add, (Sum, types.Number), (Sum, Number))


@infer_getattr
class _SumAttributes(AttributeTemplate):
    key = Sum

    def resolve_value(self, total):
        return total.number


@lower_getattr_generic(Sum)
def _emit_value(context, builder, kind, value, name):
    total = cgutils.create_struct_proxy(kind)(context, builder, value)
    if kind.in_format:
        return cgutils.pack_struct(builder, (total.total, total.code))
    if kind.number == types.float64:  # what inf rounds off is NaN
        away = builder.fsub(total.total, total.total)
        finite = builder.fcmp_ordered("==", away, context.get_constant(types.float64, 0))
        return builder.select(finite, builder.fadd(total.total, total.lost), total.total)
    plain = context.cast(builder, total.total, types.float64, kind.number.plain)
    return cgutils.pack_struct(builder, (plain, total.code))

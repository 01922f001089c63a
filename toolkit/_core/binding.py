"""A kernel whose parameters have values: what the register and figures call without them."""
import numba
from numba.core import types

from toolkit._core.number_types import teach

__all__ = ["with_parameters"]


def with_parameters(of, *parameters, last=0):
    """A function that kernels call for the kernel `of` at these parameters, which stand before its `last` arguments.

    Parameters
    ----------
    of : kernel
    *parameters : numbers, or tuples of them
    last : int
        0 for kernels that return a number, ``f(x, a)``; 1 for those that fill a row, ``row(z, a, out)``.

    Examples
    --------
    >>> from toolkit.kernels import kernel
    >>> @kernel
    ... def power(x, n):
    ...     return x if n == 1 else x * x
    >>> square = with_parameters(power, 2)
    >>> square(3.0), kernel(lambda x: square(x))(3.0)
    (9.0, 9.0)
    """
    kinds = tuple(map(numba.typeof, parameters))

    def completed(arguments, given):
        place = len(arguments) - last
        return (*arguments[:place], *given, *arguments[place:])

    def at_parameters(*arguments):
        return of(*completed(arguments, parameters))

    def resolved(typing, arguments):
        callee = typing.resolve_value_type(of)
        return callee, typing.resolve_function_type(callee, completed(arguments, kinds), {})

    def emit(context, builder, sig, values):
        callee, called = resolved(context.typing_context, sig.args)
        function = context.get_function(callee, called)
        context.add_linking_libs(getattr(function, "libs", ()))
        constants = [context.get_constant_generic(builder, *each) for each in zip(kinds, parameters, strict=True)]
        given = zip(completed(values, constants), completed(sig.args, kinds), called.args, strict=True)
        return function(builder, [context.cast(builder, *each) for each in given])

    teach(at_parameters, lambda typing, *arguments: resolved(typing, arguments)[1].return_type, emit,
          (types.VarArg(types.Any),))
    return at_parameters

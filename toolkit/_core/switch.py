"""A kernel chosen while running, one `switch` over a table, or while compiling, by whether an argument is None."""
from numba.core import cgutils, types

from toolkit._core.number_types import teach

__all__ = ["switch", "unless_none"]


def switch(kernels):
    """A function ``(which, *arguments)`` that kernels call for ``kernels[which](*arguments)``; beyond the table, its last.

    Parameters
    ----------
    kernels : sequence of kernels that take the same arguments

    Examples
    --------
    >>> from toolkit.kernels import kernel, switch
    >>> @kernel
    ... def double(x):
    ...     return x + x
    >>> @kernel
    ... def square(x):
    ...     return x * x
    >>> either = switch((double, square))
    >>> kernel(lambda which, x: either(which, x))(1, 3.0)
    9.0
    """
    table = tuple(kernels)

    def choose(which, *arguments):
        return table[which if 0 <= which < len(table) else -1](*arguments)

    def resolved(typing, arguments):
        callees = [typing.resolve_value_type(each) for each in table]
        return callees, [typing.resolve_function_type(callee, tuple(arguments), {}) for callee in callees]

    def typed(typing, which, *arguments):
        if not isinstance(which, types.Integer):
            return None
        return typing.unify_types(*(called.return_type for called in resolved(typing, arguments)[1]))

    def emit(context, builder, sig, values):
        result = sig.return_type
        callees, calls = resolved(context.typing_context, sig.args[1:])
        place = None if result == types.none else cgutils.alloca_once(builder, context.get_value_type(result))
        after = builder.append_basic_block("chosen")
        blocks = [builder.append_basic_block(f"kernel.{i}") for i in range(len(table))]
        jump = builder.switch(values[0], blocks[-1])
        for number, (block, callee, called) in enumerate(zip(blocks, callees, calls, strict=True)):
            jump.add_case(values[0].type(number), block)
            builder.position_at_end(block)
            function = context.get_function(callee, called)
            context.add_linking_libs(getattr(function, "libs", ()))
            given = [context.cast(builder, *each) for each in zip(values[1:], sig.args[1:], called.args, strict=True)]
            value = function(builder, given)
            if place is not None:
                builder.store(context.cast(builder, value, called.return_type, result), place)
            builder.branch(after)
        builder.position_at_end(after)
        return context.get_dummy_value() if place is None else builder.load(place)

    teach(choose, typed, emit, (types.Integer, types.VarArg(types.Any)))
    return choose


def unless_none(present, absent):
    """A function ``(given, *arguments)`` that calls `present` with them, or `absent` where `given` is None.

    Only the one that is called is compiled. After ``if given is None`` in a kernel, Numba leaves out the rest where it
    is None, but where it is not, it compiles both branches.
    """
    def choose(given, *arguments):
        return (absent if given is None else present)(given, *arguments)

    def resolved(typing, kinds):
        callee = typing.resolve_value_type(absent if kinds[0] == types.none else present)
        return callee, typing.resolve_function_type(callee, tuple(kinds), {})

    def typed(typing, *kinds):
        return resolved(typing, kinds)[1].return_type

    def emit(context, builder, sig, values):
        callee, called = resolved(context.typing_context, sig.args)
        function = context.get_function(callee, called)
        context.add_linking_libs(getattr(function, "libs", ()))
        given = [context.cast(builder, *each) for each in zip(values, sig.args, called.args, strict=True)]
        return function(builder, given)

    teach(choose, typed, emit, (types.Any, types.VarArg(types.Any)))
    return choose

"""A kernel chosen while compiling, by whether an argument is None."""
from numba.core import types

from toolkit._core.number_types import teach

__all__ = ["unless_none"]


def unless_none(present, absent):
    """A function ``(given, *arguments)``: ``present(given, *arguments)``, or ``absent(*arguments)`` where it is None.

    Only the one that is called is compiled. After ``if given is None`` in a kernel, Numba leaves out the rest where it
    is None, but where it is not, it compiles both branches.
    """
    def choose(given, *arguments):
        return absent(*arguments) if given is None else present(given, *arguments)

    def resolved(typing, kinds):
        none = kinds[0] == types.none
        callee = typing.resolve_value_type(absent if none else present)
        return callee, typing.resolve_function_type(callee, tuple(kinds[none:]), {})

    def typed(typing, *kinds):
        return resolved(typing, kinds)[1].return_type

    def emit(context, builder, sig, values):
        callee, called = resolved(context.typing_context, sig.args)
        function = context.get_function(callee, called)
        context.add_linking_libs(getattr(function, "libs", ()))
        none = sig.args[0] == types.none
        given = [context.cast(builder, *each) for each in zip(values[none:], sig.args[none:], called.args, strict=True)]
        return function(builder, given)

    teach(choose, typed, emit, (types.Any, types.VarArg(types.Any)))
    return choose

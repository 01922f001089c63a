"""Two compiler passes that find what WebAssembly cannot have in a kernel while the user's line is known.

`CheckCalls` runs before type inference, where a call is still the name that the user wrote; `CheckTypes` runs
after it, where an operation on whole arrays differs from one on numbers. Branches that Numba prunes because
an argument is None are gone by then and may contain anything.
"""
import operator
from types import ModuleType

import numpy as np
from numba.core import ir, types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.ir_utils import find_outer_value, get_definition, guard
from numba.core.typed_passes import NopythonTypeInference
from numba.core.unsafe import eh

from toolkit.live.wasm.errors import UnsupportedInWebAssembly
from toolkit.live.wasm.rules import CONTAINERS, why_not_callable, why_not_method

__all__ = ["KernelCompiler"]

_BUILD_OPS = {"build_list": "list", "build_map": "dict", "build_set": "set", "build_string": "str"}
_REMAINDERS = {operator.mod, operator.floordiv}
_LOOP = "write a loop over the elements"


def _statements(func_ir):
    """The kernel's own statements: Numba may have inlined code of other files."""
    for block in func_ir.blocks.values():
        for statement in block.body:
            if statement.loc.filename == func_ir.loc.filename:
                yield statement


def _refuse(reason, statement):
    if reason:
        raise UnsupportedInWebAssembly(reason, statement.loc)


@register_pass(mutates_CFG=False, analysis_only=True)
class CheckCalls(AnalysisPass):
    """Refuse calls, containers and exceptions that WebAssembly cannot have."""

    _name = "webassembly_check_calls"

    def __init__(self):
        AnalysisPass.__init__(self)

    def run_pass(self, state):
        for statement in _statements(state.func_ir):  # first, since a formatted message is also text
            if isinstance(statement, ir.DynamicRaise):
                _refuse("an exception's message must be a constant text in WebAssembly.", statement)
        for statement in _statements(state.func_ir):
            if isinstance(statement, ir.Print):
                _refuse(why_not_callable("print", print), statement)
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Expr):
                _refuse(self._why_not(state.func_ir, statement.value), statement)
        return False

    def _why_not(self, func_ir, expression):
        if expression.op in _BUILD_OPS:
            return CONTAINERS[_BUILD_OPS[expression.op]]
        if expression.op != "call":
            return None
        function = guard(find_outer_value, func_ir, expression.func)
        if function is eh.mark_try_block:
            return "try is not available in WebAssembly: use if."
        if function is not None:
            return why_not_callable(_written_name(func_ir, expression.func, function), function)
        definition = guard(get_definition, func_ir, expression.func)
        if isinstance(definition, ir.Expr) and definition.op == "getattr":
            owner = guard(find_outer_value, func_ir, definition.value)
            if isinstance(owner, ModuleType):
                return f"{_written_name(func_ir, expression.func, None)} does not exist."
            return why_not_method(definition.attr)
        return None


def _written_name(func_ir, variable, function):
    """A function's name with its module, as usually written: ``np.exp``, ``math.exp``, ``print``."""
    definition = get_definition(func_ir, variable)
    if isinstance(definition, ir.Expr):
        return f"{_written_name(func_ir, definition.value, None)}.{definition.attr}"
    if isinstance(definition.value, ModuleType):
        return "np" if definition.value is np else definition.value.__name__
    name = getattr(function, "__name__", definition.name)
    owner = "numpy" if isinstance(function, np.ufunc) else getattr(function, "__module__", None)
    return name if owner in (None, "builtins") else f"{'np' if owner == 'numpy' else owner}.{name}"


@register_pass(mutates_CFG=False, analysis_only=True)
class CheckTypes(AnalysisPass):
    """Refuse operations on whole arrays, on text, and float operations that would call the C library.

    Leaves where the function returns in ``metadata["return_location"]``.
    """

    _name = "webassembly_check_types"

    def __init__(self):
        AnalysisPass.__init__(self)

    def run_pass(self, state):
        state.metadata["return_location"] = state.func_ir.loc
        for statement in _statements(state.func_ir):
            if isinstance(statement, ir.Return):
                state.metadata["return_location"] = statement.loc
            if isinstance(statement, (ir.SetItem, ir.StaticSetItem)):
                _refuse(_why_not_store(statement, state.typemap), statement)
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Expr):
                _refuse(_why_not_compute(statement.value, state.typemap, state.func_ir), statement)
        return False


def _why_not_compute(expression, typemap, func_ir):
    def is_array(variable):
        return isinstance(typemap[variable.name], types.Array)

    if expression.op in ("binop", "inplace_binop"):
        operation = expression.fn if expression.op == "binop" else expression.immutable_fn
        return _why_not_binary(operation, typemap[expression.lhs.name], typemap[expression.rhs.name])
    if expression.op == "unary" and is_array(expression.value):
        return f"arithmetic on whole arrays allocates memory: {_LOOP}."
    if expression.op == "getitem" and is_array(expression.index):
        return f"indexing with an array allocates memory: {_LOOP}."
    if expression.op == "call" and any(map(is_array, expression.args)):
        function = guard(find_outer_value, func_ir, expression.func)
        if isinstance(function, np.ufunc):
            return f"np.{function.__name__} on a whole array allocates memory: {_LOOP}."
    return None


def _why_not_binary(operation, left, right):
    if operation in (operator.is_, operator.is_not):  # `array is None` is decided while compiling
        return None
    if isinstance(left, types.Array) or isinstance(right, types.Array):
        return f"arithmetic on whole arrays allocates memory: {_LOOP}."
    if isinstance(left, types.UnicodeType) or isinstance(right, types.UnicodeType):
        return CONTAINERS["str"]
    if operation in _REMAINDERS and (isinstance(left, types.Float) or isinstance(right, types.Float)):
        return "% and // of floats are not available in WebAssembly: use np.floor(x / y)."
    if operation is operator.pow and not isinstance(right, types.IntegerLiteral):
        return "** needs a constant integer as exponent in WebAssembly: else use toolkit.elementary.pow."
    return None


def _why_not_store(statement, typemap):
    target = typemap[statement.target.name]
    variable = statement.index if isinstance(statement, ir.SetItem) else statement.index_var
    index = typemap[variable.name]
    indices = index.types if isinstance(index, types.BaseTuple) else (index,)
    if isinstance(target, types.Array) and not (
            len(indices) == target.ndim and all(isinstance(i, types.Integer) for i in indices)):
        return f"assigning to a whole row or slice is not available in WebAssembly: {_LOOP}."
    return None


class KernelCompiler(CompilerBase):
    """Numba's nopython pipeline with the two checks around type inference."""

    def define_pipelines(self):
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        typing = [p for p, _ in pipeline.passes].index(NopythonTypeInference)
        pipeline.passes.insert(typing, (CheckCalls, "find calls that WebAssembly cannot have"))
        pipeline.add_pass_after(CheckTypes, NopythonTypeInference)
        pipeline.finalize()
        return [pipeline]

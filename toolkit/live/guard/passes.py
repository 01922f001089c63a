"""A compiler pass that guards a kernel: indices are compared with sizes, and loops can be stopped from outside.

Private parts of Numba that this stands on: those of `toolkit.live.wasm.checks`, ``compute_cfg_from_blocks`` and the
place of ``ReconstructSSA`` in the pipeline.
"""
import ctypes
import linecache
from typing import NamedTuple

from llvmlite import ir as llvm
from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.ir_utils import get_definition, guard
from numba.core.registry import CPUDispatcher
from numba.core.untyped_passes import ReconstructSSA
from numba.extending import intrinsic, overload

from toolkit._core.content import content_of
from toolkit._core.kernel import Kernel
from toolkit._core.number_types import Row
from toolkit._core.stamp import Unknown
from toolkit.live.user_code import functions_in, is_generated, is_of_the_book, is_users

__all__ = ["SITES", "STOP", "OutOfBounds", "Stopped", "place_of", "twin_of"]

_KEPT_OPTIONS = ("nopython", "error_model", "fastmath", "inline", "forceinline")

STOP = ctypes.c_int64(0)  # not 0: guarded loops end


class Site(NamedTuple):
    """A place in a user's source, and what stands there."""

    filename: str
    line: int
    name: str = ""

    @property
    def loop(self):
        """The place where the loop begins in whose body this is, or this place."""
        lines = linecache.getlines(self.filename)[:self.line]
        depth = len(lines[-1]) - len(lines[-1].lstrip()) if lines else 0
        for number, text in reversed(list(enumerate(lines, start=1))):
            own = len(text) - len(text.lstrip())
            if text.lstrip().startswith(("for ", "while ")) and (number == self.line or own < depth):
                return Site(self.filename, number)
        return self


SITES = []  # what kernels raise says which of these


class OutOfBounds(IndexError):
    """Raised by a guarded kernel with (site, index, axis, size, number of axes)."""


class Stopped(Exception):
    """Raised by a guarded kernel with (site,), the loop that was stopped."""


@intrinsic
def _stop(context):
    def emit(context, builder, signature, arguments):
        address = llvm.Constant(llvm.IntType(64), ctypes.addressof(STOP))
        # Atomic: another thread writes it, so that a loop has to read it each time.
        return builder.load_atomic(builder.inttoptr(address, llvm.IntType(64).as_pointer()), "monotonic", 8)

    return types.int64(), emit


def check_loop(site):
    """At the head of a loop."""


def check_index(array, index, site):
    """Before an element is read or written."""


@overload(check_loop)
def _check_loop(site):
    def check(site):
        if _stop() != 0:
            raise Stopped(site)

    return check


def _outside(index, axis, size, axes, site):
    pass


@overload(_outside)
def _check_one(index, axis, size, axes, site):
    if not isinstance(index, types.Integer):
        return lambda index, axis, size, axes, site: None

    def check(index, axis, size, axes, site):
        place = types.int64(index)
        if place >= size or place < -size:
            raise OutOfBounds(site, place, axis, size, axes)

    return check


@overload(check_index)
def _check_index(array, index, site):
    if isinstance(array, Row):
        return lambda array, index, site: _outside(index, 0, array.size, 1, site)
    if isinstance(array, types.Array):
        axes = array.ndim
        if not isinstance(index, types.BaseTuple):
            return lambda array, index, site: _outside(index, 0, array.shape[0], axes, site)
        if len(index) == 2 and axes == 2:
            def check(array, index, site):
                _outside(index[0], 0, array.shape[0], axes, site)
                _outside(index[1], 1, array.shape[1], axes, site)

            return check
    return lambda array, index, site: None


@register_pass(mutates_CFG=False, analysis_only=False)
class Guard(FunctionPass):
    """Put the checks into a function's own statements, and let it call guarded twins of the user's kernels."""

    _name = "guard_user_code"

    def __init__(self):
        FunctionPass.__init__(self)

    def run_pass(self, state):
        func_ir = state.func_ir
        heads = {loop.header for loop in compute_cfg_from_blocks(func_ir.blocks).loops().values()}
        for label, block in func_ir.blocks.items():
            body = []
            if label in heads:
                body += _call(check_loop, (), Site(block.loc.filename, block.body[0].loc.line), block.scope, block.loc)
            for statement in block.body:
                array, index = _access(statement)
                filename = statement.loc.filename
                if array is not None and is_users(filename) and not is_generated(filename):
                    site = Site(filename, statement.loc.line, _written(func_ir, array))
                    body += _call(check_index, (array, index), site, block.scope, statement.loc)
                value = getattr(statement, "value", None)
                if isinstance(value, ir.Global | ir.FreeVar) and isinstance(value.value, Dispatcher):
                    value.value = twin_of(value.value)
                body.append(statement)
            block.body = body
        return True


def _access(statement):
    """The variables of an array and of the index with which a statement reads or writes an element, else None."""
    if isinstance(statement, ir.SetItem):
        return statement.target, statement.index
    if isinstance(statement, ir.StaticSetItem):
        return statement.target, statement.index_var
    value = getattr(statement, "value", None)
    if isinstance(value, ir.Expr) and value.op == "getitem":
        return value.value, value.index
    if isinstance(value, ir.Expr) and value.op == "static_getitem" and value.index_var is not None:
        return value.value, value.index_var
    return None, None


def _written(func_ir, variable):
    """How the user calls an array."""
    definition = guard(get_definition, func_ir, variable)
    if not variable.name.startswith("$"):
        return variable.unversioned_name
    if isinstance(definition, ir.Expr) and definition.op == "getattr":
        return f"{_written(func_ir, definition.value)}.{definition.attr}"
    if isinstance(definition, ir.Global | ir.FreeVar):
        return definition.name
    if isinstance(definition, ir.Var):
        return _written(func_ir, definition)
    return "the array"


def _call(function, arguments, site, scope, loc):
    """Statements that call a check."""
    SITES.append(site)
    called, number, result = (scope.redefine(f"$guard_{part}", loc) for part in ("function", "site", "result"))
    return [
        ir.Assign(ir.Global(function.__name__, function, loc), called, loc),
        ir.Assign(ir.Const(len(SITES) - 1, loc), number, loc),
        ir.Assign(ir.Expr.call(called, (*arguments, number), (), loc), result, loc),
    ]


class GuardedCompiler(CompilerBase):
    """Numba's nopython pipeline with the guard before its form of single assignments."""

    def define_pipelines(self):
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        place = [p for p, _ in pipeline.passes].index(ReconstructSSA)
        pipeline.passes.insert(place, (Guard, "guard the user's code"))
        pipeline.finalize()
        return [pipeline]


_twins = {}  # what a kernel says -> its twin: a cell that runs again compiles nothing
_MOST_TWINS = 64


def twin_of(kernel):
    """The guarded twin of a kernel, or the kernel itself where it needs none."""
    if not isinstance(kernel, Kernel):
        return kernel
    known = vars(kernel)
    if "_guarded" not in known:
        functions = list(functions_in(kernel))
        is_new = any(not is_of_the_book(function.__code__.co_filename) for function in functions)
        known["_guarded"] = _twin(kernel, functions) if is_new else kernel
    return known["_guarded"]


def _twin(kernel, functions):
    options = {name: kernel.targetoptions[name] for name in _KEPT_OPTIONS if name in kernel.targetoptions}
    try:
        said = content_of(kernel.py_func), str(options), *(each.__code__.co_linetable for each in functions)
    except Unknown:
        said = kernel
    if said not in _twins:
        twin = CPUDispatcher(kernel.py_func, targetoptions=options | {"nogil": True}, pipeline_class=GuardedCompiler)
        if len(_twins) >= _MOST_TWINS:
            del _twins[next(iter(_twins))]
        _twins[said] = twin
    return _twins[said]


def place_of(site, twin, kernel):
    """Where a site of a twin stands in the functions of a kernel that says the same."""
    codes = [(old.__code__, new.__code__) for old, new in zip(functions_in(twin), functions_in(kernel))]
    codes = [pair for pair in codes if pair[0].co_filename == site.filename and pair[0].co_firstlineno <= site.line]
    if not codes:
        return site
    old, new = max(codes, key=lambda pair: pair[0].co_firstlineno)
    return site._replace(filename=new.co_filename, line=site.line - old.co_firstlineno + new.co_firstlineno)

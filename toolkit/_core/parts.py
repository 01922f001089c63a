"""Kernels as parts of other kernels: typed and lowered, but not made machine code by themselves.

Numba optimises each function together with all that it calls, and makes machine code of it, also where it is only a
part of another one: what lies at the bottom of a tree of calls is optimised once for each level above it. Here a kernel
that another kernel calls is compiled by a dispatcher of its own, and its code only goes into its callers. The whole is
optimised once, with the kernel that Python calls.

Private parts of Numba 0.68 that this stands on: ``JITCodeLibrary``, ``JITCPUCodegen`` with its ``_library_class`` and
``set_env``, ``CPUContext`` with its ``_internal_codegen`` and ``get_executable``, ``CPUTargetOptions.finalize``,
``Dispatcher.targetdescr``, and that a target context finds a function by the object which stands for its executable.
"""
import copy
from functools import cached_property

from numba.core import codegen, cpu, types
from numba.core.descriptors import TargetDescriptor
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target

from toolkit._core.kernel_cache import KernelCache

__all__ = ["Part", "of_any_number"]


class _Library(codegen.JITCodeLibrary):
    """Code of one function and what it calls, after LLVM's passes over single functions alone."""

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def serialize_using_object_code(self):
        return self.serialize_using_bitcode()  # there is no object code


class _Codegen(codegen.JITCPUCodegen):
    _library_class = _Library

    def set_env(self, env_name, env):
        """Nothing is kept: `Kernel` leaves what prints to Numba, and what is raised has constant arguments."""


class _Context(cpu.CPUContext):
    """Numba's context for the processor, sharing what that knows; nothing of it runs by itself."""

    def get_executable(self, library, fndesc, env):
        return object()  # a key by which callers find the function


def _context():
    context = copy.copy(cpu_target.target_context)
    context.__class__ = _Context
    context._internal_codegen = copy.copy(context._internal_codegen)
    context._internal_codegen.__class__ = _Codegen
    return context


class _Options(cpu.CPUTargetOptions):
    def finalize(self, flags, options):
        flags.no_cpython_wrapper = True
        flags.no_cfunc_wrapper = True
        super().finalize(flags, options)


class _Target(TargetDescriptor):
    options = _Options

    @property
    def typing_context(self):
        return cpu_target.typing_context

    @cached_property
    def target_context(self):
        return _context()


class Part(Dispatcher):
    """What another kernel calls where it names a kernel."""

    targetdescr = _Target("part")

    def __init__(self, whole):
        super().__init__(whole.py_func, targetoptions=whole.targetoptions)
        self.whole = whole
        self._cache = KernelCache(whole, "part.")

    def get_call_template(self, args, kws):
        return super().get_call_template(of_any_number(args), kws)

    def add_overload(self, result):
        self.overloads[tuple(result.signature.args)] = result

    def __reduce__(self):
        return _part_of, (self.whole,)


def of_any_number(kinds):
    """Types of arguments. A number written in a call is a number like others: nothing is compiled for it alone."""
    return tuple(types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind for kind in kinds)


def _part_of(whole):
    return whole.part

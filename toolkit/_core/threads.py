"""Numba's threads: started before machine code that needs them is loaded, and left alone where they cannot be had.

Machine code calls a parallel loop by a symbol that Numba defines when it starts threads. It starts them when it
compiles a parallel kernel, but not when it loads a caller of one from its cache: the caller then jumps to address 0.

Some layers of threads end the process: GNU OpenMP's in the child of a fork, which has none of its parent's threads,
and "workqueue" where a second thread comes in, or one from within a loop. The symbol therefore leads to a function of
ours. It hands the loop on, or where that is not safe goes through all passes itself: the same bits, nothing to compile.
"""
import ctypes
import os
from functools import cache
from types import SimpleNamespace

import llvmlite.binding as llvm
import numba
from llvmlite.binding.ffi import lib as llvm_library
from numba.core.compiler_lock import global_compiler_lock
from numba.np.ufunc import parallel

__all__ = ["start_threads"]

_SYMBOL = "numba_parallel_for"
_SHARED = "load atomic i32, ptr @alone monotonic, align 4", ""
_FOR_ONE = ("atomicrmw xchg ptr @alone, i32 1 acquire",
            "store atomic i32 0, ptr @alone release, align 4")

_process = SimpleNamespace(alone=False, flag=None, engine=None)


@cache
def start_threads():
    """Start them, and have GNU OpenMP's wait with little patience.

    They spin while they wait, which slows others ten times.
    """
    patience = os.environ.get("GOMP_SPINCOUNT")
    os.environ["GOMP_SPINCOUNT"] = patience or "2000"
    numba.get_num_threads()
    if patience is None:
        del os.environ["GOMP_SPINCOUNT"]
    _guard()


def _function(layer, enter, leave):
    """Ours in LLVM's language: `alone` is not 0 in the child of a fork; a layer for one sets it while in use."""
    arguments = "ptr %arguments, ptr %sizes, ptr %strides, ptr %data"
    others = "i64 %inner, i64 %count, i32 %threads"
    return f"""
        @alone = global i32 0
        define void @guard(ptr %loop, {arguments}, {others}) {{
          %was = {enter}
          %free = icmp eq i32 %was, 0
          br i1 %free, label %together, label %by_itself
        together:
          call void inttoptr (i64 {layer} to ptr)(ptr %loop, {arguments}, {others})
          {leave}
          ret void
        by_itself:
          call void %loop({arguments})
          ret void
        }}"""


def _guard():
    """Put our function in the place of the layer's."""
    enter, leave = _FOR_ONE if numba.threading_layer() == "workqueue" else _SHARED
    module = llvm.parse_assembly(_function(llvm.address_of_symbol(_SYMBOL), enter, leave))
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    _process.engine = llvm.create_mcjit_compiler(module, machine)
    _process.engine.finalize_object()
    _process.flag = ctypes.c_int32.from_address(_process.engine.get_global_value_address("alone"))
    _process.flag.value = _process.alone
    llvm.add_symbol(_SYMBOL, _process.engine.get_function_address("guard"))


def _hold():
    """A fork waits until no other thread compiles: its child would wait for that thread for ever."""
    global_compiler_lock.acquire()
    llvm_library._lock.__enter__()


def _release():
    llvm_library._lock.__exit__(None, None, None)
    global_compiler_lock.release()


def _begin_as_child():
    _release()
    if parallel._is_initialized:
        _process.alone = True
    if _process.flag is not None:
        _process.flag.value = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_begin_as_child)

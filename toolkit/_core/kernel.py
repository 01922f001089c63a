"""The one place that owns Numba's options: `kernel`.

Every compiled function of the project is made by `kernel`, so that error model, caching and fast-math flags are decided
once. Kernels are plain Python and also run with ``NUMBA_DISABLE_JIT=1``.
"""
import sys
from functools import cached_property
from importlib import import_module

import numba
from numba.core import types
from numba.core.imputils import lower_constant
from numba.core.registry import CPUDispatcher
from numba.experimental import function_type  # noqa: F401  its rule for kernels comes first, ours replaces it

from toolkit._core.kernel_cache import KernelCache
from toolkit._core.parts import Part

__all__ = ["FASTMATH_SETS", "Kernel", "kernel"]

# Never `nnan` or `ninf`: LLVM would then assume that NaN and inf do not exist, and isnan(nan) is False.
FASTMATH_SETS = {
    "none": frozenset(),
    "reorder": frozenset({"reassoc", "nsz", "arcp", "contract"}),
}


def kernel(function=None, *, fastmath="none", parallel=False, inline=False, forceinline=False, nogil=False):
    """Compile `function` lazily with the project's Numba options.

    Parameters
    ----------
    function : callable
        Scalar or row kernel: no allocation, results through out-parameters or a scalar return. What it raises has
        constant arguments.
    fastmath : {"none", "reorder"}
        A named set of LLVM fast-math flags. "none" is strict IEEE and gives the same bits natively
        and in WebAssembly; "reorder" lets sums vectorise and keeps NaN and inf.
    parallel : bool
        Run the passes of each `numba.prange` loop on all threads. A pass must own what it writes: then the result does
        not depend on the number of threads. In WebAssembly, in the child of a fork and where it is called from within
        another such loop, it is an ordinary one.
    inline : bool
        Put the body into each caller. A function that returns a view of an array needs it: in WebAssembly a call
        cannot hand back an array that it did not receive.
    forceinline : bool
        Put the machine code into each caller: for what is called once for every row, where the call takes longer than
        the work.
    nogil : bool
        Let other Python threads run meanwhile.

    Returns
    -------
    Kernel
        Numba's dispatcher. Division by zero follows IEEE (``error_model="numpy"``), machine code is cached on disk, and
        nothing is compiled before the first call. A kernel may be an argument of another one, which is then compiled
        for it: the way to choose a kernel while compiling.
    """
    if fastmath not in FASTMATH_SETS:
        raise ValueError(f"fastmath is {fastmath!r}; allowed: {', '.join(map(repr, FASTMATH_SETS))}")
    if function is None:
        return lambda function: kernel(function, fastmath=fastmath, parallel=parallel, inline=inline,
                                       forceinline=forceinline, nogil=nogil)
    flags = set(FASTMATH_SETS[fastmath]) or False
    options = {"parallel": parallel, "forceinline": forceinline, "nogil": nogil}
    options |= {"inline": "always"} if inline else {}
    dispatcher = numba.njit(error_model="numpy", fastmath=flags, **options)(function)
    if numba.config.DISABLE_JIT:
        return dispatcher
    dispatcher.__class__ = Kernel
    dispatcher._cache = KernelCache(dispatcher)
    return dispatcher


def frees_other_threads(function):
    """Whether it is a kernel that lets other Python threads run."""
    return isinstance(function, CPUDispatcher) and bool(function.targetoptions.get("nogil"))


class Kernel(CPUDispatcher):
    """Numba's dispatcher, known on disk by the name of its function: also where it is an argument of another kernel."""

    @property
    def part(self):
        """What other kernels call, the same in all threads. Its signatures are its own: a kernel that only kernels have
        called has none."""
        kept = vars(self)
        return kept.get("_part") or kept.setdefault("_part", Part(self))

    @cached_property
    def _names(self):
        return frozenset(self.py_func.__code__.co_names + self.py_func.__code__.co_freevars)

    @cached_property
    def _types(self):
        """What others see: the part, or the whole where a part would not do; and what its own code sees."""
        whole = super()._numba_type_
        others = whole if self.targetoptions["parallel"] or "print" in self._names else types.Dispatcher(self.part)
        return others, whole if self.py_func.__name__ in self._names else others

    @property
    def _numba_type_(self):
        return self._types[bool(self.is_compiling)]

    def __reduce__(self):
        function = self.py_func
        if getattr(sys.modules.get(function.__module__), function.__qualname__, None) is self:
            return _named, (function.__module__, function.__qualname__)
        return super().__reduce__()


@lower_constant(types.Dispatcher)
def _emit_kernel(context, builder, kind, kernel):
    """A kernel that another one names and hands on. Its type says which it is; its address, of this process, would keep
    the code off the disk."""
    return context.get_constant_null(kind)


def _named(module, name):
    return getattr(import_module(module), name)

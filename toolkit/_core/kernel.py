"""The one place that owns Numba's options: `kernel`.

Every compiled function of the project is made by `kernel`, so that error model, caching and fast-math flags are decided
once. Kernels are plain Python and also run with ``NUMBA_DISABLE_JIT=1``.
"""
import sys
from hashlib import sha256
from importlib import import_module
from uuid import uuid4

import numba
import numpy as np
from numba.core import types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.imputils import lower_constant
from numba.core.registry import CPUDispatcher
from numba.experimental import function_type  # noqa: F401  its rule for kernels comes first, ours replaces it

from toolkit._core.stamp import stamp_of

__all__ = ["FASTMATH_SETS", "Kernel", "kernel"]

# Never `nnan` or `ninf`: LLVM would then assume that NaN and inf do not exist, and isnan(nan) is False.
FASTMATH_SETS = {
    "none": frozenset(),
    "reorder": frozenset({"reassoc", "nsz", "arcp", "contract"}),
}


def kernel(function=None, *, fastmath="none", parallel=False, inline=False, forceinline=False, parts=()):
    """Compile `function` lazily with the project's Numba options.

    Parameters
    ----------
    function : callable
        Scalar or row kernel: no allocation, results through out-parameters or a scalar return.
    fastmath : {"none", "reorder"}
        A named set of LLVM fast-math flags. "none" is strict IEEE and gives the same bits natively
        and in WebAssembly; "reorder" lets sums vectorise and keeps NaN and inf.
    parallel : bool
        Run the passes of each `numba.prange` loop on all threads. A pass must own what it writes: then the result does
        not depend on the number of threads. In WebAssembly such a loop is an ordinary one.
    inline : bool
        Put the body into each caller. A function that returns a view of an array needs it: in WebAssembly a call
        cannot hand back an array that it did not receive.
    forceinline : bool
        Put the machine code into each caller: for what is called once for every row, where the call takes longer than
        the work.
    parts : sequence of str
        Further files of kernels that it calls, if its own file does not import them: it is compiled anew when they
        change.

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
                                       forceinline=forceinline, parts=parts)
    flags = set(FASTMATH_SETS[fastmath]) or False
    options = {"parallel": parallel, "forceinline": forceinline} | ({"inline": "always"} if inline else {})
    dispatcher = numba.njit(error_model="numpy", fastmath=flags, **options)(function)
    if numba.config.DISABLE_JIT:
        return dispatcher
    dispatcher.__class__ = Kernel
    # What else a closure holds has another key in each process.
    if None not in _held(function) and not _holds_arrays(function):
        dispatcher.cache_on_disk(parts)
    return dispatcher


def _held(function):
    """What a function holds from the one around it, as keys that are the same in each process, or None."""
    return tuple(_lasting(cell.cell_contents) for cell in function.__closure__ or ())


def _lasting(value):
    if isinstance(value, Kernel):
        # Its name says what a function of the package is, also of one made by another one, with what that holds.
        known = value.__module__.partition(".")[0] == __name__.partition(".")[0] or _is_named(value)
        key = _key_of_kernel(value)
        return key if known and None not in key[-1] else None
    if isinstance(value, tuple):
        parts = tuple(map(_lasting, value))
        return None if None in parts else ("tuple", *parts)
    return (type(value).__name__, repr(value)) if isinstance(value, (int, float, type(None))) else None


def _is_named(dispatcher):
    function = dispatcher.py_func
    return getattr(sys.modules.get(function.__module__), function.__qualname__, None) is dispatcher


def _key_of_kernel(dispatcher):
    function = dispatcher.py_func
    code = function.__code__
    return function.__module__, function.__qualname__, code.co_firstlineno, stamp_of(code.co_filename), _held(function)


def _holds_arrays(function):
    """Whether a notebook's function reads global arrays: machine code contains them, a cache would keep old ones."""
    return function.__module__ == "__main__" and any(
        isinstance(function.__globals__.get(name), np.ndarray) for name in function.__code__.co_names)


class Kernel(CPUDispatcher):
    """Numba's dispatcher, known on disk by the name of its function: also where it is an argument of another kernel."""

    _type = None

    @property
    def _numba_type_(self):
        if self._type is None:
            self._type = super()._numba_type_
        return self._type

    def cache_on_disk(self, parts=()):
        try:
            cache = _KernelCache(self.py_func)
        except RuntimeError:  # code typed at a prompt has no file to keep a cache beside
            return
        cache._cache_file.__class__ = _CacheFiles
        stamp = stamp_of(self.py_func.__code__.co_filename)
        cache._cache_file._source_stamp = (stamp, *map(stamp_of, parts)) if parts else stamp
        self._cache = cache

    def __reduce__(self):
        if _is_named(self):
            return _named, (self.py_func.__module__, self.py_func.__qualname__)
        return super().__reduce__()


@lower_constant(types.Dispatcher)
def _emit_kernel(context, builder, kind, kernel):
    """A kernel that another one names and hands on. Its type says which it is; its address, of this process, would keep
    the code off the disk."""
    return context.get_constant_null(kind)


def _named(module, name):
    return getattr(import_module(module), name)


class _KernelCache(FunctionCache):
    """Numba's cache on disk, whose index knows kernels among the arguments by name and state of their sources."""

    def _index_key(self, sig, codegen):
        code = sha256(self._py_func.__code__.co_code).hexdigest()
        return tuple(map(_key_of, sig)), codegen.magic_tuple(), code, _held(self._py_func)


class _CacheFiles(IndexDataCacheFile):
    """An index and its files of machine code, each under a name made from its key.

    Numba counts them: two processes that compile at the same time give one name to two kernels, and each may then run
    the other's machine code.
    """

    def save(self, key, data):
        number = int.from_bytes(sha256(self._dump((self._source_stamp, key))).digest()[:8])
        name = self._data_name(number)
        self._save_data(name, data)
        self._save_index(self._load_index() | {key: name})


def _key_of(kind):
    """A kernel among the arguments by what it is; one that holds what does not last is another one in each process."""
    if not isinstance(kind, types.Dispatcher):
        return kind
    key = _key_of_kernel(kind.dispatcher)
    return (*key, uuid4().hex) if None in key[-1] else key

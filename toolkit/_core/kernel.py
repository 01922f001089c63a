"""The one place that owns Numba's options: `kernel`, and `like` for dtype-generic kernels.

Every compiled function of the project is made by `kernel`, so that error model, caching and
fast-math flags are decided once. Kernels are plain Python and also run with ``NUMBA_DISABLE_JIT=1``.
"""
import numba
import numpy as np
from numba import types
from numba.extending import overload

from toolkit._core.stamp import stamp_of

__all__ = ["FASTMATH_SETS", "kernel", "like"]

# Never `nnan` or `ninf`: LLVM would then assume that NaN and inf do not exist, and isnan(nan) is False.
FASTMATH_SETS = {
    "none": frozenset(),
    "reorder": frozenset({"reassoc", "nsz", "arcp", "contract"}),
}


def kernel(function=None, *, fastmath="none", parallel=False, inline=False, forceinline=False):
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

    Returns
    -------
    The Numba dispatcher. Division by zero follows IEEE (``error_model="numpy"``), machine code is
    cached on disk, and nothing is compiled before the first call.
    """
    if fastmath not in FASTMATH_SETS:
        raise ValueError(f"fastmath is {fastmath!r}; allowed: {', '.join(map(repr, FASTMATH_SETS))}")
    if function is None:
        return lambda function: kernel(function, fastmath=fastmath, parallel=parallel, inline=inline,
                                       forceinline=forceinline)
    flags = set(FASTMATH_SETS[fastmath]) or False
    options = {"parallel": parallel, "forceinline": forceinline} | ({"inline": "always"} if inline else {})
    dispatcher = numba.njit(error_model="numpy", fastmath=flags, **options)(function)
    # A closure's key differs in each process.
    if not (numba.config.DISABLE_JIT or function.__closure__ or _holds_arrays(function)):
        _cache_on_disk(dispatcher)
    return dispatcher


def _holds_arrays(function):
    """Whether a notebook's function reads global arrays: machine code contains them, and a cache would keep old ones."""
    return function.__module__ == "__main__" and any(
        isinstance(function.__globals__.get(name), np.ndarray) for name in function.__code__.co_names)


def _cache_on_disk(dispatcher):
    try:
        dispatcher.enable_caching()
    except RuntimeError:  # code typed at a prompt has no file to keep a cache beside
        return
    dispatcher._cache._cache_file._source_stamp = stamp_of(dispatcher.py_func.__code__.co_filename)


def like(value, x):
    """`value` in the floating dtype of the scalar `x` (float64 when `x` is not a float).

    Numba promotes ``float32 + 1.0`` to float64; ``x + like(1.0, x)`` stays in float32.
    """
    dtype = np.asarray(x).dtype
    with np.errstate(over="ignore"):  # compiled, the cast to float32 gives inf without a word
        return dtype.type(value) if dtype.kind == "f" else np.float64(value)


@overload(like)
def _like(value, x):
    cast = np.float32 if x == types.float32 else np.float64
    return lambda value, x: cast(value)

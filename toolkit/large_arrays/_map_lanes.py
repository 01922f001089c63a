"""Arrays entry by entry: a kernel of lanes as argument, in one thread or in all."""
import numba

from toolkit._core.kernel import kernel
from toolkit._core.lanes import load, memory_of, store, width_of
from toolkit.large_arrays._arrays import PARALLEL_FROM

__all__ = ["map_lanes"]

BLOCK = 2**14  # entries that a thread takes at a time: they stay in its first-level cache


@kernel
def map_part(of, x, begin, end, out):
    source, target, width = memory_of(x), memory_of(out), width_of(x)
    whole = end - (end - begin) % width
    for i in range(begin, whole, width):
        store(target, i, width, of(load(source, i, width, 0.0)))
    if whole < end:
        store(target, whole, end - whole, of(load(source, whole, end - whole, 0.0)))


@kernel(parallel=True)
def map_in_parallel(of, x, out):
    for block in numba.prange((x.size + BLOCK - 1) // BLOCK):
        map_part(of, x, block * BLOCK, min((block + 1) * BLOCK, x.size), out)


def map_lanes(of, x, out):
    """``out = of(x)``: of flat and contiguous float32 or float64, by a kernel of lanes."""
    if x.size < PARALLEL_FROM or numba.get_num_threads() == 1:
        map_part(of, x, 0, x.size, out)
    else:
        map_in_parallel(of, x, out)

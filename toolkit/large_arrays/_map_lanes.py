"""Arrays entry by entry: a kernel of lanes as argument, in one thread or in all."""
import numba

from toolkit._core.kernel import kernel
from toolkit._core.lanes import load, load_two, memory_of, store, width_of
from toolkit.large_arrays._arrays import PARALLEL_FROM

__all__ = ["map_lanes"]

BLOCK = 2**14  # entries that a thread takes at a time: they stay in its first-level cache


@kernel(forceinline=True)
def map_some(of, source, target, at, count):
    store(target, at, count, of(load(source, at, count, 0.0)))


@kernel
def map_part(of, x, begin, end, out):
    """Entries [begin, end), most of them two lines at a time, where the lines of `out` are."""
    source, target, width = memory_of(x), memory_of(out), width_of(x)
    first = begin + min(end - begin, (-(out.ctypes.data // out.itemsize) - begin) % width)
    if first > begin:
        map_some(of, source, target, begin, first - begin)
    whole = end - (end - first) % (2 * width)
    for i in range(first, whole, 2 * width):
        store(target, i, 2 * width, of(load_two(source, i)))
    for i in range(whole, end, width):
        map_some(of, source, target, i, min(width, end - i))


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

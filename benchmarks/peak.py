"""How many multiply-adds the machine computes where nothing waits for memory: python -m benchmarks.peak

Twelve chains of fused multiply-adds on vectors of 64 bytes stay in registers; each thread has its own.
"""
import time

import numba
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import fused
from toolkit._core.lanes import load, store, width_of
from toolkit._core.threads import start_threads

__all__ = ["CHAINS", "gigaflops", "run_chains"]

CHAINS = 12  # an instruction takes four cycles, and two begin in each: eight would just do
STEPS = 2**20


@kernel
def run_chains(numbers, steps, out):
    """Go `steps` steps ``x a + b`` in each chain; `numbers` has a line for each of them, then a and b."""
    width = width_of(numbers)
    a, b = load(numbers, 12 * width, width, 0.0), load(numbers, 13 * width, width, 0.0)
    x0, x1, x2 = load(numbers, 0, width, 0.0), load(numbers, width, width, 0.0), load(numbers, 2 * width, width, 0.0)
    x3, x4 = load(numbers, 3 * width, width, 0.0), load(numbers, 4 * width, width, 0.0)
    x5, x6 = load(numbers, 5 * width, width, 0.0), load(numbers, 6 * width, width, 0.0)
    x7, x8 = load(numbers, 7 * width, width, 0.0), load(numbers, 8 * width, width, 0.0)
    x9, x10, x11 = (load(numbers, 9 * width, width, 0.0), load(numbers, 10 * width, width, 0.0),
                    load(numbers, 11 * width, width, 0.0))
    for _ in range(steps):
        x0, x1, x2, x3 = fused(x0, a, b), fused(x1, a, b), fused(x2, a, b), fused(x3, a, b)
        x4, x5, x6, x7 = fused(x4, a, b), fused(x5, a, b), fused(x6, a, b), fused(x7, a, b)
        x8, x9, x10, x11 = fused(x8, a, b), fused(x9, a, b), fused(x10, a, b), fused(x11, a, b)
    for place, x in ((0, x0), (1, x1), (2, x2), (3, x3), (4, x4), (5, x5), (6, x6), (7, x7), (8, x8), (9, x9),
                     (10, x10), (11, x11)):
        store(out, place * width, width, x)


@kernel(parallel=True)
def run_threads(numbers, steps, out):
    for thread in numba.prange(out.shape[0]):
        run_chains(numbers, steps, out[thread])


def gigaflops(threads, dtype="float32", steps=STEPS, turns=7):
    """The best of some turns, a multiply-add counted as two."""
    start_threads()
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    width = 64 // np.dtype(dtype).itemsize
    numbers = np.repeat(np.linspace(0.5, 1.5, CHAINS + 2), width).astype(dtype)
    numbers[CHAINS * width:] = 0.5  # towards 1: never subnormal
    out = np.zeros((threads, CHAINS * width), dtype)
    run_threads(numbers, 1, out)
    best = float("inf")
    for _ in range(turns):
        begun = time.perf_counter()
        run_threads(numbers, steps, out)
        best = min(best, time.perf_counter() - begun)
    return 2e-9 * steps * out.size / best


def main():
    for dtype in ("float32", "float64"):
        for threads in sorted({1, numba.config.NUMBA_NUM_THREADS}):
            print(f"{dtype}, {threads} thread(s): {gigaflops(threads, dtype):.0f} GFLOP/s")


if __name__ == "__main__":
    main()

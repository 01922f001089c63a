"""The machine: what it is, and how fast it copies, which is the limit of all that reads and writes large arrays."""
import os
import platform
import statistics
import threading
import time
from pathlib import Path

import numba
import numpy as np

from benchmarks.grid import settled, summary

__all__ = ["COPY_SIZES", "copy_times", "describe", "largest_cache", "timed"]

COPY_SIZES = tuple(2**k for k in (12, 14, 16, 18, 20, 22, 24, 26))  # float32 entries
_CPU = Path("/sys/devices/system/cpu")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def processor():
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = found.get("model name", platform.machine())
    detail = [f"{word} {found[key]}" for word, key in (("family", "cpu family"), ("model", "model")) if key in found]
    flags = found.get("flags", "")
    vectors = ["AVX-512"] if "avx512f" in flags else ["AVX2"] if "avx2" in flags else []
    return ", ".join([name, *detail, *vectors])


def caches():
    """Name -> bytes of the first core's caches, as the system tells."""
    sizes = {}
    for folder in sorted(_CPU.glob("cpu0/cache/index*")):
        level, kind, size = ((folder / name).read_text(encoding="ascii").strip() for name in ("level", "type", "size"))
        if kind != "Instruction" and size[-1] in _UNITS:
            sizes[f"L{level}"] = int(size[:-1]) * _UNITS[size[-1]]
    return sizes


def largest_cache(machine):
    """Bytes of the largest cache of a description, 0 where it is not known."""
    return max(machine["caches"].values(), default=0)


def describe():
    """What a reader needs to know to compare."""
    return {"processor": processor(), "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count(), "caches": caches(), "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__,
            "virtual": "hypervisor" in (Path("/proc/cpuinfo").read_text(encoding="utf-8")
                                        if Path("/proc/cpuinfo").exists() else "")}


def timed(work, threads):
    """Seconds of `work(k)` for all k below `threads` at once."""
    if threads == 1:
        begun = time.perf_counter()
        work(0)
        return time.perf_counter() - begun
    gate = threading.Barrier(threads + 1)
    workers = [threading.Thread(target=lambda k=k: (gate.wait(), work(k))) for k in range(threads)]
    for worker in workers:
        worker.start()
    gate.wait()
    begun = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - begun


def copy_times(threads, budget, sizes=COPY_SIZES):
    """Size -> kind -> ``[nanoseconds per float32, spread]``.

    "ready" writes into memory that is there (np.copyto, a part of the array in each thread); "new" makes the result as
    well (z.copy(), one thread), which is what a function that returns an array has to do.
    """
    times = {}
    for size in sizes:
        source, target = np.ones(size, np.float32), np.zeros(size, np.float32)
        parts = list(zip(np.array_split(source, threads), np.array_split(target, threads)))
        repeat = max(1, 2**22 * threads // size)  # a short copy many times: starting a thread takes longer

        def copy(k):
            for _ in range(repeat):
                np.copyto(parts[k][1], parts[k][0])

        def fresh(_):
            for _ in range(repeat):
                source.copy()

        def measure():
            kinds = {"ready": lambda: timed(copy, threads)} | ({"new": lambda: timed(fresh, 1)}
                                                                    if threads == 1 else {})
            return {kind: _sampled(run, size * repeat, budget) for kind, run in kinds.items()}

        times[str(size)] = settled(measure)
    return times


def _sampled(run, entries, budget):
    run()
    samples, end = [], time.perf_counter() + budget
    while len(samples) < 5 or (time.perf_counter() < end and len(samples) < 2000):
        samples.append(run())
    # In groups, as measurements of calls are means over many.
    step = max(1, len(samples) // 7)
    return summary([statistics.fmean(samples[i : i + step]) for i in range(0, len(samples) - step + 1, step)], entries)

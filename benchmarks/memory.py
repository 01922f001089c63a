"""Softmax where memory is the limit: beside passes over the same memory that do no arithmetic.

A pass that reads moves 4 bytes for each float32, one that changes numbers where they are 8, and a copy 8 or, where the
processor fetches a line of its cache before it overwrites it, 12. Rows that fit a cache come from memory once, and go
back once; a single long row is read for its sum, and read again for the results.
"""
import numba
import numpy as np

from benchmarks.grid import settled, summary
from benchmarks.machine import timed
from toolkit.softmax import softmax

__all__ = ["ENTRIES", "LIMITS", "WAYS", "measure", "shares"]

ENTRIES, ROW = 2**27, 2**15  # 512 MiB, beyond caches; a row of 128 KiB
# Way of softmax -> the passes that it cannot do without, of rows that fit a cache and of one row of everything.
LIMITS = {"in place": (("change",), ("read", "change")), "into out": (("copy",), ("read", "copy")),
          "new": (("new copy",), ("read", "new copy"))}
WAYS = tuple(LIMITS)
ROUNDS = 7


def passes(z, out, threads):
    """Name -> what the k-th of so many threads does in that pass, on a part of its own."""
    sources, targets = np.array_split(z.reshape(-1), threads), np.array_split(out.reshape(-1), threads)

    def read(k):
        sources[k].max()

    def change(k):
        np.negative(sources[k], sources[k])

    def copy(k):
        np.copyto(targets[k], sources[k])

    def new_copy(k):
        sources[k].copy()

    return {"read": read, "change": change, "copy": copy, "new copy": new_copy}


def measure(threads, entries=ENTRIES):
    """Kind of rows -> name -> ``[nanoseconds per float32, spread]``, of the passes and the ways of softmax, in turn."""
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    found = {}
    for kind, shape in (("rows in a cache", (-1, min(ROW, entries))), ("one row", (1, entries))):
        z = np.random.default_rng(7).standard_normal(entries, np.float32).reshape(shape)
        out = np.zeros_like(z)
        runs = {name: (work, threads) for name, work in passes(z, out, threads).items()}
        runs |= {"in place": (lambda k: softmax(z, out=z), 1), "into out": (lambda k: softmax(z, out=out), 1),
                 "new": (lambda k: softmax(z), 1)}

        def sampled():
            samples = {name: [] for name in runs}
            for _ in range(ROUNDS):
                for name, run in runs.items():
                    samples[name].append(timed(*run))
            return {name: summary(taken, entries) for name, taken in samples.items()}

        for run in runs.values():
            timed(*run)
        found[kind] = settled(sampled)
    return found


def shares(found):
    """(kind of rows, way) -> the least time that memory allows over the time taken; what is spoiled is left out."""
    result = {}
    for kind, cell in found.items():
        for way, limits in LIMITS.items():
            needed = limits[kind == "one row"]
            if all(len(cell[name]) < 3 for name in (way, *needed)):
                result[kind, way] = sum(cell[name][0] for name in needed) / cell[way][0]
    return result

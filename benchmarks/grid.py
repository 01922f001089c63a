"""Times of every function, dtype, shape and number of threads, ours and the peers' in turn.

A measurement is ``[nanoseconds per entry, spread]``: the median of the samples, and the width of their middle half as a
share of it. Where the samples disagree, all libraries of the cell are measured again, and the run that agrees best is
kept; what is spoiled even there has `True` as its third part, and counts nowhere.
"""
import math
import statistics
import time

from benchmarks.inputs import ALGORITHMS, DTYPES, FUNCTIONS, SHAPES, SINGLE_THREADED, shape_name

__all__ = ["ALGORITHM_SIZES", "cells_of", "counted", "in_turns", "measure_algorithms", "measure_grid", "settled",
           "spoiled", "summary"]

ROUNDS = 7
AGREEING, SPOILED, AGAIN = 0.15, 0.3, 1  # spread of samples that agree, that tell nothing; measured again so often
ALGORITHM_SIZES = tuple(2**k for k in (12, 14, 16, 18, 20, 22, 24, 26))
LOOSE = {"float32": 1e-2, "float64": 1e-6}  # sums of many float32 are that far off in some libraries


def summary(samples, entries):
    """`samples` of seconds as ``[nanoseconds per entry, spread]``."""
    middle = statistics.median(samples)
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (middle,) * 3
    return [float(f"{1e9 * middle / entries:.4g}"), round((high - low) / middle, 3)]


def settled(measure):
    """What `measure` gives, name -> measurement, in the run of several whose samples agree best."""
    def spread(cell):
        return max(taken[1] for taken in cell.values())

    best = measure()
    for _ in range(AGAIN):
        if not best or spread(best) <= AGREEING:
            break
        other = measure()
        if other.keys() == best.keys():
            best = min(best, other, key=spread)
    return {name: [*taken, True] if taken[1] > SPOILED else taken for name, taken in best.items()}


def agree(ours, theirs, dtype):
    """Whether two libraries' samples of a result are the same but for rounding."""
    if [len(part) for part in ours] != [len(part) for part in theirs]:
        return False
    return all(math.isclose(a, b, rel_tol=LOOSE[dtype], abs_tol=LOOSE[dtype] * max(map(abs, mine)))
               for mine, other in zip(ours, theirs) for a, b in zip(mine, other))


def in_turns(pool, prepared, budget):
    """Samples of seconds for each of `prepared`, (library, function) -> seconds of a call; rounds ask each in turn."""
    calls = {key: max(1, round(budget / ROUNDS / max(seconds, 1e-9))) for key, seconds in prepared.items()}
    samples = {key: [] for key in prepared}
    begun = time.perf_counter()
    for turn in range(ROUNDS):
        # Calls that outlast the budget are worth three samples.
        if turn >= 3 and time.perf_counter() - begun > budget * len(prepared):
            break
        for name, function in prepared:
            seconds = pool.ask(name, "time", function=function, calls=calls[name, function])
            if seconds is not None:
                samples[name, function].append(seconds)
    return {key: taken for key, taken in samples.items() if taken}


def measure_cell(pool, function, dtype, shape, axis, budget):
    """Library -> measurement, of those whose results agree with ours."""
    asked = {"function": function, "dtype": dtype, "shape": list(shape), "axis": axis}
    ready = {}
    for name in pool.functions:
        idle = pool.threads > 1 and name in SINGLE_THREADED
        if not idle and function in pool.functions[name] and (answer := pool.ask(name, "prepare", **asked)):
            ready[name] = answer
    for name in set(ready) - {"ours"}:
        if "ours" in ready and not agree(ready["ours"]["sample"], ready[name]["sample"], dtype):
            cell = f"{name}, {function} {dtype} {shape_name(shape, axis)}"
            pool.broken.append(f"{cell}: its results are not ours, not timed")
            del ready[name]

    def measure():
        samples = in_turns(pool, {(name, function): answer["seconds"] for name, answer in ready.items()}, budget)
        return {name: summary(taken, math.prod(shape)) for (name, _), taken in samples.items()}

    return settled(measure)


def measure_grid(pool, into, budget, functions=FUNCTIONS, dtypes=DTYPES, shapes=SHAPES, tell=lambda line: None):
    """Fill ``into[function][dtype][threads][shape][library]``; what is there stays when a later cell is interrupted."""
    for dtype in dtypes:
        for shape, axis in shapes:
            for function in functions:
                cell = measure_cell(pool, function, dtype, shape, axis, budget)
                place = into.setdefault(function, {}).setdefault(dtype, {}).setdefault(str(pool.threads), {})
                place[shape_name(shape, axis)] = cell
                tell(f"{function:38}{dtype:8} {shape_name(shape, axis):18} {pool.threads} thread(s), ns: {told(cell)}")


def told(cell):
    """A cell in words."""
    return ", ".join(f"{name} {taken[0]:.3g}{' spoiled' if len(taken) > 2 else ''}" for name, taken in cell.items())


def measure_algorithms(pool, into, budget, sizes=ALGORITHM_SIZES, dtypes=DTYPES, tell=lambda line: None):
    """Fill ``into[dtype][threads][size][algorithm]`` with times of one row, the algorithms in turn."""
    for dtype in dtypes:
        for size in sizes:
            prepared = {}
            for algorithm in ALGORITHMS:
                function = f"softmax {algorithm}"
                answer = pool.ask("ours", "prepare", function=function, dtype=dtype, shape=[1, size], axis=1)
                if answer:
                    prepared["ours", function] = answer["seconds"]

            def measure():
                samples = in_turns(pool, prepared, budget)
                return {function.split()[1]: summary(taken, size) for (_, function), taken in samples.items()}

            row = settled(measure)
            into.setdefault(dtype, {}).setdefault(str(pool.threads), {})[str(size)] = row
            tell(f"one row of {size} {dtype}, {pool.threads} thread(s), ns: {told(row)}")


def counted(cell):
    """A cell without what was spoiled."""
    return {name: taken for name, taken in cell.items() if len(taken) < 3}


def spoiled(results):
    """How many measurements of nested results were spoiled."""
    if isinstance(results, dict):
        return sum(map(spoiled, results.values()))
    return int(isinstance(results, list) and results[2:] == [True])


def cells_of(grid):
    """All measurements of a grid that count: (function, dtype, threads, shape) -> library -> measurement."""
    return {(function, dtype, threads, shape): counted(cell)
            for function, by_dtype in grid.items() for dtype, by_threads in by_dtype.items()
            for threads, by_shape in by_threads.items() for shape, cell in by_shape.items()}

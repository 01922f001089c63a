"""Results as tables in text."""
import statistics

from benchmarks.grid import cells_of
from benchmarks.inputs import FUNCTIONS, SINGLE_THREADED, entries_of
from benchmarks.machine import largest_cache
from benchmarks.results import ratios

__all__ = ["TITLES", "tables"]

TITLES = {"copy": "Copy bandwidth, the limit", "grid": "Ours beside the peers", "two_pass": "One row, five algorithms",
          "errors": "Largest errors in ulp", "sums": "How far probabilities of one row are from summing to 1",
          "grokking": "A training step at p = 113", "waiting": "What one waits for"}


def copy_table(results):
    for threads, sizes in results["copy"].items():
        for size, kinds in sizes.items():
            said = ", ".join(f"{kind} memory {8 / taken[0]:.1f} GB/s" for kind, taken in kinds.items())
            yield f"  {threads} thread(s), {4 * int(size) / 2**20:9.3f} MiB of float32: {said}, read and written"


def copy_limit(results, threads, entries):
    """Nanoseconds for copying one float32 at that size into memory that is there; the nearest size measured."""
    sizes = results.get("copy", {}).get(str(threads), {})
    nearest = min(sizes, key=lambda size: abs(int(size).bit_length() - entries.bit_length()), default=None)
    return sizes[nearest]["ready"][0] if nearest else None


def grid_table(results):
    grid = results["grid"]
    peers = sorted({name for cell in cells_of(grid).values() for name in cell} - {"ours"})
    combinations = sorted({(dtype, threads) for _, dtype, threads, _ in cells_of(grid)})
    yield "  Times as fast as the peer: geometric mean and worst case; all shapes, and those of 1000 entries or more"
    for peer in peers:
        for dtype, threads in combinations:
            for least, which in ((0, "all shapes"), (1000, ">= 1000")):
                found = ratios(grid, peer, dtype, threads, least)
                if found:
                    cell, worst = min(found, key=lambda pair: pair[1])
                    mean = statistics.geometric_mean(ratio for _, ratio in found)
                    yield (f"  {peer:8}{dtype:8} {threads} thread(s) {which:11} {mean:6.2f}  worst {worst:5.2f} in"
                           f" {' '.join(cell)}")
    if set(peers) & set(SINGLE_THREADED):
        yield "  (NumPy and SciPy run in one thread: their time in one is compared with ours in two.)"
    yield "\n  Nanoseconds per entry, median"
    for dtype, threads in combinations:
        for function in FUNCTIONS:
            for shape, cell in grid.get(function, {}).get(dtype, {}).get(threads, {}).items():
                times = "".join(f"{cell[name][0]:10.3g}" if name in cell else f"{'-':>10}" for name in ("ours", *peers))
                yield f"  {function:33}{dtype} {threads} {shape:17}{times}"
    yield "  " + " " * 60 + "".join(f"{name:>10}" for name in ("ours", *peers))


def two_pass_table(results):
    cache = largest_cache(results["machine"])
    for dtype, by_threads in results["two_pass"].items():
        for threads, sizes in by_threads.items():
            for size, row in sizes.items():
                place = "beyond the caches" if 2 * int(size) * int(dtype[5:]) // 8 > cache > 0 else ""
                gains = ", ".join(f"{row[name][0] / row['two_pass'][0]:.2f}" for name in (
                    "three_pass_recompute", "three_pass_reload") if name in row and "two_pass" in row)
                times = "  ".join(f"{name} {taken[0]:.3g}" for name, taken in row.items())
                yield f"  {dtype} {threads} thread(s) {size:>9}: {times}; two_pass is {gains} times as fast  {place}"


def share_table(results):
    """Share of the limit that softmax reaches: the time of a copy over its time."""
    for shape in ("1x16777216", "512x32768", "1024x1024"):
        for threads in ("1", "2"):
            cell = results["grid"].get("softmax", {}).get("float32", {}).get(threads, {}).get(shape, {})
            entries = entries_of(shape)
            limit = copy_limit(results, threads, entries)
            if "ours" in cell and limit:
                share = 100 * limit / cell["ours"][0]
                yield f"  softmax float32 {shape}, {threads} thread(s): {share:.0f} % of a plain copy's speed"


def errors_table(results):
    cells = [cell for kinds in results["errors"].values() for cell in kinds.values()]
    names = sorted(set().union(*cells) - {"ours"})
    yield f"  {'':43}{'':9}" + "".join(f"{name:>12}" for name in ("ours", *names))
    for title, kinds in results["errors"].items():
        for dtype, cell in kinds.items():
            values = ("-" if name not in cell else "NaN or inf" if cell[name] is None else f"{cell[name]:.3g}"
                      for name in ("ours", *names))
            yield f"  {title:43}{dtype:9}" + "".join(f"{value:>12}" for value in values)


def sums_table(results):
    for kind, kinds in results["sums"].items():
        for dtype, cell in kinds.items():
            values = ", ".join(f"{name} {off:g}" for name, off in cell.items())
            yield f"  {kind:10}{dtype:9}{values} units of roundoff"


def grokking_table(results):
    for name, by_threads in results["grokking"].items():
        for threads, (ours, theirs) in by_threads.items():
            beside = f"PyTorch {theirs:.1f} ms, {theirs / ours:.2f} times as long" if theirs else "PyTorch is missing"
            yield f"  {name:24} {threads} thread(s): ours {ours:.1f} ms, {beside}"


def waiting_table(results):
    waiting = results["waiting"]
    for statement, seconds in waiting.get("import", {}).items():
        yield f"  {statement}: {seconds:.2f} s beyond the start of Python"
    for name, times in waiting.get("first_call", {}).items():
        yield (f"  first call of {name}: {times['cold']:.1f} s with nothing compiled, {times['cached']:.2f} s in the"
               " next process")
    for chapter, milliseconds in waiting.get("move", {}).items():
        yield f"  a move of the first slider of {chapter}, natively and without drawing: {milliseconds:.2f} ms"


_TABLES = {"copy": copy_table, "grid": grid_table, "two_pass": two_pass_table, "errors": errors_table,
           "sums": sums_table, "grokking": grokking_table, "waiting": waiting_table}


def tables(results):
    """Lines of all tables that there are results for."""
    for name, peer in results.get("peers", {}).items():
        yield f"{name}: " + (f"missing ({peer['missing']})" if "missing" in peer else peer["version"])
    for name, title in TITLES.items():
        if results.get(name):
            yield f"\n{title}\n"
            yield from _TABLES[name](results)
            if name == "grid" and results.get("copy"):
                yield from share_table(results)
    for sentence in results.get("broken", ()):
        yield f"FAILED: {sentence}"

"""Results as tables in text."""
import statistics

from benchmarks import memory
from benchmarks.grid import cells_of, counted, spoiled
from benchmarks.inputs import SINGLE_THREADED, entries_of
from benchmarks.machine import largest_cache
from benchmarks.results import CELLS, compared, ratios, slower

__all__ = ["TITLES", "tables"]

TITLES = {"peak": "Multiply-adds in registers, the peak", "copy": "Copy bandwidth, the limit",
          "memory": "Softmax where memory is the limit",
          "grid": "Ours beside the peers", "extras": "Functions that not every shape needs",
          "entries": "Elementwise activations and their slopes",
          "calls": "Small calls", "two_pass": "One row, five algorithms", "errors": "Largest errors in ulp",
          "activation_errors": "Largest errors of activations in ulp",
          "sums": "How far probabilities of one row are from summing to 1",
          "grokking": "A training step at p = 113", "waiting": "What one waits for"}
SHOWN = 30  # of what is slower than a peer


def copy_table(results):
    for threads, sizes in results["copy"].items():
        for size, kinds in sizes.items():
            said = ", ".join(f"{kind} memory {8 / taken[0]:.1f} GB/s" for kind, taken in counted(kinds).items())
            yield f"  {threads} thread(s), {4 * int(size) / 2**20:9.3f} MiB of float32: {said}, read and written"


def memory_table(results):
    for threads, kinds in results["memory"].items():
        reached = memory.shares(kinds)
        for kind, cell in kinds.items():
            times = ", ".join(f"{name} {taken[0]:.3g}" for name, taken in counted(cell).items())
            yield f"  {kind}, {threads} thread(s), ns: {times}"
            yield "  of what memory allows: " + ", ".join(
                f"{way} {100 * share:.0f} %" for (place, way), share in reached.items() if place == kind)


def copy_limit(results, threads, entries):
    """Nanoseconds for copying one float32 at that size into memory that is there; the nearest size measured."""
    sizes = {size: kinds for size, kinds in results.get("copy", {}).get(str(threads), {}).items()
             if "ready" in counted(kinds)}
    nearest = min(sizes, key=lambda size: abs(int(size).bit_length() - entries.bit_length()), default=None)
    return sizes[nearest]["ready"][0] if nearest else None


def ratio_lines(grid):
    yield "  Times as fast as the peer: geometric mean and worst case; all shapes, and those of 1000 entries or more"
    for peer, dtype, threads in compared(grid):
        for least, which in ((0, "all shapes"), (1000, ">= 1000")):
            found = ratios(grid, peer, dtype, threads, least)
            if found:
                cell, worst = min(found, key=lambda pair: pair[1])
                mean = statistics.geometric_mean(ratio for _, ratio in found)
                yield (f"  {peer:8}{dtype:8} {threads} thread(s) {which:11} {mean:6.2f}  worst {worst:5.2f} in"
                       f" {' '.join(cell)}")
    if {peer for peer, *_ in compared(grid)} & set(SINGLE_THREADED):
        yield "  (NumPy and SciPy run in one thread: their time in one is compared with ours in two.)"


def cell_lines(grid, unit, told, more=lambda *cell: ""):
    """A line for each cell, by dtype and threads: `told` says a time per entry of so many, `more` follows the line."""
    cells = cells_of(grid)
    names = ("ours", *sorted({name for cell in cells.values() for name in cell} - {"ours"}))
    yield f"\n  {unit + ', median':66}" + "".join(f"{name:>10}" for name in names)
    for (function, dtype, threads, shape), cell in sorted(cells.items(), key=lambda pair: pair[0][1:3]):
        times = "".join(f"{told(cell[name][0], entries_of(shape)) if name in cell else '-':>10}" for name in names)
        yield f"  {function:38}{dtype} {threads} {shape:17}{times}{more(function, dtype, threads, shape)}"


def grid_table(results, section="grid"):
    yield from ratio_lines(results[section])
    yield from cell_lines(results[section], "Nanoseconds per entry", lambda each, entries: f"{each:.3g}")


def extras_table(results):
    yield from grid_table(results, "extras")


def entries_table(results):
    """As the grid, with the time of ours over that of the faster copy of the same array."""
    cells = cells_of(results["entries"])

    def beside_copy(function, dtype, threads, shape):
        copies = [taken[0] for count in {"1", threads} for name, taken in cells.get(
            ("copy", dtype, count, shape), {}).items() if count == threads or name in SINGLE_THREADED]
        ours = cells[function, dtype, threads, shape].get("ours")
        return f"{ours[0] / min(copies):8.2f} copies" if ours and copies else ""

    yield from ratio_lines(results["entries"])
    yield from cell_lines(results["entries"], "Nanoseconds per entry", lambda each, entries: f"{each:.3g}", beside_copy)


def calls_table(results):
    yield from cell_lines(results["calls"], "Microseconds of a call",
                          lambda each, entries: f"{1e-3 * each * entries:.3g}")


def two_pass_table(results):
    cache = largest_cache(results["machine"])
    for dtype, by_threads in results["two_pass"].items():
        for threads, sizes in by_threads.items():
            for size, row in ((size, counted(row)) for size, row in sizes.items()):
                place = "beyond the caches" if 2 * int(size) * int(dtype[5:]) // 8 > cache > 0 else ""
                gains = ", ".join(f"{row[name][0] / row['two_pass'][0]:.2f}" for name in (
                    "three_pass_recompute", "three_pass_reload") if name in row and "two_pass" in row)
                times = "  ".join(f"{name} {taken[0]:.3g}" for name, taken in row.items())
                yield f"  {dtype} {threads} thread(s) {size:>9}: {times}; two_pass is {gains} times as fast  {place}"


def share_table(results):
    """Share of the limit that softmax reaches: the time of a copy over its time."""
    for shape in ("1x16777216", "512x32768", "1024x1024"):
        for threads in ("1", "2"):
            cell = cells_of(results["grid"]).get(("softmax", "float32", threads, shape), {})
            entries = entries_of(shape)
            limit = copy_limit(results, threads, entries)
            if "ours" in cell and limit:
                share = 100 * limit / cell["ours"][0]
                yield f"  softmax float32 {shape}, {threads} thread(s): {share:.0f} % of a plain copy's speed"


def errors_table(results, section="errors"):
    cells = [cell for kinds in results[section].values() for cell in kinds.values()]
    names = sorted(set().union(*cells) - {"ours"})
    yield f"  {'':43}{'':9}" + "".join(f"{name:>12}" for name in ("ours", *names))
    for title, kinds in results[section].items():
        for dtype, cell in kinds.items():
            values = ("-" if name not in cell else "NaN or inf" if cell[name] is None else f"{cell[name]:.3g}"
                      for name in ("ours", *names))
            yield f"  {title:43}{dtype:9}" + "".join(f"{value:>12}" for value in values)


def activation_errors_table(results):
    yield from errors_table(results, "activation_errors")


def sums_table(results):
    for kind, kinds in results["sums"].items():
        for dtype, cell in kinds.items():
            values = ", ".join(f"{name} {off:g}" for name, off in cell.items())
            yield f"  {kind:10}{dtype:9}{values} units of roundoff"


def peak_table(results):
    for dtype, by_threads in results["peak"].items():
        for threads, gigaflops in by_threads.items():
            yield f"  {dtype} {threads} thread(s): {gigaflops:.0f} GFLOP/s"


def grokking_table(results):
    for name, by_threads in results["grokking"].items():
        for threads, (ours, theirs, *useful) in by_threads.items():
            beside = (f"PyTorch {theirs:.1f} ms, {theirs / ours:.2f} times as long" if theirs
                      else "PyTorch was not measured")
            yield f"  {name:30} {threads} thread(s): ours {ours:.1f} ms, {beside}"
            for gflop in useful:
                speed, peak = 1e3 * gflop / ours, results.get("peak", {}).get("float32", {}).get(threads)
                share = f", {100 * speed / peak:.0f} % of the peak" if peak else ""
                yield f"  {'':30} useful arithmetic: ours {speed:.0f} GFLOP/s{share}" + (
                    f", PyTorch {1e3 * gflop / theirs:.0f} GFLOP/s" if theirs else "")


def slower_lines(results):
    """What a reader needs to know first."""
    every = slower(results)
    for large, which in ((True, "of 1000 entries or more"), (False, "smaller")):
        found = [each for each in every if (entries_of(each[4]) >= 1000) == large]
        yield f"\nSlower than a peer, arrays {which}: " + (f"{len(found)}, worst first" if found else "none") + "\n"
        for ratio, peer, function, dtype, shape, threads in found[:SHOWN]:
            yield f"  {ratio:5.2f} {peer:8} {function:38}{dtype} {shape:17} {threads} thread(s)"
        if len(found) > SHOWN:
            yield f"  ... and {len(found) - SHOWN} that are nearer to 1"
    if count := spoiled(results):
        yield f"  Spoiled by a busy machine, and left out of all that follows: {count} measurements"


def waiting_table(results):
    waiting = results["waiting"]
    for statement, seconds in waiting.get("import", {}).items():
        yield f"  {statement}: {seconds:.2f} s beyond the start of Python"
    for name, times in waiting.get("first_call", {}).items():
        yield (f"  first call of {name}: {times['cold']:.1f} s with nothing compiled, {times['cached']:.2f} s in the"
               " next process")
    for chapter, milliseconds in waiting.get("move", {}).items():
        yield f"  a move of the first slider of {chapter}, natively and without drawing: {milliseconds:.2f} ms"


_TABLES = {"copy": copy_table, "memory": memory_table, "grid": grid_table, "extras": extras_table,
           "entries": entries_table, "calls": calls_table, "two_pass": two_pass_table, "errors": errors_table,
           "activation_errors": activation_errors_table, "sums": sums_table, "peak": peak_table,
           "grokking": grokking_table, "waiting": waiting_table}


def tables(results):
    """Lines of all tables that there are results for."""
    for name, peer in results.get("peers", {}).items():
        yield f"{name}: " + (f"missing ({peer['missing']})" if "missing" in peer else peer["version"])
    if any(results.get(name) for name in CELLS):
        yield from slower_lines(results)
    for name, title in TITLES.items():
        if results.get(name):
            yield f"\n{title}\n"
            yield from _TABLES[name](results)
            if name == "grid" and results.get("copy"):
                yield from share_table(results)
    for sentence in results.get("broken", ()):
        yield f"FAILED: {sentence}"

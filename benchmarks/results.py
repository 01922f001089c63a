"""The stored measurements: written and read as JSON, laid over older ones, compared with them."""
import json
import math
import statistics
from pathlib import Path

from benchmarks.grid import cells_of
from benchmarks.inputs import SINGLE_THREADED, entries_of

__all__ = ["CELLS", "PATH", "Change", "compare", "compared", "laid_over", "load", "ratios", "save", "slower", "text_of"]

PATH = Path(__file__).with_name("results.json")
CELLS = ("grid", "extras", "entries", "calls")  # sections that are made of cells of functions, dtypes and shapes
SLACK = 0.05  # beside the noise: what the clock of a processor does between two days


class Change:
    """A measurement of ours that became slower: by which factor, beyond which noise, and what the peers did."""

    def __init__(self, cell, factor, noise, peers):
        self.cell, self.factor, self.noise, self.peers = cell, factor, noise, peers

    def __str__(self):
        function, dtype, threads, shape = self.cell
        return (f"{function} {dtype} {shape}, {threads} thread(s): {self.factor:.2f} times as long as stored, the peers"
                f" {self.peers:.2f} times; noise {100 * self.noise:.0f} %")


def text_of(results):
    """JSON with a line for each row of measurements."""
    def lines(value, depth):
        if isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
            inner = ",\n".join(" " * (depth + 1) + f"{json.dumps(k, ensure_ascii=False)}: {lines(v, depth + 1)}"
                               for k, v in value.items())
            return "{\n" + inner + "\n" + " " * depth + "}"
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return lines(results, 0) + "\n"


def save(results, path=PATH):
    path.write_text(text_of(results), encoding="utf-8")


def load(path=PATH):
    """The stored results; {} where there are none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def laid_over(stored, new):
    """`new` results, and what they lack from `stored` ones of the same machine."""
    if stored.get("machine", {}).get("processor") != new["machine"]["processor"]:
        return new
    merged = _merged(stored, new)
    return {name: merged[name] for name in (*new, *(name for name in stored if name not in new))}


def _merged(old, new):
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    kept = {key: value for key, value in old.items() if key not in new}
    return kept | {key: _merged(old[key], value) if key in old and key not in ("machine", "peers", "broken") else value
                   for key, value in new.items()}


def all_cells(results):
    """(section, function, dtype, threads, shape) -> library -> measurement, of those that count."""
    return {(section, *cell): taken for section in CELLS for cell, taken in cells_of(results.get(section, {})).items()}


def compare(stored, new):
    """Changes for the worse, worst first: cells in which ours became slower by more than the noise.

    The noise is the spread of both measurements and a little slack. Where the peers became slower too, so did the
    machine: only what goes beyond that counts.
    """
    before, after = all_cells(stored), all_cells(new)
    found = []
    for cell in before.keys() & after.keys():
        old, now = before[cell], after[cell]
        if "ours" not in old or "ours" not in now:
            continue
        shared = [now[name][0] / old[name][0] for name in (old.keys() & now.keys()) - {"ours"}]
        peers = statistics.median(shared) if shared else 1.0
        noise = math.hypot(old["ours"][1], now["ours"][1]) + SLACK
        factor = now["ours"][0] / old["ours"][0]
        if factor / max(1.0, peers) > 1 + noise:
            found.append(Change(cell[1:], factor, noise, peers))
    return sorted(found, key=lambda change: -change.factor)


def ratios(grid, peer, dtype, threads, least_entries=0):
    """(cell, peer's time / ours) of all cells with both; `least_entries` leaves out smaller arrays.

    Peers that have one thread in any case are compared with that time.
    """
    cells, found = cells_of(grid), []
    for (function, kind, count, shape), cell in cells.items():
        if kind != dtype or count != str(threads) or "ours" not in cell:
            continue
        theirs = (cells.get((function, kind, "1", shape), {}) if peer in SINGLE_THREADED else cell).get(peer)
        if theirs and entries_of(shape) >= least_entries:
            found.append(((function, shape), theirs[0] / cell["ours"][0]))
    return found


def compared(grid):
    """(peer, dtype, threads) of all that `ratios` can be asked for."""
    cells = cells_of(grid)
    return sorted((peer, dtype, threads) for peer in {name for cell in cells.values() for name in cell} - {"ours"}
                  for dtype, threads in {(dtype, threads) for _, dtype, threads, _ in cells})


def slower(results):
    """(ratio, peer, function, dtype, shape, threads) of all cells in which a peer is faster than ours, worst first."""
    found = []
    for grid in (results.get(section, {}) for section in CELLS):
        for peer, dtype, threads in compared(grid):
            found += [(ratio, peer, function, dtype, shape, threads)
                      for (function, shape), ratio in ratios(grid, peer, dtype, threads) if ratio < 1]
    return sorted(found)

"""All benchmarks: ours beside NumPy, SciPy, PyTorch and JAX where they are installed: python -m benchmarks

Prints what is slower than a peer, then tables, lists what became slower than the stored results by more than the noise,
and stores the new ones in benchmarks/results.json, which the book's pages draw. Where samples disagree, a cell is
measured again. Ctrl-C, or an end from outside, keeps what was measured so far.
"""
import argparse
import datetime
import signal
import sys
import time
from pathlib import Path

from benchmarks import accuracy, grid, grokking_step, inputs, machine, memory, peak, processes, report, results, waiting

QUICK_SHAPES = inputs.SHAPES[:4]
QUICK_SIZES = (2**12, 2**16, 2**20)
BUSY = 0.7  # of what so many cores can do: less means that others use them
# Section -> about how many seconds it takes on two cores, by which those that are left are foretold.
SECONDS = {"peak": 3, "copy": 15, "memory": 60, "grid": 380, "extras": 75, "entries": 180, "calls": 20, "two_pass": 55,
           "errors": 60, "activation_errors": 15, "sums": 40, "grokking": 190, "waiting": 60}


def say(line):
    print(line, flush=True)


class Session:
    """One run of the benchmarks: what was asked for, and the results so far."""

    def __init__(self, options):
        self.options = options
        self.found = processes.find_pythons(options.libraries, [sys.executable, *options.peer_python])
        self.results = {"machine": machine.describe(), "peers": {}, "broken": []}
        for name, (python, answer) in self.found.items():
            known = {"version": answer["version"], "python": answer["python"]} if python else {"missing": answer}
            self.results["peers"][name] = known
        self.shapes = QUICK_SHAPES if options.quick else inputs.SHAPES
        self.extra_shapes = inputs.EXTRA_SHAPES[:1] if options.quick else inputs.EXTRA_SHAPES
        self.entry_shapes = inputs.ENTRY_SHAPES[:2] if options.quick else inputs.ENTRY_SHAPES
        self.sizes = QUICK_SIZES if options.quick else grid.ALGORITHM_SIZES

    def place(self, name):
        """Where a section's results go; its date goes beside it."""
        self.results.setdefault("dates", {})[name] = datetime.date.today().isoformat()
        return self.results.setdefault(name, {})

    def pool(self, threads, functions=inputs.FUNCTIONS):
        """Processes of those libraries that have some of the functions."""
        found = {name: (python, answer) for name, (python, answer) in self.found.items()
                 if python and set(functions) & set(answer["functions"])}
        return processes.Pool(found, threads, self.results["broken"])

    def run(self, section):
        """Measure a section; how long a whole one took is kept."""
        begun = time.monotonic()
        getattr(self, section)()
        if not self.options.quick:
            self.results.setdefault("seconds", {})[section] = round(time.monotonic() - begun)

    def cells(self, section, functions, shapes):
        """Measure functions at shapes with each number of threads; `functions` may be a tuple for each of them."""
        own = functions if isinstance(functions, dict) else dict.fromkeys(shapes, functions)
        for threads in self.options.threads:
            with self.pool(threads, sum(own.values(), ())) as pool:
                for shape in shapes:
                    grid.measure_grid(pool, self.place(section), self.options.budget, own[shape], shapes=[shape],
                                      tell=say)

    def copy(self):
        for threads in self.options.threads:
            self.place("copy")[str(threads)] = machine.copy_times(threads, self.options.budget, self.sizes)

    def memory(self):
        for threads in self.options.threads:
            entries = 2**20 if self.options.quick else memory.ENTRIES
            self.place("memory")[str(threads)] = memory.measure(threads, entries)

    def grid(self):
        self.cells("grid", inputs.FUNCTIONS, self.shapes)

    def extras(self):
        self.cells("extras", inputs.EXTRAS, self.extra_shapes)

    def entries(self):
        self.cells("entries", inputs.ENTRIES, self.entry_shapes)

    def calls(self):
        self.cells("calls", inputs.CALLS, inputs.CALLS)

    def two_pass(self):
        for threads in self.options.threads:
            with self.pool(threads) as pool:
                grid.measure_algorithms(pool, self.place("two_pass"), self.options.budget, self.sizes, tell=say)

    def errors(self):
        with self.pool(1) as pool:
            accuracy.measure_errors(pool, self.place("errors"), tell=say)

    def activation_errors(self):
        with self.pool(1, inputs.ACTIVATIONS) as pool:
            accuracy.measure_activation_errors(pool, self.place("activation_errors"), tell=say)

    def sums(self):
        with self.pool(max(self.options.threads)) as pool:
            size = 2**20 if self.options.quick else accuracy.SUM_SIZE
            accuracy.measure_sums(pool, self.place("sums"), size, tell=say)

    def peak(self):
        for dtype in inputs.DTYPES:
            found = {threads: peak.gigaflops(threads, dtype) for threads in self.options.threads}
            self.place("peak")[dtype] = {str(threads): round(speed, 1) for threads, speed in found.items()}
            for threads, speed in found.items():
                if 1 < threads <= self.results["machine"]["cores"] and speed < BUSY * threads * found.get(1, 0):
                    sentence = (f"{threads} threads compute {speed / found[1]:.1f} times as much {dtype} as 1: another"
                                " program runs")
                    say(sentence)
                    self.results["broken"].append(sentence)

    def grokking(self):
        if "peak" not in self.results:  # of the same run
            self.peak()
        python = self.found.get("PyTorch", (None,))[0] or sys.executable
        turns = 1 if self.options.quick else grokking_step.TURNS
        for name, threads, ours, theirs, useful in grokking_step.measure(python, turns, self.options.threads, say,
                                                                        self.results["broken"]):
            kept = [round(ours, 2), theirs and round(theirs, 2), round(useful, 3)]
            self.place("grokking").setdefault(name, {})[str(threads)] = kept

    def waiting(self):
        place = self.place("waiting")
        place["move"] = waiting.move_milliseconds()
        place["import"] = waiting.import_seconds(3 if self.options.quick else 7)
        place["first_call"] = waiting.first_call_seconds()


def minutes(seconds):
    return f"{seconds / 60:.1f} minutes"


def progress(passed, left, stored, quick):
    """How long it has taken, and how long it will: each section as it took when it was stored."""
    known = SECONDS | stored.get("seconds", {})
    lacking = [section for section in left if section not in known]
    if quick or lacking:
        return f"{minutes(passed)} so far"
    return f"{minutes(passed)} so far, about {minutes(sum(known[section] for section in left))} to go"


def parsed(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(report.TITLES), help="a section; may be given again")
    parser.add_argument("--quick", action="store_true", help="small arrays and few repeats: to see that all runs")
    parser.add_argument("--budget", type=float, default=0.06, help="seconds for each number (default: 0.06)")
    parser.add_argument("--threads", type=int, action="append", help="numbers of threads (default: 1 and 2)")
    parser.add_argument("--peer-python", action="append", default=[], metavar="PYTHON",
                        help="a Python to look for peers in that this one lacks; may be given again")
    parser.add_argument("--results", type=Path, default=results.PATH, help="file to compare with and to write")
    parser.add_argument("--fail-on-regression", action="store_true", help="exit code 1 if ours became slower")
    options = parser.parse_args(arguments)
    options.threads = sorted(set(options.threads or (1, 2)))
    if options.quick:
        options.budget = min(options.budget, 0.02)
    options.libraries = ("ours", "NumPy", "SciPy", "PyTorch", "JAX", "entmax")
    return options


def main(arguments=None):
    options = parsed(arguments)
    begun, interrupted = time.monotonic(), False
    session, stored = Session(options), results.load(options.results)
    sections = [name for name in report.TITLES if name in (options.only or report.TITLES)]
    try:
        for place, section in enumerate(sections):
            say(f"\n{progress(time.monotonic() - begun, sections[place:], stored, options.quick)}"
                f"\n{report.TITLES[section]} ...")
            session.run(section)
            results.save(results.laid_over(stored, session.results), options.results)
    except KeyboardInterrupt:
        interrupted = True
        say("\nInterrupted: what was measured is kept.")
    for line in report.tables(session.results):
        say(line)
    changes = results.compare(stored, session.results)
    say("\nSlower than stored by more than the noise: " + ("" if changes else "nothing"))
    for change in changes:
        say(f"  {change}")
    results.save(results.laid_over(stored, session.results), options.results)
    say(f"Stored in {options.results} after {minutes(time.monotonic() - begun)}")
    return 130 if interrupted else int(bool(changes) and options.fail_on_regression)


if __name__ == "__main__":
    for end in (signal.SIGINT, signal.SIGTERM):  # also where a shell has the background ignore Ctrl-C
        signal.signal(end, signal.default_int_handler)
    sys.exit(main())

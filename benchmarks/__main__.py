"""All benchmarks: ours beside NumPy, SciPy, PyTorch and JAX where they are installed: python -m benchmarks

Prints tables, lists what became slower than the stored results by more than the noise, and stores the new ones in
benchmarks/results.json, which the book's pages draw. Ctrl-C, or an end from outside, keeps what was measured so far.
"""
import argparse
import datetime
import signal
import sys
from pathlib import Path

from benchmarks import accuracy, grid, grokking_step, inputs, machine, processes, report, results, waiting

QUICK_SHAPES = inputs.SHAPES[:4]
QUICK_SIZES = (2**12, 2**16, 2**20)


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
        self.sizes = QUICK_SIZES if options.quick else grid.ALGORITHM_SIZES

    def place(self, name):
        """Where a section's results go; its date goes beside it."""
        self.results.setdefault("dates", {})[name] = datetime.date.today().isoformat()
        return self.results.setdefault(name, {})

    def pool(self, threads):
        return processes.Pool(self.found, threads, self.results["broken"])

    def run(self, section):
        getattr(self, section)()

    def copy(self):
        for threads in self.options.threads:
            self.place("copy")[str(threads)] = machine.copy_times(threads, self.options.budget, self.sizes)

    def grid(self):
        for threads in self.options.threads:
            with self.pool(threads) as pool:
                grid.measure_grid(pool, self.place("grid"), self.options.budget, shapes=self.shapes, tell=say)

    def two_pass(self):
        for threads in self.options.threads:
            with self.pool(threads) as pool:
                grid.measure_algorithms(pool, self.place("two_pass"), self.options.budget, self.sizes, tell=say)

    def errors(self):
        with self.pool(1) as pool:
            accuracy.measure_errors(pool, self.place("errors"), tell=say)

    def sums(self):
        with self.pool(max(self.options.threads)) as pool:
            size = 2**20 if self.options.quick else accuracy.SUM_SIZE
            accuracy.measure_sums(pool, self.place("sums"), size, tell=say)

    def grokking(self):
        python = self.found.get("PyTorch", (None,))[0] or sys.executable
        turns = 1 if self.options.quick else grokking_step.TURNS
        for name, threads, ours, theirs in grokking_step.measure(python, turns, self.options.threads, tell=say):
            kept = [round(ours, 2), theirs and round(theirs, 2)]
            self.place("grokking").setdefault(name, {})[str(threads)] = kept

    def waiting(self):
        place = self.place("waiting")
        place["move"] = waiting.move_milliseconds()
        place["import"] = waiting.import_seconds(3 if self.options.quick else 7)
        place["first_call"] = waiting.first_call_seconds()


def parsed(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(report.TITLES), help="a section; may be given again")
    parser.add_argument("--quick", action="store_true", help="small arrays and few repeats: to see that all runs")
    parser.add_argument("--budget", type=float, default=0.3, help="seconds for each number (default: 0.3)")
    parser.add_argument("--threads", type=int, action="append", help="numbers of threads (default: 1 and 2)")
    parser.add_argument("--peer-python", action="append", default=[], metavar="PYTHON",
                        help="a Python to look for peers in that this one lacks; may be given again")
    parser.add_argument("--results", type=Path, default=results.PATH, help="file to compare with and to write")
    parser.add_argument("--fail-on-regression", action="store_true", help="exit code 1 if ours became slower")
    options = parser.parse_args(arguments)
    options.threads = sorted(set(options.threads or (1, 2)))
    if options.quick:
        options.budget = min(options.budget, 0.02)
    options.libraries = ("ours", "NumPy", "SciPy", "PyTorch", "JAX")
    return options


def main(arguments=None):
    options = parsed(arguments)
    session, interrupted = Session(options), False
    try:
        for section in options.only or report.TITLES:
            say(f"\n{report.TITLES[section]} ...")
            session.run(section)
    except KeyboardInterrupt:
        interrupted = True
        say("\nInterrupted: what was measured is kept.")
    for line in report.tables(session.results):
        say(line)
    stored = results.load(options.results)
    changes = results.compare(stored, session.results)
    say("\nSlower than stored by more than the noise: " + ("" if changes else "nothing"))
    for change in changes:
        say(f"  {change}")
    results.save(results.laid_over(stored, session.results), options.results)
    say(f"Stored in {options.results}")
    return 130 if interrupted else int(bool(changes) and options.fail_on_regression)


if __name__ == "__main__":
    for end in (signal.SIGINT, signal.SIGTERM):  # also where a shell has the background ignore Ctrl-C
        signal.signal(end, signal.default_int_handler)
    sys.exit(main())

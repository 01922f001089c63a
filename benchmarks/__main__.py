"""All benchmarks in turn, each in a process of its own: python -m benchmarks"""
import statistics
import subprocess
import sys
import time

TABLES = {
    "Elementary functions: largest error in units in the last place, beside NumPy and SciPy": "elementary_ulp",
    "log_softmax in float32: largest error in units in the last place, by logit gap": "log_softmax_ulp",
    "A training step at p = 113, beside PyTorch": "grokking_step",
    "Methods in float32: microseconds per row for rows × classes, beside SciPy": "method_speed",
}


def import_seconds(repeats=7):
    """Median wall time of `import toolkit` and of all its families, in fresh processes that start Python anyway."""
    times = {}
    for statement in ("pass", "import toolkit", "from toolkit import catalog, collapse, formats, losses, softmax"):
        runs = []
        for _ in range(repeats):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            runs.append(time.perf_counter() - begun)
        times[statement] = statistics.median(runs)
    return times


def main():
    print("Import, seconds, median of 7 processes")
    start, *rest = import_seconds().items()
    for statement, seconds in rest:
        print(f"  {statement}: {seconds - start[1]:.2f} beyond the {start[1]:.2f} that Python takes to start")
    for title, module in TABLES.items():
        print(f"\n{title}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True)


if __name__ == "__main__":
    main()

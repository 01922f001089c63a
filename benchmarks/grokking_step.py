"""Time of one full-batch training step at p = 113, beside PyTorch: python -m benchmarks.grokking_step

The network has two hidden layers of 200 ReLUs, trained on 40 % of all sums by AdamW. Ours and PyTorch take turns.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numba

from toolkit.grokking import Experiment
from toolkit.grokking.models import build

TURNS, STEPS = 5, 20


def our_seconds(work, threads):
    """Seconds of each of `STEPS` steps."""
    numba.set_num_threads(threads)
    work.advance(2)
    seconds = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        work.advance(1)
        seconds.append(time.perf_counter() - begun)
    return seconds


def torch_result(python, threads, loss):
    """What torch_step prints, or None where that Python has no torch."""
    script = Path(__file__).with_name("torch_step.py")
    done = subprocess.run([python, str(script), "--threads", str(threads), "--steps", str(STEPS), "--loss", loss],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch-python", default=sys.executable, help="a Python with PyTorch (default: this one)")
    python = parser.parse_args().torch_python
    base = Experiment(lr=5e-4)
    print(f"{'loss':24}{'threads':>8}{'ours, ms':>10}{'PyTorch, ms':>13}{'ratio':>7}")
    for form, loss in (("common", "float32"), ("complement", "float32"), ("common", "float64")):
        work = build(base.replace(form=form, loss_format=loss))
        for threads in (t for t in (1, 2, 4) if t <= numba.config.NUMBA_NUM_THREADS):
            ours, theirs = [], []
            for _ in range(TURNS):
                ours.append(statistics.median(our_seconds(work, threads)))
                result = torch_result(python, threads, loss)
                theirs.append(result["median"] if result else float("nan"))
            mine, other = 1e3 * statistics.median(ours), 1e3 * statistics.median(theirs)
            print(f"{f'{form}, {loss}':24}{threads:8}{mine:10.1f}{other:13.1f}{other / mine:7.2f}", flush=True)
    if result is None:
        print("PyTorch is not installed here; --torch-python names a Python that has it.")


if __name__ == "__main__":
    main()

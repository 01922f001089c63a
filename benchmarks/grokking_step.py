"""Time of one full-batch training step at p = 113, beside PyTorch: python -m benchmarks.grokking_step

The networks have two hidden layers of 200 ReLUs, or are the paper's transformer with its dropout, trained on 40 % of
all sums by AdamW, or on the 70 % of the paper's second figure. Ours, in strict and in fast arithmetic, and PyTorch take
turns. Useful arithmetic is what products of dense matrices take without the first layer, which only gathers rows.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numba

from benchmarks.grid import counted, settled, summary
from benchmarks.peak import gigaflops
from toolkit.grokking import get_preset
from toolkit.training import Experiment
from toolkit.training.models import build, products_per_step

TURNS = 3
STEPS = {"mlp": 20, "transformer": 6}


def cases():
    """(name, experiment) of each line."""
    base = Experiment(lr=5e-4)
    for form, loss in (("common", "float32"), ("complement", "float32"), ("common", "float64")):
        yield f"mlp, {form}, {loss}", base.replace(form=form, loss_format=loss)
    yield "mlp, 70 % of all sums", base.replace(train_fraction=0.7)
    yield "transformer", get_preset("figure6a-adamw")


def our_seconds(work, threads, steps):
    """Seconds of each step."""
    numba.set_num_threads(threads)
    work.advance(2)
    seconds = []
    for _ in range(steps):
        begun = time.perf_counter()
        work.advance(1)
        seconds.append(time.perf_counter() - begun)
    return seconds


def torch_result(python, threads, experiment):
    """What torch_step prints, or None where that Python has no torch."""
    script = Path(__file__).with_name("torch_step.py")
    options = {"threads": threads, "steps": STEPS[experiment.model], "loss": experiment.loss_format,
               "model": experiment.model, "fraction": experiment.train_fraction}
    done = subprocess.run([python, str(script), *(f"--{name}={value}" for name, value in options.items())],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def measure(python, turns=TURNS, threads=(1, 2, 4), tell=lambda line: None, broken=None):
    """Yield (network, threads, our milliseconds, PyTorch's or None, useful GFLOP), medians of `turns` turns.

    A network in fast arithmetic has a name and a line of its own. `broken` collects sentences about what was spoiled:
    of ours it has no line.
    """
    broken = [] if broken is None else broken
    for name, experiment in cases():
        works = {name: build(experiment), f"{name}, fast": build(experiment.replace(arithmetic="fast"))}
        useful = 2e-9 * products_per_step(experiment)
        for count in (t for t in threads if t <= numba.config.NUMBA_NUM_THREADS):
            found = settled(lambda: in_turns(python, works, count, experiment, turns))
            broken += [f"training step of {each}, {count} thread(s): spoiled by a busy machine"
                       for each, taken in found.items() if len(taken) > 2]
            found = counted(found)
            other = found.pop("PyTorch", [None])[0]
            for each, (mine, _) in found.items():
                beside = f"{other:13.1f}{other / mine:7.2f}" if other else f"{'-':>13}{'-':>7}"
                tell(f"{each:30}{count:8}{mine:10.1f}{beside}{1e3 * useful / mine:10.0f}")
                yield each, count, mine, other, useful


def in_turns(python, works, threads, experiment, turns):
    """Name -> [milliseconds, spread] of our works and of PyTorch, where it is there."""
    samples = {}
    for _ in range(turns):
        for name, work in works.items():
            seconds = statistics.median(our_seconds(work, threads, STEPS[experiment.model]))
            samples.setdefault(name, []).append(seconds)
        if result := torch_result(python, threads, experiment):
            samples.setdefault("PyTorch", []).append(result["median"])
    return {name: summary(taken, 1e6) for name, taken in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch-python", default=sys.executable, help="a Python with PyTorch (default: this one)")
    python = parser.parse_args().torch_python
    for threads in sorted({1, numba.config.NUMBA_NUM_THREADS}):
        print(f"peak of {threads} thread(s): {gigaflops(threads):.0f} GFLOP/s")
    print(f"{'network':30}{'threads':>8}{'ours, ms':>10}{'PyTorch, ms':>13}{'ratio':>7}{'GFLOP/s':>10}")
    rows = list(measure(python, tell=lambda line: print(line, flush=True)))
    if all(other is None for _, _, _, other, _ in rows):
        print("PyTorch is not installed here; --torch-python names a Python that has it.")


if __name__ == "__main__":
    main()

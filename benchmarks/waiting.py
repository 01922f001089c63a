"""What people wait for: the import, the first call before anything is compiled, and a slider's move."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["first_call_seconds", "import_seconds", "move_milliseconds"]

ROOT = Path(__file__).resolve().parents[1]
STATEMENTS = ("import toolkit", "from toolkit import catalog, collapse, formats, losses, softmax")
FIRST_CALL = """
import json, time
import numpy as np
from toolkit import losses, softmax, value_and_grad
z, y = np.zeros((2, 8), np.float32), np.zeros(2, int)
begun = time.perf_counter()
{call}
print(json.dumps(time.perf_counter() - begun))
"""
CALLS = {"softmax": "softmax.softmax(z)",
         "cross_entropy_and_grad": "value_and_grad(losses.cross_entropy)(z, y)"}
# Chapter -> its first figure and the slider that moves.
FIGURES = {"vanishing_loss": ("vanishing_loss", "gap"), "softmax_five_ways": ("shift", "c")}


def run(code, **variables):
    """Seconds that a fresh Python takes for `code`, and what it printed."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True,
                          env=os.environ | variables)
    return time.perf_counter() - begun, done.stdout


def import_seconds(repeats=7):
    """Statement -> median seconds beyond those that Python takes to start, in fresh processes."""
    times = {code: statistics.median(run(code)[0] for _ in range(repeats)) for code in ("pass", *STATEMENTS)}
    return {code: round(times[code] - times["pass"], 3) for code in STATEMENTS}


def first_call_seconds(functions=tuple(CALLS)):
    """Function -> seconds of its first call with nothing compiled, and in the next process, with a cache on disk."""
    times = {}
    for name in functions:
        code = FIRST_CALL.format(call=CALLS[name])
        with tempfile.TemporaryDirectory() as folder:
            cold, warm = (float(json.loads(run(code, NUMBA_CACHE_DIR=folder)[1])) for _ in range(2))
        times[name] = {"cold": round(cold, 2), "cached": round(warm, 3)}
    return times


def move_milliseconds(moves=60):
    """Chapter -> median milliseconds of its first figure's kernel, natively, without drawing: `LiveFigure.compute`."""
    times = {}
    for chapter, (name, control) in FIGURES.items():
        notebook = json.loads((ROOT / f"notebooks/{chapter}.ipynb").read_text(encoding="utf-8"))
        cells = ("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code")
        place = {"__name__": chapter}
        while name not in place:
            exec(compile(next(cells), f"<{chapter}>", "exec"), place)
        figure = place[name]
        slider = figure.controls[control]
        figure.compute()
        taken = []
        for k in range(moves):
            begun = time.perf_counter()
            figure.compute(**{control: slider.low + (slider.high - slider.low) * (37 * k % moves) / moves})
            taken.append(time.perf_counter() - begun)
        times[chapter] = round(1e3 * statistics.median(taken), 3)
    return times

"""Training steps per second of *Grokking, live* in Chromium, modulo 31 and 59, beside the engine: python
scripts/page_training.py

The figure is the chapter's, with another modulus; it trains as its first button says.
"""
import json
import sys
import tempfile
import time
from pathlib import Path

import numba
from screenshot import chromium, open_page

from toolkit.training import Experiment, train

CHAPTER = Path(__file__).parents[1] / "notebooks/grokking_live.ipynb"
FIRST, LAST = 60, 200  # steps between which the time is taken
FIGURE = "liveFigures.figures.get('grokking')"


def figure_for(p):
    """The chapter's figure, whose table has p rows."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").partition("HOUSE =")[0]
    for old, new in (("P, WIDTH, UNITS, FIRST, LAST = 31,", f"P, WIDTH, UNITS, FIRST, LAST = {p},"),
                     ('Integer("p", 11, P, 31,', f'Integer("p", 11, P, {p},')):
        if source.count(old) != 1:
            sys.exit(f"{CHAPTER.name} has no longer the line {old!r}: scripts/page_training.py has to follow it.")
        source = source.replace(old, new)
    space = {"__name__": "__main__"}
    exec(compile(source, str(CHAPTER), "exec"), space)
    return space["grokking"]


def steps_per_second_in(browser, file):
    page = open_page(browser, file, viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    page.locator("#live-grokking").get_by_role("button", name="Collapse in float32").click()
    steps = f"{FIGURE}.values.steps[0]"
    page.wait_for_function(f"{steps} < {FIRST}")  # until then it shows the end of an earlier run
    page.wait_for_function(f"{steps} >= {FIRST}")
    first, begun = page.evaluate(f"[{steps}, performance.now()]")
    page.wait_for_function(f"{steps} >= {LAST}")
    last, ended = page.evaluate(f"[{steps}, performance.now()]")
    page.close()
    return 1000 * (last - first) / (ended - begun)


def native_steps_per_second(p):
    """Of the engine in one thread, strict as in the page."""
    numba.set_num_threads(1)
    experiment = Experiment(p=p, widths=(128,), activation="square", lr=0.01, train_fraction=0.8, beta2=0.9)
    times = []
    for steps in (FIRST, FIRST, LAST):  # the first compiles
        begun = time.perf_counter()
        train(experiment.replace(steps=steps), progress=False)
        times.append(time.perf_counter() - begun)
    return (LAST - FIRST) / (times[2] - times[1])


def main():
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for p in (31, 59):
            file = Path(folder) / f"{p}.html"
            figure_for(p).save(file)
            print(f"p = {p}: {steps_per_second_in(browser, file):.0f} steps per second in Chromium,"
                  f" {native_steps_per_second(p):.0f} natively in one thread", flush=True)


if __name__ == "__main__":
    main()

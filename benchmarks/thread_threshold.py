"""From how many entries on two threads are faster than one: python -m benchmarks.thread_threshold

`toolkit.large_arrays` uses threads for arrays of PARALLEL_FROM entries or more. Between two calls there is a pause, as
between the steps of a training or the moves of a slider: threads have gone to sleep when the next one comes.
"""
import statistics
import time

import numpy as np

from toolkit.gradients import value_and_grad
from toolkit.large_arrays import _arrays
from toolkit.losses import cross_entropy
from toolkit.softmax import log_softmax, softmax

CLASSES = (10, 128, 1024)
SIZES = tuple(2**k for k in range(14, 21))
BUDGET, PAUSE = 0.2, 2e-4  # seconds


def microseconds(call):
    call()
    samples, end = [], time.perf_counter() + BUDGET
    while len(samples) < 9 or time.perf_counter() < end:
        pause_until = time.perf_counter() + PAUSE
        while (begun := time.perf_counter()) < pause_until:
            pass
        call()
        samples.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(samples)


def both(call):
    """Microseconds in one thread and in all."""
    kept, times = _arrays.PARALLEL_FROM, []
    try:
        for _arrays.PARALLEL_FROM in (SIZES[-1] + 1, 0):
            times.append(microseconds(call))
    finally:
        _arrays.PARALLEL_FROM = kept
    return times


def main():
    rng = np.random.default_rng(0)
    print(f"Times as fast with threads, float32; PARALLEL_FROM is {_arrays.PARALLEL_FROM}")
    for classes in CLASSES:
        for size in SIZES:
            z = 3 * rng.standard_normal((size // classes, classes), np.float32)
            labels = rng.integers(0, classes, len(z))
            calls = {"softmax": lambda: softmax(z), "log_softmax": lambda: log_softmax(z),
                     "cross_entropy_and_grad": lambda: value_and_grad(cross_entropy)(z, labels)}
            gains = {name: both(call) for name, call in calls.items()}
            print(f"  {classes:5} classes, {size:7} entries: "
                  + ", ".join(f"{name} {one / all_of_them:.2f}" for name, (one, all_of_them) in gains.items()))


if __name__ == "__main__":
    main()

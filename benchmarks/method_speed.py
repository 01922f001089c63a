"""Time of every method and variant per float32 row, beside SciPy: python -m benchmarks.method_speed"""
import argparse
import time
import warnings

import numpy as np
from scipy import special

from toolkit.catalog import methods
from toolkit.commands.console import write_to_any_console

FAMILIES = ("softmax", "sampling", "activation", "loss")
SHAPES = ((1, 10), (10_000, 10), (1_000, 1_000), (10, 100_000))
PEERS = {
    "softmax": lambda z: special.softmax(z, axis=-1),
    "log_softmax": lambda z: special.log_softmax(z, axis=-1),
    "logsumexp": lambda z: special.logsumexp(z, axis=-1),
}


def seconds(call, budget):
    """Best time of a call, of as many as fit into `budget` seconds but at least three."""
    call()
    best, end, runs = float("inf"), time.perf_counter() + budget, 0
    while runs < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best, runs = min(best, time.perf_counter() - start), runs + 1
    return best


def candidates():
    """(method, variant, function of its arguments) for all rows of the table."""
    for method in (method for family in FAMILIES for method in methods(family)):
        for variant in method.variants:
            yield method, variant.name, lambda *arguments, m=method, v=variant.name: m(*arguments, variant=v)
        if method.name in PEERS:
            yield method, "SciPy", PEERS[method.name]


def main():
    write_to_any_console()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=0.2, help="seconds for each number (default: 0.2)")
    budget = parser.parse_args().budget
    print(f"{'method':26}{'variant':21}" + "".join(f"{f'{rows} × {k}':>15}" for rows, k in SHAPES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # naive forms say where they break
        for method, variant, function in candidates():
            times = []
            for rows, classes in SHAPES:
                arguments = method.example(rows, classes, np.float32)
                times.append(1e6 * seconds(lambda: function(*arguments), budget) / rows)
            print(f"{method.name:26}{variant:21}" + "".join(f"{t:15.3g}" for t in times), flush=True)


if __name__ == "__main__":
    main()

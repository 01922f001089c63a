"""Error of float32 log_softmax in ulp by logit gap, ours beside SciPy: python benchmarks/log_softmax_ulp.py

For each gap G, rows of 2 to 10 classes: a top logit, a second one G below it (to within 1/2) and the others
further down. Errors are in units of the last place of the true value, which float64 holds to 1e-8 ulp.
"""
import argparse

import numpy as np
from scipy.special import log_softmax as scipy_log_softmax

from toolkit.softmax import log_softmax

GAPS = (1, 5, 10, 12, 14, 16, 17, 20, 30, 50, 70, 86, 87, 88, 95, 100, 102, 103)


def rows_with_gap(gap, classes, count, rng):
    """(count, classes) float32 logits, the first class on top and the second about `gap` below it."""
    further = np.sort(rng.exponential(2.0, (count, classes - 1)), axis=1)
    below = gap + rng.uniform(-0.5, 0.5, (count, 1)) + further - further[:, :1]
    top = rng.choice([0.0, 0.3, -7.1, 25.7], (count, 1))
    return np.concatenate([top, top - below], axis=1).astype(np.float32)


def true_log_softmax(z):
    """Log-probabilities of rows whose first class is on top, in float64."""
    gaps = z.astype(np.float64) - z[:, :1]
    return gaps - np.log1p(np.exp(gaps[:, 1:]).sum(axis=1, keepdims=True))


def ulp_errors(computed, true):
    """Errors in units of the last float32 place of the true values."""
    return np.abs(computed - true) / np.spacing(np.abs(true).astype(np.float32))


def table(count=400, seed=0):
    """Rows (gap, ours top, ours other, SciPy top, SciPy other) of largest errors in ulp."""
    rng = np.random.default_rng(seed)
    result = []
    for gap in GAPS:
        worst = np.zeros(4)
        for classes in (2, 3, 10):
            z = rows_with_gap(gap, classes, count, rng)
            true = true_log_softmax(z)
            ours, theirs = ulp_errors(log_softmax(z), true), ulp_errors(scipy_log_softmax(z, axis=-1), true)
            worst = np.maximum(worst, [part.max() for e in (ours, theirs) for part in (e[:, 0], e[:, 1:])])
        result.append((gap, *worst))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4000, help="rows per gap and number of classes")
    rows = table(parser.parse_args().rows)
    print("| gap | ours, top class | ours, other classes | SciPy, top class | SciPy, other classes |")
    print("|----:|----------------:|--------------------:|-----------------:|---------------------:|")
    for gap, *errors in rows:
        print(f"| {gap} | " + " | ".join(f"{e:.2f}" if e < 1000 else f"{e:.1e}" for e in errors) + " |")


if __name__ == "__main__":
    main()

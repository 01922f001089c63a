"""Record how well three models know a rare last class: ``python scripts/record_presto.py``.

The paper's sparse design: 2500 rows of ten inputs, four ordered classes, slopes that differ from class to class in a
third of their entries. Logistic regression of the rare class against the rest, proportional odds, and PRESTO with its
penalty by five-fold cross-validation of the Brier score; the mean square error of the rare class's probability at the
rows, for each of ten seeds. Takes some minutes; the chapter *Proper losses* reads what it leaves.
"""
import json
import warnings
from pathlib import Path

import numpy as np

from toolkit.losses import fit_presto, ordinal_probabilities, presto_largest_penalty

FILE = Path(__file__).parents[1] / "notebooks/data/presto.json"
ROWS, INPUTS, KEPT, FOLDS, SEEDS = 2500, 10, 1 / 3, 5, 10
CUTS = (0, 3, 5), (0, 3.5, 5.5), (0, 4, 6)
PENALTIES = np.geomspace(1, 0.01, 12)
PARALLEL = {"penalty": 1e3, "penalize_first": False}


def draw(cuts, rng, rows=ROWS, inputs=INPUTS):
    """Rows, labels and true probabilities; slopes whose curves cross are drawn again."""
    x = rng.uniform(-1, 1, (rows, inputs))
    while True:
        first = 0.5 * (rng.random(inputs) < KEPT)
        changes = rng.choice([-0.5, 0.5], (2, inputs)) * (rng.random((2, inputs)) < KEPT)
        eta = np.array(cuts) + x @ np.cumsum(np.vstack([first, changes]), axis=0).T
        if (np.diff(eta, axis=1) > 0).all():
            break
    p = ordinal_probabilities(eta)
    return x, (rng.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1), p


def brier(fit, x, y):
    with warnings.catch_warnings(action="ignore"):
        return ((fit.probabilities(x) - np.eye(4)[y])**2).sum(axis=1).mean()


def chosen_penalty(x, y, rng):
    """The largest of those that are best in cross-validation."""
    largest, fold = presto_largest_penalty(x, y, classes=4), rng.permutation(len(y)) % FOLDS
    errors = [np.mean([brier(fit_presto(x[fold != f], y[fold != f], penalty=share * largest, classes=4, steps=30),
                             x[fold == f], y[fold == f]) for f in range(FOLDS)]) for share in PENALTIES]
    return float(PENALTIES[int(np.argmin(errors))] * largest)


def errors(cuts, seed):
    """Mean square errors of logistic regression, proportional odds and PRESTO, and the share of the rare class."""
    rng = np.random.default_rng(seed)
    x, y, p = draw(cuts, rng)
    alone = fit_presto(x, (y == 3).astype(int), penalty=0.0)
    rare = [1 - alone.probabilities(x)[:, 0], fit_presto(x, y, classes=4, **PARALLEL).probabilities(x)[:, 3],
            fit_presto(x, y, classes=4, penalty=chosen_penalty(x, y, rng), steps=30).probabilities(x)[:, 3]]
    return [float(np.mean((found - p[:, 3])**2)) for found in rare], float(p[:, 3].mean())


if __name__ == "__main__":
    found = []
    for cuts in CUTS:
        runs = [errors(cuts, seed) for seed in range(SEEDS)]
        found.append({"cuts": cuts, "share": round(float(np.mean([share for _, share in runs])), 5),
                      "errors": [[float(f"{e:.4g}") for e in each] for each, _ in runs]})
        means = np.mean(found[-1]["errors"], axis=0)
        print(cuts, f"{found[-1]['share']:.4f}", *(f"{1e5 * m:.2f}" for m in means), flush=True)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

"""Record the information planes of sixty small training runs for *What does a layer know?*.

``python scripts/information_planes.py`` writes notebooks/data/information_planes.json in some minutes: networks of
four hidden layers learn a yes or no of ten bits, and at ten steps every layer is measured by four rulers.
"""
import base64
import json
from pathlib import Path

import numpy as np

from toolkit.information import binned_information, kde_information
from toolkit.training import fit

OUT = Path(__file__).parents[1] / "notebooks" / "data" / "information_planes.json"
ACTIVATIONS, SEEDS, DECAYS = ("relu", "gelu", "tanh"), 10, (0.0, 1e-3)
WIDTHS, BITS, TRAINED = (10, 7, 5, 3), 10, 819
STEPS = (0, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096)
LEVELS_PER_BIT = (25, 250)  # in a byte, of I(X; T) up to 10 bits and of I(T; Y) up to 1 bit


def task():
    """All rows of ten bits ±1, and whether a sum of random tanh units is above its median."""
    x = (np.arange(2**BITS)[:, None] >> np.arange(BITS) & 1) * 2.0 - 1.0
    rng = np.random.default_rng(1)
    said = np.tanh(0.7 * x @ rng.normal(size=(BITS, 8))) @ rng.normal(size=8)
    return x, (said > np.median(said)).astype(int)


def rulers(t, y, activation):
    """Both informations by each ruler: noise of a fixed variance, fixed bins, adaptive bins, noise that scales."""
    fixed = (-1.0, 1.0) if activation == "tanh" else (0.0, 10.0)
    for of, options in ((kde_information, {"variance": 0.1, "scale": "fixed"}), (binned_information, {"edges": fixed}),
                        (binned_information, {"low": 0.0 if activation == "relu" else None}), (kde_information, {})):
        yield of(t, **options), of(t, y, **options)


def trained(activation, seed, decay):
    """The run, and its rows in the order of the task."""
    x, y = task()
    order = np.random.default_rng(100 + seed).permutation(len(y))
    first, rest = order[:TRAINED], order[TRAINED:]
    return fit(x[first], y[first], x[rest], y[rest], widths=WIDTHS, activation=activation, seed=seed, steps=STEPS[-1],
               lr=3e-3, batch=128, weight_decay=decay, log_every=STEPS[-1], log_early=True, snapshots=True)


def main():
    x, y = task()
    shape = len(ACTIVATIONS), len(DECAYS), SEEDS, 4, len(WIDTHS), len(STEPS), 2
    levels, accuracy = np.zeros(shape, np.uint8), np.zeros((*shape[:3], 2))
    for a, activation in enumerate(ACTIVATIONS):
        for d, decay in enumerate(DECAYS):
            for seed in range(SEEDS):
                run = trained(activation, seed, decay)
                accuracy[a, d, seed] = run["train_accuracy"][-1], run["test_accuracy"][-1]
                for s, step in enumerate(STEPS):
                    at = int(np.flatnonzero(run.steps == step)[0])
                    for layer in range(len(WIDTHS)):
                        t = run.activations(x, layer + 1, at=at).astype(float)
                        for ruler, both in enumerate(rulers(t, y, activation)):
                            levels[a, d, seed, ruler, layer, s] = np.rint(np.clip(both, 0, None) * LEVELS_PER_BIT)
                print(activation, decay, seed, accuracy[a, d, seed].round(3), flush=True)
    OUT.write_text(json.dumps({
        "shape": shape, "axes": ["activation", "weight decay", "seed", "ruler", "hidden layer", "step", "X or Y"],
        "activations": ACTIVATIONS, "decays": DECAYS, "steps": STEPS, "levels_per_bit": LEVELS_PER_BIT,
        "accuracy": accuracy.round(4).tolist(), "levels": base64.b64encode(levels.tobytes()).decode()},
        ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

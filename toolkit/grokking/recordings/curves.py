"""Curves of recordings as small arrays of whole numbers, which a figure's kernel can hold."""
from dataclasses import dataclass

import numpy as np

from toolkit.grokking.recordings.store import recorded

__all__ = ["Curves", "FULL", "curves"]

FULL = 65535  # 1.0


@dataclass
class Curves:
    """Measures of several runs at the same epochs.

    Attributes
    ----------
    shares : (runs, measures, epochs) uint16 array
        65535 is 1.
    used : (runs,) int64 array
        How many of the epochs each run has; 0 for one that is missing.
    """

    shares: np.ndarray
    used: np.ndarray


def curves(names, epochs, measures=("test_accuracy", "zero_loss")):
    """Accuracies and other shares of recordings at the given epochs; one that is missing has none.

    Between two measures of a run the earlier one holds.

    >>> found = curves(["figure6-adamw", "figure6-perpgrad-adamw"], range(0, 501, 10))
    >>> found.shares.dtype, found.shares.shape, found.used
    (dtype('uint16'), (2, 2, 51), array([51, 51]))
    """
    epochs = np.asarray(epochs)
    shares = np.zeros((len(names), len(measures), epochs.size), np.uint16)
    used = np.zeros(len(names), np.int64)
    for i, name in enumerate(names):
        run = recorded(name)
        if run is None:
            continue
        used[i] = np.searchsorted(epochs, run.steps[-1], side="right")
        at = np.searchsorted(run.steps, epochs[:used[i]], side="right") - 1
        for j, measure in enumerate(measures):
            shares[i, j, :used[i]] = np.rint(np.clip(run[measure][at], 0.0, 1.0) * FULL)
    return Curves(shares, used)

"""The controlled comparison: four losses, four formats, three optimizers, three seeds, all else equal."""
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from toolkit.grokking.recordings.store import DATA, command_of
from toolkit.training.experiment import Experiment
from toolkit.training.files import read_arrays, write_arrays
from toolkit.training.run import versions
from toolkit.training.sweeps import members_of

__all__ = ["COMPARED", "Comparison", "comparison", "experiments", "pack"]

BASE = Experiment(p=31, widths=(128,), activation="square", train_fraction=0.7, lr=0.02, steps=4000, log_every=50)
COMPARED = {
    # Weight decay has long settled after 2000 steps; then idle weights become subnormal, and steps ten times as slow.
    "optimizer": {"AdamW": {}, "⟂AdamW": {"perp_grad": True},
                  "AdamW, weight decay 2": {"weight_decay": 2.0, "steps": 2000}},
    "loss": {f"{words} {form}": {"loss": loss, "form": form} for words, loss in
             (("softmax", "cross_entropy"), ("StableMax", "stablemax")) for form in ("common", "complement")},
    "format": {name: {"loss_format": name} for name in ("float16", "bfloat16", "float32", "float64")},
    "seed": {str(seed): {"seed": seed} for seed in range(3)},
}
_FILE = "comparison.npz"
_MISSING = 65535


def experiments():
    """All experiments of the comparison by their place in the grid, seed by seed."""
    places = product(*(range(len(choices)) for choices in COMPARED.values()))
    for place in sorted(places, key=lambda place: place[-1]):
        changes = {}
        for choices, at in zip(COMPARED.values(), place):
            changes |= list(choices.values())[at]
        yield place, BASE.replace(**changes)


@dataclass
class Comparison:
    """Curves of the comparison.

    Attributes
    ----------
    steps : (P,) int array
    train_accuracy, test_accuracy, zero_loss : (optimizer, loss, format, seed, P) arrays
        In the order of `COMPARED`; NaN where a run is missing, or ended earlier.
    """

    steps: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    zero_loss: np.ndarray

    @property
    def lengths(self):
        """(optimizer, loss, format, seed) array: how many of the P entries each run has."""
        return np.isfinite(self.test_accuracy).sum(axis=-1)

    def last(self, measure):
        """(optimizer, loss, format, seed) array: the last entry of each run, NaN for one that is missing."""
        ends = np.maximum(self.lengths, 1) - 1
        return np.take_along_axis(getattr(self, measure), ends[..., None], axis=-1)[..., 0]


_COUNTED = {"train_accuracy": "n_train", "test_accuracy": "n_test", "zero_loss": "n_train"}


def _rows():
    return {"n_train": BASE.n_train, "n_test": BASE.n_rows - BASE.n_train}


def pack(sweep_folder, folder=DATA):
    """Write what a sweep of `experiments` left in a folder into one small file, as counts of rows.

    Returns
    -------
    (Path, int)
        The file, and how many runs it has.
    """
    grid = list(experiments())
    members = members_of([experiment for _, experiment in grid], sweep_folder)
    runs = {place: run for (place, _), member in zip(grid, members) if (run := member.run) is not None}
    if not runs:
        raise ValueError(f"{sweep_folder}: no finished run of the comparison in this folder")
    steps = max((run.steps for run in runs.values()), key=len)
    shape = (*(len(choices) for choices in COMPARED.values()), steps.size)
    counts = {name: np.full(shape, _MISSING, np.uint16) for name in _COUNTED}
    for place, run in runs.items():
        for name, total in _COUNTED.items():
            counts[name][place][:run.steps.size] = np.rint(run[name] * _rows()[total])
    about = {"version": 1, "base": BASE.to_dict(), "compared": COMPARED, "command": command_of("comparison"),
             "environment": versions()}
    path = Path(folder) / _FILE
    write_arrays(path, {"about": np.array(json.dumps(about)), "steps": steps.astype(np.int32), **counts})
    return path, len(runs)


def comparison(folder=DATA):
    """The recorded comparison, or None when there is none."""
    path = Path(folder) / _FILE
    if not path.exists():
        return None
    arrays = read_arrays(path)
    try:
        about = json.loads(str(arrays["about"]))
        if about.get("compared") == COMPARED:
            shares = {name: np.where(arrays[name] == _MISSING, np.nan, arrays[name] / _rows()[total])
                      for name, total in _COUNTED.items()}
            return Comparison(steps=arrays["steps"], **shares)
    except (AttributeError, KeyError, ValueError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path}: not a comparison: {reason}") from error
    raise ValueError(f"{path}: another comparison; make it anew: {command_of('comparison')}")

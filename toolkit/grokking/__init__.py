"""Grokking and Softmax Collapse: data, networks, losses, optimizers and training in chosen precision.

`Experiment` describes a training run, `train` carries it out, and `Run` is what it leaves; `PRESETS` names those of
the paper, and `sweep` does many.
"""
from toolkit.grokking.experiment import Experiment
from toolkit.grokking.presets import PRESETS, get_preset
from toolkit.grokking.run import Run
from toolkit.grokking.sweep import Member, grid, members_of, sweep, table
from toolkit.grokking.tasks import Rows, rows_of
from toolkit.grokking.training import resume, train

__all__ = ["Experiment", "Member", "PRESETS", "Rows", "Run", "get_preset", "grid", "members_of", "resume", "rows_of",
           "sweep", "table", "train"]

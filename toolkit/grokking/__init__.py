"""Grokking and Softmax Collapse: data, networks, losses, optimizers and training in chosen precision.

`Experiment` describes a training run, `train` carries it out, and `Run` is what it leaves.
"""
from toolkit.grokking.experiment import Experiment
from toolkit.grokking.run import Run
from toolkit.grokking.tasks import Rows, rows_of
from toolkit.grokking.training import resume, train

__all__ = ["Experiment", "Rows", "Run", "resume", "rows_of", "train"]

"""What can be done with lines: a type for each, so that one alone is compiled when it is asked for."""
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from toolkit.large_arrays._column_lines import three_pass_lines
from toolkit.large_arrays._cross_entropy_lines import cross_entropy_lines
from toolkit.large_arrays._log_lines import log_softmax_lines, logsumexp_lines
from toolkit.large_arrays._softmax_lines import naive_lines, online_lines, two_pass_lines
from toolkit.large_arrays._stable_lines import (
    log_stablemax_lines,
    stablemax_cross_entropy_lines,
    stablemax_lines,
)

__all__ = ["CrossEntropy", "LogSoftmax", "LogStablemax", "LogSumExp", "Naive", "Online", "Softmax", "Stablemax",
           "StablemaxCrossEntropy", "ThreePass", "TwoPass", "run_task"]


class Softmax(NamedTuple):
    """Softmax in the fastest way: three passes, but for a single long row two, since memory is slower than exp."""

    keep: bool = True


class Naive(NamedTuple):
    """Softmax as written, for benchmarks: `toolkit.softmax.softmax` runs the naive kernel of the figures."""


class ThreePass(NamedTuple):
    """Softmax from the maximum, the sum and a division."""

    keep: bool  # the exponentials, or compute them again


class TwoPass(NamedTuple):
    """Softmax from sums of mantissas and exponents."""


class Online(NamedTuple):
    """Softmax from a sum that follows the maximum."""


class LogSoftmax(NamedTuple):
    """Logarithm of softmax."""


class LogSumExp(NamedTuple):
    """A number for each line."""


class Stablemax(NamedTuple):
    """StableMax relative to the largest s."""


class LogStablemax(NamedTuple):
    """Logarithm of StableMax."""


class CrossEntropy(NamedTuple):
    """Cross-entropy of softmax, with its gradient if that is wanted."""

    labels: np.ndarray
    factors: np.ndarray
    losses: np.ndarray
    want: bool


class StablemaxCrossEntropy(NamedTuple):
    """Cross-entropy of StableMax, with its gradient if that is wanted."""

    labels: np.ndarray
    factors: np.ndarray
    losses: np.ndarray
    want: bool


_LINES = {Softmax: three_pass_lines, Naive: naive_lines, ThreePass: three_pass_lines, TwoPass: two_pass_lines,
          Online: online_lines, LogSoftmax: log_softmax_lines, LogSumExp: logsumexp_lines,
          Stablemax: stablemax_lines, LogStablemax: log_stablemax_lines,
          CrossEntropy: cross_entropy_lines, StablemaxCrossEntropy: stablemax_cross_entropy_lines}


def run_task(task, z, lines, first, out):
    """Do `task` for `lines`, the `first`-th of all and those after it."""
    _LINES[type(task)](task, z, lines, first, out)


@overload(run_task)
def _run_task(task, z, lines, first, out):
    chosen = _LINES[task.instance_class]
    return lambda task, z, lines, first, out: chosen(task, z, lines, first, out)

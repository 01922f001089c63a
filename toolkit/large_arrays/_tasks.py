"""What can be done with lines: a type for each, so that one alone is compiled when it is asked for."""
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from toolkit.large_arrays._column_lines import three_pass_lines
from toolkit.large_arrays._cross_entropy_lines import cross_entropy_lines
from toolkit.large_arrays._log_lines import log_softmax_lines, logsumexp_lines
from toolkit.large_arrays._soft_entropy_lines import smoothed_cross_entropy_lines, soft_cross_entropy_lines
from toolkit.large_arrays._softmax_lines import naive_lines, online_lines, two_pass_lines
from toolkit.large_arrays._stable_lines import (
    log_stablemax_lines,
    stablemax_cross_entropy_lines,
    stablemax_lines,
)
from toolkit.large_arrays._temper_lines import temper_lines

__all__ = ["CrossEntropy", "LogSoftmax", "LogStablemax", "LogSumExp", "Naive", "Online", "ROWS_ALONE",
           "SmoothedCrossEntropy", "SoftCrossEntropy", "Softmax", "Stablemax", "StablemaxCrossEntropy", "Tempered",
           "ThreePass", "TwoPass", "is_in_place", "run_task"]


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


class SoftCrossEntropy(NamedTuple):
    """Cross-entropy of rows with probabilities `q` as labels, the likeliest of which are `labels`."""

    labels: np.ndarray
    factors: np.ndarray
    losses: np.ndarray
    want: bool
    q: np.ndarray


class SmoothedCrossEntropy(NamedTuple):
    """Cross-entropy of rows with labels smoothed by an amount."""

    labels: np.ndarray
    factors: np.ndarray
    losses: np.ndarray
    want: bool
    amount: float


class Tempered(NamedTuple):
    """Gaps to the largest number over tau."""

    tau: float


MAPS = Softmax, Naive, ThreePass, TwoPass, Online, LogSoftmax, Stablemax, LogStablemax, Tempered
ROWS_ALONE = SoftCrossEntropy, SmoothedCrossEntropy  # rows are never taken side by side
_LINES = {Softmax: three_pass_lines, Naive: naive_lines, ThreePass: three_pass_lines, TwoPass: two_pass_lines,
          Online: online_lines, LogSoftmax: log_softmax_lines, LogSumExp: logsumexp_lines,
          Stablemax: stablemax_lines, LogStablemax: log_stablemax_lines,
          CrossEntropy: cross_entropy_lines, StablemaxCrossEntropy: stablemax_cross_entropy_lines,
          SoftCrossEntropy: soft_cross_entropy_lines, SmoothedCrossEntropy: smoothed_cross_entropy_lines,
          Tempered: temper_lines}


def run_task(task, z, lines, first, out):
    """Do `task` for `lines`, the `first`-th of all and those after it."""
    _LINES[type(task)](task, z, lines, first, out)


@overload(run_task)
def _run_task(task, z, lines, first, out):
    chosen = _LINES[task.instance_class]
    return lambda task, z, lines, first, out: chosen(task, z, lines, first, out)


def is_in_place(task):
    """Whether its results may lie where the numbers were: it needs none after it has written there."""
    return isinstance(task, MAPS)


@overload(is_in_place)
def _is_in_place(task):
    found = issubclass(task.instance_class, MAPS)
    return lambda task: found

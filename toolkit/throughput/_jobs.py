"""Whole arrays of lines, in one thread or in all.

A task names its family by its type. Rows are walked along where they are. Columns are taken in groups of 64 float32
or 32 float64; where their stride is long they are copied side by side first, so that each line of memory is fetched
once. A line is the work of one thread from its first entry to its last: threads change no bit.
"""
from typing import NamedTuple

import numba
import numpy as np
from numba.extending import overload

from toolkit._kernel import kernel
from toolkit.throughput._lanes import LINE, width_of
from toolkit.throughput._log_lines import cross_entropy_lines, log_softmax_lines, logsumexp_lines
from toolkit.throughput._softmax_lines import softmax_lines
from toolkit.throughput._stable_lines import (log_stablemax_lines, naive_stablemax_lines,
                                              stablemax_cross_entropy_lines, stablemax_lines)

__all__ = ["Exponential", "Loss", "Reduction", "Stable", "groups_of", "run_groups", "run_parallel"]

TILES = 4  # walks of a group of columns
_LONG_STRIDE = 1024  # bytes between two entries of a column from which on columns are copied
_MOST_COPIED = 2**20  # bytes of a copy, which should stay in the second-level cache


class Exponential(NamedTuple):
    """One of softmax's algorithms, or log_softmax."""

    what: int


class Reduction(NamedTuple):
    """logsumexp."""

    what: int = 0


class Stable(NamedTuple):
    """StableMax as written, StableMax, or its logarithm."""

    what: int


class Loss(NamedTuple):
    """Cross-entropy of softmax or StableMax, with its gradient if that is wanted."""

    what: int
    labels: np.ndarray
    factors: np.ndarray
    losses: np.ndarray
    want: bool


LOG_SOFTMAX = 5  # after softmax's algorithms
STABLEMAX_NAIVE, STABLEMAX, LOG_STABLEMAX = range(3)
CROSS_ENTROPY, STABLEMAX_CROSS_ENTROPY = range(2)


@kernel
def exponential_task(z, lines, merge, first, out, task):
    if task.what == LOG_SOFTMAX:
        log_softmax_lines(z, lines, merge, out)
    else:
        softmax_lines(z, lines, merge, task.what, out)


@kernel
def reduction_task(z, lines, merge, first, out, task):
    logsumexp_lines(z, lines, merge, first, out)


@kernel
def stable_task(z, lines, merge, first, out, task):
    if task.what == LOG_STABLEMAX:
        log_stablemax_lines(z, lines, merge, out)
    elif task.what == STABLEMAX:
        stablemax_lines(z, lines, merge, out)
    else:
        naive_stablemax_lines(z, lines, merge, out)


@kernel
def loss_task(z, lines, merge, first, out, task):
    if task.what == CROSS_ENTROPY:
        cross_entropy_lines(z, lines, merge, first, task.labels, task.factors, task.losses, out, task.want)
    else:
        stablemax_cross_entropy_lines(z, lines, merge, first, task.labels, task.factors, task.losses, out, task.want)


_TASKS = {Exponential: exponential_task, Reduction: reduction_task, Stable: stable_task, Loss: loss_task}


def run_task(z, lines, merge, first, out, task):
    """Do `task` for `lines`, the `first`-th of all and those after it."""
    _TASKS[type(task)](z, lines, merge, first, out, task)


@overload(run_task)
def _run_task(z, lines, merge, first, out, task):
    chosen = _TASKS[task.instance_class]
    return lambda z, lines, merge, first, out, task: chosen(z, lines, merge, first, out, task)


def groups_of(z, classes, inner):
    """How many groups of lines the flat array `z` of (outer, classes, inner) has; `inner` is 0 for rows."""
    if inner == 0:
        return z.size // classes
    return z.size // (classes * inner) * -(-inner // (TILES * width_of(z)))


@kernel
def copy_columns(source, at, stride, target, to, target_stride, classes, lanes):
    """Copy `lanes` columns from one stride to another."""
    for k in range(classes):
        for j in range(lanes):
            target[to + k * target_stride + j] = source[at + k * stride + j]


@kernel
def run_groups(z, classes, inner, begin, end, out, task):
    """The task for groups [begin, end) of the flat array `z`."""
    if inner == 0:
        run_task(z, (begin * classes, end - begin, classes, 0, 0), True, begin, out, task)
        return
    wide = TILES * width_of(z)
    copied = classes > 1 and inner * z.itemsize >= _LONG_STRIDE and TILES * LINE * classes <= _MOST_COPIED
    work = np.empty(wide * classes if copied else 0, z.dtype)
    result = np.empty(work.size if out.size == z.size else 0, z.dtype)
    groups = (inner + wide - 1) // wide
    for group in range(begin, end):
        outer, column = group // groups, group % groups * wide
        at, first, lanes = outer * classes * inner + column, outer * inner + column, min(wide, inner - column)
        tiles = (lanes + width_of(z) - 1) // width_of(z)
        if copied:
            copy_columns(z, at, inner, work, 0, wide, classes, lanes)
            target = result if out.size == z.size else out
            run_task(work, (0, tiles, classes, wide, lanes), False, first, target, task)
            if out.size == z.size:
                copy_columns(result, 0, wide, out, at, inner, classes, lanes)
        else:
            run_task(z, (at, tiles, classes, inner, lanes), False, first, out, task)


@kernel(parallel=True)
def run_parallel(z, classes, inner, groups, blocks, out, task):
    """The task for all groups, in `blocks` that threads take."""
    for block in numba.prange(blocks):
        run_groups(z, classes, inner, block * groups // blocks, (block + 1) * groups // blocks, out, task)

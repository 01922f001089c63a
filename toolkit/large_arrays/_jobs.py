"""Whole arrays of lines, in one thread or in all.

A task names what to do by its type. Rows are walked along where they are, columns in groups of 128 float32 or 64
float64. Short rows are columns too, copied side by side: in lanes of their own, they share what a row costs besides its
numbers. A line is the work of one thread from its first entry to its last: threads change no bit.
"""
from typing import NamedTuple

import numba
import numpy as np
from numba.extending import overload

from toolkit._core.kernel import kernel
from toolkit._core.lanes import memory_of, width_of
from toolkit.large_arrays._lines import ColumnLines, RowLines
from toolkit.large_arrays._tasks import run_task

__all__ = ["Columns", "Rows", "TILES", "groups_of", "run_groups", "run_parallel"]

TILES = 8  # walks of a group of columns


class Rows(NamedTuple):
    """An array of `count` rows, each of `classes` neighbours."""

    count: int
    classes: int


class Columns(NamedTuple):
    """An array of `outer` blocks of `inner` columns: entry k of column j is `stride` k + `step` j into the block."""

    outer: int
    classes: int
    inner: int
    stride: int
    step: int


def groups_of(layout, z):
    """In how many groups `run_groups` takes the lines of the flat array `z`."""
    return layout.count if isinstance(layout, Rows) else layout.outer * -(-layout.inner // (TILES * width_of(z)))


@kernel
def gather(source, at, stride, step, classes, lanes, target, wide):
    """Copy `lanes` columns side by side, `wide` to a line of them."""
    for k in range(classes):
        for j in range(lanes):
            target[k * wide + j] = source[at + k * stride + j * step]


@kernel
def scatter(source, wide, classes, lanes, target, at, stride, step):
    """Copy them back."""
    for k in range(classes):
        for j in range(lanes):
            target[at + k * stride + j * step] = source[k * wide + j]


@kernel
def run_rows(layout, z, begin, end, out, task):
    part = RowLines(begin * layout.classes, end - begin, layout.classes)
    run_task(task, memory_of(z), part, begin, memory_of(out))


@kernel
def run_columns(layout, z, begin, end, out, task):
    _outer, classes, inner, stride, step = layout
    wide = TILES * width_of(z)
    copied = step > 1
    work = np.empty(wide * classes if copied else 0, z.dtype)
    result = np.empty(work.size if out.size == z.size else 0, z.dtype)
    groups = (inner + wide - 1) // wide
    for group in range(begin, end):
        outer, column = group // groups, group % groups * wide
        at, first, lanes = outer * classes * inner + column * step, outer * inner + column, min(wide, inner - column)
        tiles = (lanes + width_of(z) - 1) // width_of(z)
        if not copied:
            lines = ColumnLines(at, tiles, classes, stride, lanes)
            run_task(task, memory_of(z), lines, first, memory_of(out))
            continue
        gather(z, at, stride, step, classes, lanes, work, wide)
        lines = ColumnLines(0, tiles, classes, wide, lanes)
        run_task(task, memory_of(work), lines, first, memory_of(result if out.size == z.size else out))
        if out.size == z.size:
            scatter(result, wide, classes, lanes, out, at, stride, step)


_RUN = {Rows: run_rows, Columns: run_columns}


def run_groups(layout, z, begin, end, out, task):
    """The task for groups [begin, end) of the flat array `z`."""
    _RUN[type(layout)](layout, z, begin, end, out, task)


if numba.config.DISABLE_JIT:  # NumPy would warn on paths that are right
    run_groups = np.errstate(all="ignore")(run_groups)


@overload(run_groups)
def _run_groups(layout, z, begin, end, out, task):
    chosen = _RUN[layout.instance_class]
    return lambda layout, z, begin, end, out, task: chosen(layout, z, begin, end, out, task)


@kernel(parallel=True)
def run_parallel(layout, z, groups, blocks, out, task):
    """The task for all groups, in `blocks` that threads take."""
    for block in numba.prange(blocks):
        run_groups(layout, z, block * groups // blocks, (block + 1) * groups // blocks, out, task)

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
from toolkit._core.lanes import load, memory_of, store, width_of
from toolkit.large_arrays._lines import ColumnLines, RowLines
from toolkit.large_arrays._tasks import is_in_place, run_task

__all__ = ["Columns", "Rows", "TILES", "groups_of", "run_groups", "run_parallel"]

TILES = 8  # walks of a group of columns
LONG_COLUMN, FAR = 64, 256  # entries of a column, and between two: beyond, its lines push each other out of a cache
COPIED = 2**17  # entries that are copied at a time, but no less than a tile


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
def into_tiles(source, at, stride, step, classes, lanes, tiles):
    """Copy `lanes` columns, as many together as a vector has lanes, one such tile after the other."""
    width = width_of(source)
    for k in range(classes):
        for first in range(0, lanes, width):
            own, place, target = min(width, lanes - first), at + k * stride + first * step, first * classes + k * width
            if step == 1:
                store(memory_of(tiles), target, own, load(memory_of(source), place, own, 0.0))
            else:
                for j in range(own):
                    tiles[target + j] = source[place + j * step]


@kernel
def out_of_tiles(tiles, classes, lanes, target, at, stride, step):
    """Copy them back."""
    width = width_of(tiles)
    for k in range(classes):
        for first in range(0, lanes, width):
            own, place, source = min(width, lanes - first), at + k * stride + first * step, first * classes + k * width
            if step == 1:
                store(memory_of(target), place, own, load(memory_of(tiles), source, own, 0.0))
            else:
                for j in range(own):
                    target[place + j * step] = tiles[source + j]


@kernel
def run_rows(layout, z, begin, end, out, task):
    part = RowLines(begin * layout.classes, end - begin, layout.classes)
    run_task(task, memory_of(z), part, begin, memory_of(out))


@kernel
def run_columns(layout, z, begin, end, out, task):
    _outer, classes, inner, stride, step = layout
    width, wide = width_of(z), TILES * width_of(z)
    copied = step > 1 or classes >= LONG_COLUMN and stride >= FAR
    part = min(wide, max(width, COPIED // max(classes, 1) // width * width))
    work = np.empty(part * classes if copied else 0, z.dtype)
    result = work if is_in_place(task) else np.empty(work.size if out.size == z.size else 0, z.dtype)
    groups = (inner + wide - 1) // wide
    for group in range(begin, end):
        outer, column = group // groups, group % groups * wide
        at, first, lanes = outer * classes * inner + column * step, outer * inner + column, min(wide, inner - column)
        if not copied:
            lines = ColumnLines(at, (lanes + width - 1) // width, classes, stride, lanes)
            run_task(task, memory_of(z), lines, first, memory_of(out))
            continue
        for begun in range(0, lanes, part):
            place, own = at + begun * step, min(part, lanes - begun)
            into_tiles(z, place, stride, step, classes, own, work)
            for j in range(0, own, width):
                lines = ColumnLines(j * classes, 1, classes, width, min(width, own - j))
                run_task(task, memory_of(work), lines, first + begun + j,
                         memory_of(result if out.size == z.size else out))
            if out.size == z.size:
                out_of_tiles(result, classes, own, out, place, stride, step)


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

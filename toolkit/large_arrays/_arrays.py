"""From any array to a task on lines, and back: which axis, how many threads."""
import math

import numba
import numpy as np

from toolkit._core import arrays as _arrays
from toolkit._core.results import check_out, room_for, written
from toolkit.large_arrays._jobs import Columns, Rows, groups_of, run_groups, run_parallel
from toolkit.large_arrays._long_rows import LONG_ROW_TASKS, run_long_row
from toolkit.large_arrays._small import SMALL, small_kernel, small_loss_kernel
from toolkit.large_arrays._tasks import ROWS_ALONE

__all__ = ["Lines", "is_plain", "losses_of_plain", "map_lines", "map_rows_of_lines", "reduce_lines", "run"]

PARALLEL_FROM = 2**19  # entries: below, waking threads takes longer than they save (benchmarks/thread_threshold.py)
_NATIVE = (np.dtype(np.float32), np.dtype(np.float64))
SHORT_ROW = 12  # entries: rows up to here are faster side by side
LONG_ROW = 2**18  # entries: rows up to here stay in one thread's cache, and are the work of one
BLOCKS = 4  # for each thread: the last to finish is not waited for long


def run(z, classes, inner, task, out):
    """Do `task` on the flat array `z` of (outer, classes, inner), or of rows if `inner` is 0; results go into `out`."""
    count = z.size // (classes * max(inner, 1))
    if inner == 0 and classes > LONG_ROW and isinstance(task, LONG_ROW_TASKS):
        for row, result in zip(z.reshape(count, classes), out.reshape(count, -1), strict=True):
            run_long_row(row, task, result)
        return
    if inner:
        layout = Columns(count, classes, inner, inner, 1)
    elif 1 < classes <= SHORT_ROW and not isinstance(task, ROWS_ALONE):
        layout = Columns(1, classes, count, 1, classes)
    else:
        layout = Rows(count, classes)
    groups = groups_of(layout, z)
    if z.size < PARALLEL_FROM or groups < 2:
        run_groups(layout, z, 0, groups, out, task)
        return
    run_parallel(layout, z, groups, min(groups, BLOCKS * numba.get_num_threads()), out, task)


def run_plain(z, classes, task, out):
    """`run` on rows, for a task without arrays."""
    if z.size < SMALL:
        small_kernel(task, type(task), 1 < classes <= SHORT_ROW)(z, classes, out)
    else:
        run(z, classes, 0, task, out)


def is_plain(z, axis, where):
    """Whether `z` is its rows as they are: the usual case, which should not pay for the others."""
    return (where is None and type(z) is np.ndarray and z.dtype in _NATIVE and type(axis) is int
            and (axis == -1 or axis == z.ndim - 1) and z.flags.carray and z.size > 0 and z.ndim > 0)


class Lines:
    """The classes of an N-d array as lines of a flat one: in place if they are one axis, or several side by side, of a
    C-contiguous array without a mask; else as the rows that `Rows` copies.

    Parameters
    ----------
    layout : Rows
    z : array_like (..., K)
    in_place : bool
        Whether columns may stay columns.
    """

    def __init__(self, layout, z, in_place=True):
        self.layout = layout
        self.inner = self._inner(layout.array) if in_place else 0
        if self.inner:
            self.flat = _arrays.behaved(layout.array, layout.compute).reshape(-1)
        else:
            self.flat = layout.rows(z, layout.name).reshape(-1)

    def _inner(self, array):
        """Product of the sizes behind the classes' axes, if these are side by side and can stay in place; else 0."""
        axes, shape = self.layout.axes, self.layout.shape
        side_by_side = axes == tuple(range(axes[0], axes[-1] + 1))
        if self.layout.keep is not None or not side_by_side or not array.flags.c_contiguous or not array.size:
            return 0
        inner = math.prod(shape[axes[-1] + 1 :])
        return inner if inner > 1 else 0

    def run(self, task, out):
        """Do `task`, with results in the flat array `out`."""
        run(self.flat, self.layout.classes, self.inner, task, out)

    def map(self, task, out=None):
        """Results like `z`, flat; they are where those of `out` are if that can be."""
        in_out = self.inner and out is not None and out.dtype == self.layout.array.dtype == self.layout.compute
        found = room_for(self.layout.array, out).reshape(-1) if in_out else np.empty_like(self.flat)
        self.run(task, found)
        return found

    def restore(self, out, masked):
        """The results of a map in the shape of `z` and the dtype of the result."""
        if self.inner:
            with np.errstate(all="ignore"):  # float16 results overflow to inf as the format does
                return out.astype(self.layout.dtype, copy=False).reshape(self.layout.shape)
        return self.layout.restore(out.reshape(self.layout.count, self.layout.classes), masked)


def map_lines(task, z, *, axis=-1, where=None, masked=0.0, broken=None, out=None):
    """Do `task` on the classes of `z`: (..., K) -> (..., K), in `out` if that is an array.

    `masked` and `broken` are as in `toolkit._core.arrays.map_rows`.
    """
    if broken is None and is_plain(z, axis, where):
        target, classes = room_for(z, out), z.shape[-1]
        if z.ndim == 1:
            run_plain(z, classes, task, target)
        else:
            run_plain(z.reshape(-1), classes, task, target.reshape(-1))
        return written(target, out)
    layout = _arrays.Rows(z, axis=axis, where=where)
    check_out(out, layout.shape, layout.dtype)
    lines = Lines(layout, z, in_place=broken is None)
    found = lines.map(task, out)
    if broken is not None:
        rows = lines.flat.reshape(layout.count, layout.classes)
        _arrays.warn_about_rows(rows, broken[0](rows, found.reshape(rows.shape)), broken[1])
    return written(lines.restore(found, masked), out)


def map_rows_of_lines(task, rows, out):
    """Do `task` on the 2-D array `rows`: as many results go into `out`, which may be `rows`."""
    if rows.size:
        run(rows.reshape(-1), rows.shape[1], 0, task, out.reshape(-1))


def losses_of_plain(lines, z, labels, gradient):
    """``(losses, gradient of their mean or None)`` of plain rows and their classes; `lines` is the task of the loss."""
    count, classes = z.shape
    losses = np.empty(count, z.dtype)
    grads = np.empty_like(z) if gradient else losses
    if z.size < SMALL:
        small_loss_kernel(lines, 1 < classes <= SHORT_ROW, gradient)(z, labels, losses, grads)
    else:
        factors = np.full(count, 1.0 / count, z.dtype)
        run(z.reshape(-1), classes, 0, lines(labels, factors, losses, gradient), grads.reshape(-1))
    return losses, grads if gradient else None


def reduce_lines(task, z, *, axis=-1, where=None, empty, keepdims=False):
    """Do `task` on the classes of `z`: (..., K) -> (...); `empty` is the value of a line without classes."""
    if not keepdims and is_plain(z, axis, where):
        out = np.empty(z.shape[:-1], z.dtype)
        run_plain(z.reshape(-1), z.shape[-1], task, out.reshape(-1))
        return out[()]
    layout = _arrays.Rows(z, axis=axis, where=where, allow_empty=True)
    out = np.full(layout.count, empty, layout.compute)
    if layout.classes > 0 and layout.count > 0:
        Lines(layout, z).run(task, out)
    return layout.restore_reduced(out, keepdims)

"""Small arrays: to tell the compiled code of named tuples takes as long as their work, so it makes these itself."""
import functools

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.lanes import width_of
from toolkit.large_arrays._jobs import TILES, Columns, Rows, run_groups

__all__ = ["SMALL", "small_kernel", "small_loss_kernel"]

SMALL = 2**14  # entries: for more, one call is not noticed


@kernel(forceinline=True)
def run_side_by_side(z, classes, out, task):
    count, wide = z.size // classes, TILES * width_of(z)
    run_groups(Columns(1, classes, count, 1, classes), z, 0, (count + wide - 1) // wide, out, task)


@kernel(forceinline=True)
def run_one_by_one(z, classes, out, task):
    count = z.size // classes
    run_groups(Rows(count, classes), z, 0, count, out, task)


@functools.cache
def small_kernel(task, kind, few):
    """The kernel ``(z, classes, out)`` that does a task of a kind on a small flat array of rows, which are taken side
    by side if they have `few` classes. Tasks of other kinds without fields are equal."""
    run_rows = run_side_by_side if few else run_one_by_one

    @kernel
    def small(z, classes, out):
        run_rows(z, classes, out, task)

    return small


@functools.cache
def small_loss_kernel(lines, few, gradient):
    """The kernel ``(z, labels, losses, grads)`` of rows and their classes; if `gradient`, `grads` gets that of the
    mean. `lines` is the task of the loss."""
    run_rows = run_side_by_side if few else run_one_by_one

    @kernel
    def small(z, labels, losses, grads):
        count, classes = z.shape
        factors = np.empty_like(losses)
        for i in range(count):
            factors[i] = 1.0 / count
        run_rows(z.reshape(-1), classes, grads.reshape(-1), lines(labels, factors, losses, gradient))

    return small

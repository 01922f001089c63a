"""Sorting and picking the largest entries of a row, in place and without memory of their own."""
import numpy as np

from toolkit._kernel import kernel

__all__ = ["keep_largest", "sort_descending"]


@kernel
def sift_down(x, start, end):
    """Let ``x[start]`` sink in a heap whose smallest entry is on top, up to the place `end`."""
    root = start
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and x[child + 1] < x[child]:
            child += 1
        if not x[child] < x[root]:
            return
        held = x[root]
        x[root] = x[child]
        x[child] = held
        root = child


@kernel
def sort_descending(x):
    """Heapsort (Williams 1964), largest entry first; NaNs end up anywhere."""
    for start in range(x.size // 2 - 1, -1, -1):
        sift_down(x, start, x.size)
    for end in range(x.size - 1, 0, -1):
        held = x[0]
        x[0] = x[end]
        x[end] = held
        sift_down(x, 0, end)


@kernel
def keep_largest(z, cut, count, out):
    """`z` with -inf in the place of all but `count` entries: those above `cut`, and the first ones equal to it.

    A NaN stays, so that the result of what comes next is NaN.
    """
    ties = count
    for i in range(z.size):
        if z[i] > cut:
            ties -= 1
    for i in range(z.size):
        at_cut = z[i] == cut and ties > 0
        if at_cut:
            ties -= 1
        out[i] = z[i] if z[i] > cut or at_cut or z[i] != z[i] else -np.inf

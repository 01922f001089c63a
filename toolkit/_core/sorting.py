"""Sorting a row in place."""
from toolkit._core.kernel import kernel

__all__ = ["sort_descending"]


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

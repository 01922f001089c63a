"""Sorting a row in place, and what needs no more than its largest entries."""
from toolkit._core.kernel import kernel

__all__ = ["keep_heap_of_largest", "make_heap", "pop_heap", "sort_descending"]


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
def make_heap(x, end):
    """Let the first `end` entries be a heap, whose smallest entry is on top; NaNs end up anywhere."""
    for start in range(end // 2 - 1, -1, -1):
        sift_down(x, start, end)


@kernel
def pop_heap(x, end):
    """Move the smallest of the heap of the first `end` entries to their end; the others are a heap."""
    held = x[0]
    x[0] = x[end - 1]
    x[end - 1] = held
    sift_down(x, 0, end - 1)


@kernel
def sort_descending(x):
    """Heapsort (Williams 1964), largest entry first; NaNs end up anywhere."""
    make_heap(x, x.size)
    for end in range(x.size, 1, -1):
        pop_heap(x, end)


@kernel
def keep_heap_of_largest(x, k):
    """Let the first k entries be the k largest, the smallest of these first; NaNs end up anywhere."""
    make_heap(x, k)
    for i in range(k, x.size):
        if x[0] < x[i]:
            held = x[0]
            x[0] = x[i]
            x[i] = held
            sift_down(x, 0, k)

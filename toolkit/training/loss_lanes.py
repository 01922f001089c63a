"""Cross-entropy of a row in float32, added up in "lanes", on vectors: the gradient of `toolkit.training.loss`.

A step that is not measured needs no more. Each number goes through the operations of the row's kernels, in their order,
and has the same bits.
"""
import numpy as np

from toolkit._core.across_lanes import any_of, bits_of, high_half, largest_of, low_half, lowest_of, sum_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose
from toolkit._core.lanes import lane, load, memory_at, replaced, spread, store, width_of
from toolkit.collapse.kernels import ORDERS
from toolkit.elementary.exponential_lanes import exp_lanes
from toolkit.networks.product import padded

__all__ = ["block_in_lanes", "suits_lanes"]

_LANES = ORDERS["lanes"]
_LEAST = 8  # classes: as many as there are sums


@kernel(forceinline=True)
def numbers_at(z, k, n):
    """The neighbours from k on, and -inf beyond the row."""
    return load(z, k, min(width_of(z), n - k), -np.inf)


@kernel
def top_in_lanes(z, n):
    """Index of the first largest number of a row in memory; -1 where one is NaN."""
    most = numbers_at(z, 0, n)
    for k in range(0, n, width_of(z)):
        numbers = numbers_at(z, k, n)
        if any_of(numbers != numbers):
            return -1
        most = choose(most < numbers, numbers, most)
    m = largest_of(most)
    for k in range(0, n, width_of(z)):
        there = bits_of(numbers_at(z, k, n) == m)
        if there != 0:
            return k + lowest_of(there)
    return -1


@kernel(forceinline=True)
def sum_with(g, n, place, number):
    """The sum of a row in `LANES` with another number at one place."""
    low = low_half(spread(np.float32(0.0), numbers_at(g, 0, n)))
    for k in range(0, n, width_of(g)):
        numbers = load(g, k, min(width_of(g), n - k), 0.0)
        if k <= place < k + width_of(g):
            numbers = replaced(numbers, place - k, number)
        low = (low + low_half(numbers)) + high_half(numbers)
    return sum_of(low)


@kernel
def gradient_in_lanes(z, n, y, top, complement, share, boost, g, d):
    """``d = boost (share p)`` with p the gradient of the cross-entropy of the logits z; 0 to the end of a line.

    Parameters
    ----------
    z, g, d : memory of float32 rows of n numbers, d's in whole lines; `g` is work space
    y, top : the label, and the index of the largest logit
    complement : the form of the loss
    share, boost : 1 / N, and a power of two
    """
    width = width_of(z)
    m = np.float32(lane(load(z, top, 1, 0.0), 0))
    for k in range(0, n, width):
        store(g, k, min(width, n - k), exp_lanes(numbers_at(z, k, n) - m))
    at_top = lane(load(g, top, 1, 0.0), 0)
    one = np.float32(1.0)
    total = one + sum_with(g, n, top, at_top - one) if complement else sum_with(g, n, top, at_top)
    for k in range(0, n, width):
        count = min(width, n - k)
        store(g, k, count, load(g, k, count, 0.0) / total)
    at_label = lane(load(g, y, 1, 0.0), 0) - one
    if complement:
        at_label = -sum_with(g, n, y, np.float32(0.0))
    for k in range(0, n, width):
        numbers = load(g, k, min(width, n - k), 0.0)
        if k <= y < k + width:
            numbers = replaced(numbers, y - k, at_label)
        store(d, k, width, (numbers * share) * boost)


@kernel
def suits_lanes(settings, width, classes):
    """Whether `block_in_lanes` does what the settings ask for, with so many columns in memory."""
    return (settings.order == _LANES and settings.scale == 1.0 and settings.which <= 1 and settings.penalty == 0.0
            and classes >= _LEAST and width == padded(classes))


@kernel
def block_in_lanes(logits, labels, classes, settings, share, boost, g, d):
    """The gradients of the rows of a block up to the first with a NaN, and how many these are."""
    for i in range(logits.shape[0]):
        z = memory_at(logits, i, 0)
        top = top_in_lanes(z, classes)
        if top < 0:
            return i
        gradient_in_lanes(z, classes, np.int64(labels[i]), top, settings.which == 1, share, boost, memory_at(g, 0, 0),
                          memory_at(d, i, 0))
    return logits.shape[0]

"""Dropout without memory: whether a number is dropped is a hash of (seed, step, row, place).

Backward asks the same question again instead of keeping a mask. 16 random bits decide, four numbers to a hash.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.random import mixed

__all__ = ["drop", "kept_scale", "row_key"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_PLACE = 1 << 32


@kernel
def row_key(seed, step, row):
    """The random stream of one row of the data in one step."""
    return mixed(mixed(mixed(np.uint64(seed) + _GOLDEN) + np.uint64(step) * _FIRST) + np.uint64(row) * _GOLDEN)


@kernel
def kept_scale(threshold):
    """What keeps the mean where a share ``threshold / 65536`` is dropped."""
    return 65536 / (65536 - threshold)


@kernel
def drop(values, key, place, threshold):
    """Set a share ``threshold / 65536`` of `values` to 0 and scale up the others to the same mean.

    The length of `values` is a multiple of 4; `place` tells layers apart.
    """
    values = in_format(values, None)
    scale = kept_scale(threshold)
    for i in range(values.size // 4):
        bits = mixed(np.uint64(key) + np.uint64(place * _PLACE + i) * _GOLDEN)
        for j in range(4):
            draw = np.int64((bits >> np.uint64(16 * j)) & np.uint64(0xFFFF))
            values[4 * i + j] = values[4 * i + j] * scale if draw >= threshold else 0.0

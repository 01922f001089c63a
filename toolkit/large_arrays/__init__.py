"""Kernels for large arrays: vectors of 64 bytes, sums that keep their digits, any axis in place, all threads.

The public functions of `toolkit.softmax` and `toolkit.losses` run on them unless a format is emulated. Where the exact
kernels of figures round after every operation, these keep a difference as a pair and a sum in more digits, and are both
faster and more accurate; their results may differ in the last bit from machine to machine, but not with the threads.
"""
from toolkit._core.public import publish
from toolkit.large_arrays import _arrays, _map_lanes, _tasks
from toolkit.large_arrays._arrays import *
from toolkit.large_arrays._map_lanes import *
from toolkit.large_arrays._tasks import *

__all__ = [*_arrays.__all__, *_map_lanes.__all__, *_tasks.__all__]

publish(__name__)

"""Numba's threads, started before any cached machine code that needs them is loaded.

A kernel that calls a parallel one refers to the threads' functions. Numba starts threads when it compiles a parallel
kernel, but not when it loads such a caller from its cache: the caller then jumps to address 0.
"""
import os
from functools import cache

import numba

__all__ = ["start_threads"]


@cache
def start_threads():
    """Start them, and have GNU OpenMP's wait with little patience.

    They spin while they wait, which slows others ten times.
    """
    patience = os.environ.get("GOMP_SPINCOUNT")
    os.environ["GOMP_SPINCOUNT"] = patience or "2000"
    numba.get_num_threads()
    if patience is None:
        del os.environ["GOMP_SPINCOUNT"]

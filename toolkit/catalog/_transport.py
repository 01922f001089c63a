"""Rows of plans of transport, on an example of twelve places on a line."""
import numpy as np

from toolkit import transport
from toolkit._core.kernel import kernel
from toolkit.catalog._iteration import Iteration
from toolkit.catalog._matrix import Matrix
from toolkit.catalog._method import forms
from toolkit.elementary import exp2
from toolkit.live import Axis
from toolkit.transport import kernels

__all__ = ["METHODS"]

_N = 12
_SIZE = _N * _N + 9 * _N


@kernel
def fill_example(work):
    """Squared distances, and two histograms, at the beginning of `work`."""
    cost, a, b = work[:_N * _N].reshape((_N, _N)), work[_N * _N:_N * _N + _N], work[_N * _N + _N:_N * _N + 2 * _N]
    total_a, total_b = 0.0, 0.0
    for i in range(_N):
        t, u, v = (i - 3.0) / 2.0, (i - 2.0) / 1.2, (i - 9.0) / 1.5
        a[i], b[i] = 0.02 + exp2(-t * t), 0.02 + 0.5 * exp2(-u * u) + exp2(-v * v)
        total_a, total_b = total_a + a[i], total_b + b[i]
        for j in range(_N):
            cost[i, j] = ((i - j) / (_N - 1.0)) * ((i - j) / (_N - 1.0))
    for i in range(_N):
        a[i], b[i] = a[i] / total_a, b[i] / total_b


@kernel
def vector(work, place):
    """The vector number `place` behind the costs."""
    return work[_N * _N + place * _N:_N * _N + (place + 1) * _N]

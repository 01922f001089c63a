"""Softmax, its logarithm and logsumexp of single rows longer than a chunk."""
import numpy as np

from toolkit._threads import start_threads
from toolkit.elementary import log1p
from toolkit.throughput import _chunks as chunks
from toolkit.throughput._lines import CALM, CALM_GAP
from toolkit.throughput._tasks import LogSoftmax, LogSumExp, Naive, Online, Softmax, ThreePass, TwoPass

__all__ = ["LONG_ROW_TASKS", "run_long_row"]

LONG_ROW_TASKS = (Softmax, Naive, ThreePass, TwoPass, Online, LogSoftmax, LogSumExp)


def _measured(z, phase, out, m=0.0):
    """``(m, a, b)`` of the row, and its least number if it is calm in all chunks, else -inf."""
    found = np.empty((-(-z.size // chunks.CHUNK), 4))
    start_threads()
    chunks.measure_chunks(z, phase, z.dtype.type(m), out, found)
    with np.errstate(all="ignore"):
        return (*chunks.joined(z, found, phase), found[:, 3].min())


def _emitted(z, phase, m, value, out):
    """`value`, a float64, is split into two numbers of the dtype."""
    with np.errstate(all="ignore"):
        hi = z.dtype.type(value)
        lo = z.dtype.type(value - np.float64(hi))
    chunks.emit_chunks(z, phase, z.dtype.type(m), hi, lo, out)


def _reciprocal(a, b):
    with np.errstate(all="ignore"):
        return 1 / (np.longdouble(a) + np.longdouble(b))


def run_long_row(z, task, out):
    """One of `LONG_ROW_TASKS` for the 1-D array `z`."""
    if isinstance(task, LogSumExp):
        out[0] = _logsumexp(z)
    elif isinstance(task, LogSoftmax):
        m, below, ties, _ = _measured(z, chunks.OTHERS, out)
        _emitted(z, chunks.EMIT_LOG, m, log1p(below + (ties - 1.0)), out)
    else:
        _softmax(z, task, out)


def _logsumexp(z):
    m, below, ties, _ = _measured(z, chunks.OTHERS, z)
    if np.isinf(m):
        return np.nan if np.isnan(z).any() else m
    return m + log1p(below + (ties - 1.0))


def _softmax(z, task, out):
    if isinstance(task, Naive):
        _, a, b, _ = _measured(z, chunks.PLAIN, out)
        _emitted(z, chunks.EMIT_DIVIDED, 0.0, a + b, out)
    elif isinstance(task, TwoPass):
        top, a, b, _ = _measured(z, chunks.EXTENDED, out)
        _emitted(z, chunks.EMIT_EXTENDED, top, _reciprocal(a, b), out)
    elif isinstance(task, ThreePass):
        m = _measured(z, chunks.LARGEST, out)[0]
        _, a, b, _ = _measured(z, chunks.SUM_KEPT if task.keep else chunks.SUM, out, m)
        _emitted(z, chunks.EMIT_SCALED if task.keep else chunks.EMIT_EXP, m, _reciprocal(a, b), out)
    else:
        m, a, b, least = _measured(z, chunks.OTHERS, out)
        calm = m <= CALM and least >= max(m - CALM_GAP, -CALM)
        _emitted(z, chunks.EMIT_CALM if calm else chunks.EMIT_EXP, m, _reciprocal(a, b), out)

"""Softmax, its logarithm and logsumexp of single rows longer than a chunk."""
import numpy as np

from toolkit.elementary import log1p
from toolkit.large_arrays import _chunks as chunks
from toolkit.large_arrays._tasks import LogSoftmax, LogSumExp, Naive, Online, Softmax, ThreePass, TwoPass

__all__ = ["LONG_ROW_TASKS", "run_long_row"]

LONG_ROW_TASKS = (Softmax, Naive, ThreePass, TwoPass, Online, LogSoftmax, LogSumExp)

# What to do by whether the row is calm, and whether its exponentials are kept.
_THREE_PASS = {(False, False): (chunks.SUM, chunks.EMIT_EXP), (False, True): (chunks.SUM_KEPT, chunks.EMIT_SCALED),
               (True, False): (chunks.SUM_CALM, chunks.EMIT_CALM),
               (True, True): (chunks.SUM_CALM_KEPT, chunks.EMIT_CALM_KEPT)}


def _measured(z, phase, out, m=0.0):
    """``(m, a, b)`` of the row, as `chunks.joined` says, and whether it is calm."""
    found = np.empty((-(-z.size // chunks.CHUNK), 4))
    chunks.measure_chunks(z, phase, z.dtype.type(m), out, found)
    with np.errstate(all="ignore"):
        *numbers, least = chunks.joined(z, found, phase)
    return *numbers, bool(chunks.is_calm(numbers[0], least))


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
        m, *_, calm = _measured(z, chunks.LARGEST, out)
        add, emit = _THREE_PASS[calm, task.keep]
        _, a, b, _ = _measured(z, add, out, m)
        _emitted(z, emit, m, _reciprocal(a, b), out)
    else:
        m, a, b, calm = _measured(z, chunks.ONLINE, out)
        _emitted(z, chunks.EMIT_CALM if calm else chunks.EMIT_EXP, m, _reciprocal(a, b), out)

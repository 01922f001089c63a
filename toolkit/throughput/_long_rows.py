"""Softmax, its logarithm and logsumexp of single rows longer than a chunk."""
import numpy as np

from toolkit._threads import start_threads
from toolkit.elementary import log1p
from toolkit.throughput import _chunks as chunks
from toolkit.throughput._jobs import LOG_SOFTMAX, Reduction
from toolkit.throughput._softmax_lines import NAIVE, RECOMPUTE, RELOAD, TWO_PASS

__all__ = ["run_long_row"]


def _measured(z, phase, out, m=0.0):
    found = np.empty((-(-z.size // chunks.CHUNK), 3))
    start_threads()
    chunks.measure_chunks(z, phase, z.dtype.type(m), out, found)
    with np.errstate(all="ignore"):
        return chunks.joined(z, found, phase)


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
    """An `Exponential` or `Reduction` task for the 1-D array `z`."""
    if isinstance(task, Reduction):
        out[0] = _logsumexp(z)
    elif task.what == LOG_SOFTMAX:
        m, below, ties = _measured(z, chunks.OTHERS, out)
        _emitted(z, chunks.EMIT_LOG, m, log1p(below + (ties - 1.0)), out)
    else:
        _softmax(z, task.what, out)


def _logsumexp(z):
    m, below, ties = _measured(z, chunks.OTHERS, z)
    if np.isinf(m):
        return np.nan if np.isnan(z).any() else m
    return m + log1p(below + (ties - 1.0))


def _softmax(z, algorithm, out):
    if algorithm == NAIVE:
        _, a, b = _measured(z, chunks.PLAIN, out)
        _emitted(z, chunks.EMIT_DIVIDED, 0.0, a + b, out)
    elif algorithm == TWO_PASS:
        top, a, b = _measured(z, chunks.EXTENDED, out)
        _emitted(z, chunks.EMIT_EXTENDED, top, _reciprocal(a, b), out)
    elif algorithm in (RECOMPUTE, RELOAD):
        keep = algorithm == RELOAD
        m = _measured(z, chunks.LARGEST, out)[0]
        _, a, b = _measured(z, chunks.SUM_KEPT if keep else chunks.SUM, out, m)
        _emitted(z, chunks.EMIT_SCALED if keep else chunks.EMIT_EXP, m, _reciprocal(a, b), out)
    else:
        m, a, b = _measured(z, chunks.OTHERS, out)
        _emitted(z, chunks.EMIT_EXP, m, _reciprocal(a, b), out)

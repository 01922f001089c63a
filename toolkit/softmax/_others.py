"""The sum of the others: exponentials of all classes but the top one, relative to it.

``1 + r`` forgets every bit of r below half an ulp of 1; r itself, kept apart, is what log-sum-exp,
log-softmax and cross-entropy need to keep the digits of a confident row (the "complement" forms). All
operations are rounded to the emulated format when `fmt` is a code.
"""
import numpy as np

from toolkit._core.kernel import kernel, like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp
from toolkit.softmax._shift import shifted

__all__ = ["add_compensated", "add_exactly", "exp_gap", "sum_of_others"]

# exp of a gap below this is 0 in every format: no rounding error to put back, and no inf - inf.
_LOWEST_GAP = -1000.0


@kernel
def add_exactly(a, b, fmt):
    """``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b`` (Knuth's TwoSum); e is 0 if s is infinite."""
    s = rnd(a + b, fmt)
    if np.isinf(s):
        return s, like(0.0, s)
    t = rnd(s - a, fmt)
    return s, rnd(rnd(a - rnd(s - t, fmt), fmt) + rnd(b - t, fmt), fmt)


@kernel
def add_compensated(total, lost, term, fmt):
    """``(total, lost)`` after one more term, which takes along what the addition before it lost.

    Summed up by itself, what is lost would soon be absorbed too: in float16 after 4096 equal terms.
    """
    return add_exactly(total, rnd(term + lost, fmt), fmt)


@kernel
def exp_gap(z, m, fmt):
    """``exp(z - m)`` for z <= m, with the rounding error of the subtraction put back.

    At a gap of 80 in float32 that error alone would change the result by 32 ulp.
    """
    gap = shifted(z, m, fmt)
    y = rnd(exp(gap), fmt)
    if gap > like(_LOWEST_GAP, gap):
        s, error = add_exactly(z, -m, fmt)
        y = rnd(y + rnd(y * error, fmt), fmt)
    return y


@kernel
def sum_of_others(z, top, fmt):
    """``sum of exp(z[i] - z[top]) over i != top``, compensated; NaN if z[top] is not finite."""
    m = z[top]
    total = m - m
    lost = like(0.0, m)
    for i in range(z.size):
        if i != top:
            total, lost = add_compensated(total, lost, exp_gap(z[i], m, fmt), fmt)
    return total

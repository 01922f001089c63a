"""Error-free transformations: the exact error of a sum or product, as a second number.

They hold in every format; products need a float64. A value carried as an unevaluated pair ``hi + lo`` has about 106
bits. No fused multiply-add is used: WebAssembly has none, and results must have the same bits there. References:
T. J. Dekker (1971), doi:10.1007/BF01397083; D. E. Knuth, The Art of Computer Programming 2, section 4.2.2.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like

__all__ = ["add_compensated", "add_exactly", "divide_pairs", "fast_two_sum", "multiply_pairs", "split", "two_product",
           "two_sum"]

_SPLITTER = 134217729.0  # 2**27 + 1


@kernel
def fast_two_sum(a, b):
    """``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b`` exactly, for |a| >= |b| or a == 0."""
    s = a + b
    return s, b - (s - a)


@kernel
def two_sum(a, b):
    """``(s, e)`` with ``s = fl(a + b)`` and ``s + e = a + b`` exactly, for any order of magnitude."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@kernel
def add_exactly(a, b):
    """`two_sum`, whose error is 0 if the sum is infinite."""
    s = a + b
    if np.isinf(s):
        return s, like(0, s)
    t = s - a
    return s, (a - (s - t)) + (b - t)


@kernel
def add_compensated(total, lost, term):
    """``(total, lost)`` after one more term, which takes along what the addition before it lost.

    Summed up by itself, what is lost would soon be absorbed too: in float16 after 4096 equal terms.
    """
    return add_exactly(total, term + lost)


@kernel
def split(a):
    """``(hi, lo)`` of 26 bits each with ``hi + lo = a``, for |a| < 2**996."""
    t = _SPLITTER * a
    hi = t - (t - a)
    return hi, a - hi


@kernel
def two_product(a, b):
    """``(p, e)`` with ``p = fl(a * b)`` and ``p + e = a * b`` exactly, if nothing over- or underflows."""
    a_hi, a_lo = split(a)
    b_hi, b_lo = split(b)
    p = a * b
    return p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


@kernel
def multiply_pairs(a, a_lo, b, b_lo):
    """``(a + a_lo) * (b + b_lo)`` as a pair, to about 2**-103."""
    p, e = two_product(a, b)
    return fast_two_sum(p, e + (a * b_lo + a_lo * b))


@kernel
def divide_pairs(a, a_lo, b, b_lo):
    """``(a + a_lo) / (b + b_lo)`` as a pair ``(q, e)`` with |e| of the order of the last bit of q."""
    q = a / b
    p, lost = two_product(q, b)
    return q, (((a - p) - lost) + (a_lo - q * b_lo)) / b

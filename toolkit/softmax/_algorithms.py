"""Softmax with one exponent range for all: naive, three passes (two ways), online. Row kernels.

A pass reads or writes the whole row, so for long rows time is memory traffic:

==================== ======================= ===================== =============== ======= ========
algorithm            pass 1                  pass 2                pass 3          traffic exp/item
==================== ======================= ===================== =============== ======= ========
naive                s = sum exp(z)          p = exp(z) / s                        2R 1W   2
three_pass_recompute m = max z               s = sum exp(z - m)    p = exp(z-m)/s  3R 1W   2
three_pass_reload    m = max z               p = exp(z - m); s     p = p / s       3R 2W   1
online               (m, s) together         p = exp(z - m) / s                    2R 1W   2
==================== ======================= ===================== =============== ======= ========

Sums run from the first class to the last: those of three passes by `toolkit._core.sums`, which keep their digits with
millions of classes, the naive and the online one in the dtype of the row. Each kernel reads z[i] before it writes p[i],
so `p` may be `z`.

References
----------
M. Dukhan, A. Ablavatski, The Two-Pass Softmax Algorithm, arXiv:2001.04438 (names and traffic).
M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, arXiv:1805.02867 (online; the recurrence
is derived here).
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp
from toolkit.softmax._shift import shifted, top_class

__all__ = []
KERNELS = ["online_normalizer", "softmax_naive", "softmax_online", "softmax_three_pass_recompute",
           "softmax_three_pass_reload"]


@kernel
def softmax_naive(z, p):
    """``exp(z) / sum exp(z)`` as written: overflows for a large logit, divides 0 by 0 for small ones."""
    total = 0.0
    for i in range(z.size):
        total += exp(z[i])
    for i in range(z.size):
        p[i] = exp(z[i]) / total


@kernel
def softmax_three_pass_recompute(z, p):
    """Max, sum, then ``exp(z - max)`` computed again: exp is cheaper than memory."""
    m = z[top_class(z)]
    total = sum_like(z)
    for i in range(z.size):
        total += exp(shifted(z[i], m))
    scale = 1 / total.value
    for i in range(z.size):
        p[i] = exp(shifted(z[i], m)) * scale


@kernel
def softmax_three_pass_reload(z, p):
    """Max, sum while ``exp(z - max)`` is stored in `p`, then scale `p`: memory is cheaper than exp."""
    m = z[top_class(z)]
    total = sum_like(z)
    for i in range(z.size):
        p[i] = exp(shifted(z[i], m))
        total += p[i]
    scale = 1 / total.value
    for i in range(z.size):
        p[i] *= scale


@kernel
def online_normalizer(z):
    """``(m, d)`` with running maximum m and ``d = sum exp(z - m)``, in one pass.

    A new maximum m' rescales the sum: ``d = d exp(m - m') + exp(z - m')``. Two chunks merge by the same rule.
    """
    m, d = -np.inf, 0.0
    for i in range(z.size):
        if z[i] > m:
            if m > -np.inf:
                d *= exp(shifted(m, z[i]))
            m = z[i]
        if z[i] != -np.inf:  # exp(-inf - -inf) is NaN before the first finite logit
            d += exp(shifted(z[i], m))
    return m, d


@kernel
def softmax_online(z, p):
    """Maximum and sum in one pass (`online_normalizer`), then ``exp(z - m) / d``."""
    m, d = online_normalizer(z)
    for i in range(z.size):
        p[i] = exp(shifted(z[i], m)) / d

"""The sum without the top class: exponentials of all classes but the largest, relative to it.

``1 + r`` forgets every bit of r below half an ulp of 1; r itself, kept apart, is what log-sum-exp, log-softmax and
cross-entropy need to keep the digits of a confident row (the stable forms).
"""
from toolkit._core.exact_sums import add_compensated, add_exactly
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.softmax._shift import shifted

__all__ = []
KERNELS = ["exp_gap", "sum_without_top"]

# exp of a gap below this is 0 in every format: no rounding error to put back, and no inf - inf.
_LOWEST_GAP = -1000


@kernel
def exp_gap(z, m):
    """``exp(z - m)`` for z <= m, with the rounding error of the subtraction put back.

    At a gap of 80 in float32 that error alone would change the result by 32 ulp.
    """
    gap = shifted(z, m)
    y = exp(gap)
    if gap > _LOWEST_GAP:
        s, error = add_exactly(z, -m)
        y += y * error
    return y


@kernel
def sum_without_top(z, top):
    """``sum of exp(z[i] - z[top]) over i != top``, compensated; NaN if z[top] is not finite."""
    m = z[top]
    total, lost = m - m, 0.0
    for i in range(z.size):
        if i != top:
            total, lost = add_compensated(total, lost, exp_gap(z[i], m))
    return total

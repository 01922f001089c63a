"""StableMax: softmax with a piecewise rational function in the place of exp, and its gradient."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import map_rows
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, unrounded
from toolkit._core.sums import sum_like
from toolkit.large_arrays import Stablemax, map_lines
from toolkit.softmax._shift import top_class
from toolkit.softmax._softmax import no_distribution

__all__ = ["stablemax"]
KERNELS = ["stable_ratio", "stable_s", "stable_sum_without_top", "stable_weight", "stablemax_naive", "stablemax_row",
           "stablemax_vjp_row"]


@kernel
def stable_weight(x):
    """``1 + |x|``, which is s(x) or 1 / s(x); inf, of a masked logit, stays also in a format that has no infinity."""
    return like(1 + abs(unrounded(x)), x)


@kernel
def stable_s(x):
    """``x + 1`` for x >= 0, ``1 / (1 - x)`` for x < 0: increasing, positive, slope 1 at 0, s(x) s(-x) = 1."""
    weight = stable_weight(x)
    return 1 / weight if x < 0 else weight


@kernel
def stable_ratio(x, top):
    """``s(x) / s(top)`` for x <= top, without the overflow of s or the underflow of 1/s on the way."""
    weight, top_weight = stable_weight(x), stable_weight(top)
    return top_weight / weight if top < 0 else stable_s(x) / top_weight


@kernel
def stable_sum_without_top(z, top):
    """``sum of s(z[i]) / s(z[top]) over i != top``, compensated; NaN if z[top] is not finite."""
    total, lost = z[top] - z[top], 0.0
    for i in range(z.size):
        if i != top:
            total, lost = add_compensated(total, lost, stable_ratio(z[i], z[top]))
    return total


@kernel
def stablemax_naive(z, p):
    """``s(z) / sum s(z)`` as written: the sum can overflow, in float16 from 113 logits of 600."""
    total = 0.0
    for i in range(z.size):
        total += stable_s(z[i])
    for i in range(z.size):
        p[i] = stable_s(z[i]) / total


@kernel
def stablemax_row(z, p):
    """``(s(z) / s_max) / (1 + r)``, r the sum of the others' ratios."""
    top = top_class(z)
    m = z[top]
    total = 1 + stable_sum_without_top(z, top)
    for i in range(z.size):
        p[i] = stable_ratio(z[i], m) / total


@kernel
def stablemax_vjp_row(z, g, out):
    """``p * (h - <p, h>) / (1 + |z|)`` with ``h = g - g[top]``, since (log s)' = 1 / (1 + |z|)."""
    stablemax_row(z, out)
    g_top = g[top_class(z)]
    mean = sum_like(z)
    for i in range(z.size):
        mean += out[i] * (g[i] - g_top)
    for i in range(z.size):
        out[i] *= ((g[i] - g_top) - mean.value) / stable_weight(z[i])


_ROWS = {"naive": stablemax_naive, "stable": stablemax_row}
_STABLE = Stablemax()


def stablemax(z, *, axis=-1, where=None, form="stable", format=None, out=None):
    """StableMax: ``p_i = s(z_i) / sum_j s(z_j)`` with ``s(x) = x + 1`` or, for x < 0, ``1 / (1 - x)``.

    s grows linearly where exp grows exponentially, so the top probability rounds to 1 much later: with K - 1
    logits of -a against one of a at ``a = sqrt((K - 1) 2**24)`` in float32. It equals ``softmax(g(z))`` with
    ``g(x) = sign(x) log1p(|x|)`` and is not invariant under shifts. The default divides by the largest s
    first, as the sum of s itself can overflow.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets 0, as a logit of -inf does.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.
    out : array with the shape and dtype of the result, optional
        Where the result goes; it is what the call returns. It may be `z`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`: NaN for a row with NaN or +inf or of -inf alone, 0 for a row masked completely. The naive
    form raises a RuntimeWarning when its sum overflows.

    Accuracy
    --------
    At most 3 ulp in float32 and float64, tested for K <= 5000 and |z| up to 1e18 (float32) or 1e150
    (float64); a row sums to 1 within 2 units of roundoff, tested to K = 2**20. With a format the exact
    kernels run: at most 5 ulp for K <= 300, tested.

    Gradient
    --------
    ``dz_k = p_k (g_k - <p, g>) / (1 + |z_k|)``, from the logits. s is continuously differentiable, with slope 1 on
    both sides of 0, so there is no kink to choose at; a masked class gets 0. Relative to
    ``p_k max|g - g_top| / (1 + |z_k|)`` at most 12 + K/4 units in the last place for K <= 100, tested. A NaN in g
    gives NaN in the whole row, an infinite g NaN or ±inf there.

    References
    ----------
    L. Prieto et al., Grokking at the Edge of Numerical Stability, ICLR 2025, arXiv:2501.04697.

    Examples
    --------
    >>> stablemax([0.0, 1.0, -1.0])
    array([0.28571429, 0.57142857, 0.14285714])
    """
    row = chosen("form", form, _ROWS)
    broken = (no_distribution, "stablemax(form='naive') overflowed") if form == "naive" else None
    if format is None and form == "stable":
        return map_lines(_STABLE, z, axis=axis, where=where, out=out)
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, broken=broken, out=out)


def stablemax_pull(z, g, *, axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the probabilities.

    Examples
    --------
    >>> stablemax_pull([0.0, 1.0, -1.0], [0.0, 1.0, 0.0])
    array([-0.16326531,  0.12244898, -0.04081633])
    """
    return map_rows(stablemax_vjp_row, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

"""log-StableMax in three forms and its gradient."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import log, log1p
from toolkit.large_arrays import LogStablemax, map_lines
from toolkit.softmax._log_softmax import log_softmax_common, lost_logs
from toolkit.softmax._shift import top_class
from toolkit.softmax._stablemax import stable_ratio, stable_sum_without_top, stable_weight, stablemax_naive

__all__ = ["log_stablemax"]
KERNELS = ["log_stable_ratio", "log_stablemax_common", "log_stablemax_naive", "log_stablemax_row",
           "log_stablemax_vjp_row"]


@kernel
def log_stable_ratio(x, top):
    """``log(s(x) / s(top))`` for x <= top."""
    if x < 0 and top >= 0:  # two terms of one sign: nothing cancels, and the ratio might underflow
        return -log1p(-x) - log1p(top)
    return log(stable_ratio(x, top))


@kernel
def log_stablemax_naive(z, out):
    """``log(s(z) / sum s(z))``: 0 for the top class once its probability rounds to 1."""
    stablemax_naive(z, out)
    for i in range(z.size):
        out[i] = log(out[i])


@kernel
def log_stablemax_common(z, out):
    """Common log-softmax of ``g(z) = sign(z) log1p(|z|)``: no overflow, but 0 for a confident top class."""
    for i in range(z.size):
        if z[i] == -np.inf:
            out[i] = z[i]
        else:
            out[i] = np.copysign(log1p(abs(z[i])), z[i])
    log_softmax_common(out, out)


@kernel
def log_stablemax_row(z, out):
    """``log(s(z) / s_max) - log1p(r)``, r the sum of the others' ratios: the stable form."""
    top = top_class(z)
    m = z[top]
    log_total = log1p(stable_sum_without_top(z, top))
    for i in range(z.size):
        out[i] = log_stable_ratio(z[i], m) - log_total


@kernel
def log_stablemax_vjp_row(z, g, out):
    """``(g - p * sum(g)) / (1 + |z|)``; for the top class ``1 - p = r / (1 + r)``, r the others' sum."""
    top = top_class(z)
    r = stable_sum_without_top(z, top)
    sum_of_ratios = 1 + r
    sum_of_others = sum_like(g)
    for i in range(g.size):
        if i != top:
            sum_of_others += g[i]
    others = sum_of_others.value
    total = others + g[top]
    for i in range(g.size):
        p = stable_ratio(z[i], z[top]) / sum_of_ratios
        if i == top:
            slope = r / sum_of_ratios * g[i] - p * others
        else:
            slope = g[i] - p * total
        out[i] = slope / stable_weight(z[i])


_ROWS = {"naive": log_stablemax_naive, "common": log_stablemax_common, "stable": log_stablemax_row}
_STABLE = LogStablemax()


def log_stablemax(z, *, axis=-1, where=None, form="stable", format=None, out=None):
    """Logarithm of StableMax, ``log(s(z_i) / sum_j s(z_j))``.

    Forms:

    - "naive" ``log(s / sum s)``, as in the paper's code, which needs float64 for it: in float32, logits
      ``[g, -g]`` give 4 % error at g = 1e3 and exactly 0 at 1e6 (true -1e-12);
    - "common": the usual log-softmax of ``g(z) = sign(z) log1p(|z|)``, which has the same cliff;
    - "stable" ``log(s_i / s_max) - log1p(r)`` with r the sum of the others' ratios: keeps all digits.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets -inf, as a logit of -inf does.
    form : {"naive", "common", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.
    out : array with the shape and dtype of the result, optional
        Where the result goes; it is what the call returns. It may be `z`.

    Returns
    -------
    Log-probabilities (..., K) -> (..., K), in the dtype that `log_softmax` would give.

    Special values
    --------------
    As `log_softmax`: NaN for a row with NaN or +inf or of -inf alone, -inf for a row masked completely. The
    naive form raises a RuntimeWarning when its sum overflows or a probability underflows.

    Accuracy
    --------
    Stable form: at most 2 ulp in float32 and float64 for K <= 5000 and |z| up to 1e18 (float32) or 1e150
    (float64), tested. With a format the exact kernels run: at most 5 ulp for K <= 300, tested.

    Gradient
    --------
    ``dz_k = (g_k - p_k sum(g)) / (1 + |z_k|)``, from the logits, since (log s)' = 1 / (1 + |x|). For the top class
    ``1 - p`` is taken from the sum of the others, so that it survives p = 1; a masked class gets 0. For one-hot g
    at most 8 ulp in float32 and float64, tested. A NaN in g gives NaN in the whole row, an infinite g NaN or ±inf
    there.

    References
    ----------
    L. Prieto et al., Grokking at the Edge of Numerical Stability, ICLR 2025, arXiv:2501.04697 (naive form;
    the other two are derived here).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([1e6, -1e6], np.float32)
    >>> [f"{log_stablemax(z, form=form)[0]:.6g}" for form in ("naive", "stable")]
    ['0', '-9.99998e-13']
    """
    row = chosen("form", form, _ROWS)
    broken = (lost_logs, "log_stablemax(form='naive') took the logarithm of 0") if form == "naive" else None
    if format is None and form == "stable":
        return map_lines(_STABLE, z, axis=axis, where=where, masked=-np.inf, out=out)
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, masked=-np.inf, broken=broken, out=out)


def log_stablemax_pull(z, g, *, axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the log-probabilities.

    Examples
    --------
    >>> log_stablemax_pull([0.0, 1.0, -1.0], [0.0, 1.0, 0.0])
    array([-0.28571429,  0.21428571, -0.07142857])
    """
    return map_rows(log_stablemax_vjp_row, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

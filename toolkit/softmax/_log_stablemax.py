"""log-StableMax in three forms and its gradient."""
import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import log, log1p
from toolkit.softmax._log_softmax import FORMS, log_softmax_common, lost_logs
from toolkit.softmax._shift import top_class
from toolkit.softmax._softmax import check_choice
from toolkit.softmax._stablemax import stable_ratio, stable_weight, stablemax_naive, stable_sum_without_top
from toolkit.large_arrays import LogStablemax, map_lines

__all__ = ["log_stable_ratio", "log_stablemax", "log_stablemax_common", "log_stablemax_naive",
           "log_stablemax_row", "log_stablemax_vjp", "log_stablemax_vjp_row"]

_NAIVE, _COMMON, _COMPLEMENT = range(3)


@kernel
def log_stable_ratio(x, top):
    """``log(s(x) / s(top))`` for x <= top."""
    if x < 0 and top >= 0:  # two terms of one sign: nothing cancels, and the ratio might underflow
        return -log1p(-x) - log1p(top)
    return log(stable_ratio(x, top))


@kernel
def log_stablemax_naive(z, out, fmt):
    """``log(s(z) / sum s(z))``: 0 for the top class once its probability rounds to 1."""
    stablemax_naive(z, out, fmt)
    for i in range(z.size):
        out[i] = rnd(log(out[i]), fmt)


@kernel
def log_stablemax_common(z, out, fmt):
    """Common log-softmax of ``g(z) = sign(z) log1p(|z|)``: no overflow, but 0 for a confident top class."""
    for i in range(z.size):
        if z[i] == -np.inf:
            out[i] = z[i]
        else:
            out[i] = np.copysign(rnd(log1p(np.abs(z[i])), fmt), z[i])
    log_softmax_common(out, out, fmt)


@kernel
def log_stablemax_row(z, out, fmt):
    """``log(s(z) / s_max) - log1p(r)``, r the sum of the others' ratios: the complement form."""
    top = top_class(z)
    m = z[top]
    log_total = rnd(log1p(stable_sum_without_top(z, top, fmt)), fmt)
    for i in range(z.size):
        out[i] = rnd(log_stable_ratio(z[i], m, fmt) - log_total, fmt)


@kernel
def log_stablemax_rows(z, form, out, fmt):
    for i in range(z.shape[0]):
        if form == _NAIVE:
            log_stablemax_naive(z[i], out[i], fmt)
        elif form == _COMMON:
            log_stablemax_common(z[i], out[i], fmt)
        else:
            log_stablemax_row(z[i], out[i], fmt)


@kernel
def log_stablemax_vjp_row(z, g, out, fmt):
    """``(g - p * sum(g)) / (1 + |z|)``; for the top class ``1 - p = r / (1 + r)``, r the others' sum."""
    top = top_class(z)
    r = stable_sum_without_top(z, top, fmt)
    sum_of_ratios = rnd(like(1.0, r) + r, fmt)
    others = like(0.0, r)
    for i in range(g.size):
        if i != top:
            others = rnd(others + g[i], fmt)
    total = rnd(others + g[top], fmt)
    for i in range(g.size):
        p = rnd(stable_ratio(z[i], z[top], fmt) / sum_of_ratios, fmt)
        if i == top:
            slope = rnd(rnd(rnd(r / sum_of_ratios, fmt) * g[i], fmt) - rnd(p * others, fmt), fmt)
        else:
            slope = rnd(g[i] - rnd(p * total, fmt), fmt)
        out[i] = rnd(slope / stable_weight(z[i], fmt), fmt)


@kernel
def log_stablemax_vjp_rows(z, g, out, fmt):
    for i in range(z.shape[0]):
        log_stablemax_vjp_row(z[i], g[i], out[i], fmt)


def log_stablemax(z, *, axis=-1, where=None, form="complement", format=None):
    """Logarithm of StableMax, ``log(s(z_i) / sum_j s(z_j))``.

    Forms:

    - "naive" ``log(s / sum s)``, as in the paper's code, which needs float64 for it: in float32, logits
      ``[g, -g]`` give 4 % error at g = 1e3 and exactly 0 at 1e6 (true -1e-12);
    - "common": the usual log-softmax of ``g(z) = sign(z) log1p(|z|)``, which has the same cliff;
    - "complement" ``log(s_i / s_max) - log1p(r)`` with r the sum of the others' ratios: keeps all digits.

    Parameters
    ----------
    z : array_like (..., K)
        Logits: booleans, integers, float16, float32 or float64.
    axis : int, tuple of ints or None
    where : array_like of booleans, broadcast to the shape of `z`, optional
        True keeps. A masked class gets -inf, as a logit of -inf does.
    form : {"naive", "common", "complement"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional
        Emulated format: logits and the result of every operation are rounded to it.

    Returns
    -------
    Log-probabilities (..., K) -> (..., K), in the dtype that `log_softmax` would give.

    Special values
    --------------
    As `log_softmax`: NaN for a row with NaN or +inf or of -inf alone, -inf for a row masked completely. The
    naive form raises a RuntimeWarning when its sum overflows or a probability underflows.

    Accuracy
    --------
    Complement form: at most 2 ulp in float32 and float64 for K <= 5000 and |z| up to 1e18 (float32) or 1e150
    (float64), tested. With a format the exact kernels run: at most 5 ulp for K <= 300, tested.

    References
    ----------
    L. Prieto et al., Grokking at the Edge of Numerical Stability, ICLR 2025, arXiv:2501.04697 (naive form;
    the other two are derived here).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([1e6, -1e6], np.float32)
    >>> [f"{log_stablemax(z, form=form)[0]:.6g}" for form in ("naive", "complement")]
    ['0', '-9.99998e-13']
    """
    code = check_choice("form", form, FORMS)
    broken = (lost_logs, "log_stablemax(form='naive') took the logarithm of 0") if code == _NAIVE else None
    if format is None and code == _COMPLEMENT:
        return map_lines(LogStablemax(), z, axis=axis, where=where, masked=-np.inf)
    return map_rows(log_stablemax_rows, {"z": z}, code, axis=axis, where=where, format=format,
                    masked=-np.inf, broken=broken)


def log_stablemax_vjp(z, g, *, axis=-1, where=None):
    """Gradient of log-StableMax: ``dz_k = (g_k - p_k sum(g)) / (1 + |z_k|)``, since (log s)' = 1 / (1 + |x|).

    For the top class ``1 - p`` is taken from the sum of the others, so that it survives p = 1.

    Parameters
    ----------
    z : array_like (..., K)
        Logits.
    g : array_like, broadcast to the shape of `z`
        Gradient with respect to the log-probabilities.
    axis, where
        As in `log_stablemax`.

    Returns
    -------
    Gradient with respect to the logits (..., K) -> (..., K). Masked: 0.

    Special values
    --------------
    NaN where `log_stablemax` gives NaN, and in the whole row for a NaN in `g`; NaN or ±inf there for an
    infinite one.

    Accuracy
    --------
    For one-hot `g`, at most 8 ulp in float32 and float64, tested.

    Examples
    --------
    >>> log_stablemax_vjp([0.0, 1.0, -1.0], [0.0, 1.0, 0.0])
    array([-0.28571429,  0.21428571, -0.07142857])
    """
    return map_rows(log_stablemax_vjp_rows, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

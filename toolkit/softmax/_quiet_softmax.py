"""Quiet softmax: a softmax that may answer "none of these", and its gradient."""
import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import exp
from toolkit.softmax._shift import shifted, top_class
from toolkit.softmax._softmax import check_choice

__all__ = ["SHIFTS", "quiet_softmax", "quiet_softmax_naive", "quiet_softmax_row", "quiet_softmax_vjp",
           "quiet_softmax_vjp_row"]

SHIFTS = ("naive", "shifted")


@kernel
def quiet_softmax_naive(z, p, fmt):
    """``exp(z) / (1 + sum exp(z))`` as written: overflows as `softmax_naive` does, but never divides 0 by 0."""
    total = like(1.0, z[0])
    for i in range(z.size):
        p[i] = rnd(exp(z[i]), fmt)
        total = rnd(total + p[i], fmt)
    for i in range(z.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def quiet_parts(z, p, fmt):
    """Fill `p` with ``exp(z - m)``, ``m = max(z, 0)``; returns ``(exp(-m), the sum of all)``."""
    zero = like(0.0, z[0])
    m = z[top_class(z)]
    if m < zero:
        m = zero
    nothing = rnd(exp(shifted(zero, m, fmt)), fmt)
    total = nothing
    for i in range(z.size):
        p[i] = rnd(exp(shifted(z[i], m, fmt)), fmt)
        total = rnd(total + p[i], fmt)
    return nothing, total


@kernel
def quiet_softmax_row(z, p, fmt):
    """Softmax over the row and one more logit of 0, whose share is dropped; `p` may be `z`."""
    _, total = quiet_parts(z, p, fmt)
    for i in range(z.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def quiet_softmax_vjp_row(z, g, out, fmt):
    """``p * (h - <p, h> + q g_top)`` with ``h = g - g[top]`` and q what is left of 1, which comes from z itself."""
    nothing, total = quiet_parts(z, out, fmt)
    g_top = g[top_class(z)]
    mean = rnd(rnd(-nothing * g_top, fmt) / total, fmt)
    for i in range(z.size):
        out[i] = rnd(out[i] / total, fmt)
        mean = rnd(mean + rnd(out[i] * rnd(g[i] - g_top, fmt), fmt), fmt)
    for i in range(z.size):
        out[i] = rnd(out[i] * rnd(rnd(g[i] - g_top, fmt) - mean, fmt), fmt)


@kernel
def quiet_rows(z, shift, p, fmt):
    for i in range(z.shape[0]):
        if shift == 0:
            quiet_softmax_naive(z[i], p[i], fmt)
        else:
            quiet_softmax_row(z[i], p[i], fmt)


@kernel
def quiet_vjp_rows(z, g, out, fmt):
    for i in range(z.shape[0]):
        quiet_softmax_vjp_row(z[i], g[i], out[i], fmt)


def holds_nan(rows, p):
    return np.isnan(p).any(axis=1)


def quiet_softmax(z, *, axis=-1, where=None, algorithm="shifted", format=None):
    """Quiet softmax: ``p_i = exp(z_i) / (1 + sum_j exp(z_j))``, softmax with one more class at logit 0.

    The weights add up to less than 1, and to nearly 0 when all logits are far below 0: an attention head can
    attend to nothing. The shift is by ``max(z, 0)``, as the extra class may be the largest.

    Parameters
    ----------
    z, axis, where, format
        As in `softmax`.
    algorithm : {"naive", "shifted"}

    Returns
    -------
    Weights (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    A NaN or +inf logit gives NaN in the whole row. A row of -inf alone gives 0, where softmax has no answer. The
    naive algorithm warns when exponentials overflow.

    Accuracy
    --------
    At most 4 + K + |z_i - m| ulp with ``m = max(z, 0)``, tested for K <= 300.

    References
    ----------
    E. Miller, Attention Is Off By One, 2023, https://www.evanmiller.org/attention-is-off-by-one.html.

    Examples
    --------
    >>> quiet_softmax([-20.0, -21.0]).round(10)
    array([2.1e-09, 8.0e-10])
    """
    code = check_choice("algorithm", algorithm, SHIFTS)
    broken = (holds_nan, "quiet_softmax(algorithm='naive') overflowed") if code == 0 else None
    return map_rows(quiet_rows, {"z": z}, code, axis=axis, where=where, format=format, broken=broken)


def quiet_softmax_vjp(z, g, *, axis=-1, where=None):
    """Gradient of quiet softmax: ``dz = p * (g - <p, g>)``, from the logits.

    Taken at the logits, since what the weights leave of 1 cannot be had from weights that round to a sum of 1.
    Parameters and Returns as `stablemax_vjp`.

    Examples
    --------
    >>> quiet_softmax_vjp([0.0], [1.0])
    array([0.25])
    """
    return map_rows(quiet_vjp_rows, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

"""Quiet softmax: a softmax that may answer "none of these", and its gradient."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp
from toolkit.softmax._shift import shifted, top_class

__all__ = ["quiet_softmax"]
KERNELS = ["quiet_softmax_naive", "quiet_softmax_row", "quiet_softmax_vjp_row"]


@kernel
def quiet_softmax_naive(z, p):
    """``exp(z) / (1 + sum exp(z))`` as written: overflows as `softmax_naive` does, but never divides 0 by 0."""
    total = 1.0
    for i in range(z.size):
        p[i] = exp(z[i])
        total += p[i]
    for i in range(z.size):
        p[i] /= total


@kernel
def quiet_parts(z, p):
    """Fill `p` with ``exp(z - m)``, ``m = max(z, 0)``; returns ``(exp(-m), the sum of all)``."""
    m = max(z[top_class(z)], 0)
    nothing = exp(-m)
    total = sum_like(z)
    total += nothing
    for i in range(z.size):
        p[i] = exp(shifted(z[i], m))
        total += p[i]
    return nothing, total.value


@kernel
def quiet_softmax_row(z, p):
    """Softmax over the row and one more logit of 0, whose share is dropped; `p` may be `z`."""
    _, total = quiet_parts(z, p)
    for i in range(z.size):
        p[i] /= total


@kernel
def quiet_softmax_vjp_row(z, g, out):
    """``p * (h - <p, h> + q g_top)`` with ``h = g - g[top]`` and q what is left of 1, which comes from z itself."""
    nothing, total = quiet_parts(z, out)
    g_top = g[top_class(z)]
    mean = sum_like(z)
    mean += -nothing * g_top / total
    for i in range(z.size):
        out[i] /= total
        mean += out[i] * (g[i] - g_top)
    for i in range(z.size):
        out[i] *= (g[i] - g_top) - mean.value


_ROWS = {"naive": quiet_softmax_naive, "stable": quiet_softmax_row}


def holds_nan(rows, p):
    return np.isnan(p).any(axis=1)


def quiet_softmax(z, *, axis=-1, where=None, form="stable", format=None):
    """Quiet softmax: ``p_i = exp(z_i) / (1 + sum_j exp(z_j))``, softmax with one more class at logit 0.

    The weights add up to less than 1, and to nearly 0 when all logits are far below 0: an attention head can
    attend to nothing. The shift is by ``max(z, 0)``, as the extra class may be the largest.

    Parameters
    ----------
    z, axis, where, format
        As in `softmax`.
    form : {"naive", "stable"}

    Returns
    -------
    Weights (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    A NaN or +inf logit gives NaN in the whole row. A row of -inf alone gives 0, where softmax has no answer. The
    naive form warns when exponentials overflow.

    Accuracy
    --------
    At most 6 + |z_i - m| ulp with ``m = max(z, 0)``, tested for K <= 300; the sum keeps its digits for K up to 2**20,
    tested. With a format K ulp more.

    Gradient
    --------
    ``dz = p * (g - <p, g>)``, from the logits, since what the weights leave of 1 cannot be had from weights that
    round to a sum of 1; a masked class gets 0. NaN, +inf and an infinite g as in `stablemax`.

    References
    ----------
    E. Miller, Attention Is Off By One, 2023, https://www.evanmiller.org/attention-is-off-by-one.html.

    Examples
    --------
    >>> quiet_softmax([-20.0, -21.0]).round(10)
    array([2.1e-09, 8.0e-10])
    """
    row = chosen("form", form, _ROWS)
    broken = (holds_nan, "quiet_softmax(form='naive') overflowed") if form == "naive" else None
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, broken=broken)


def quiet_softmax_pull(z, g, *, axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the weights.

    Examples
    --------
    >>> quiet_softmax_pull([0.0], [1.0])
    array([0.25])
    """
    return map_rows(quiet_softmax_vjp_row, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

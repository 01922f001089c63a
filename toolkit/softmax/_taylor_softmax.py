"""Taylor softmax: softmax with the first three terms of exp, which are positive too, and its gradient."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.softmax._softmax import no_distribution

__all__ = ["taylor_softmax"]
KERNELS = ["taylor_softmax_naive", "taylor_softmax_row", "taylor_softmax_vjp_row"]


@kernel
def taylor_softmax_naive(z, p):
    """``1 + z + z² / 2`` over its sum, as written: the square overflows, in float16 from 256 on."""
    total = 0.0
    for i in range(z.size):
        if z[i] == -np.inf:
            p[i] = 0
        else:
            p[i] = 1 + z[i] + 0.5 * (z[i] * z[i])
        total += p[i]
    for i in range(z.size):
        p[i] /= total


@kernel
def taylor_softmax_row(z, p):
    """``(z + 1)² + 1``, twice the polynomial, relative to the largest ``(z + 1)²``; `p` may be `z`."""
    scale = 1.0
    for i in range(z.size):
        size = abs(z[i] + 1)
        if z[i] != -np.inf and (size > scale or size != size):
            scale = size
    least = 1 / scale / scale
    total = sum_like(z)
    for i in range(z.size):
        if z[i] == -np.inf:
            p[i] = 0
        else:
            ratio = (z[i] + 1) / scale
            p[i] = ratio * ratio + least
        total += p[i]
    for i in range(z.size):
        p[i] /= total.value


@kernel
def taylor_softmax_vjp_row(z, g, out):
    """``p * (g - <p, g>) * 2 v / (v² + 1)`` with ``v = z + 1``, the quotient as ``2 / (v + 1/v)``."""
    taylor_softmax_row(z, out)
    top = 0
    for i in range(out.size):
        if out[i] > out[top]:
            top = i
    g_top = g[top]
    mean = sum_like(z)
    for i in range(z.size):
        mean += out[i] * (g[i] - g_top)
    for i in range(z.size):
        if z[i] == -np.inf:
            out[i] *= g[i] - mean.value
        else:
            v = z[i] + 1
            out[i] = out[i] * ((g[i] - g_top) - mean.value) * (2 / (v + 1 / v))


_ROWS = {"naive": taylor_softmax_naive, "stable": taylor_softmax_row}


def taylor_softmax(z, *, axis=-1, where=None, form="stable", format=None):
    """Taylor softmax: ``p_i = f(z_i) / sum_j f(z_j)`` with ``f(x) = 1 + x + x² / 2``, at least 1/2.

    No exponential, and no saturation: the top probability of a gap d is near ``1 - 2 / d²``. It is not monotone:
    f falls up to -1, so that a very low logit has a *large* probability, and it changes with a shift of all logits.
    The default divides by the largest ``(z + 1)²`` before squares are formed.

    Parameters
    ----------
    z, axis, where, format
        As in `softmax`.
    form : {"naive", "stable"}

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`: -inf is a class left out, not the limit of f. The naive form warns when squares overflow.

    Accuracy
    --------
    At most 8 ulp, tested for K <= 300 and logits from the smallest to half of the largest number; the sum keeps its
    digits for K up to 2**20, tested. With a format K ulp more.

    Gradient
    --------
    ``dz = p * (g - <p, g>) * (1 + z) / f(z)``, from the logits; it turns over at z = -1. A masked class gets 0; NaN,
    +inf and an infinite g as in `stablemax`.

    References
    ----------
    A. de Brébisson, P. Vincent, An Exploration of Softmax Alternatives Belonging to the Spherical Loss Family,
    ICLR 2016, arXiv:1511.05042.

    Examples
    --------
    >>> taylor_softmax([0.0, 1.0, -5.0]).round(3)
    array([0.083, 0.208, 0.708])
    """
    row = chosen("form", form, _ROWS)
    broken = (no_distribution, "taylor_softmax(form='naive') overflowed") if form == "naive" else None
    return map_rows(row, {"z": z}, axis=axis, where=where, format=format, broken=broken)


def taylor_softmax_pull(z, g, *, axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the probabilities.

    Examples
    --------
    >>> taylor_softmax_pull([0.0, -1.0], [0.0, 1.0]).round(6)
    array([-0.222222,  0.      ])
    """
    return map_rows(taylor_softmax_vjp_row, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

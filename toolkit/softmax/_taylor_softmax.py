"""Taylor softmax: softmax with the first three terms of exp, which are positive too, and its gradient."""
import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.softmax._softmax import check_choice, no_distribution
from toolkit.softmax._stablemax import SCALINGS

__all__ = ["taylor_softmax", "taylor_softmax_naive", "taylor_softmax_row", "taylor_softmax_vjp",
           "taylor_softmax_vjp_row"]


@kernel
def taylor_softmax_naive(z, p, fmt):
    """``1 + z + z² / 2`` over its sum, as written: the square overflows, in float16 from 256 on."""
    zero, one, half = like(0.0, z[0]), like(1.0, z[0]), like(0.5, z[0])
    total = zero
    for i in range(z.size):
        p[i] = zero
        if z[i] != -np.inf:
            p[i] = rnd(rnd(one + z[i], fmt) + rnd(half * rnd(z[i] * z[i], fmt), fmt), fmt)
        total = rnd(total + p[i], fmt)
    for i in range(z.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def taylor_softmax_row(z, p, fmt):
    """``(z + 1)² + 1``, twice the polynomial, relative to the largest ``(z + 1)²``; `p` may be `z`."""
    zero, one = like(0.0, z[0]), like(1.0, z[0])
    scale = one
    for i in range(z.size):
        size = np.abs(rnd(z[i] + one, fmt))
        if z[i] != -np.inf and (size > scale or size != size):
            scale = size
    least = rnd(rnd(one / scale, fmt) / scale, fmt)
    total = zero
    for i in range(z.size):
        part = zero
        if z[i] != -np.inf:
            ratio = rnd(rnd(z[i] + one, fmt) / scale, fmt)
            part = rnd(rnd(ratio * ratio, fmt) + least, fmt)
        p[i] = part
        total = rnd(total + part, fmt)
    for i in range(z.size):
        p[i] = rnd(p[i] / total, fmt)


@kernel
def taylor_softmax_vjp_row(z, g, out, fmt):
    """``p * (g - <p, g>) * 2 v / (v² + 1)`` with ``v = z + 1``, the quotient as ``2 / (v + 1/v)``."""
    one, two = like(1.0, z[0]), like(2.0, z[0])
    taylor_softmax_row(z, out, fmt)
    top = 0
    for i in range(out.size):
        if out[i] > out[top]:
            top = i
    g_top = g[top]
    mean = like(0.0, g_top)
    for i in range(z.size):
        mean = rnd(mean + rnd(out[i] * rnd(g[i] - g_top, fmt), fmt), fmt)
    for i in range(z.size):
        if z[i] == -np.inf:
            out[i] = rnd(out[i] * rnd(g[i] - mean, fmt), fmt)
        else:
            v = rnd(z[i] + one, fmt)
            slope = rnd(two / rnd(v + rnd(one / v, fmt), fmt), fmt)
            out[i] = rnd(rnd(out[i] * rnd(rnd(g[i] - g_top, fmt) - mean, fmt), fmt) * slope, fmt)


@kernel
def taylor_rows(z, scaling, p, fmt):
    for i in range(z.shape[0]):
        if scaling == 0:
            taylor_softmax_naive(z[i], p[i], fmt)
        else:
            taylor_softmax_row(z[i], p[i], fmt)


@kernel
def taylor_vjp_rows(z, g, out, fmt):
    for i in range(z.shape[0]):
        taylor_softmax_vjp_row(z[i], g[i], out[i], fmt)


def taylor_softmax(z, *, axis=-1, where=None, algorithm="scaled", format=None):
    """Taylor softmax: ``p_i = f(z_i) / sum_j f(z_j)`` with ``f(x) = 1 + x + x² / 2``, at least 1/2.

    No exponential, and no saturation: the top probability of a gap d is near ``1 - 2 / d²``. It is not monotone:
    f falls up to -1, so that a very low logit has a *large* probability, and it changes with a shift of all logits.
    The default divides by the largest ``(z + 1)²`` before squares are formed.

    Parameters
    ----------
    z, axis, where, format
        As in `softmax`.
    algorithm : {"naive", "scaled"}

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`: -inf is a class left out, not the limit of f. The naive algorithm warns when squares overflow.

    Accuracy
    --------
    At most 6 + K ulp, tested for K <= 300 and logits from the smallest to half of the largest number.

    References
    ----------
    A. de Brébisson, P. Vincent, An Exploration of Softmax Alternatives Belonging to the Spherical Loss Family,
    ICLR 2016, arXiv:1511.05042.

    Examples
    --------
    >>> taylor_softmax([0.0, 1.0, -5.0]).round(3)
    array([0.083, 0.208, 0.708])
    """
    code = check_choice("algorithm", algorithm, SCALINGS)
    broken = (no_distribution, "taylor_softmax(algorithm='naive') overflowed") if code == 0 else None
    return map_rows(taylor_rows, {"z": z}, code, axis=axis, where=where, format=format, broken=broken)


def taylor_softmax_vjp(z, g, *, axis=-1, where=None):
    """Gradient of Taylor softmax: ``dz = p * (g - <p, g>) * (1 + z) / f(z)``; it turns over at z = -1.

    Parameters and Returns as `stablemax_vjp`.

    Examples
    --------
    >>> taylor_softmax_vjp([0.0, -1.0], [0.0, 1.0]).round(6)
    array([-0.222222,  0.      ])
    """
    return map_rows(taylor_vjp_rows, {"z": z, "g": g}, axis=axis, where=where, fills=(-np.inf, 0.0))

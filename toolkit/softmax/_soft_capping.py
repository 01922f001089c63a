"""Softmax of logits that are kept below a bound by tanh: soft-capping."""
import numpy as np

from toolkit._core.arguments import check_number, chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like, unrounded
from toolkit.elementary import exp, tanh
from toolkit.softmax._algorithms import softmax_naive, softmax_three_pass_reload
from toolkit.softmax._softmax import no_distribution, softmax_vjp_row

__all__ = ["capped_softmax"]
KERNELS = ["capped", "capped_slope", "capped_softmax_naive", "capped_softmax_row", "capped_softmax_vjp_row",
           "sech_squared"]


@kernel
def capped(z, cap):
    """``cap tanh(z / cap)``; -inf, a masked logit, stays."""
    if z == -np.inf:
        return z
    bounded = cap * tanh(z / cap)
    if bounded == bounded or z != z:
        return bounded
    return z if cap > 1 else 0 * z  # the format has not got the cap: it is infinite there, or 0


@kernel
def sech_squared(x):
    """``1 - tanh(x)²`` as ``4 e / (1 + e)²`` with ``e = exp(-2 |x|)``: the difference is 0 from 9.1 on in float32."""
    e = like(exp(-2 * unrounded(abs(x))), x)
    return 4 * (e / (1 + e)) / (1 + e)


@kernel
def capped_slope(z, cap):
    """Derivative of `capped`."""
    x = z / cap
    if x == x or z != z:
        return sech_squared(x)
    return 1.0 if cap > 1 else 0.0  # as in `capped`


@kernel
def capped_softmax_naive(z, cap, p):
    """Without the shift: harmless while exp(cap) is finite and K of them are, which float16 does not grant."""
    for i in range(z.size):
        p[i] = capped(z[i], cap)
    softmax_naive(p, p)


@kernel
def capped_softmax_row(z, cap, p):
    """Softmax of the capped logits."""
    for i in range(z.size):
        p[i] = capped(z[i], cap)
    softmax_three_pass_reload(p, p)


@kernel
def capped_softmax_vjp_row(z, g, cap, out):
    """Of softmax first, then times the slope of the cap."""
    capped_softmax_row(z, cap, out)
    softmax_vjp_row(out, g, out)
    for i in range(z.size):
        out[i] *= capped_slope(z[i], cap)


_ROWS = {"naive": capped_softmax_naive, "stable": capped_softmax_row}


def check_cap(cap):
    return check_number("cap", cap, 2.0**-10, 2.0**15)


def capped_softmax(z, *, cap=30.0, axis=-1, where=None, form="stable", format=None):
    """Softmax of soft-capped logits, ``softmax(c tanh(z / c))``: no gap is larger than 2c.

    The cap keeps logits from growing without bound, and with them the losses that vanish. It also keeps exp finite
    without a shift in formats that hold exp(c): float32 up to c = 88, but float16 only to 11.

    Parameters
    ----------
    cap : float from 2**-10 to 2**15
        c; Gemma 2 has 50 for attention and 30 for the last layer.
    form : {"naive", "stable"}
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    A NaN gives NaN in the whole row, +inf counts as c, and -inf is a class left out. The naive form warns when
    exponentials overflow.

    Accuracy
    --------
    At most 8 + 3c ulp, tested for K <= 300; the sum keeps its digits for K up to 2**20, tested. With a format K ulp
    more; a cap beyond the format is the largest number of it.

    Gradient
    --------
    That of softmax times ``sech²(z / c)``, from the logits. The slope of the cap is formed from exp(-2 |z| / c),
    since ``1 - tanh²`` is 0 long before it is. A masked class gets 0.

    References
    ----------
    Gemma Team, Gemma 2, 2024, arXiv:2408.00118, section 2.

    Examples
    --------
    >>> capped_softmax([0.0, 1e30], cap=5.0).round(4)
    array([0.0067, 0.9933])
    """
    row = chosen("form", form, _ROWS)
    broken = (no_distribution, "capped_softmax(form='naive') overflowed") if form == "naive" else None
    return map_rows(row, {"z": z}, check_cap(cap), axis=axis, where=where, format=format, broken=broken)


def capped_softmax_pull(z, g, *, cap=30.0, axis=-1, where=None):
    """Gradient with respect to the logits `z`, from the gradient `g` with respect to the probabilities.

    Examples
    --------
    >>> capped_softmax_pull([0.0, 0.0], [1.0, 0.0], cap=5.0)
    array([ 0.25, -0.25])
    """
    return map_rows(capped_softmax_vjp_row, {"z": z, "g": g}, check_cap(cap), axis=axis, where=where,
                    fills=(-np.inf, 0.0))

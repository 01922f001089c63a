"""Log-softmax with an implicit last logit of 0: from K - 1 numbers to K log-probabilities, one to one."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import chosen
from toolkit._core.arrays import Rows, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.row_threads import over_rows
from toolkit.elementary import exp, log
from toolkit.softmax.kernels import log_softmax_stable, log_softmax_vjp_row, shifted

__all__ = ["log_softmax_plus"]
KERNELS = ["log_softmax_plus_naive", "log_softmax_plus_stable"]


@kernel
def log_softmax_plus_naive(a, out):
    """``a - (m + log(e^{-m} + sum e^{a - m}))`` with ``m = max a``, which forgets the 0: inf for m below -88."""
    m = a[0]
    for i in range(1, a.size):
        if a[i] > m or a[i] != a[i]:
            m = a[i]
    total = exp(0 - m)
    for i in range(a.size):
        total += exp(shifted(a[i], m))
    lse = m + log(total)
    for i in range(a.size):
        out[i] = shifted(a[i], lse)
    out[a.size] = 0 - lse


@kernel
def log_softmax_plus_stable(a, out):
    """Log-softmax of ``(a, 0)``, shifted by the largest of all."""
    for i in range(a.size):
        out[i] = a[i]
    out[a.size] = 0.0
    log_softmax_stable(out, out)


_ROWS = {"naive": log_softmax_plus_naive, "stable": log_softmax_plus_stable}


def log_softmax_plus(z, *, axis=-1, form="stable", format=None):
    """Log-softmax of ``(z, 0)``: from K - 1 numbers to K log-probabilities, the canonical link of K classes.

    Softmax of K logits forgets a shift: logits and probabilities are not one to one. With the last logit fixed at 0
    they are, which a link between scores and probabilities asks for.

    Parameters
    ----------
    z : array_like (..., K - 1)
        log p_k / p_K.
    axis : int
        Where the K - 1 numbers are.
    form : {"stable", "naive"}
        "naive" shifts by the largest entry of z and forgets the 0, as published code does: for z = (-800, -900) all
        three logarithms are -inf.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    Log-probabilities (..., K - 1) -> (..., K), in the dtype of `z`.

    Gradient
    --------
    ``g_k - p_k sum g`` for the K - 1 first.

    Special values
    --------------
    As `toolkit.softmax.log_softmax` of (z, 0).

    Accuracy
    --------
    Stable form: at most 3 ulp in float32 and float64 for every class, tested for K <= 100.

    References
    ----------
    Lam, Walder, Penev, Nock, LegendreTron: Uprising Proper Multiclass Loss Learning, ICML 2023, arXiv:2301.11695.

    Examples
    --------
    >>> log_softmax_plus([-800.0, -900.0])
    array([-800., -900.,    0.])
    """
    of = chosen("form", form, _ROWS)
    layout = Rows(z, axis=axis, format=format, name="z")
    if len(layout.axes) != 1:
        raise ValueError(f"axis is {axis!r}; allowed: one axis")
    rows = layout.rows(z, "z")
    out = np.empty((layout.count, layout.classes + 1), layout.compute)
    with np.errstate(all="ignore"):
        over_rows(loops.map_rows, of, (rows,), (), out, layout.fmt)
    if form == "naive":
        broken = (np.isfinite(rows).all(axis=1) & ~np.isfinite(out).all(axis=1))
        warn_about_rows(rows, broken, "log_softmax_plus(form='naive') overflowed")
    return np.moveaxis(out.astype(layout.dtype, copy=False).reshape(*layout.batch, -1), -1, layout.axes[0])


def log_softmax_plus_pull(log_p, g, *, axis=-1):
    """From the result, and the gradient with respect to it."""
    layout = Rows(log_p, axis=axis, name="log_p", beside={"g": g})
    out = layout.empty()
    layout.call(loops.map_row_pairs, log_softmax_vjp_row, (layout.rows(log_p, "log_p"), layout.rows(g, "g", 0.0)),
                (), out)
    return np.moveaxis(np.moveaxis(layout.restore(out, 0.0), axis, -1)[..., :-1], -1, axis)

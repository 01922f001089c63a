"""Router z-loss of a mixture of experts, which keeps the scores of its gate small."""
import numpy as np

from toolkit._core import loops
from toolkit._core.arguments import check_choice, check_finite, chosen
from toolkit._core.arrays import Rows
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._logsumexp import logsumexp_row

__all__ = ["router_z_loss"]
KERNELS = ["logsumexp_naive", "router_z_loss_naive", "router_z_loss_row", "router_z_loss_vjp_row"]

REDUCTIONS = ("mean", "sum", "none")


@kernel
def logsumexp_naive(z):
    """``log sum exp(z)`` as written: the exponentials overflow."""
    total = 0.0
    for k in range(z.size):
        total += exp(z[k])
    return log(total)


@kernel
def router_z_loss_naive(z, scale):
    lse = logsumexp_naive(z)
    return scale * (lse * lse)


@kernel
def router_z_loss_row(z, scale):
    """``(scale lse) lse``, which stays finite where ``lse^2`` may not."""
    lse = logsumexp_row(z)
    return scale * lse * lse


@kernel
def router_z_loss_vjp_row(z, g, scale, out):
    """``2 scale lse p g``; nothing pulls at a masked class, also where the loss is infinite."""
    pull = scale * logsumexp_row(z) * g
    softmax_three_pass_reload(z, out)
    for i in range(z.size):
        if out[i] != 0:
            out[i] = 2 * (out[i] * pull)


_Z_ROWS = {"naive": router_z_loss_naive, "stable": router_z_loss_row}


def router_z_loss(z, *, scale=1.0, form="stable", reduction="mean", axis=-1, where=None, format=None):
    """Router z-loss of a mixture of experts, ``scale lse(z)^2``: keeps the scores of a gate small.

    Softmax does not see a constant added to all scores, and rounding does: the spacing of bfloat16 near 100 is 1/2, so
    that neighbouring scores of that size become one. `toolkit.losses.z_loss` adds the same term to cross-entropy.

    Parameters
    ----------
    z : array_like (..., K)
        Scores of the experts.
    scale : float >= 0
    form : {"stable", "naive"}
        "naive" forms the sum of exponentials, which overflows, and multiplies last.
    reduction : {"mean", "sum", "none"}
        Over the tokens.
    axis, where, format
        As in `softmax`.

    Returns
    -------
    (..., K) -> () or, with ``reduction="none"``, (...), in the dtype that `softmax` would give.

    Special values
    --------------
    NaN gives NaN; +inf, and a token whose scores are all -inf, give inf. No tokens have the mean NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: within 8 epsilon of the square of the larger of |m| and
    log1p(r), the two terms of `logsumexp`. The gradient is within ``12 + 2 gap_i`` epsilon of ``2 size p_i``, or within
    size smallest subnormals: size is that larger one, and gap_i how far z_i is below the top.

    Gradient
    --------
    ``2 scale lse(z) p`` for each token, divided by their number if the mean is taken.

    References
    ----------
    B. Zoph et al., ST-MoE: Designing Stable and Transferable Sparse Expert Models, 2022, arXiv:2202.08906.

    Examples
    --------
    >>> router_z_loss([[1.0, 1.0], [101.0, 101.0]], reduction="none").astype(int)
    array([    2, 10341])
    """
    scale, kernel_of = check_finite("scale", scale, 0), chosen("form", form, _Z_ROWS)
    code = check_choice("reduction", reduction, REDUCTIONS)
    layout = Rows(z, axis=axis, where=where, format=format)
    values = np.empty(layout.count, layout.compute)
    layout.call(loops.reduce_rows, kernel_of, (layout.rows(z, "z"),), (scale,), values)
    if reduction == "none":
        return layout.restore_reduced(values)
    with np.errstate(all="ignore"):
        total = values.sum(dtype=np.float64)
        return layout.dtype.type(total if code == 1 else total / np.float64(layout.count))


def router_z_loss_pull(z, g, *, scale=1.0, reduction="mean", axis=-1, where=None):
    """Gradient with respect to the scores `z`, from the gradient `g` with respect to the loss.

    Examples
    --------
    >>> router_z_loss_pull([[0.0, 0.0], [0.0, 0.0]], 1.0).round(4)
    array([[0.3466, 0.3466],
           [0.3466, 0.3466]])
    """
    mean = check_choice("reduction", reduction, REDUCTIONS) == 0
    layout, scale = Rows(z, axis=axis, where=where), check_finite("scale", scale, 0)
    above, out = layout.per_row(g, "g") / layout.compute.type(layout.count if mean else 1), layout.empty()
    layout.call(loops.map_row_pairs, router_z_loss_vjp_row, (layout.rows(z, "z"), above), (scale,), out)
    return layout.restore(out, 0.0)

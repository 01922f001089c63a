"""Cross-entropy plus z-loss, which keeps the logits from drifting."""
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.losses._cross_entropy import cross_entropy_common, cross_entropy_naive, cross_entropy_stable
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss
from toolkit.softmax.kernels import logsumexp_naive, logsumexp_row

__all__ = ["z_loss"]
KERNELS = ["z_loss_common", "z_loss_naive", "z_loss_stable"]


@kernel
def pull_to_zero(y, p_y, pull, grad):
    """Add ``pull p``; nothing pulls at a masked class, also where `pull` is infinite."""
    for k in range(grad.size):
        p = p_y if k == y else grad[k]
        if p != 0:
            grad[k] += pull * p


@kernel
def z_loss_naive(z, y, scale, grad):
    """``l + scale lse(z)^2`` as written: the exponentials overflow."""
    loss = cross_entropy_naive(z, y, grad)
    lse = logsumexp_naive(z)
    pull_to_zero(y, grad[y] + 1, 2 * (scale * lse), grad)
    return loss + scale * (lse * lse)


@kernel
def z_loss_common(z, y, scale, grad):
    """``l + scale lse(z)^2``, squared first, as usual: overflows in float16 from |lse| = 256 on."""
    loss = cross_entropy_common(z, y, grad)
    lse = logsumexp_row(z)
    pull_to_zero(y, exp(-loss), 2 * (scale * lse), grad)
    return loss + scale * (lse * lse)


@kernel
def z_loss_stable(z, y, scale, grad):
    """``l + (scale lse) lse``."""
    loss = cross_entropy_stable(z, y, grad)
    lse = logsumexp_row(z)
    pull_to_zero(y, exp(-loss), 2 * (scale * lse), grad)
    return loss + scale * lse * lse


_Z_LOSS = LossKernels({"naive": z_loss_naive, "common": z_loss_common, "stable": z_loss_stable}, zero_sum=False)


@loss
def z_loss(logits, labels, *, scale=1e-4, form="stable", reduction="mean", ignore_index=None, weight=None,
           sample_weight=None, axis=-1, where=None, format=None):
    """Cross-entropy plus z-loss, ``l + scale lse(z)^2``: keeps the logits from drifting.

    Cross-entropy does not see a constant added to all logits; the square of log-sum-exp does and pulls it to 0.
    ``(scale lse) lse`` stays finite in float16 where ``lse^2`` overflows, from ``abs(lse) = 256`` on.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    scale : float >= 0
        0 is cross-entropy.
    form : {"stable", "common", "naive"}
        As in `comp_sum`.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``p - onehot(y) + 2 scale lse(z) p``.

    Special values
    --------------
    As `cross_entropy`; one class has the loss ``scale z^2``.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: within 4 epsilon of ``l + scale max(lse^2, 1)``, for
    K <= 300; nearer 0 the log-sum-exp itself cancels. The label's entry of the gradient is a difference: each entry is
    within 8 epsilon, K/2 more at the label, of the larger of its two parts, ``abs(p - onehot(y))`` and
    ``2 scale max(abs(lse), 1) p``.

    References
    ----------
    Chowdhery et al., PaLM, 2022, arXiv:2204.02311; Zoph et al., ST-MoE, 2022, arXiv:2202.08906.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([300.0, 0.0])
    >>> [f"{z_loss(z, 0, form=form, format='float16'):.4g}" for form in ("common", "stable")]
    ['inf', '9']
    """
    return LossOfRows(_Z_LOSS, logits, labels, at_least(0, "scale", scale), form=form, reduction=reduction,
                      ignore_index=ignore_index, weight=weight, sample_weight=sample_weight, axis=axis, where=where,
                      format=format)

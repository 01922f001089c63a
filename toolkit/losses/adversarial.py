"""A loss for two points at once: the logits of an input, and those of the same input after an attack."""
import numpy as np

from toolkit._core.arrays import common_dtype
from toolkit.losses._declare import number
from toolkit.losses._variants import comp_sum_and_grad

__all__ = ["smooth_adversarial_comp_sum", "smooth_adversarial_comp_sum_and_grads"]


def smooth_adversarial_comp_sum(logits, attacked, labels, *, tau=1.0, rho=1.0, nu=1.0, reduction="mean"):
    """Smooth adversarial comp-sum loss ``L_tau(z / rho, y) + nu ||D(x') - D(x)||_2``.

    ``D_k = z_y - z_k`` are the margins of the label y over the classes k, `logits` z belong to the input x and `attacked`
    to a point x' of the ball around it. The loss of x is its largest over the ball, which the caller seeks, as by
    projected gradient steps along the gradient for `attacked`. With ``nu >= sqrt(K - 1) / rho`` it is an upper bound
    of the adversarial rho-margin comp-sum loss, which has a ramp in the place of the exponential and is not smooth.

    Parameters
    ----------
    logits, attacked : array_like (..., K)
        float16, float32 or float64; integers become float64.
    labels : array_like of integers (...)
    tau : float >= 0
        As in `comp_sum`; 1 is cross-entropy.
    rho : float > 0
        The margin to be kept.
    nu : float >= 0
        The price of what the attack moves.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    loss : (..., K), (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of the logits.

    Special values
    --------------
    NaN for a row with NaN or an infinite logit in `attacked`; in `logits` as `comp_sum` after the division by rho.

    References
    ----------
    Mao, Mohri, Zhong, Cross-Entropy Loss Functions: Theoretical Analysis and Applications, 2023, arXiv:2304.07288.
    Its adversarial part was derived anew; the bound is tested here.

    Examples
    --------
    >>> z = [2.0, 0.0, 0.0]
    >>> f"{smooth_adversarial_comp_sum(z, z, 0):.4f} {smooth_adversarial_comp_sum(z, [1.0, 0.0, 0.0], 0):.4f}"
    '0.2395 1.6538'
    """
    return smooth_adversarial_comp_sum_and_grads(logits, attacked, labels, tau=tau, rho=rho, nu=nu,
                                                 reduction=reduction)[0]


def smooth_adversarial_comp_sum_and_grads(logits, attacked, labels, *, tau=1.0, rho=1.0, nu=1.0, reduction="mean"):
    """`smooth_adversarial_comp_sum` with its gradients with respect to `logits` and to `attacked`.

    With ``d = D(x') - D(x)`` the norm has the slopes ``-d_k / ||d||`` in z'_k and ``sum d_k / ||d||`` in z'_y, and the
    opposite in z; where d is 0 it has a kink, and 0 is taken.

    Returns
    -------
    loss, grad_logits, grad_attacked
        Of the reduced loss; with ``reduction="none"``, of each row's own.
    """
    rho, nu = number("rho", rho, 0, above=True), number("nu", nu, 0)
    dtype = common_dtype(logits=logits, attacked=attacked)
    work = np.promote_types(dtype, np.float32)
    z, moved = np.asarray(logits, work), np.asarray(attacked, work)
    if z.shape != moved.shape:
        raise ValueError(f"attacked has shape {moved.shape}; allowed: that of logits, {z.shape}")
    losses, grads = comp_sum_and_grad(z / work.type(rho), labels, tau=tau, reduction="none")
    label = np.expand_dims(np.asarray(labels), -1)
    change = z - moved
    change -= np.take_along_axis(change, label, -1)
    size = np.abs(change).max(-1, keepdims=True)
    unit = np.where(size > 0, size, 1)  # squares of what is divided by the largest neither overflow nor vanish
    norm = unit * np.sqrt(np.square(change / unit).sum(-1, keepdims=True))
    slope = -work.type(nu) * change / np.where(norm > 0, norm, 1)
    np.put_along_axis(slope, label, -slope.sum(-1, keepdims=True), -1)
    losses = losses + work.type(nu) * norm[..., 0]
    grads, attacked_grads = grads / work.type(rho) - slope, slope
    if reduction == "none":
        total, share = losses, 1
    elif reduction in ("mean", "sum"):
        share = losses.size if reduction == "mean" else 1
        total = np.sum(losses, dtype=np.float64) / share
    else:
        raise ValueError(f"reduction is {reduction!r}; allowed: 'mean', 'sum', 'none'")
    return tuple(np.asarray(part).astype(dtype)[()] for part in (total, grads / share, attacked_grads / share))

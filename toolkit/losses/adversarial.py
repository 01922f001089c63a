"""A loss for two points at once: the logits of an input, and those of the same input after an attack."""
import numpy as np

from toolkit._core.array_likes import array_of
from toolkit._core.arrays import Rows, common_dtype
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.losses._comp_sum import comp_sum_stable
from toolkit.losses._evaluate import LossKernels, LossOfRows, above, at_least, loss
from toolkit.losses._labels import label_rows
from toolkit.softmax.kernels import shifted, top_class

__all__ = ["smooth_adversarial_comp_sum"]


@kernel
def changes(z, attacked, y, part, slope):
    """Fill `slope` with `part` of d, and return the largest."""
    largest = 0.0
    for k in range(z.size):
        slope[k] = (z[k] * part - attacked[k] * part) - (z[y] * part - attacked[y] * part)
        if abs(slope[k]) > largest or slope[k] != slope[k]:
            largest = abs(slope[k])
    return largest


@kernel
def norm_of_change(z, attacked, y, slope):
    """``||d|| / n`` and n, where ``d_k = (z_k - z'_k) - (z_y - z'_y)``; fills `slope` with ``d / ||d||``.

    Divided by the largest, squares neither overflow nor vanish. n is 1, or 4 where d overflows.
    """
    part, largest = 1.0, changes(z, attacked, y, 1.0, slope)
    if largest - largest != 0:
        part, largest = 4.0, changes(z, attacked, y, 0.25, slope)
    if largest == 0:
        return largest, part
    total = sum_like(z)
    for k in range(z.size):
        slope[k] /= largest
        total += slope[k] * slope[k]
    length = np.sqrt(total.value)
    for k in range(z.size):
        slope[k] /= length
    return largest * length, part


@kernel
def smooth_adversarial_comp_sum_stable(pair, y, tau, rho, nu, grads):
    """``L_tau(z / rho, y) + nu ||d||``; `pair` holds z and the attacked logits one after the other, `grads` too.

    The norm has the slopes ``-d_k / ||d||`` in z'_k and ``sum d_k / ||d||`` in z'_y, and the opposite in z; where d is
    0 it has a kink, and 0 is taken.
    """
    classes = pair.size // 2
    z, attacked = pair[:classes], pair[classes:]
    grad, attacked_grad = grads[:classes], grads[classes:]
    top = top_class(z)
    for k in range(classes):
        attacked_grad[k] = shifted(z[k], z[top]) / rho  # z / rho may be infinite
    value = comp_sum_stable(attacked_grad, y, tau, grad)
    norm, part = norm_of_change(z, attacked, y, attacked_grad)
    total = sum_like(z)
    for k in range(classes):
        attacked_grad[k] *= -nu
        total += attacked_grad[k]
    attacked_grad[y] = 0 - total.value
    for k in range(classes):
        grad[k] = grad[k] / rho - attacked_grad[k]
    return value + nu * norm * part


_ADVERSARIAL = LossKernels({"stable": smooth_adversarial_comp_sum_stable}, zero_sum=False, positive=(1,))


class _LossOfPairs(LossOfRows):
    def value_and_gradient(self):
        """``(value, (gradient for logits, gradient for attacked))``."""
        value, grads = super().value_and_gradient()
        return value, tuple(np.split(grads, 2, axis=-1))


@loss
def smooth_adversarial_comp_sum(logits, attacked, labels, *, tau=1.0, rho=1.0, nu=1.0, reduction="mean",
                                sample_weight=None):
    """Smooth adversarial comp-sum loss ``L_tau(z / rho, y) + nu ||D(x') - D(x)||_2``.

    ``D_k = z_y - z_k`` are the margins of the label y over the classes k, `logits` z belong to the input x and
    `attacked` to a point x' of the ball around it. The loss of x is its largest over the ball, which the caller seeks,
    as by projected gradient steps along the gradient for `attacked`. With ``nu >= sqrt(K - 1) / rho`` it is an upper
    bound of the adversarial rho-margin comp-sum loss, which has a ramp in the place of the exponential and is not
    smooth.

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
    reduction, sample_weight
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of the logits.

    Gradient
    --------
    A pair, for `logits` and for `attacked`. With ``d = D(x') - D(x)`` the norm has the slopes ``-d_k / ||d||`` in z'_k
    and ``sum d_k / ||d||`` in z'_y, and the opposite in z; where d is 0 it has a kink, and 0 is taken.

    Special values
    --------------
    NaN for a row with NaN or an infinite logit in `attacked`; in `logits` as `comp_sum` after the division by rho.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested at ``rho = 1`` for K <= 100, with ``m = sqrt(K) max_k abs(z_k
    - z'_k)``, since these differences are rounded before they are compared: the loss within ``5 + abs(1 - tau) l``
    epsilon of it and ``nu m``. The gradients within 8 epsilon, K/2 more at the label, of ``abs(dL_tau/dz_k) / rho +
    nu m / norm(d)``, where probabilities are normal numbers and ``norm(d)`` is 0 or not below ``1e-6 m``.

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
    tau, rho, nu = at_least(0, "tau", tau), above(0, "rho", rho), at_least(0, "nu", nu)
    dtype = common_dtype(logits=logits, attacked=attacked)
    z, moved = (array_of(x, name).astype(dtype) for x, name in ((logits, "logits"), (attacked, "attacked")))
    if z.shape != moved.shape:
        raise ValueError(f"attacked has shape {moved.shape}; allowed: that of logits, {z.shape}")
    label_rows(Rows(z, name="logits"), None, labels)
    return _LossOfPairs(_ADVERSARIAL, np.concatenate([z, moved], axis=-1), labels, tau, rho, nu, form="stable",
                        reduction=reduction, ignore_index=None, weight=None, sample_weight=sample_weight, axis=-1,
                        where=None, format=None)

"""LDR-KL and ALDR-KL losses: the worst case over weights of the classes, held near uniform by an entropy.

With ``d_k = z_k - z_y + margin [k != y]`` over n classes,
``L = max_w sum w_k d_k - lambda KL(w || uniform) = lambda log mean_k e^{d_k / lambda}``, reached at
``w = softmax(d / lambda)``, so that ``dL/dz = w - onehot(y)``.
"""
import numpy as np

from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers, like
from toolkit.elementary import exp, expm1, log, log1p
from toolkit.losses._evaluate import LossKernels, LossOfRows, above, at_least, loss
from toolkit.losses._exponential_scores import minus_gap_over, share_of_gap_to
from toolkit.losses._forms import classes_present, close_to_zero_sum, divide_by, rest_beside_top, sum_in_order

__all__ = ["aldr_kl", "ldr_kl"]
KERNELS = ["aldr_kl_common", "aldr_kl_naive", "aldr_kl_stable", "ldr_kl_common", "ldr_kl_naive", "ldr_kl_stable"]

_BISECTIONS = 60


@kernel
def most_violating(z, y, margin):
    """``(top, d_top)``: the class of the largest d_k; y, with d = 0, unless another class is above."""
    top, d_top = y, 0.0
    for k in range(z.size):
        d = z[k] - z[y] + margin
        if k != y and z[k] != -np.inf and (d > d_top or d != d):
            top, d_top = k, d
    return top, d_top


@kernel
def present_in_format(z):
    """How many logits are not -inf, as far as the format can count."""
    return like(classes_present(z), z)


@kernel
def exponentials_of_gaps(z, top, y, margin, strength, w):
    """Fill ``w_k = e^{(d_k - max d) / strength}``."""
    for k in range(z.size):
        w[k] = exp(minus_gap_over(z, k, top, y, margin, strength))


@kernel
def expected_gap_of_d(z, top, y, margin, w):
    """``sum w_k (max d - d_k)``."""
    spread, lost = 0.0, 0.0
    for k in range(z.size):
        if w[k] != 0:
            spread, lost = add_compensated(spread, lost, share_of_gap_to(w[k], z, k, top, y, margin))
    return spread


@kernel
def log_of_mean(z, y, top, margin, strength, n, total):
    """``log(total / n)``; near 0 by way of ``e^{-gap} - 1``, where the mean would have rounded to 1."""
    mean = total / n
    if mean < 0.5:
        return log(mean)
    lack, lost = 0.0, 0.0
    for k in range(z.size):
        if z[k] != -np.inf:
            lack, lost = add_compensated(lack, lost, expm1(minus_gap_over(z, k, top, y, margin, strength)))
    return log1p(lack / n)


@kernel
def adversary_naive(z, y, strength, margin, grad):
    """``(L, KL(w || uniform))`` at lambda = `strength`, as the formulas are written; fills `grad`."""
    top, d_top = most_violating(z, y, margin)
    for k in range(z.size):
        d = z[k] - z[y]
        if k != y:
            d += margin
        grad[k] = exp(d / strength)
    total = sum_in_order(grad)
    log_mean = log(total) - log(present_in_format(z))
    divide_by(grad, total)
    spread = expected_gap_of_d(z, top, y, margin, grad)
    grad[y] -= 1
    return strength * log_mean, (d_top - spread) / strength - log_mean


@kernel
def adversary_common(z, y, strength, margin, grad):
    """The same, shifted by the largest d."""
    top, d_top = most_violating(z, y, margin)
    exponentials_of_gaps(z, top, y, margin, strength, grad)
    total = sum_in_order(grad)
    log_mean = log(total) - log(present_in_format(z))
    divide_by(grad, total)
    spread = expected_gap_of_d(z, top, y, margin, grad)
    grad[y] -= 1
    return d_top + strength * log_mean, 0 - (log_mean + spread / strength)


@kernel
def adversary_stable(z, y, strength, margin, grad):
    """The same, with the logarithm of the mean from what it lacks to 1, and a gradient that sums to 0."""
    top, d_top = most_violating(z, y, margin)
    exponentials_of_gaps(z, top, y, margin, strength, grad)
    total = 1 + rest_beside_top(grad, top)
    log_mean = log_of_mean(z, y, top, margin, strength, present_in_format(z), total)
    divide_by(grad, total)
    spread = expected_gap_of_d(z, top, y, margin, grad)
    close_to_zero_sum(grad, y)
    return d_top + strength * log_mean, 0 - (log_mean + spread / strength)


@kernel
def ldr_kl_naive(z, y, strength, margin, grad):
    return adversary_naive(z, y, strength, margin, grad)[0]


@kernel
def ldr_kl_common(z, y, strength, margin, grad):
    return adversary_common(z, y, strength, margin, grad)[0]


@kernel
def ldr_kl_stable(z, y, strength, margin, grad):
    return adversary_stable(z, y, strength, margin, grad)[0]


@kernel
def best_of(adversary, z, y, alpha, strength, margin, grad):
    """``max over lambda of L_lambda - alpha log(n) / (2 strength) (lambda - strength)^2``, by bisection.

    The slope in lambda, ``-KL - alpha log(n) / strength (lambda - strength)``, is >= 0 at
    ``strength (1 - 1/alpha)`` and <= 0 at `strength`. At the maximum the gradient is that of L alone.
    """
    alpha, strength, margin = as_numbers((alpha, strength, margin), z)
    stiffness = alpha * log(classes_present(z))
    low, high = strength - strength / alpha, strength
    here = high
    for _ in range(_BISECTIONS):
        here = low + (high - low) * 0.5
        if here == low or here == high:
            break
        _, divergence = adversary(z, y, here, margin, grad)
        if stiffness * ((strength - here) / strength) > divergence:
            low = here
        else:
            high = here
    loss, _ = adversary(z, y, here, margin, grad)
    away = here - strength
    return loss - stiffness * 0.5 * (away / strength) * away if away != 0 else loss


@kernel
def aldr_kl_naive(z, y, alpha, strength, margin, grad):
    return best_of(adversary_naive, z, y, alpha, strength, margin, grad)


@kernel
def aldr_kl_common(z, y, alpha, strength, margin, grad):
    return best_of(adversary_common, z, y, alpha, strength, margin, grad)


@kernel
def aldr_kl_stable(z, y, alpha, strength, margin, grad):
    return best_of(adversary_stable, z, y, alpha, strength, margin, grad)


_LDR_KL = LossKernels({"naive": ldr_kl_naive, "common": ldr_kl_common, "stable": ldr_kl_stable},
                      positive=(0,))
_ALDR_KL = LossKernels({"naive": aldr_kl_naive, "common": aldr_kl_common, "stable": aldr_kl_stable},
                       positive=(1,))


@loss
def ldr_kl(logits, labels, *, strength=1.0, margin=1.0, form="stable", reduction="mean", ignore_index=None, weight=None,
           sample_weight=None, axis=-1, where=None, format=None):
    """LDR-KL loss ``strength log mean_k e^{d_k / strength}`` with ``d_k = z_k - z_y + margin [k != y]``.

    The worst case ``max_w sum w_k d_k - strength KL(w || uniform)`` over weights w of the classes, reached at
    ``w = softmax(d / strength)``. Towards 0 it is the hinge ``max_k d_k`` of Crammer and Singer, at 1 without
    margin cross-entropy less log K, towards infinity the mean of d. It may be negative. Computed as ``max d +
    strength log1p(mean_k expm1((d_k - max d) / strength))``: neither overflows for a small strength nor cancels
    for a large one.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    strength : float > 0
        lambda of the paper: how dear it is for w to leave the uniform weights.
    margin : float >= 0
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
    ``softmax(d / strength) - onehot(y)``.

    Special values
    --------------
    As `cross_entropy`. Masked classes do not count in the mean.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 8 epsilon of
    ``max(abs(loss), max d)``, for K <= 300, logits to 30 and strengths from 0.01 to 1e4. At strength 1, for logits of
    any size, the gradient within ``8 + (max d - d_k) / strength`` epsilon where w is a normal number; the label's, a
    sum of the others, within the sum of their errors and K/2 epsilon of it.

    References
    ----------
    Zhu, Ying, Yang, Label Distributionally Robust Losses, 2023, ICML (PMLR 202). The authors' code divides the
    logits by their mean size first, which is left to the caller. The stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([2, 1, -1, 0.5])
    >>> [f"{ldr_kl(z, 1, strength=1e6, form=form):.6f}" for form in ("common", "stable")]
    ['0.331070', '0.375001']
    """
    return LossOfRows(_LDR_KL, logits, labels, above(0, "strength", strength), at_least(0, "margin", margin), form=form,
                      reduction=reduction, ignore_index=ignore_index, weight=weight, sample_weight=sample_weight,
                      axis=axis, where=where, format=format)


@loss
def aldr_kl(logits, labels, *, alpha=2.0, strength=1.0, margin=1.0, form="stable", reduction="mean", ignore_index=None,
            weight=None, sample_weight=None, axis=-1, where=None, format=None):
    """ALDR-KL loss: `ldr_kl` at the strength that each row chooses, between ``(1 - 1/alpha) strength`` and it.

    ``max over lambda of LDR(lambda) - alpha log K / (2 strength) (lambda - strength)^2``: a row whose weights w
    are far from uniform gets a smaller lambda. The best lambda is found by bisection of the slope. At it the
    gradient is that of `ldr_kl`, ``w - onehot(y)``. With many classes and alpha near 1 the
    slope can vanish more than once; the bisection ends at one of these places.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    alpha : float > 1
        Stiffness; towards infinity the loss is that of `ldr_kl`.
    strength : float > 0
        lambda_0 of the paper, the largest lambda.
    margin : float >= 0
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
    ``softmax(d / lambda) - onehot(y)`` at the best lambda.

    Special values
    --------------
    As `ldr_kl`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 16 epsilon of
    ``max(abs(loss), max d)``, for K <= 10 and logits to 10, by default for K <= 100 and logits of any
    size. By default the gradient within ``16 + 2 (max d - d_k) / lambda`` epsilon where the weights are normal numbers;
    the label's, a sum of the others, within the sum of their errors and K/2 epsilon of it.

    References
    ----------
    Zhu, Ying, Yang, Label Distributionally Robust Losses, 2023, ICML (PMLR 202). The paper's code keeps a lambda
    per training example and moves it once per visit; the maximum is a reading of that code, checked here against
    brute force.

    Examples
    --------
    >>> import numpy as np
    >>> f"{aldr_kl(np.array([2, 1, -1, 0.5]), 1):.6f}"
    '1.025823'
    """
    return LossOfRows(_ALDR_KL, logits, labels, above(1, "alpha", alpha), above(0, "strength", strength),
                      at_least(0, "margin", margin), form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=where, format=format)

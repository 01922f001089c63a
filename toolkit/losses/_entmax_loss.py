"""Fenchel-Young losses of the sparse maps: the loss whose gradient is ``p - onehot(y)`` for p of α-entmax.

``L = <p - e_y, z> + H(p)`` with the entropy ``H = (1 - sum p^α) / (α ε)``, ``ε = α - 1``, takes a tiny loss as the
difference of large terms. On the support ``p_i^ε = ε (z_i - τ)``, which turns it into

    ``L = sum_i p_i^α / α + (1 / α - p_y^ε) / ε = sum_{i != y} p_i^α / α + B(1 - p_y)``,

    ``B(r) = integral of s (1 - s)^(ε - 1) from 0 to r = r² (1/2 + (1 - ε) r / 3 + (1 - ε)(2 - ε) r² / 8 + ...)``,

two terms >= 0. For α = 2 it is ``|p - e_y|² / 2``. A label with less than half is counted from the top class instead,
whose logit is ``p_top^ε / ε`` above τ: then y may lie outside of the support.
"""
from toolkit._core.arguments import check_number
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers, over_exactly
from toolkit.elementary import expm1, log, pow
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._forms import close_to_zero_sum
from toolkit.softmax.kernels import alpha_entmax_row, shifted, top_class

__all__ = ["entmax_loss"]
KERNELS = ["entmax_loss_naive", "entmax_loss_stable"]

_MOST_TERMS = 60  # each at most half the one before it


@kernel
def power_of(p, alpha):
    """``p^α``."""
    return p * p if alpha == 2 else pow(p, alpha)


@kernel
def entmax_loss_naive(z, y, alpha, grad):
    """``<p, z> - z_y + (1 - sum p^α) / (α (α - 1))``."""
    alpha_entmax_row(z, alpha, grad)
    (alpha,) = as_numbers((alpha,), z)
    mean, powers = 0.0, 0.0
    for k in range(z.size):
        if grad[k] != 0:
            mean += grad[k] * z[k]
            powers += power_of(grad[k], alpha)
    grad[y] -= 1
    return mean - z[y] + (1 - powers) / (alpha * (alpha - 1))


@kernel
def missing_part(r, order):
    """``B(r)`` for r <= 1/2, by its series."""
    term = r * r
    total, lost = term * 0.5, 0.0
    for k in range(1, _MOST_TERMS):
        term = over_exactly(term * (k - order), k) * r
        if total + term == total:
            break
        total, lost = add_compensated(total, lost, over_exactly(term, k + 2))
    return total


@kernel
def height_of(p, order):
    """``(1 - p^ε) / ε``, and -log p at ε = 0."""
    log_p = log(p)
    return 0 - log_p if order == 0 else 0 - expm1(order * log_p) / order


@kernel
def entmax_loss_stable(z, y, alpha, grad):
    """``sum_{k != y} p_k^α / α + B(1 - p_y)``, or from the top class where p_y is below 1/2."""
    alpha_entmax_row(z, alpha, grad)
    alpha, order = as_numbers((alpha, alpha - 1), z)
    top, p_y = top_class(z), grad[y]
    rest, rest_lost, powers, powers_lost = 0.0, 0.0, 0.0, 0.0
    for k in range(z.size):
        if k != y:
            rest, rest_lost = add_compensated(rest, rest_lost, grad[k])
            powers, powers_lost = add_compensated(powers, powers_lost, power_of(grad[k], alpha))
    if p_y >= 0.5:
        loss = powers / alpha + missing_part(rest, order)
    else:
        gap = 0 - shifted(z[y], z[top])
        loss = gap + height_of(grad[top], order) - (1 - powers - power_of(p_y, alpha)) / alpha
    close_to_zero_sum(grad, y)
    return loss


_ENTMAX_LOSS = LossKernels({"naive": entmax_loss_naive, "stable": entmax_loss_stable})


@loss
def entmax_loss(logits, labels, *, alpha=1.5, form="stable", reduction="mean", ignore_index=None, weight=None,
                sample_weight=None, axis=-1, where=None, format=None):
    """Fenchel-Young loss of α-entmax p: ``<p - onehot(y), z> + (1 - sum p^α) / (α (α - 1))``.

    The loss that belongs to a sparse map as cross-entropy, which it is at α = 1, belongs to softmax; at 2 it is the
    sparsemax loss. For α > 1 it is exactly 0 once the label leads by ``1 / (α - 1)``, without an error of rounding: a
    row that is right by that margin asks for nothing more.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    alpha : float from 1 to 4
    form : {"stable", "naive"}
        "naive" takes the difference as it is written: a small loss cancels, and an offset of the logits hides all.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)
        In the dtype of `logits`; with `format`, in float64 unless that dtype holds the format.

    Gradient
    --------
    ``p - onehot(y)``.

    Special values
    --------------
    As `cross_entropy`. At α = 1 the naive form is NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: an error of at most 16 units of roundoff times
    ``L + sqrt(L)``, for K <= 2000 and α up to 2; the loss is quadratic in the part that the others have. The gradient
    within 8 units of roundoff of the largest probability, the label's entry of 1, tested for K <= 100.

    References
    ----------
    M. Blondel, A. Martins, V. Niculae, Learning with Fenchel-Young Losses, JMLR 21 (2020), arXiv:1901.02324.
    A. Martins, R. Astudillo, From Softmax to Sparsemax, ICML 2016, arXiv:1602.02068 (α = 2).
    B. Peters, V. Niculae, A. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702 (other α). The
    stable form is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([1000, 999.001])
    >>> print(entmax_loss(z, 0, alpha=2, form="naive"), f"{entmax_loss(z, 0, alpha=2):.3g}")
    -2.3841858e-07 2.38e-07
    """
    return LossOfRows(_ENTMAX_LOSS, logits, labels, check_number("alpha", alpha, 1.0, 4.0), form=form,
                      reduction=reduction, ignore_index=ignore_index, weight=weight, sample_weight=sample_weight,
                      axis=axis, where=where, format=format)

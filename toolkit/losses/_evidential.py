"""Losses of a belief: the logits become the parameters of a Dirichlet distribution over probabilities."""
import numpy as np

from toolkit._core.arguments import check_choice
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import exp, log, log1p, sigmoid, softplus
from toolkit.information._dirichlet import HALF_LOG_2PI
from toolkit.information.kernels import (
    digamma,
    log_gamma,
    log_less_digamma,
    slope_less_trigammas,
    stirling_rest,
    trigamma,
    trigamma_excess,
)
from toolkit.losses._evaluate import LossKernels, LossOfRows, at_least, loss

__all__ = ["evidential_loss"]
KERNELS = ["evidence_of", "evidential_loss_naive", "evidential_loss_stable"]

FITS = ("mse", "log", "digamma")
EVIDENCE = ("softplus", "relu", "exp")
_MOST = 2.0**1000


@kernel
def evidence_of(x, kind):
    """``(e, slope)`` for a logit: softplus, ReLU, or exp."""
    if kind == 0.0:
        return softplus(x), sigmoid(x)
    if kind == 1.0:
        return (0 * x, 0 * x) if x <= 0 else (x, 0 * x + 1)
    return exp(x), exp(x)


@kernel
def evidence_within(z, kind):
    """`evidence_of` a logit in float64, at most 2^1000: a sum of many stays finite."""
    e, slope = evidence_of(float(z), kind)
    return min(e, _MOST), min(slope, _MOST)


@kernel
def others_of(z, y, kind):
    """``(a_y, the sum of the other parameters)`` in float64."""
    own, others = 1.0 + evidence_within(z[y], kind)[0], 0.0
    for k in range(z.size):
        if k != y and float(z[k]) != -np.inf:
            others += 1.0 + evidence_within(z[k], kind)[0]
    return own, others


@kernel
def squares_of(z, y, strength, kind):
    """The squares of the means of all classes but y."""
    total = 0.0
    for k in range(z.size):
        if k != y and float(z[k]) != -np.inf:
            m = (1.0 + evidence_within(z[k], kind)[0]) / strength
            total += m * m
    return total


@kernel
def value_at_ends(z, y):
    """0 for an ordinary row; inf where the label's logit is -inf; NaN beside a NaN or +inf, and of -inf alone."""
    largest = -np.inf
    for k in range(z.size):
        x = float(z[k])
        largest = x if not x <= largest else largest
    if not np.isfinite(largest):
        return np.nan
    return np.inf if float(z[y]) == -np.inf else 0.0


@kernel
def evidential_loss_stable(z, y, fit, kl_weight, kind, grad):
    """In float64, and rounded once: what the label's parameter and the sum share is cancelled by hand."""
    end = value_at_ends(z, y)
    if end != 0.0:
        for k in range(z.size):
            grad[k] = like(0.0 if end == np.inf else np.nan, z)
        return like(end, z)
    own, others = others_of(z, y, kind)
    strength, squares, spread, pull = own + others, 0.0, 0.0, 0.0
    if fit == 0.0:
        right, miss, squares = own / strength, others / strength, squares_of(z, y, strength, kind)
        spread = 2.0 * right * miss + (miss * miss - squares)
        pull = (1.0 - 2.0 * (right * right + squares)) / (strength + 1.0) - 2.0 * (right * miss - squares)
        value = miss * miss + squares + spread / (strength + 1.0)
    else:
        value = log1p(others / own)
        if fit == 2.0:
            value += log_less_digamma(own) - log_less_digamma(strength)
    for k in range(z.size):
        if float(z[k]) == -np.inf:
            grad[k] = like(0.0, z)
            continue
        e, slope = evidence_within(z[k], kind)
        a = 1.0 + e
        if fit == 0.0:
            m, off = a / strength, -a / strength
            if k == y:
                off = others / strength
            d = ((1.0 - 2.0 * m) / (strength + 1.0) - 2.0 * off - pull) / strength
            d -= spread / (strength + 1.0) / (strength + 1.0)
        elif k == y:
            d = -others / own / strength
            if fit == 2.0:
                d -= trigamma_excess(own) / own - trigamma_excess(strength) / strength
        else:
            d = (1.0 + (trigamma_excess(strength) if fit == 2.0 else 0.0)) / strength
        grad[k] = like(d * slope, z)
    if kl_weight > 0.0:
        value += kl_weight * wrong_evidence(z, y, kl_weight, kind, grad)
    return like(value, z)


@kernel
def wrong_evidence(z, y, kl_weight, kind, grad):
    """`dirichlet_kl_row` from Dir(1), once the label's evidence is taken away; adds its gradient."""
    own, others = others_of(z, y, kind)
    strength, count = 1.0 + others, 0
    for k in range(z.size):
        count += 1 if float(z[k]) != -np.inf else 0
    total = stirling_rest(strength) - stirling_rest(1.0) + (strength - count) * log_less_digamma(strength)
    total += 0.5 * count * log(strength) - (count - 1) * HALF_LOG_2PI - log_gamma(float(count))
    beside = slope_less_trigammas(strength, float(count))
    for k in range(z.size):
        if k != y and float(z[k]) != -np.inf:
            e, slope = evidence_within(z[k], kind)
            a = 1.0 + e
            total += 0.5 * log(strength / a) - stirling_rest(a) - e * log_less_digamma(a)
            grad[k] = like(float(grad[k]) + kl_weight * (slope_less_trigammas(a, 1.0) - beside) * slope, z)
    return total if count > 1 else 0.0 * own


@kernel
def evidential_loss_naive(z, y, fit, kl_weight, kind, grad):
    """As the formulas are written, in the format of the row."""
    strength = 0.0
    for k in range(z.size):
        if z[k] != -np.inf:
            strength += evidence_of(z[k], kind)[0] + 1
    own = evidence_of(z[y], kind)[0] + 1
    value = log(strength) - log(own) if fit == 1.0 else digamma(strength) - digamma(own)
    if fit == 0.0:
        value = 0 * own
        for k in range(z.size):
            if z[k] != -np.inf:
                m = (evidence_of(z[k], kind)[0] + 1) / strength
                off = 1 - m if k == y else m
                value += off * off + m * (1 - m) / (strength + 1)
    spread, pull = 0 * own, 0 * own
    for k in range(z.size):
        if z[k] != -np.inf:
            m = (evidence_of(z[k], kind)[0] + 1) / strength
            spread += m * (1 - m)
            pull += m * (2 * (m - (1 if k == y else 0)) + (1 - 2 * m) / (strength + 1))
    for k in range(z.size):
        if z[k] == -np.inf:
            grad[k] = 0 * own
            continue
        e, slope = evidence_of(z[k], kind)
        a = e + 1
        if fit == 0.0:
            m = a / strength
            d = (2 * (m - (1 if k == y else 0)) + (1 - 2 * m) / (strength + 1) - pull) / strength
            d -= spread / (strength + 1) / (strength + 1)
        elif fit == 1.0:
            d = 1 / strength - (1 / a if k == y else 0 * a)
        else:
            d = trigamma(strength) - (trigamma(a) if k == y else 0 * a)
        grad[k] = d * slope
    if kl_weight > 0.0:
        value += wrong_evidence_naive(z, y, kl_weight, kind, grad)
    return value


@kernel
def wrong_evidence_naive(z, y, kl_weight, kind, grad):
    """The divergence as it is written, in the format; the gradient is that of `wrong_evidence`."""
    strength, count = 1.0, 1.0
    for k in range(z.size):
        if k != y and z[k] != -np.inf:
            strength += evidence_of(z[k], kind)[0] + 1
            count += 1.0
    psi = digamma(strength)
    total = log_gamma(strength) - log_gamma(count)
    for k in range(z.size):
        if k != y and z[k] != -np.inf:
            e = evidence_of(z[k], kind)[0]
            total -= log_gamma(e + 1)
            total += e * (digamma(e + 1) - psi)
    wrong_evidence(z, y, kl_weight, kind, grad)
    return total * kl_weight


_EVIDENTIAL_LOSS = LossKernels({"naive": evidential_loss_naive, "stable": evidential_loss_stable}, zero_sum=False)


@loss
def evidential_loss(logits, labels, *, fit="digamma", kl_weight=0.0, evidence="softplus", form="stable",
                    reduction="mean", ignore_index=None, weight=None, sample_weight=None, axis=-1, where=None,
                    format=None):
    """Evidential loss: the logits say how much evidence there is for each class, not only in which proportion.

    The parameters ``alpha = 1 + evidence(z)`` make a Dirichlet distribution Q over probabilities, of strength
    ``S = sum alpha`` and mean ``mu = alpha / S``; ``K / S``, the vacuity, is to be large where the model has seen
    nothing. No loss minimisation makes it so: each of the fits is linear in Q or sees its mean alone.

    Parameters
    ----------
    logits : array_like (..., K)
    labels : array_like of integers (...)
    fit : {"digamma", "log", "mse"}
        ``psi(S) - psi(alpha_y)``, the mean of cross-entropy over Q; ``log S - log alpha_y``, the cross-entropy of its
        mean; or ``sum (e_y - mu)^2 + mu (1 - mu) / (S + 1)``, the mean of the Brier score over Q.
    kl_weight : float >= 0
        Times the divergence of Q, once the evidence for the label is taken away, from the even distribution Dir(1);
        the paper raises it from 0 to 1 in ten epochs, see `evidential_weight`.
    evidence : {"softplus", "relu", "exp"}
        relu has no gradient where all logits are below 0, and exp overflows at 88 in float32.
    form : {"stable", "naive"}
        The stable form computes in float64 and rounds once; in the naive one differences cancel in the format.
    reduction, ignore_index, weight, sample_weight, axis, where, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K), (...) -> () or, with ``reduction="none"``, (...)

    Special values
    --------------
    A class of logit -inf does not exist, and a label there costs inf. NaN, +inf and a row of -inf give NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 64 epsilon of its terms, the gradient
    within 64 epsilon of the terms of each entry, for logits up to 1e30.

    References
    ----------
    Sensoy, Kaplan, Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty, 2018, arXiv:1806.01768;
    Bengs, Hüllermeier, Waegeman, Pitfalls of Epistemic Uncertainty Quantification through Loss Minimisation, 2022,
    arXiv:2203.06102.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.float32([2e7, 0])
    >>> [f"{evidential_loss(z, 0, form=form):.4g}" for form in ("naive", "stable")]
    ['0', '8.466e-08']
    """
    return LossOfRows(_EVIDENTIAL_LOSS, logits, labels, float(check_choice("fit", fit, FITS)),
                      at_least(0, "kl_weight", kl_weight), float(check_choice("evidence", evidence, EVIDENCE)),
                      form=form, reduction=reduction, ignore_index=ignore_index, weight=weight,
                      sample_weight=sample_weight, axis=axis, where=where, format=format)

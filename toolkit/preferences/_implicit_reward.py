"""Losses of the reward that a policy implies: ``beta log(policy / reference)``, labelled or imitated."""
import numpy as np

from toolkit._core.arguments import check_finite, chosen, shown
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import exp, log
from toolkit.losses._binary import binary_entropy_stable, part
from toolkit.losses._entries import spread
from toolkit.losses._evaluate import above, loss
from toolkit.preferences._pairs import loss_of_pairs

__all__ = ["imitation_loss", "implicit_reward_loss"]
KERNELS = ["imitation_hellinger_entry", "imitation_pearson_entry", "imitation_variation_entry",
           "implicit_reward_entry", "implicit_reward_entry_clamped"]

_LOWEST_LOG = -100.0  # at which a common loss of probabilities clamps its logarithms


@kernel
def implicit_reward_entry(x, mass, beta):
    """Cross-entropy of ``sigmoid(beta x)``; `mass` is that of no and of yes."""
    value, slope = binary_entropy_stable(beta * x, mass)
    return value, beta * slope


@kernel
def clamped_log(p):
    """The logarithm, at least -100, and its slope, 0 where it is clamped."""
    value = log(p)
    lowest = like(_LOWEST_LOG, p)
    return (lowest, p - p) if value < lowest else (value, 1 / p)


@kernel
def implicit_reward_entry_clamped(x, mass, beta):
    """From a probability, by a loss that clamps logarithms at -100: from where a sigmoid is 0, no gradient is left."""
    p = 1 / (1 + exp(-(beta * x)))
    (yes, of_yes), (no, of_no) = clamped_log(p), clamped_log(1 - p)
    slope = part(mass[0], of_no * (p * (1 - p))) - part(mass[1], of_yes * (p * (1 - p)))
    return 0 - part(mass[0], no) - part(mass[1], yes), beta * slope


@kernel
def imitation_variation_entry(x, target, beta, value):
    """``-beta (x - t)``: the reward's constant cancels."""
    return 0 - beta * (x - target[0]), 0 - like(beta, x)


@kernel
def imitation_pearson_entry(x, target, beta, value):
    """``r^2 / 4 - r + V`` with ``r = beta (x - t) + V``."""
    score = beta * (x - target[0])
    half = (score + value) * 0.5
    return half * half - score, beta * (half - 1)


@kernel
def imitation_hellinger_entry(x, target, beta, value):
    """``V - r / (1 + r)``; inf from r = -1 down."""
    reward = beta * (x - target[0]) + value
    beyond = 1 + reward
    if not beyond > 0:
        return (reward, reward) if reward != reward else (like(np.inf, x), like(-np.inf, x))
    return value - reward / beyond, 0 - beta / beyond / beyond


_DIVERGENCES = {"total_variation": imitation_variation_entry, "pearson": imitation_pearson_entry,
                "hellinger": imitation_hellinger_entry}


def _masses(labels):
    """``{no, yes}`` of labels from 0 to 1."""
    labels = labels.astype(np.float64)
    if not ((labels >= 0) & (labels <= 1)).all():
        raise ValueError(f"labels contains {shown(float(labels[~((labels >= 0) & (labels <= 1))][0]))};"
                         " allowed: numbers from 0 to 1")
    return {"no": 1 - labels, "yes": labels}


@loss
def implicit_reward_loss(log_ratios, labels, *, beta=0.05, form="stable", reduction="mean", weight=None, format=None):
    """Cross-entropy of the reward that a policy implies: ``R = beta log_ratio`` of a whole answer, right or wrong.

    A model trained on labels of whole answers then gives rewards of steps for nothing: see `process_values`. The
    common form goes through a probability and a loss that clamps logarithms at -100, as frameworks do: at ``R = -120``
    and a label of 1 it says 100 in float32, and its gradient is 0, where that of the stable form is -beta.

    Parameters
    ----------
    log_ratios : array_like (...)
        Sum over the answer of ``log policy - log reference``, as of `log_ratio`.
    labels : array_like of numbers from 0 to 1, broadcast to (...)
        Whether the answer is right.
    beta : float > 0
    form : {"stable", "common"}
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `log_ratios`.

    Gradient
    --------
    ``beta (sigmoid(R) - label)``.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, labels 0 and 1, tested: the loss within ``4 + 4 abs(R)``
    epsilon, the gradient within ``4 + 4 abs(R)`` epsilon, while they are normal numbers.

    References
    ----------
    L. Yuan et al., Free Process Rewards without Process Labels, 2024, arXiv:2412.01981. (The published code's notes
    print the cross-entropy without its minus sign.)

    Examples
    --------
    >>> [f"{implicit_reward_loss(1.0, label):.6f}" for label in (1, 0)]
    ['0.668460', '0.718460']
    """
    masses = _masses(spread(real_array(labels, "labels"), array_and_mask(log_ratios, "log_ratios")[0].shape, "labels"))
    kernels = {"common": implicit_reward_entry_clamped, "stable": implicit_reward_entry}
    return loss_of_pairs(kernels, log_ratios, masses, above(0, "beta", beta), name="log_ratios", form=form,
                         reduction=reduction, weight=weight, format=format)


@loss
def imitation_loss(logprobs, reference, *, divergence="total_variation", beta=1.0, value=0.0, reduction="mean",
                   weight=None, format=None):
    """Supervised fine-tuning as imitation by an f-divergence: ``f*(-r) + V``, ``r = beta log(policy / reference) + V``.

    r is the reward that the policy implies, V the value of the question, f* the convex conjugate of the divergence:
    ``t`` for total variation, ``t + t^2 / 4`` for Pearson's, ``t / (1 - t)`` for the squared Hellinger distance. With
    total variation V cancels and it is plain fine-tuning times beta; the others keep the reference. (The conjugates are
    checked numerically; the objective is derived here, and not attributed to the paper, of which we saw no code.)

    Parameters
    ----------
    logprobs : array_like (...)
        Log-probability of each example under the policy.
    reference : array_like, broadcast to (...)
        Under the reference.
    divergence : {"total_variation", "pearson", "hellinger"}
    beta : float > 0
    value : float
        V.
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logprobs`.

    Gradient
    --------
    ``-beta``, ``beta (r / 2 - 1)``, ``-beta / (1 + r)^2``.

    Special values
    --------------
    The Hellinger loss is inf from ``r = -1`` down. NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested, with ``s = 1 + beta (abs(logprob) + abs(reference)) + abs(V)``:
    the loss within 8 epsilon of ``s^2``, the gradient within 4 epsilon of ``beta s``; for the Hellinger distance both
    within 16 epsilon times ``s (1 + 1 / (1 + r))^3`` where ``abs(1 + r)`` is above ``1e-5 s``.

    References
    ----------
    B. Wang et al., Implicit Reward as the Bridge: A Unified View of SFT and DPO Connections, 2025, arXiv:2507.00018.

    Examples
    --------
    >>> [float(imitation_loss(-1.0, -2.0, divergence=each)) for each in ("total_variation", "pearson", "hellinger")]
    [-1.0, -0.75, -0.5]
    """
    return loss_of_pairs({"stable": chosen("divergence", divergence, _DIVERGENCES)}, logprobs,
                         {"reference": reference}, above(0, "beta", beta), check_finite("value", value),
                         name="logprobs", form="stable", reduction=reduction, weight=weight, format=format)

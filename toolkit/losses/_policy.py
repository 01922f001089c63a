"""Losses of a policy's tokens: the clipped surrogate of PPO and GRPO, and three estimates of a divergence."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number, chosen
from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import real_array
from toolkit._core.exact_sums import add_exactly
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers
from toolkit.elementary import exp, expm1
from toolkit.information.kernels import excess
from toolkit.losses._entries import LossOfEntries, spread
from toolkit.losses._evaluate import loss

__all__ = ["clipped_surrogate", "kl_estimate"]
KERNELS = ["clipped_entry", "clipped_entry_naive", "k1_entry", "k2_entry", "k3_entry", "k3_entry_naive"]


@kernel
def clipped(ratio, advantage, low, high):
    """``-min(r A, clip(r, 1 - low, 1 + high) A)`` and its slope in log r, 0 where the clip is what is taken."""
    least, most = as_numbers((1.0 - low, 1.0 + high), ratio)
    if advantage == 0 and ratio == ratio:
        return advantage, advantage
    if advantage > 0 and ratio > most:
        return 0 - most * advantage, advantage - advantage
    if advantage < 0 and ratio < least:
        return 0 - least * advantage, advantage - advantage
    return 0 - ratio * advantage, 0 - ratio * advantage


@kernel
def ratio_of(x, old):
    """``exp(x - old)``, with the rounding error of the difference put back."""
    gap, error = add_exactly(x, -old)
    y = exp(gap)
    return y + y * error if error != 0 and y < np.inf else y


@kernel
def clipped_entry(x, target, low, high):
    """At the log-probability x, with that before the update and an advantage as target."""
    return clipped(ratio_of(x, target[0]), target[1], low, high)


@kernel
def clipped_entry_naive(x, target, low, high):
    """With the ratio of two probabilities, which are 0 for a whole answer."""
    return clipped(exp(x) / exp(target[0]), target[1], low, high)


@kernel
def k1_entry(x, target):
    """``-d``, with ``d = reference - x``."""
    d = x - target[0]
    return d, d - d + 1


@kernel
def k2_entry(x, target):
    """``d^2 / 2``."""
    d = x - target[0]
    return d * 0.5 * d, d


@kernel
def k3_entry(x, target):
    """``e^d - 1 - d >= 0``: near 0 by a series."""
    gap, error = add_exactly(target[0], -x)
    slope = expm1(gap)
    if slope < np.inf and error != 0:
        return excess(gap) + error * slope, 0 - (slope + (slope + 1) * error)
    return excess(gap), 0 - slope


@kernel
def k3_entry_naive(x, target):
    """As the formula is written: 0 for a difference of 1e-4 in float32."""
    d = target[0] - x
    return exp(d) - d - 1, 1 - exp(d)


_KINDS = {"k1": {"stable": k1_entry, "naive": k1_entry}, "k2": {"stable": k2_entry, "naive": k2_entry},
          "k3": {"stable": k3_entry, "naive": k3_entry_naive}}


def _beside(logprobs, **named):
    """Each array in float64 and in the shape of the log-probabilities."""
    shape = array_and_mask(logprobs, "logprobs")[0].shape
    return tuple(spread(real_array(x, name).astype(np.float64), shape, name) for name, x in named.items())


@loss
def clipped_surrogate(logprobs, old_logprobs, advantages, *, clip_low=0.2, clip_high=0.2, form="stable",
                      reduction="mean", weight=None, format=None):
    """Clipped surrogate of PPO and GRPO: ``-min(r A, clip(r, 1 - low, 1 + high) A)`` of each token.

    ``r = exp(logprob - old_logprob)`` is by how much likelier the token has become since it was drawn. A token whose
    ratio has left the clip in the direction of its advantage has loss and gradient of a constant: it is left alone.

    The mean over all tokens is DAPO's. GRPO's and Dr. GRPO's are the sum with ``weight=toolkit.decoding.token_weights``
    of the answers, 0 beyond their ends. With a ratio of 1 the loss is minus the mean advantage, which GRPO makes 0, and
    its gradient is not 0: the loss says nothing about the training.

    Parameters
    ----------
    logprobs : array_like (...)
        Log-probability of each token under the policy.
    old_logprobs : array_like, broadcast to (...)
        Under the policy that drew the tokens.
    advantages : array_like, broadcast to (...)
        As of `toolkit.decoding.group_advantage`.
    clip_low : float from 0 to 1
    clip_high : float >= 0
        DAPO takes 0.28.
    form : {"stable", "naive"}
        "naive" divides the two probabilities.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the number of tokens or, with weights, by their sum.
    weight : array_like of numbers >= 0, broadcast to (...), optional
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logprobs`.

    Gradient
    --------
    ``-r A``; 0 where A > 0 and r > 1 + high, or A < 0 and r < 1 - low. At the ends of the clip that of the inside.

    Special values
    --------------
    0 where an advantage is 0. NaN gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: loss and gradient within 4 epsilon while they are
    normal numbers.

    References
    ----------
    J. Schulman et al., Proximal Policy Optimization Algorithms, 2017, arXiv:1707.06347.

    Examples
    --------
    >>> import numpy as np
    >>> ratios = np.array([1.3, 0.9])
    >>> clipped_surrogate(np.log(ratios), 0.0, 0.5, reduction="none").round(3)
    array([-0.6 , -0.45])
    """
    targets = _beside(logprobs, old_logprobs=old_logprobs, advantages=advantages)
    clip = check_number("clip_low", clip_low, 0.0, 1.0), check_finite("clip_high", clip_high, 0)
    return LossOfEntries({"naive": clipped_entry_naive, "stable": clipped_entry}, logprobs, targets, *clip,
                         name="logprobs", form=form, reduction=reduction, format=format, weights={"weight": weight})


@loss
def kl_estimate(logprobs, reference, *, kind="k3", form="stable", reduction="mean", weight=None, format=None):
    """Estimates of the divergence of a policy from a reference, from log-probabilities of tokens that it drew.

    With ``d = reference - logprob``: k1 is ``-d``, k2 is ``d^2 / 2``, k3 is ``e^d - 1 - d``. As values k1 and k3 are
    right on average for KL(policy, reference). As losses, of which a gradient is taken, they are something else: the
    mean gradient of k1 is 0, that of k2 is the gradient of KL(policy, reference), and that of k3, which GRPO takes, is
    the gradient of KL(reference, policy). (Derived, and measured in the chapter.)

    Parameters
    ----------
    logprobs : array_like (...)
        Log-probability of each token under the policy.
    reference : array_like, broadcast to (...)
        Under the reference.
    kind : {"k3", "k2", "k1"}
    form : {"stable", "naive"}
        "naive" forms ``e^d - d - 1``, which in float32 is 0 for ``d = 1e-4``.
    reduction, weight, format
        As in `clipped_surrogate`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logprobs`.

    Gradient
    --------
    With respect to `logprobs`: 1, ``-d``, ``1 - e^d``.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: k1 and k2 within 2 epsilon, k3 within 16 epsilon, all
    gradients within 4 epsilon, while they are normal numbers.

    References
    ----------
    J. Schulman, Approximating KL Divergence, 2020, http://joschu.net/blog/kl-approx.html.

    Examples
    --------
    >>> import numpy as np
    >>> [f"{kl_estimate(np.float32(-1e-4), np.float32(0), form=form):.4g}" for form in ("naive", "stable")]
    ['0', '5e-09']
    """
    return LossOfEntries(chosen("kind", kind, _KINDS), logprobs, _beside(logprobs, reference=reference),
                         name="logprobs", form=form, reduction=reduction, format=format, weights={"weight": weight})

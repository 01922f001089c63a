"""How much a token of an answer counts: GRPO's mean over each answer, over all tokens, or a constant."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_number, check_whole, shown
from toolkit._core.arrays import check_axis, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log
from toolkit.information.kernels import excess

__all__ = ["AVERAGES", "length_bias", "token_weights"]
KERNELS = ["length_bias_of", "mean_weight", "weight_of_token"]

AVERAGES = ("answer", "token", "constant")


@kernel
def weight_of_token(length, beside, limit, average):
    """Of each token of an answer of that length, with another one beside it; `average` is a place in `AVERAGES`."""
    if average == 0:
        return 0.5 / length
    return 1.0 / (length + beside) if average == 1 else 0.5 / limit


@kernel
def mean_weight(stop, extra):
    """``E 1 / (L + extra)`` of a geometric length L, whose every token is the last with probability `stop`."""
    more = 1.0 - stop
    if more == 0:
        return 1.0 / (1.0 + extra)
    surprise = -log(stop)
    return stop * excess(-surprise) / (more * more) if extra else stop * surprise / more


@kernel
def length_bias_of(stop, extra):
    """``E (1 / (L + extra)) sum_t d log pi_t / ds``: ``(1 + stop extra) E 1 / (L + extra) - stop``."""
    return (1.0 + stop * extra) * mean_weight(stop, extra) - stop


def token_weights(lengths, *, average="answer", limit=None, axis=-1):
    """The weight of each token of an answer in the loss of its group.

    - "answer": ``1 / (G L_i)``, the mean over each answer, then over answers: GRPO. A wrong answer is blamed less for
      each of its tokens the longer it is.
    - "token": ``1 / sum L``, the mean over all tokens: DAPO.
    - "constant": ``1 / (G M)`` with a constant M: Dr. GRPO. Only here the sum of scores, which is the gradient of the
      log-probability of a whole answer, counts the same in every group.

    Parameters
    ----------
    lengths : array_like (..., G) of numbers >= 0
        Tokens of each answer of a group.
    average : {"answer", "token", "constant"}
    limit : float > 0, optional
        M, such as the largest length that is generated; needed by "constant", and by no other.
    axis : int, tuple of ints or None

    Returns
    -------
    (..., G)
        0 where an answer has no token.

    References
    ----------
    Z. Liu et al., Understanding R1-Zero-Like Training: A Critical Perspective, COLM 2025, arXiv:2503.20783.

    Examples
    --------
    >>> token_weights([2, 4]), token_weights([2, 4], average="constant", limit=8)
    (array([0.25 , 0.125]), array([0.0625, 0.0625]))
    """
    how = AVERAGES[check_choice("average", average, AVERAGES)]
    lengths, dtype = real_array(lengths, "lengths"), common_dtype(lengths=lengths)
    if not (lengths >= 0).all() or not np.isfinite(lengths).all():
        raise ValueError(f"lengths contains {lengths[~((lengths >= 0) & (lengths < np.inf))].flat[0]}; allowed: "
                         "finite numbers >= 0")
    if (how == "constant") == (limit is None):
        raise ValueError(f"limit is {shown(limit)}; allowed: a number with average='constant', None with another")
    axes, wide = check_axis(axis, lengths.ndim, "lengths"), lengths.reshape(lengths.shape or (1,)).astype(np.float64)
    group = np.prod([wide.shape[a] for a in axes])
    if how == "constant":
        tokens = check_finite("limit", limit, 0, above=True) * group
    else:
        tokens = wide * group if how == "answer" else wide.sum(axis=axes, keepdims=True)
    with np.errstate(divide="ignore"):
        weights = np.where(wide > 0, 1 / tokens, 0.0)
    return weights.astype(dtype).reshape(lengths.shape)[()]


def length_bias(stop, *, extra=0):
    """What the mean over an answer adds to the gradient of its stop logit, where the length is no matter.

    An answer goes on with probability ``1 - q`` at each token. The sum of the scores of its tokens with respect to the
    stop logit is 0 on average; the *mean* over its L tokens is ``q log(1 / q) / (1 - q) - q > 0``. Times a negative
    advantage that makes q smaller and wrong answers longer, times a positive one right answers shorter. (Derived, not
    a formula of the paper.)

    Parameters
    ----------
    stop : float > 0, at most 1
        The probability q that a token is the last.
    extra : {0, 1}
        Tokens of the answer whose score has no part of the stop logit, as the one that chooses a path.

    Returns
    -------
    float

    Accuracy
    --------
    Within 8 epsilon of the mean of 1 / L, tested.

    References
    ----------
    Z. Liu et al., Understanding R1-Zero-Like Training: A Critical Perspective, COLM 2025, arXiv:2503.20783, describe
    the bias.

    Examples
    --------
    >>> f"{length_bias(0.1):.6f}, {length_bias(0.1, extra=1):.6f}"
    '0.155843, 0.090475'
    """
    return length_bias_of(check_number("stop", stop, 1e-12, 1.0), check_whole("extra", extra, 0, 1))

"""Direct preference optimisation, its smoothed labels and its offsets."""
from toolkit._core.arguments import check_choice, check_finite, check_number
from toolkit._core.kernel import kernel
from toolkit.elementary import log, sigmoid, softplus
from toolkit.losses._evaluate import above, loss
from toolkit.preferences._pairs import loss_of_pairs, pushed_up, pushed_up_naive

__all__ = ["dpo", "offset_dpo", "preference_offset"]
KERNELS = ["dpo_entry", "dpo_entry_naive", "dpo_smoothed_entry", "offset_dpo_entry", "offset_dpo_entry_naive",
           "offset_of_scores"]


@kernel
def dpo_entry(x, target, beta):
    """``-log sigmoid(beta h)`` with ``h = x - t``, and its slope in x."""
    value, slope = pushed_up(beta * (x - target[0]))
    return value, beta * slope


@kernel
def dpo_entry_naive(x, target, beta):
    value, slope = pushed_up_naive(beta * (x - target[0]))
    return value, beta * slope


@kernel
def dpo_smoothed_entry(x, target, beta, wrong):
    """With a share `wrong` of the labels the other way round: bounded, with its least value at a finite margin."""
    score = beta * (x - target[0])
    right = 1 - wrong
    return (right * softplus(-score) + wrong * softplus(score),
            beta * (wrong * sigmoid(score) - right * sigmoid(-score)))


@kernel
def offset_dpo_entry(x, target, beta):
    """``-log sigmoid(beta h - d)``."""
    value, slope = pushed_up(beta * (x - target[0]) - target[1])
    return value, beta * slope


@kernel
def offset_dpo_entry_naive(x, target, beta):
    value, slope = pushed_up_naive(beta * (x - target[0]) - target[1])
    return value, beta * slope


@kernel
def offset_of_scores(gap, alpha):
    """``alpha log gap``: below 0 for gaps below 1."""
    return alpha * log(gap)


@loss
def dpo(chosen, rejected, *, beta=0.1, label_smoothing=0.0, form="stable", reduction="mean", weight=None, format=None):
    """Direct preference optimisation: ``-log sigmoid(beta h)`` of the margin ``h = chosen - rejected``.

    The arguments are log-ratios of a policy and its reference, as `log_ratio` gives them. The loss is written as a
    softplus: as ``-log(1 / (1 + exp(-beta h)))`` it is inf in float32 from ``beta h = -89`` on.

    With labels that follow a Bradley-Terry model of probabilities p, its population optimum is ``reference p^(1 /
    beta)``, normalised, where p is normalised over the answers: no beta gives p back unless the reference is uniform
    and beta is 1. Where one answer is always preferred there is no optimum, and its probability goes to 1.

    Parameters
    ----------
    chosen : array_like (...)
        Log-ratio ``log policy - log reference`` of the preferred answer of each pair.
    rejected : array_like, broadcast to (...)
        That of the other answer.
    beta : float > 0
        0.1 to 0.5 is usual. With 0 the loss is log 2 whatever the policy: refused.
    label_smoothing : float from 0 to 0.5
        The share of labels that are taken to be the wrong way round; only in the stable form.
    form : {"stable", "naive"}
    reduction : {"mean", "sum", "none"}
        "mean" divides by the number of pairs or, with weights, by their sum.
    weight : array_like of numbers >= 0, broadcast to (...), optional
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``-beta sigmoid(-beta h)`` in `chosen`, minus that in `rejected`. ``sigmoid(-beta h)``, by which DPO weighs a pair,
    is 0 in float16 from ``beta h = 17.4`` on, in float32 from 104.

    Special values
    --------------
    NaN gives NaN, as do two log-ratios of the same infinity.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested, with ``s = beta (abs(chosen) + abs(rejected))``: the
    loss within ``4 + 4 s`` epsilon, the gradient within ``4 + 4 s`` epsilon; with smoothing both of the larger of their
    two terms; while they are normal numbers.

    References
    ----------
    R. Rafailov et al., Direct Preference Optimization: Your Language Model is Secretly a Reward Model, 2023,
    arXiv:2305.18290.

    Examples
    --------
    >>> import numpy as np
    >>> f"{dpo(1.0, -0.5):.6f}"
    '0.620957'
    >>> [f"{dpo(np.float32(17.5), 0, beta=1, form=form):.4g}" for form in ("naive", "stable")]
    ['0', '2.511e-08']
    """
    beta, wrong = above(0, "beta", beta), check_number("label_smoothing", label_smoothing, 0.0, 0.5)
    if wrong > 0:
        kernels, parameters = {"stable": dpo_smoothed_entry}, (beta, wrong)
    else:
        kernels, parameters = {"naive": dpo_entry_naive, "stable": dpo_entry}, (beta,)
    return loss_of_pairs(kernels, chosen, {"rejected": rejected}, *parameters, form=form, reduction=reduction,
                         weight=weight, format=format)


@loss
def offset_dpo(chosen, rejected, offset, *, beta=0.1, form="stable", reduction="mean", weight=None, format=None):
    """DPO with an offset: ``-log sigmoid(beta h - offset)``, the more the better the chosen answer was rated.

    Parameters
    ----------
    chosen : array_like (...)
    rejected, offset : array_like, broadcast to (...)
        `preference_offset` makes an offset of two ratings.
    beta, form, reduction, weight, format
        As in `dpo`. (The authors' code drops label smoothing where there are offsets, so there is none here.)

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``-beta sigmoid(offset - beta h)`` in `chosen`, minus that in `rejected`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    As `dpo`, with ``s = beta (abs(chosen) + abs(rejected)) + abs(offset)``: the loss within ``4 + 4 s`` epsilon, the
    gradient within ``4 + 4 s`` epsilon.

    References
    ----------
    A. Amini, T. Vieira, R. Cotterell, Direct Preference Optimization with an Offset, 2024, arXiv:2402.10571.

    Examples
    --------
    >>> f"{offset_dpo(1.0, -0.5, preference_offset(4.0, 2.0)):.6f}"
    '1.001152'
    """
    kernels = {"naive": offset_dpo_entry_naive, "stable": offset_dpo_entry}
    return loss_of_pairs(kernels, chosen, {"rejected": rejected, "offset": offset}, above(0, "beta", beta), form=form,
                         reduction=reduction, weight=weight, format=format)


def preference_offset(chosen_score, rejected_score, *, alpha=1.0, of="difference"):
    """The offset of a pair from the ratings of its answers: ``alpha log(chosen - rejected)``, or of their ratio.

    Parameters
    ----------
    chosen_score, rejected_score : float
        The first above the second; for the ratio both above 0.
    alpha : float >= 0
    of : {"difference", "ratio"}
        The offset of a difference below 1 is below 0: such a pair asks for less than no margin at all.

    Returns
    -------
    float

    References
    ----------
    A. Amini, T. Vieira, R. Cotterell, Direct Preference Optimization with an Offset, 2024, arXiv:2402.10571.

    Examples
    --------
    >>> round(preference_offset(9.0, 1.0), 4), round(preference_offset(9.0, 1.0, of="ratio"), 4)
    (2.0794, 2.1972)
    """
    alpha, ratio = check_finite("alpha", alpha, 0), check_choice("of", of, ("difference", "ratio"))
    low = check_finite("rejected_score", rejected_score, *((0,) if ratio else ()), above=bool(ratio))
    high = check_finite("chosen_score", chosen_score, low, above=True)
    return float(offset_of_scores(high / low if ratio else high - low, alpha))

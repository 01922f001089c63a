"""Losses of log-probabilities without a ratio: contrastive preference learning, and fine-tuning by a preference."""
from toolkit._core.arguments import check_finite, check_number
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import above, loss
from toolkit.preferences._pairs import loss_of_pairs, pushed_up, pushed_up_naive

__all__ = ["cpl", "poft"]
KERNELS = ["cpl_entry", "cpl_entry_naive", "poft_entry", "poft_entry_naive"]


@kernel
def cpl_entry(x, target, alpha, bias):
    """``-log sigmoid(alpha x - bias alpha t)``, and its slope in x; that in t is -bias times as much."""
    value, slope = pushed_up(alpha * x - alpha * (bias * target[0]))
    return value, alpha * slope


@kernel
def cpl_entry_naive(x, target, alpha, bias):
    value, slope = pushed_up_naive(alpha * x - alpha * (bias * target[0]))
    return value, alpha * slope


@kernel
def poft_entry(x, target, beta, margin):
    """``-log sigmoid(beta (x - t) + margin)``."""
    value, slope = pushed_up(beta * (x - target[0]) + margin)
    return value, beta * slope


@kernel
def poft_entry_naive(x, target, beta, margin):
    """As it was released: inf at a score of -110 in float32."""
    value, slope = pushed_up_naive(beta * (x - target[0]) + margin)
    return value, beta * slope


@loss
def cpl(chosen, rejected, *, alpha=0.1, bias=0.5, form="stable", reduction="mean", weight=None, format=None):
    """Contrastive preference learning: ``-log sigmoid(alpha chosen - bias alpha rejected)``.

    The arguments are log-probabilities of segments, sums over steps that may be discounted (`log_ratio` without a
    reference). With ``bias = 1`` and no discount it is DPO without a reference and with ``beta = alpha``. A bias below
    1 pushes the rejected segment away less, so that the likelihood of both cannot fall.

    Parameters
    ----------
    chosen : array_like (...)
        Log-probability of the preferred segment; for a deterministic actor the authors' code takes minus the squared
        distance from the action.
    rejected : array_like, broadcast to (...)
    alpha : float > 0
    bias : float from 0 to 1
    form, reduction, weight, format
        As in `dpo`. The mean is over all pairs: over those of a loss other than 0, as one way of ranking has it,
        a pair that saturates makes the others heavier.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``-alpha sigmoid(-s)`` in `chosen`, with s the score in the brackets; minus bias times that in `rejected`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    As `dpo`, with ``s = alpha (abs(chosen) + bias abs(rejected))``: the loss within ``4 + 4 s`` epsilon, the gradient
    within ``4 + 4 s`` epsilon.

    References
    ----------
    J. Hejna et al., Contrastive Preference Learning: Learning from Human Feedback without RL, 2023, arXiv:2310.13639.

    Examples
    --------
    >>> f"{cpl(-10.0, -12.0):.6f}"
    '0.913015'
    """
    return loss_of_pairs({"naive": cpl_entry_naive, "stable": cpl_entry}, chosen, {"rejected": rejected},
                         above(0, "alpha", alpha), check_number("bias", bias, 0.0, 1.0), form=form,
                         reduction=reduction, weight=weight, format=format)


@loss
def poft(logprobs, baseline, *, beta=1.0, margin=0.0, form="stable", reduction="mean", weight=None, format=None):
    """Preference-oriented supervised fine-tuning: ``-log sigmoid(beta (logprob - baseline) + margin)``.

    An example is learned as a preference over what other models say of it: those that they find likely and this one
    does not weigh most. A constant baseline keeps the optimum of plain fine-tuning if each question has one answer; of
    several answers the policy becomes more even than the data.

    Parameters
    ----------
    logprobs : array_like (...)
        Mean log-probability of the tokens of each answer under the policy.
    baseline : array_like, broadcast to (...)
        The same under other models, averaged over these.
    beta : float > 0
    margin : float
    form : {"stable", "naive"}
        "naive" is the released ``-log(sigmoid(x))``, which in float32 is inf at a score of -110.
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logprobs`.

    Gradient
    --------
    ``-beta sigmoid(-s)`` with the score s in the brackets: that of plain fine-tuning times a weight of the example.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    As `dpo`, with ``s = beta (abs(logprob) + abs(baseline)) + abs(margin)``: the loss within ``4 + 4 s`` epsilon, the
    gradient within ``4 + 4 s`` epsilon.

    References
    ----------
    Y. Fan et al., Preference-Oriented Supervised Fine-Tuning: Favoring Target Model Over Aligned Large Language Models,
    2024, arXiv:2412.12865.

    Examples
    --------
    >>> import numpy as np
    >>> [f"{poft(np.float32(-80), 0, form=form):.6g}" for form in ("naive", "stable")]
    ['80', '80']
    >>> float(poft(np.float32(-110), 0))
    110.0
    """
    return loss_of_pairs({"naive": poft_entry_naive, "stable": poft_entry}, logprobs, {"baseline": baseline},
                         above(0, "beta", beta), check_finite("margin", margin), name="logprobs", form=form,
                         reduction=reduction, weight=weight, format=format)

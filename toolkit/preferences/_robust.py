"""Two losses whose policy does not drift: that of a policy that is revised, and an explicit anchor at the reference."""
import numpy as np

from toolkit._core.arguments import check_number
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.losses._evaluate import above, at_least, loss
from toolkit.preferences._pairs import loss_of_pairs, pushed_up, pushed_up_naive

__all__ = ["expo", "srpo"]
KERNELS = ["expo_entry", "expo_entry_naive", "srpo_entry", "srpo_residuals"]


@kernel
def srpo_residuals(chosen, rejected, revised, beta, prefer):
    """What is missing of three identities, all 0 at the solution: of the policy, and twice of its reviser.

    `revised` are the log-ratios of the reviser: of the chosen answer after the rejected one, of the rejected after the
    chosen, and of each after itself, the rejected first; `prefer` is the probability of the preference less 1/2.
    """
    ahead, back, low, high = revised
    policy = prefer - 0.5 * beta * ((ahead - back) + (chosen - rejected))
    return policy, prefer - beta * (ahead - low), prefer - beta * (high - back)


@kernel
def srpo_entry(x, target, beta, share):
    """``(1 - c) policy^2 + c (reviser^2 + reviser'^2) / 2``, and its slope in the policy's log-ratio x."""
    beside = target[1], target[2], target[3], target[4]
    policy, first, second = srpo_residuals(x, target[0], beside, beta, target[5])
    rest = 1 - share
    return (rest * (policy * policy) + share * (0.5 * (first * first + second * second)),
            0 - rest * (beta * policy))


@kernel
def expo_entry(x, target, anchor):
    """``-log sigmoid(x - t) + anchor D``: the preference, without a reference, and a divergence beside it."""
    value, slope = pushed_up(x - target[0])
    return value + anchor * target[1], slope


@kernel
def expo_entry_naive(x, target, anchor):
    value, slope = pushed_up_naive(x - target[0])
    return value + anchor * target[1], slope


@loss
def srpo(chosen, rejected, revised, *, preference=1.0, beta=0.1, share=0.5, reduction="mean", weight=None, format=None):
    """Self-improving robust preference optimisation: squares of what is missing of three identities.

    A policy writes an answer, a reviser improves it; the policy is trained for the answer that a reviser can improve
    least. (The min-max problem as two summaries state it; its solution and these residuals are derived here, no code is
    public.) All residuals are 0 at the solution, so that it does not matter which answers were sampled how often. They
    are linear in the log-ratios: nothing saturates.

    Parameters
    ----------
    chosen, rejected : array_like (...)
        Log-ratios of the policy and the reference.
    revised : sequence of four array_like, broadcast to (...)
        Log-ratios of the reviser: of the chosen answer given the rejected one, of the rejected given the chosen, of the
        rejected given itself, of the chosen given itself.
    preference : array_like of numbers from 0 to 1, broadcast to (...)
        How likely the chosen answer is preferred; 1 is a hard label.
    beta : float > 0
    share : float from 0 to 1
        How much the reviser counts.
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``-(1 - share) beta residual`` in `chosen`, minus that in `rejected`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested: the loss within 16 epsilon of the square of ``1 + beta sum
    abs(log-ratio)``, the gradient within 8 epsilon of beta times that sum.

    References
    ----------
    E. Choi, A. Ahmadian, M. Geist, O. Pietquin, M. G. Azar, Self-Improving Robust Preference Optimization, 2024,
    arXiv:2406.01660.

    Examples
    --------
    >>> round(float(srpo(1.0, -0.5, (0.8, -0.4, 0.0, 0.0), share=0.0)), 6)
    0.133225
    """
    if not isinstance(revised, (tuple, list, np.ndarray)) or len(revised) != 4:
        raise ValueError("revised is no sequence of four; allowed: log-ratios of the chosen answer given the rejected"
                         " one, of the rejected given the chosen, of the rejected and of the chosen given itself")
    names = ("revised[0]", "revised[1]", "revised[2]", "revised[3]")
    liked = real_array(preference, "preference").astype(np.float64)
    if not ((liked >= 0) & (liked <= 1)).all():
        raise ValueError("preference has an entry outside of 0 to 1; allowed: numbers from 0 to 1")
    beside = {"rejected": rejected, **dict(zip(names, revised, strict=True)), "preference": liked - 0.5}
    return loss_of_pairs({"stable": srpo_entry}, chosen, beside, above(0, "beta", beta),
                         check_number("share", share, 0.0, 1.0), form="stable", reduction=reduction, weight=weight,
                         format=format)


@loss
def expo(chosen, rejected, divergence=0.0, *, anchor=0.1, form="stable", reduction="mean", weight=None, format=None):
    """Explicit preference optimisation: ``-log sigmoid(chosen - rejected) + anchor KL(reference, policy)``.

    A preference without a reference, and an explicit anchor at it. With a small anchor the optimum is the policy p of
    the Bradley-Terry model, with a large one the reference; if the reference is p, both terms agree and it stays, which
    it does not with DPO or IPO.

    Parameters
    ----------
    chosen : array_like (...)
        Log-probability of the preferred answer of each pair under the policy; not a ratio.
    rejected : array_like, broadcast to (...)
    divergence : array_like, broadcast to (...)
        KL(reference, policy) for the question, from `anchor_divergence` or an estimate. (The authors' toy code takes a
        mean over the K answers instead of their sum: there an anchor is K times as large.)
    anchor : float >= 0
    form : {"stable", "naive"}
    reduction, weight, format
        As in `dpo`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `chosen`.

    Gradient
    --------
    ``-sigmoid(rejected - chosen)`` in `chosen`, minus that in `rejected`; that of the divergence is of
    `anchor_divergence`.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    As `dpo`, with ``s = abs(chosen) + abs(rejected)``: the loss within ``4 + 4 s`` epsilon, the gradient within ``4 +
    4 s`` epsilon.

    References
    ----------
    X. Hu, T. He, D. Wipf, New Desiderata for Direct Preference Optimization, 2024, arXiv:2407.09072, and Explicit
    Preference Optimization, 2025, arXiv:2506.07492.

    Examples
    --------
    >>> f"{expo(-10.0, -12.0):.6f}"
    '0.126928'
    """
    return loss_of_pairs({"naive": expo_entry_naive, "stable": expo_entry}, chosen,
                         {"rejected": rejected, "divergence": divergence}, at_least(0, "anchor", anchor), form=form,
                         reduction=reduction, weight=weight, format=format)

"""Where each loss ends if every preference is known: the policy over a few answers of least expected loss."""
import numpy as np

from toolkit._core.arguments import check_choice, check_number
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log
from toolkit.losses._evaluate import above
from toolkit.preferences._expected import (
    DPO,
    EXPO,
    IPO,
    LOSSES,
    PRE_DPO,
    SRPO,
    distribution,
    population_gradient,
    population_loss,
)
from toolkit.softmax.kernels import log_softmax_stable

__all__ = ["population_optimum"]
KERNELS = ["population_optimum_row"]

_STEPS, _HALVINGS = 80, 40


@kernel
def solve(matrix, right, n):
    """Overwrite `right` with the solution of a system of positive definite matrix, which is used up."""
    for k in range(n):
        for i in range(k + 1, n):
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k, n):
                matrix[i, j] -= factor * matrix[k, j]
            right[i] -= factor * right[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]


@kernel
def newton_row(of, reference, preferences, strength, wrong, work, out):
    """Fill `out` with the log-probabilities of the policy of least expected loss, by damped steps of Newton."""
    n = reference.size
    matrix, rest = work[:n * n].reshape((n, n)), work[n * n:]
    z, grad, logs, step = rest[:n], rest[n:2 * n], rest[2 * n:3 * n], rest[3 * n:4 * n]
    tried = rest[4 * n:5 * n]
    scale = 1.0 if of == EXPO or of == IPO else strength
    for i in range(n):
        z[i] = reference[i]
    value = population_loss(of, z, reference, preferences, strength, wrong, logs)
    for _ in range(_STEPS):
        population_gradient(of, z, reference, preferences, strength, wrong, logs, grad, matrix)
        largest = 0.0
        for i in range(n):
            largest = max(largest, matrix[i, i])
        for i in range(n):  # the same for all logits changes nothing: a ridge, and steps that sum to 0
            step[i] = -grad[i]
            for j in range(n):
                matrix[i, j] += largest / n
            matrix[i, i] += 1e-12 * largest + 1e-280
        solve(matrix, step, n)
        longest = 0.0
        for i in range(n):
            longest = max(longest, abs(step[i]))
        if not longest > 1e-14:
            break
        part = min(1.0, 3.0 / (scale * longest)) if of != IPO else 1.0
        for _ in range(_HALVINGS):
            for i in range(n):
                tried[i] = z[i] + part * step[i]
            now = population_loss(of, tried, reference, preferences, strength, wrong, logs)
            if now <= value + 1e-15 * abs(value):
                break
            part *= 0.5
        if not now <= value + 1e-15 * abs(value):
            break
        value = now
        for i in range(n):
            z[i] = tried[i]
    log_softmax_stable(z, out)


@kernel
def srpo_optimum_row(reference, preferences, beta, work, out):
    """``pi(y) ~ reference(y) e^{-V(y) / beta}``, ``V(y) / beta = log sum_x reference(x) e^{P[x, y] / beta}``."""
    n = reference.size
    for y in range(n):
        top = -np.inf
        for x in range(n):
            top = max(top, reference[x] + preferences[x, y] / beta)
        total = 0.0
        for x in range(n):
            total += exp(reference[x] + preferences[x, y] / beta - top)
        work[y] = reference[y] - (top + log(total))
    log_softmax_stable(work[:n], out)
    for y in range(n):
        out[y] = exp(out[y])


@kernel
def population_optimum_row(of, reference, preferences, strength, wrong, work, out):
    """Fill `out` with the probabilities of the policy at which the loss number `of` of the list ends.

    `work` has ``K (K + 6)`` numbers. Where there is no least loss, since one answer is always preferred, it is the
    policy after 80 steps. All of `reference`, log-probabilities, must be finite.
    """
    n = reference.size
    if of == SRPO:
        srpo_optimum_row(reference, preferences, strength, work, out)
        return
    guide = work[n * (n + 5):n * (n + 6)]
    for i in range(n):
        guide[i] = reference[i]
    if of == PRE_DPO:
        newton_row(DPO, reference, preferences, strength, wrong, work, guide)
    newton_row(of, guide, preferences, strength, wrong, work, out)
    for i in range(n):
        out[i] = exp(out[i])


def checked_population(preferences, reference, strength, wrong):
    """The arguments that the public functions share, the reference normalised."""
    reference = distribution(reference, "reference")
    liked, n = real_array(preferences, "preferences").astype(np.float64), len(reference)
    if liked.shape != (n, n) or not ((liked >= 0) & (liked <= 1)).all():
        raise ValueError(f"preferences of shape {liked.shape} are not a table of numbers from 0 to 1; allowed: "
                         f"({n}, {n}), as the reference has {n} answers")
    return (reference, np.ascontiguousarray(liked), above(0, "strength", strength),
            check_number("wrong", wrong, 1e-12, 0.5))


def population_optimum(preferences, reference, *, loss="dpo", strength=0.1, wrong=1e-3):
    """The policy at which a loss of pairs ends if all preferences of a few answers are known.

    Every pair of answers is as frequent as every other, and is labelled as the preferences say. The policy is a softmax
    of free logits, and what is least is found by steps of Newton; for SRPO in closed form.

    Parameters
    ----------
    preferences : array_like (K, K)
        How often answer i is preferred to answer j, from 0 to 1, as `bradley_terry` gives it.
    reference : array_like (K,)
        Positive numbers: the reference policy, which is normalised.
    loss : {"dpo", "ipo", "exo", "expo", "srpo", "smoothed", "pre_dpo"}
        "smoothed" is DPO with smoothed labels; "pre_dpo" is DPO whose reference is the policy at which DPO ends
        (Pre-DPO): with Bradley-Terry preferences that of DPO with half the beta.
    strength : float > 0
        beta of DPO, EXO and SRPO, tau of IPO, the anchor of EXPO.
    wrong : float between 0 and 0.5
        epsilon of EXO, and the smoothing.

    Returns
    -------
    (K,) float64

    Special values
    --------------
    Where an answer is always preferred, DPO has no optimum; what is returned has gone nearly all the way to it.

    Accuracy
    --------
    Probabilities within 1e-9 of those of another solver for strengths from 0.05 to 10, tested.

    References
    ----------
    X. Hu, T. He, D. Wipf, New Desiderata for Direct Preference Optimization, 2024, arXiv:2407.09072.

    Examples
    --------
    >>> from toolkit.preferences import bradley_terry
    >>> best = [0.6, 0.3, 0.1]
    >>> for loss in ("dpo", "ipo", "expo"):
    ...     print(loss, population_optimum(bradley_terry(best), best, loss=loss, strength=1.0).round(3))
    dpo [0.783 0.196 0.022]
    ipo [0.647 0.279 0.074]
    expo [0.6 0.3 0.1]
    """
    of = check_choice("loss", loss, LOSSES)
    reference, liked, strength, wrong = checked_population(preferences, reference, strength, wrong)
    n = len(reference)
    out, work = np.empty(n), np.empty(n * (n + 6))
    population_optimum_row(of, np.log(reference), liked, strength, wrong, work, out)
    return out

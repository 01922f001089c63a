"""Full-Step-DPO: each step of an answer is pushed by as much as its reward says."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.arrays import map_rows, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import times_exactly
from toolkit.elementary import sigmoid
from toolkit.losses._evaluate import above
from toolkit.softmax.kernels import softmax_three_pass_reload, top_class

__all__ = ["FullStepLoss", "full_step_dpo", "step_weights"]
KERNELS = ["full_step_dpo_row", "step_weights_row", "step_weights_vjp_row"]


class FullStepLoss(NamedTuple):
    """What `full_step_dpo` returns.

    Attributes
    ----------
    value : numpy.ndarray (...)
        The surrogate, whose height says nothing.
    chosen, rejected : numpy.ndarray (..., steps)
        Its gradient in the log-probabilities of the steps, weights held fixed.
    """

    value: np.ndarray
    chosen: np.ndarray
    rejected: np.ndarray


@kernel
def step_weights_row(rewards, sharpness, out):
    """n softmax(sharpness rewards) over the n steps that are there; below 0 the worst steps count most."""
    top, count = rewards[top_class(rewards)], 0
    for t in range(rewards.size):
        out[t] = rewards[t]
        if rewards[t] != -np.inf:
            out[t] = sharpness * (rewards[t] - top)
            count += 1
    softmax_three_pass_reload(out, out)
    for t in range(rewards.size):
        out[t] = times_exactly(out[t], count)


@kernel
def step_weights_vjp_row(rewards, g, sharpness, out):
    """``sharpness u_t (g_t - sum_s u_s g_s / n)``."""
    step_weights_row(rewards, sharpness, out)
    mean, mass = 0.0, 0.0
    for t in range(rewards.size):
        mean += out[t] * g[t]
        mass += out[t]
    mean = mean / mass
    for t in range(rewards.size):
        out[t] = sharpness * (out[t] * (g[t] - mean))


@kernel
def push_of(side, logprobs, reference, rewards, sharpness, rate, weight, push):
    """Fill the push on each step, `side` 1 for the chosen answer and -1 for the rejected one; returns their part."""
    step_weights_row(rewards, side * sharpness, push)
    total = 0.0
    for t in range(logprobs.size):
        share = push[t] / logprobs.size
        push[t] = 0.0 - side * weight * share * sigmoid(-side * rate * (logprobs[t] - reference[t]))
        total += push[t] * logprobs[t]
    return total


@kernel
def full_step_dpo_row(w, rw, reward_w, l, rl, reward_l, beta, sharpness, rate, push_w, push_l):
    """The surrogate of a pair; the pushes are its gradient in the log-probabilities of the steps."""
    margin = 0.0
    for t in range(w.size):
        margin += w[t] - rw[t]
    for t in range(l.size):
        margin -= l[t] - rl[t]
    weight = sigmoid(-beta * margin)
    return (push_of(1.0, w, rw, reward_w, sharpness, rate, weight, push_w)
            + push_of(-1.0, l, rl, reward_l, sharpness, rate, weight, push_l))


@kernel
def full_step_rows(w, rw, reward_w, l, rl, reward_l, numbers, values, push_w, push_l):
    for i in range(values.size):
        values[i] = full_step_dpo_row(w[i], rw[i], reward_w[i], l[i], rl[i], reward_l[i], numbers[0], numbers[1],
                                      numbers[2], push_w[i], push_l[i])


def step_weights(rewards, *, sharpness=0.5, axis=-1, where=None, format=None):
    """How much each of n steps counts: ``n softmax(sharpness rewards)``, n in sum.

    In a chosen answer the best steps are to be learned most, in a rejected one, with a sharpness below 0, the worst are
    to be unlearned most. The published code takes a reward of exactly 0 for a step that is not there; here `where` says
    which are.

    Parameters
    ----------
    rewards : array_like (..., n)
    sharpness : float
        0.5 for a chosen answer, -0.5 for a rejected one.
    axis : int, tuple of ints or None
    where : array_like of booleans, optional
        True keeps.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    (..., n)

    Gradient
    --------
    ``sharpness u_t (g_t - sum_s u_s g_s / n)`` for weights u and g from above.

    Special values
    --------------
    A reward of -inf is masked. NaN or +inf gives NaN.

    Accuracy
    --------
    float32 and float64, tested: each within ``16 + 4 abs(sharpness) gap`` epsilon, gap the largest reward less the
    smallest.

    References
    ----------
    H. Xu, X. Mao, F.-L. Li, X. Wu, W. Chen, W. Zhang, A. T. Luu, Full-Step-DPO: Self-Supervised Preference Optimization
    with Step-wise Rewards for Mathematical Reasoning, 2025, arXiv:2502.14356.

    Examples
    --------
    >>> step_weights([2.0, 0.0, -2.0]).round(3)
    array([1.996, 0.734, 0.27 ])
    """
    return map_rows(step_weights_row, {"rewards": rewards}, check_finite("sharpness", sharpness), axis=axis,
                    where=where, format=format)


def step_weights_pull(at, g, *, sharpness=0.5, axis=-1, where=None):
    return map_rows(step_weights_vjp_row, {"at": at, "g": g}, float(sharpness), axis=axis, where=where,
                    fills=(-np.inf, 0.0))


def full_step_dpo(chosen, chosen_reference, chosen_rewards, rejected, rejected_reference, rejected_rewards, *,
                  beta=0.05, sharpness=0.5, rate=1.0):
    """Full-Step-DPO: DPO's push on a pair, dealt out to its steps by their rewards.

    ``-w (sum_t u_t c_t log pi(chosen_t) - sum_t v_t d_t log pi(rejected_t))`` with the weights held fixed: w that of
    the pair in DPO, u and v those of the steps over their number (`step_weights`), and ``c = sigmoid(-rate a)``, ``d =
    sigmoid(rate a)`` of the step's own log-ratio a, which let a step rest that has moved. This is what the published
    code does with a loss that is only made for its gradient.

    Parameters
    ----------
    chosen, chosen_reference, chosen_rewards : array_like (..., n)
        Of each step of the preferred answers: log-probability under the policy and the reference, and its reward.
    rejected, rejected_reference, rejected_rewards : array_like (..., m)
    beta : float > 0
    sharpness : float >= 0
    rate : float >= 0

    Returns
    -------
    FullStepLoss of float64 arrays

    Special values
    --------------
    NaN gives NaN.

    References
    ----------
    H. Xu, X. Mao, F.-L. Li, X. Wu, W. Chen, W. Zhang, A. T. Luu, Full-Step-DPO: Self-Supervised Preference Optimization
    with Step-wise Rewards for Mathematical Reasoning, 2025, arXiv:2502.14356.

    Examples
    --------
    >>> found = full_step_dpo([-1.0, -2.0], [-1.0, -2.0], [1.0, -1.0], [-1.5], [-1.5], [-1.0])
    >>> found.chosen.round(4), found.rejected.round(4)
    (array([-0.1828, -0.0672]), array([0.25]))
    """
    numbers = (above(0, "beta", beta), check_finite("sharpness", sharpness, 0), check_finite("rate", rate, 0))
    sides = []
    for names in ({"chosen": chosen, "chosen_reference": chosen_reference, "chosen_rewards": chosen_rewards},
                  {"rejected": rejected, "rejected_reference": rejected_reference,
                   "rejected_rewards": rejected_rewards}):
        given = [np.atleast_1d(real_array(x, name)).astype(np.float64) for name, x in names.items()]
        first, name = given[0], next(iter(names))
        if first.shape[-1] == 0:
            raise ValueError(f"{name} has shape {first.shape}: no step; allowed: at least 1")
        for each, label in zip(given[1:], list(names)[1:], strict=True):
            if each.shape != first.shape:
                raise ValueError(f"{label} has shape {each.shape}; allowed: {first.shape}, that of {name}")
        sides.append(given)
    batch = sides[0][0].shape[:-1]
    if sides[1][0].shape[:-1] != batch:
        raise ValueError(f"rejected has shape {sides[1][0].shape}; allowed: {batch} and a number of steps")
    rows = [each.reshape(-1, each.shape[-1]) for side in sides for each in side]
    values, push_w, push_l = np.empty(len(rows[0])), np.empty_like(rows[0]), np.empty_like(rows[3])
    full_step_rows(*rows, numbers, values, push_w, push_l)
    return FullStepLoss(values.reshape(batch)[()], push_w.reshape(sides[0][0].shape),
                        push_l.reshape(sides[1][0].shape))

"""MECO: steps down the likelihood of a model without its sum, with a running mean u in the place of Z."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number, chosen
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, log1p, softplus
from toolkit.softmax.kernels import logmeanexp_row
from toolkit.unnormalized._gradients import add_mean_slope, log_weights_of
from toolkit.unnormalized._models import model_of, rows_of

__all__ = ["meco_step"]
KERNELS = ["meco_step_naive", "meco_step_of"]


@kernel
def move_by_ratios(logit, theta, memory, data, noise, ratios, beta, rate, slope):
    """Mix the gradient under these ratios w / u into v, and move theta by v."""
    v = memory[1:]
    for p in range(theta.size):
        v[p] *= 1.0 - beta
    add_mean_slope(logit, theta, data, -beta, slope, v)
    for i in range(noise.shape[0]):
        logit(theta, noise[i], slope)
        for p in range(theta.size):
            v[p] += beta / noise.shape[0] * ratios[i] * slope[p]
    for p in range(theta.size):
        theta[p] -= rate * v[p]


@kernel
def meco_step_of(logit, theta, memory, data, noise, log_q, gamma, beta, rate, weights, slope):
    """A step; `memory` holds log u, -inf before the first step, and then v. The first step takes u and v as they come.
    """
    log_weights_of(logit, theta, noise, log_q, slope, weights)
    log_z, first = logmeanexp_row(weights), memory[0] == -np.inf
    if first or gamma == 1.0:
        memory[0] = log_z
    else:
        kept = log1p(-gamma) + memory[0]
        memory[0] = kept + softplus(log(gamma) + log_z - kept)  # log-add-exp
    for i in range(weights.size):
        weights[i] = exp(weights[i] - memory[0])
    move_by_ratios(logit, theta, memory, data, noise, weights, 1.0 if first else beta, rate, slope)


@kernel
def meco_step_naive(logit, theta, memory, data, noise, log_q, gamma, beta, rate, weights, slope):
    """The same with u and w themselves, and u = 0 before the first step: `memory` holds u and v."""
    log_weights_of(logit, theta, noise, log_q, slope, weights)
    total = 0.0
    for i in range(weights.size):
        weights[i] = exp(weights[i])
        total += weights[i]
    memory[0] = (1.0 - gamma) * memory[0] + gamma * (total / weights.size)
    for i in range(weights.size):
        weights[i] /= memory[0]
    move_by_ratios(logit, theta, memory, data, noise, weights, beta, rate, slope)


STEPS = {"stable": meco_step_of, "naive": meco_step_naive}


def memory_for(memory, theta, form):
    """(log u, v), or (u, v) of the naive form: what was given, checked, or that before the first step."""
    if memory is None:
        return np.concatenate([[-np.inf if form == "stable" else 0.0], np.zeros_like(theta)])
    memory = np.array(real_array(memory, "memory"), np.float64)
    if memory.shape != (theta.size + 1,):
        raise ValueError(f"memory has shape {memory.shape}; allowed: {(theta.size + 1,)}, one more than theta has")
    return memory


def log_densities(log_q, rows, name="log_q"):
    """A logarithm of q for each of so many rows."""
    log_q = real_array(log_q, name)
    try:
        return behaved(np.broadcast_to(log_q, (rows,)), np.float64)
    except ValueError:
        raise ValueError(f"{name} has shape {log_q.shape}; allowed: a number for each of {rows} samples") from None


def meco_step(theta, data, noise, log_q, *, memory=None, model="normal", gamma=0.1, beta=0.1, rate=0.05,
              form="stable"):
    """One step of MECO, maximum likelihood by the compositional objective ``F = -mean s + log E_q exp(s - log q)``.

    F has the gradient ``-mean_data s' + mean_q(w s') / Z``. Its Z is not known, and that of a small batch of noise is
    biased inside of a logarithm, so a running mean u of the batches' estimates stands for it:
    ``u <- (1 - gamma) u + gamma mean w``, ``v <- (1 - beta) v + beta (-mean_data s' + mean_q(w s') / u)``,
    ``theta <- theta - rate v``. Here u is kept as log u, mixed by log-add-exp, and ``w / u`` is
    ``exp(log w - log u)``: w itself may overflow, or vanish.

    Parameters
    ----------
    theta : array_like (P,)
    data, noise : array_like (N, d) and (M, d), or one number for each sample
        A batch of data, and draws of the noise q.
    log_q : array_like (M,)
        Of the noise, or one number for all of it.
    memory : array_like (P + 1,), optional
        What the step before returned: log u, then v; None before the first step, which takes u and v as its batch has
        them. With u = 0 in its place its first gradient would be 1 / gamma times too large.
    model
        As of `unnormalized_logits`.
    gamma, beta : float from 0 to 1, above 0
        How much of the new estimate u and v take; 1 forgets the past.
    rate : float >= 0
    form : {"stable", "naive"}
        "naive" keeps u, beginning at 0, and w themselves: NaN once all weights vanish.

    Returns
    -------
    theta, memory : (P,) and (P + 1,) float64

    Special values
    --------------
    NaN or an infinity in an argument gives NaN.

    Accuracy
    --------
    Tested against the same step in 50 digits, to 1e-13.

    References
    ----------
    Jiang et al., Learning Unnormalized Statistical Models via Compositional Optimization, 2023, arXiv:2306.07485. The
    order of the updates is taken from a transcription, the formulas are derived; the paper's v has its variance reduced
    besides, which is left out here.

    Examples
    --------
    >>> theta, memory = meco_step([0.0], [2.0, 4.0], [1.0, 3.0], -2.0, model="normal_mean", rate=1.0)
    >>> theta.round(3), memory.round(3)
    (array([1.964]), array([ 0.825, -1.964]))
    """
    data, noise = rows_of(data, "data"), rows_of(noise, "noise")
    if data.shape[1] != noise.shape[1]:
        raise ValueError(f"noise has {noise.shape[1]} numbers in a row; allowed: {data.shape[1]}, as data has")
    logit, theta = model_of(model, theta, data.shape[1])
    log_q, step = log_densities(log_q, len(noise)), chosen("form", form, STEPS)
    gamma, beta = share("gamma", gamma), share("beta", beta)
    memory, rate = memory_for(memory, theta, form), check_finite("rate", rate, 0.0)
    with np.errstate(all="ignore"):
        step(logit, theta, memory, data, noise, log_q, gamma, beta, rate, np.empty(len(noise)), np.empty_like(theta))
    return theta, memory


def share(name, value):
    """A number from 0, which it may not be, to 1."""
    value = check_number(name, value, 0.0, 1.0)
    if value == 0.0:
        raise ValueError(f"{name} is 0; allowed: a number above 0, to 1")
    return value

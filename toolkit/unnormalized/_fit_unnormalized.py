"""Fit a model without its sum to data: by likelihood, by telling data from noise, or by MECO."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole, chosen
from toolkit._core.kernel import kernel
from toolkit._core.random import below, seeded
from toolkit.unnormalized._gradients import contrastive_gradient, likelihood_gradient
from toolkit.unnormalized._meco import log_densities, meco_step_of, share
from toolkit.unnormalized._models import model_of, rows_of

__all__ = ["UnnormalizedFit", "fit_unnormalized"]
KERNELS = ["contrastive_step", "draw_batch", "likelihood_step"]

METHODS = {"mle": 0, "nce": 1, "meco": 2}


@kernel
def likelihood_step(logit, theta, data, noise, log_q, rate, weights, slope, g):
    """A step down the likelihood by all of this noise; returns it."""
    value = likelihood_gradient(logit, theta, data, noise, log_q, weights, slope, g)
    for p in range(theta.size):
        theta[p] -= rate * g[p]
    return value


@kernel
def contrastive_step(logit, theta, log_z, learned, data, log_q_data, noise, log_q, rate, slope, g):
    """A step down the loss of telling data from noise; returns that and the next log_z."""
    value = contrastive_gradient(logit, theta, log_z, data, log_q_data, noise, log_q, slope, g)
    for p in range(theta.size):
        theta[p] -= rate * g[p]
    return value, log_z - rate * g[theta.size] if learned else log_z


@kernel
def draw_batch(rows, logs, random, some, some_logs):
    """Fill `some` with random rows and their logarithms of q."""
    for i in range(some.shape[0]):
        at = below(random, rows.shape[0])
        some_logs[i] = logs[at]
        for j in range(rows.shape[1]):
            some[i, j] = rows[at, j]


@kernel
def run(logit, method, theta, memory, learned, data, log_q_data, noise, log_q, rate, gamma, beta, batches, seed, random,
        some_data, some_logs, some_noise, some_log_q, weights, slope, path, log_z):
    """All steps; `memory` begins as the log_z of NCE, or as log u and v."""
    seeded(random, seed, 1)
    for t in range(path.shape[0]):
        for p in range(theta.size):
            path[t, p] = theta[p]
        log_z[t] = memory[0]
        if t == path.shape[0] - 1:
            break
        if batches:
            draw_batch(data, log_q_data, random, some_data, some_logs)
            draw_batch(noise, log_q, random, some_noise, some_log_q)
        if method == 2:
            meco_step_of(logit, theta, memory, some_data, some_noise, some_log_q, gamma, beta, rate, weights, slope)
        elif method == 1:
            memory[0] = contrastive_step(logit, theta, memory[0], learned, some_data, some_logs, some_noise,
                                         some_log_q, rate, slope, memory[1:])[1]
        else:
            likelihood_step(logit, theta, some_data, some_noise, some_log_q, rate, weights, slope, memory[1:])


class UnnormalizedFit(NamedTuple):
    """What a fit of a model without its sum leaves.

    Attributes
    ----------
    theta : (P,)
    log_z : float
        What stands for the logarithm of the partition function: by NCE the number that was learned, or given; by MECO
        log u; NaN by likelihood, see `log_partition`.
    path : (steps + 1, P)
        theta before the first and after each step.
    log_z_path : (steps + 1,)
    """

    theta: np.ndarray
    log_z: float
    path: np.ndarray
    log_z_path: np.ndarray


def fit_unnormalized(data, noise, log_q, theta, *, log_q_data=0.0, model="normal", method="meco", log_z=None,
                     steps=1000, rate=0.05, batch=64, gamma=0.1, beta=0.1, seed=0):
    """Fit a model ``p(x) = exp(s(x)) / Z`` to data, without Z, with the help of draws of noise of known density.

    - "mle" steps down ``-mean s + log mean_q exp(s - log q)``. With all states or a grid for the noise, and no batches,
      it is maximum likelihood; with few draws it is biased: log Z comes out too low, and theta moves to where no draw
      came.
    - "nce" tells data from noise by the logit ``s - log Z - log q - log nu``; log Z is one more number to learn.
    - "meco" steps down the likelihood with a running mean in the place of Z: see `meco_step`.

    Parameters
    ----------
    data, noise : array_like (N, d) and (M, d), or one number for each sample
    log_q : array_like (M,)
        Logarithm of the density, or probability, of the noise, or one number for all of it.
    theta : array_like (P,)
        Where to begin.
    log_q_data : array_like (N,)
        The same at the data. Only "nce" looks at it.
    model
        As of `unnormalized_logits`.
    method : {"meco", "nce", "mle"}
    log_z : float, optional
        Of "nce": keep it there. By default it is learned, from 0 on.
    steps : int
    rate : float >= 0
    batch : int or None
        Rows of data and draws of noise in a step, drawn anew with replacement; None takes all in each step.
    gamma, beta : float from 0 to 1, above 0
        Of "meco", as in `meco_step`.
    seed : int
        Of the batches.

    Returns
    -------
    UnnormalizedFit

    Special values
    --------------
    Steps that run away leave inf, and then NaN; no error says so.

    Accuracy
    --------
    The same bits on every machine; tested against the same steps by NumPy, to 1e-9.

    References
    ----------
    Gutmann, Hyvärinen, Noise-Contrastive Estimation of Unnormalized Statistical Models, JMLR 13 (2012); Jiang et al.,
    2023, arXiv:2306.07485.

    Examples
    --------
    >>> x = np.linspace(-4.0, 8.0, 481)  # a grid instead of noise: its density is 1 / 12
    >>> found = fit_unnormalized([1.0, 2.0, 3.0], x, -np.log(12.0), [0.0], model="normal_mean", method="mle",
    ...                          batch=None, rate=0.5, steps=60)
    >>> found.theta.round(3)
    array([2.])
    """
    data, noise = rows_of(data, "data"), rows_of(noise, "noise")
    if data.shape[1] != noise.shape[1]:
        raise ValueError(f"noise has {noise.shape[1]} numbers in a row; allowed: {data.shape[1]}, as data has")
    logit, theta = model_of(model, theta, data.shape[1])
    log_q, logs = log_densities(log_q, len(noise)), log_densities(log_q_data, len(data), "log_q_data")
    kind, steps = chosen("method", method, METHODS), check_whole("steps", steps, 0, 10**7)
    start = 0.0 if log_z is None else check_finite("log_z", log_z)
    rate, seed = check_finite("rate", rate, 0.0), check_whole("seed", seed, 0)
    gamma, beta = share("gamma", gamma), share("beta", beta)
    some = data, logs, noise, log_q
    if batch is not None:
        rows = check_whole("batch", batch, 1, 2**20)
        some = tuple(np.empty((rows, *each.shape[1:])) for each in some)
    memory = np.concatenate([[start if method == "nce" else -np.inf if method == "meco" else np.nan],
                             np.zeros(theta.size + (method == "nce"))])
    path, log_z_path = np.empty((steps + 1, theta.size)), np.empty(steps + 1)
    with np.errstate(all="ignore"):
        run(logit, kind, theta, memory, log_z is None, data, logs, noise, log_q, rate, gamma, beta, batch is not None,
            seed, np.zeros(1, np.uint64), *some, np.empty(len(some[2])), np.empty_like(theta), path, log_z_path)
    return UnnormalizedFit(theta, float(memory[0]), path, log_z_path)

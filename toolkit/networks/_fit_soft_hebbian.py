"""A layer that learns without labels and without gradients: epochs of soft Hebbian steps."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_flag, check_whole
from toolkit._core.arrays import behaved, real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, shuffle
from toolkit.elementary.normal import standard_normal
from toolkit.networks._hebbian_bias import hebbian_bias_step
from toolkit.networks._hebbian_competition import check_tau
from toolkit.networks._soft_hebbian import hebbian_inputs, length_of, shares_of, soft_hebbian_step
from toolkit.softmax.kernels import top_class

__all__ = ["SoftHebbian", "fit_soft_hebbian"]
KERNELS = ["fill_hebbian_weights", "soft_hebbian_epoch", "winners"]


@kernel
def fill_hebbian_weights(weights, deviation, random):
    """Normal numbers, row by row, from a generator that has been started."""
    for k in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            weights[k, i] = deviation * standard_normal(random)


@kernel
def soft_hebbian_epoch(compete, weights, bias, inputs, order, batch, tau, rate, power, vanishing, scaled, random, u, y,
                       shares, step):
    """All rows once, in a random order, in batches; the bias learns by the same rate unless it is None."""
    shuffle(order, random)
    for first in range(0, order.size, batch):
        count = min(batch, order.size - first)
        soft_hebbian_step(compete, weights, bias, inputs, order, first, count, tau, rate, power, vanishing, scaled, u,
                          y, shares, step)
        if bias is not None:
            hebbian_bias_step(bias, shares, tau, rate)


@kernel
def winners(weights, bias, inputs, power, u, usage):
    """The share of the samples at which each neuron has the largest input."""
    for k in range(usage.size):
        usage[k] = 0.0
    for n in range(inputs.shape[0]):
        hebbian_inputs(weights, inputs[n], power, u)
        if bias is not None:
            for k in range(u.size):
                u[k] += bias[k]
        usage[top_class(u)] += 1.0 / inputs.shape[0]


@kernel
def fill_norms(weights, power, norms):
    for k in range(norms.size):
        norms[k] = length_of(weights[k], power)


@kernel
def learn(compete, weights, bias, inputs, order, batch, tau, rate, power, vanishing, scaled, deviation, seed, random,
          rows, step, norms):
    """All epochs; `rows` are four rows to work in, the last of which becomes the usage."""
    u, y, shares, usage = rows[0], rows[1], rows[2], rows[3]
    seeded(random, seed, 1)
    fill_hebbian_weights(weights, deviation, random)
    fill_norms(weights, power, norms[0])
    for n in range(order.size):
        order[n] = n
    for epoch in range(1, norms.shape[0]):
        soft_hebbian_epoch(compete, weights, bias, inputs, order, batch, tau, rate, power, vanishing, scaled, random, u,
                           y, shares, step)
        fill_norms(weights, power, norms[epoch])
    winners(weights, bias, inputs, power, u, usage)


class SoftHebbian(NamedTuple):
    """What soft Hebbian learning leaves.

    Attributes
    ----------
    weights : (K, d)
        A prototype in each row.
    bias : (K,)
        0 where none was learned.
    usage : (K,)
        The share of the samples at which each neuron has the largest input, at the end. A dead neuron has 0.
    norms : (epochs + 1, K)
        Of the weights, before the first and after each epoch.
    """

    weights: np.ndarray
    bias: np.ndarray
    usage: np.ndarray
    norms: np.ndarray


def fit_soft_hebbian(inputs, neurons, *, tau=0.25, rate=0.05, rule="soft", power=2.0, vanishing=False, scaled=False,
                     bias=False, epochs=200, batch=50, deviation=0.5, seed=0):
    """Let neurons learn prototypes of samples by `soft_hebbian_update`, without labels and without gradients.

    Each neuron ends as a unit vector along the mean of the samples, weighted by its shares of them. The temperature
    decides how many learn from each sample: far too hot, all learn the mean of everything; too cold, a neuron that wins
    nothing never moves. With the linear rule each neuron finds the leading eigenvector of ``mean x x^T``, as Oja's.

    Parameters
    ----------
    inputs : array_like (N, d)
    neurons : int
        K.
    tau, rate, rule, power, vanishing, scaled
        As of `soft_hebbian_update`.
    bias : bool
        Also learn a bias, by `hebbian_bias_update` at the same rate; tau must then be above 0 and finite.
    epochs, batch : int
        Passes over the samples, each in a random order; how many samples make a step, by their mean.
    deviation : float >= 0
        Of the first weights, which are normal.
    seed : int
        Of the first weights and of the orders.

    Returns
    -------
    SoftHebbian

    Special values
    --------------
    Weights that grow without an end become inf, and then NaN; no error says so: look at the norms.

    Accuracy
    --------
    The same bits on every machine; tested against the same steps by NumPy, to 1e-9.

    References
    ----------
    T. Moraitis et al., SoftHebb, 2022, arXiv:2107.05747; E. Oja, 1982, doi:10.1007/BF00275687.

    Examples
    --------
    >>> samples = np.repeat([[2.0, 0.0], [0.0, 2.0]], 20, axis=0)
    >>> found = fit_soft_hebbian(samples, 2, epochs=400, batch=10, seed=1)
    >>> found.weights.round(2) + 0.0, found.usage
    (array([[0., 1.],
           [1., 0.]]), array([0.5, 0.5]))
    """
    x = real_array(inputs, "inputs")
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"inputs has shape {x.shape}; allowed: (samples, numbers), at least one of each")
    neurons, compete = check_whole("neurons", neurons, 1, 2**20), shares_of(rule)
    tau, rate, power = check_tau(tau), check_finite("rate", rate), check_finite("power", power, 1.0, above=True)
    vanishing, scaled, bias = (check_flag(name, value) for name, value in (
        ("vanishing", vanishing), ("scaled", scaled), ("bias", bias)))
    if bias and not 0.0 < tau < np.inf:
        raise ValueError(f"tau is {tau}; allowed with a bias: a finite number > 0")
    epochs, batch = check_whole("epochs", epochs, 0, 10**7), check_whole("batch", batch, 1)
    deviation, seed = check_finite("deviation", deviation, 0.0), check_whole("seed", seed, 0)
    rows, prior = np.zeros((4, neurons)), np.zeros(neurons)
    weights, step = np.zeros((2, neurons, x.shape[1]))
    norms = np.empty((epochs + 1, neurons))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        learn(compete, weights, prior if bias else None, behaved(x, np.float64), np.empty(len(x), np.int64), batch, tau,
              rate, power, vanishing, scaled, deviation, seed, np.zeros(1, np.uint64), rows, step, norms)
    return SoftHebbian(weights, prior, rows[3], norms)

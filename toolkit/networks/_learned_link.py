"""LegendreTron: multinomial regression whose link is learned with its weights, by Adam on small batches."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.random import seeded, shuffle, uniform
from toolkit.elementary import exp, sigmoid, softplus
from toolkit.losses import log_softmax_plus
from toolkit.losses.kernels import log_softmax_plus_stable
from toolkit.networks._monotone_link import monotone_link, monotone_link_row, monotone_link_vjp_row
from toolkit.optimizers import SCHEDULES, STEP, Settings, adam_rule, descend, learning_rate, tick

__all__ = ["LearnedLink", "fit_link"]
KERNELS = ["LinkRun", "link_loss", "link_run_in", "link_scores", "link_settings", "link_step",
           "start_link"]

_CLOCK = 3
_FALLING = SCHEDULES["linear_decay"]
_ONE = 0.5413248546129181  # softplus of it is 1


class LinkRun(NamedTuple):
    """A regression with a learned link, as kernels read it.

    Attributes
    ----------
    weights, offsets : (n, inputs), (n,)
        Of the scores, n one less than the classes.
    scales : (blocks,)
        softplus of them is the scale of a block.
    units, biases, gains : (blocks, units, n), (blocks, units), (blocks, units)
        softplus of the gains is s.
    parameters, grads, first, second, steps : all numbers above, their gradient, Adam's memory and direction
    clock : as of `toolkit.optimizers`
    scores, gates, row : room for a row of data
    """

    weights: np.ndarray
    offsets: np.ndarray
    scales: np.ndarray
    units: np.ndarray
    biases: np.ndarray
    gains: np.ndarray
    parameters: np.ndarray
    grads: np.ndarray
    first: np.ndarray
    second: np.ndarray
    steps: np.ndarray
    clock: np.ndarray
    scores: np.ndarray
    gates: np.ndarray
    row: np.ndarray


def link_parameters(n, inputs, units, blocks):
    return n * (inputs + 1) + blocks * (1 + units * (n + 2))


parameters_of_link = kernel(link_parameters)


def link_run_size(n, inputs, units, blocks):
    """Numbers of a `LinkRun`."""
    return 5 * link_parameters(n, inputs, units, blocks) + _CLOCK + (blocks + 5) * n + (blocks + 2) * units + 4


@kernel(inline=True)
def parts_of(numbers, n, inputs, units, blocks):
    """The six tensors in one array of numbers, of parameters or their gradient."""
    a = n * inputs
    b = a + n
    c = b + blocks
    d = c + blocks * units * n
    e = d + blocks * units
    return (numbers[:a].reshape((n, inputs)), numbers[a:b], numbers[b:c], numbers[c:d].reshape((blocks, units, n)),
            numbers[d:e].reshape((blocks, units)), numbers[e:e + blocks * units].reshape((blocks, units)))


@kernel(inline=True)
def link_run_in(values, n, inputs, units, blocks):
    """A `LinkRun` cut from an array of at least `link_run_size`."""
    count = parameters_of_link(n, inputs, units, blocks)
    parameters, rest = values[:count], values[5 * count + _CLOCK:]
    weights, offsets, scales, u, biases, gains = parts_of(parameters, n, inputs, units, blocks)
    scores, gates = (blocks + 1) * n, blocks * units
    return LinkRun(weights, offsets, scales, u, biases, gains, parameters, values[count:2 * count],
                   values[2 * count:3 * count], values[3 * count:4 * count], values[4 * count:5 * count],
                   values[5 * count:5 * count + _CLOCK], rest[:scores].reshape((blocks + 1, n)),
                   rest[scores:scores + gates].reshape((blocks, units)),
                   rest[scores + gates:scores + gates + 4 * (n + 1) + 2 * units])


@kernel
def start_link(run, seed, state):
    """Scores of 0; blocks that are the identity but for small random bends."""
    seeded(state, seed, 0)
    for i in range(run.parameters.size):
        run.parameters[i], run.first[i], run.second[i] = 0.0, 0.0, 0.0
    n = run.offsets.size
    for i in range(n):
        for k in range(run.weights.shape[1]):
            run.weights[i, k] = (uniform(state) - 0.5) * 0.2
    for block in range(run.scales.size):
        run.scales[block] = _ONE
        for j in range(run.biases.shape[1]):
            run.gains[block, j] = -1.0
            run.biases[block, j] = 4.0 * (uniform(state) - 0.5)
            for k in range(n):
                run.units[block, j, k] = (uniform(state) - 0.5) * 2.0 * np.sqrt(3.0 / n)
    run.clock[0], run.clock[1], run.clock[2] = 0.0, 1.0, 1.0


@kernel
def link_scores(run, x):
    """Fills the scores of a row x; the last n are for `log_softmax_plus`."""
    n, blocks, units = run.offsets.size, run.scales.size, run.biases.shape[1]
    for i in range(n):
        total = run.offsets[i]
        for k in range(x.size):
            total += run.weights[i, k] * x[k]
        run.scores[0, i] = total
    gains = run.row[4 * (n + 1):4 * (n + 1) + units]
    for block in range(blocks):
        for j in range(units):
            gains[j] = softplus(run.gains[block, j])
        monotone_link_row(run.scores[block], softplus(run.scales[block]), run.units[block], run.biases[block], gains,
                          run.gates[block], run.scores[block + 1])


@kernel
def link_gradient(run, x, y, share):
    """Adds `share` times the gradient of a row's loss to the gradients; the loss."""
    n, inputs = run.weights.shape
    blocks, units = run.biases.shape
    logs, g, below = run.row[:n + 1], run.row[n + 1:2 * n + 1], run.row[2 * n + 2:3 * n + 2]
    link_scores(run, x)
    log_softmax_plus_stable(run.scores[blocks], logs)
    for k in range(n):
        g[k] = share * (exp(logs[k]) - (1.0 if k == y else 0.0))
    of_weights, of_offsets, of_scales, of_units, of_biases, of_gains = parts_of(run.grads, n, inputs, units, blocks)
    gains = run.row[4 * (n + 1):4 * (n + 1) + units]
    slopes = run.row[4 * (n + 1) + units:4 * (n + 1) + 2 * units]
    for block in range(blocks - 1, -1, -1):
        for j in range(units):
            gains[j], slopes[j] = softplus(run.gains[block, j]), 0.0
        of_scale = monotone_link_vjp_row(run.scores[block], softplus(run.scales[block]), run.units[block],
                                         run.biases[block], gains, run.gates[block], g, below, of_units[block],
                                         of_biases[block], slopes)
        of_scales[block] += of_scale * sigmoid(run.scales[block])
        for j in range(units):
            of_gains[block, j] += slopes[j] * sigmoid(run.gains[block, j])
        for k in range(n):
            g[k] = below[k]
    for i in range(n):
        of_offsets[i] += g[i]
        for k in range(inputs):
            of_weights[i, k] += g[i] * x[k]
    return -logs[y]


@kernel
def link_loss(run, x, labels):
    """The mean loss of rows."""
    logs, total = run.row[:run.offsets.size + 1], 0.0
    for i in range(labels.size):
        link_scores(run, x[i])
        log_softmax_plus_stable(run.scores[run.scales.size], logs)
        total -= logs[labels[i]]
    return total / labels.size


@kernel
def link_settings(lr, steps, ridge):
    """Adam with a rate that falls to 0, and a penalty of ``ridge |parameters|^2``."""
    return Settings(lr=lr, weight_decay=2.0 * ridge, beta1=0.9, beta2=0.999, eps=1e-8, momentum=0.0, schedule=_FALLING,
                    warmup=0.0, steps=steps, decoupled=False, perp=False, cautious=False, norm=0, turning=False)


@kernel
def link_step(run, x, labels, order, begin, end, settings):
    """A step on the rows ``order[begin:end]``; their mean loss before it."""
    loss = 0.0
    for i in range(run.grads.size):
        run.grads[i] = 0.0
    for i in range(begin, end):
        loss += link_gradient(run, x[order[i]], labels[order[i]], 1.0 / (end - begin))
    lr = learning_rate(settings, run.clock[STEP])
    tick(run.clock, settings)
    adam_rule(run.parameters, run.grads, run.first, run.second, settings, run.clock, run.steps)
    descend(run.parameters, run.steps, lr, 0.0)
    return loss / (end - begin)


@kernel
def learn_link(run, x, labels, order, batch, settings, state, losses):
    """All epochs; the mean loss of each, taken as it goes."""
    for epoch in range(losses.size):
        shuffle(order, state)
        total, begin = 0.0, 0
        while begin < order.size:
            end = min(begin + batch, order.size)
            total += link_step(run, x, labels, order, begin, end, settings) * (end - begin)
            begin = end
        losses[epoch] = total / order.size


class LearnedLink(NamedTuple):
    """A regression with its link.

    Attributes
    ----------
    weights, offsets : (K - 1, inputs), (K - 1,)
        Of the scores.
    blocks : list of (weights, biases, gains, scale), as `monotone_link` takes them
    losses : (epochs,)
        The mean loss of each epoch, taken as it went.
    """

    weights: np.ndarray
    offsets: np.ndarray
    blocks: list
    losses: np.ndarray

    def log_probabilities(self, x):
        """(..., inputs) -> (..., K)."""
        scores = np.asarray(x, np.float64) @ self.weights.T + self.offsets
        for weights, biases, gains, scale in self.blocks:
            scores = monotone_link(scores, weights, biases, gains, scale=scale)
        return log_softmax_plus(scores)


def fit_link(x, labels, *, classes=None, units=16, blocks=1, epochs=60, batch=100, lr=0.01, ridge=1e-4, seed=0):
    """LegendreTron: multinomial regression with a learned link, so that the loss is learned and stays proper.

    Scores W x + c of K - 1 numbers pass through `monotone_link`, once or more often, and `log_softmax_plus`; all is
    fitted by Adam to the mean of ``-log p_y``, with a rate that falls to 0. Without blocks it is multinomial logistic
    regression. The paper's link has two blocks of a deeper network (ICNN) each.

    Parameters
    ----------
    x : array_like (rows, inputs)
    labels : array_like of integers (rows,)
    classes : int from 2 to 1000, optional
        K, if not that of the labels seen.
    units, blocks, epochs, batch : int
        Units and blocks are those of the link; blocks may be 0.
    lr : float >= 0
    ridge : float >= 0
        Of all parameters' squares.
    seed : int
        Of first weights and the order of rows.

    Returns
    -------
    LearnedLink

    Accuracy
    --------
    Its gradient is that of differences, tested.

    References
    ----------
    Lam, Walder, Penev, Nock, LegendreTron: Uprising Proper Multiclass Loss Learning, ICML 2023, arXiv:2301.11695.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 2))
    >>> fit = fit_link(x, (x > 0).sum(axis=1), units=4, epochs=20)
    >>> fit.log_probabilities(x).shape, bool(fit.losses[-1] < fit.losses[0])
    ((300, 3), True)
    """
    x, y = real_array(x, "x").astype(np.float64), real_array(labels, "labels")
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"x has shape {x.shape}; allowed: (rows, numbers), at least one of each")
    if y.dtype.kind not in "iu":
        raise TypeError(f"labels is {shown(labels)}; allowed: integers")
    if y.shape != x.shape[:1] or (y < 0).any():
        raise ValueError(f"labels is {shown(y)}; allowed beside x of shape {x.shape}: ({len(x)},) integers >= 0")
    classes = check_whole("classes", max(int(y.max()) + 1, 2) if classes is None else classes, 2, 1000)
    if int(y.max()) >= classes:
        raise ValueError(f"labels has {y.max()}; allowed: 0 to {classes - 1}")
    units, blocks = check_whole("units", units, 1, 10**4), check_whole("blocks", blocks, 0, 100)
    epochs, batch = check_whole("epochs", epochs, 1, 10**6), check_whole("batch", batch, 1, 2**31)
    lr, ridge = check_finite("lr", lr, 0.0), check_finite("ridge", ridge, 0.0)
    sizes = classes - 1, x.shape[1], units, blocks
    seed, state = check_whole("seed", seed, 0, 2**63 - 1), np.zeros(1, np.uint64)
    values, losses, order = np.zeros(link_run_size(*sizes)), np.empty(epochs), np.arange(len(x))
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        run = link_run_in(values, *sizes)
        start_link(run, seed, state)
        steps = epochs * -(-len(x) // batch)
        learn_link(run, np.ascontiguousarray(x), y.astype(np.int64), order, batch,
                   link_settings(lr, float(steps), ridge), state, losses)
    gains, scales = np.logaddexp(0, run.gains), np.logaddexp(0, run.scales)
    learned = [(run.units[k].copy(), run.biases[k].copy(), gains[k], float(scales[k])) for k in range(blocks)]
    return LearnedLink(run.weights.copy(), run.offsets.copy(), learned, losses)

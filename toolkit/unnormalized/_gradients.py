"""Gradients of what models without their sum learn by: likelihood by draws of noise, and telling data from it."""
from toolkit._core.kernel import kernel
from toolkit.elementary import log, sigmoid, softplus
from toolkit.softmax.kernels import logmeanexp_row, softmax_three_pass_reload

__all__ = []
KERNELS = ["add_mean_slope", "contrastive_gradient", "likelihood_gradient", "log_weights_of"]


@kernel
def log_weights_of(logit, theta, noise, log_q, slope, log_w):
    """``s(x) - log q(x)`` of each draw of the noise."""
    for i in range(noise.shape[0]):
        log_w[i] = logit(theta, noise[i], slope) - log_q[i]


@kernel
def add_mean_slope(logit, theta, data, factor, slope, g):
    """Add ``factor`` times the mean slope of the data to g; returns their mean logit."""
    total, share = 0.0, 1.0 / data.shape[0]
    for n in range(data.shape[0]):
        total += share * logit(theta, data[n], slope)
        for p in range(theta.size):
            g[p] += factor * share * slope[p]
    return total


@kernel
def likelihood_gradient(logit, theta, data, noise, log_q, weights, slope, g):
    """``-mean s + log mean w`` and its gradient: the mean slope under softmax(log w), less that of the data.

    With all states, or a whole grid, for the noise it is the likelihood itself.
    """
    for p in range(theta.size):
        g[p] = 0.0
    log_weights_of(logit, theta, noise, log_q, slope, weights)
    log_z = logmeanexp_row(weights)
    softmax_three_pass_reload(weights, weights)
    for i in range(noise.shape[0]):
        logit(theta, noise[i], slope)
        for p in range(theta.size):
            g[p] += weights[i] * slope[p]
    return log_z - add_mean_slope(logit, theta, data, -1.0, slope, g)


@kernel
def contrastive_gradient(logit, theta, log_z, data, log_q_data, noise, log_q, slope, g):
    """``E_data sp(-G) + nu E_q sp(G)`` with ``G = s - log_z - log q - log nu``; the last entry of g is that of log_z.
    """
    n, ratio = data.shape[0], noise.shape[0] / data.shape[0]
    for p in range(g.size):
        g[p] = 0.0
    total, last = 0.0, g.size - 1
    for i in range(n + noise.shape[0]):
        x = data[i] if i < n else noise[i - n]
        log_of_q = log_q_data[i] if i < n else log_q[i - n]
        sign = -1.0 if i < n else 1.0
        gap = logit(theta, x, slope) - log_z - log_of_q - log(ratio)
        pull = sign * sigmoid(sign * gap) / n
        total += softplus(sign * gap) / n
        for p in range(theta.size):
            g[p] += pull * slope[p]
        g[last] -= pull
    return total

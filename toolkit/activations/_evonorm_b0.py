"""EvoNorm-B0: a normalisation and an activation that a search found as one operation, with the batch's statistics."""
import numpy as np

from toolkit._core.arguments import check_finite, check_number, chosen
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.activations._feature_maps import MOMENTS, Maps, moments_of, warned

__all__ = ["evonorm_b0", "running_variance"]
KERNELS = ["evonorm_b0_channel", "evonorm_b0_vjp_channel", "running_variance_channel"]


@kernel
def larger_root(a, b):
    """The larger of two denominators; of equal ones the first, that of the batch. A NaN in one of them stays."""
    return a if a >= b or a != a else b


@kernel
def evonorm_b0_channel(moments, x, v, gamma, beta, epsilon, variance, out):
    """``gamma x / max(sqrt(batch + epsilon), v x + sqrt(own + epsilon)) + beta``; `variance` >= 0 is that to use."""
    batch = moments(x, 0, x.shape[0])[1] if variance < 0 else like(variance, x[0, 0])
    a = np.sqrt(batch + epsilon)
    for i in range(x.shape[0]):
        own = np.sqrt(moments(x, i, i + 1)[1] + epsilon)
        for j in range(x.shape[1]):
            out[i, j] = gamma * x[i, j] / larger_root(a, v * x[i, j] + own) + beta


@kernel
def evonorm_b0_vjp_channel(x, g, v, gamma, epsilon, variance, dx):
    """Gradients of v and gamma; fills that of x."""
    rows, columns = x.shape
    mean, batch = moments_of(x, 0, rows)
    a = np.sqrt((batch if variance < 0 else variance) + epsilon)
    slope_v, slope_gamma, through_batch = 0.0, 0.0, 0.0
    for i in range(rows):
        own_mean, own = moments_of(x, i, i + 1)
        root, through_own = np.sqrt(own + epsilon), 0.0
        for j in range(columns):
            b = v * x[i, j] + root
            d = larger_root(a, b)
            q = -gamma * g[i, j] * x[i, j] / (d * d)
            slope_gamma += g[i, j] * x[i, j] / d
            dx[i, j] = gamma * g[i, j] / d
            if a >= b:
                through_batch += q
            else:
                dx[i, j] += q * v
                slope_v += q * x[i, j]
                through_own += q
        for j in range(columns):
            dx[i, j] += (x[i, j] - own_mean) / (columns * root) * through_own
    if variance < 0:
        for i in range(rows):
            for j in range(columns):
                dx[i, j] += (x[i, j] - mean) / (rows * columns * a) * through_batch
    return slope_v, slope_gamma


@kernel
def all_channels(moments, x, v, gamma, beta, epsilon, variance, out, fmt):
    x, out = in_format(x, fmt), in_format(out, fmt)
    for c in range(x.shape[0]):
        evonorm_b0_channel(moments, x[c], in_format(v[c], fmt), in_format(gamma[c], fmt), in_format(beta[c], fmt),
                           epsilon, variance[c], out[c])


@kernel
def all_channels_back(x, g, v, gamma, epsilon, variance, dx, dv, dgamma):
    for c in range(x.shape[0]):
        dv[c], dgamma[c] = evonorm_b0_vjp_channel(x[c], g[c], v[c], gamma[c], epsilon, variance[c], dx[c])


def evonorm_b0(x, *, v=1.0, gamma=1.0, beta=0.0, epsilon=1e-5, variance=None, form="stable", format=None):
    """EvoNorm-B0: ``gamma x / max(sqrt(s_batch^2 + ε), v x + sqrt(s_own^2 + ε)) + beta``.

    The larger of two denominators is the activation: one is the standard deviation of a channel over the batch, the
    other that over the sample's own map, plus ``v x``. Where the second wins, a large x > 0 saturates below
    ``gamma / v``; what is far below 0 goes through, divided by the first. No mean is taken away. The naive form takes
    the variance as ``E[x^2] - E[x]^2``, which at a mean of 1e4 and a deviation of 1 is noise in float32.

    Parameters
    ----------
    x : array_like (N, C, H, W), or any (N, C, ...)
    v, gamma, beta : float or array_like (C,)
    epsilon : float > 0
        1e-3 in some libraries.
    variance : float or array_like (C,), optional
        For evaluation: the `running_variance`, in place of that of the batch.
    form : {"naive", "stable"}
    format : Format, name or pair (exponent_bits, fraction_bits), optional

    Returns
    -------
    (N, C, H, W), in the dtype of `x`; float16 is computed in float32.

    Gradient
    --------
    Of x through both variances, of `v`, `gamma` and `beta`; in float64, rounded to the dtype. Equal denominators count
    as that of the batch.

    Special values
    --------------
    A NaN or infinity in a channel makes all of it NaN, with `variance` its sample.

    Accuracy
    --------
    float32 and float64, for channels of 24 numbers with means to 100 and deviations of 1: within 32 epsilon of
    ``abs(gamma x / d) + abs(beta)``, tested.

    References
    ----------
    H. Liu, A. Brock, K. Simonyan, Q. V. Le, Evolving Normalization-Activation Layers, NeurIPS 2020, arXiv:2004.02967.
    The gradient is derived here.

    Examples
    --------
    >>> x = np.array([1, -2, 3, 0.5, -1, 2, 0.25, -0.75]).reshape(2, 1, 2, 2)
    >>> evonorm_b0(x)[0, 0].round(6)
    array([[ 0.359586, -1.306392],
           [ 0.627487,  0.219204]])
    """
    moments, maps = chosen("form", form, MOMENTS), Maps(x, format)
    epsilon = check_finite("epsilon", epsilon, 0.0, above=True)
    v, gamma, beta = (maps.of_channels(*each) for each in (("v", v), ("gamma", gamma), ("beta", beta)))
    given = maps.of_channels("variance", -1.0 if variance is None else variance, -np.inf if variance is None else 0.0)
    rows = maps.by_channel(maps.array)
    out = np.empty_like(rows)
    with np.errstate(all="ignore"):
        all_channels(moments, rows, v, gamma, beta, epsilon, given.astype(np.float64), out, maps.fmt)
    return warned("evonorm_b0", form, maps, maps.restore_channels(out))


def evonorm_b0_gradients(x, g, *, v=1.0, gamma=1.0, beta=0.0, epsilon=1e-5, variance=None):
    """Of `x`, `v`, `gamma` and `beta`, by name."""
    maps = Maps(x)
    rows, above = maps.by_channel(maps.array, np.float64), maps.above(g)
    dx, dv, dgamma = np.empty_like(rows), np.zeros(maps.channels), np.zeros(maps.channels)
    of = [np.asarray(maps.of_channels(name, each), np.float64) for name, each in (
        ("v", v), ("gamma", gamma), ("variance", -1.0 if variance is None else variance))]
    with np.errstate(all="ignore"):
        all_channels_back(rows, maps.by_channel(above, np.float64), of[0], of[1], float(epsilon), of[2], dx, dv, dgamma)
    return {"x": maps.restore_channels(dx), "v": maps.narrow(dv, v), "gamma": maps.narrow(dgamma, gamma),
            "beta": maps.narrow(above.sum(axis=(0, *range(2, above.ndim))), beta)}


@kernel
def running_variance_channel(x, running, momentum):
    """A step from the running variance towards that of the channel, unbiased where it has more than one number."""
    count, variance = x.shape[0] * x.shape[1], moments_of(x, 0, x.shape[0])[1]
    if count > 1:
        variance *= count / (count - 1.0)
    return running + momentum * (variance - running)


def running_variance(x, running=1.0, *, momentum=0.1):
    """What EvoNorm-B0 keeps while it trains, for evaluation: ``running + momentum (s^2 - running)`` of each channel.

    Call it after each step of training with the result of the step before, and give the last one to `evonorm_b0` as
    its `variance`.

    Parameters
    ----------
    x : array_like (N, C, H, W), or any (N, C, ...)
        The batch of a step.
    running : float or array_like (C,)
        At the start 1.
    momentum : float
        From 0, which keeps the old one, to 1.

    Returns
    -------
    (C,), in the dtype of `x`; computed in float64.

    Special values
    --------------
    ``s^2`` is the unbiased variance, over n - 1, as a library has it; where a channel has one number, 0 and not 0 / 0.

    References
    ----------
    As `evonorm_b0`.

    Examples
    --------
    >>> x = np.array([1, -2, 3, 0.5, -1, 2, 0.25, -0.75]).reshape(2, 1, 2, 2)
    >>> running_variance(x, momentum=1.0).round(6), running_variance(x).round(6)
    (array([2.678571]), array([1.167857]))
    """
    maps, momentum = Maps(x), check_number("momentum", momentum, 0.0, 1.0)
    before = np.asarray(maps.of_channels("running", running, 0.0), np.float64)
    rows = maps.by_channel(maps.array, np.float64)
    with np.errstate(all="ignore"):
        found = [running_variance_channel(row, old, momentum) for row, old in zip(rows, before, strict=True)]
    return np.array(found).astype(maps.dtype)

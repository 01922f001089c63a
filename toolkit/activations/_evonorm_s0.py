"""EvoNorm-S0: a normalisation and an activation that a search found as one operation, with a sample's statistics."""
import numpy as np

from toolkit._core.arguments import check_finite, check_whole, chosen
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit.activations._feature_maps import MOMENTS, Maps, moments_of, warned
from toolkit.elementary import sigmoid

__all__ = ["evonorm_s0"]
KERNELS = ["evonorm_s0_group", "evonorm_s0_vjp_group"]


@kernel
def evonorm_s0_group(moments, x, v, gamma, beta, epsilon, out):
    """``gamma x sigmoid(v x) / sqrt(variance + epsilon) + beta``, with v, gamma and beta of each channel."""
    root = np.sqrt(moments(x, 0, x.shape[0])[1] + epsilon)
    for c in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[c, j] = gamma[c] * (x[c, j] * sigmoid(v[c] * x[c, j])) / root + beta[c]


@kernel
def evonorm_s0_vjp_group(x, g, v, gamma, epsilon, dx, dv, dgamma):
    """Fills the gradient of x, and adds to those of v and gamma."""
    channels, columns = x.shape
    mean, variance = moments_of(x, 0, channels)
    root, through = np.sqrt(variance + epsilon), 0.0
    for c in range(channels):
        for j in range(columns):
            open_, shut = sigmoid(v[c] * x[c, j]), sigmoid(-v[c] * x[c, j])
            h = x[c, j] * open_
            through += gamma[c] * g[c, j] * h
            dgamma[c] += g[c, j] * h / root
            dv[c] += gamma[c] * g[c, j] * x[c, j] * h * shut / root
            dx[c, j] = gamma[c] * g[c, j] * open_ * (1.0 + v[c] * x[c, j] * shut) / root
    scale = through / (channels * columns * root * root * root)
    for c in range(channels):
        for j in range(columns):
            dx[c, j] -= (x[c, j] - mean) * scale


@kernel
def all_groups(moments, x, v, gamma, beta, epsilon, out, fmt):
    """Of x (blocks, channels, places); v, gamma and beta (groups, channels) repeat over the samples."""
    x, out, v = in_format(x, fmt), in_format(out, fmt), in_format(v, fmt)
    gamma, beta = in_format(gamma, fmt), in_format(beta, fmt)
    for b in range(x.shape[0]):
        k = b % v.shape[0]
        evonorm_s0_group(moments, x[b], v[k], gamma[k], beta[k], epsilon, out[b])


@kernel
def all_groups_back(x, g, v, gamma, epsilon, dx, dv, dgamma):
    for b in range(x.shape[0]):
        k = b % v.shape[0]
        evonorm_s0_vjp_group(x[b], g[b], v[k], gamma[k], epsilon, dx[b], dv[k], dgamma[k])


def _groups(maps, groups):
    groups = min(32, maps.channels) if groups is None else check_whole("groups", groups, 1, maps.channels)
    if maps.channels % groups:
        raise ValueError(f"groups is {groups}; allowed: what divides {maps.channels}, the channels of x")
    return groups


def evonorm_s0(x, *, v=1.0, gamma=1.0, beta=0.0, groups=None, epsilon=1e-5, form="stable", format=None):
    """EvoNorm-S0: ``gamma x sigmoid(v x) / sqrt(s_group^2 + ε) + beta``, with the variance of a sample's own group.

    What comes out for a sample does not depend on its batch, so training and evaluation are the same function. No mean
    is taken away. Where a group has one number, the denominator is ``sqrt(ε)``.

    Parameters
    ----------
    x, v, gamma, beta, epsilon, form, format : as in `evonorm_b0`; so is the result
    groups : int, optional
        Groups of neighbouring channels, which divide C; by default 32, or C where that is less.

    Gradient
    --------
    Of x through the variance too, of `v`, `gamma` and `beta`; in float64, rounded to the dtype.

    Special values
    --------------
    A NaN or infinity makes its group NaN.

    Accuracy
    --------
    As `evonorm_b0`.

    References
    ----------
    As `evonorm_b0`. A note found on the web, "B0 is x sigmoid(x / v)", is neither of the two.

    Examples
    --------
    >>> x = np.array([1, -2, 3, 0.5, -1, 2, 0.25, -0.75]).reshape(1, 2, 2, 2)
    >>> evonorm_s0(x, groups=1)[0, 0].round(6)
    array([[ 0.477524, -0.155726],
           [ 1.866652,  0.203294]])
    """
    moments, maps = chosen("form", form, MOMENTS), Maps(x, format)
    epsilon, groups = check_finite("epsilon", epsilon, 0.0, above=True), _groups(maps, groups)
    v, gamma, beta = (maps.of_channels(*each).reshape(groups, -1)
                      for each in (("v", v), ("gamma", gamma), ("beta", beta)))
    rows = maps.by_group(maps.array, groups)
    out = np.empty_like(rows)
    with np.errstate(all="ignore"):
        all_groups(moments, rows, v, gamma, beta, epsilon, out, maps.fmt)
    return warned("evonorm_s0", form, maps, maps.restore(out))


def evonorm_s0_gradients(x, g, *, v=1.0, gamma=1.0, beta=0.0, groups=None, epsilon=1e-5):
    """Of `x`, `v`, `gamma` and `beta`, by name."""
    maps = Maps(x)
    groups, above = _groups(maps, groups), maps.above(g)
    rows = maps.by_group(maps.array, groups, np.float64)
    of = [np.asarray(maps.of_channels(name, each), np.float64).reshape(groups, -1)
          for name, each in (("v", v), ("gamma", gamma))]
    dx, dv, dgamma = np.empty_like(rows), np.zeros_like(of[0]), np.zeros_like(of[0])
    with np.errstate(all="ignore"):
        all_groups_back(rows, maps.by_group(above, groups, np.float64), *of, float(epsilon), dx, dv, dgamma)
    return {"x": maps.restore(dx), "v": maps.narrow(dv, v), "gamma": maps.narrow(dgamma, gamma),
            "beta": maps.narrow(above.sum(axis=(0, *range(2, above.ndim))), beta)}

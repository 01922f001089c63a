"""Consensus-based optimisation: particles that know nothing but their energies walk to where softmax sees the best.

The consensus is the mean of all places with the weights ``softmax(-beta E)``. Each particle drifts to it, and jumps
about in proportion to its distance from it. No gradient is ever computed.
"""
import numpy as np

from toolkit._core.arguments import check_finite, check_flag
from toolkit._core.arrays import behaved, common_dtype, real_array
from toolkit._core.kernel import kernel
from toolkit.softmax.kernels import softmax_three_pass_reload, top_class

__all__ = ["consensus_point", "consensus_step"]
KERNELS = ["consensus_move", "consensus_of", "consensus_weights"]


@kernel
def consensus_weights(energy, beta, weights):
    """``softmax(-beta E)``; the index of the largest weight."""
    for i in range(energy.size):
        weights[i] = -energy[i]
    top = top_class(weights)
    for i in range(energy.size):
        weights[i] = beta * (energy[top] - energy[i]) if i != top and energy[i] < np.inf else energy[top] - energy[i]
    softmax_three_pass_reload(weights, weights)
    return top


@kernel
def consensus_of(x, energy, beta, weights, point):
    """``sum of w_i x_i`` for places x (n, d), counted from the best one: particles at one place agree exactly on it."""
    top = consensus_weights(energy, beta, weights)
    for j in range(point.size):
        total = 0.0
        for i in range(energy.size):
            if weights[i] != 0.0:
                total += weights[i] * (x[i, j] - x[top, j])
        point[j] = x[top, j] + total


@kernel
def consensus_move(x, energy, noise, beta, drift, spread, isotropic, weights, point, out):
    """``y = x - drift (x - v)``, then ``y + spread |y - v| noise``; `out` may be x."""
    consensus_of(x, energy, beta, weights, point)
    for i in range(energy.size):
        square = 0.0
        for j in range(point.size):
            out[i, j] = x[i, j] - drift * (x[i, j] - point[j])
            square += (out[i, j] - point[j]) * (out[i, j] - point[j])
        for j in range(point.size):
            far = np.sqrt(square) if isotropic else abs(out[i, j] - point[j])
            out[i, j] += spread * far * noise[i, j]


@kernel
def consensus_slopes(x, energy, g, beta, weights, point, to_x, to_energy):
    """``w_i g`` and ``-beta w_i <g, x_i - v>``."""
    consensus_of(x, energy, beta, weights, point)
    for i in range(energy.size):
        along = 0.0
        for j in range(point.size):
            to_x[i, j] = weights[i] * g[j]
            along += g[j] * (x[i, j] - point[j])
        to_energy[i] = -beta * weights[i] * along if weights[i] != 0.0 else 0.0


def crowd(x, energy):
    """Places (..., n, d) and energies (..., n) for kernels, and the dtype of a result."""
    dtype = common_dtype(x=x, energy=energy)
    x, energy = behaved(real_array(x, "x"), np.float64), behaved(real_array(energy, "energy"), np.float64)
    if x.ndim < 2 or x.shape[-2] == 0:
        raise ValueError(f"x has shape {x.shape}; allowed: (..., n, d), at least one place of d numbers")
    if energy.shape != x.shape[:-1]:
        raise ValueError(f"energy has shape {energy.shape}; allowed: {x.shape[:-1]}, one for each place of x")
    return x, energy, dtype


def consensus_point(x, energy, *, beta=1.0):
    """The consensus of some places: their mean, weighted by ``softmax(-beta E)``.

    For places drawn around a point with variance s² it lies where a gradient step of size ``beta s²`` leads, on a
    smoothed landscape: ``v - x = -beta s² E_w[grad E]``, by Stein's identity.

    Parameters
    ----------
    x : array_like (..., n, d)
        Places.
    energy : array_like (..., n)
        Their energies; one of +inf has no weight.
    beta : float >= 0
        Inverse temperature: 0 gives the mean, a large one the best place.

    Returns
    -------
    (..., n, d), (..., n) -> (..., d), in the common dtype of `x` and `energy`; computed in float64.

    Special values
    --------------
    NaN for an energy of NaN or -inf, and where all are +inf. An offset of all energies changes nothing but their
    rounding.

    Accuracy
    --------
    float64, tested: within ``8 + 4 beta (E - min E)`` epsilon, averaged by the weights, of the largest distance from
    the best place, and one of the result.

    Gradient
    --------
    With respect to x ``w_i g``, with respect to the energies ``-beta w_i <g, x_i - v>``.

    References
    ----------
    K. Riedl, T. Klock, C. Geldhauser, M. Fornasier, Gradient is All You Need? 2023, arXiv:2306.09778.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.5], [2.0]])
    >>> [consensus_point(x, x[:, 0] ** 2, beta=beta).round(4).item() for beta in (0.0, 1.0, 100.0)]
    [0.5, 0.0499, 0.5]
    """
    beta = check_finite("beta", beta, 0.0)
    x, energy, dtype = crowd(x, energy)
    point, weights = np.empty((*x.shape[:-2], x.shape[-1])), np.empty(x.shape[-2])
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        for at in np.ndindex(x.shape[:-2]):
            consensus_of(x[at], energy[at], beta, weights, point[at])
    return point.astype(dtype, copy=False)


def consensus_pull(x, g, *, energy, beta=1.0):
    """Gradient with respect to the places."""
    return slopes(x, energy, g, beta)[0]


def consensus_energy_pull(x, g, *, energy, beta=1.0):
    """Gradient with respect to the energies."""
    return slopes(x, energy, g, beta)[1]


def slopes(x, energy, g, beta):
    x, energy, dtype = crowd(x, energy)
    g = behaved(np.broadcast_to(real_array(g, "g"), (*x.shape[:-2], x.shape[-1])), np.float64)
    to_x, to_energy, weights = np.empty(x.shape), np.empty(energy.shape), np.empty(x.shape[-2])
    point = np.empty(x.shape[-1])
    with np.errstate(all="ignore"):
        for at in np.ndindex(x.shape[:-2]):
            consensus_slopes(x[at], energy[at], g[at], beta, weights, point, to_x[at], to_energy[at])
    return to_x.astype(dtype, copy=False), to_energy.astype(dtype, copy=False)


def consensus_step(x, energy, noise, *, beta=30.0, drift=0.01, spread=0.1, isotropic=False):
    """One step of consensus-based optimisation: drift to the consensus, and a jump in proportion to the distance.

    With the consensus v: ``y = x - drift (x - v)``, then ``y + spread |y - v| noise``, in each coordinate by itself or,
    if `isotropic`, with the length of ``y - v``. In the papers' letters drift is λ dt and spread σ sqrt(dt). The
    distance is that after the drift, as in the authors' code.

    Parameters
    ----------
    noise : array_like (..., n, d)
        Independent numbers of mean 0 and variance 1.
    drift, spread : float >= 0
    isotropic : bool
    x, energy, beta
        As in `consensus_point`.

    Returns
    -------
    The new places, (..., n, d), in the common dtype of `x` and `energy`; computed in float64.

    Special values
    --------------
    Where there is no consensus (see `consensus_point`) all places become NaN. At one place, all stay.

    Accuracy
    --------
    float64, tested: within 4 epsilon of the definition, beside the error of the consensus.

    References
    ----------
    K. Riedl, T. Klock, C. Geldhauser, M. Fornasier, Gradient is All You Need? 2023, arXiv:2306.09778.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.5], [2.0]])
    >>> consensus_step(x, x[:, 0] ** 2, np.zeros_like(x), beta=100.0, drift=0.5)[:, 0]
    array([-0.25,  0.5 ,  1.25])
    """
    beta, drift = check_finite("beta", beta, 0.0), check_finite("drift", drift, 0.0)
    spread, isotropic = check_finite("spread", spread, 0.0), check_flag("isotropic", isotropic)
    x, energy, dtype = crowd(x, energy)
    noise = behaved(real_array(noise, "noise"), np.float64)
    if noise.shape != x.shape:
        raise ValueError(f"noise has shape {noise.shape}; allowed: {x.shape}, as x")
    out, weights, point = np.empty(x.shape), np.empty(x.shape[-2]), np.empty(x.shape[-1])
    with np.errstate(all="ignore"):
        for at in np.ndindex(x.shape[:-2]):
            consensus_move(x[at], energy[at], noise[at], beta, drift, spread, isotropic, weights, point, out[at])
    return out.astype(dtype, copy=False)

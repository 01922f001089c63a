"""What convex theory promises of the last step of subgradient descent, under any schedule."""
import numpy as np

from toolkit._core.arguments import check_finite
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel

__all__ = ["best_rate", "last_iterate_bound"]
KERNELS = ["bound_of", "distance_and_noise"]


@kernel
def distance_and_noise(rates, squares, count):
    """What the bound of the first steps is made of: ``1 / (2 sum e)``, and what grows with the rate.

    `squares` are those of the gradients' norms. Sums run from the last step backwards: a difference of running sums
    would lose the digits of the last steps.
    """
    last = count - 1
    while last >= 0 and rates[last] == 0.0:  # steps of 0 move nothing
        last -= 1
    if last < 0:
        return np.inf, 0.0
    behind, spread = rates[last], rates[last] * rates[last] * squares[last]
    noise = 0.0
    for k in range(last - 1, -1, -1):
        e = rates[k]
        spread += e * e * squares[k]
        noise += e / behind * (spread / (behind + e))
        behind += e
    return 0.5 / behind, 0.5 * (spread / behind + noise)


@kernel
def bound_of(rates, squares, count, distance):
    """The bound after `count` steps: ``D^2 / (2 S)`` and the share of the gradients."""
    far, noise = distance_and_noise(rates, squares, count)
    return far * distance * distance + noise


def _parts(rates, gradients, distance):
    rates = real_array(rates, "rates").astype(np.float64)
    if rates.ndim == 0 or not (rates >= 0).all() or not np.isfinite(rates).all():
        raise ValueError("rates has a number that is negative or not finite, or is none; allowed: finite rates >= 0 "
                         "along the last axis")
    gradients = real_array(gradients, "gradients").astype(np.float64)
    if not (gradients >= 0).all() or not np.isfinite(gradients).all():
        raise ValueError("gradients has a number that is negative or not finite; allowed: finite norms >= 0")
    squares = np.broadcast_to(gradients * gradients, rates.shape)
    return rates, squares, check_finite("distance", distance, 0.0)


def last_iterate_bound(rates, *, gradients=1.0, distance=1.0):
    """How far above the minimum the point after the last step is at most, on average.

    For ``x <- x - e_t g_t`` on a convex function, with ``E |g_t|^2 <= G_t^2`` and a start D away from a minimum:

    ``D^2 / 2S + sum e_t^2 G_t^2 / 2S + 1/2 sum_{k<T} e_k / a_k * c_k / (a_k + e_k)``, where S is the sum of all rates,
    a_k of those after k, and c_k of ``e_t^2 G_t^2`` from k on.

    Steps of 0 at the end are left out: they move nothing, and the formula would divide by 0.

    Parameters
    ----------
    rates : array_like (..., T) of numbers >= 0
        A `schedule` times a largest rate.
    gradients : array_like of numbers >= 0, broadcast to (..., T)
        G_t.
    distance : float >= 0
        D.

    Returns
    -------
    array (...)
        Infinite without a step above 0.

    References
    ----------
    Defazio et al. 2023, "Optimal Linear Decay Learning Rate Schedules and Further Refinements", arXiv:2310.07831,
    theorem 10. Schaipp et al. 2025, arXiv:2501.18965.

    Accuracy
    --------
    Right to 8 T eps; measured: to 1e-14 for T up to 4000.

    Examples
    --------
    >>> last_iterate_bound([0.25] * 4).round(6)
    np.float64(0.854167)
    """
    rates, squares, distance = _parts(rates, gradients, distance)
    out = np.empty(rates.shape[:-1])
    for at in np.ndindex(out.shape):
        out[at] = bound_of(rates[at], squares[at], rates.shape[-1], distance)
    return out[()]


def best_rate(rates, *, gradients=1.0, distance=1.0):
    """The factor of a schedule that makes `last_iterate_bound` least, and that bound.

    With the bound ``t_1 / gamma + gamma t_2`` of gamma times the schedule: ``gamma = sqrt(t_1 / t_2)``, and the bound
    is ``2 sqrt(t_1 t_2)``. It needs D and G, which nobody knows: what transfers is the ratio of two schedules' factors.

    Parameters
    ----------
    rates, gradients, distance
        As `last_iterate_bound`, the rates as shares of the largest one.

    Returns
    -------
    rate, bound : arrays (...)

    References
    ----------
    Schaipp et al. 2025, arXiv:2501.18965.

    Accuracy
    --------
    Right to 8 T eps, as `last_iterate_bound`.

    Examples
    --------
    >>> rate, bound = best_rate([1.0] * 4)
    >>> rate.round(6), bound.round(6)
    (np.float64(0.297044), np.float64(0.841625))
    """
    rates, squares, distance = _parts(rates, gradients, distance)
    rate, bound = np.empty(rates.shape[:-1]), np.empty(rates.shape[:-1])
    for at in np.ndindex(rate.shape):
        far, noise = distance_and_noise(rates[at], squares[at], rates.shape[-1])
        far *= distance * distance
        rate[at] = np.sqrt(far / noise) if noise > 0 else np.inf
        bound[at] = 2 * np.sqrt(far * noise) if noise > 0 else 0.0
    return rate[()], bound[()]

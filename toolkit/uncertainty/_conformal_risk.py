"""The least cautious setting whose risk stays below a bound, also when old rows count less; what forgetting costs."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, chosen
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.uncertainty._conformal_quantile import ROUNDING, weights_of

__all__ = ["RiskControl", "control_risk", "drift_bound", "risk_floor"]
KERNELS = ["adjusted_risks", "drift_bound_of", "least_cautious", "least_cautious_naive", "risk_floor_of"]


class RiskControl(NamedTuple):
    """What `control_risk` finds.

    index : int or None
        Of the setting; None where none of them keeps the promise.
    setting : float
        Of `settings`; inf where none keeps it.
    risks : (L,)
        The adjusted risk of each setting.
    """

    index: int | None
    setting: float
    risks: np.ndarray


@kernel
def adjusted_risks(losses, weights, bound, out):
    """``(sum_i w_i L_i + B) / (N + 1)`` of each column: the row to come counts as the worst."""
    total = 1.0
    for i in range(weights.size):
        total += weights[i]
    for j in range(out.size):
        out[j] = bound
        for i in range(weights.size):
            out[j] += weights[i] * losses[i, j]
        out[j] /= total


@kernel
def least_cautious(risks, alpha):
    """The first setting from which on all risks are at most alpha; the number of settings where there is none."""
    at = risks.size
    while at > 0 and risks[at - 1] <= alpha + ROUNDING * abs(risks[0]):
        at -= 1
    return at


@kernel
def least_cautious_naive(risks, alpha):
    """As a released table does: the one after the last risk of at least alpha, the last one if there is none such.

    It is needlessly safe where every setting is good, and says nothing where none is.
    """
    at = risks.size
    while at > 0 and risks[at - 1] < alpha:
        at -= 1
    return risks.size - 1 if at == 0 or at == risks.size else at


@kernel
def risk_floor_of(n, rho, bound):
    """``B / (N + 1)`` of n rows with weights ``rho^n, ..., rho``."""
    total, weight = 1.0, 1.0
    for _ in range(int(n)):
        weight *= rho
        total += weight
    return bound / total


@kernel
def drift_bound_of(weights, distances, alpha, bound):
    """``alpha + B sum_i w_i d_i / (N + 1)``."""
    total, moved = 1.0, 0.0
    for i in range(weights.size):
        total += weights[i]
        moved += weights[i] * distances[i]
    return alpha + bound * moved / total


_FORMS = {"naive": least_cautious_naive, "stable": least_cautious}


def control_risk(losses, weights=None, *, alpha=0.1, bound=1.0, settings=None, form="stable"):
    """Conformal risk control: the least cautious setting whose expected loss on the row to come is at most alpha.

    ``min {lambda : (sum_i w_i L_i(lambda) + B) / (N + 1) <= alpha}``, N the sum of the weights. Coverage is the loss
    that is 1 where the label is missed. Others are the share of wrong pixels that a mask misses, or a cost.

    Parameters
    ----------
    losses : array_like (n, L)
        Of n rows at L settings, from the least cautious to the most cautious one: no row's loss may grow along them.
    weights : array_like (n,), optional
        From 0 to 1, chosen without a look at the labels: for rows that drift, as
        ``0.99 ** np.arange(n, 0, -1)``. By default 1 each.
    alpha : float
        The risk that is allowed.
    bound : float >= 0
        B, the largest loss that there can be.
    settings : array_like (L,), optional
        What the settings are called; by default 0, 1, ...
    form : {"naive", "stable"}
        Naive picks as a released table does: the last setting both where every one is good and where none is.

    Returns
    -------
    RiskControl

    Special values
    --------------
    Where no setting is good enough, `index` is None and `setting` inf: nothing but the full set keeps the promise. It
    never is, for ``alpha < B / (N + 1)``; see `risk_floor`.

    References
    ----------
    Angelopoulos, Bates, Fisch, Lei, Schuster, Conformal Risk Control, 2022, arXiv:2208.02814; with weights, Farinhas,
    Zerva, Ulmer, Martins, Non-Exchangeable Conformal Risk Control, 2024, arXiv:2310.01262.

    Examples
    --------
    >>> losses = [[1, 0.5, 0, 0], [1, 1, 0.5, 0], [0.5, 0.5, 0, 0], [1, 0, 0, 0]]
    >>> found = control_risk(losses, alpha=0.4)
    >>> found.index, found.risks
    (2, array([0.9, 0.6, 0.3, 0.2]))
    """
    of = chosen("form", form, _FORMS)
    losses = real_array(losses, "losses").astype(np.float64)
    alpha, bound = check_finite("alpha", alpha), check_finite("bound", bound, 0)
    if losses.ndim != 2 or 0 in losses.shape:
        raise ValueError(f"losses have shape {losses.shape}; allowed: (n, L), at least one row and one setting")
    if not (losses <= bound).all():
        raise ValueError(f"losses have an entry that is NaN or above bound, {bound:g}; allowed: numbers up to it")
    if (np.diff(losses, axis=1) > 0).any():
        raise ValueError("losses grow along a row; allowed: rows that never grow, from the least cautious setting on")
    n, count = losses.shape
    weights = np.ones(n) if weights is None else weights_of(weights, n)
    settings = np.arange(count) if settings is None else real_array(settings, "settings")
    if settings.shape != (count,):
        raise ValueError(f"settings have shape {settings.shape}; allowed: ({count},), one for each column of losses")
    risks = np.empty(count)
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        adjusted_risks(np.ascontiguousarray(losses), weights, bound, risks)
        at = int(of(risks, alpha))
    return RiskControl(None, np.inf, risks) if at == count else RiskControl(at, float(settings[at]), risks)


def _weights(weights):
    weights = real_array(weights, "weights")
    if weights.ndim != 1:
        raise ValueError(f"weights have shape {weights.shape}; allowed: (n,)")
    return weights_of(weights, weights.size)


def risk_floor(weights, *, bound=1.0):
    """The least risk that can be promised with these weights: ``B / (N + 1)``, N their sum.

    With weights ``rho, rho^2, ...`` N stays below ``rho / (1 - rho)`` however long the history: no promise below
    ``B (1 - rho)``.

    Parameters
    ----------
    weights : array_like (n,)
        From 0 to 1.
    bound : float >= 0
        B, the largest loss that there can be.

    Returns
    -------
    float

    References
    ----------
    Follows from the rule of Farinhas, Zerva, Ulmer, Martins, Non-Exchangeable Conformal Risk Control, 2024,
    arXiv:2310.01262.

    Examples
    --------
    >>> [f"{risk_floor(rho ** np.arange(10, 0, -1)):.6f}" for rho in (1.0, 0.9, 0.8)]
    ['0.090909', '0.145732', '0.218794']
    """
    weights = _weights(weights)
    return check_finite("bound", bound, 0) / (1 + float(weights.sum()))


def drift_bound(weights, distances, *, alpha=0.1, bound=1.0):
    """What weighted risk control still promises of rows that are not exchangeable.

    ``alpha + B sum_i w_i d_i / (N + 1)``: each old row adds its weight times how far its law is from today's, in total
    variation. Weights that forget what is far make the bound tight.

    Parameters
    ----------
    weights : array_like (n,)
        From 0 to 1.
    distances : array_like (n,)
        Total variation between all rows, and all rows with row i and the new one swapped, from 0 to 1. For independent
        rows it is at least the distance of their two laws, and at most twice that.
    alpha : float
    bound : float >= 0
        B, the largest loss less the least one.

    Returns
    -------
    float

    References
    ----------
    Farinhas, Zerva, Ulmer, Martins, Non-Exchangeable Conformal Risk Control, 2024, arXiv:2310.01262; the form of the
    bound is recalled, not read there. Barber, Candès, Ramdas, Tibshirani, Conformal Prediction beyond Exchangeability,
    2023, arXiv:2202.13415.

    Examples
    --------
    >>> distances = np.repeat([0.3226745688, 0.0], [500, 100])
    >>> [f"{drift_bound(rho ** np.arange(600, 0, -1), distances):.3f}" for rho in (1.0, 0.99, 0.95)]
    ['0.368', '0.216', '0.102']
    """
    weights = _weights(weights)
    distances = real_array(distances, "distances").astype(np.float64)
    if distances.shape != weights.shape or not ((distances >= 0) & (distances <= 1)).all():
        raise ValueError(f"distances have shape {distances.shape} or an entry outside of 0 to 1; allowed: "
                         f"{weights.shape}, numbers from 0 to 1")
    alpha, bound = check_finite("alpha", alpha), check_finite("bound", bound, 0)
    return float(drift_bound_of(weights, distances, alpha, bound))

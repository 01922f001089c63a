"""Filters of decoding that look at the entropy of a row or at a bound of probabilities: typical, eta and epsilon.

The choice is made in float64, whatever the format of the row. With gaps ``d_i = z_i - max z`` and their mean d under p,
the surprise of a class is off the entropy H by ``-log p_i - H = d - d_i``: no logarithm is needed to rank them.
"""
import numpy as np

from toolkit._core.arguments import check_number
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit.elementary import exp
from toolkit.softmax._algorithms import softmax_three_pass_reload
from toolkit.softmax._filtered import check_fewest, map_filtered
from toolkit.softmax._filters import keep_at_least
from toolkit.softmax._shift import top_class

__all__ = ["epsilon_softmax", "eta_softmax", "typical_softmax"]
KERNELS = ["eta_softmax_row", "typical_softmax_row"]


@kernel
def gap_below(z, i, m):
    """``z_i - m`` in float64."""
    return float(z[i]) - m


@kernel
def total_and_mean(z, m):
    """``(sum e^d, sum d e^d / sum e^d)`` of the gaps d, in float64."""
    total, moment = sum_like(m), sum_like(m)
    for i in range(z.size):
        gap = gap_below(z, i, m)
        weight = exp(gap)
        total += weight
        if weight > 0:
            moment += weight * gap
    return total.value, moment.value / total.value


@kernel
def mass_within(z, m, mean, bound):
    """``(sum e^d, how many, last, next)`` of the classes with a distance ``|d - mean| <= bound``.

    `last` is the largest distance among them, `next` the smallest of the others, inf if there is none.
    """
    total, count, last, following = sum_like(m), 0, -1.0, np.inf
    for i in range(z.size):
        gap = gap_below(z, i, m)
        distance = abs(gap - mean)
        if gap > -np.inf and distance <= bound:
            total += exp(gap)
            count += 1
            last = max(last, distance)
        elif gap > -np.inf:
            following = min(following, distance)
    return total.value, count, last, following


@kernel
def typical_logits(z, mass, fewest, out):
    """Logits, with -inf in the place of all but those whose surprise is nearest to the entropy, up to `mass`.

    The bound of the distance is found among the distances, by bisection: each step leaves at least one of them out.
    Classes at the same distance stay together.
    """
    m = float(z[top_class(z)])
    total, mean = total_and_mean(z, m)
    high = np.inf
    if mass < 1 and total == total:
        _, present, high, _ = mass_within(z, m, mean, np.inf)
        low = mass_within(z, m, mean, -1.0)[3]
        while low < high:  # the bound is a distance from low to high
            middle = 0.5 * low + 0.5 * high
            middle = middle if middle < high else low
            reached, count, last, following = mass_within(z, m, mean, middle)
            if reached >= mass * total and count >= min(fewest, present):
                high = last
            else:
                low = following
    for i in range(z.size):
        out[i] = -np.inf if abs(gap_below(z, i, m) - mean) > high else z[i]


@kernel
def eta_logits(z, epsilon, alpha, fewest, out):
    """Logits, with -inf in the place of those with a probability below ``min(epsilon, alpha e^-H)``, H the entropy."""
    m = float(z[top_class(z)])
    total, mean = total_and_mean(z, m)
    least = min(epsilon, alpha * exp(mean) / total) * total  # H = log(total) - mean
    for i in range(z.size):
        out[i] = -np.inf if exp(gap_below(z, i, m)) < least else z[i]
    keep_at_least(z, fewest, out)


@kernel
def typical_softmax_row(z, mass, p):
    """Softmax over the classes of `typical_logits`. `p` is a row of its own."""
    typical_logits(z, mass, 1, p)
    softmax_three_pass_reload(p, p)


@kernel
def eta_softmax_row(z, epsilon, alpha, p):
    """Softmax over the classes of `eta_logits`. `p` is a row of its own."""
    eta_logits(z, epsilon, alpha, 1, p)
    softmax_three_pass_reload(p, p)


def typical_softmax(z, *, mass=0.9, temperature=1.0, min_tokens_to_keep=1, result="probabilities", axis=-1, where=None,
                    format=None):
    """Softmax over the locally typical classes: those whose surprise ``-log p_i`` is nearest to the entropy.

    So many as reach `mass` together. The likeliest class may be left out where it says too little.

    Parameters
    ----------
    mass : float from 0 to 1
        1 keeps all classes.
    temperature, min_tokens_to_keep, result
        As in `top_p_softmax`; the classes kept in any case are the nearest to the entropy.
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities or logits (..., K) -> (..., K), as `top_p_softmax`.

    Special values
    --------------
    As `softmax`. Classes at the same distance from the entropy stay or go together.

    Accuracy
    --------
    As `softmax`, of the classes kept, which are chosen in float64, also with a format.

    Gradient
    --------
    As `top_p_softmax`.

    References
    ----------
    C. Meister, T. Pimentel, G. Wiher, R. Cotterell, Locally Typical Sampling, TACL 11 (2023), arXiv:2202.00666.

    Examples
    --------
    >>> typical_softmax([2.0, 1.0, 1.0, 1.0], mass=0.5).round(3)
    array([0.   , 0.333, 0.333, 0.333])
    """
    parameters = check_number("mass", mass, 0.0, 1.0), check_fewest(min_tokens_to_keep)
    return map_filtered(typical_logits, z, parameters, temperature=temperature, result=result, axis=axis, where=where,
                        format=format)


def eta_softmax(z, *, epsilon=3e-4, alpha=None, temperature=1.0, min_tokens_to_keep=1, result="probabilities", axis=-1,
                where=None, format=None):
    """Softmax over the classes with a probability of at least ``eta = min(epsilon, alpha e^-H)``, H the entropy.

    Where the row is spread out, e^-H is small and the bound falls with it. The likeliest class stays.

    Parameters
    ----------
    epsilon : float from 0 to 1
    alpha : float >= 0, optional
        ``sqrt(epsilon)`` by default; inf is `epsilon_softmax`.
    temperature, min_tokens_to_keep, result
        As in `top_p_softmax`.
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities or logits (..., K) -> (..., K), as `top_p_softmax`.

    Special values
    --------------
    As `softmax`.

    Accuracy
    --------
    As `softmax`, of the classes kept, which are chosen in float64, also with a format.

    Gradient
    --------
    As `top_p_softmax`.

    References
    ----------
    J. Hewitt, C. Manning, P. Liang, Truncation Sampling as Language Model Desmoothing, Findings of EMNLP 2022,
    arXiv:2210.15191.

    Examples
    --------
    >>> eta_softmax([1.0, 0.5, 0.0, -1.0], epsilon=0.3, alpha=0.1).round(3)
    array([0.474, 0.287, 0.174, 0.064])
    >>> epsilon_softmax([1.0, 0.5, 0.0, -1.0], epsilon=0.3)
    array([1., 0., 0., 0.])
    """
    epsilon = check_number("epsilon", epsilon, 0.0, 1.0)
    alpha = float(np.sqrt(epsilon)) if alpha is None else check_number("alpha", alpha, 0.0, np.inf)
    return map_filtered(eta_logits, z, (epsilon, alpha, check_fewest(min_tokens_to_keep)), temperature=temperature,
                        result=result, axis=axis, where=where, format=format)


def epsilon_softmax(z, *, epsilon=3e-4, temperature=1.0, min_tokens_to_keep=1, result="probabilities", axis=-1,
                    where=None, format=None):
    """Softmax over the classes with a probability of at least `epsilon`; the likeliest stays.

    Parameters
    ----------
    epsilon : float from 0 to 1
    temperature, min_tokens_to_keep, result
        As in `top_p_softmax`.
    z, axis, where, format
        As in `softmax`.

    Returns, Special values, Accuracy, Gradient, References as `eta_softmax`, which this is with ``alpha=inf``.

    Examples
    --------
    >>> epsilon_softmax([3.0, 1.0, 0.0, -3.0], epsilon=0.1).round(3)
    array([0.881, 0.119, 0.   , 0.   ])
    """
    return eta_softmax(z, epsilon=epsilon, alpha=np.inf, temperature=temperature, result=result, axis=axis, where=where,
                       min_tokens_to_keep=min_tokens_to_keep, format=format)

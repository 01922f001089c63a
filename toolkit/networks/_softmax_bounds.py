"""Bounds of softmax over a box of logits."""
import numpy as np

from toolkit._core.arguments import chosen
from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.networks._given import logit_boxes
from toolkit.networks._interval_bounds import Bounds
from toolkit.networks._outward import rounded_down, rounded_up, widened_down, widened_up

__all__ = ["softmax_bounds"]
KERNELS = ["softmax_bounds_naive", "softmax_bounds_row"]


@kernel
def sum_of_others(k, others, mine):
    """``sum_{j != k} exp(others_j - mine)``, below and above the exact one."""
    least, most = 0.0, 0.0
    for j in range(others.size):
        if j != k:
            gap = others[j] - mine
            if mine == -np.inf and others[j] > mine:
                least, most = np.inf, np.inf
            elif gap == gap or others[j] != others[j] or mine != mine:
                if least < np.inf:
                    least = rounded_down(least + widened_down(exp(rounded_down(gap))))
                most = rounded_up(most + widened_up(exp(rounded_up(gap))))
            elif others[j] > 0.0:  # both are inf
                most = np.inf
    return max(least, 0.0) if least == least else least, most


@kernel
def softmax_bounds_row(low, high, out_low, out_high):
    """``p_k`` from ``1 / (1 + sum_{j != k} e^{u_j - l_k})`` to ``1 / (1 + sum_{j != k} e^{l_j - u_k})``."""
    for k in range(low.size):
        _, most = sum_of_others(k, high, low[k])
        least, _ = sum_of_others(k, low, high[k])
        out_low[k] = rounded_down(1.0 / rounded_up(1.0 + most))
        out_low[k] = 0.0 if out_low[k] < 0.0 else out_low[k]
        share = 0.0 if least == np.inf else rounded_up(1.0 / rounded_down(1.0 + least))
        out_high[k] = 1.0 if share > 1.0 else share


@kernel
def softmax_bounds_naive(low, high, out_low, out_high):
    """``e^{l_k} / sum e^{u_j}`` to ``e^{u_k} / sum e^{l_j}``: numerator and denominator forget that they share z_k."""
    least, most = 0.0, 0.0
    for j in range(low.size):
        least, most = least + exp(low[j]), most + exp(high[j])
    for k in range(low.size):
        out_low[k], out_high[k] = exp(low[k]) / most, exp(high[k]) / least


_FORMS = {"naive": softmax_bounds_naive, "stable": softmax_bounds_row}


@kernel
def softmax_bounds_rows(of, low, high, out_low, out_high):
    for i in range(low.shape[0]):
        of(low[i], high[i], out_low[i], out_high[i])


def softmax_bounds(lower, upper, *, form="stable"):
    """Between what each probability lies when each logit is somewhere in an interval of its own.

    Softmax grows with its own logit and falls with any other one, so that the worst corner is known and the bounds of
    a single probability are exact. The naive form divides an interval by an interval: it counts z_k twice, at two
    different places, promises less, may promise more than 1, and overflows.

    Parameters
    ----------
    lower, upper : array_like (..., K)
        The ends of the logits, as of `toolkit.networks.interval_bounds`.
    form : {"naive", "stable"}

    Returns
    -------
    Bounds
        `lower` and `upper` (..., K), in float64. Lower bounds sum to at most 1 and upper ones to at least 1.

    Special values
    --------------
    A logit of -inf at both ends has probability 0 as long as another one is finite. NaN gives NaN.

    Accuracy
    --------
    Rounded outward: within (4K + 20) ulp of the exact bounds for logits within 10 of each other, tested by 50 digits,
    and further off by the size of the gaps. The naive form is not rounded outward.

    References
    ----------
    The bounds of a coordinate follow from monotonicity; derived here. For their use in verification see Wei, Wu, Wu,
    Chen, Barrett, Farchi, Convex Bounds on the Softmax Function with Applications to Robustness Verification, 2023,
    arXiv:2303.01713.

    Examples
    --------
    >>> low, high = softmax_bounds([-0.35, 0.85, -0.8875], [0.55, 1.55, -0.3625])
    >>> low.round(6), high.round(6)
    (array([0.115294, 0.490612, 0.060044]), array([0.386491, 0.808442, 0.186065]))
    """
    of = chosen("form", form, _FORMS)
    low, high = logit_boxes(lower, upper)
    out = np.empty((2, *low.shape))
    classes = low.shape[-1]
    with np.errstate(all="ignore"):  # uncompiled kernels would warn on paths that are right
        softmax_bounds_rows(of, *(each.reshape(-1, classes) for each in (low, high, *out)))
    return Bounds(*out)

"""Who learns from a sample: a softmax among neurons, whose losers may unlearn."""
import numpy as np

from toolkit._core.arguments import check_number, chosen
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.sums import sum_like
from toolkit._core.switch import switch
from toolkit.softmax._temperature import over_temperature, unshifted_row
from toolkit.softmax.kernels import softmax_naive, softmax_tempered, top_class

__all__ = ["hebbian_competition"]
KERNELS = ["any_competition", "anti_competition_naive", "anti_competition_row", "competition_naive", "competition_row",
           "competition_vjp_row", "linear_row"]


@kernel
def competition_naive(u, tau, y):
    """``exp(u / tau)`` over its sum, as it is written."""
    unshifted_row(u, tau, y)
    softmax_naive(y, y)


@kernel
def competition_row(u, tau, y):
    """``exp((u - max) / tau)`` over its sum."""
    softmax_tempered(u, tau, y)


@kernel
def turn_losers(winner, y):
    """Give all shares but that of the winner a minus."""
    for k in range(y.size):
        if k != winner:
            y[k] = -y[k]


@kernel
def anti_competition_naive(u, tau, y):
    competition_naive(u, tau, y)
    turn_losers(top_class(u), y)


@kernel
def anti_competition_row(u, tau, y):
    competition_row(u, tau, y)
    turn_losers(top_class(u), y)


@kernel
def linear_row(u, tau, y):
    """No competition: each share is the input itself, as in Oja's rule."""
    for k in range(u.size):
        y[k] = u[k]


any_competition = switch((competition_row, anti_competition_row, linear_row))


@kernel
def competition_vjp_row(y, g, tau, out):
    """``|y| (h - <|y|, h>) / tau``, with h the gradient g, turned where y is below 0."""
    top = top_class(y)
    h_top, mean = g[top], sum_like(y)
    for k in range(y.size):
        out[k] = (-g[k] if y[k] < 0 else g[k]) - h_top
        mean += abs(y[k]) * out[k]
    for k in range(y.size):
        out[k] = abs(y[k]) * (out[k] - mean.value)
    over_temperature(out, tau)


COMPETITIONS = {("soft", "naive"): competition_naive, ("soft", "stable"): competition_row,
                ("anti", "naive"): anti_competition_naive, ("anti", "stable"): anti_competition_row}
_FORMS = {"naive": "naive", "stable": "stable"}
_RULES = {"soft": "soft", "anti": "anti"}


def competition_of(rule, form="stable"):
    """The kernel of a rule in a form."""
    return COMPETITIONS[chosen("rule", rule, _RULES), chosen("form", form, _FORMS)]


def check_tau(tau):
    """`tau` as a float >= 0, inf included."""
    return abs(check_number("tau", tau, 0.0, np.inf))  # -0.0 would turn the signs of the gaps


def lost_rows(rows, y):
    """Rows where the exponential overflowed, or all of it underflowed."""
    return np.isnan(y).any(axis=1)


def hebbian_competition(u, *, tau=1.0, rule="soft", axis=-1, where=None, form="stable", format=None):
    """Who learns from a sample, and how much: ``y = softmax(u / tau)`` over neurons, the losers' turned on demand.

    Each neuron's input u is the product of its weights with a sample, and its share y is how strongly it will move
    towards the sample. The temperature says how many neurons learn: at 0 one alone, hard winner-take-all; at inf all of
    them alike. The literature of soft Hebbian learning writes T for ``1 / tau``; its code begins at T = 12. The naive
    form takes the exponential of ``u / tau`` and overflows.

    Parameters
    ----------
    u : array_like (..., K)
    tau : float >= 0
        Temperature; inf is allowed.
    rule : {"soft", "anti"}
        "anti" gives every neuron but the one with the largest input, the first in a tie, a share below 0, by which it
        moves away (the rule's name in released code is soft Krotov).
    form : {"naive", "stable"}
    axis, where, format
        As in `toolkit.softmax.softmax`.

    Returns
    -------
    (..., K), 0 where masked. Sizes sum to 1.

    Special values
    --------------
    As of `toolkit.softmax.softmax`. The naive form warns where a row is lost to an overflow, and at a tau of 0.

    Accuracy
    --------
    float32 and float64, tested: at most 4 + |u_i - max u| / tau ulp.

    Gradient
    --------
    ``|y| (h - <|y|, h>) / tau``, h being the gradient with respect to y, turned where y is below 0. Where the winner
    changes, the anti rule jumps.

    References
    ----------
    T. Moraitis, D. Toichkin, A. Journé, Y. Chua, Q. Guo, SoftHebb: Bayesian inference in unsupervised Hebbian soft
    winner-take-all networks, Neuromorphic Computing and Engineering 2 (2022), arXiv:2107.05747. D. Krotov,
    J. Hopfield, Unsupervised learning by competing hidden units, PNAS 116 (2019), arXiv:1806.10181.

    Examples
    --------
    >>> hebbian_competition([0.6, 0.1], tau=0.5).round(6)
    array([0.731059, 0.268941])
    >>> hebbian_competition([0.6, 0.1], tau=0.5, rule="anti").round(6)
    array([ 0.731059, -0.268941])

    With T = 12 and an input of 8, in float32, the exponential of 96 is inf:

    >>> hebbian_competition(np.float32([8, 7.9]), tau=1 / 12).round(4)
    array([0.7685, 0.2315], dtype=float32)
    >>> hebbian_competition(np.float32([8, 7.9]), tau=1 / 12, form="naive")  # doctest: +SKIP
    array([nan, nan], dtype=float32)
    """
    row, tau = competition_of(rule, form), check_tau(tau)
    broken = (lost_rows, "hebbian_competition(form='naive') lost shares") if form == "naive" else None
    return map_rows(row, {"u": u}, tau, axis=axis, where=where, format=format, broken=broken)


def hebbian_competition_pull(y, g, *, tau=1.0, axis=-1, where=None):
    """Gradient with respect to the inputs, from the shares `y` and the gradient `g` with respect to them."""
    return map_rows(competition_vjp_row, {"y": y, "g": g}, check_tau(tau), axis=axis, where=where, fills=(0.0, 0.0))

"""Carlini and Wagner's attack: the smallest change, as a sum of squares, that gives a network another class."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_flag, check_whole
from toolkit._core.kernel import kernel
from toolkit.elementary import log1p, tanh
from toolkit.networks._fgsm import checked_range
from toolkit.networks._flat_perceptron import signal_of_row
from toolkit.networks._gradient_at_input import attacked_network, margin_of_row, pulled_to_input
from toolkit.optimizers import adam_direction, descend

__all__ = ["Attack", "carlini_wagner"]
KERNELS = ["carlini_wagner_objective", "carlini_wagner_row"]

_INSIDE = 0.999999
_BETA1, _BETA2 = 0.9, 0.999


@kernel
def carlini_wagner_objective(z, y, targeted, kappa, g):
    """``f = max(max_{k != y} z_k - z_y + kappa, 0)`` of a target y, with the other sign of a label to leave.

    Fills its gradient, 0 where f is; returns f and whether the class is another, or the target, by more than kappa.
    """
    margin = margin_of_row(z, y, g)
    margin = margin if targeted else -margin
    f = margin + kappa
    for k in range(z.size):
        g[k] = (g[k] if targeted else -g[k]) if f > 0.0 else 0.0 * f
    return f if f > 0.0 or f != f else 0.0, margin < 0.0 and f <= 0.0


@kernel
def start_inside(x, low, high, u):
    """u with ``x = low + (high - low) (tanh u + 1) / 2``, a little inside of the range."""
    for i in range(x.size):
        a = _INSIDE * (2.0 * (x[i] - low) / (high - low) - 1.0)
        u[i] = 0.5 * (log1p(a) - log1p(-a))


@kernel
def descend_to(sizes, w, x, y, targeted, kappa, c, steps, lr, low, high, h, d, rows, least, out):
    """Steps of Adam on ``|x' - x|^2 + c f``, from x; keeps the nearest success so far in `out`, its distance returned.

    `rows` are six rows as long as x: u, the input, its slope, Adam's memory and direction.
    """
    u, moved, g, first, second, step = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    classes, succeeded = np.int64(sizes[sizes.size - 1]), False
    half, power1, power2 = 0.5 * (high - low), 1.0, 1.0
    start_inside(x, low, high, u)
    for i in range(x.size):
        first[i], second[i] = 0.0, 0.0
    for _ in range(steps):
        distance = 0.0
        for i in range(x.size):
            moved[i] = low + half * (tanh(u[i]) + 1.0)
            distance += (moved[i] - x[i]) * (moved[i] - x[i])
        signal_of_row(sizes, w, moved, h)
        _, there = carlini_wagner_objective(h[h.size - classes:], y, targeted, kappa, d[d.size - classes:])
        if there:
            succeeded = True
            if distance < least:
                least = distance
                for i in range(x.size):
                    out[i] = moved[i]
        pulled_to_input(sizes, w, h, d, g)
        for i in range(x.size):
            t = (moved[i] - low) / half - 1.0
            g[i] = (2.0 * (moved[i] - x[i]) + c * g[i]) * half * (1.0 - t * t)
        power1, power2 = power1 * _BETA1, power2 * _BETA2
        adam_direction(u, g, first, second, _BETA1, _BETA2, 1e-8, power1, power2, 0.0, step)
        descend(u, step, lr, 0.0)
    return least, succeeded


@kernel
def carlini_wagner_row(sizes, w, x, y, targeted, kappa, c, searches, steps, lr, low, high, h, d, rows, out):
    """The attacked row, x itself where none was found; returns the squared distance, inf then.

    A success at c is an upper bound of it, and c goes half way down; a failure a lower one, and c grows tenfold until
    there is an upper one.
    """
    below, above, least = 0.0, np.inf, np.inf
    for i in range(x.size):
        out[i] = x[i]
    for _ in range(searches):
        least, succeeded = descend_to(sizes, w, x, y, targeted, kappa, c, steps, lr, low, high, h, d, rows, least, out)
        if succeeded:
            above = min(above, c)
        else:
            below = max(below, c)
        c = 0.5 * (below + above) if above < np.inf else 10.0 * c
    return least


@kernel
def carlini_wagner_rows(sizes, w, x, labels, targeted, kappa, c, searches, steps, lr, low, high, h, d, rows, out,
                        distances):
    for i in range(x.shape[0]):
        distances[i] = np.sqrt(carlini_wagner_row(sizes, w, x[i], labels[i], targeted, kappa, c, searches, steps, lr,
                                                  low, high, h, d, rows, out[i]))


class Attack(NamedTuple):
    """Inputs after an attack.

    Attributes
    ----------
    inputs : (n, inputs)
        Where none was found, as they were.
    distance : (n,)
        Euclidean, inf where none was found.
    """

    inputs: np.ndarray
    distance: np.ndarray


def carlini_wagner(weights, inputs, labels, *, targeted=False, confidence=0.0, strength=1e-3, searches=9, steps=200,
                   lr=0.05, low=0.0, high=1.0):
    """Attack of Carlini and Wagner: the nearest input, by Euclidean distance, that the network takes for another class.

    It minimises ``|x' - x|^2 + c f`` with ``x' = low + (high - low) (tanh u + 1) / 2``, which stays in the range, by
    Adam in u, and seeks the smallest c that succeeds. With a target t, ``f = max(max_{k != t} z_k - z_t + confidence,
    0)``; without one, ``f = max(z_y - max_{k != y} z_k + confidence, 0)``. f is made of logits: it has a slope where
    softmax has none left, and so a network whose cross-entropy has no gradient is no harder to attack.

    The published program takes 10 000 steps at a rate of 0.01, and ends a search early where it makes no progress.

    Parameters
    ----------
    weights, inputs
        As of `gradient_at_input`.
    labels : array_like of integers (n,)
        The classes to leave, or, `targeted`, to reach.
    targeted : bool
        Published code has True here, and given the right labels then attacks nothing.
    confidence : float >= 0
        kappa: by how much the new class has to lead.
    strength : float > 0
        The first c; it grows tenfold until an attack succeeds, then it is halved between.
    searches, steps : int
    lr : float > 0
    low, high : float
        Range of the numbers of an input.

    Returns
    -------
    Attack
        `inputs` (n, inputs) and `distance` (n,).

    Special values
    --------------
    NaN gives no attack, and a distance of inf. An input that is taken for another class already comes back almost as
    it is: a millionth inside of the range.

    Accuracy
    --------
    An attack that is found is one, tested. Of two classes and a linear border its distance is within 1 % of the exact
    one after 1000 steps, tested.

    References
    ----------
    N. Carlini, D. Wagner, Towards Evaluating the Robustness of Neural Networks, 2017, arXiv:1608.04644.

    Examples
    --------
    >>> weights = [[[1.0, 0.0], [0.0, 1.0]], [[300.0, 0.0], [0.0, 300.0]]]
    >>> found = carlini_wagner(weights, [[0.7, 0.3]], [0])
    >>> found.inputs.round(2), found.distance.round(2)
    (array([[0.5, 0.5]]), array([0.28]))
    """
    targeted = check_flag("targeted", targeted)
    kappa, c = check_finite("confidence", confidence, 0.0), check_finite("strength", strength, 0.0, above=True)
    searches, steps = check_whole("searches", searches, 1, 100), check_whole("steps", steps, 1, 10**6)
    lr, ends = check_finite("lr", lr, 0.0, above=True), checked_range(low, high)
    network, (h, d, _) = attacked_network(weights, inputs, labels)
    x = network[2]
    if ((x < ends[0]) | (x > ends[1])).any():
        raise ValueError(f"inputs has numbers from {x.min()} to {x.max()}; allowed: from low to high, {ends[0]} to "
                         f"{ends[1]}")
    out, distances = np.empty_like(x), np.empty(len(x))
    with np.errstate(all="ignore"):
        carlini_wagner_rows(*network, targeted, kappa, c, searches, steps, lr, *ends, h, d,
                            np.empty((6, x.shape[1])), out, distances)
    return Attack(out, distances)

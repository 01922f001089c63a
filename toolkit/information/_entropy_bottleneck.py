"""A code of bounded entropy that says the most of its input, alone and before a decoder with a given output."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, chosen, shown
from toolkit.information._bottleneck_kernels import best_map, best_move, fill_encoder, greedy_map, map_entropy
from toolkit.information._coupling_kernels import bits_of
from toolkit.information._minimum_entropy_coupling import COUPLINGS, minimum_entropy_coupling, probabilities

__all__ = ["BottleneckCoupling", "EntropyBottleneck", "bottleneck_coupling", "entropy_bottleneck"]

LARGEST_SEARCH = 9  # symbols, with 21147 maps


class EntropyBottleneck(NamedTuple):
    """What `entropy_bottleneck` finds.

    information : float, I(X; T) in bits · rate : float, H(T) in bits · plan : (n, n + 1), the joint distribution of X
    and T · map : (n,), the symbol of T for each of X · move : (symbol, share) that is moved away from the map, or None
    """

    information: float
    rate: float
    plan: np.ndarray
    map: np.ndarray
    move: tuple | None


class BottleneckCoupling(NamedTuple):
    """What `bottleneck_coupling` finds, in bits.

    information : float, I(X; Y) · encoder : EntropyBottleneck · decoder : (n + 1, m), the joint distribution of T and Y
    · plan : (n, m), that of X and Y · bound : float, I(X; T) + I(T; Y) - H(T), which I(X; Y) is never below
    """

    information: float
    encoder: EntropyBottleneck
    decoder: np.ndarray
    plan: np.ndarray
    bound: float


def _moved(p, rate, work, places):
    _, symbol, share, up = best_move(p, rate, work, places)
    return int(symbol), float(share), int(up)


def _map_by(of):
    def found(p, rate, work, places):
        of(p, rate, work, places)
        return 0, 0.0, 0
    return found


_METHODS = {"greedy": _map_by(greedy_map), "map": _map_by(best_map), "moves": _moved}


def _entropy(p):
    return float(bits_of(np.ascontiguousarray(p)[None]))


def _information(plan):
    return _entropy(plan.sum(0)) + _entropy(plan.sum(1)) - float(bits_of(np.ascontiguousarray(plan)))


def entropy_bottleneck(p, rate, *, method="moves"):
    """A code T of X that says the most of it with an entropy of at most `rate` bits (EBIM).

    ``max I(X; T)`` over all ``P(T | X)`` with ``H(T) <= R``. It is R at most, and R where a function of X has this
    entropy. Between such rates one symbol is coded at random: the optimum near a map g is reached from below by moving
    mass of one symbol to an empty place, from above by moving it to the heaviest one (Theorem 3 of the paper). Then
    ``I(X; T) = R - p_i h(share)``.

    Parameters
    ----------
    p : array_like (n,)
        Probabilities of X.
    rate : float >= 0
        R, in bits.
    method : {"moves", "map", "greedy"}
        The best move from any map; the best map, by trying all; or merging symbols until the entropy is small
        enough, which is within h(p2) bits of the rate, p2 the second largest probability. The first two take 9 symbols
        at most. That single moves are enough far from a map, too, is not proved; they are what the paper found by brute
        force on its example.

    Returns
    -------
    EntropyBottleneck

    Accuracy
    --------
    ``H(T)`` is above the rate by 1e-11 bits at most, and ``I(X; T)`` within 1e-11 bits of the definition in the plan,
    tested.

    References
    ----------
    Ebrahimi, Chen, Khisti, Minimum Entropy Coupling with Bottleneck, 2024, arXiv:2410.21666.

    Examples
    --------
    >>> found = entropy_bottleneck([0.7, 0.2, 0.1], 0.6)
    >>> f"{found.information:.4f}", found.map, found.plan.round(4)[:, :3]
    ('0.5105', array([0, 0, 1]), array([[0.7   , 0.    , 0.    ],
           [0.1813, 0.    , 0.0187],
           [0.    , 0.1   , 0.    ]]))
    """
    of = chosen("method", method, _METHODS)
    p, rate = probabilities(p, "p"), check_finite("rate", rate, 0)
    if method != "greedy" and p.size > LARGEST_SEARCH:
        raise ValueError(f"method is {shown(method)}, for {p.size} probabilities; allowed: at most {LARGEST_SEARCH},"
                         " or 'greedy'")
    places, mass, cells = np.empty(p.size), np.empty(p.size), np.empty((p.size, p.size + 1))
    symbol, share, up = of(p, min(rate, _entropy(p)), np.empty((2, p.size)), places)
    numbers = {}
    places = np.array([numbers.setdefault(t, len(numbers)) for t in places.tolist()], np.float64)
    _, used = map_entropy(p, places, mass)
    fill_encoder(p, places, int(used), symbol, share, up, mass, cells)
    return EntropyBottleneck(max(_information(cells), 0.0), _entropy(cells.sum(0)), cells, places.astype(np.int64),
                             (symbol, share) if up else None)


def bottleneck_coupling(p, q, rate, *, method="moves", decoder="greedy"):
    """Minimum-entropy coupling of p and q through a code of at most `rate` bits (MEC-B).

    ``max I(X; Y)`` with X - T - Y, ``H(T) <= R`` and both distributions given. It falls apart in two: the encoder is
    `entropy_bottleneck`, the decoder couples T and Y with little entropy, and
    ``I(X; Y) >= I(X; T) + I(T; Y) - H(T)``.

    Parameters
    ----------
    p : array_like (n,)
        Probabilities of X.
    q : array_like (m,)
        Probabilities of Y.
    rate : float >= 0
        R, in bits.
    method : {"moves", "map", "greedy"}
        Of the encoder, as in `entropy_bottleneck`.
    decoder : {"greedy", "zero_seeking", "exact", "independent"}
        As the method of `minimum_entropy_coupling`.

    Returns
    -------
    BottleneckCoupling

    Accuracy
    --------
    The plan has the sums p and q within 1e-12, tested.

    References
    ----------
    Ebrahimi, Chen, Khisti, Minimum Entropy Coupling with Bottleneck, 2024, arXiv:2410.21666.

    Examples
    --------
    >>> found = bottleneck_coupling([0.5, 0.3, 0.2], [0.6, 0.4], 2.0)
    >>> f"{found.information:.4f}", found.plan.round(3)
    ('0.7710', array([[0.5, 0. ],
           [0. , 0.3],
           [0.1, 0.1]]))
    """
    chosen("decoder", decoder, COUPLINGS)
    q = probabilities(q, "q")
    code = entropy_bottleneck(p, rate, method=method)
    t = code.plan.sum(0)
    decoded = minimum_entropy_coupling(t[t > 0], q, method=decoder)
    joint = np.zeros((t.size, decoded.shape[1]))
    joint[t > 0] = decoded
    given = np.divide(joint, t[:, None], out=np.zeros_like(joint), where=t[:, None] > 0)
    plan = code.plan @ given
    return BottleneckCoupling(max(_information(plan), 0.0), code, joint, plan,
                              code.information + _information(joint) - code.rate)

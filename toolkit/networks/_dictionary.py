"""A dictionary learned from signals: codes by proximal steps, then each atom by least squares."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole, shown
from toolkit._core.kernel import kernel
from toolkit.activations._sparsity_penalties import penalty_of
from toolkit.networks._sparse_code import (
    checked_dictionary,
    checked_signals,
    checked_start,
    code_objective,
    code_path,
    longest_safe_step,
)

__all__ = ["Dictionary", "learn_dictionary"]
KERNELS = ["atoms_step", "fill_products", "mean_objective", "safe_step"]


class Dictionary(NamedTuple):
    """What `learn_dictionary` finds.

    Attributes
    ----------
    dictionary : (n, atoms)
    codes : (signals, atoms)
    objective : (rounds + 1,)
        Mean of all signals, before the first round and after each.
    """

    dictionary: np.ndarray
    codes: np.ndarray
    objective: np.ndarray


@kernel
def fill_products(signals, codes, of_codes, with_signals):
    """``codes' codes`` and ``signals' codes``."""
    for j in range(of_codes.shape[0]):
        for k in range(of_codes.shape[0]):
            of_codes[j, k] = 0.0
        for i in range(with_signals.shape[0]):
            with_signals[i, j] = 0.0
    for b in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            r = codes[b, j]
            if r != 0.0:
                for k in range(codes.shape[1]):
                    of_codes[j, k] += r * codes[b, k]
                for i in range(with_signals.shape[0]):
                    with_signals[i, j] += r * signals[b, i]


@kernel
def atoms_step(of_codes, with_signals, dictionary):
    """Each atom in turn: the best one of length 1 at most, the others and all codes being what they are.

    An atom that no code uses stays as it is.
    """
    for j in range(dictionary.shape[1]):
        weight = of_codes[j, j]
        if weight > 0.0:
            length = 0.0
            for i in range(dictionary.shape[0]):
                left = with_signals[i, j]
                for k in range(dictionary.shape[1]):
                    left -= dictionary[i, k] * of_codes[k, j]
                dictionary[i, j] += left / weight
                length += dictionary[i, j] * dictionary[i, j]
            if length > 1.0:
                length = np.sqrt(length)
                for i in range(dictionary.shape[0]):
                    dictionary[i, j] /= length


@kernel
def mean_objective(penalty, lam, shape, signals, dictionary, codes, left):
    total = 0.0
    for b in range(signals.shape[0]):
        total += code_objective(penalty, lam, shape, signals[b], dictionary, codes[b], left)
    return total / signals.shape[0]


@kernel
def safe_step(dictionary):
    """A step of at most ``1 / |D D'|``: one over the largest sum of sizes in a row of ``D' D``, which is no smaller."""
    largest = 0.0
    for j in range(dictionary.shape[1]):
        total = 0.0
        for k in range(dictionary.shape[1]):
            product = 0.0
            for i in range(dictionary.shape[0]):
                product += dictionary[i, j] * dictionary[i, k]
            total += abs(product)
        largest = max(largest, total)
    return 1.0 / largest


def learn_dictionary(signals, dictionary, *, penalty="l1", lam=0.1, shape=None, rounds=30, steps=10, start=None):
    """Atoms of which signals like these are sums of few: codes and dictionary in turn, neither of which loses.

    A round takes some steps of `sparse_code` from the codes of the round before, and then changes one atom after the
    other to the best one of length 1 at most. Neither makes the objective of `sparse_code` larger. (An atom without a
    bound on its length would grow, and its code shrink: the penalty would be cheated.)

    Parameters
    ----------
    signals : array_like (signals, n)
    dictionary : array_like (n, atoms)
        To begin with, as signals drawn at random; its atoms are brought to length 1.
    penalty : {"l1", "l0", "half", "mcp", "scad", "cel0"}
        See `toolkit.activations.sparsity_penalty`.
    lam, shape : float
        As of `sparse_code`; "cel0" has the shape 1.
    rounds, steps : int
        Rounds, and steps of the codes in each.
    start : array_like (signals, atoms), optional
        Codes to begin with, by default 0. "l0" may never leave 0: a step does not reach its threshold.

    Returns
    -------
    Dictionary

    References
    ----------
    J. Mairal, F. Bach, J. Ponce, G. Sapiro, Online Dictionary Learning for Sparse Coding, ICML 2009,
    doi:10.1145/1553374.1553463, whose update of the atoms this is, with all signals at once.

    Examples
    --------
    >>> signals = np.eye(4)[[0, 0, 1, 1, 2, 2]] * [[1.0], [-1.0], [2.0], [3.0], [1.0], [2.0]]
    >>> found = learn_dictionary(signals, np.eye(4)[:, :3] + 0.3, lam=0.01, rounds=60)
    >>> abs(found.dictionary).max(axis=0).round(2)
    array([1., 1., 1.])
    """
    d = checked_dictionary(dictionary)
    s = checked_signals(signals, len(d))
    if s.ndim != 2 or not len(s):
        raise ValueError(f"signals is {shown(s)}; allowed: an array (signals, {len(d)}), at least one signal")
    lengths = np.linalg.norm(d, axis=0)
    if not lengths.all():
        raise ValueError("dictionary has an atom of zeros; allowed: atoms that have a length")
    d /= lengths
    of, prox, values = penalty_of(penalty, shape)
    if values.ndim:
        raise ValueError(f"shape is {shown(values)}; allowed: a number")
    shapes = np.full(d.shape[1], float(values))
    lam = check_finite("lam", lam, 0.0)
    rounds, steps = check_whole("rounds", rounds, 0, 10**7), check_whole("steps", steps, 1, 10**7)
    if penalty == "scad" and longest_safe_step(d) >= float(values) - 1:
        raise ValueError(f"shape is {shown(shape)}; allowed for 'scad' with this dictionary: above 2")
    codes, path = checked_start(start, (len(s), d.shape[1])), np.zeros((len(s), steps + 1))
    objective, (left, slopes) = np.zeros(rounds + 1), (np.zeros(len(d)), np.zeros(d.shape[1]))
    of_codes, with_signals = np.zeros((d.shape[1], d.shape[1])), np.zeros(d.shape)
    with np.errstate(all="ignore"):
        objective[0] = mean_objective(of, lam, shapes, s, d, codes, left)
        for t in range(rounds):
            code_path(of, prox, lam, shapes, longest_safe_step(d), s, d, codes, path, left, slopes)
            fill_products(s, codes, of_codes, with_signals)
            atoms_step(of_codes, with_signals, d)
            objective[t + 1] = mean_objective(of, lam, shapes, s, d, codes, left)
    return Dictionary(d, codes, objective)

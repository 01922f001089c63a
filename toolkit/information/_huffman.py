"""Huffman's code: how long the word of each symbol is."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.information._minimum_entropy_coupling import probabilities

__all__ = ["huffman_lengths"]
KERNELS = ["huffman_words"]


@kernel
def two_least(mass, alive):
    """Places of the two smallest masses that are alive; of equal ones the first."""
    first, second = -1, -1
    for i in range(mass.size):
        if not alive[i] > 0:
            continue
        if first < 0 or mass[i] < mass[first]:
            first, second = i, first
        elif second < 0 or mass[i] < mass[second]:
            second = i
    return first, second


@kernel
def huffman_words(p, mass, alive, tree, lengths):
    """Merge the two least masses until one is left: each merge makes the words of its symbols longer by one bit.

    A symbol of probability 0 has no word, of length 0. `mass`, `alive` and `tree` are room like p.
    """
    left = 0
    for i in range(p.size):
        mass[i], alive[i], tree[i], lengths[i] = p[i], 1.0 if p[i] > 0 else 0.0, i, 0.0
        left += 1 if p[i] > 0 else 0
    while left > 1:
        i, j = two_least(mass, alive)
        for k in range(p.size):
            if p[k] > 0 and (tree[k] == i or tree[k] == j):
                tree[k] = i
                lengths[k] += 1.0
        mass[i] += mass[j]
        alive[j] = 0.0
        left -= 1


def huffman_lengths(p):
    """Lengths of the words of Huffman's code in bits: the code without commas with the least mean length.

    Merge the two least probabilities, again and again: what is merged gets one bit more. The mean length is at least
    the entropy in bits and less than one bit above it. Greedy is right here,
    and for couplings, which look alike, it is not.

    Parameters
    ----------
    p : array_like (n,)
        Probabilities.

    Returns
    -------
    (n,) -> (n,)
        Integers. A symbol of probability 0 gets no word, 0; so does the only one there is.

    References
    ----------
    Huffman, A Method for the Construction of Minimum-Redundancy Codes, 1952, doi:10.1109/JRPROC.1952.273898.

    Examples
    --------
    >>> huffman_lengths([0.4, 0.3, 0.2, 0.1])
    array([1, 2, 3, 3])
    """
    p = probabilities(p, "p")
    lengths = np.empty(p.size)
    huffman_words(p, np.empty(p.size), np.empty(p.size), np.empty(p.size), lengths)
    return lengths.astype(np.int64)

"""Random numbers with an explicit state: the same seed gives the same bits natively and in the browser.

splitmix64 (Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195): the state counts in steps of the golden ratio, and
each value is a hash of it.
"""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = ["below", "mixed", "seeded", "shuffle", "uniform"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@kernel
def mixed(bits):
    """A hash of 64 bits."""
    z = np.uint64(bits)
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@kernel
def seeded(state, seed, stream):
    """Start the generator in `state[0]`; streams of one seed are independent."""
    state[0] = mixed(np.uint64(seed) + _GOLDEN) ^ mixed(np.uint64(stream) * _FIRST + _SECOND)


@kernel
def uniform(state):
    """A float64 in [0, 1) with 53 random bits."""
    state[0] = np.uint64(state[0]) + _GOLDEN
    return np.float64(np.int64(mixed(state[0]) >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@kernel
def below(state, n):
    """An integer from 0 to n - 1."""
    return np.int64(uniform(state) * n)


@kernel
def shuffle(order, state):
    """Fisher-Yates: a random permutation of the integers in `order`, in place."""
    for i in range(order.size - 1, 0, -1):
        j = below(state, i + 1)
        held = order[i]
        order[i] = order[j]
        order[j] = held

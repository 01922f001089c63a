"""Kernels of a code with a bounded entropy: maps that merge symbols, and single moves away from them."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.information._coupling_kernels import BIT, cost_of

__all__ = []
KERNELS = ["best_map", "best_move", "first_map", "fill_encoder", "greedy_map", "map_entropy", "move_down", "move_up",
           "next_map"]


@kernel
def map_entropy(p, places, mass):
    """Entropy in bits of T = places[X], and how many symbols T has; fills the mass of each."""
    used = 0
    for t in range(mass.size):
        mass[t] = 0.0
    for i in range(p.size):
        t = np.int64(places[i])
        mass[t] += p[i]
        used = max(used, t + 1)
    total = 0.0
    for t in range(used):
        total += cost_of(mass[t])
    return max(total, 0.0) / BIT, used


@kernel
def first_map(places):
    """All symbols in one."""
    for i in range(places.size):
        places[i] = 0.0


@kernel
def next_map(places):
    """The next map of `places`, where each symbol joins older ones or opens a new place; False at the end.

    Each way to merge symbols comes once: place i is at most one above the largest before it.
    """
    for i in range(places.size - 1, 0, -1):
        highest = 0.0
        for k in range(i):
            highest = max(highest, places[k])
        if places[i] <= highest:
            places[i] += 1.0
            for k in range(i + 1, places.size):
                places[k] = 0.0
            return True
    return False


@kernel
def binary_entropy(share):
    return (cost_of(share) + cost_of(1.0 - share)) / BIT


@kernel
def moved_entropy(share, mass, source, target):
    """What a move of `share` of a symbol of this mass changes of H(T): from a column to another one, in bits."""
    moved = share * mass
    return (cost_of(source - moved) + cost_of(target + moved) - cost_of(source) - cost_of(target)) / BIT


@kernel
def share_for(goal, mass, source, target, last):
    """The share in [0, last] at which the entropy has changed by `goal`; the change is monotone there."""
    low, high = 0.0, last
    for _ in range(45):
        middle = 0.5 * (low + high)
        change = moved_entropy(middle, mass, source, target)
        if (change < goal) == (goal > 0):
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def move_up(p, places, mass, entropy, rate):
    """``(I, symbol, share)``: more rate than the map has, by sending a share of one symbol to an empty place.

    ``I(X; T) = rate - p_i h(share)``, since only this symbol is sent at random. -1 for I where no move gets there.
    """
    best, symbol, part = -1.0, 0, 0.0
    for i in range(p.size):
        source = mass[np.int64(places[i])]
        if not p[i] > 0:
            continue
        last = min(1.0, 0.5 * source / p[i])
        if entropy + moved_entropy(last, p[i], source, 0.0) < rate:
            continue
        share = share_for(rate - entropy, p[i], source, 0.0, last)
        value = rate - p[i] * binary_entropy(share)
        if value > best:
            best, symbol, part = value, i, share
    return best, symbol, part


@kernel
def heaviest(mass, used):
    at = 0
    for t in range(1, used):
        if mass[t] > mass[at]:
            at = t
    return at


@kernel
def move_down(p, places, mass, used, entropy, rate):
    """``(I, symbol, share)``: less rate than the map has, by sending a share of one symbol to the heaviest place."""
    best, symbol, part = -1.0, 0, 0.0
    top = heaviest(mass, used)
    for i in range(p.size):
        here = np.int64(places[i])
        if here == top or not p[i] > 0:
            continue
        if entropy + moved_entropy(1.0, p[i], mass[here], mass[top]) > rate:
            continue
        share = share_for(rate - entropy, p[i], mass[here], mass[top], 1.0)
        value = rate - p[i] * binary_entropy(share)
        if value > best:
            best, symbol, part = value, i, share
    return best, symbol, part


@kernel
def best_map(p, rate, work, places):
    """The map with the most entropy of at most `rate`, of all maps; returns it. `work` is two rows like p."""
    current, mass = work[0], work[1]
    best = -1.0
    first_map(current)
    more = True
    while more:
        entropy, _ = map_entropy(p, current, mass)
        if best < entropy <= rate + 1e-12:
            best = entropy
            for i in range(p.size):
                places[i] = current[i]
        more = next_map(current)
    return best


@kernel
def best_move(p, rate, work, places):
    """``(I, symbol, share, up)`` of the best single move from any map; fills the map. `up` is 0 where none is needed.

    Moves start from all maps, not from the two whose rates are nearest. Of moves as good, the smallest is taken.
    """
    current, mass = work[0], work[1]
    best, symbol, share, up = best_map(p, rate, work, places), 0, 0.0, 0
    first_map(current)
    more = best < rate - 1e-12  # with a map at the rate, no move is needed
    while more:
        entropy, used = map_entropy(p, current, mass)
        if entropy < rate:
            value, i, part = move_up(p, current, mass, entropy, rate)
            way = 1
        else:
            value, i, part = move_down(p, current, mass, used, entropy, rate)
            way = -1
        if value > best + 1e-12 or value > best - 1e-12 and part < share:
            best, symbol, share, up = value, i, part, way
            for k in range(p.size):
                places[k] = current[k]
        more = next_map(current)
    return best, symbol, share, up


@kernel
def greedy_map(p, rate, work, places):
    """Merge until the entropy is at most `rate`, each time the two symbols of T that lose least, at last the best fit.

    Returns the entropy. Where that falls short of merging the lightest symbols of X into the heaviest one by one,
    that is taken: it never loses more than h(p2) bits in one step, p2 the second largest probability.
    """
    other, mass = work[0], work[1]
    found = merge_pairs(p, rate, mass, places)
    second = merge_lightest(p, rate, mass, other)
    if second > found:
        for i in range(p.size):
            places[i] = other[i]
        return second
    return found


@kernel
def merge_pairs(p, rate, mass, places):
    for i in range(p.size):
        places[i] = i
    entropy, _ = map_entropy(p, places, mass)
    while entropy > rate + 1e-12:
        one, other, best, fits = 0, 0, -np.inf, False
        for s in range(p.size):
            for t in range(s + 1, p.size):
                if not (mass[s] > 0 and mass[t] > 0):
                    continue
                after = entropy + (cost_of(mass[s] + mass[t]) - cost_of(mass[s]) - cost_of(mass[t])) / BIT
                good = after <= rate + 1e-12
                if good and not fits or good == fits and after > best:
                    one, other, best, fits = s, t, after, good
        for i in range(p.size):
            if places[i] == other:
                places[i] = one
        entropy, _ = map_entropy(p, places, mass)
    return entropy


@kernel
def merge_lightest(p, rate, mass, places):
    top = 0
    for i in range(p.size):
        places[i] = i
        if p[i] > p[top]:
            top = i
    entropy, _ = map_entropy(p, places, mass)
    while entropy > rate + 1e-12:
        least = -1
        for i in range(p.size):
            if places[i] != top and (least < 0 or p[i] < p[least]):
                least = i
        places[least] = top
        entropy, _ = map_entropy(p, places, mass)
    return entropy


@kernel
def fill_encoder(p, places, used, symbol, share, up, mass, cells):
    """The joint distribution of X and T: the map, and a share of one symbol moved to a new place or the heaviest."""
    for i in range(p.size):
        for t in range(cells.shape[1]):
            cells[i, t] = 0.0
        cells[i, np.int64(places[i])] = p[i]
    if up != 0:
        target = used if up > 0 else heaviest(mass, used)
        cells[symbol, np.int64(places[symbol])] -= share * p[symbol]
        cells[symbol, target] += share * p[symbol]

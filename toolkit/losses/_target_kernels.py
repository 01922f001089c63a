"""Rows of targets for regression by classification: a number as probabilities of bins, or of atoms."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers, like, over_exactly, times_exactly, unrounded
from toolkit.elementary import erf, exp
from toolkit.elementary._normal_mass import mass_beside_bell
from toolkit.losses._places import place_of, place_of_moved

__all__ = []

_SQRT_HALF = 0.7071067811865476
_FAR = 1e300  # from where on a product would be infinite, and 0 times it NaN


@kernel
def mass_of_bin(i, j, r, h):
    """``(x, mass)`` of bin i, for a value r bins from edge j and a standard deviation of 1 / h bins.

    x is the distance of the bin from the value in standard deviations; the mass is divided by ``exp(-x**2 / 2)``.
    """
    low, high = (i - j) - r, (i + 1 - j) - r
    if low < 0 < high:
        return 0.0, mass_beside_bell(0.0, min(-low * h, _FAR)) + mass_beside_bell(0.0, min(high * h, _FAR))
    x = min(max(low, -high) * h, _FAR)
    return x, mass_beside_bell(x, h)


@kernel
def hl_gauss_row(target, low, high, spread, p):
    """Probabilities of the bins of [low, high] under N(target, (spread * width)^2), given that it is inside.

    Each mass, relative to that of the bin nearest to the target, is computed in float64 and rounded once.
    """
    target, h = float(target), min(1 / float(spread), _FAR)
    if not np.isfinite(target):
        for i in range(p.size):
            p[i] = np.nan
        return
    j, r = place_of(target, float(low), float(high), p.size)
    first = min(max(j - 1 if r < 0 else j, 0), p.size - 1)
    nearest, most = mass_of_bin(first, j, r, h)
    total = 0.0
    for i in range(p.size):
        x, mass = mass_of_bin(i, j, r, h)
        further = abs(i - first) * h if nearest > 0 else x  # x - nearest, which would round
        p[i] = exp(-further * (0.5 * (x + nearest))) * (mass / most)
        total += p[i]
    for i in range(p.size):
        p[i] /= total


@kernel
def hl_gauss_naive(target, low, high, spread, p):
    """Differences of the error function over their sum: 0/0 for a target far outside."""
    target, low, high, spread = as_numbers((target, low, high, spread), p)
    width = over_exactly(high - low, p.size)
    scale = over_exactly(spread * width, _SQRT_HALF)
    first = erf((low - target) / scale)
    below = first
    for i in range(p.size):
        above = erf((low + times_exactly(width, i + 1) - target) / scale)
        p[i] = above - below
        below = above
    total = below - first
    for i in range(p.size):
        p[i] /= total


@kernel
def split_between_atoms(j, r, weight, p):
    """Add `weight` to atom j and the one beside it on the side of r, so that their mean is r steps from atom j."""
    share = like(abs(r), p)
    p[j] += weight * (1 - share)
    if r != 0:
        p[j + 1 if r > 0 else j - 1] += weight * share


@kernel
def two_hot_row(target, low, high, p):
    """Probabilities of the atoms of [low, high], 0 but for the two beside `target`."""
    target, low, high = float(target), float(low), float(high)
    for i in range(p.size):
        p[i] = 0.0
    if target != target:
        p[0] = target
    else:
        j, r = place_of(min(max(target, low), high), low, high, p.size - 1)
        split_between_atoms(j, r, 1.0, p)


@kernel
def categorical_row(q, reward, discount, low, high, p):
    """The law of ``reward + discount Z``, Z with probabilities `q` on the atoms, brought back onto them."""
    reward, discount, low, high = float(reward), float(discount), float(low), float(high)
    for i in range(p.size):
        p[i] = 0.0
    for i in range(q.size):
        j, r = place_of_moved(i, reward, discount, low, high, p.size - 1)
        if j < 0:
            p[0] = np.nan
        else:
            split_between_atoms(j, r, q[i], p)


@kernel
def categorical_naive(q, reward, discount, low, high, p):
    """With floor and ceiling, as first published: an atom that lands on an atom gives its weight to neither."""
    reward, discount, low, high = as_numbers((reward, discount, low, high), p)
    step = over_exactly(high - low, q.size - 1)
    for i in range(p.size):
        p[i] = 0.0
    for j in range(q.size):
        moved = min(max(reward + discount * (low + times_exactly(step, j)), low), high)
        place = (moved - low) / step
        left, right = np.int64(float(np.floor(place))), np.int64(float(np.ceil(place)))
        p[left] += q[j] * (right - unrounded(place))
        p[right] += q[j] * (unrounded(place) - left)

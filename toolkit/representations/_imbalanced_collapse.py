"""What becomes of classes that are not balanced: the closed form for squared errors and linear layers."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_whole
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, pow
from toolkit.representations._given import counts_of

__all__ = ["CollapsedLayers", "imbalanced_collapse", "minority_threshold"]
KERNELS = ["class_strength", "decay_of", "minority_threshold_of"]


class CollapsedLayers(NamedTuple):
    """What each class ends with.

    Attributes
    ----------
    strengths : (K,)
        The singular value s of the class in the product of all layers and the features.
    logits : (K,)
        Of a row, for its own class; the others are 0.
    weights, features : (K,)
        Squared lengths: of the class's row of the last layer, and of the features of each of its rows.
    """

    strengths: np.ndarray
    logits: np.ndarray
    weights: np.ndarray
    features: np.ndarray


@kernel
def decay_of(decays):
    """The geometric mean of all weights of the squares; a 0 makes it 0."""
    total = 0.0
    for i in range(decays.size):
        if decays[i] == 0.0:
            return 0.0
        total += log(decays[i])
    return exp(total / decays.size)


@kernel
def class_strength(count, total, decay, factors):
    """The s that makes ``(s - sqrt n)² / (2 N) + (L / 2) c s^(2/L)`` least, for L factors and the mean decay c.

    Of two factors it is ``max(0, sqrt n - N c)``. Of more, 0 is always a local minimum, and the other one is the larger
    root of ``s^(1 - 2/L) (sqrt n - s) = N c``.
    """
    root, pull = np.sqrt(count), total * decay
    if factors <= 2.0:
        return max(0.0, root - pull)
    if count < minority_threshold_of(total, decay, factors):
        return 0.0
    power = 1.0 - 2.0 / factors
    low, high = root * (factors - 2.0) / (2.0 * factors - 2.0), root
    for _ in range(60):
        middle = 0.5 * (low + high)
        if pow(middle, power) * (root - middle) > pull:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def minority_threshold_of(total, decay, factors):
    """The count at which both minima are equal: ``n^(1 - 1/L) = N c / (u^(1 - 2/L) (1 - u))``, u = (L - 2)/(L - 1)."""
    if factors <= 2.0:
        return total * decay * (total * decay)
    u = (factors - 2.0) / (factors - 1.0)
    return pow(total * decay / (pow(u, 1.0 - 2.0 / factors) * (1.0 - u)), factors / (factors - 1.0))


def _decays(decays):
    given = real_array(decays, "decays")
    if given.ndim != 1 or given.size < 2:
        raise ValueError(f"decays has shape {given.shape}; allowed: a number for each layer, and one of the features")
    return np.array([check_finite("each of decays", each, 0, above=True) for each in given.tolist()])


def imbalanced_collapse(counts, decays):
    """Where descent on squared errors ends with classes of different sizes, for features that are free.

    ``|W_M ... W_1 H - Y|² / (2 N) + sum_l λ_l / 2 |W_l|² + λ_H / 2 |H|²`` without biases, and with no fewer dimensions
    than classes. Rows of different classes are orthogonal in each layer, and each class has a strength of its own:
    ``s_k = max(0, sqrt n_k - N sqrt(λ_W λ_H))`` of one layer. Below `minority_threshold` a class is gone: minority
    collapse. With two layers or more it goes at once, and the closed form is the lower one of two minima; descent from
    small weights may stay at 0 above it.

    Parameters
    ----------
    counts : array_like of integers (K,)
        Rows of each class, n_k.
    decays : sequence of float > 0
        ``λ_M ... λ_1`` of the layers, the last one first, and then λ_H of the features.

    Returns
    -------
    CollapsedLayers

    Accuracy
    --------
    One layer: within 1e-13 of the formula in 40 digits, tested; more layers: within 1e-12 of the least of the
    objective, tested.

    References
    ----------
    Dang et al., Neural Collapse in Deep Linear Networks: From Balanced to Imbalanced Data, ICML 2023, arXiv:2301.00437.
    The form here is derived from the objective, and not copied from the paper.

    Examples
    --------
    >>> found = imbalanced_collapse([80, 18, 2], (5e-4, 0.01))
    >>> found.logits.round(8), found.weights.round(6)
    (array([0.975     , 0.94729537, 0.84188612]), array([39.      , 17.973666,  5.324555]))
    >>> imbalanced_collapse([80, 16, 4], (0.02, 0.02)).logits[2].round(12)
    np.float64(0.0)
    """
    counts, decays = counts_of(counts), _decays(decays)
    total, factors = counts.sum(), float(len(decays))
    decay = decay_of(decays)
    s = np.array([class_strength(n, total, decay, factors) for n in counts])
    level = decay * s ** (2 / factors)  # what each factor pays, λ times its square
    return CollapsedLayers(s, s / np.sqrt(counts), level / decays[0], level / decays[-1] / counts)


def minority_threshold(total, decays):
    """The size from which on a class survives: ``N² λ_W λ_H`` of one layer.

    Of more layers, a class of this size jumps from nothing to a share ``(L - 2) / (L - 1)`` of what it would be
    without decay, L being the number of `decays`.

    Parameters
    ----------
    total : int
        N, rows of all classes.
    decays : sequence of float > 0
        As in `imbalanced_collapse`.

    Returns
    -------
    float
        Rows. Of one layer a class of exactly this size is gone, too.

    References
    ----------
    As of `imbalanced_collapse`; derived.

    Examples
    --------
    >>> round(minority_threshold(100, (0.02, 0.02)), 12)
    4.0
    """
    total, decays = float(check_whole("total", total, 1, 2**31)), _decays(decays)
    return float(minority_threshold_of(total, decay_of(decays), float(len(decays))))

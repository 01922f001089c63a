"""Unconstrained features: a last layer, and features that are free to go where the loss wants them."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_finite, check_flag, check_whole, chosen
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.losses.kernels import cross_entropy_common, cross_entropy_stable
from toolkit.representations._given import counts_of, rounded

__all__ = ["UnconstrainedFeatures", "fit_unconstrained_features"]
KERNELS = ["unconstrained_slopes", "unconstrained_step", "squared_slopes"]


class UnconstrainedFeatures(NamedTuple):
    """What descent ends with.

    Attributes
    ----------
    weights : (K, d)
    features : (N, d)
    labels : (N,)
    loss : float
        Without what the weights of the squares add.
    """

    weights: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    loss: float


@kernel
def squared_slopes(z, y, grad):
    """``|z - onehot(y)|² / 2`` and its gradient."""
    total = 0.0
    for k in range(z.size):
        grad[k] = z[k] - (1 if k == y else 0)
        total += grad[k] * grad[k] / 2
    return total


@kernel
def unconstrained_slopes(of, w, h, labels, lw, lh, z, grad, gw, gh):
    """The mean loss; fills its gradients, with those of ``lw |W|² / 2 + lh |H|² / 2``."""
    n, loss = h.shape[0], 0.0
    for k in range(w.shape[0]):
        for d in range(w.shape[1]):
            gw[k, d] = like(lw, w) * w[k, d]
    for i in range(n):
        for k in range(w.shape[0]):
            total = 0.0
            for d in range(w.shape[1]):
                total += w[k, d] * h[i, d]
            z[k] = total
        loss += float(of(z, labels[i], grad)) / n
        for d in range(w.shape[1]):
            gh[i, d] = like(lh, h) * h[i, d]
        for k in range(w.shape[0]):
            for d in range(w.shape[1]):
                gw[k, d] += grad[k] * h[i, d] / like(float(n), h)
                gh[i, d] += grad[k] * w[k, d] / like(float(n), h)
    return loss


@kernel
def norm_of(a):
    """Frobenius norm in float64, by the largest entry: gradients may be far below 1e-160."""
    largest = 0.0
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            largest = max(largest, abs(float(a[i, k])))
    total = 0.0
    if not largest > 0.0:
        return largest
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            total += (float(a[i, k]) / largest) * (float(a[i, k]) / largest)
    return largest * np.sqrt(total)


@kernel
def unconstrained_step(of, w, h, labels, lw, lh, rate, normalized, z, grad, gw, gh):
    """A step of descent: ``(loss before it, length of the gradient)``. A normalised step has the length `rate`."""
    loss = unconstrained_slopes(of, w, h, labels, lw, lh, z, grad, gw, gh)
    a, b = norm_of(gw), norm_of(gh)
    top = max(a, b)
    length = top * np.sqrt((a / top) * (a / top) + (b / top) * (b / top)) if top > 0.0 else top
    if normalized and not length > 0.0:
        return loss, length
    for k in range(w.shape[0]):
        for d in range(w.shape[1]):
            step = float(gw[k, d]) / length * rate if normalized else float(gw[k, d]) * rate
            w[k, d] -= like(step, w)
    for i in range(h.shape[0]):
        for d in range(h.shape[1]):
            step = float(gh[i, d]) / length * rate if normalized else float(gh[i, d]) * rate
            h[i, d] -= like(step, h)
    return loss, length


@kernel
def descend(of, w, h, labels, lw, lh, rate, normalized, steps, z, grad, gw, gh):
    for _ in range(steps):
        _, length = unconstrained_step(of, w, h, labels, lw, lh, rate, normalized, z, grad, gw, gh)
        if normalized and not length > 0.0:
            break
    return unconstrained_slopes(of, w, h, labels, lw, lh, z, grad, gw, gh)


_LOSSES = {"cross_entropy": cross_entropy_stable, "common_cross_entropy": cross_entropy_common,
           "squared": squared_slopes}


def fit_unconstrained_features(counts, dimension, *, loss="cross_entropy", weight_decay=0.0, feature_decay=0.0,
                               rate=0.5, steps=1000, normalized=False, seed=0, format=None):
    """Descent on a last layer W and on features H that are free: what a network does that could make any features.

    The loss is the mean over rows; to it come ``λ_W |W|² / 2`` and ``λ_H |H|² / 2``. There is no bias.

    Parameters
    ----------
    counts : array_like of integers (K,)
        Rows of each class.
    dimension : int
        d, of the features.
    loss : {"cross_entropy", "common_cross_entropy", "squared"}
        The second one as libraries compute it, which collapses; the third is half of the squared error of the logits.
    weight_decay, feature_decay : float >= 0
        λ_W and λ_H.
    rate : float > 0
    steps : int
    normalized : bool
        Whether the gradient is brought to length 1. Plain descent moves less and less as rows are right.
    seed : int
        Of the normal numbers at the start, of deviation 1/4.
    format : Format or what `toolkit.formats.get_format` accepts, optional
        Emulate this format in all of weights, features and gradients; the length of a gradient is float64.

    Returns
    -------
    UnconstrainedFeatures

    Special values
    --------------
    A normalised descent stops where the gradient is 0: where it underflows.

    Accuracy
    --------
    Squared errors: after 40000 steps within 1e-9 of `imbalanced_collapse`, tested.

    References
    ----------
    Mixon, Parshall, Pi, Neural Collapse with Unconstrained Features, 2020, arXiv:2011.11619.

    Examples
    --------
    >>> import numpy as np
    >>> found = fit_unconstrained_features([2, 2, 2], 3, rate=1.0, steps=2000)
    >>> gram = found.weights @ found.weights.T
    >>> float((gram[0, 1] / np.sqrt(gram[0, 0] * gram[1, 1])).round(1))
    -0.5
    """
    counts, dimension = counts_of(counts, 2), check_whole("dimension", dimension, 1, 2**15)
    of = chosen("loss", loss, _LOSSES)
    lw, lh = check_finite("weight_decay", weight_decay, 0), check_finite("feature_decay", feature_decay, 0)
    rate, steps = check_finite("rate", rate, 0, above=True), check_whole("steps", steps, 0, 2**31)
    normalized = check_flag("normalized", normalized)
    rng = np.random.default_rng(check_whole("seed", seed, 0, 2**63 - 1))
    labels = np.repeat(np.arange(len(counts)), counts.astype(int))
    w, h = rng.normal(0, 0.25, (len(counts), dimension)), rng.normal(0, 0.25, (len(labels), dimension))
    code, w, h = rounded(format, w, h)
    room = np.empty(len(counts)), np.empty(len(counts)), np.empty_like(w), np.empty_like(h)
    with np.errstate(all="ignore"):
        found = descend(of, in_format(w, code), in_format(h, code), labels, lw, lh, rate, normalized, steps,
                        *(in_format(each, code) for each in room))
    return UnconstrainedFeatures(w, h, labels, float(found))

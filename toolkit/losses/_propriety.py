"""What a loss makes one say: its expected value under a belief, and whether the truth costs least."""
from typing import NamedTuple

import numpy as np

from toolkit._core.arguments import check_whole, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import log

__all__ = ["Propriety", "expected_loss", "propriety_gap"]
KERNELS = ["expected_of_two", "logits_of_two", "report_of_two"]

_SUM_TOLERANCE = 1e-6


@kernel
def logits_of_two(p, z):
    """Logits whose softmax is ``(p, 1 - p)``."""
    z[0], z[1] = log(p), log(1.0 - p)


@kernel
def expected_of_two(of, numbers, q, p, z, grad):
    """``q L(p, 0) + (1 - q) L(p, 1)`` of a row kernel of two classes."""
    logits_of_two(p, z)
    return q * of(*((z, 0) + numbers + (grad,))) + (1.0 - q) * of(*((z, 1) + numbers + (grad,)))


@kernel
def report_of_two(of, numbers, q, steps, z, grad):
    """The p among i / steps with the least expected loss."""
    best, least = 0.5, np.inf
    for i in range(steps + 1):
        value = expected_of_two(of, numbers, q, i / steps, z, grad)
        if value < least:
            best, least = i / steps, value
    return best


def _checked_loss(loss):
    if not callable(loss):
        raise TypeError(f"loss is {shown(loss)}; allowed: a function (logits, labels, reduction='none'), as those of "
                        "toolkit.losses")
    return loss


def _losses(loss, z):
    """(..., K): the loss of each label."""
    return np.stack([np.asarray(loss(z, np.full(z.shape[:-1], k), reduction="none"), np.float64)
                     for k in range(z.shape[-1])], axis=-1)


def expected_loss(loss, logits, belief):
    """Expected loss ``sum_k q_k L(z, k)`` of a report, softmax of logits, under a belief q about the label.

    A loss is *proper* when no report costs less than q itself. With it, who wants to lose little says what they
    believe.

    Parameters
    ----------
    loss : callable
        ``loss(logits, labels, reduction="none")``, as those of `toolkit.losses`; options by `functools.partial`.
    logits : array_like (..., K)
    belief : array_like (..., K)
        Probabilities, broadcast with the logits. A class of probability 0 costs nothing, whatever its loss.

    Returns
    -------
    (..., K), (..., K) -> (...)
        In float64.

    Accuracy
    --------
    That of the loss: a sum of K terms, tested against its definition.

    References
    ----------
    Gneiting, Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 102 (2007),
    doi:10.1198/016214506000001437.

    Examples
    --------
    >>> from toolkit.losses import brier_loss, cross_entropy
    >>> import numpy as np
    >>> [f"{expected_loss(of, np.log([0.7, 0.3]), [0.7, 0.3]):.4f}" for of in (cross_entropy, brier_loss)]
    ['0.6109', '0.4200']
    """
    loss, z, q = _checked_loss(loss), real_array(logits, "logits"), real_array(belief, "belief").astype(np.float64)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"logits has shape {z.shape}; allowed: (..., K) with K >= 1")
    try:
        shape = np.broadcast_shapes(z.shape, q.shape)
    except ValueError:
        shape = None
    if shape is None or q.shape[-1:] != z.shape[-1:]:
        raise ValueError(f"belief has shape {q.shape}; allowed beside logits of shape {z.shape}: what broadcasts, with"
                         f" {z.shape[-1]} classes")
    if not ((q >= 0).all() and (np.abs(q.sum(axis=-1) - 1) <= _SUM_TOLERANCE).all()):
        raise ValueError("belief has a row that is no probabilities; allowed: numbers >= 0 that sum to 1")
    values = _losses(loss, np.broadcast_to(z, shape).astype(np.result_type(z.dtype, np.float32), copy=False))
    return np.where(q > 0, q * np.where(q > 0, values, 0.0), 0.0).sum(axis=-1)


class Propriety(NamedTuple):
    """What the truth costs more than a lie, where it costs most.

    gap : float, 0 of a proper loss · belief : (K,) · report : (K,), what costs least under that belief
    """

    gap: float
    belief: np.ndarray
    report: np.ndarray


def _grid(classes, steps):
    """All (k_1, ..., k_K) / steps of sum 1."""
    counts = np.stack(np.meshgrid(*[np.arange(steps + 1)] * (classes - 1), indexing="ij"), -1).reshape(-1, classes - 1)
    counts = counts[counts.sum(axis=1) <= steps]
    return np.concatenate([counts, steps - counts.sum(axis=1, keepdims=True)], axis=1) / steps


def propriety_gap(loss, *, classes=2, steps=20):
    """Test of propriety on a grid: how much less than the truth another report costs, at most.

    Beliefs and reports are all points of the simplex with coordinates that are multiples of ``1 / steps``; beliefs
    leave out its edges. A gap of 0 says that no report of the grid beats the belief; it is no proof for those between.

    Parameters
    ----------
    loss : callable
        As in `expected_loss`.
    classes : int from 2 to 5
    steps : int from 2 to 200

    Returns
    -------
    Propriety

    Accuracy
    --------
    A gap below 1e-12 counts as 0, tested.

    References
    ----------
    Gneiting, Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 102 (2007),
    doi:10.1198/016214506000001437.

    Examples
    --------
    >>> from functools import partial
    >>> from toolkit.losses import comp_sum, cross_entropy
    >>> print(propriety_gap(cross_entropy).gap)
    0.0
    >>> lie = propriety_gap(partial(comp_sum, tau=2.0))  # the mean absolute error
    >>> print(lie.belief, lie.report)
    [0.25 0.75] [0. 1.]
    """
    loss = _checked_loss(loss)
    classes, steps = check_whole("classes", classes, 2, 5), check_whole("steps", steps, 2, 200)
    if steps ** (classes - 1) > 1e6:
        raise ValueError(f"steps is {steps} with {classes} classes; allowed: at most a million points of the grid")
    reports = _grid(classes, steps)
    with np.errstate(divide="ignore"):
        values = _losses(loss, np.log(reports))
    beliefs, own = reports[(reports > 0).all(axis=1)], values[(reports > 0).all(axis=1)]
    worst = Propriety(0.0, beliefs[0], beliefs[0])
    for q, losses in zip(beliefs, own, strict=True):
        found = values @ q
        at = int(np.argmin(found))
        gap = float(losses @ q - found[at])
        if gap > max(worst.gap, 1e-12):
            worst = Propriety(gap, q, reports[at])
    return worst

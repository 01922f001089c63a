"""Losses of a binary question: one logit, and a label between no (0) and yes (1).

A kernel sees the label as two masses, that of no and that of yes, into which weights are folded, so that neither
``1 - p`` nor ``1 - label`` is formed of rounded numbers.
"""
from numbers import Real

import numpy as np

from toolkit._core.arguments import check_finite, shown
from toolkit._core.arrays import array_and_mask, real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import exp, log, pow, sigmoid, softplus
from toolkit.losses._entries import LossOfEntries, spread
from toolkit.losses._evaluate import at_least, loss
from toolkit.losses._labels import checked_weights

__all__ = ["binary_cross_entropy", "hinge", "sigmoid_focal_loss"]
KERNELS = ["binary_entropy_naive", "binary_entropy_stable", "binary_hinge", "sigmoid_focal_naive",
           "sigmoid_focal_stable"]


@kernel
def part(mass, x):
    """``mass x``, 0 without mass."""
    return mass * x if mass != 0 else mass


@kernel
def binary_entropy_stable(x, mass):
    """``n log(1 + e^x) + y log(1 + e^{-x})``, two terms >= 0, for the masses n of no and y of yes."""
    return part(mass[0], softplus(x)) + part(mass[1], softplus(-x)), mass[0] * sigmoid(x) - mass[1] * sigmoid(-x)


@kernel
def binary_entropy_naive(x, mass):
    """``-n log(1 - p) - y log p``: ``1 - p`` is 0 from x = 17 on in float32."""
    p = 1 / (1 + exp(-x))
    return 0 - part(mass[0], log(1 - p)) - part(mass[1], log(p)), mass[0] * p - mass[1] * (1 - p)


@kernel
def focal_of_yes(x, gamma):
    """``(1 - p)^gamma (-log p)`` and its slope in x."""
    p, miss, loss = sigmoid(x), sigmoid(-x), softplus(-x)
    factor = pow(miss, gamma) if x > 0 else exp(-gamma * softplus(x))  # near 1, miss has rounded p away
    pull = p * loss if p > 0 else p
    return factor * loss if factor > 0 else factor, -factor * (miss + gamma * pull)


@kernel
def sigmoid_focal_stable(x, mass, gamma):
    no, no_slope = focal_of_yes(-x, gamma)
    yes, yes_slope = focal_of_yes(x, gamma)
    return part(mass[0], no) + part(mass[1], yes), part(mass[1], yes_slope) - part(mass[0], no_slope)


@kernel
def sigmoid_focal_naive(x, mass, gamma):
    """With ``1 - p`` formed literally."""
    p = 1 / (1 + exp(-x))
    miss = 1 - p
    no, yes = -(pow(p, gamma) * log(miss)), -(pow(miss, gamma) * log(p))
    no_slope = pow(p, gamma) * (p - gamma * miss * log(miss))
    yes_slope = pow(miss, gamma) * (gamma * p * log(p) - miss)
    return part(mass[0], no) + part(mass[1], yes), part(mass[0], no_slope) + part(mass[1], yes_slope)


@kernel
def binary_hinge(x, mass, margin):
    """``n max(0, margin + x) + y max(0, margin - x)``; slope 0 at the kinks."""
    if x != x:
        return x, x
    nothing = like(0.0, x)
    no, yes, slope = max(margin + x, nothing), max(margin - x, nothing), nothing
    if no > 0:
        slope += mass[0]
    if yes > 0:
        slope -= mass[1]
    return part(mass[0], no) + part(mass[1], yes), slope


def _masses(labels, ignore_index):
    """``(no, yes, ignored)``: labels from 0 to 1, as float64, and where they are not looked at."""
    labels = real_array(labels, "labels").astype(np.float64)
    ignored = None if ignore_index is None else labels == check_finite("ignore_index", ignore_index)
    seen = labels if ignored is None else np.where(ignored, 0.0, labels)
    bad = ~((seen >= 0) & (seen <= 1))
    if bad.any():
        raise ValueError(f"labels contains {seen[bad][0]:g}; allowed: numbers from 0 to 1"
                         + ("" if ignore_index is None else f", and ignore_index ({shown(ignore_index)})"))
    return 1 - seen, seen, ignored


@loss
def binary_cross_entropy(logits, labels, *, pos_weight=None, form="stable", reduction="mean", ignore_index=None,
                         weight=None, sample_weight=None, format=None):
    """Binary cross-entropy ``-pos_weight y log p - (1 - y) log(1 - p)``, ``p = sigmoid(logits)``.

    Computed as ``pos_weight y softplus(-x) + (1 - y) softplus(x)``: no ``1 - p``, which in float32 is 0 from a logit of
    17 on, and with it the loss of a right answer and its gradient.

    Parameters
    ----------
    logits : array_like (...)
    labels : array_like of numbers from 0 to 1, broadcast to (...)
    pos_weight : array_like of numbers >= 0, broadcast to (...), optional
        Multiplies the term of the label 1; it does not count in the mean.
    form : {"stable", "naive"}
    reduction : {"mean", "sum", "none"}
        "mean" divides by the number of entries or, with weights, by their sum.
    ignore_index : number, optional
        Entries with this label have loss and gradient 0 and do not count in the mean.
    weight, sample_weight : array_like of numbers >= 0, broadcast to (...), optional
        Multiply the losses, as weights of the questions (the last axis) and of the rows (shape (..., 1)) would. An
        entry of weight 0 is ignored.
    format : Format or what `toolkit.formats.get_format` accepts, optional

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logits`.

    Gradient
    --------
    ``(1 - y) p - pos_weight y (1 - p)``, with ``1 - p = sigmoid(-x)``.

    Special values
    --------------
    NaN gives NaN. An infinite logit gives 0 for its own label, inf for the other.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: the loss within 3 epsilon, the gradient within 3
    epsilon of the larger of its two terms (for labels 0 and 1 there is one), while these are normal numbers.

    References
    ----------
    Cox, The Regression Analysis of Binary Sequences, 1958.

    Examples
    --------
    >>> import numpy as np
    >>> [f"{binary_cross_entropy(np.float32(-20), 0, form=form):.6g}" for form in ("naive", "stable")]
    ['0', '2.06115e-09']
    """
    no, yes, ignored = _masses(labels, ignore_index)
    if pos_weight is not None:
        shape = array_and_mask(logits, "logits")[0].shape
        factors = spread(real_array(pos_weight, "pos_weight").astype(np.float64), shape, "pos_weight")
        yes = spread(yes, shape, "labels") * checked_weights(factors, "pos_weight", None)
    return LossOfEntries({"naive": binary_entropy_naive, "stable": binary_entropy_stable}, logits, (no, yes),
                         name="logits", form=form, reduction=reduction, format=format, ignored=ignored,
                         weights={"weight": weight, "sample_weight": sample_weight})


@loss
def sigmoid_focal_loss(logits, labels, *, alpha=0.25, gamma=2.0, form="stable", reduction="mean", ignore_index=None,
                       weight=None, sample_weight=None, format=None):
    """Sigmoid focal loss ``alpha y (1 - p)^gamma (-log p) + (1 - alpha) (1 - y) p^gamma (-log(1 - p))``.

    Parameters
    ----------
    logits : array_like (...)
    labels : array_like of numbers from 0 to 1, broadcast to (...)
    alpha : float from 0 to 1, or None
        Share of the label 1; None leaves out both factors.
    gamma : float >= 0
        0 is binary cross-entropy.
    form, reduction, ignore_index, weight, sample_weight, format
        As in `binary_cross_entropy`. Lin et al. divide the sum by the number of labels 1, which is left to the caller.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logits`.

    Gradient
    --------
    ``-alpha y (1 - p)^gamma (1 - p + gamma p (-log p))`` and alike for the other term.

    Special values
    --------------
    As `binary_cross_entropy`.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, labels 0 and 1, tested: loss and gradient within
    ``8 + 2 gamma`` epsilon while they are normal numbers.

    References
    ----------
    Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002.

    Examples
    --------
    >>> f"{sigmoid_focal_loss(1.0, 1):.6f}"
    '0.005665'
    """
    no, yes, ignored = _masses(labels, ignore_index)
    if alpha is not None:
        if not (isinstance(alpha, Real) and 0 <= alpha <= 1):
            raise ValueError(f"alpha is {shown(alpha)}; allowed: a number from 0 to 1, or None")
        no, yes = no * (1 - alpha), yes * alpha
    return LossOfEntries({"naive": sigmoid_focal_naive, "stable": sigmoid_focal_stable}, logits, (no, yes),
                         at_least(0, "gamma", gamma), name="logits", form=form, reduction=reduction, format=format,
                         ignored=ignored, weights={"weight": weight, "sample_weight": sample_weight})


@loss
def hinge(logits, labels, *, margin=1.0, reduction="mean", sample_weight=None, format=None):
    """Hinge loss ``max(0, margin - s x)``, where s is the label as -1 or 1.

    Parameters
    ----------
    logits : array_like (...)
        Scores.
    labels : array_like of 0 and 1, or of -1 and 1, broadcast to (...)
        0 counts as -1.
    margin : float >= 0
    reduction, sample_weight, format
        As in `binary_cross_entropy`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `logits`.

    Gradient
    --------
    -s where ``s x < margin``, else 0; 0 at the kink.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested: the loss is correctly rounded and the gradient exact.

    References
    ----------
    Cortes, Vapnik, Support-Vector Networks, 1995, doi:10.1007/BF00994018.

    Examples
    --------
    >>> hinge([0.25, 2.0, -3.0], [1, 1, -1], reduction="none").tolist()
    [0.75, 0.0, 0.0]
    """
    labels = real_array(labels, "labels").astype(np.float64)
    bad = ~np.isin(labels, (-1, 0, 1)) | bool((labels == 0).any() and (labels == -1).any())
    if bad.any():
        raise ValueError(f"labels contains {labels[bad][0]:.3g}; allowed: 0 and 1, or -1 and 1")
    yes = (labels > 0).astype(np.float64)
    return LossOfEntries({"stable": binary_hinge}, logits, (1 - yes, yes), at_least(0, "margin", margin), name="logits",
                         reduction=reduction, format=format, weights={"sample_weight": sample_weight})

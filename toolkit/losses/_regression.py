"""Losses of a number and its target: squared error and Huber's."""
import numpy as np

from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.losses._entries import LossOfEntries
from toolkit.losses._evaluate import above, loss

__all__ = ["huber", "squared_error"]
KERNELS = ["huber_entry", "squared_entry"]


@kernel
def squared_entry(x, target):
    """``(x - t)^2`` and ``2 (x - t)``."""
    d = x - target[0]
    return d * d, 2 * d


@kernel
def huber_entry(x, target, delta):
    """``d^2 / 2`` up to delta, ``delta (|d| - delta / 2)`` beyond, for ``d = x - t``."""
    delta = like(delta, x)
    d = x - target[0]
    if abs(d) > delta:
        beyond = abs(x * 0.5 - target[0] * 0.5) - delta * 0.25  # half of it, which does not overflow
        return delta * beyond * 2, np.copysign(delta, d)
    half = d * d * 0.5
    return half if half < np.inf else d * 0.5 * d, d


@loss
def squared_error(predictions, targets, *, reduction="mean", sample_weight=None, format=None):
    """Squared error ``(x - t)^2``; its mean is the mean squared error.

    Parameters
    ----------
    predictions : array_like (...)
    targets : array_like, broadcast to (...)
    reduction, sample_weight, format
        As in `binary_cross_entropy`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `predictions`.

    Gradient
    --------
    ``2 (x - t)``.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, tested: the loss within 2 epsilon while it is a normal number, the
    gradient correctly rounded.

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning, 2006, section 1.1.

    Examples
    --------
    >>> squared_error([1.0, 3.0], [0.0, 1.0]).item()
    2.5
    """
    return LossOfEntries({"stable": squared_entry}, predictions, (real_array(targets, "targets"),), name="predictions",
                         reduction=reduction, format=format, weights={"sample_weight": sample_weight})


@loss
def huber(predictions, targets, *, delta=1.0, reduction="mean", sample_weight=None, format=None):
    """Huber's loss: ``d^2 / 2`` for ``|d| <= delta``, ``delta (|d| - delta / 2)`` beyond, of the error ``d = x - t``.

    Parameters
    ----------
    predictions : array_like (...)
    targets : array_like, broadcast to (...)
    delta : float > 0
    reduction, sample_weight, format
        As in `binary_cross_entropy`.

    Returns
    -------
    loss : () or, with ``reduction="none"``, (...)
        In the dtype of `predictions`.

    Gradient
    --------
    d, cut to [-delta, delta].

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    ``reduction="none"``, float32 and float64, delta a number of that dtype, tested: the loss within 3 epsilon while it
    is a normal number, the gradient correctly rounded.

    References
    ----------
    Huber, Robust Estimation of a Location Parameter, 1964, doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> huber([0.5, 3.0], [0.0, 0.0], reduction="none").tolist()
    [0.125, 2.5]
    """
    return LossOfEntries({"stable": huber_entry}, predictions, (real_array(targets, "targets"),),
                         above(0, "delta", delta), name="predictions", reduction=reduction, format=format,
                         weights={"sample_weight": sample_weight})

"""Losses of ordered classes: K - 1 numbers of a row say where each of K classes ends.

Three models, with ``sigma`` the logistic function and eta_k for k = 0 .. K - 2:

- *cumulative*: ``P(y <= k) = sigma(eta_k)``, which asks for rising eta;
- *stopping ratio*: ``P(y = k given y >= k) = sigma(eta_k)``;
- *adjacent*: ``log p_{k+1} / p_k = eta_k``, softmax of (0, eta_0, eta_0 + eta_1, ...).
"""
from toolkit._core.arrays import NO_MASK
from toolkit.losses._evaluate import LossKernels, LossOfRows, loss
from toolkit.losses._ordinal_kernels import (
    adjacent_loss_naive,
    adjacent_loss_stable,
    cumulative_loss_naive,
    cumulative_loss_stable,
    stopping_ratio_loss_naive,
    stopping_ratio_loss_stable,
)

__all__ = ["adjacent_loss", "cumulative_loss", "stopping_ratio_loss"]


def _kernels(naive, stable):
    return LossKernels({"naive": naive, "stable": stable}, zero_sum=False, more_classes=1)


_CUMULATIVE = _kernels(cumulative_loss_naive, cumulative_loss_stable)
_STOPPING = _kernels(stopping_ratio_loss_naive, stopping_ratio_loss_stable)
_ADJACENT = _kernels(adjacent_loss_naive, adjacent_loss_stable)


@loss
def cumulative_loss(eta, labels, *, form="stable", reduction="mean", ignore_index=None, weight=None,
                    sample_weight=None, axis=-1, format=None):
    """Cumulative ordinal loss ``-log(sigma(eta_y) - sigma(eta_{y-1}))``: that of the proportional odds model.

    ``P(y <= k) = sigma(eta_k)`` for K ordered classes 0 .. K - 1. Written as it stands, the probability of the last
    class is ``1 - sigma(eta)``, which in float32 is 0 from eta = 17.4 on, and a middle one is the difference of two
    numbers near 1. With a = eta_y, b = eta_{y-1} and d = a - b the stable form is ``sp(-a) + sp(b) - log(1 - e^-d)``,
    ``sp`` being softplus (derived here): three terms that are not below 0.

    Parameters
    ----------
    eta : array_like (..., K - 1)
        Rising: where ``eta_y <= eta_{y-1}`` the curves cross, and the class has no probability. Cut points that cannot
        cross are ``alpha_1 + cumsum(softplus(...))``. R's ``polr`` has the sign of the slopes the other way around.
    labels : array_like of integers (...)
        0 to K - 1.
    form : {"stable", "naive"}
    reduction : {"mean", "sum", "none"}
    ignore_index : int, optional
    weight : array_like (K,), optional
    sample_weight, axis, format
        As in `cross_entropy`.

    Returns
    -------
    loss : (..., K - 1), (...) -> () or, with ``reduction="none"``, (...)

    Gradient
    --------
    ``-(sigma(-a) + 1 / (e^d - 1))`` at y, ``sigma(b) + 1 / (e^d - 1)`` below it, else 0: near a crossing it grows as
    1 / d.

    Special values
    --------------
    Where eta_y is not above eta_{y-1} the loss is inf, and the gradient inf or NaN. NaN beside the label gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: loss and gradient within 8 epsilon, where d does not
    overflow.

    References
    ----------
    McCullagh, Regression Models for Ordinal Data, JRSS B 42 (1980), doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> import numpy as np, warnings
    >>> warnings.simplefilter("ignore")
    >>> [f"{cumulative_loss(np.float32([0, 18]), 2, form=form):.6g}" for form in ("naive", "stable")]
    ['inf', '18']
    """
    return LossOfRows(_CUMULATIVE, eta, labels, form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=NO_MASK, format=format, name="eta")


@loss
def stopping_ratio_loss(eta, labels, *, form="stable", reduction="mean", ignore_index=None, weight=None,
                        sample_weight=None, axis=-1, format=None):
    """Stopping-ratio loss ``sp(-eta_y) + sum_{j < y} sp(eta_j)`` of ordered classes: one question after the other.

    ``P(y = k given y >= k) = sigma(eta_k)``. No order of eta is asked for, and no curves cross. Unlike the other two it
    is not the same when the order of the classes is turned around; the continuation ratio has the signs of eta turned.

    Parameters
    ----------
    eta : array_like (..., K - 1)
    form : {"stable", "naive"}
        "naive" multiplies probabilities and takes the logarithm.
    labels, reduction, ignore_index, weight, sample_weight, axis, format
        As in `cumulative_loss`.

    Returns
    -------
    loss : (..., K - 1), (...) -> () or, with ``reduction="none"``, (...)

    Gradient
    --------
    ``-sigma(-eta_y)`` at y, ``sigma(eta_j)`` below it, else 0.

    Special values
    --------------
    NaN up to the label gives NaN; what is beyond it does not count.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: loss and gradient within 4 epsilon.

    References
    ----------
    Tutz, Sequential Models in Categorical Regression, Computational Statistics and Data Analysis 11 (1991),
    doi:10.1016/0167-9473(91)90086-H.

    Examples
    --------
    >>> print(stopping_ratio_loss([-0.3, 1.2, 2.7], 3).round(6))
    4.782681
    """
    return LossOfRows(_STOPPING, eta, labels, form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=NO_MASK, format=format, name="eta")


@loss
def adjacent_loss(eta, labels, *, form="stable", reduction="mean", ignore_index=None, weight=None,
                  sample_weight=None, axis=-1, format=None):
    """Adjacent-category loss: cross-entropy of the logits ``(0, eta_0, eta_0 + eta_1, ...)`` of ordered classes.

    ``log p_{k+1} / p_k = eta_k``. The sums of eta begin at the likeliest class, so that an offset of the first ones
    costs no digits, and each entry of the gradient is a sum of probabilities.

    Parameters
    ----------
    eta : array_like (..., K - 1)
    form : {"stable", "naive"}
        "naive" takes exponentials of the sums.
    labels, reduction, ignore_index, weight, sample_weight, axis, format
        As in `cumulative_loss`.

    Returns
    -------
    loss : (..., K - 1), (...) -> () or, with ``reduction="none"``, (...)

    Gradient
    --------
    ``-P(y' <= k)`` for k below the label, ``P(y' > k)`` from it on, y' drawn from the model.

    Special values
    --------------
    NaN gives NaN.

    Accuracy
    --------
    "stable", ``reduction="none"``, float32 and float64, tested: within ``8 + S`` epsilon, S the sum of abs(eta), for
    K <= 100.

    References
    ----------
    Agresti, Analysis of Ordinal Categorical Data, 2010, doi:10.1002/9780470594001.

    Examples
    --------
    >>> print(adjacent_loss([-0.3, 1.2, 2.7], 3).round(6))
    0.108649
    """
    return LossOfRows(_ADJACENT, eta, labels, form=form, reduction=reduction, ignore_index=ignore_index,
                      weight=weight, sample_weight=sample_weight, axis=axis, where=NO_MASK, format=format, name="eta")

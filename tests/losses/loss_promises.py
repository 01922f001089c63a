"""What is right for every loss of the register, and how far its docstring lets the loss and its gradient be off."""
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import loss_definitions as exact
import numpy as np
import row_map_oracle
from evidential_definitions import evidential
from mpmath import mp, mpf


class Oracle(NamedTuple):
    """What is right for a loss, and what is promised.

    Attributes
    ----------
    exact : callable
        ``exact(z, y, *numbers)`` of mpmath numbers gives a `Right`; `numbers` are those of the row.
    says, of_slopes : str
        Words of the docstring's Accuracy section about the loss, and about the gradient.
    loss : callable
        ``loss(right, size, *numbers)``: the error that these words allow, in epsilon of the dtype.
    slopes : callable
        The same for an entry of the gradient of this size, without what the label's may have more.
    at_label : callable
        ``at_label(classes)``: how many epsilon of its size more the label's entry may be off.
    soft : callable or None
        ``soft(z, q, *numbers)`` for label probabilities, where the loss takes them.
    soft_loss, soft_slopes, soft_label : callable
        As `loss`, `slopes` and `at_label`, where it is not the same for probabilities.
    most : dict of dtype to number
        The largest size of a logit for which that is promised; the largest number of a dtype that is not named.
    """

    exact: Callable
    says: str
    of_slopes: str
    loss: Callable
    slopes: Callable
    at_label: Callable = lambda classes: 0
    soft: Callable | None = None
    soft_loss: Callable | None = None
    soft_slopes: Callable | None = None
    soft_label: Callable | None = None
    most: dict = {}


def epsilons(count):
    return lambda right, size, *numbers: count * size


def ulps(count):
    return lambda right, size, *numbers: count * mp.ldexp(mpf(1), int(mp.frexp(size)[1]) - 1) if size else mpf(0)


def half_of_classes(classes):
    return mpf(classes) / 2


HALF = {dtype: float(np.finfo(dtype).max) / 2 for dtype in (np.float32, np.float64)}
OF_TAU = "the loss within ``3 + abs(1 - tau) l`` epsilon"
SLOPES_OF_TAU = "the gradient ``4 + abs(1 - tau) l`` and K/2 more at the label"


def of_tau(count):
    return lambda right, size, tau, *others: (count + abs(1 - tau) * right.surprise) * size


def of_gamma(count):
    return lambda right, size, gamma: (count + 2 * gamma) * size


def of_power(right, size, margin, power):
    return 2 * power * size


_COMP_SUM = Oracle(exact.COMP_SUM.of_class, OF_TAU, SLOPES_OF_TAU, of_tau(3), of_tau(4), half_of_classes,
                   exact.COMP_SUM.of_probabilities, soft_slopes=of_tau(8), most=HALF)
_ENTMAX = Oracle(exact.entmax, "at most 16 units of roundoff times ``L + sqrt(L)``",
                 "The gradient within 8 units of roundoff of the largest probability, the label's entry of 1",
                 epsilons(16), epsilons(8))

ORACLES = {
    "cross_entropy": Oracle(exact.CROSS_ENTROPY.of_class, "at most 3 ulp for class labels",
                            "every entry within 3 ulp, the label's too", ulps(3), ulps(3),
                            soft=exact.cross_entropy_of_probabilities, soft_slopes=epsilons(4),
                            soft_label=lambda classes: 4),
    "stablemax_cross_entropy": Oracle(
        exact.stablemax, "at most 2 ulp for class labels", "every entry within 4 ulp", ulps(2), ulps(4),
        soft=exact.stablemax_of_probabilities, soft_loss=ulps(4), soft_slopes=epsilons(6), soft_label=half_of_classes,
        most=row_map_oracle.SQUARES),
    "sum_exponential": _COMP_SUM,
    "generalized_cross_entropy": _COMP_SUM,
    "mean_absolute_error": _COMP_SUM,
    "symmetric_cross_entropy": Oracle(
        exact.SYMMETRIC.of_class, "the loss within 5 epsilon", "the gradient 6 and K/2 more at the label", epsilons(5),
        epsilons(6), half_of_classes, exact.symmetric_of_probabilities, soft_slopes=epsilons(8), most=HALF),
    "label_smoothing": Oracle(exact.smoothed, "with label smoothing: at most 3 ulp",
                              "an entry is within 4 epsilon of ``max(p_k, q_k)``", ulps(3), epsilons(4)),
    "focal_loss": Oracle(exact.FOCAL.of_class, "the loss within ``4 + 2 gamma``", "the gradient ``8 + 2 gamma``",
                         of_gamma(4), of_gamma(8), half_of_classes, exact.FOCAL.of_probabilities,
                         soft_slopes=of_gamma(8), most=HALF),
    "poly1_loss": Oracle(exact.POLY1.of_class, "the loss within 3 epsilon of the dtype", "the gradient 6 and K/2 more",
                         epsilons(3), epsilons(6), half_of_classes, exact.POLY1.of_probabilities,
                         soft_slopes=epsilons(8), most=HALF),
    "z_loss": Oracle(exact.z_loss, "within 4 epsilon of ``l + scale max(lse^2, 1)``",
                     "within 8 epsilon, K/2 more at the label", epsilons(4), epsilons(8), half_of_classes),
    "ldr_kl": Oracle(exact.ldr_kl, "the loss within 8 epsilon of ``max(abs(loss), max d)``",
                     "within ``8 + (max d - d_k) / strength`` epsilon", epsilons(8), epsilons(8),
                     half_of_classes),
    "aldr_kl": Oracle(exact.aldr_kl, "the loss within 16 epsilon of ``max(abs(loss), max d)``",
                      "within ``16 + 2 (max d - d_k) / lambda`` epsilon", epsilons(16), epsilons(8),
                      half_of_classes),
    "smooth_adversarial_comp_sum": Oracle(
        exact.adversarial, "the loss within ``5 + abs(1 - tau) l`` epsilon of it and ``nu m``",
        "within 8 epsilon, K/2 more at the label, of ``abs(dL_tau/dz_k) / rho + nu m / norm(d)``", of_tau(5),
        epsilons(8), half_of_classes),
    "sparsemax_loss": _ENTMAX,
    "entmax_loss": _ENTMAX,
    "brier_loss": Oracle(exact.brier, "the loss within 8 epsilon",
                         "the gradient within 12 epsilon of ``2 p_k`` times its largest term", epsilons(8),
                         epsilons(12), most=HALF),
    "correctness_loss": Oracle(exact.correctness, "the loss within 8 epsilon", "the gradient within 12 epsilon",
                               epsilons(8), epsilons(12), most=HALF),
    "spherical_loss": Oracle(exact.spherical, "the loss within 8 epsilon",
                             "the gradient within 12 epsilon, K/2 more at the label", epsilons(8), epsilons(12),
                             half_of_classes, most=HALF),
    "multiclass_hinge": Oracle(
        exact.multiclass_hinge, "the loss within ``2 power`` epsilon of ``margin^power + loss``",
        "gradient within ``2 power`` epsilon, K/2 more at the label", of_power, of_power, half_of_classes),
    **{name: Oracle(partial(evidential, name), "the loss within 64 epsilon of its terms",
                    "within 64 epsilon of the terms of each entry", epsilons(64), epsilons(64),
                    most=dict.fromkeys((np.float32, np.float64), 1e30))
       for name in ("evidential_mse", "evidential_log", "evidential_digamma")},
    "negative_log_likelihood": Oracle(
        exact.likelihood_of_class, "the loss of probabilities within 2 epsilon of ``sum abs(q_k z_k)``",
        "The gradient is exact", epsilons(0), epsilons(0), soft=exact.likelihood, soft_loss=epsilons(2)),
}

"""What all losses of a pair are made of: a score, minus the log of its sigmoid, and arrays beside the first."""
import numpy as np

from toolkit._core.array_likes import array_and_mask
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log, sigmoid, softplus
from toolkit.losses._entries import LossOfEntries, spread

__all__ = []
KERNELS = ["pushed_up", "pushed_up_naive"]


@kernel
def pushed_up(score):
    """``-log sigmoid(score)`` as a softplus, and its slope, minus the weight of the pair."""
    return softplus(-score), 0 - sigmoid(-score)


@kernel
def pushed_up_naive(score):
    """As it is written: inf from where the sigmoid is 0, slope 0 from where it is 1."""
    p = 1 / (1 + exp(-score))
    return 0 - log(p), p - 1


def loss_of_pairs(kernels, chosen, beside, *parameters, name="chosen", form, reduction, weight, format):
    """A `LossOfEntries` of the first array, and of named ones in its shape."""
    shape = array_and_mask(chosen, name)[0].shape
    targets = tuple(spread(real_array(x, each).astype(np.float64), shape, each) for each, x in beside.items())
    return LossOfEntries(kernels, chosen, targets, *parameters, name=name, form=form, reduction=reduction,
                         format=format, weights={"weight": weight})

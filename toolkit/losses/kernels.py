"""Row kernels of the losses: ``kernel(z, y, grad, fmt) -> loss`` on one row of logits.

`z` and `grad` are 1-D arrays of one floating dtype, `y` is a class index, `fmt` is None or a format code; the
``soft_`` kernels take a 1-D array `q` of label probabilities in place of `y`. `grad` receives the gradient
with respect to `z`.
"""
from toolkit.losses._exponential import (cross_entropy_common, cross_entropy_complement, cross_entropy_naive,
                                         soft_cross_entropy_common, soft_cross_entropy_complement,
                                         soft_cross_entropy_naive)
from toolkit.losses._stablemax import (soft_stablemax_cross_entropy_common,
                                       soft_stablemax_cross_entropy_complement,
                                       soft_stablemax_cross_entropy_naive, stablemax_cross_entropy_common,
                                       stablemax_cross_entropy_complement, stablemax_cross_entropy_naive)

__all__ = ["cross_entropy_common", "cross_entropy_complement", "cross_entropy_naive",
           "soft_cross_entropy_common", "soft_cross_entropy_complement", "soft_cross_entropy_naive",
           "soft_stablemax_cross_entropy_common", "soft_stablemax_cross_entropy_complement",
           "soft_stablemax_cross_entropy_naive", "stablemax_cross_entropy_common",
           "stablemax_cross_entropy_complement", "stablemax_cross_entropy_naive"]

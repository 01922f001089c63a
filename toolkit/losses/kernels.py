"""Row kernels of the losses: ``kernel(z, y, grad, fmt) -> loss`` on one row of logits.

`z` and `grad` are 1-D arrays of one floating dtype, `y` is a class index, `fmt` is None or a format code; the
``soft_`` kernels take a 1-D array `q` of label probabilities in place of `y`. `grad` receives the gradient
with respect to `z`.

The kernels of losses with parameters are called ``name_row(form, z, y, parameters, grad, fmt)`` with form 0 naive,
1 common, 2 complement.
"""
from toolkit.losses._beside import smoothed_row, soft_symmetric_row, z_loss_row
from toolkit.losses._exponential import (cross_entropy_common, cross_entropy_complement, cross_entropy_naive,
                                         soft_cross_entropy_common, soft_cross_entropy_complement,
                                         soft_cross_entropy_naive)
from toolkit.losses._of_probability import combined_row, comp_sum_row, focal_row, symmetric_row
from toolkit.losses._robust import aldr_kl_row, ldr_kl_row
from toolkit.losses._stablemax import (soft_stablemax_cross_entropy_common,
                                       soft_stablemax_cross_entropy_complement,
                                       soft_stablemax_cross_entropy_naive, stablemax_cross_entropy_common,
                                       stablemax_cross_entropy_complement, stablemax_cross_entropy_naive)

__all__ = ["aldr_kl_row", "combined_row", "comp_sum_row", "cross_entropy_common", "cross_entropy_complement",
           "cross_entropy_naive", "focal_row", "ldr_kl_row", "smoothed_row", "soft_cross_entropy_common",
           "soft_cross_entropy_complement", "soft_cross_entropy_naive", "soft_stablemax_cross_entropy_common",
           "soft_stablemax_cross_entropy_complement", "soft_stablemax_cross_entropy_naive",
           "soft_symmetric_row", "stablemax_cross_entropy_common", "stablemax_cross_entropy_complement",
           "stablemax_cross_entropy_naive", "symmetric_row", "z_loss_row"]

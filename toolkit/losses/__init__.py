"""Losses with gradients that do not collapse; their row kernels are in `toolkit.losses.kernels`."""
from toolkit.losses import kernels
from toolkit.losses._public import (cross_entropy, cross_entropy_and_grad, cross_entropy_grad,
                                    stablemax_cross_entropy, stablemax_cross_entropy_and_grad,
                                    stablemax_cross_entropy_grad)

__all__ = ["cross_entropy", "cross_entropy_and_grad", "cross_entropy_grad", "kernels",
           "stablemax_cross_entropy", "stablemax_cross_entropy_and_grad", "stablemax_cross_entropy_grad"]

"""Losses with gradients that do not collapse; their row kernels are in `toolkit.losses.kernels`."""
from toolkit.losses import kernels
from toolkit.losses._public import (cross_entropy, cross_entropy_and_grad, cross_entropy_grad,
                                    stablemax_cross_entropy, stablemax_cross_entropy_and_grad,
                                    stablemax_cross_entropy_grad)
from toolkit.losses._variants import (aldr_kl, aldr_kl_and_grad, aldr_kl_grad, comp_sum, comp_sum_and_grad,
                                      comp_sum_grad, focal_loss, focal_loss_and_grad, focal_loss_grad, ldr_kl,
                                      ldr_kl_and_grad, ldr_kl_grad, poly1_loss, poly1_loss_and_grad,
                                      poly1_loss_grad, symmetric_cross_entropy,
                                      symmetric_cross_entropy_and_grad, symmetric_cross_entropy_grad, z_loss,
                                      z_loss_and_grad, z_loss_grad)

__all__ = ["aldr_kl", "aldr_kl_and_grad", "aldr_kl_grad", "comp_sum", "comp_sum_and_grad", "comp_sum_grad",
           "cross_entropy", "cross_entropy_and_grad", "cross_entropy_grad", "focal_loss",
           "focal_loss_and_grad", "focal_loss_grad", "kernels", "ldr_kl", "ldr_kl_and_grad", "ldr_kl_grad",
           "poly1_loss", "poly1_loss_and_grad", "poly1_loss_grad", "stablemax_cross_entropy",
           "stablemax_cross_entropy_and_grad", "stablemax_cross_entropy_grad", "symmetric_cross_entropy",
           "symmetric_cross_entropy_and_grad", "symmetric_cross_entropy_grad", "z_loss", "z_loss_and_grad",
           "z_loss_grad"]

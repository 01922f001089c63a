"""Kernels of the training engine, for live figures and for kernels of your own."""
from toolkit.grokking._optimizers import (adam_direction, descend, inner, keep_agreeing, lion_direction, norm_squared,
                                          perp_grad, sgd_direction)

__all__ = ["adam_direction", "descend", "inner", "keep_agreeing", "lion_direction", "norm_squared", "perp_grad",
           "sgd_direction"]

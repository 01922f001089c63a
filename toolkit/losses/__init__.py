"""Losses whose value and gradient do not collapse; their row kernels are in `toolkit.losses.kernels`.

Each is a function ``loss(logits, labels, **options)``, and ``loss.value_and_gradient(logits, labels, **options)`` gives
the value and its gradient with respect to the logits from one pass.
"""
from toolkit.losses import (
    _comp_sum,
    _cross_entropy,
    _distributionally_robust,
    _focal_loss,
    _poly1_loss,
    _stablemax_cross_entropy,
    _symmetric_cross_entropy,
    _z_loss,
    kernels,
)
from toolkit.losses._comp_sum import *
from toolkit.losses._cross_entropy import *
from toolkit.losses._distributionally_robust import *
from toolkit.losses._focal_loss import *
from toolkit.losses._poly1_loss import *
from toolkit.losses._stablemax_cross_entropy import *
from toolkit.losses._symmetric_cross_entropy import *
from toolkit.losses._z_loss import *

__all__ = ["kernels", *_comp_sum.__all__, *_cross_entropy.__all__, *_distributionally_robust.__all__,
           *_focal_loss.__all__, *_poly1_loss.__all__, *_stablemax_cross_entropy.__all__,
           *_symmetric_cross_entropy.__all__, *_z_loss.__all__]

"""Losses whose value and gradient do not collapse; their row kernels are in `toolkit.losses.kernels`.

Each is a function ``loss(logits, labels, **options)``, and ``loss.value_and_gradient(logits, labels, **options)`` gives
the value and its gradient with respect to the logits from one pass.
"""
from toolkit.losses import kernels as kernels
from toolkit.losses._comp_sum import *
from toolkit.losses._cross_entropy import *
from toolkit.losses._distributionally_robust import *
from toolkit.losses._focal_loss import *
from toolkit.losses._poly1_loss import *
from toolkit.losses._stablemax_cross_entropy import *
from toolkit.losses._symmetric_cross_entropy import *
from toolkit.losses._z_loss import *

__all__ = [name for name in dir() if not name.startswith("_")]

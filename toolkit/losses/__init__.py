"""Losses whose value and gradient do not collapse; their row kernels are in `toolkit.losses.kernels`.

Each is a function ``loss(logits, labels, **options)``, and ``loss.value_and_gradient(logits, labels, **options)`` gives
the value and its gradient with respect to the logits from one pass.
"""
from toolkit._core.collect import collect
from toolkit.losses import kernels

__all__ = ["kernels", *collect(__name__)]

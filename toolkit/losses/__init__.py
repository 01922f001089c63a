"""Losses whose value and gradient do not collapse; their row kernels are in `toolkit.losses.kernels`.

Each is a function ``loss(logits, labels, **options)``, and ``loss.value_and_gradient(logits, labels, **options)`` gives
the value and its gradient with respect to the logits from one pass.
"""
from toolkit._core.collect import collect
from toolkit._core.public import publish
from toolkit.losses import adversarial, kernels, targets

__all__ = ["adversarial", "kernels", "targets", *collect(__name__)]

publish(__name__)

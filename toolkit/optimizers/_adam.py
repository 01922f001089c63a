"""Adam and AdamW, which differ in where the weight decay goes."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.optimizers.settings import POWER1, POWER2

__all__ = ["adam_direction", "adam_rule"]


@kernel
def adam_direction(w, g, first, second, beta1, beta2, eps, power1, power2, decay, u):
    """``u = m^ / (sqrt(v^) + eps)``; `power1`, `power2` are beta1^t and beta2^t of the bias correction.

    `decay` adds ``decay w`` to the gradient (Adam); 0 for AdamW, which shrinks the weights in `descend`.
    """
    scale = 1 / (1 - power1)
    root = np.sqrt(1 - power2)
    for i in range(w.size):
        slope = g[i] + decay * w[i]
        m = first[i] + (1 - beta1) * (slope - first[i])
        v = beta2 * second[i] + (1 - beta2) * slope * slope
        first[i] = m
        second[i] = v
        u[i] = scale * m / (np.sqrt(v) / root + eps)


@kernel
def adam_rule(w, g, first, second, settings, clock, u):
    """`adam_direction` by the settings of a run."""
    adam_direction(w, g, first, second, settings.beta1, settings.beta2, settings.eps, clock[POWER1], clock[POWER2],
                   0.0 if settings.decoupled else settings.weight_decay, u)

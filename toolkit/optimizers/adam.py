"""Adam and AdamW, which differ in where the weight decay goes."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.optimizers.settings import POWER1, POWER2

__all__ = ["adam_direction", "adam_rule"]


@kernel
def adam_direction(w, g, first, second, beta1, beta2, eps, power1, power2, decay, u):
    """``u = m^ / (sqrt(v^) + eps)``; `power1`, `power2` are beta1^t and beta2^t of the bias correction.

    `decay` adds ``decay w`` to the gradient (Adam); 0 for AdamW, which shrinks the weights in `descend`.
    """
    one1 = like(1.0 - beta1, g[0])
    keep2 = like(beta2, g[0])
    one2 = like(1.0 - beta2, g[0])
    root2 = like(np.sqrt(1.0 - power2), g[0])
    scale1 = like(1.0 / (1.0 - power1), g[0])
    tiny = like(eps, g[0])
    extra = like(decay, g[0])
    for i in range(w.size):
        slope = g[i] + extra * w[i]
        m = first[i] + one1 * (slope - first[i])
        v = keep2 * second[i] + one2 * slope * slope
        first[i] = m
        second[i] = v
        u[i] = scale1 * m / (np.sqrt(v) / root2 + tiny)


@kernel
def adam_rule(w, g, first, second, settings, clock, u):
    """`adam_direction` by the settings of a run."""
    adam_direction(w, g, first, second, settings.beta1, settings.beta2, settings.eps, clock[POWER1], clock[POWER2],
                   0.0 if settings.decoupled else settings.weight_decay, u)

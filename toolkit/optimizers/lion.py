"""Lion: the sign of an interpolated momentum."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like

__all__ = ["lion_direction", "lion_rule"]


@kernel
def lion_direction(g, memory, beta1, beta2, u):
    """``u = sign(beta1 m + (1 - beta1) g)``, ``m <- beta2 m + (1 - beta2) g`` (Chen et al. 2023, arXiv:2302.06675)."""
    for i in range(g.size):
        mixed = like(beta1, g[i]) * memory[i] + like(1.0 - beta1, g[i]) * g[i]
        u[i] = np.sign(mixed)
        memory[i] = like(beta2, g[i]) * memory[i] + like(1.0 - beta2, g[i]) * g[i]


@kernel
def lion_rule(w, g, first, settings, clock, u):
    """`lion_direction` by the settings of a run."""
    lion_direction(g, first, settings.beta1, settings.beta2, u)

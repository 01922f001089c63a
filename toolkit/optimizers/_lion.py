"""Lion: the sign of an interpolated momentum."""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = ["lion_direction", "lion_rule"]


@kernel
def lion_direction(g, memory, beta1, beta2, u):
    """``u = sign(beta1 m + (1 - beta1) g)``, ``m <- beta2 m + (1 - beta2) g`` (Chen et al. 2023, arXiv:2302.06675)."""
    for i in range(g.size):
        u[i] = np.sign(beta1 * memory[i] + (1 - beta1) * g[i])
        memory[i] = beta2 * memory[i] + (1 - beta2) * g[i]


@kernel
def lion_rule(w, g, first, settings, clock, u):
    """`lion_direction` by the settings of a run."""
    lion_direction(g, first, settings.beta1, settings.beta2, u)

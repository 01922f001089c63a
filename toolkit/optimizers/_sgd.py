"""Stochastic gradient descent with momentum."""
from toolkit._core.kernel import kernel

__all__ = ["sgd_direction", "sgd_rule"]


@kernel
def sgd_direction(w, g, memory, momentum, decay, u):
    """``m <- momentum m + (g + decay w)``, ``u = m``."""
    for i in range(w.size):
        memory[i] = momentum * memory[i] + (g[i] + decay * w[i])
        u[i] = memory[i]


@kernel
def sgd_rule(w, g, first, settings, clock, u):
    """`sgd_direction` by the settings of a run."""
    sgd_direction(w, g, first, settings.momentum, 0.0 if settings.decoupled else settings.weight_decay, u)

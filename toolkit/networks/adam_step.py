"""A step of Adam at a constant rate, for the networks of this room that the engine cannot take."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.optimizers import adam_rule, adam_settings, update

__all__ = ["adam_step", "memory_of", "start_memory"]

CLOCK = 3


@kernel
def start_memory(first, second, clock):
    """Before the first step."""
    for i in range(first.size):
        first[i], second[i] = 0.0, 0.0
    clock[0], clock[1], clock[2] = 0.0, 1.0, 1.0


@kernel
def adam_step(lr, beta2, tensors, numbers, parameters, grads, first, second, clock, steps):
    """`toolkit.optimizers.update` by Adam, with its usual numbers besides `beta2` and without weight decay."""
    settings = adam_settings(lr, 0.0, 0.9, beta2, 1e-8, False, False)
    update(adam_rule, settings, tensors, numbers, None, parameters, grads, (first, second), clock, steps, None)


def memory_of(size, dtype=np.float64):
    """Arrays ``(grads, first, second, clock, steps)`` of so many parameters."""
    return (*np.zeros((3, size), dtype), np.zeros(CLOCK), np.zeros(size, dtype))

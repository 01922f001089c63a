"""A step of Adam at a constant rate, for the networks of this room that the engine cannot take."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.optimizers import SCHEDULES, Settings, adam_rule, update

__all__ = ["adam_step", "memory_of", "start_memory"]

CLOCK = 3
_CONSTANT = SCHEDULES["constant"]


@kernel
def start_memory(first, second, clock):
    """Before the first step."""
    for i in range(first.size):
        first[i], second[i] = 0.0, 0.0
    clock[0], clock[1], clock[2] = 0.0, 1.0, 1.0


@kernel
def adam_step(lr, beta2, tensors, numbers, parameters, grads, first, second, clock, steps):
    """`toolkit.optimizers.update` by Adam, with its usual numbers besides `beta2` and without weight decay."""
    settings = Settings(lr=lr, weight_decay=0.0, beta1=0.9, beta2=beta2, eps=1e-8, momentum=0.0, schedule=_CONSTANT,
                        warmup=0.0, steps=1.0, decoupled=False, perp=False, cautious=False)
    update(adam_rule, settings, tensors, numbers, parameters, grads, (first, second), clock, steps)


def memory_of(size, dtype=np.float64):
    """Arrays ``(grads, first, second, clock, steps)`` of so many parameters."""
    return (*np.zeros((3, size), dtype), np.zeros(CLOCK), np.zeros(size, dtype))

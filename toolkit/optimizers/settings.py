"""The numbers of an optimizer, its clock, and schedules of the learning rate."""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.switch import switch

__all__ = ["POWER1", "POWER2", "SCHEDULES", "STEP", "Settings", "learning_rate", "tick"]

STEP, POWER1, POWER2 = range(3)  # of a clock: steps taken, beta1^t, beta2^t


class Settings(NamedTuple):
    """What a step depends on besides gradients and memory.

    Attributes
    ----------
    lr, weight_decay, beta1, beta2, eps, momentum : float
    schedule : int
        A value of `SCHEDULES`.
    warmup, steps : float
        Over how many steps the learning rate rises, and after how many a falling one is 0.
    decoupled : bool
        Whether weight decay shrinks the weights, as in AdamW, or adds to the gradient.
    perp, cautious : bool
        Whether `perp_grad` and `keep_agreeing` are wrapped around the rule.
    """

    lr: float
    weight_decay: float
    beta1: float
    beta2: float
    eps: float
    momentum: float
    schedule: int
    warmup: float
    steps: float
    decoupled: bool
    perp: bool
    cautious: bool


@kernel
def tick(clock, settings):
    """One step more."""
    clock[STEP] += 1.0
    clock[POWER1] *= settings.beta1
    clock[POWER2] *= settings.beta2


@kernel
def constant(settings, step):
    return 1.0


@kernel
def linear_decay(settings, step):
    return max(0.0, (settings.steps - step) / settings.steps)


@kernel
def warmup(settings, step):
    return (step + 1.0) / settings.warmup if step < settings.warmup else 1.0


@kernel
def warmup_linear_decay(settings, step):
    if step < settings.warmup:
        return (step + 1.0) / settings.warmup
    return max(0.0, (settings.steps - step) / (settings.steps - settings.warmup))


_TABLE = {"constant": constant, "linear_decay": linear_decay, "warmup": warmup,
          "warmup_linear_decay": warmup_linear_decay}
SCHEDULES = {name: place for place, name in enumerate(_TABLE)}
_factor = switch(tuple(_TABLE.values()))


@kernel
def learning_rate(settings, step):
    """The rate of step 0, 1, 2 ...: constant, falling linearly to 0 at `steps`, or rising over `warmup` steps."""
    return settings.lr * _factor(settings.schedule, settings, np.float64(step))

"""The numbers of an optimizer, its clock, and schedules of the learning rate."""
from typing import NamedTuple

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.switch import switch

__all__ = ["NORMS", "POWER1", "POWER2", "SCHEDULES", "STEP", "Settings", "adam_settings", "learning_rate", "tick"]

NORMS = {"euclidean": 0, "sign": 1, "spectral": 2}
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
    norm : int
        A value of `NORMS`: in which norm the step is the steepest one.
    turning : bool
        Whether a step turns each matrix by the learning rate, and leaves its norm (`turn_layer`).
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
    norm: int
    turning: bool


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
_CONSTANT = SCHEDULES["constant"]
_factor = switch(tuple(_TABLE.values()))


@kernel
def learning_rate(settings, step):
    """The rate of step 0, 1, 2 ...: constant, falling linearly to 0 at `steps`, or rising over `warmup` steps."""
    return settings.lr * _factor(settings.schedule, settings, np.float64(step))


@kernel
def adam_settings(lr, weight_decay, beta1, beta2, eps, decoupled, perp):
    """The settings of Adam (AdamW, where `decoupled`) at a constant rate."""
    return Settings(lr=lr, weight_decay=weight_decay, beta1=beta1, beta2=beta2, eps=eps, momentum=0.0,
                    schedule=_CONSTANT, warmup=0.0, steps=1.0, decoupled=decoupled, perp=perp, cautious=False,
                    norm=0, turning=False)

"""Shapes of the learning rate over a run, as shares of its largest value."""
import math

import numpy as np

from toolkit._core.arguments import check_number, check_whole, chosen
from toolkit._core.kernel import kernel
from toolkit.elementary import cos

__all__ = ["schedule"]
KERNELS = ["constant_shape", "cooldown_shape", "cosine_shape", "linear_shape", "root_cooldown_shape", "root_shape"]


@kernel
def constant_shape(step, steps, share):
    return 1.0


@kernel
def linear_shape(step, steps, share):
    """From 1 to ``1/steps``."""
    return 1.0 - step / steps


@kernel
def cosine_shape(step, steps, share):
    return 0.5 * (1.0 + cos(math.pi * step / steps))


@kernel
def root_shape(step, steps, share):
    return 1.0 / np.sqrt(step + 1.0)


@kernel
def cooled(step, steps, share):
    """How much of the cooldown is over after a step, 0 before it; a step later it is 1."""
    length = min(np.floor(share * (steps + 1.0)), steps)
    begun = step - (steps - length)
    return begun / length if begun > 0.0 else 0.0


@kernel
def cooldown_shape(step, steps, share):
    """1, and in the last share of the steps linearly towards 0."""
    return 1.0 - cooled(step, steps, share)


@kernel
def root_cooldown_shape(step, steps, share):
    """1, and in the last share of the steps ``1 - sqrt(t)``: fast at first."""
    return 1.0 - np.sqrt(cooled(step, steps, share))


_SHAPES = {"constant": constant_shape, "linear": linear_shape, "cosine": cosine_shape, "inverse_root": root_shape,
           "cooldown": cooldown_shape, "root_cooldown": root_cooldown_shape}


@kernel
def fill_shape(of, share, out):
    for step in range(out.size):
        out[step] = of(np.float64(step), np.float64(out.size), share)


def schedule(name, steps, *, cooldown=0.2):
    """Rates of steps 1 to T as shares of the largest one; where a schedule falls to 0, it does at step T + 1.

    The last step is then not lost. Schedules of many libraries reach 0 at step T, which takes no step at all.

    Parameters
    ----------
    name : {"constant", "linear", "cosine", "inverse_root", "cooldown", "root_cooldown"}
        "cooldown" stays at 1 and falls linearly in the last part (warmup-stable-decay without its warm-up),
        "root_cooldown" by 1 minus the root of the time; "inverse_root" is ``1 / sqrt(t)``.
    steps : int >= 1
    cooldown : float from 0 to 1
        Share of the steps that a cooldown takes, rounded down to steps.

    Returns
    -------
    array (steps,)

    References
    ----------
    Schaipp et al. 2025, "The Surprising Agreement Between Convex Optimization Theory and Learning-Rate Scheduling for
    Large Model Training", arXiv:2501.18965.

    Accuracy
    --------
    Each share is right to 4 eps.

    Examples
    --------
    >>> schedule("linear", 4)
    array([1.  , 0.75, 0.5 , 0.25])
    >>> schedule("cooldown", 5, cooldown=0.5)
    array([1.        , 1.        , 1.        , 0.66666667, 0.33333333])
    """
    of = chosen("name", name, _SHAPES)
    out = np.empty(check_whole("steps", steps, 1, 10**8))
    fill_shape(of, check_number("cooldown", cooldown, 0, 1), out)
    return out

"""Steps along a gradient taken elsewhere: at the top of a small ball (SAM), or along the gradient's own norm (GAM)."""
from typing import NamedTuple

import numpy as np

from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel

__all__ = ["Flatness", "look_around"]

_GUARD = 1e-12


class Flatness(NamedTuple):
    """How a step looks around before it is taken.

    Attributes
    ----------
    passes : int
        Gradients of a step: 2 for SAM, 4 for GAM.
    radius : float
        rho: how far a step looks along the gradient (SAM), or along the gradient of its norm (GAM).
    small : float
        rho' of GAM: the distance of the two gradients whose difference is that gradient.
    alpha, beta, gamma : float
        Of GAM: how its gradients are mixed, and the weight of the part that flattens.
    """

    passes: int
    radius: float
    small: float
    alpha: float
    beta: float
    gamma: float


@kernel
def go_along(start, direction, radius, parameters):
    """``parameters <- start + radius direction / |direction|``."""
    factor = radius / (np.sqrt(norm_squared(direction)) + _GUARD)
    for i in range(parameters.size):
        parameters[i] = float(start[i]) + factor * float(direction[i])


@kernel
def mix(a, first, b, second, out):
    for i in range(out.size):
        out[i] = a * float(first[i]) + b * float(second[i])


@kernel
def sam_pass(flatness, number, parameters, grads, start):
    """Before the second gradient climb to the top of the ball, after it come back."""
    if number == 0:
        mix(1.0, parameters, 0.0, parameters, start)
        go_along(start, grads, flatness.radius, parameters)
    else:
        mix(1.0, start, 0.0, start, parameters)


@kernel
def gam_pass(flatness, number, parameters, grads, start, flat, sharp):
    """Gradients at w, above w, at w2 = w + rho h / |h| with h their difference, and above w2.

    The last leaves ``u = h+ - gamma (h- minus its projection on h+)``, ``h+ = alpha g1 + (1 - alpha) g3`` and
    ``h- = beta g0 + (1 - beta) g2`` in the place of the gradient (Zhang et al. 2023, arXiv:2303.03108).
    """
    alpha, beta = flatness.alpha, flatness.beta
    if number == 0:
        mix(1.0, parameters, 0.0, parameters, start)
        mix(1.0, grads, 0.0, grads, sharp)
        go_along(start, grads, flatness.small, parameters)
    elif number == 1:
        mix(1.0, grads, -1.0, sharp, flat)
        go_along(start, flat, flatness.radius, parameters)
        mix(alpha, grads, 0.0, grads, flat)
        mix(beta, sharp, 0.0, sharp, sharp)
    elif number == 2:
        go_along(parameters, grads, flatness.small, parameters)
        mix(1.0, sharp, 1.0 - beta, grads, sharp)
    else:
        mix(1.0, flat, 1.0 - alpha, grads, flat)
        share = inner(sharp, flat) / (norm_squared(flat) + _GUARD)
        mix(1.0, sharp, -share, flat, sharp)
        mix(1.0, flat, -flatness.gamma, sharp, grads)
        mix(1.0, start, 0.0, start, parameters)


@kernel
def look_around(flatness, number, parameters, grads, spare):
    """After gradient `number` of a step, go to where the next one is taken; after the last one come back.

    Parameters
    ----------
    flatness : Flatness
    number : 0, 1 ... below its passes
    parameters, grads : moved and, after the last pass, made the direction of the step
    spare : (3, parameters) array
    """
    if flatness.passes == 2:
        sam_pass(flatness, number, parameters, grads, spare[0])
    else:
        gam_pass(flatness, number, parameters, grads, spare[0], spare[1], spare[2])

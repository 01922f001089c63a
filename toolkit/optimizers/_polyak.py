"""Polyak's step, which knows how high it stands, with momentum."""
import numpy as np

from toolkit._core.arguments import check_choice, check_finite, check_number
from toolkit._core.arrays import real_array
from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel

__all__ = ["polyak_rate"]
KERNELS = ["polyak_average_step", "polyak_momentum_step", "polyak_plain_step"]


@kernel
def ratio(gap, size, most):
    """``gap / size`` from 0 to `most`; 0 without a gradient."""
    if size == 0.0:
        return 0.0
    return max(0.0, min(most, gap / size))


@kernel
def heavy_ball(w, g, memory, beta, rate):
    """``w <- w - rate g + beta d``; the memory is the new d."""
    for i in range(w.size):
        memory[i] = beta * memory[i] - rate * g[i]
        w[i] += memory[i]


@kernel
def polyak_plain_step(gap, w, g, memory, beta, most):
    """The rate of a step without momentum, ``(f - f*) / |g|^2``; the heavy ball goes on beside it."""
    rate = ratio(gap, norm_squared(g), most)
    heavy_ball(w, g, memory, beta, rate)
    return rate


@kernel
def polyak_momentum_step(gap, w, g, memory, beta, most):
    """``(f - f* + beta <g, d>) / |g|^2``: the best rate of a heavy ball, for what is known of it."""
    rate = ratio(gap + beta * inner(g, memory), norm_squared(g), most)
    heavy_ball(w, g, memory, beta, rate)
    return rate


@kernel
def polyak_average_step(gap, w, g, memory, beta, most):
    """``d <- beta d + g``, ``w <- w - (f - f*) / |d|^2 d``."""
    for i in range(w.size):
        memory[i] = beta * memory[i] + g[i]
    rate = ratio(gap, norm_squared(memory), most)
    for i in range(w.size):
        w[i] -= rate * memory[i]
    return rate


_FORMS = ("plain", "momentum", "average")


def polyak_rate(gap, gradient, *, memory=None, beta=0.0, form="momentum", most=np.inf):
    """The rate of a step from how far the loss is above its minimum.

    * ``form="momentum"``: ``(f - f* + beta <g, d>) / |g|^2``, for ``x <- x - rate g + beta d`` with ``d`` the last
      change of x. It minimises the bound ``|x - x*|^2 - 2 rate (f - f*) + rate^2 |g|^2 - 2 rate beta <g, d> + ...``
      on the next distance.
    * ``form="plain"``: the same without its second term, which is Polyak's rate.
    * ``form="average"``: ``(f - f*) / |d|^2``, for ``x <- x - rate d`` with ``d = beta d + g``: `memory` is the new d.

    Never below 0. A minimum that is guessed too high stops the descent above it; one too low makes steps too long,
    which `most` bounds.

    Parameters
    ----------
    gap : float
        ``f - f*``.
    gradient : array_like
    memory : array_like of the same shape, optional
        d, by default 0, and with form "average" the gradient.
    beta : float from 0 to 1
    form : {"momentum", "plain", "average"}
    most : float >= 0
        What the rate is at most.

    Returns
    -------
    float
        0 where the gradient is 0.

    References
    ----------
    Wang, Johansson, Zhang 2023, "Generalized Polyak Step Size for First Order Optimization with Momentum",
    arXiv:2305.12939. The form "average" is that of public code by F. Schaipp.

    Accuracy
    --------
    Right to 2 n eps of the sums' terms.

    Examples
    --------
    >>> polyak_rate(2.0, [1.0, 1.0])
    1.0
    >>> polyak_rate(2.0, [1.0, 1.0], memory=[0.5, 0.5], beta=0.5)
    1.25
    """
    form = _FORMS[check_choice("form", form, _FORMS)]
    g = real_array(gradient, "gradient").astype(np.float64)
    d = np.zeros_like(g) if memory is None else real_array(memory, "memory").astype(np.float64)
    if d.shape != g.shape:
        raise ValueError(f"memory has shape {d.shape}; allowed: that of the gradient, {g.shape}")
    gap, beta, most = check_finite("gap", gap), check_number("beta", beta, 0, 1), check_number("most", most, 0, np.inf)
    if form == "average":
        return float(ratio(gap, norm_squared(g.ravel() if memory is None else d.ravel()), most))
    pull = beta * inner(g.ravel(), d.ravel()) if form == "momentum" else 0.0
    return float(ratio(gap + pull, norm_squared(g.ravel()), most))

"""What is wrapped around any rule, on one parameter tensor: ⟂Grad before, Cautious after it, and the step itself."""
import numpy as np

from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel

__all__ = ["descend", "keep_agreeing", "perp_grad", "turn_layer"]

_PARALLEL = 1e-5
_STILL = 1e-7


@kernel
def perp_grad(w, g):
    """⟂Grad: take from `g` its component along the weights `w`, and give the rest g's norm.

    ``g <- (g - r w) ||g|| / (||g - r w|| + 1e-30)`` with ``r = <w, g> / (<w, w> + 1e-30)``, per parameter tensor
    (Prieto et al. 2025, arXiv:2501.04697). Inner products and norms are float64. Two guards that the published code
    lacks: a tensor of one element is left alone, and a rest below 1e-5 of g is rounding noise and keeps its own norm.
    """
    if w.size < 2:
        return
    before = norm_squared(g)
    share = inner(w, g) / (norm_squared(w) + 1e-30)
    for i in range(g.size):
        g[i] = float(g[i]) - share * float(w[i])
    after = np.sqrt(norm_squared(g))
    before = np.sqrt(before)
    if after < _PARALLEL * before:
        return
    factor = before / (after + 1e-30)
    for i in range(g.size):
        g[i] = float(g[i]) * factor


@kernel
def agree(a, b):
    """Whether neither is 0 and both have one sign."""
    return (a > 0 and b > 0) or (a < 0 and b < 0)


@kernel
def keep_agreeing(u, g, numbers):
    """Cautious: zero the entries of `u` whose sign disagrees with `g`, and scale up the rest to the same mean.

    ``u <- u [u g > 0] / mean([u g > 0])``, its denominator at least 1e-3 (Liang et al. 2024, arXiv:2411.16085), the
    mean over `numbers` entries: padding is no part of it. Signs are compared, since the product can underflow. A NaN
    in either stays one.
    """
    agreeing = 0
    for i in range(u.size):
        agreeing += agree(u[i], g[i])
    scale = 1 / max(agreeing / numbers, 1e-3)
    for i in range(u.size):
        if u[i] != u[i] or g[i] != g[i]:
            u[i] = np.nan
        else:
            u[i] = u[i] * scale if agree(u[i], g[i]) else 0.0


@kernel
def descend(w, u, lr, decay):
    """``w <- (1 - lr decay) w - lr u``: decoupled weight decay and the step."""
    for i in range(w.size):
        w[i] = (1 - lr * decay) * w[i] - lr * u[i]


@kernel
def turn_layer(w, u, lr):
    """Layca: turn the weights by ``arctan(lr)`` and leave their norm; of `u` only its direction counts.

    ``s <- u - w <u, w> / |w|^2``, ``s <- s |w| / |s|``, or 0 where ``|s| <= 1e-7``; ``w' = w - lr s``, and then
    ``w <- w' |w| / |w'|`` (Carbonnelle, De Vleeschouwer 2018, arXiv:1806.01603). Norms and inner products are float64.
    """
    before = np.sqrt(norm_squared(w))
    if before == 0.0:
        return
    share = inner(u, w) / (before * before)
    for i in range(w.size):
        u[i] = float(u[i]) - share * float(w[i])
    length = np.sqrt(norm_squared(u))
    if length <= _STILL:
        return
    for i in range(w.size):
        w[i] = float(w[i]) - lr * before / length * float(u[i])
    factor = before / np.sqrt(norm_squared(w))
    for i in range(w.size):
        w[i] = float(w[i]) * factor

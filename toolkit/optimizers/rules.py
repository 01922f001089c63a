"""Optimizer steps on one parameter tensor, and ⟂Grad, which wraps any of them.

A step goes in two moves: the rule turns the gradient and its memory into a direction u, and `descend` moves the
weights by ``-lr u``. The formulas are PyTorch's.
"""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like

__all__ = ["OPTIMIZERS", "adam_direction", "descend", "keep_agreeing", "lion_direction", "norm_squared", "inner",
           "perp_grad", "sgd_direction"]

OPTIMIZERS = {"sgd": 0, "adam": 1, "adamw": 2, "lion": 3}

_PARALLEL = 1e-5


@kernel
def inner(a, b):
    """``<a, b>`` in float64, over four lanes in a fixed order."""
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    whole = a.size - a.size % 4
    for i in range(0, whole, 4):
        s0 += np.float64(a[i]) * np.float64(b[i])
        s1 += np.float64(a[i + 1]) * np.float64(b[i + 1])
        s2 += np.float64(a[i + 2]) * np.float64(b[i + 2])
        s3 += np.float64(a[i + 3]) * np.float64(b[i + 3])
    for i in range(whole, a.size):
        s0 += np.float64(a[i]) * np.float64(b[i])
    return (s0 + s2) + (s1 + s3)


@kernel
def norm_squared(a):
    """``||a||^2`` in float64."""
    return inner(a, a)


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
        g[i] = np.float64(g[i]) - share * np.float64(w[i])
    after = np.sqrt(norm_squared(g))
    before = np.sqrt(before)
    if after < _PARALLEL * before:
        return
    factor = before / (after + 1e-30)
    for i in range(g.size):
        g[i] = np.float64(g[i]) * factor


@kernel
def sgd_direction(w, g, memory, momentum, decay, u):
    """``m <- momentum m + (g + decay w)``, ``u = m``."""
    for i in range(w.size):
        slope = g[i] + like(decay, g[i]) * w[i]
        memory[i] = like(momentum, slope) * memory[i] + slope
        u[i] = memory[i]


@kernel
def adam_direction(w, g, first, second, beta1, beta2, eps, power1, power2, decay, u):
    """``u = m^ / (sqrt(v^) + eps)``; `power1`, `power2` are beta1^t and beta2^t of the bias correction.

    `decay` adds ``decay w`` to the gradient (Adam); 0 for AdamW, which shrinks the weights in `descend`.
    """
    one1 = like(1.0 - beta1, g[0])
    keep2 = like(beta2, g[0])
    one2 = like(1.0 - beta2, g[0])
    root2 = like(np.sqrt(1.0 - power2), g[0])
    scale1 = like(1.0 / (1.0 - power1), g[0])
    tiny = like(eps, g[0])
    extra = like(decay, g[0])
    for i in range(w.size):
        slope = g[i] + extra * w[i]
        m = first[i] + one1 * (slope - first[i])
        v = keep2 * second[i] + one2 * slope * slope
        first[i] = m
        second[i] = v
        u[i] = scale1 * m / (np.sqrt(v) / root2 + tiny)


@kernel
def lion_direction(g, memory, beta1, beta2, u):
    """``u = sign(beta1 m + (1 - beta1) g)``, ``m <- beta2 m + (1 - beta2) g`` (Chen et al. 2023, arXiv:2302.06675)."""
    for i in range(g.size):
        mixed = like(beta1, g[i]) * memory[i] + like(1.0 - beta1, g[i]) * g[i]
        u[i] = np.sign(mixed)
        memory[i] = like(beta2, g[i]) * memory[i] + like(1.0 - beta2, g[i]) * g[i]


@kernel
def keep_agreeing(u, g, numbers):
    """Cautious: zero the entries of `u` whose sign disagrees with `g`, and scale up the rest to the same mean.

    ``u <- u [u g > 0] / mean([u g > 0])``, its denominator at least 1e-3 (Liang et al. 2024, arXiv:2411.16085), the
    mean over `numbers` entries: padding is no part of it. Signs are compared, since the product can underflow.
    """
    zero = like(0.0, u[0])
    agreeing = 0
    for i in range(u.size):
        if (u[i] > zero and g[i] > zero) or (u[i] < zero and g[i] < zero):
            agreeing += 1
    scale = like(1.0 / max(agreeing / numbers, 1e-3), u[0])
    for i in range(u.size):
        u[i] = u[i] * scale if (u[i] > zero and g[i] > zero) or (u[i] < zero and g[i] < zero) else zero


@kernel
def descend(w, u, lr, decay):
    """``w <- (1 - lr decay) w - lr u``: decoupled weight decay and the step."""
    keep = like(1.0 - lr * decay, w[0])
    rate = like(lr, w[0])
    for i in range(w.size):
        w[i] = w[i] * keep - rate * u[i]

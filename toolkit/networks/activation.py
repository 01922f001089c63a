"""Activations of the networks, row by row, and their derivatives."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import erf, exp, tanh

__all__ = ["activate", "times_derivative"]

_SQRT_HALF = 0.7071067811865476
_INV_SQRT_2PI = 0.3989422804014327


@kernel
def activate(kind, z, h):
    """``h = phi(z)``; `kind` is a value of `ACTIVATIONS`."""
    if kind == 0:
        for j in range(z.size):
            h[j] = z[j] if z[j] > like(0.0, z[j]) else like(0.0, z[j])
    elif kind == 1:
        for j in range(z.size):
            h[j] = z[j] * z[j]
    elif kind == 2:
        for j in range(z.size):
            x = z[j]
            h[j] = x * (like(0.5, x) * (like(1.0, x) + erf(x * like(_SQRT_HALF, x))))
    elif kind == 3:
        for j in range(z.size):
            h[j] = tanh(z[j])
    else:
        for j in range(z.size):
            h[j] = z[j]


@kernel
def times_derivative(kind, z, g):
    """``g *= phi'(z)``; the derivative of ReLU at 0 is 0, as in PyTorch."""
    if kind == 0:
        for j in range(z.size):
            g[j] = g[j] if z[j] > like(0.0, z[j]) else like(0.0, z[j])
    elif kind == 1:
        for j in range(z.size):
            g[j] = g[j] * (z[j] + z[j])
    elif kind == 2:
        for j in range(z.size):
            x = z[j]
            cdf = like(0.5, x) * (like(1.0, x) + erf(x * like(_SQRT_HALF, x)))
            density = like(_INV_SQRT_2PI, x) * exp(like(-0.5, x) * x * x)
            g[j] = g[j] * (cdf + x * density)
    elif kind == 3:
        for j in range(z.size):
            h = tanh(z[j])
            g[j] = g[j] * (like(1.0, h) - h * h)

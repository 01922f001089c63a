"""Activations of the networks, row by row, and their derivatives."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit.elementary import erf, exp, tanh

__all__ = ["activate", "activate_by", "times_derivative", "times_slope"]

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


@kernel
def activate_by(bend, z, h):
    """``h = bend(z)`` by a kernel of numbers, as those of `toolkit.activations.kernels` are."""
    z, h = in_format(z, None), in_format(h, None)
    for j in range(z.size):
        h[j] = bend(z[j])


@kernel
def times_slope(slope, z, g):
    """``g *= slope(z)`` by the kernel of the derivative."""
    z, g = in_format(z, None), in_format(g, None)
    for j in range(z.size):
        g[j] *= slope(z[j])

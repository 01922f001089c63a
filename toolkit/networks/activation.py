"""Activations of the networks, row by row, and their derivatives.

Those of `ACTIVATIONS` are chosen while running. Any other one comes as a kernel of a number and that of its derivative,
as `toolkit.activations.kernels` has them, for which the network is then compiled. GELU is PyTorch's form with erf,
which cancels in the left tail: recorded runs were trained by it.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format, like
from toolkit._core.switch import switch, unless_none
from toolkit.activations.kernels import gelu_naive
from toolkit.elementary import erf, exp, tanh

__all__ = ["ACTIVATIONS", "activate", "activate_by", "relu_row", "times_derivative", "times_slope"]

_SQRT_HALF = 0.7071067811865476
_INV_SQRT_2PI = 0.3989422804014327


@kernel
def activate_by(bend, z, h):
    """``h = bend(z)``."""
    z, h = in_format(z, None), in_format(h, None)
    for j in range(z.size):
        h[j] = bend(z[j])


@kernel
def times_slope(slope, z, g):
    """``g *= slope(z)``."""
    z, g = in_format(z, None), in_format(g, None)
    for j in range(z.size):
        g[j] *= slope(z[j])


@kernel
def relu(x):
    return x if x > 0 else like(0, x)


@kernel
def square(x):
    return x * x


@kernel
def square_slope(x):
    return x + x


@kernel
def gelu_slope(x):
    """``Phi(x) + x phi(x)``, Phi by erf."""
    cdf = 0.5 * (1 + erf(x * _SQRT_HALF))
    return cdf + x * (_INV_SQRT_2PI * exp(-0.5 * x * x))


@kernel
def tanh_slope(x):
    h = tanh(x)
    return 1 - h * h


@kernel
def relu_row(z, h):
    activate_by(relu, z, h)


@kernel
def relu_times(z, g):
    """The derivative at 0 is 0, as in PyTorch; where it is 0, so is what comes out, whatever came in."""
    z, g = in_format(z, None), in_format(g, None)
    for j in range(z.size):
        g[j] = g[j] if z[j] > 0 else like(0, g)


@kernel
def square_row(z, h):
    activate_by(square, z, h)


@kernel
def square_times(z, g):
    times_slope(square_slope, z, g)


@kernel
def gelu_row(z, h):
    activate_by(gelu_naive, z, h)


@kernel
def gelu_times(z, g):
    times_slope(gelu_slope, z, g)


@kernel
def tanh_row(z, h):
    activate_by(tanh, z, h)


@kernel
def tanh_times(z, g):
    times_slope(tanh_slope, z, g)


@kernel
def identity_row(z, h):
    for j in range(z.size):
        h[j] = z[j]


@kernel
def identity_times(z, g):
    pass


_ROWS = {"relu": (relu_row, relu_times), "square": (square_row, square_times), "gelu": (gelu_row, gelu_times),
         "tanh": (tanh_row, tanh_times), "identity": (identity_row, identity_times)}
ACTIVATIONS = {name: place for place, name in enumerate(_ROWS)}

# (kind, z, h): ``h = phi(z)``, and (kind, z, g): ``g *= phi'(z)``; `kind` is a value of `ACTIVATIONS`.
activate = switch([row for row, _ in _ROWS.values()])
times_derivative = switch([times for _, times in _ROWS.values()])

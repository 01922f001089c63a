"""Activations of the networks and their derivatives, and the two loops that apply them to rows.

Those of `ACTIVATIONS` can be chosen while running. Where the engine is compiled for a kernel of a loss, and for any
other activation, value and slope come as kernels of a number, as `toolkit.activations.kernels` has them. A NaN comes
through all of them, forwards and backwards: a network that has diverged must not look as if it learned.
"""
from toolkit._core.branches import unless_none
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format
from toolkit._core.switch import switch
from toolkit.activations.kernels import (
    gelu_slope,
    gelu_value,
    relu_slope,
    relu_value,
    tanh_slope_from_value,
    tanh_value,
)

__all__ = ["ACTIVATIONS", "BY_NAME", "activate", "activate_by", "times_derivative"]


@kernel
def square(x):
    return x * x


@kernel
def square_slope(x):
    return x + x


@kernel
def identity(x):
    return x


@kernel
def identity_slope(x):
    return 1.0


@kernel(inline=True)
def activate_by(value, z, h):
    """``h = value(z)``."""
    z, h = in_format(z, None), in_format(h, None)
    for j in range(z.size):
        h[j] = value(z[j])


@kernel(inline=True)
def times_slope(slope, z, g):
    """``g *= slope(z)``; where the slope is 0, so is what comes out, whatever number came in."""
    z, g = in_format(z, None), in_format(g, None)
    for j in range(z.size):
        by = slope(z[j])
        g[j] = g[j] * by if by != 0 or g[j] != g[j] else 0.0


# Name -> kernels of value and slope.
BY_NAME = {"relu": (relu_value, relu_slope), "square": (square, square_slope), "gelu": (gelu_value, gelu_slope),
           "tanh": (tanh_value, tanh_slope_from_value), "identity": (identity, identity_slope)}
ACTIVATIONS = {name: place for place, name in enumerate(BY_NAME)}


def _of_rows(loop, of):
    """The kernel ``(z, row)`` that goes through a row by `loop`."""
    return kernel(lambda z, row: loop(of, z, row))


def _by_kernel_or_place(loop, table):
    """``(of, kind, z, row)``: `loop` by the kernel `of`, or where that is None, by that at place `kind` of a table."""
    return unless_none(kernel(lambda of, kind, z, row: loop(of, z, row)), switch([_of_rows(loop, of) for of in table]))


# (value, kind, z, h): ``h = phi(z)``, and (slope, kind, z, g): ``g *= phi'(z)``; `kind` is a value of `ACTIVATIONS`.
activate = _by_kernel_or_place(activate_by, [value for value, _ in BY_NAME.values()])
times_derivative = _by_kernel_or_place(times_slope, [slope for _, slope in BY_NAME.values()])

"""Losses that are a function of the label's probability: cross-entropy, then one pair of numbers.

With ``l = -log p_y`` every such loss L has ``dL/dz = L'(l) (p - onehot(y))``. A loss is therefore a scalar kernel
that returns L and ``L'(l)``; the row kernel of cross-entropy does the rest, in any of its forms. In the common and
stable form the scalar kernel takes ``l`` and ``miss = 1 - p_y``, which the stable form has without a subtraction: it is
minus the label's gradient. In the naive form it takes p_y as the formulas do.
"""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers
from toolkit.losses._cross_entropy import cross_entropy_common, cross_entropy_naive, cross_entropy_stable
from toolkit.losses._forms import close_to_zero_sum

__all__ = []
KERNELS = ["common_of", "naive_of", "stable_of"]


@kernel
def naive_of(outer, z, y, parameters, grad):
    """The loss ``outer(p_y, *parameters)``, and its gradient."""
    cross_entropy_naive(z, y, grad)
    value, slope = outer(*((1 + grad[y],) + as_numbers(parameters, z)))
    for k in range(grad.size):
        grad[k] *= slope
    return value


@kernel
def common_of(outer, z, y, parameters, grad):
    """The loss ``outer(l, 1 - p_y, *parameters)``, and its gradient."""
    loss = cross_entropy_common(z, y, grad)
    value, slope = outer(*((loss, -grad[y]) + as_numbers(parameters, z)))
    multiply_present(grad, slope)
    return value


@kernel
def stable_of(outer, z, y, parameters, grad):
    """The loss ``outer(l, 1 - p_y, *parameters)``, and its gradient, which sums to 0."""
    loss = cross_entropy_stable(z, y, grad)
    value, slope = outer(*((loss, -grad[y]) + as_numbers(parameters, z)))
    multiply_present(grad, slope)
    close_to_zero_sum(grad, y)
    return value


@kernel
def multiply_present(grad, slope):
    """Multiply by `slope`; a masked class stays at 0 beside an infinite one."""
    for k in range(grad.size):
        if grad[k] != 0:
            grad[k] *= slope

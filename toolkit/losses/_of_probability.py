"""Losses that are a function of the label's probability: cross-entropy, then one pair of numbers.

With ``l = -log p_y`` every such loss L has ``dL/dz = L'(l) (p - onehot(y))``. A loss is therefore a scalar kernel
that returns L and ``L'(l)``; the row kernel of cross-entropy does the rest, in any of its forms. In the common and
stable form the scalar kernel takes ``l`` and ``miss = 1 - p_y``, which the stable form has without a subtraction: it is
minus the label's gradient. In the naive form it takes p_y as the formulas do.
"""
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit._core.numbers import as_numbers
from toolkit.elementary import log1p
from toolkit.losses._cross_entropy import cross_entropy_common, cross_entropy_naive, cross_entropy_stable
from toolkit.losses._exponential_scores import accurate_exponentials
from toolkit.losses._forms import close_to_zero_sum, divide_by, likeliest, rest_beside_top

__all__ = []
KERNELS = ["common_of", "naive_of", "soft_stable_of", "stable_of"]


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
def soft_stable_of(outer, z, q, parameters, grad):
    """The mean over label probabilities, ``sum q_k outer(l_k, 1 - p_k)``, and ``p_j sum q_k L'_k - q_j L'_j``."""
    parameters = as_numbers(parameters, z)
    top = accurate_exponentials(z, grad)
    rest = rest_beside_top(grad, top)
    beside, others = log1p(rest), rest / (1 + rest)
    divide_by(grad, 1 + rest)
    total, lost, pull, pull_lost = rest - rest, rest - rest, rest - rest, rest - rest
    for k in range(z.size):
        if q[k] != 0:
            value, slope = outer(*((beside + (z[top] - z[k]), others if k == top else 1 - grad[k]) + parameters))
            total, lost = add_compensated(total, lost, q[k] * value)
            pull, pull_lost = add_compensated(pull, pull_lost, q[k] * slope)
    for k in range(z.size):
        if q[k] == 0:
            if grad[k] != 0:
                grad[k] *= pull
        else:
            _, slope = outer(*((beside + (z[top] - z[k]), others if k == top else 1 - grad[k]) + parameters))
            grad[k] = (grad[k] * pull if grad[k] != 0 else grad[k]) - q[k] * slope
    close_to_zero_sum(grad, likeliest(q))
    return total


@kernel
def multiply_present(grad, slope):
    """Multiply by `slope`; a masked class stays at 0 beside an infinite one."""
    for k in range(grad.size):
        if grad[k] != 0:
            grad[k] *= slope

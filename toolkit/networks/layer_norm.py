"""Layer normalisation of one row, and its gradient."""
import numpy as np

from toolkit._core.inner_products import inner, norm_squared
from toolkit._core.kernel import kernel
from toolkit._core.numbers import in_format

__all__ = ["EPSILON", "normalize", "normalize_backward"]

EPSILON = 1e-5  # PyTorch's


@kernel
def mean_of(x):
    """In float64, over four lanes in a fixed order."""
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    whole = x.size - x.size % 4
    for i in range(0, whole, 4):
        s0 += float(x[i])
        s1 += float(x[i + 1])
        s2 += float(x[i + 2])
        s3 += float(x[i + 3])
    for i in range(whole, x.size):
        s0 += float(x[i])
    return ((s0 + s2) + (s1 + s3)) / x.size


@kernel
def normalize(x, n, gamma, beta, y):
    """The first `n` of `x` become ``(x - mean) / sqrt(variance + eps)``, and ``y = gamma x + beta``.

    The variance divides by n. Returns ``1 / sqrt(variance + eps)``.
    """
    x = in_format(x, None)
    mean = mean_of(x[:n])
    for i in range(n):
        x[i] -= mean
    inverse = 1 / np.sqrt(norm_squared(x[:n]) / n + EPSILON)
    for i in range(n):
        x[i] *= inverse
    for i in range(x.size):
        y[i] = gamma[i] * x[i] + beta[i]
    return inverse


@kernel
def normalize_backward(g, x, n, inverse, gamma, gamma_sums, beta_sums):
    """`g`, the gradient with respect to y, becomes that with respect to the input; `x` is the normalized row."""
    g, x = in_format(g, None), in_format(x, None)
    for i in range(n):
        gamma_sums[i] += g[i] * x[i]
        beta_sums[i] += g[i]
        g[i] *= gamma[i]
    mean = mean_of(g[:n])
    along = inner(g[:n], x[:n]) / n
    for i in range(n):
        g[i] = inverse * (g[i] - mean - along * x[i])

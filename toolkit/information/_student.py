"""Quantiles of Student's distribution, by finite sums: how many errors an interval of a fit is wide."""
import numpy as np

from toolkit._core.kernel import kernel

__all__ = []
KERNELS = ["student_mass", "student_quantile"]


@kernel
def student_mass(t, freedom):
    """Probability that a number of Student's distribution is between -t and t, for whole degrees of freedom."""
    root = np.sqrt(freedom)
    cosine_squared = freedom / (freedom + t * t)
    sine = t / np.sqrt(freedom + t * t)
    if np.int64(freedom) % 2 == 0:
        term, total = 1.0, 1.0
        for k in range(1, np.int64(freedom) // 2):
            term *= cosine_squared * (2.0 * k - 1.0) / (2.0 * k)
            total += term
        return sine * total
    angle = angle_of(t / root)
    if freedom < 2:
        return 2.0 * angle / np.pi
    term = np.sqrt(cosine_squared)
    total = term
    for k in range(1, (np.int64(freedom) - 1) // 2):
        term *= cosine_squared * (2.0 * k) / (2.0 * k + 1.0)
        total += term
    return 2.0 * (angle + sine * total) / np.pi


@kernel
def angle_of(x):
    """``arctan x`` for x >= 0: halved until it is small, then by its series."""
    doublings = 0
    while x > 0.05:
        x = x / (1.0 + np.sqrt(1.0 + x * x))
        doublings += 1
    square, term, total = x * x, x, x
    for k in range(1, 8):
        term *= -square
        total += term / (2.0 * k + 1.0)
    for _ in range(doublings):
        total *= 2.0
    return total


@kernel
def student_quantile(level, freedom):
    """The t between whose negative and itself a number of Student's distribution is with probability `level`."""
    low, high = 0.0, 1.0
    while student_mass(high, freedom) < level and high < 1e8:
        high *= 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if student_mass(middle, freedom) < level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)

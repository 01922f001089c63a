"""α-entmax of a few values that occur many times each, in many digits: rows of 10^5 classes at the price of five."""
import mpmath
import numpy as np
from mpmath import mpf


def entmax_of_values(values, counts, order):
    """Probability of each value, by bisection for the threshold u of ``exp_ε(z - u)``, with ``order = α - 1``."""
    with mpmath.workdps(100 if order > 1 else 60):
        order, values = mpf(float(order)), [mpf(float(v)) for v in values]

        def parts(u):
            if order == 0:
                return [mpmath.exp(v - u) for v in values]
            bases = [1 + order * (v - u) for v in values]
            return [base ** (1 / order) if base > 0 else mpf(0) for base in bases]

        count = mpf(sum(counts))
        low, above = max(values), mpmath.log(count) if order == 0 else (1 - count ** -order) / order
        high = low + above + mpf(2) ** -100
        for _ in range(330 if order > 1 else 190):
            middle = (low + high) / 2
            much = sum(n * p for n, p in zip(counts, parts(middle), strict=True)) > 1
            low, high = (middle, high) if much else (low, middle)
        return np.array([float(p) for p in parts(low)])


def repeated(values, counts, dtype):
    """``(row, values)``: the row of all classes, and the values as the dtype has them."""
    values = np.array(values, dtype)
    return np.repeat(values, counts), values


def first_of_each(counts):
    """Where in the row each value comes first."""
    return np.cumsum([0, *counts[:-1]])

"""log-gamma, digamma and trigamma, and what is left of them beside a logarithm.

For large x the three grow like x log x, log x and 1 / x, and what a difference of them says is far below that. So
there are kernels of the rest alone: series in ``1 / x**2`` from 16 on, and below it the recurrences, term by term.
"""
import math

import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import elementary_function, through_float64
from toolkit.elementary import log, log1p

__all__ = []
KERNELS = ["digamma", "log_gamma", "log_less_digamma", "stirling_rest", "trigamma", "trigamma_excess"]

_FROM = 16.0
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
# Bernoulli's numbers B_2, B_4, ... and what the three series make of them.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_REST = tuple(b / ((2 * k + 2) * (2 * k + 1)) for k, b in enumerate(_BERNOULLI))
_LESS = tuple(b / (2 * k + 2) for k, b in enumerate(_BERNOULLI))


@kernel
def in_inverse_squares(coefficients, x):
    """``sum_k c_k / x^(2k)``, from the last term on."""
    square, total = 1.0 / x / x, 0.0
    for k in range(len(coefficients) - 1, -1, -1):
        total = total * square + coefficients[k]
    return total


@kernel
def stirling_rest(x):
    """``log gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2`` > 0, about ``1 / (12 x)``; NaN unless x > 0."""
    if not x > 0.0:
        return x * np.nan
    total = 0.0
    while x < _FROM:
        total += (x + 0.5) * (log(x + 1.0) - log(x) if x < 1e-3 else log1p(1.0 / x)) - 1.0
        x += 1.0
    return total + in_inverse_squares(_REST, x) / x


@kernel
def log_less_digamma(x):
    """``log x - psi(x)`` > 0, about ``1 / (2 x)``; NaN unless x > 0."""
    if not x > 0.0:
        return x * np.nan
    total = 0.0
    while x < _FROM:
        inverse = 1.0 / x
        total += inverse - (log(x + 1.0) - log(x) if x < 1e-3 else log1p(inverse))
        x += 1.0
    inverse = 1.0 / x
    return total + 0.5 * inverse + in_inverse_squares(_LESS, x) * inverse * inverse


@kernel
def trigamma_of(x):
    if not x > 0.0:
        return x * np.nan
    total = 0.0
    while x < _FROM:
        total += 1.0 / x / x
        x += 1.0
    return total + (1.0 + (0.5 + in_inverse_squares(_BERNOULLI, x) / x) / x) / x


@kernel
def trigamma_excess(x):
    """``x psi'(x) - 1`` > 0, about ``1 / (2 x)``; NaN unless x > 0."""
    if x < _FROM or x != x:
        return x * trigamma_of(x) - 1.0
    return (0.5 + in_inverse_squares(_BERNOULLI, x) / x) / x


@kernel
def digamma_of(x):
    return log(x) - log_less_digamma(x)


@kernel
def log_gamma_of(x):
    return (x - 0.5) * log(x) - x + _HALF_LOG_2PI + stirling_rest(x)


@elementary_function
@kernel
def trigamma(x):
    """``psi'(x)``, x > 0, computed in float64."""
    return through_float64(trigamma_of, x)


@elementary_function
@kernel
def digamma(x):
    """``psi(x)``, x > 0, computed in float64."""
    return through_float64(digamma_of, x)


@elementary_function
@kernel
def log_gamma(x):
    """``log gamma(x)``, x > 0, computed in float64; its error is relative to the larger of 1 and its terms."""
    return through_float64(log_gamma_of, x)

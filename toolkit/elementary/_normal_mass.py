"""The mass of the normal law between two points, without the cancellation of ``Phi(b) - Phi(a)``."""
from toolkit._core.kernel import kernel
from toolkit.elementary.exponential import exp
from toolkit.elementary.normal import centre, mills_ratio

__all__ = []

_INV_SQRT_2PI = 0.3989422804014327
_TERMS = 30


@kernel
def tail_beside_bell(t):
    """``exp(t**2 / 2) Phi(-t)`` for t >= 0: no underflow."""
    if t < 0.7:
        return exp(0.5 * t * t) * (0.5 - t * centre(t * t))
    return mills_ratio(t)


@kernel
def mass_beside_bell(x, h):
    """``exp(x**2 / 2) (Phi(x + h) - Phi(x))`` of float64, for x >= 0 and h > 0, to about 8 ulp.

    Where the density falls by less than a factor of ``exp(1/2)``, the two tails would cancel: there it is the Taylor
    series of ``exp(-x t - t**2 / 2)``, from 0 to h term by term, whose coefficients obey
    ``(n + 1) c[n + 1] = -(x c[n] + c[n - 1])``. They are kept times ``h**n``.
    """
    fall = h * (x + 0.5 * h)
    if not fall < 0.5:
        return tail_beside_bell(x) - exp(-fall) * tail_beside_bell(x + h)
    before, term, mean = 0.0, 1.0, 1.0
    for n in range(1, _TERMS):
        before, term = term, -(x * h * term + h * h * before) / n
        mean += term / (n + 1)
    return _INV_SQRT_2PI * h * mean

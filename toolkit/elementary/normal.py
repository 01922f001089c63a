"""The normal distribution as scalar functions: its density's bell, and a distribution function exact in the tail.

``1 + erf`` has lost all digits of the left tail where GELU still needs them, and ``x * x`` rounded before exp loses
``x**2 / 2`` units in the last place. Here the tail is ``exp(-x**2 / 2)``, with the square in two parts, times Mills'
ratio.
"""
import numpy as np

from toolkit._core.exact_sums import split
from toolkit._core.kernel import kernel
from toolkit._core.numbers import elementary_function, through_float64
from toolkit._core.random import uniform
from toolkit.elementary import cos, exp, log

__all__ = ["bell", "normal_cdf", "normal_pdf", "standard_normal"]

INV_SQRT_2PI = 0.3989422804014327
_TWO_PI = 6.283185307179586


@kernel
def centre(z):
    """``(Phi(x) - 1/2) / x`` at ``z = x**2``, for |x| <= 0.7 (benchmarks/elementary_coefficients.py)."""
    z2 = z * z
    z4 = z2 * z2
    low = (0.3989422804014327 + z * -0.06649038006690544) + z2 * (0.009973557010035624 + z * -0.0011873282154753978)
    high = (0.00011543468754897354 + z * -9.444655746444745e-06) + z2 * (
        6.65966963532465e-07 + z * -4.121978063492111e-08)
    return low + z4 * (high + z4 * (2.2614568377743247e-09 + z * -1.0118959037477727e-10))


@kernel
def mills_ratio(t):
    """``exp(t**2 / 2) Phi(-t)`` for t >= 0.7 (benchmarks/elementary_coefficients.py).

    To 8 a polynomial in ``(t - 4) / (t + 4)``, beyond it one in ``1 / t**2``, divided by t.
    """
    if t > 8.0:
        u = 1.0 / (t * t)
        u2 = u * u
        u4 = u2 * u2
        low = (0.39894228040143265 + u * -0.39894228040132623) + u2 * (1.1968268409300686 + u * -5.984133928831487)
        high = (41.88879474772998 + u * -376.95598083126737) + u2 * (4138.366680135252 + u * -52810.039234692245)
        return (low + u4 * (high + u4 * ((715039.1081356766 + u * -8419595.853018338) + u2 * 57644855.004350305))) / t
    w = (t - 4.0) / (t + 4.0)
    w2 = w * w
    w4 = w2 * w2
    first = (0.09441064130196894 + w * -0.17039772154845545) + w2 * (0.12437925533926378 + w * -0.07170740733773523)
    second = (0.03086480410627179 + w * -0.00849209548217835) + w2 * (0.000507562077266776 + w * 0.000638813854994522)
    third = (-0.00018718431787296717 + w * -4.5554999227678815e-05) + w2 * (
        2.8648832966712353e-05 + w * 4.633154308950063e-06)
    fourth = (-4.305115264390736e-06 + w * -8.403505011245581e-07) + w2 * (
        6.538223855958741e-07 + w * 2.304682074599861e-07)
    fifth = -4.480749768014234e-08 + w * -2.655637150615966e-08
    return first + w4 * (second + w4 * (third + w4 * (fourth + w4 * fifth)))


@kernel
def bell64(x):
    """``exp(-x**2 / 2)`` of a float64."""
    t = abs(x)
    if not t < 64.0:
        return x if x != x else 0.0
    short, lost = split(t)  # the square of `short` is exact
    rest = 0.5 * lost * (t + short)  # below 2**-14
    return exp(-0.5 * short * short) * (1.0 - rest * (1.0 - rest * (0.5 - rest / 6.0)))


@kernel
def normal_cdf64(x):
    """Phi of a float64."""
    t = abs(x)
    if t < 0.7:
        return 0.5 + x * centre(x * x)
    if not t < 64.0:
        return x if x != x else 0.0 if x < 0.0 else 1.0
    tail = bell64(t) * mills_ratio(t)
    return tail if x < 0.0 else 1.0 - tail


@kernel
def normal_pdf64(x):
    """phi of a float64."""
    return INV_SQRT_2PI * bell64(x)


@elementary_function
@kernel
def bell(x):
    """``exp(-x**2 / 2)``; 0 at ±inf. At most 2 ulp in float64, while the result is a normal number (tested)."""
    return through_float64(bell64, x)


@elementary_function
@kernel
def normal_pdf(x):
    """Density of the normal distribution, ``exp(-x**2 / 2) / sqrt(2 pi)``."""
    return through_float64(normal_pdf64, x)


@elementary_function
@kernel
def normal_cdf(x):
    """Phi, the distribution function of the normal distribution, with all digits of its left tail.

    At most 5 ulp in float64 while the result is a normal number (tested), where ``(1 + erf(x / sqrt(2))) / 2``
    is 0 from x = -8.3 on; float32 is computed in float64 and rounded once.
    """
    return through_float64(normal_cdf64, x)


@kernel
def standard_normal(state):
    """A normal float64 of mean 0 and deviation 1 (Box and Muller 1958; its second value is not used)."""
    radius = np.sqrt(-2.0 * log(1.0 - uniform(state)))
    return radius * cos(_TWO_PI * uniform(state))

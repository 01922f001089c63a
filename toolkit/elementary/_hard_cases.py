"""float32 arguments whose value is so close to the middle of two float32 that its float64 is the middle itself.

Rounding the float64 would then be rounding twice: a tie, of which one side is wrong. ``python -m
benchmarks.correctly_rounded`` finds these arguments among all 2**32, and mpmath says on which side of the middle the
value lies.
"""
import numpy as np
from numba import types
from numba.extending import overload

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import bits_of

__all__ = ["LOG", "LOG1P", "rounded_once"]

_LOST = (1 << 29) - 1  # the bits of a float64 that a float32 has not
_MIDDLE = 1 << 28

# Arguments, each followed by the float64 beside the middle on the right side.
LOG = (0.011794382706284523, -4.440131902694701, 9.472636222839355, 2.2484072446823116, 58037908.0, 17.876606941223148,
       1.2783783694984994e+23, 53.205049514770515, 5.498306075456329e+28, 66.17682266235353)
LOG1P = (7.152559078349441e-07, 7.152556520395593e-07, 8.583093404013198e-06, 8.583056569477778e-06,
         0.4951299726963043, 0.40221314132213587, 8.472636222839355, 2.2484072446823116,
         1.2783783694984994e+23, 53.205049514770515, 5.498306075456329e+28, 66.17682266235353,
         -7.152555667744309e-07, -7.152558225698157e-07, -8.583044291299302e-06, -8.583081125834722e-06,
         -0.0021787146106362343, -0.0021810914622619752)


@kernel
def off_the_middle(x, y, hard):
    """`y`, or what `hard` has beside the argument `x`, where y is the middle of two float32."""
    if bits_of(y) & _LOST == _MIDDLE:
        for i in range(0, len(hard), 2):
            if x == hard[i]:
                return hard[i + 1]
    return y


def settled(x, y, hard):
    """`off_the_middle` for a float32 `x`; else `y`."""
    return off_the_middle(float(x), y, hard) if isinstance(x, np.float32) else y


@overload(settled)
def _settled(x, y, hard):
    if x == types.float32:
        return lambda x, y, hard: off_the_middle(np.float64(x), y, hard)
    return lambda x, y, hard: y


@kernel
def rounded_once(of, x, hard):
    """``of(x)`` as the correctly rounded float32 of a float32 `x`; the float64 of any other.

    `hard` is a table as `LOG`.
    """
    return like(settled(x, of(np.float64(x)), hard), x)

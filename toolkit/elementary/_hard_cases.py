"""Correct rounding to float32: what to do where a float64 result is the middle of two float32.

Rounding the float64 would then be rounding twice: a tie, which goes to the even neighbour, whichever is nearer. Away
from ties nothing goes wrong at any of the 2**32 arguments (``python -m benchmarks.correctly_rounded``). That command
also finds the arguments below, and mpmath says on which side of the middle their values lie.
"""
import numpy as np
from numba import types
from numba.extending import overload

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import bits_of, float_of

__all__ = ["cos_beside", "exp2_beside", "log1p_beside", "log_beside", "rounded_once", "sigmoid_beside", "sin_beside",
           "softplus_beside"]

_LOST = (1 << 29) - 1  # the bits of a float64 that a float32 has not
_MIDDLE = 1 << 28

# Arguments, each followed by the float64 beside the middle on the right side.
COS = (1.100467763087514e+19, 0.9964101016521453, -1.100467763087514e+19, 0.9964101016521453,
       1.7269983397793917e+20, 0.9690579473972322, -1.7269983397793917e+20, 0.9690579473972322)
EXP2 = (0.0029695758130401373, 1.0020604729652407, -0.029743773862719536, 0.979594260454178)
LOG = (0.011794382706284523, -4.440131902694701, 9.472636222839355, 2.2484072446823116, 58037908.0, 17.876606941223148,
       1.2783783694984994e+23, 53.205049514770515, 5.498306075456329e+28, 66.17682266235353)
LOG1P = (7.152559078349441e-07, 7.152556520395593e-07, 8.583093404013198e-06, 8.583056569477778e-06,
         0.4951299726963043, 0.40221314132213587, 8.472636222839355, 2.2484072446823116,
         1.2783783694984994e+23, 53.205049514770515, 5.498306075456329e+28, 66.17682266235353,
         -7.152555667744309e-07, -7.152558225698157e-07, -8.583044291299302e-06, -8.583081125834722e-06,
         -0.0021787146106362343, -0.0021810914622619752)
SIGMOID = (-0.001117885229177773, 0.49972052872180944)
SIN = (9830.3984375, -0.3476132601499557, -9830.3984375, 0.3476132601499557)
SOFTPLUS = (0.00044680992141366005, 0.6933706104755403)


@kernel
def listed(x, y, table):
    """What `table` has beside `x`, or `y`."""
    for i in range(0, len(table), 2):
        if x == table[i]:
            return table[i + 1]
    return y


@kernel
def cos_beside(x, y):
    return listed(x, y, COS)


@kernel
def exp2_beside(x, y):
    return listed(x, y, EXP2)


@kernel
def log_beside(x, y):
    return listed(x, y, LOG)


@kernel
def log1p_beside(x, y):
    return listed(x, y, LOG1P)


@kernel
def sigmoid_beside(x, y):
    """Below 2**-15 the float64 is ``1/2 + x/4``; what it lost, about ``-x**3 / 48``, points to 1/2."""
    if abs(x) < 2.0**-15:
        return float_of(bits_of(y) - 1 if y > 0.5 else bits_of(y) + 1)
    return listed(x, y, SIGMOID)


@kernel
def sin_beside(x, y):
    return listed(x, y, SIN)


@kernel
def softplus_beside(x, y):
    return listed(x, y, SOFTPLUS)


@kernel
def off_the_middle(x, y, beside):
    """``beside(x, y)`` where `y` is the middle of two normal float32, else `y`."""
    return beside(x, y) if bits_of(y) & _LOST == _MIDDLE else y


def settled(x, y, beside):
    """`off_the_middle` for a float32 `x`; `y` for others."""
    return off_the_middle(float(x), y, beside) if isinstance(x, np.float32) else y


@overload(settled)
def _settled(x, y, beside):
    if x == types.float32:
        return lambda x, y, beside: off_the_middle(np.float64(x), y, beside)
    return lambda x, y, beside: y


@kernel
def rounded_once(of, beside, x):
    """``of(x)``: of a float32 the correctly rounded float32, if ``beside(x, y)`` knows on which side of a middle y the
    value lies; of others the float64, rounded as the numbers of a kernel are."""
    return like(settled(x, of(np.float64(x)), beside), x)

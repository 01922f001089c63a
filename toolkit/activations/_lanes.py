"""The activations that people use most, in lanes of vectors: for arrays, at the speed of memory where they can.

They keep the promises of the entry kernels, which read like their formulas and which figures use. Here one exponential
serves all of a formula; where all lanes are easy, nothing is looked after that cannot happen.
"""
from toolkit._core.across_lanes import all_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose, fused, inverse_of, signed_as, size
from toolkit.large_arrays._exponential import lowered
from toolkit.large_arrays.exponentials import decay, exp_below, expm1_below, far_decay, is_easy
from toolkit.large_arrays.normal import bell, far_bell, is_central, mills_ratio
from toolkit.large_arrays.sigmoidal import sigmoid_far, sigmoid_lanes

__all__ = ["elu_lanes", "elu_slope_lanes", "gelu_lanes", "gelu_slope_lanes", "mish_lanes", "mish_slope_lanes",
           "relu_lanes", "relu_slope_lanes", "silu_lanes", "silu_slope_lanes"]

_INV_SQRT_2PI = 0.3989422804014327


@kernel
def relu_lanes(x):
    return choose(x <= 0.0, 0.0, x)


@kernel
def relu_slope_lanes(x):
    return choose(0.0 < x, 1.0, choose(x <= 0.0, 0.0, x))


@kernel
def elu_lanes(x):
    return choose(0.0 < x, x, expm1_below(x))


@kernel
def elu_slope_lanes(x):
    return exp_below(x)


@kernel
def silu_lanes(x):
    """``x sigmoid(x)``."""
    y = x * sigmoid_lanes(x)
    if all_of(is_easy(x)):
        return y
    q, lifted = sigmoid_far(x)
    return choose(is_easy(x), y, choose(0.0 < x, x, signed_as(lowered(far_decay(x)[0] * q * lifted), x)))


# A formula ``core(x, a, m, power)``, a = |x|, gives its value v for x > 0, and else what `power` is to be multiplied
# with; ``m * power`` is ``exp(-a)``, or ``exp(-a**2 / 2)``.

@kernel(forceinline=True)
def silu_slope_core(x, a, m, power):
    """``s(x) (1 + x s(-x))`` with ``t = exp(-a)``: ``1 + t + a t``, or ``t (1 + t - a)``, divided by ``(1 + t)**2``."""
    t = m * power
    d = 1.0 + t
    inverse = inverse_of(d)
    return choose(0.0 < x, fused(a, t, d), m * (d - a)) * inverse * inverse


@kernel(forceinline=True)
def mish_core(x, a, m, power):
    """``x n / (n + 2)`` with ``n = e (e + 2)``, e = exp(x), both divided by ``e**2`` where x > 0."""
    t = m * power
    positive = 0.0 < x
    top = choose(positive, fused(2.0, t, 1.0), t + 2.0)
    bottom = choose(positive, fused(2.0 * t, t, top), fused(t, top, 2.0))
    return choose(positive, x, signed_as(a, x) * m) * (top * inverse_of(bottom))


@kernel(forceinline=True)
def mish_slope_core(x, a, m, power):
    """``th + x s (1 - th**2)``, th = tanh(softplus(x)), from the quotient of `mish_core`."""
    t = m * power
    positive = 0.0 < x
    top = choose(positive, fused(2.0, t, 1.0), t + 2.0)
    inverse = inverse_of(choose(positive, fused(2.0 * t, t, top), fused(t, top, 2.0)))
    spread = 4.0 * a * (1.0 + t) * inverse
    return choose(positive, fused(t * t, spread, top), m * (top - spread)) * inverse


@kernel(forceinline=True)
def gelu_core(x, t, m, power):
    """``x Phi(x)``: of -t, minus t times the bell and Mills' ratio; of t, t minus that."""
    v = t * (m * mills_ratio(t))
    return choose(0.0 < x, fused(0.0 - v, power, x), signed_as(v, x))


@kernel(forceinline=True)
def gelu_slope_core(x, t, m, power):
    """``Phi(x) + x phi(x)``: of -t, the bell times ``mills - t / sqrt(2 pi)``; of t, 1 minus that."""
    v = m * fused(-_INV_SQRT_2PI, t, mills_ratio(t))
    return choose(0.0 < x, fused(0.0 - v, power, 1.0), v)


def _of_core(core, holds, near, far):
    """The kernel of lanes around a core: with `near` where all lanes are as `holds` says, else with `far`."""
    @kernel(forceinline=True)
    def lanes(x):
        if all_of(holds(x)):
            a, m, power = near(x)
            v = core(x, a, m, power)
            return choose(0.0 < x, v, v * power)
        a, m, power, lifted = far(x)
        v = core(x, a, m, power)
        return choose(0.0 < x, v, signed_as(lowered(size(v) * lifted), v))

    return lanes


silu_slope_lanes, mish_lanes, mish_slope_lanes = (
    _of_core(core, is_easy, decay, far_decay) for core in (silu_slope_core, mish_core, mish_slope_core))
gelu_lanes, gelu_slope_lanes = (_of_core(core, is_central, bell, far_bell) for core in (gelu_core, gelu_slope_core))

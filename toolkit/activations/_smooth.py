"""SiLU, Swish and Mish, which are x times a sigmoidal gate, and the rectifier with a smooth correction."""
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, gated, scaled
from toolkit.activations._lanes import mish_lanes, mish_slope_lanes, silu_lanes, silu_slope_lanes
from toolkit.activations._rectifiers import relu_slope, relu_value
from toolkit.activations._sigmoids import sigmoid_value
from toolkit.elementary import exp
from toolkit.elementary.normal import bell
from toolkit.elementary.products import times_bell, times_exp

__all__ = ["crrelu", "mish", "silu", "swish"]
KERNELS = ["crrelu_correction", "crrelu_naive", "crrelu_slope", "crrelu_value", "mish_naive", "mish_slope",
           "mish_value", "silu_naive", "silu_slope", "silu_value", "swish_naive", "swish_slope", "swish_value"]


@kernel
def silu_value(x):
    return gated(x, sigmoid_value(x))


@kernel
def silu_naive(x):
    return x / (1 + exp(-x))


@kernel
def silu_slope(x):
    s = sigmoid_value(x)
    return s if s == 0 else s * (1 + gated(x, sigmoid_value(-x)))


@kernel
def swish_value(x, beta):
    y = scaled(x, beta)
    gate = sigmoid_value(y)
    return times_exp(x, y) if gate * gate == 0 and abs(x) > 64 else gated(x, gate)


@kernel
def swish_naive(x, beta):
    return x / (1 + exp(-(beta * x)))


@kernel
def swish_slope(x, beta):
    return silu_slope(scaled(x, beta))


@kernel
def mish_parts(x):
    """``t = exp(-|x|) <= 1``, and the two polynomials in it whose quotient is ``tanh(softplus(x))``."""
    t = exp(-abs(x))
    square = t * t
    if x >= 0:
        top = 1 + (t + t)
        return t, top, top + (square + square)
    top = square + (t + t)
    return t, top, top + 2


@kernel
def mish_value(x):
    _, top, bottom = mish_parts(x)
    return gated(x, top / bottom)


@kernel
def mish_naive(x):
    e = exp(x)
    n = e * (e + 2)
    return x * (n / (n + 2))


@kernel
def mish_slope(x):
    """``th + x s (1 - th**2)``, th = tanh(softplus(x))."""
    t, top, bottom = mish_parts(x)
    spread = 4 * ((t * t if x >= 0 else t) * (1 + t))
    return top / bottom + gated(x, spread / (bottom * bottom))


@kernel
def crrelu_correction(x):
    """``x exp(-x**2 / 2)``."""
    return gated(x, bell(x))


@kernel
def crrelu_of_epsilon(x, epsilon):
    """Derivative of `crrelu` in epsilon."""
    return crrelu_correction(x)


@kernel
def crrelu_value(x, epsilon):
    correction = crrelu_correction(x)
    if correction * correction != 0 or abs(epsilon) <= 1:
        return relu_value(x) + epsilon * correction
    return relu_value(x) if x == 0 else relu_value(x) + gated(x, times_bell(epsilon, x))


@kernel
def crrelu_naive(x, epsilon):
    return relu_value(x) + epsilon * (x * exp(-(x * x / 2)))


@kernel
def crrelu_slope(x, epsilon):
    height = bell(x)
    if height == 0 and abs(epsilon) <= 1:
        return relu_slope(x)
    if height * height != 0 or abs(epsilon) <= 1:
        return relu_slope(x) + scaled((1 - x) * (1 + x) * height, epsilon)
    return relu_slope(x) + gated((1 - x) * (1 + x), times_bell(epsilon, x))


@elementwise(silu_value, silu_naive, slope=silu_slope, ulp=2, slope_ulp=15, slope_zero=-1.278464542761,
             lanes=silu_lanes, slope_lanes=silu_slope_lanes)
def silu(x, *, form="stable", format=None):
    """Sigmoid linear unit ``x sigmoid(x)``.

    "naive" is ``x / (1 + e^-x)``, where exp overflows: -0 from -12 on in float16.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 15 ulp for x not within 0.1 of -1.278, where terms cancel; tested as
    `sigmoid`.

    Gradient
    --------
    ``s(x) (1 + x s(-x))``.

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units, Neural Networks 107, 2018, arXiv:1702.03118.

    Examples
    --------
    >>> [float(silu(-12.0, form=form, format="float16")) for form in ("naive", "stable")]
    [-0.0, -7.367134094238281e-05]
    """


@elementwise(swish_value, swish_naive, slope=swish_slope, ulp=2, slope_ulp=8, slope_zero=-1.278464542761 / 2)
def swish(x, *, beta=1.0, form="stable", format=None):
    """Swish ``x sigmoid(beta x)``: `silu` with a sharpness, from ``x / 2`` (beta = 0) to `relu` (beta to infinity).

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    beta : float or array_like, broadcast to the shape of `x`
        Sharpness; inf gives `relu`. The bound below is that of a power of two; else the rounding of ``beta x`` adds in
        the tail as many ulp as it is large.

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 8 ulp for x not within 0.1 of -0.6392, where terms cancel; tested as
    `sigmoid`.

    Gradient
    --------
    ``s(beta x) (1 + beta x s(-beta x))``; the bound is that of beta = 2.

    References
    ----------
    P. Ramachandran, B. Zoph, Q. V. Le, Searching for Activation Functions, 2017, arXiv:1710.05941.

    Examples
    --------
    >>> swish([-1.0, 1.0], beta=2.0)
    array([-0.11920292,  0.88079708])
    """


@elementwise(mish_value, mish_naive, slope=mish_slope, ulp=5, slope_ulp=55, slope_zero=-1.192431214515,
             lanes=mish_lanes, slope_lanes=mish_slope_lanes)
def mish(x, *, form="stable", format=None):
    """Mish ``x tanh(softplus(x))``, as ``x (t**2 + 2 t) / (t**2 + 2 t + 2)`` with ``t = e^x`` below 0.

    Above 0 both polynomials are divided by ``t**2``. "naive" uses the same quotient everywhere: NaN from 45 on in
    float32, from 6 on in float16.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    "stable": at most 5 ulp, the derivative at most 55 ulp for x not within 0.1 of -1.192, where terms cancel; tested as
    `sigmoid`.

    Gradient
    --------
    ``th + x sigmoid(x) (1 - th**2)`` with ``th = tanh(softplus(x))``, without cancellation in ``1 - th**2``.

    References
    ----------
    D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020, arXiv:1908.08681.

    Examples
    --------
    >>> mish([-2.0, 1.5, 1000.0])
    array([-2.52501483e-01,  1.40337827e+00,  1.00000000e+03])
    """


@elementwise(crrelu_value, crrelu_naive, slope=crrelu_slope, ulp=2.5, slope_ulp=3.5,
             others={"epsilon": crrelu_of_epsilon})
def crrelu(x, *, epsilon=0.01, form="stable", format=None):
    """Correction-regularised ReLU: ``max(0, x) + epsilon x e^(-x**2 / 2)``, with a learned epsilon.

    The correction is the direction that lowers the entropy of the output most, if the input is normal. It is clipped
    at 0 where e^... has underflown, since inf times 0 is NaN, and the square is taken in two parts.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    epsilon : float or array_like, broadcast to the shape of `x`
        Size of the correction.

    Accuracy
    --------
    "stable": at most 2.5 ulp, the derivative at most 3.5 ulp; tested as `sigmoid`. Where rectifier and correction have
    opposite signs, as for a negative `epsilon`, the unit is that of the larger one.

    Gradient
    --------
    ``[x > 0] + epsilon (1 - x**2) e^(-x**2 / 2)``, at 0 epsilon. With respect to epsilon it is
    ``x e^(-x**2 / 2)``, at most ``e^(-1/2)`` in size.

    References
    ----------
    H. Sun et al., A Method on Searching Better Activation Functions, 2024, arXiv:2405.12954. The formula is that of
    two implementations by others, as the authors published none.

    Examples
    --------
    >>> crrelu([-1.0, 0.5], epsilon=0.01)
    array([-0.00606531,  0.50441248])
    """

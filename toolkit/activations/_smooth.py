"""SiLU, Swish and Mish, which are x times a sigmoidal gate, and the rectifier with a smooth correction."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import normal as _normal
from toolkit.activations._elementwise import elementwise, gated
from toolkit.activations._rectifiers import relu_slope, relu_value
from toolkit.activations._sigmoids import sigmoid_value
from toolkit.elementary import exp


@kernel
def silu_value(x, fmt):
    return gated(x, sigmoid_value(x, fmt), fmt)


@kernel
def silu_naive(x, fmt):
    return rnd(x / rnd(like(1.0, x) + rnd(exp(-x), fmt), fmt), fmt)


@kernel
def swish_value(x, beta, fmt):
    return gated(x, sigmoid_value(rnd(beta * x, fmt), fmt), fmt)


@kernel
def swish_naive(x, beta, fmt):
    return rnd(x / rnd(like(1.0, x) + rnd(exp(-rnd(beta * x, fmt)), fmt), fmt), fmt)


@kernel
def silu_slope(x, fmt):
    s = sigmoid_value(x, fmt)
    if s == like(0.0, x):
        return s
    return rnd(s * rnd(like(1.0, x) + gated(x, sigmoid_value(-x, fmt), fmt), fmt), fmt)


@kernel
def swish_slope(x, beta, fmt):
    return silu_slope(rnd(beta * x, fmt), fmt)


@kernel
def mish_value(x, fmt):
    """``x tanh(softplus(x))`` as a quotient of polynomials in ``t = exp(-|x|) <= 1``."""
    t = rnd(exp(-abs(x)), fmt)
    twice = rnd(t + t, fmt)
    square = rnd(t * t, fmt)
    if x >= like(0.0, x):
        top = rnd(like(1.0, x) + twice, fmt)
        bottom = rnd(top + rnd(square + square, fmt), fmt)
    else:
        top = rnd(square + twice, fmt)
        bottom = rnd(top + like(2.0, x), fmt)
    return gated(x, rnd(top / bottom, fmt), fmt)


@kernel
def mish_naive(x, fmt):
    e = rnd(exp(x), fmt)
    n = rnd(e * rnd(e + like(2.0, x), fmt), fmt)
    return rnd(x * rnd(n / rnd(n + like(2.0, x), fmt), fmt), fmt)


@kernel
def mish_slope(x, fmt):
    """``th + x s (1 - th**2)``, th = tanh(softplus(x)), all by ``t = exp(-|x|)``."""
    t = rnd(exp(-abs(x)), fmt)
    twice = rnd(t + t, fmt)
    square = rnd(t * t, fmt)
    if x >= like(0.0, x):
        top = rnd(like(1.0, x) + twice, fmt)
        bottom = rnd(top + rnd(square + square, fmt), fmt)
        spread = rnd(like(4.0, x) * rnd(square * rnd(like(1.0, x) + t, fmt), fmt), fmt)
    else:
        top = rnd(square + twice, fmt)
        bottom = rnd(top + like(2.0, x), fmt)
        spread = rnd(like(4.0, x) * rnd(t * rnd(like(1.0, x) + t, fmt), fmt), fmt)
    return rnd(rnd(top / bottom, fmt) + gated(x, rnd(spread / rnd(bottom * bottom, fmt), fmt), fmt), fmt)


@kernel
def crrelu_correction(x, fmt):
    """``x exp(-x**2 / 2)``, which is also the derivative of `crrelu` with respect to epsilon."""
    return gated(x, rnd(_normal.bell(x), fmt), fmt)


@kernel
def crrelu_value(x, epsilon, fmt):
    return rnd(relu_value(x, fmt) + rnd(epsilon * crrelu_correction(x, fmt), fmt), fmt)


@kernel
def crrelu_naive(x, epsilon, fmt):
    bell = rnd(exp(-rnd(rnd(x * x, fmt) / like(2.0, x), fmt)), fmt)
    return rnd(relu_value(x, fmt) + rnd(epsilon * rnd(x * bell, fmt), fmt), fmt)


@kernel
def crrelu_slope(x, epsilon, fmt):
    bell = rnd(_normal.bell(x), fmt)
    if bell == like(0.0, x):
        return relu_slope(x, fmt)
    root = rnd(rnd(like(1.0, x) - x, fmt) * rnd(like(1.0, x) + x, fmt), fmt)
    return rnd(relu_slope(x, fmt) + rnd(epsilon * rnd(root * bell, fmt), fmt), fmt)


@elementwise(silu_value, silu_naive, ulp=2)
def silu(x, *, form="stable", format=None):
    """Sigmoid linear unit ``x sigmoid(x)``.

    "naive" is ``x / (1 + e^-x)``, where exp overflows: -0 from -12 on in float16.

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units, Neural Networks 107, 2018, arXiv:1702.03118.

    Examples
    --------
    >>> [float(silu(-12.0, form=form, format="float16")) for form in ("naive", "stable")]
    [-0.0, -7.367134094238281e-05]
    """


@elementwise(silu_slope, ulp=15, zero=-1.278464542761)
def silu_grad(x, *, format=None):
    """Derivative of `silu`: ``s(x) (1 + x s(-x))``."""


@elementwise(swish_value, swish_naive, ulp=2)
def swish(x, *, beta=1.0, form="stable", format=None):
    """Swish ``x sigmoid(beta x)``: `silu` with a sharpness, from ``x / 2`` (beta = 0) to `relu` (beta to infinity).

    Parameters
    ----------
    beta : float or array_like, broadcast to the shape of `x`
        Sharpness. The bound below is that of a power of two; else the rounding of ``beta x`` adds in the tail as many
        ulp as it is large.

    References
    ----------
    P. Ramachandran, B. Zoph, Q. V. Le, Searching for Activation Functions, 2017, arXiv:1710.05941.

    Examples
    --------
    >>> swish([-1.0, 1.0], beta=2.0)
    array([-0.11920292,  0.88079708])
    """


@elementwise(swish_slope, ulp=8, zero=-1.278464542761 / 2)
def swish_grad(x, *, beta=1.0, format=None):
    """Derivative of `swish`: ``s(beta x) (1 + beta x s(-beta x))``; the bound is that of beta = 2."""


@elementwise(mish_value, mish_naive, ulp=5)
def mish(x, *, form="stable", format=None):
    """Mish ``x tanh(softplus(x))``, as ``x (t**2 + 2 t) / (t**2 + 2 t + 2)`` with ``t = e^x`` below 0.

    Above 0 both polynomials are divided by ``t**2``. "naive" uses the same quotient everywhere: NaN from 45 on in
    float32, from 6 on in float16.

    References
    ----------
    D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020, arXiv:1908.08681.

    Examples
    --------
    >>> mish([-2.0, 1.5, 1000.0])
    array([-2.52501483e-01,  1.40337827e+00,  1.00000000e+03])
    """


@elementwise(mish_slope, ulp=55, zero=-1.192431214515)
def mish_grad(x, *, format=None):
    """Derivative of `mish`: ``th + x sigmoid(x) (1 - th**2)`` with ``th = tanh(softplus(x))``, without cancellation
    in ``1 - th**2``."""


@elementwise(crrelu_value, crrelu_naive, ulp=2.5)
def crrelu(x, *, epsilon=0.01, form="stable", format=None):
    """Correction-regularised ReLU: ``max(0, x) + epsilon x e^(-x**2 / 2)``, with a learned epsilon.

    The correction is the direction that lowers the entropy of the output most, if the input is normal. It is clipped
    at 0 where e^... has underflown, since inf times 0 is NaN, and the square is taken in two parts.

    Parameters
    ----------
    epsilon : float or array_like, broadcast to the shape of `x`
        Size of the correction; its gradient is `crrelu_epsilon_grad`.

    References
    ----------
    H. Sun et al., A Method on Searching Better Activation Functions, 2024, arXiv:2405.12954. The formula is that of
    two implementations by others, as the authors published none.

    Examples
    --------
    >>> crrelu([-1.0, 0.5], epsilon=0.01)
    array([-0.00606531,  0.50441248])
    """


@elementwise(crrelu_slope, ulp=3.5)
def crrelu_grad(x, *, epsilon=0.01, format=None):
    """Derivative of `crrelu` in x: ``[x > 0] + epsilon (1 - x**2) e^(-x**2 / 2)``, at 0 epsilon."""


@elementwise(crrelu_correction, ulp=2.5)
def crrelu_epsilon_grad(x, *, format=None):
    """Derivative of `crrelu` with respect to epsilon: ``x e^(-x**2 / 2)``, at most ``e^(-1/2)`` in size."""

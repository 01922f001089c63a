"""Piecewise linear and quadratic activations: nothing can be lost but in how a kink's branch is written."""
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.activations._elementwise import constant, elementwise


@kernel
def relu_value(x, fmt):
    return like(0.0, x) if x <= like(0.0, x) else x


@kernel
def step(x, low, high):
    """`low` for x <= 0, `high` above, NaN for NaN."""
    if x <= like(0.0, x):
        return low
    return high if x > like(0.0, x) else x


@kernel
def relu_slope(x, fmt):
    return step(x, like(0.0, x), like(1.0, x))


@kernel
def leaky_value(x, alpha, fmt):
    return rnd(alpha * x, fmt) if x <= like(0.0, x) else x


@kernel
def leaky_slope(x, alpha, fmt):
    return step(x, alpha, like(1.0, x))


@kernel
def relu6_value(x, fmt):
    if x <= like(0.0, x):
        return like(0.0, x)
    return constant(6.0, x, fmt) if x >= like(6.0, x) else x


@kernel
def relu6_slope(x, fmt):
    return like(0.0, x) if x >= like(6.0, x) else relu_slope(x, fmt)


@kernel
def squared_relu_value(x, fmt):
    return like(0.0, x) if x <= like(0.0, x) else rnd(x * x, fmt)


@kernel
def squared_relu_slope(x, fmt):
    return like(0.0, x) if x <= like(0.0, x) else rnd(x + x, fmt)


@kernel
def clipped(x, inner, fmt):
    """0 up to -3, 1 from 3 on, and `inner` between."""
    if x <= like(-3.0, x):
        return like(0.0, x)
    return like(1.0, x) if x >= like(3.0, x) else inner


@kernel
def hard_sigmoid_value(x, fmt):
    return clipped(x, rnd(rnd(x + like(3.0, x), fmt) / like(6.0, x), fmt), fmt)


@kernel
def hard_sigmoid_naive(x, fmt):
    return clipped(x, rnd(rnd(x / like(6.0, x), fmt) + like(0.5, x), fmt), fmt)


@kernel
def hard_sigmoid_slope(x, fmt):
    if abs(x) >= like(3.0, x):
        return like(0.0, x)
    return constant(1.0 / 6.0, x, fmt) if x == x else x


@kernel
def hard_swish_value(x, fmt):
    if x <= like(-3.0, x):
        return like(0.0, x)
    return rnd(x * hard_sigmoid_value(x, fmt), fmt)


@kernel
def hard_swish_naive(x, fmt):
    return rnd(x * hard_sigmoid_naive(x, fmt), fmt)


@kernel
def hard_swish_slope(x, fmt):
    return clipped(x, rnd(rnd(x + like(1.5, x), fmt) / like(3.0, x), fmt), fmt)


@elementwise(relu_value, ulp=0)
def relu(x, *, format=None):
    """Rectified linear unit: ``max(0, x)``.

    References
    ----------
    V. Nair, G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010.

    Examples
    --------
    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """


@elementwise(relu_slope, ulp=0)
def relu_grad(x, *, format=None):
    """Derivative of `relu`: 1 for x > 0, else 0, also at 0 (as PyTorch)."""


@elementwise(leaky_value, ulp=0.5)
def leaky_relu(x, *, alpha=0.01, format=None):
    """Leaky rectifier: x above 0, ``alpha x`` below, so that a unit below 0 still learns.

    Parameters
    ----------
    alpha : float or array_like, broadcast to the shape of `x`
        Slope below 0.

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.

    Examples
    --------
    >>> leaky_relu([-1.0, 2.0])
    array([-0.01,  2.  ])
    """


@elementwise(leaky_slope, ulp=0)
def leaky_relu_grad(x, *, alpha=0.01, format=None):
    """Derivative of `leaky_relu`: 1 for x > 0, else `alpha`, also at 0 (as PyTorch)."""


@elementwise(leaky_value, ulp=0.5)
def prelu(x, *, a=0.25, format=None):
    """Parametric rectifier: `leaky_relu` whose slope below 0 is learned, one for all or one per channel.

    Parameters
    ----------
    a : float or array_like, broadcast to the shape of `x`
        Slope below 0; its gradient is ``min(0, x)``.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> prelu([[-1.0, -1.0]], a=[0.5, 0.25])
    array([[-0.5 , -0.25]])
    """


@elementwise(leaky_slope, ulp=0)
def prelu_grad(x, *, a=0.25, format=None):
    """Derivative of `prelu` in x: 1 for x > 0, else `a`, also at 0 (as PyTorch)."""


@elementwise(relu6_value, ulp=0)
def relu6(x, *, format=None):
    """Rectifier with a ceiling: ``min(max(0, x), 6)``, whose results fit into few fixed-point bits.

    Examples
    --------
    >>> relu6([-1.0, 2.0, 9.0])
    array([0., 2., 6.])
    """


@elementwise(relu6_slope, ulp=0)
def relu6_grad(x, *, format=None):
    """Derivative of `relu6`: 1 for 0 < x < 6, else 0, also at 0 and 6 (as PyTorch)."""


@elementwise(squared_relu_value, ulp=0.5)
def squared_relu(x, *, format=None):
    """Squared rectifier: ``max(0, x)**2``; it has no Lipschitz constant, and float16 ends at x = 256.

    References
    ----------
    D. So et al., Primer: Searching for Efficient Transformers for Language Modeling, 2021, arXiv:2109.08668.

    Examples
    --------
    >>> squared_relu([-1.0, 3.0, 256.0], format="float16")
    array([ 0.,  9., inf])
    """


@elementwise(squared_relu_slope, ulp=0)
def squared_relu_grad(x, *, format=None):
    """Derivative of `squared_relu`: ``2 max(0, x)``."""


@elementwise(hard_sigmoid_value, hard_sigmoid_naive, ulp=1.5)
def hard_sigmoid(x, *, form="stable", format=None):
    """Sigmoid from straight lines: ``(x + 3) / 6`` clipped to 0 and 1.

    The usual ``x / 6 + 1/2`` cancels near -3: in float16 two digits are left at x = -2.95. Here x + 3 is exact.

    Examples
    --------
    >>> [float(hard_sigmoid(-2.95, form=form, format="float16")) for form in ("naive", "stable")]
    [0.008544921875, 0.00846099853515625]
    """


@elementwise(hard_sigmoid_slope, ulp=0.5)
def hard_sigmoid_grad(x, *, format=None):
    """Derivative of `hard_sigmoid`: 1/6 for |x| < 3, else 0, also at ±3 (as PyTorch)."""


@elementwise(hard_swish_value, hard_swish_naive, ulp=2)
def hard_swish(x, *, form="stable", format=None):
    """`silu` from straight lines and a parabola: ``x hard_sigmoid(x)``.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244.

    Special values
    --------------
    0 at -inf in the stable form; NaN in the naive one.

    Examples
    --------
    >>> hard_swish([-2.0, 1.5, 4.0])
    array([-0.33333333,  1.125     ,  4.        ])
    """


@elementwise(hard_swish_slope, ulp=1.5)
def hard_swish_grad(x, *, format=None):
    """Derivative of `hard_swish`: ``(x + 3/2) / 3`` for -3 < x < 3, else 0 or 1; at ±3 too."""

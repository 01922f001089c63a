"""Piecewise linear and quadratic activations: nothing can be lost but in how a kink's branch is written."""
from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, gated
from toolkit.activations._lanes import relu_lanes, relu_slope_lanes

__all__ = ["leaky_relu", "prelu", "relu", "relu6", "squared_relu"]
KERNELS = ["leaky_slope", "leaky_value", "relu6_slope", "relu6_value", "relu_slope", "relu_value", "squared_relu_slope",
           "squared_relu_value"]


@kernel
def relu_value(x):
    return 0.0 if x <= 0 else x


@kernel
def step(x, low, high):
    """`low` for x <= 0, `high` above, NaN for NaN."""
    if x <= 0:
        return low
    return high if x > 0 else x


@kernel
def relu_slope(x):
    return step(x, 0.0, 1.0)


@kernel
def leaky_value(x, alpha):
    return gated(x, alpha) if x < 0 else x


@kernel
def leaky_slope(x, alpha):
    return step(x, alpha, 1.0)


@kernel
def relu6_value(x):
    return 0.0 if x <= 0 else min(x, 6)


@kernel
def relu6_slope(x):
    return 0.0 if x >= 6 else relu_slope(x)


@kernel
def squared_relu_value(x):
    return 0.0 if x <= 0 else x * x


@kernel
def squared_relu_slope(x):
    return 0.0 if x <= 0 else x + x


@elementwise(relu_value, slope=relu_slope, ulp=0, slope_ulp=0,
             lanes=relu_lanes, slope_lanes=relu_slope_lanes)
def relu(x, *, format=None):
    """Rectified linear unit: ``max(0, x)``.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > 0, else 0, also at 0 (as PyTorch).

    References
    ----------
    V. Nair, G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010.

    Examples
    --------
    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """


@elementwise(leaky_value, slope=leaky_slope, ulp=0.5, slope_ulp=0)
def leaky_relu(x, *, alpha=0.01, format=None):
    """Leaky rectifier: x above 0, ``alpha x`` below, so that a unit below 0 still learns.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    alpha : float or array_like, broadcast to the shape of `x`
        Slope below 0.

    Accuracy
    --------
    At most 0.5 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > 0, else `alpha`, also at 0 (as PyTorch).

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.

    Examples
    --------
    >>> leaky_relu([-1.0, 2.0])
    array([-0.01,  2.  ])
    """


@elementwise(leaky_value, slope=leaky_slope, ulp=0.5, slope_ulp=0)
def prelu(x, *, a=0.25, format=None):
    """Parametric rectifier: `leaky_relu` whose slope below 0 is learned, one for all or one per channel.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result
    a : float or array_like, broadcast to the shape of `x`
        Slope below 0; its gradient is ``min(0, x)``.

    Accuracy
    --------
    At most 0.5 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for x > 0, else `a`, also at 0 (as PyTorch).

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852.

    Examples
    --------
    >>> prelu([[-1.0, -1.0]], a=[0.5, 0.25])
    array([[-0.5 , -0.25]])
    """


@elementwise(relu6_value, slope=relu6_slope, ulp=0, slope_ulp=0)
def relu6(x, *, format=None):
    """Rectifier with a ceiling: ``min(max(0, x), 6)``, whose results fit into few fixed-point bits.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    At most 0 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    1 for 0 < x < 6, else 0, also at 0 and 6 (as PyTorch).

    Examples
    --------
    >>> relu6([-1.0, 2.0, 9.0])
    array([0., 2., 6.])
    """


@elementwise(squared_relu_value, slope=squared_relu_slope, ulp=0.5, slope_ulp=0)
def squared_relu(x, *, format=None):
    """Squared rectifier: ``max(0, x)**2``; it has no Lipschitz constant, and float16 ends at x = 256.

    Parameters
    ----------
    x, format, out : as in `sigmoid`; so is the result

    Accuracy
    --------
    At most 0.5 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``2 max(0, x)``.

    References
    ----------
    D. So et al., Primer: Searching for Efficient Transformers for Language Modeling, 2021, arXiv:2109.08668.

    Examples
    --------
    >>> squared_relu([-1.0, 3.0, 256.0], format="float16")
    array([ 0.,  9., inf])
    """

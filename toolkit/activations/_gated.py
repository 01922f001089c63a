"""Gated units ``g(x) v``: one half of a layer's outputs decides how much of the other half passes."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import elementwise, gated
from toolkit.activations._gelu import gelu_naive, gelu_slope, gelu_value
from toolkit.activations._rectifiers import relu_slope, relu_value
from toolkit.activations._sigmoids import sigmoid_naive, sigmoid_slope, sigmoid_value
from toolkit.activations._smooth import silu_naive, silu_slope, silu_value
from toolkit.elementary.normal import normal_cdf
from toolkit.elementary.products import times_exp, times_gelu_slope, times_normal_cdf

__all__ = ["geglu", "glu", "reglu", "swiglu"]
KERNELS = ["geglu_naive", "geglu_slope", "geglu_value", "glu_naive", "glu_slope", "glu_value", "reglu_slope",
           "reglu_value", "swiglu_naive", "swiglu_slope", "swiglu_value"]


@kernel
def let_through(gate, v):
    """``gate v``; 0 also for an infinite v where the gate is 0."""
    return np.copysign(0.0, v) if gate == 0 and abs(v) == np.inf else gate * v


@kernel
def glu_value(x, v):
    gate = sigmoid_value(x)
    return times_exp(v, x) if gate * gate == 0 else gate * v


@kernel
def glu_naive(x, v):
    return sigmoid_naive(x) * v


@kernel
def glu_slope(x, v):
    spread = sigmoid_slope(x)
    return times_exp(v, -abs(x)) if spread * spread == 0 else spread * v


@kernel
def reglu_value(x, v):
    return let_through(relu_value(x), v)


@kernel
def reglu_slope(x, v):
    return let_through(relu_slope(x), v)


@kernel
def geglu_value(x, v):
    g = gelu_value(x)
    if g * g != 0:
        return g * v
    return gated(x, times_normal_cdf(v, x) if x < -2 else normal_cdf(x) * v)


@kernel
def geglu_naive(x, v):
    return gelu_naive(x) * v


@kernel
def geglu_slope(x, v):
    slope = gelu_slope(x)
    return times_gelu_slope(v, x) if slope * slope == 0 and x < -2 else slope * v


@kernel
def swiglu_value(x, v):
    g = silu_value(x)
    return gated(x, glu_value(x, v)) if g * g == 0 else g * v


@kernel
def swiglu_naive(x, v):
    return silu_naive(x) * v


@kernel
def swiglu_slope(x, v):
    slope = silu_slope(x)
    return gated(1 + x, times_exp(v, x)) if slope * slope == 0 and x < -2 else slope * v


@elementwise(glu_value, glu_naive, slope=glu_slope, ulp=1, slope_ulp=2.5)
def glu(x, v, *, form="stable", format=None):
    """Gated linear unit ``sigmoid(x) v``; its derivative in v is ``sigmoid(x)``.

    x and v are two linear maps of the same inputs.

    Parameters
    ----------
    x, form, format, out : as in `sigmoid`; so is the result
    v : array_like, broadcast to the shape of `x`
        What passes.

    Special values
    --------------
    A gate that is 0 gives 0 also for an infinite v: that of x = -inf, and of `reglu` every x <= 0.

    Accuracy
    --------
    "stable": at most 1 ulp, the derivative at most 2.5 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``s(x) s(-x) v``.

    References
    ----------
    Y. N. Dauphin, A. Fan, M. Auli, D. Grangier, Language Modeling with Gated Convolutional Networks, ICML 2017,
    arXiv:1612.08083.

    Examples
    --------
    >>> glu([0.0, 1.0], [2.0, 2.0])
    array([1.        , 1.46211716])
    """


@elementwise(reglu_value, slope=reglu_slope, ulp=0.5, slope_ulp=0)
def reglu(x, v, *, format=None):
    """Gated unit with a rectifier: ``relu(x) v``; its derivative in v is ``relu(x)``.

    Parameters
    ----------
    x, v, format, out : as in `glu`; so is the result

    Accuracy
    --------
    At most 0.5 ulp, the derivative at most 0 ulp; tested as `sigmoid`.

    Gradient
    --------
    ``v`` for x > 0, else 0.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> reglu([-1.0, 1.0], 2.0)
    array([0., 2.])
    """


@elementwise(geglu_value, geglu_naive, slope=geglu_slope, ulp=5, slope_ulp=25, slope_zero=-0.751791524694)
def geglu(x, v, *, form="stable", format=None):
    """Gated unit with `gelu`: ``x Phi(x) v``; its derivative in v is ``gelu(x)``.

    Parameters
    ----------
    x, v, form, format, out : as in `glu`; so is the result

    Accuracy
    --------
    "stable": at most 5 ulp, the derivative at most 25 ulp for x not within 0.1 of -0.7518, where terms cancel; tested
    as `sigmoid`.

    Gradient
    --------
    ``(Phi(x) + x phi(x)) v``.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> geglu([-1.0, 1.0], 2.0)
    array([-0.31731051,  1.68268949])
    """


@elementwise(swiglu_value, swiglu_naive, slope=swiglu_slope, ulp=2, slope_ulp=16, slope_zero=-1.278464542761)
def swiglu(x, v, *, form="stable", format=None):
    """Gated unit with `silu`: ``x sigmoid(x) v``; its derivative in v is ``silu(x)``.

    With a gate and a value of the same width, a block has as many weights as an ungated one 3/2 as wide.

    Parameters
    ----------
    x, v, form, format, out : as in `glu`; so is the result

    Accuracy
    --------
    "stable": at most 2 ulp, the derivative at most 16 ulp for x not within 0.1 of -1.278, where terms cancel; tested as
    `sigmoid`.

    Gradient
    --------
    ``s(x) (1 + x s(-x)) v``.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> swiglu([-1.0, 1.0], 2.0)
    array([-0.53788284,  1.46211716])
    """

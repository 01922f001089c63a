"""Gated units ``g(x) v``: one half of a layer's outputs decides how much of the other half passes."""
from toolkit._core.kernel import kernel
from toolkit._core.rounding import rnd
from toolkit.activations import _gelu, _rectifiers, _sigmoids, _smooth
from toolkit.activations._elementwise import elementwise


@kernel
def glu_value(x, v, fmt):
    return rnd(_sigmoids.sigmoid_value(x, fmt) * v, fmt)


@kernel
def glu_naive(x, v, fmt):
    return rnd(_sigmoids.sigmoid_naive(x, fmt) * v, fmt)


@kernel
def glu_slope(x, v, fmt):
    return rnd(_sigmoids.sigmoid_slope(x, fmt) * v, fmt)


@kernel
def reglu_value(x, v, fmt):
    return rnd(_rectifiers.relu_value(x, fmt) * v, fmt)


@kernel
def reglu_slope(x, v, fmt):
    return rnd(_rectifiers.relu_slope(x, fmt) * v, fmt)


@kernel
def geglu_value(x, v, fmt):
    return rnd(_gelu.gelu_value(x, fmt) * v, fmt)


@kernel
def geglu_naive(x, v, fmt):
    return rnd(_gelu.gelu_naive(x, fmt) * v, fmt)


@kernel
def geglu_slope(x, v, fmt):
    return rnd(_gelu.gelu_slope(x, fmt) * v, fmt)


@kernel
def swiglu_value(x, v, fmt):
    return rnd(_smooth.silu_value(x, fmt) * v, fmt)


@kernel
def swiglu_naive(x, v, fmt):
    return rnd(_smooth.silu_naive(x, fmt) * v, fmt)


@kernel
def swiglu_slope(x, v, fmt):
    return rnd(_smooth.silu_slope(x, fmt) * v, fmt)


@elementwise(glu_value, glu_naive, ulp=1)
def glu(x, v, *, form="stable", format=None):
    """Gated linear unit ``sigmoid(x) v``; its derivative in v is ``sigmoid(x)``.

    x and v are two linear maps of the same inputs.

    Parameters
    ----------
    v : array_like, broadcast to the shape of `x`
        What passes.

    References
    ----------
    Y. N. Dauphin, A. Fan, M. Auli, D. Grangier, Language Modeling with Gated Convolutional Networks, ICML 2017,
    arXiv:1612.08083.

    Examples
    --------
    >>> glu([0.0, 1.0], [2.0, 2.0])
    array([1.        , 1.46211716])
    """


@elementwise(glu_slope, ulp=2.5)
def glu_grad(x, v, *, format=None):
    """Derivative of `glu` in x: ``s(x) s(-x) v``."""


@elementwise(reglu_value, ulp=0.5)
def reglu(x, v, *, format=None):
    """Gated unit with a rectifier: ``relu(x) v``; its derivative in v is ``relu(x)``.

    Parameters
    ----------
    v : array_like, broadcast to the shape of `x`
        What passes.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> reglu([-1.0, 1.0], 2.0)
    array([0., 2.])
    """


@elementwise(reglu_slope, ulp=0)
def reglu_grad(x, v, *, format=None):
    """Derivative of `reglu` in x: v for x > 0, else 0."""


@elementwise(geglu_value, geglu_naive, ulp=5)
def geglu(x, v, *, form="stable", format=None):
    """Gated unit with `gelu`: ``x Phi(x) v``; its derivative in v is ``gelu(x)``.

    Parameters
    ----------
    v : array_like, broadcast to the shape of `x`
        What passes.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> geglu([-1.0, 1.0], 2.0)
    array([-0.31731051,  1.68268949])
    """


@elementwise(geglu_slope, ulp=25, zero=-0.751791524694)
def geglu_grad(x, v, *, format=None):
    """Derivative of `geglu` in x: ``(Phi(x) + x phi(x)) v``."""


@elementwise(swiglu_value, swiglu_naive, ulp=2)
def swiglu(x, v, *, form="stable", format=None):
    """Gated unit with `silu`: ``x sigmoid(x) v``; its derivative in v is ``silu(x)``.

    With a gate and a value of the same width, a block has as many weights as an ungated one 3/2 as wide.

    Parameters
    ----------
    v : array_like, broadcast to the shape of `x`
        What passes.

    References
    ----------
    N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202.

    Examples
    --------
    >>> swiglu([-1.0, 1.0], 2.0)
    array([-0.53788284,  1.46211716])
    """


@elementwise(swiglu_slope, ulp=16, zero=-1.278464542761)
def swiglu_grad(x, v, *, format=None):
    """Derivative of `swiglu` in x: ``s(x) (1 + x s(-x)) v``."""

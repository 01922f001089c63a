"""Entry and row kernels of the activations, for other kernels and for live figures.

Entry kernels are ``f(x)``, with a parameter ``f(x, a)``, of numbers that know their format. ``_value`` is the stable
form, ``_naive`` the one that fails, ``_slope`` the derivative; row kernels are ``row(z, parameter, out)``, their
gradients ``vjp_row(z, g, parameter, out)``.
"""
# ruff: noqa: F401
from toolkit.activations._exponential import (
    celu_naive,
    celu_slope,
    celu_value,
    elu_naive,
    elu_slope,
    elu_slope_from_value,
    elu_value,
    selu_naive,
    selu_slope,
    selu_value,
)
from toolkit.activations._gated import (
    geglu_naive,
    geglu_slope,
    geglu_value,
    glu_naive,
    glu_slope,
    glu_value,
    reglu_slope,
    reglu_value,
    swiglu_naive,
    swiglu_slope,
    swiglu_value,
)
from toolkit.activations._gelu import (
    gelu_naive,
    gelu_slope,
    gelu_tanh_naive,
    gelu_tanh_slope,
    gelu_tanh_slope_naive,
    gelu_tanh_value,
    gelu_value,
)
from toolkit.activations._hard import (
    hard_sigmoid_naive,
    hard_sigmoid_slope,
    hard_sigmoid_value,
    hard_swish_naive,
    hard_swish_slope,
    hard_swish_value,
)
from toolkit.activations._rectifiers import (
    leaky_slope,
    leaky_value,
    relu6_slope,
    relu6_value,
    relu_slope,
    relu_value,
    squared_relu_slope,
    squared_relu_value,
)
from toolkit.activations._sigmoids import (
    log_sigmoid_naive,
    log_sigmoid_slope,
    log_sigmoid_slope_naive,
    log_sigmoid_value,
    sigmoid_naive,
    sigmoid_slope,
    sigmoid_slope_from_value,
    sigmoid_value,
    softplus_naive,
    softplus_slope,
    softplus_slope_naive,
    softplus_value,
    softsign_naive,
    softsign_slope,
    softsign_slope_naive,
    softsign_value,
    tanh_naive,
    tanh_slope,
    tanh_slope_from_value,
    tanh_value,
)
from toolkit.activations._smooth import (
    crrelu_correction,
    crrelu_naive,
    crrelu_slope,
    crrelu_value,
    mish_naive,
    mish_slope,
    mish_value,
    silu_naive,
    silu_slope,
    silu_value,
    swish_naive,
    swish_slope,
    swish_value,
)
from toolkit.activations._sorting import group_sort_row, group_sort_vjp_row, householder_row, householder_vjp_row

__all__ = [name for name in globals() if not name.startswith("_")]

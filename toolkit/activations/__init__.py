"""Activations of arrays, their derivatives, and the forms of both that fail."""
from toolkit.activations import kernels
from toolkit.activations._exponential import celu, celu_grad, elu, elu_grad, selu, selu_grad
from toolkit.activations._gated import geglu, geglu_grad, glu, glu_grad, reglu, reglu_grad, swiglu, swiglu_grad
from toolkit.activations._gelu import gelu, gelu_grad, gelu_tanh, gelu_tanh_grad
from toolkit.activations._rectifiers import (hard_sigmoid, hard_sigmoid_grad, hard_swish, hard_swish_grad, leaky_relu,
                                             leaky_relu_grad, prelu, prelu_grad, relu, relu6, relu6_grad, relu_grad,
                                             squared_relu, squared_relu_grad)
from toolkit.activations._sigmoids import (log_sigmoid, log_sigmoid_grad, sigmoid, sigmoid_grad, softplus,
                                           softplus_grad, softsign, softsign_grad, tanh, tanh_grad)
from toolkit.activations._smooth import (crrelu, crrelu_epsilon_grad, crrelu_grad, mish, mish_grad, silu, silu_grad,
                                         swish, swish_grad)
from toolkit.activations._sorting import (group_sort, group_sort_vjp, householder, householder_vjp, max_min,
                                         max_min_vjp)

__all__ = ["celu", "celu_grad", "crrelu", "crrelu_epsilon_grad", "crrelu_grad", "elu", "elu_grad", "geglu",
           "geglu_grad", "gelu", "gelu_grad", "gelu_tanh", "gelu_tanh_grad", "glu", "glu_grad", "group_sort",
           "group_sort_vjp", "hard_sigmoid", "hard_sigmoid_grad", "hard_swish", "hard_swish_grad", "householder",
           "householder_vjp", "kernels", "leaky_relu", "leaky_relu_grad", "log_sigmoid", "log_sigmoid_grad",
           "max_min", "max_min_vjp", "mish", "mish_grad", "prelu", "prelu_grad", "reglu", "reglu_grad", "relu",
           "relu6", "relu6_grad", "relu_grad", "selu", "selu_grad", "sigmoid", "sigmoid_grad", "silu", "silu_grad",
           "softplus", "softplus_grad", "softsign", "softsign_grad", "squared_relu", "squared_relu_grad", "swiglu",
           "swiglu_grad", "swish", "swish_grad", "tanh", "tanh_grad"]

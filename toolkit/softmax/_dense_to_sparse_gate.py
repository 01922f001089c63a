"""Gates of a mixture of experts that training turns from dense to sparse, with an activation of the scores."""
import numpy as np

from toolkit._core.arguments import check_choice, check_temperature
from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.switch import switch
from toolkit.elementary import sigmoid, tanh
from toolkit.elementary.normal import normal_cdf, normal_pdf
from toolkit.softmax._shift import shifted
from toolkit.softmax._soft_capping import sech_squared
from toolkit.softmax._softmax import softmax_tempered, softmax_tempered_vjp_row

__all__ = ["ACTIVATIONS", "dense_to_sparse_gate"]
KERNELS = ["activated", "activated_slope", "dense_to_sparse_gate_row", "dense_to_sparse_gate_vjp_row"]


@kernel
def identity(z):
    return z


@kernel
def identity_slope(z):
    return 1.0


@kernel
def sigmoid_slope(z):
    return sigmoid(z) * sigmoid(-z)


@kernel
def relu(z):
    return 0.0 if z <= 0 else z


@kernel
def relu_slope(z):
    return 1.0 if z > 0 else 0 * z


@kernel
def gelu(z):
    return z * normal_cdf(z)


@kernel
def gelu_slope(z):
    return normal_cdf(z) + z * normal_pdf(z)


ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "gelu")
activation_of = switch((identity, sigmoid, tanh, relu, gelu))
slope_of = switch((identity_slope, sigmoid_slope, sech_squared, relu_slope, gelu_slope))


@kernel
def activated(z, activation):
    """One of `ACTIVATIONS` of z, by its place there; -inf, a masked logit, stays."""
    return z if z == -np.inf else activation_of(activation, z)


@kernel
def activated_slope(z, activation):
    """Derivative of `activated`; that of ReLU is 0 at 0."""
    return 1.0 if z == -np.inf else slope_of(activation, z)


@kernel
def dense_to_sparse_gate_row(z, bias, tau, activation, p):
    """Softmax of ``(σ(z) + bias) / tau``; the bias may be None."""
    for i in range(z.size):
        p[i] = activated(z[i], activation)
        if bias is not None:
            p[i] = shifted(p[i], -bias[i])
    softmax_tempered(p, tau, p)


@kernel
def dense_to_sparse_gate_vjp_row(z, g, bias, tau, activation, out):
    """Of softmax first, then times the slope of the activation."""
    dense_to_sparse_gate_row(z, bias, tau, activation, out)
    softmax_tempered_vjp_row(out, g, tau, out)
    for i in range(z.size):
        out[i] *= activated_slope(z[i], activation)


def dense_to_sparse_gate(z, *, bias=0.0, temperature=1.0, activation="identity", axis=-1, where=None, format=None):
    """Gate of a mixture of experts: ``p_i = softmax_i((σ(z_i) + b_i) / tau)``.

    Dense at a high tau, from which training starts, sparse at a low one. z are the scores of the experts and b their
    biases. With the identity (dense-to-sparse gate), scores, biases and tau may all be doubled and nothing changes:
    tau cannot be learned. An activation in between tells them apart, if it is not homogeneous: ReLU does not help.

    Parameters
    ----------
    bias : array_like, broadcast to the shape of `z`
    temperature : float >= 0
    activation : {"identity", "sigmoid", "tanh", "relu", "gelu"}
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    As `softmax`; -inf is an expert left out, in every activation.

    Accuracy
    --------
    As `softmax` with a temperature, of the rounded activations.

    Gradient
    --------
    In the scores: that of softmax times ``σ'(z) / tau``, with σ'(0) = 0 for ReLU, from the scores. Without the factor
    σ' it is the gradient in the biases. A masked class gets 0.

    References
    ----------
    H. Nguyen, P. Akbarian, N. Ho, Is Temperature Sample Efficient for Softmax Gaussian Mixture of Experts?, ICML
    2024, arXiv:2401.13875. That the bias stands outside of the activation is our reading.

    Examples
    --------
    >>> dense_to_sparse_gate([-1.5, 1.0, -1.0], bias=[0.1, 0.0, -0.2], temperature=0.5).round(6)
    array([0.008064, 0.979905, 0.012031])
    """
    code, tau = check_choice("activation", activation, ACTIVATIONS), check_temperature(temperature)
    return map_rows(dense_to_sparse_gate_row, {"z": z, "bias": bias}, tau, code, axis=axis, where=where, format=format,
                    fills=(-np.inf, 0.0))


def dense_to_sparse_gate_pull(z, g, *, bias=0.0, temperature=1.0, activation="identity", axis=-1, where=None):
    """Gradient with respect to the scores `z`, from the gradient `g` with respect to the probabilities.

    Examples
    --------
    >>> dense_to_sparse_gate_pull([0.0, 0.0], [1.0, 0.0], temperature=0.5)
    array([ 0.5, -0.5])
    """
    code, tau = check_choice("activation", activation, ACTIVATIONS), check_temperature(temperature)
    return map_rows(dense_to_sparse_gate_vjp_row, {"z": z, "g": g, "bias": bias}, tau, code, axis=axis, where=where,
                    fills=(-np.inf, 0.0))

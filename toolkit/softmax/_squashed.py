"""Softmax of logits that went through a bounded function: soft-capping and the dense-to-sparse gates."""
import numpy as np

from toolkit._core.arrays import map_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit._core.rounding import rnd
from toolkit.elementary import erf, exp, sigmoid, tanh
from toolkit.softmax._algorithms import softmax_naive
from toolkit.softmax._quiet_softmax import SHIFTS
from toolkit.softmax._shift import shifted
from toolkit.softmax._softmax import (check_choice, check_temperature, no_distribution, softmax_tempered,
                                      softmax_tempered_vjp_row, softmax_vjp_row)
from toolkit.softmax._sparse_maps import check_number

__all__ = ["ACTIVATIONS", "activated", "activated_slope", "capped", "capped_slope", "capped_softmax",
           "capped_softmax_naive", "capped_softmax_row", "capped_softmax_vjp", "capped_softmax_vjp_row",
           "dense_to_sparse_gate", "dense_to_sparse_gate_row", "dense_to_sparse_gate_vjp",
           "dense_to_sparse_gate_vjp_row"]

ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "gelu")
_IDENTITY, _SIGMOID, _TANH, _RELU = range(4)
_ROOT_HALF, _ROOT_TWO_PI = 0.7071067811865476, 2.5066282746310002


@kernel
def capped(z, cap, fmt):
    """``cap tanh(z / cap)``; -inf, a masked logit, stays."""
    if z == -np.inf:
        return z
    return rnd(cap * rnd(tanh(rnd(z / cap, fmt)), fmt), fmt)


@kernel
def sech_squared(x, fmt):
    """``1 - tanh(x)²`` as ``4 e / (1 + e)²`` with ``e = exp(-2 |x|)``: the difference is 0 from 9.1 on in float32."""
    e = rnd(exp(like(-2.0, x) * np.abs(x)), fmt)
    base = rnd(like(1.0, x) + e, fmt)
    return rnd(rnd(like(4.0, x) * rnd(e / base, fmt), fmt) / base, fmt)


@kernel
def capped_slope(z, cap, fmt):
    return sech_squared(rnd(z / cap, fmt), fmt)


@kernel
def activated(z, activation, fmt):
    """One of `ACTIVATIONS` of z; -inf, a masked logit, stays."""
    if z == -np.inf or activation == _IDENTITY:
        return z
    if activation == _SIGMOID:
        return rnd(sigmoid(z), fmt)
    if activation == _TANH:
        return rnd(tanh(z), fmt)
    zero, half = like(0.0, z), like(0.5, z)
    if activation == _RELU:
        return zero if z < zero else z
    half_z = rnd(half * z, fmt)
    return rnd(half_z + rnd(half_z * rnd(erf(rnd(z * rnd(like(_ROOT_HALF, z), fmt), fmt)), fmt), fmt), fmt)


@kernel
def activated_slope(z, activation, fmt):
    """Derivative of `activated`; that of ReLU is 0 at 0."""
    zero, half, one = like(0.0, z), like(0.5, z), like(1.0, z)
    if z == -np.inf or activation == _IDENTITY:
        return one
    if activation == _SIGMOID:
        return rnd(rnd(sigmoid(z), fmt) * rnd(sigmoid(-z), fmt), fmt)
    if activation == _TANH:
        return sech_squared(z, fmt)
    if activation == _RELU:
        return one if z > zero else zero * z
    normal = rnd(rnd(exp(rnd(rnd(-half * z, fmt) * z, fmt)), fmt) / rnd(like(_ROOT_TWO_PI, z), fmt), fmt)
    share = rnd(half + rnd(half * rnd(erf(rnd(z * rnd(like(_ROOT_HALF, z), fmt), fmt)), fmt), fmt), fmt)
    return rnd(share + rnd(z * normal, fmt), fmt)


@kernel
def capped_softmax_naive(z, cap, p, fmt):
    """Without the shift: harmless while exp(cap) is finite and K of them are, which float16 does not grant."""
    cap = rnd(cap, fmt)
    for i in range(z.size):
        p[i] = capped(z[i], cap, fmt)
    softmax_naive(p, p, fmt)


@kernel
def capped_softmax_row(z, cap, p, fmt):
    cap = rnd(cap, fmt)
    for i in range(z.size):
        p[i] = capped(z[i], cap, fmt)
    softmax_tempered(p, like(1.0, p[0]), p, fmt)


@kernel
def capped_softmax_vjp_row(z, g, cap, out, fmt):
    """Of softmax first, then times the slope of the cap."""
    cap = rnd(cap, fmt)
    capped_softmax_row(z, cap, out, fmt)
    softmax_vjp_row(out, g, out, fmt)
    for i in range(z.size):
        out[i] = rnd(out[i] * capped_slope(z[i], cap, fmt), fmt)


@kernel
def capped_rows(z, shift, cap, p, fmt):
    for i in range(z.shape[0]):
        if shift == 0:
            capped_softmax_naive(z[i], cap, p[i], fmt)
        else:
            capped_softmax_row(z[i], cap, p[i], fmt)


@kernel
def capped_vjp_rows(z, g, cap, out, fmt):
    for i in range(z.shape[0]):
        capped_softmax_vjp_row(z[i], g[i], cap, out[i], fmt)


@kernel
def dense_to_sparse_gate_row(z, bias, tau, activation, p, fmt):
    """Softmax of ``(σ(z) + bias) / tau``; the bias may be None."""
    for i in range(z.size):
        p[i] = activated(z[i], activation, fmt)
        if bias is not None:
            p[i] = shifted(p[i], -bias[i], fmt)
    softmax_tempered(p, tau, p, fmt)


@kernel
def dense_to_sparse_gate_vjp_row(z, g, bias, tau, activation, out, fmt):
    dense_to_sparse_gate_row(z, bias, tau, activation, out, fmt)
    softmax_tempered_vjp_row(out, g, tau, out, fmt)
    for i in range(z.size):
        out[i] = rnd(out[i] * activated_slope(z[i], activation, fmt), fmt)


@kernel
def gate_rows(z, bias, tau, activation, p, fmt):
    for i in range(z.shape[0]):
        dense_to_sparse_gate_row(z[i], bias[i], tau, activation, p[i], fmt)


@kernel
def gate_vjp_rows(z, g, bias, tau, activation, out, fmt):
    for i in range(z.shape[0]):
        dense_to_sparse_gate_vjp_row(z[i], g[i], bias[i], tau, activation, out[i], fmt)


def check_cap(cap):
    return check_number("cap", cap, 2.0**-10, 2.0**15)


def capped_softmax(z, *, cap=30.0, axis=-1, where=None, algorithm="shifted", format=None):
    """Softmax of soft-capped logits, ``softmax(c tanh(z / c))``: no gap is larger than 2c.

    The cap keeps logits from growing without bound, and with them the losses that vanish. It also keeps exp finite
    without a shift in formats that hold exp(c): float32 up to c = 88, but float16 only to 11.

    Parameters
    ----------
    cap : float from 2**-10 to 2**15
        c; Gemma 2 has 50 for attention and 30 for the last layer.
    algorithm : {"naive", "shifted"}
    z, axis, where, format
        As in `softmax`.

    Returns
    -------
    Probabilities (..., K) -> (..., K), in the dtype that `softmax` would give.

    Special values
    --------------
    A NaN gives NaN in the whole row, +inf counts as c, and -inf is a class left out. The naive algorithm warns when
    exponentials overflow.

    Accuracy
    --------
    At most 8 + K + 3c ulp, tested for K <= 300.

    References
    ----------
    Gemma Team, Gemma 2, 2024, arXiv:2408.00118, section 2.

    Examples
    --------
    >>> capped_softmax([0.0, 1e30], cap=5.0).round(4)
    array([0.0067, 0.9933])
    """
    code = check_choice("algorithm", algorithm, SHIFTS)
    broken = (no_distribution, "capped_softmax(algorithm='naive') overflowed") if code == 0 else None
    return map_rows(capped_rows, {"z": z}, code, check_cap(cap), axis=axis, where=where, format=format,
                    broken=broken)


def capped_softmax_vjp(z, g, *, cap=30.0, axis=-1, where=None):
    """Gradient of `capped_softmax`: that of softmax times ``sech²(z / c)``.

    The slope of the cap is formed from exp(-2 |z| / c), since ``1 - tanh²`` is 0 long before it is.
    Parameters and Returns as `stablemax_vjp`.

    Examples
    --------
    >>> capped_softmax_vjp([0.0, 0.0], [1.0, 0.0], cap=5.0)
    array([ 0.25, -0.25])
    """
    return map_rows(capped_vjp_rows, {"z": z, "g": g}, check_cap(cap), axis=axis, where=where,
                    fills=(-np.inf, 0.0))


def dense_to_sparse_gate(z, *, bias=0.0, temperature=1.0, activation="identity", axis=-1, where=None, format=None):
    """Gate of a mixture of experts: ``p_i = softmax_i((σ(z_i) + b_i) / tau)``.

    Dense at a high tau, from which training starts, sparse at a low one. z are the scores of the experts and b their biases. With the identity (dense-to-sparse gate), scores, biases and
    tau may all be doubled and nothing changes: tau cannot be learned. An activation in between tells them apart, if
    it is not homogeneous: ReLU does not help.

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
    return map_rows(gate_rows, {"z": z, "bias": bias}, tau, code, axis=axis, where=where, format=format,
                    fills=(-np.inf, 0.0))


def dense_to_sparse_gate_vjp(z, g, *, bias=0.0, temperature=1.0, activation="identity", axis=-1, where=None):
    """Gradient of `dense_to_sparse_gate` in the scores: that of softmax times ``σ'(z) / tau``; σ'(0) = 0 for ReLU.

    Without the factor σ' it is the gradient in the biases. Parameters and Returns as `stablemax_vjp`.

    Examples
    --------
    >>> dense_to_sparse_gate_vjp([0.0, 0.0], [1.0, 0.0], temperature=0.5)
    array([ 0.5, -0.5])
    """
    code, tau = check_choice("activation", activation, ACTIVATIONS), check_temperature(temperature)
    return map_rows(gate_vjp_rows, {"z": z, "g": g, "bias": bias}, tau, code, axis=axis, where=where,
                    fills=(-np.inf, 0.0))

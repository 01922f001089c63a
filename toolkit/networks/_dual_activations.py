"""Dual activations: what a layer of infinitely many units makes of the cosine of two inputs.

For unit vectors x and x' with ``s = x'x'`` and an activation with ``E phi(z)^2 = 1`` the dual is ``E phi(u) phi(v)``,
where u and v are standard normal with correlation s. All kernels here carry s together with its complement
``c = 1 - s``: near 1 the difference of two inputs is in c alone, and near 0 it is in s.
"""
import math

import numpy as np

from toolkit._core.arguments import check_number, check_whole, chosen, shown
from toolkit._core.arrays import real_array
from toolkit._core.kernel import kernel
from toolkit.elementary import cos, exp, expm1, log, log1p, sin

__all__ = ["dual_activation", "singularity_exponent"]
KERNELS = ["arcsine", "dual_layer", "end_slopes", "exponent_of", "exponent_of_sine"]

# Places in the table of duals, which kernels take as `which`; each but the first two has a parameter a.
RELU, ERF, SINE, HERMITE, OPTIMAL = range(5)
DUALS = {"relu": RELU, "erf": ERF, "sine": SINE, "hermite": HERMITE, "optimal": OPTIMAL}
_USUAL = {"sine": 2.676, "hermite": 2, "optimal": 1}
LARGEST = {"sine": 1e4, "hermite": 64, "optimal": 64}
_ERF_END = math.asin(2 / 3)
# Of arcsin(h) / h in h², of (sin x - x cos x) / (2h)³ in h² for h = sin(x / 2), and of (sin x - x cos x) / x³ in x².
_ARCSINE = tuple(math.comb(2 * k, k) / (4**k * (2 * k + 1)) for k in range(14))
_NEAR = tuple(a / (2 * k + 3) for k, a in enumerate(_ARCSINE))
_FEW_ARCSINE, _FEW_NEAR = _ARCSINE[:7], _NEAR[:7]
_HOOK = tuple((-1) ** k * (2 * k + 2) / math.factorial(2 * k + 3) for k in range(9))


@kernel
def series(coefficients, x):
    total = 0.0
    for k in range(len(coefficients) - 1, -1, -1):
        total = total * x + coefficients[k]
    return total


@kernel
def arcsine(h):
    """arcsin of a number in [-1, 1], to the last digits; a NaN stays one."""
    if abs(h) < 0.25:
        return h * series(_ARCSINE, h * h)
    if abs(h) > 0.75:
        return np.copysign(0.5 * np.pi - 2.0 * arcsine_middle(np.sqrt(0.5 * (1.0 - abs(h)))), h)
    return arcsine_middle(h)


@kernel
def arcsine_middle(h):
    """`arcsine` up to 0.75: the series, and Newton's steps on the sine."""
    angle = h * series(_ARCSINE, h * h)
    if abs(h) >= 0.25:
        angle -= (sin(angle) - h) / cos(angle)
        angle -= (sin(angle) - h) / cos(angle)
    return angle


@kernel
def hook(x):
    """``sin x - x cos x``, which is about x³ / 3."""
    return x * x * x * series(_HOOK, x * x) if x < 0.5 else sin(x) - x * cos(x)


@kernel
def relu_layer(s, c):
    """κ₁ = (sin θ + (π - θ) cos θ) / π by the angle θ, its complement, and its slope κ₀ = 1 - θ / π."""
    if s < 0.0:
        rest = 2.0 * arcsine(np.sqrt(max(0.5 * (1.0 + s), 0.0)))  # π - θ
        value = hook(rest) / np.pi
        return value, 1.0 - value, rest / np.pi
    if c < 0.125:  # one series each, side by side: most layers of a deep network are here
        root, x = np.sqrt(2.0 * c), 0.5 * c
        if c < 0.0078125:
            bent, turned = series(_FEW_NEAR, x), series(_FEW_ARCSINE, x)
        else:
            bent, turned = series(_NEAR, x), series(_ARCSINE, x)
        lost = c - root * (2.0 * c) * bent / np.pi
        return 1.0 - lost, lost, 1.0 - root * turned / np.pi
    angle = 2.0 * arcsine(np.sqrt(0.5 * c))
    lost = c - hook(angle) / np.pi
    return 1.0 - lost, lost, 1.0 - angle / np.pi


@kernel
def erf_layer(s, c):
    value = arcsine(s * 2.0 / 3.0) / _ERF_END
    root = np.sqrt(1.0 - s * s * 4.0 / 9.0)
    slope = 2.0 / 3.0 / root / _ERF_END
    if s < 0.0:
        return value, 1.0 - value, slope
    sine = c * (1.0 + s) * 4.0 / 9.0 / (root * 2.0 / 3.0 + s * 2.0 / 9.0 * np.sqrt(5.0))
    lost = arcsine(sine) / _ERF_END
    return value, lost, slope


@kernel
def sine_layer(a, s, c):
    """sinh(a s) / sinh(a), by exponentials that cannot overflow."""
    size, all_of_it = abs(s), -expm1(-2.0 * a)
    lowered = exp(a * (size - 1.0))
    value = np.copysign(lowered * -expm1(-2.0 * a * size) / all_of_it, s)
    slope = a * lowered * (1.0 + exp(-2.0 * a * size)) / all_of_it
    if s < 0.0:
        return value, 1.0 - value, slope
    return value, -expm1(-a * c) * (1.0 + exp(-a * (1.0 + s))) / all_of_it, slope


@kernel
def hermite_layer(order, s, c):
    """A power of s."""
    value, below, sum_of_powers = 1.0, 0.0, 0.0
    for _ in range(order):
        sum_of_powers += value
        below = value
        value *= s
    return value, c * sum_of_powers if s >= 0.0 else 1.0 - value, order * below


@kernel
def root_of_half(dimension):
    """2^(-d/2)."""
    power = 1.0
    for _ in range(dimension):
        power *= 0.5
    return np.sqrt(power)


@kernel
def optimal_layer(dimension, s, c):
    """(s⁷ + s) / 2 on a circle, w s³ + (1 - 2w) s² + w s with w = 2^(-d/2) on a sphere of dimension d."""
    if dimension == 1:
        value, lost, slope = hermite_layer(7, s, c)
        return 0.5 * (value + s), 0.5 * (lost + c), 0.5 * (slope + 1.0)
    w = root_of_half(dimension)
    square, cube = 1.0 - 2.0 * w, s * s * s
    value = w * cube + square * s * s + w * s
    lost = c * (w * (2.0 + s + s * s) + square * (1.0 + s))
    return value, lost if s >= 0.0 else 1.0 - value, 3.0 * w * s * s + 2.0 * square * s + w


@kernel
def layer_of(which, a, s, c):
    if which == RELU:
        return relu_layer(s, c)
    if which == ERF:
        return erf_layer(s, c)
    if which == SINE:
        return sine_layer(a, s, c)
    if which == HERMITE:
        return hermite_layer(np.int64(a), s, c)
    return optimal_layer(np.int64(a), s, c)


@kernel
def dual_layer(which, a, s, c):
    """``(dual, 1 - dual, slope of the dual)`` at ``s = 1 - c``, without a loss of digits near 0 and 1.

    Near 1 the dual is made of its complement: of a rounded s the next layers would double the error again and again.
    """
    value, lost, slope = layer_of(which, a, s, c)
    return 1.0 - lost if lost < 0.5 else value, lost, slope


@kernel
def end_slopes(which, a):
    """``(dual at 0, its slope at 0, its slope at 1)``: what decides where depth leads."""
    value, _, at_zero = dual_layer(which, a, 0.0, 1.0)
    return value, at_zero, dual_layer(which, a, 1.0, 0.0)[2]


@kernel
def exponent_of(which, a):
    """α of the kernel R / distance^α that depth leads to, or NaN where it leads to another one."""
    value, at_zero, at_one = end_slopes(which, a)
    if value != 0.0 or not at_zero > 0.0 or not at_one > 1.0:
        return np.nan
    return -2.0 * log(at_zero) / log(at_one)


@kernel
def exponent_of_sine(a):
    return exponent_of(SINE, a)


@kernel
def log_size(s, c):
    """log |s| of ``s = 1 - c``."""
    return log1p(-c) if s > 0.5 else log(abs(s))


def checked_dual(activation, parameter):
    """Place and parameter of a dual, as kernels take them."""
    which = chosen("activation", activation, DUALS)
    if activation not in _USUAL:
        if parameter is not None:
            raise ValueError(f"parameter is {shown(parameter)}; allowed for {activation!r}: None")
        return which, 0.0
    parameter = _USUAL[activation] if parameter is None else parameter
    if activation == "sine":
        return which, check_number("parameter", parameter, 2.0**-20, LARGEST["sine"])
    return which, float(check_whole("parameter", parameter, 1, LARGEST[activation]))


@kernel
def fill_duals(which, a, s, derivative, out):
    for i in range(s.size):
        value, _, slope = dual_layer(which, a, s[i], 1.0 - s[i])
        out[i] = slope if derivative else value
        if not abs(s[i]) <= 1.0:
            out[i] = np.nan


def dual_activation(x, *, activation="relu", parameter=None, derivative=False):
    """Dual of an activation: the cosine that a layer of infinitely many units makes of the cosine x.

    ``E phi(u) phi(v)`` for standard normal u, v with correlation x; phi is scaled to ``E phi^2 = 1``, so the dual is 1
    at 1.

    Parameters
    ----------
    x : array_like (...)
        Cosines, from -1 to 1.
    activation : {"relu", "erf", "sine", "hermite", "optimal"}
        "sine" is ``sin(sqrt(a) z)`` up to a factor, "hermite" the Hermite polynomial of order k, and "optimal" the
        activation whose infinitely deep network is the best classifier on a sphere of dimension d.
    parameter : float or int, optional
        a, k or d; by default 2.676, 2 and 1. None for the others.
    derivative : bool
        The derivative instead, which is the dual of the activation's derivative.

    Returns
    -------
    array (...)
        float64.

    Special values
    --------------
    NaN outside of [-1, 1].

    Accuracy
    --------
    Within 4e-16 of the exact value for each activation with its usual parameter, tested by 40 digits.

    References
    ----------
    A. Daniely, R. Frostig, Y. Singer, Toward Deeper Understanding of Neural Networks, NeurIPS 2016, arXiv:1602.05897.

    Examples
    --------
    >>> dual_activation([0.0, 0.3, 1.0]).round(6)
    array([0.31831 , 0.482744, 1.      ])
    >>> dual_activation(0.5, activation="hermite", parameter=3)
    array(0.125)
    """
    which, a = checked_dual(activation, parameter)
    if not isinstance(derivative, bool):
        raise TypeError(f"derivative is {shown(derivative)}; allowed: True, False")
    s = real_array(x, "x").astype(np.float64)
    out = np.empty(s.shape)
    with np.errstate(all="ignore"):
        fill_duals(which, a, np.ascontiguousarray(s).reshape(-1), derivative, out.reshape(-1))
    return out


def singularity_exponent(activation="sine", *, parameter=None):
    """Exponent α of the kernel ``R / ||x - x'||^α`` that an infinitely deep network of this activation tends to.

    ``α = -2 log d(0) / log d(1)`` with the derivative d of the dual. On a sphere of dimension d the classifier of
    this kernel is the best one, whatever the distribution, where α = d. Other activations lead to a majority vote, if
    the dual is not 0 at 0, or to the nearest neighbour, if there its slope is 0 as well.

    Parameters
    ----------
    activation, parameter : as of `dual_activation`

    Returns
    -------
    float
        NaN where the limit is another one.

    References
    ----------
    A. Radhakrishnan, M. Belkin, C. Uhler, Wide and Deep Neural Networks Achieve Optimality for Classification,
    PNAS 2023, arXiv:2204.14126. The formula for α is our derivation.

    Examples
    --------
    >>> singularity_exponent("erf"), singularity_exponent("optimal", parameter=2)
    (0.8882146512837067, 2.0)
    >>> singularity_exponent("relu")
    nan
    """
    return float(exponent_of(*checked_dual(activation, parameter)))

"""Every activation of the catalog in mpmath, and how far results are from it."""
import numpy as np
from mpmath import mp, mpf

DIGITS = 60


def normal_cdf(x):
    return mp.ncdf(clip(x, mpf(-10) ** 5, mpf(10) ** 5))  # mpmath fails further out, where it is 0 or 1 to all digits


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


def tanh_gate(x):
    return mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)


def elu(x, alpha):
    return x if x > 0 else alpha * mp.expm1(x)


def clip(x, low, high):
    return min(max(x, low), high)


def half(t, lam):
    """By the formula with the arc cosine."""
    if t <= 3 * mp.cbrt(lam) ** 2 / 2:
        return mpf(0)
    return 2 * t / 3 * (1 + mp.cos(2 * mp.pi / 3 - 2 * mp.acos(lam / 4 * (t / 3) ** mpf(-1.5)) / 3))


def firm(x, low, high):
    t = abs(x)
    if t <= low or t >= high:
        return x if t > low else mpf(0)
    return mp.sign(x) * high * (t - low) / (high - low)


SELU_LAMBDA, SELU_ALPHA = mpf("1.0507009873554804934"), mpf("1.6732632423543772848")

# x, and the parameter where there is one; where a function is piecewise the derivative is that of the piece.
VALUES = {
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x, a: x if x > 0 else a * x,
    "prelu": lambda x, a: x if x > 0 else a * x,
    "relu6": lambda x: clip(x, 0, 6),
    "squared_relu": lambda x: max(x, 0) ** 2,
    "hard_sigmoid": lambda x: clip((x + 3) / 6, 0, 1),
    "hard_swish": lambda x: x * clip((x + 3) / 6, 0, 1),
    "elu": elu,
    "selu": lambda x: SELU_LAMBDA * elu(x, SELU_ALPHA),
    "celu": lambda x, a: x if x > 0 else a * mp.expm1(x / a),
    "sigmoid": sigmoid,
    "tanh": mp.tanh,
    "softplus": lambda x, b: softplus(b * x) / b,
    "log_sigmoid": lambda x: -softplus(-x),
    "softsign": lambda x: x / (1 + abs(x)),
    "gelu": lambda x: x * normal_cdf(x),
    "gelu_tanh": lambda x: x * sigmoid(2 * tanh_gate(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x, b: x * sigmoid(b * x),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "crrelu": lambda x, e: max(x, 0) + e * x * mp.exp(-x * x / 2),
    "glu": lambda x, v: sigmoid(x) * v,
    "reglu": lambda x, v: max(x, 0) * v,
    "geglu": lambda x, v: x * normal_cdf(x) * v,
    "swiglu": lambda x, v: x * sigmoid(x) * v,
    "hard_tanh": lambda x: clip(x, -1, 1),
    "soft_shrink": lambda x, theta: mp.sign(x) * max(abs(x) - theta, 0),
    "hard_shrink": lambda x, theta: x if abs(x) > theta else mpf(0),
    "tanh_shrink": lambda x: x - mp.tanh(x),
    "hard_threshold": lambda x, lam: x if x * x > 2 * lam else mpf(0),
    "half_threshold": lambda x, lam: mp.sign(x) * half(abs(x), lam),
    "firm_threshold": firm,
    "mcp_threshold": lambda x, lam, gamma: firm(x, lam, gamma * lam),
    "scad_threshold": lambda x, lam, a: mp.sign(x) * scad(abs(x), lam, a),
    "cel0_threshold": lambda x, lam, norm: firm(x, mp.sqrt(2 * lam) * norm, mp.sqrt(2 * lam) / norm),
    "threshold": lambda x, theta, value: x if x > theta else value,
    "squareplus": lambda x, b: (x + mp.sqrt(x * x + b)) / 2,
    "logit": lambda x: mp.log(x / (1 - x)),
    "log1mexp": lambda x: mp.log(-mp.expm1(-x)),
}
KINKS = (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0)
NAIVE_FROM = {"half_threshold": 1.625}  # the size of x from which on a naive form means something, if not from 0 on


def scad(t, lam, a):
    if t <= 2 * lam:
        return max(t - lam, 0)
    return t if t > a * lam else ((a - 1) * t - a * lam) / (a - 2)


def half_slope(x, lam):
    y = half(abs(x), lam)
    return 1 / (1 - lam / 4 / y ** mpf(1.5)) if y > 0 else mpf(0)


def firm_slope(x, low, high):
    t = abs(x)
    return high / (high - low) if low < t <= high else above(t, low)


def silu_slope(x):
    return sigmoid(x) * (1 + x * sigmoid(-x))


def gelu_slope(x):
    return normal_cdf(x) + x * mp.npdf(x)


def gelu_tanh_slope(x):
    s = sigmoid(2 * tanh_gate(x))
    return s + x * s * sigmoid(-2 * tanh_gate(x)) * 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mpf("0.044715") * x * x)


def above(x, theta=0):
    return mpf(x > theta)


# The derivatives, at kinks as the docstrings say.
SLOPES = {
    "relu": above,
    "leaky_relu": lambda x, a: mpf(1) if x > 0 else a,
    "prelu": lambda x, a: mpf(1) if x > 0 else a,
    "relu6": lambda x: mpf(0 < x < 6),
    "squared_relu": lambda x: 2 * max(x, 0),
    "hard_sigmoid": lambda x: above(3, abs(x)) / 6,
    "hard_swish": lambda x: (2 * x + 3) / 6 if abs(x) < 3 else above(x),
    "elu": lambda x, a: mpf(1) if x > 0 else a * mp.exp(x),
    "selu": lambda x: SELU_LAMBDA * (mpf(1) if x > 0 else SELU_ALPHA * mp.exp(x)),
    "celu": lambda x, a: mpf(1) if x > 0 else mp.exp(x / a),
    "sigmoid": lambda x: sigmoid(x) * sigmoid(-x),
    "tanh": lambda x: 4 / (mp.exp(x) + mp.exp(-x)) ** 2,
    "softplus": lambda x, b: sigmoid(b * x),
    "log_sigmoid": lambda x: sigmoid(-x),
    "softsign": lambda x: 1 / (1 + abs(x)) ** 2,
    "gelu": gelu_slope,
    "gelu_tanh": gelu_tanh_slope,
    "silu": silu_slope,
    "swish": lambda x, b: silu_slope(b * x),
    "mish": lambda x: mp.tanh(softplus(x)) + x * sigmoid(x) / mp.cosh(softplus(x)) ** 2,
    "crrelu": lambda x, e: above(x) + e * (1 - x * x) * mp.exp(-x * x / 2),
    "glu": lambda x, v: sigmoid(x) * sigmoid(-x) * v,
    "reglu": lambda x, v: above(x) * v,
    "geglu": lambda x, v: gelu_slope(x) * v,
    "swiglu": lambda x, v: silu_slope(x) * v,
    "hard_tanh": lambda x: above(1, abs(x)),
    "soft_shrink": lambda x, theta: above(abs(x), theta),
    "hard_shrink": lambda x, theta: above(abs(x), theta),
    "tanh_shrink": lambda x: mp.tanh(x) ** 2,
    "hard_threshold": lambda x, lam: mpf(x * x > 2 * lam),
    "half_threshold": half_slope,
    "firm_threshold": firm_slope,
    "mcp_threshold": lambda x, lam, gamma: firm_slope(x, lam, gamma * lam),
    "scad_threshold": lambda x, lam, a: (a - 1) / (a - 2) if 2 * lam < abs(x) <= a * lam else above(abs(x), lam),
    "cel0_threshold": lambda x, lam, norm: firm_slope(x, mp.sqrt(2 * lam) * norm, mp.sqrt(2 * lam) / norm),
    "threshold": lambda x, theta, value: above(x, theta),
    "squareplus": lambda x, b: (1 + x / mp.sqrt(x * x + b)) / 2,
    "logit": lambda x: 1 / (x * (1 - x)),
    "log1mexp": lambda x: 1 / mp.expm1(x),
}
CANCELLING = ("squareplus", "tanh_shrink", "log1mexp", "mish")  # the formulas above


def exact(name, x, *parameters, derivative=False):
    """The value or derivative of a function at numbers that mpmath takes."""
    table, said = (SLOPES, "SLOPES") if derivative else (VALUES, "VALUES")
    if name not in table:
        raise AssertionError(f"{name} has no exact {'derivative' if derivative else 'value'}: give it a line in {said} "
                             "of tests/activations/activation_oracle.py, as a formula of mpmath numbers")
    with mp.workdps(1000 if name in CANCELLING else DIGITS):
        return table[name](mpf(x), *map(mpf, parameters))


def truth(method, x, derivative=False):
    """The exact value or derivative at a NumPy number `x`, with the row's parameters in its dtype."""
    given = [float(x.dtype.type(value)) for _, value in method.parameters]
    return exact(method.name, float(x), *given, derivative=derivative)


def ulps(computed, exact, dtype):
    """Distance in units of the last place of the exact result; None where that underflows or overflows."""
    info = np.finfo(dtype)
    if not (2**10 * float(info.tiny) <= abs(exact) <= float(info.max)):
        return None if exact != 0 else float(computed != 0)
    return float(abs(mpf(float(computed)) - exact) / mpf(float(np.spacing(dtype(abs(float(exact)))))))

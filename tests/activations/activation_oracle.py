"""Every activation of the catalog in mpmath, and how far results are from it."""
import numpy as np
from mpmath import mp, mpf

DIGITS = {False: 40, True: 400}  # mpmath's derivative is a difference, of values that agree in many digits


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
    "gelu": lambda x: x * mp.ncdf(x),
    "gelu_tanh": lambda x: x * sigmoid(2 * tanh_gate(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x, b: x * sigmoid(b * x),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "crrelu": lambda x, e: max(x, 0) + e * x * mp.exp(-x * x / 2),
    "glu": lambda x, v: sigmoid(x) * v,
    "reglu": lambda x, v: max(x, 0) * v,
    "geglu": lambda x, v: x * mp.ncdf(x) * v,
    "swiglu": lambda x, v: x * sigmoid(x) * v,
}
KINKS = (-3.0, 0.0, 3.0, 6.0)


def truth(method, x, derivative=False):
    """The exact value or derivative at a NumPy number `x`, with the row's parameter in its dtype."""
    given = [mpf(float(x.dtype.type(value))) for _, value in method.parameters]
    with mp.workdps(DIGITS[derivative]):
        exact = VALUES[method.name]
        return mp.diff(lambda t: exact(t, *given), mpf(float(x))) if derivative else exact(mpf(float(x)), *given)


def ulps(computed, exact, dtype):
    """Distance in units of the last place of the exact result; None where that underflows or overflows."""
    info = np.finfo(dtype)
    if not (2**10 * float(info.tiny) <= abs(exact) <= float(info.max)):
        return None if exact != 0 else float(computed != 0)
    return float(abs(mpf(float(computed)) - exact) / mpf(float(np.spacing(dtype(abs(float(exact)))))))

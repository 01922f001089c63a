"""Activations and their slopes in float64, by SciPy and NumPy alone: name -> (value, slope)."""
import numpy as np
from scipy import special

__all__ = ["TRUE"]


def decay(x):
    """exp(-|x|)."""
    return np.exp(-np.abs(x))


def mish_slope(x):
    t, gate = decay(x), special.expit(x)
    below = x < 0
    top = np.where(below, t * (t + 2), 1 + 2 * t)
    bottom = np.where(below, top + 2, top + 2 * t * t)
    return top / bottom + x * gate * np.where(below, 2 / bottom, 2 * t * t / bottom) * (1 + top / bottom)


def mish(x):
    t = decay(x)
    top = np.where(x < 0, t * (t + 2), 1 + 2 * t)
    return x * top / np.where(x < 0, top + 2, top + 2 * t * t)


# Name -> value and slope in float64, by SciPy and NumPy alone.
TRUE = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x: np.exp(np.minimum(x, 0))),
    "sigmoid": (special.expit, lambda x: decay(x) / (1 + decay(x)) ** 2),
    "tanh": (np.tanh, lambda x: 4 * decay(2 * x) / (1 + decay(2 * x)) ** 2),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(decay(x)), special.expit),
    "silu": (lambda x: x * special.expit(x), lambda x: special.expit(x) * (1 + x * special.expit(-x))),
    "mish": (mish, mish_slope),
    "gelu": (lambda x: x * special.ndtr(x),
             lambda x: special.ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)),
}

"""Losses and gradients of one row of logits in arbitrary precision, straight from the definitions."""
import mpmath as mp
import numpy as np

from toolkit._core.numbers import in_format

# log1p(r) + gap is as small as e^-745 beside logits of 745: 330 digits for those, and 30 to spare.
DIGITS = 360


def scores(z, kind):
    z = [mp.mpf(float(x)) for x in z]
    if kind == "softmax":
        return [mp.exp(x) for x in z]
    return [x + 1 if x >= 0 else 1 / (1 - x) for x in z]


def loss(z, q, kind="softmax"):
    """``-sum q_k log p_k``; an integer q is a class."""
    with mp.workdps(DIGITS):
        w = scores(z, kind)
        if np.ndim(q) == 0:
            return mp.log1p(mp.fsum(x for k, x in enumerate(w) if k != q) / w[int(q)])
        total = mp.fsum(w)
        logs = [mp.log(x / total) if q_k > 0 else 0 for q_k, x in zip(q, w, strict=True)]
        return -mp.fsum(mp.mpf(float(q_k)) * log for q_k, log in zip(q, logs, strict=True))


def gradient(z, q, kind="softmax"):
    """``(Q p_k - q_k) s'(z_k) / s(z_k)``, and for a class q its entry as minus the sum of the others' p."""
    with mp.workdps(DIGITS):
        w = scores(z, kind)
        total = mp.fsum(w)
        if np.ndim(q) == 0:
            g = [x / total for x in w]
            g[int(q)] = -mp.fsum(x for k, x in enumerate(g) if k != q)
        else:
            mass = mp.fsum(mp.mpf(float(x)) for x in q)
            g = [mass * x / total - mp.mpf(float(q_k)) for q_k, x in zip(q, w, strict=True)]
        if kind == "softmax":
            return g
        return [a / (1 + abs(mp.mpf(float(x)))) for a, x in zip(g, z, strict=True)]


def plain(z, q, kind="softmax"):
    """``(losses, gradients)`` of rows of moderate logits and label probabilities, in NumPy longdouble."""
    z, q = np.asarray(z, np.longdouble), np.asarray(q, np.longdouble)
    w = np.exp(z) if kind == "softmax" else np.where(z < 0, 1 / (1 + np.abs(z)), 1 + np.abs(z))
    p = w / w.sum(axis=-1, keepdims=True)
    logs = np.log(p, where=p > 0, out=np.zeros_like(p))
    slope = 1 if kind == "softmax" else 1 / (1 + np.abs(z))
    return -(q * logs).sum(axis=-1), (q.sum(axis=-1, keepdims=True) * p - q) * slope


def gradient_of(loss, logits, labels, **options):
    """The gradient of one of our losses."""
    return loss.value_and_gradient(logits, labels, **options)[1]


def run_row(kernel, z, label, grad):
    """The loss of one row by a row kernel in the dtype of `z`, for a class or probabilities; fills `grad`."""
    label = in_format(label, None) if np.ndim(label) else label
    return kernel(in_format(z, None), label, in_format(grad, None))

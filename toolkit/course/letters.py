"""Six images of letters and about the smallest classifier of them, trained with the loss in any format and form.

Weights and optimizer live in float64; loss and gradient of each row alone are computed in the format.
"""
from typing import NamedTuple

import numpy as np

from toolkit._core.public import publish
from toolkit.formats import get_format
from toolkit.kernels import in_format, kernel
from toolkit.losses.kernels import cross_entropy_common, cross_entropy_stable

__all__ = ["IMAGES", "RECORDS", "Learned", "learn", "silent_from", "train"]

_LETTERS = np.array([
    [1, 0, 0, 1, 0, 0, 1, 1, 1],  # L
    [1, 1, 1, 0, 1, 0, 0, 1, 0],  # T
    [1, 0, 1, 0, 1, 0, 1, 0, 1],  # X
])
_GREY = 1 - 0.2 * ((np.arange(54) * 0.6180339887498949) % 1.0).reshape(6, 9)
IMAGES = (0.2 + 0.8 * np.tile(_LETTERS, (2, 1))) * _GREY  # nine pixels each, all positive; L, T, X, twice
RECORDS = range(0, 601, 5)  # steps at which `train` records
_FORMS = {"common": cross_entropy_common, "stable": cross_entropy_stable}


@kernel
def train(loss_of, eps, fmt, loss, size, pulling, W, dW, mean, square, z, g):
    """600 steps of Adam at a rate of 0.1, both decays 0.9, all six rows at once, weights W from where they are.

    Fills, for each record, the true mean loss, the size of W, and how many rows still pull on their own logit.
    """
    row, grad = in_format(z, fmt), in_format(g, fmt)
    fade = 1.0
    for t in range(601):
        for n in range(6):
            y = n % 3
            for k in range(3):
                z[k] = 0.0
                for j in range(9):
                    z[k] += W[k, j] * IMAGES[n, j]
            if t % 5 == 0:
                loss[t // 5] += cross_entropy_stable(z, y, g) / 6
            for k in range(3):
                row[k] = z[k]
            loss_of(row, y, grad)
            if t % 5 == 0:
                pulling[t // 5] += g[y] != 0
            for k in range(3):
                for j in range(9):
                    dW[k, j] += g[k] * IMAGES[n, j] / 6
        fade *= 0.9
        norm = 0.0
        for k in range(3):
            for j in range(9):
                new, v = dW[k, j], square[k, j]
                mean[k, j] = 0.9 * mean[k, j] + 0.1 * new
                square[k, j] = v = 0.9 * v + 0.1 * new * new
                root = np.sqrt(v / (1 - fade))
                W[k, j] -= 0.1 * mean[k, j] / (1 - fade) / (root + eps)
                norm += W[k, j] * W[k, j]
                dW[k, j] = 0.0
        if t % 5 == 0:
            size[t // 5] = np.sqrt(norm)


@kernel
def silent_from(pulling):
    """The record from which on no row pulls; the last one if some still do."""
    first = last = pulling.size - 1
    while first > 0 and pulling[last] == 0 and pulling[first - 1] == 0:
        first -= 1
    return first


class Learned(NamedTuple):
    """What `learn` records at the steps of `RECORDS`: true mean loss, size of the weights, rows that pull."""

    loss: np.ndarray
    size: np.ndarray
    pulling: np.ndarray


def learn(form, format, *, eps=1e-30):
    """Train from weights of 0, with the loss in a form, "common" or "stable", and a format.

    Returns
    -------
    Learned
    """
    found = Learned(*np.zeros((3, len(RECORDS))))
    train(_FORMS[form], float(eps), get_format(format).code, *found, *np.zeros((4, 3, 9)), *np.zeros((2, 3)))
    return found


publish(__name__)

"""Training of a perceptron whose weights are bits: real numbers move, their bits answer.

A bit is what an activation of a weight gives, as `toolkit.activations.biper`, times a learned factor for each output.
Its gradient goes through the surrogate slope of that activation. One hidden layer of ReLUs, Adam, batches.
"""
from typing import NamedTuple

import numpy as np

from toolkit.activations import biper_sine
from toolkit.activations._elementwise import slope
from toolkit.optimizers import adam_direction

__all__ = ["BinaryRun", "train_binary"]


class BinaryRun(NamedTuple):
    """The numbers behind the bits of each layer, the factors, and the share of changed bits in each epoch."""

    weights: list
    factors: list
    flips: list

    def logits(self, x, bit, **options):
        """What the network with these bits says of rows."""
        hidden = np.maximum(x @ bit(self.weights[0], **options) * self.factors[0], 0)
        return hidden @ bit(self.weights[1], **options) * self.factors[1]


def gradients(x, y, weights, factors, bit, options):
    """Gradients of the mean cross-entropy in the weights and in the factors."""
    bits = [bit(w, **options) for w in weights]
    raw = x @ bits[0]
    hidden = np.maximum(raw * factors[0], 0)
    scores = hidden @ bits[1]
    z = scores * factors[1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    out = p / len(y)
    below = (out * factors[1]) @ bits[1].T * (hidden > 0)
    slopes = [slope(bit, w, **options) for w in weights]
    return ([x.T @ (below * factors[0]) * slopes[0], hidden.T @ (out * factors[1]) * slopes[1]],
            [(below * raw).sum(axis=0), (out * scores).sum(axis=0)])


def train_binary(x, y, *, bit, lr, epochs=40, width=64, batch=64, seed=0, penalty=0.0, start=None, **options):
    """Train on rows x with labels y; `bit` is an activation of weights and `options` its parameters.

    `penalty` is the strength of `toolkit.activations.periodic_penalty`, added for each layer. `start` is a `BinaryRun`
    to go on from.
    """
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    sizes = ((x.shape[1], width), (width, classes))
    weights = [rng.uniform(-1, 1, size) / 8 for size in sizes] if start is None else [w.copy() for w in start.weights]
    factors = [np.full(size[1], size[0] ** -0.5) for size in sizes] if start is None else [
        f.copy() for f in start.factors]
    moving = [*weights, *factors]
    memory = [(np.zeros(w.size), np.zeros(w.size), np.empty(w.size)) for w in moving]
    flips, step = [], 0
    for _ in range(epochs):
        before = bit(weights[0], **options) >= 0
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch):
            rows, step = order[first:first + batch], step + 1
            by_weights, by_factors = gradients(x[rows], y[rows], weights, factors, bit, options)
            if penalty:
                omega = options["omega"]
                for w, g in zip(weights, by_weights, strict=True):
                    g += 2 * penalty * biper_sine(w, omega=omega) * slope(biper_sine, w, omega=omega) / w.size
            for w, g, (m, v, u) in zip(moving, by_weights + by_factors, memory, strict=True):
                adam_direction(w.reshape(-1), g.reshape(-1), m, v, 0.9, 0.999, 1e-8, 0.9**step, 0.999**step, 0.0, u)
                w -= lr * u.reshape(w.shape)
        flips.append(float(np.mean(before != (bit(weights[0], **options) >= 0))))
    return BinaryRun(weights, factors, flips)

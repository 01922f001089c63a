"""Networks in exact arithmetic, for tests of what bounds promise."""
from fractions import Fraction
from itertools import product

import numpy as np

# The network of a published example's size: two inputs, two hidden units, three classes.
W = [np.array([[1, -1], [2, 0.5]]), np.array([[1, -1], [0.5, 1], [-1, 0.25]])]
B = [np.array([0.1, -0.2]), np.array([0, 0.1, 0])]
X = np.array([0.5, -0.2])


def random_network(seed, sizes):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, np.sqrt(2 / n), (m, n)) for n, m in zip(sizes, sizes[1:])]
    return weights, [rng.normal(0, 0.3, m) for m in sizes[1:]]


def exact(x):
    """Numbers as fractions, in lists."""
    return Fraction(float(x)) if np.ndim(x) == 0 else [exact(each) for each in x]


def affine(w, b, h):
    return [sum((Fraction(float(a)) * c for a, c in zip(row, h)), Fraction(float(s))) for row, s in zip(w, b)]


def outputs(weights, biases, x):
    """Of a ReLU network at a point, exactly."""
    h = exact(x)
    for w, b in zip(weights, biases):
        z = affine(w, b, h)
        h = [max(each, Fraction(0)) for each in z]
    return z


def interval_outputs(weights, biases, low, high):
    """The box of outputs by interval arithmetic, exactly."""
    low, high = exact(low), exact(high)
    for w, b in zip(weights, biases):
        ends = [[sorted((Fraction(float(a)) * l, Fraction(float(a)) * u)) for a, l, u in zip(row, low, high)]
                for row in w]
        z_low = [sum((e[0] for e in row), Fraction(float(s))) for row, s in zip(ends, b)]
        z_high = [sum((e[1] for e in row), Fraction(float(s))) for row, s in zip(ends, b)]
        low, high = [max(e, Fraction(0)) for e in z_low], [max(e, Fraction(0)) for e in z_high]
    return z_low, z_high


def points_of(low, high, seed, count=40):
    """Corners and random points of a box, all exactly inside."""
    rng = np.random.default_rng(seed)
    corners = list(product(*zip(low, high)))[:64]
    return [np.array(c) for c in corners] + [np.clip(rng.uniform(low, high), low, high) for _ in range(count)]

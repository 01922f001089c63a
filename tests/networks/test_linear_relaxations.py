"""Lines above and below ReLUs: promises in exact arithmetic, linear programs, and what no line can say."""
from fractions import Fraction

import numpy as np
import pytest
from network_cases import B, W, X, outputs, points_of, random_network
from scipy.optimize import linprog

from toolkit.networks import (
    box_around,
    interval_bounds,
    linear_bounds,
    local_lipschitz,
    relu_relaxation,
)

MAX = [[[1.0, -1.0], [0.0, 1.0]], [[1.0, 1.0]]]  # y + relu(x - y), with y = relu(y)
MEAN = [[[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]], [[0.5, 0.5, 0.5]]]  # (|x - y| + x + y) / 2
SIZE = [[[1.0], [-1.0]], [[1.0, 1.0]]]


def test_relu_relaxation_against_its_definition():
    rng = np.random.default_rng(0)
    low, high = np.sort(rng.normal(size=(2, 300)), axis=0)
    for line in ("adaptive", "zero", "one"):
        slope, intercept, below, area = relu_relaxation(low, high, lower_line=line)
        for k in range(low.size):
            s, t, a = (Fraction(float(e[k])) for e in (slope, intercept, below))
            for x in (Fraction(low[k]), Fraction(high[k]), Fraction(0)):
                if low[k] <= x <= high[k]:
                    assert a * x <= max(x, 0) <= s * x + t
            if low[k] < 0 < high[k]:
                l, u = Fraction(low[k]), Fraction(high[k])
                assert abs(t - (-l * u / (u - l))) <= 3 * np.spacing(high[k] - low[k])
                np.testing.assert_allclose(area[k], -low[k] * high[k] / 2, rtol=1e-15)
                assert below[k] == {"adaptive": float(high[k] > -low[k]), "zero": 0, "one": 1}[line]
    found = relu_relaxation([-1.0, 1.0, -2.0], [2.0, 2.0, -1.0])
    np.testing.assert_allclose(found, [[2 / 3, 1, 0], [2 / 3, 0, 0], [1, 1, 0], [1, 0, 0]], rtol=1e-15)


@pytest.mark.parametrize("line", ["adaptive", "zero", "one"])
def test_linear_bounds_hold_in_rational_arithmetic(line):
    for seed, sizes in enumerate([(3, 5, 4), (2, 6, 6, 3), (2, 4, 4, 4, 2)]):
        weights, biases = random_network(seed, sizes)
        for epsilon in (1e-9, 0.1, 1.0):
            box = box_around(np.random.default_rng(seed).normal(size=sizes[0]), epsilon)
            low, high = linear_bounds(weights, biases, *box, lower_line=line)
            plain = interval_bounds(weights, biases, *box)
            assert (low >= plain.lower).all() and (high <= plain.upper).all()
            for x in points_of(*box, seed, 10):
                z = outputs(weights, biases, x)
                assert all(Fraction(a) <= b <= Fraction(c) for a, b, c in zip(low, z, high))


def test_reference_values():
    assert abs(linear_bounds(SIZE, None, [-1.0], [1.0]).upper[0] - 1) < 1e-14
    assert abs(interval_bounds(SIZE, None, [-1.0], [1.0]).upper[0] - 2) < 1e-14
    for encoding in (MAX, MEAN):
        assert abs(linear_bounds(encoding, None, [0, 0], [1, 1]).upper[0] - 1.5) < 1e-14
        assert abs(interval_bounds(encoding, None, [0, 0], [1, 1]).upper[0] - 2) < 1e-14


def program(weights, biases, low, high, output):
    """The largest output that triangles allow, of one hidden layer: a linear program in x and y."""
    (w, v), (b, c) = weights, biases
    z_low = b + np.minimum(w * low, w * high).sum(1)
    z_high = b + np.maximum(w * low, w * high).sum(1)
    n, m = w.shape[1], w.shape[0]
    rows, rights = [], []
    for i in range(m):
        one = np.eye(m)[i]
        if z_low[i] >= 0 or z_high[i] <= 0:
            s = 1.0 if z_low[i] >= 0 else 0.0
            for sign in (1, -1):
                rows.append(sign * np.r_[-s * w[i], one])
                rights.append(sign * s * b[i])
        else:
            s = z_high[i] / (z_high[i] - z_low[i])
            rows += [np.r_[-s * w[i], one], np.r_[w[i], -one], np.r_[np.zeros(n), -one]]
            rights += [s * (b[i] - z_low[i]), -b[i], 0.0]
    found = linprog(-np.r_[np.zeros(n), v[output]], np.array(rows), rights,
                    bounds=[*zip(low, high), *[(None, None)] * m])
    return c[output] - found.fun


def test_lines_are_never_tighter_than_the_triangle_and_the_best_of_three_is_near():
    for seed in range(6):
        weights, biases = random_network(seed, (2, 4, 2))
        low, high = X - 0.8, X + 0.8
        best = program(weights, biases, low, high, 0)
        found = [linear_bounds(weights, biases, low, high, lower_line=line).upper[0]
                 for line in ("adaptive", "zero", "one")]
        assert min(found) >= best - 1e-9
        if (weights[1][0] >= 0).all():
            assert abs(found[0] - best) < 1e-9
    positive = [random_network(9, (2, 4, 2))[0][0], np.ones((2, 4))]
    zero = [np.zeros(4), np.zeros(2)]
    best = program(positive, zero, X - 0.8, X + 0.8, 0)
    assert abs(linear_bounds(positive, zero, X - 0.8, X + 0.8).upper[0] - best) < 1e-9


def test_local_lipschitz_reference_values_and_samples():
    first, found = [W[0], W[1][:1]], {}
    for epsilon in (0.3, 0.5):
        found[epsilon] = local_lipschitz(first, [B[0], B[1][:1]], *box_around(X, epsilon))
    np.testing.assert_allclose(found[0.5].bound, 3.5, rtol=1e-9)
    np.testing.assert_allclose(found[0.5].lower, [[-2, -1.5]], rtol=1e-9)
    np.testing.assert_allclose(found[0.5].upper, [[1, 0]], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found[0.3].bound, 2.5, rtol=1e-9)
    np.testing.assert_allclose(found[0.3].lower, [[-1, -1.5]], rtol=1e-9)
    np.testing.assert_allclose(found[0.3].upper, [[1, -1]], rtol=1e-9)
    rng = np.random.default_rng(0)
    for seed in range(4):
        weights, biases = random_network(seed, (3, 6, 6, 2))
        x, epsilon = rng.normal(size=3), (1e-6, 0.05, 0.5, 2.0)[seed]
        bound = local_lipschitz(weights, biases, *box_around(x, epsilon))
        norms = np.prod([np.abs(w).sum(1).max() for w in weights])
        steepest = 0.0
        for _ in range(300):
            h, jacobian = x + rng.uniform(-epsilon, epsilon, 3), np.eye(3)
            for k, (w, b) in enumerate(zip(weights, biases)):
                h, jacobian = w @ h + b, w @ jacobian
                if k < 2:
                    h, jacobian = np.maximum(h, 0), (h > 0)[:, None] * jacobian
            assert (jacobian >= bound.lower - 1e-14).all() and (jacobian <= bound.upper + 1e-14).all()
            steepest = max(steepest, np.abs(jacobian).sum(1).max())
        assert steepest <= bound.bound * (1 + 1e-14) <= norms * (1 + 1e-12)
        if seed == 0:
            np.testing.assert_allclose(bound.bound, steepest, rtol=1e-12)
    assert np.isnan(local_lipschitz(W, B, [np.nan, 0.0], [1.0, 1.0]).bound)
    assert local_lipschitz(W, B, np.zeros((0, 2)), np.ones((0, 2))).bound.shape == (0,)

"""Bounds against exact answers, which samples cannot give: whole-numbered and linear programs, and all patterns."""
from itertools import product

import numpy as np
import pytest
from network_cases import B, W, X, random_network
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from toolkit.networks import box_around, interval_bounds, linear_bounds, local_lipschitz

LINES = ("adaptive", "zero", "one")
SIZES = [(2, 4, 2), (2, 4, 4, 2), (3, 4, 3, 2), (2, 3, 3, 3, 2)] * 2
NETS = [(seed, sizes, epsilon) for seed, sizes in enumerate(SIZES) for epsilon in (0.05, 0.4)]


class Program:
    """Inequalities between the inputs, the outputs of all hidden units, and a number from 0 to 1 for each of these."""

    def __init__(self, weights, biases, box):
        self.weights, self.biases, self.box = weights, biases, box
        sizes = [w.shape[1] for w in weights]
        self.starts, self.units = np.cumsum([0, *sizes]), sum(sizes[1:])
        self.size, self.rows, self.rights = sum(sizes) + self.units, [], []

    def hidden(self):
        """Of each hidden unit: its layer, its place there, its own row, that of its bit, and what it sees."""
        eye = np.eye(self.size)
        for k, (w, b) in enumerate(zip(self.weights[:-1], self.biases)):
            for i in range(len(w)):
                sees, column = np.zeros(self.size), self.starts[k + 1] + i
                sees[self.starts[k]:self.starts[k + 1]] = w[i]
                yield k, i, eye[column], eye[column + self.units], (sees, b[i])

    def at_most(self, low, high):
        """``low <= high``, each a row and a constant."""
        self.rows.append(low[0] - high[0])
        self.rights.append(high[1] - low[1])

    def largest(self, output, whole):
        """The most that an output can be; bits are 0 or 1 if `whole`."""
        low, high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        low[:self.starts[1]], high[:self.starts[1]] = self.box
        low[self.size - self.units:], high[self.size - self.units:] = 0.0, 1.0
        goal, bits = np.zeros(self.size), np.zeros(self.size)
        goal[self.starts[-2]:self.starts[-1]] = self.weights[-1][output]
        if whole:
            bits[self.size - self.units:] = 1
            found = milp(-goal, integrality=bits, bounds=Bounds(low, high), options={"mip_rel_gap": 0.0},
                         constraints=LinearConstraint(np.array(self.rows), ub=self.rights))
        else:
            found = linprog(-goal, np.array(self.rows), self.rights, bounds=np.stack([low, high], 1))
        assert found.status == 0, found.message
        return self.biases[-1][output] - found.fun


def true_maximum(weights, biases, box, output):
    """With a bit for each unit, active or not: no relaxation at all."""
    program = Program(weights, biases, box)
    ends = [interval_bounds(weights[:k], biases[:k], *box) for k in range(1, len(weights))]
    for k, i, h, bit, (sees, b) in program.hidden():
        most, least = max(ends[k].upper[i], 0.0) + 1.0, min(ends[k].lower[i], 0.0) - 1.0
        program.at_most((sees, b), (h, 0.0))
        program.at_most((0.0 * h, 0.0), (h, 0.0))
        program.at_most((h, 0.0), (most * bit, 0.0))
        program.at_most((h, 0.0), (sees - least * (0.0 * bit) + least * bit, b - least))
    return program.largest(output, True)


def relaxed_maximum(weights, biases, box, output, line, triangle):
    """With a line above each unit, and below it the one that `line` names, or both of the triangle."""
    program = Program(weights, biases, box)
    ends = [linear_bounds(weights[:k], biases[:k], *box, lower_line=line) for k in range(1, len(weights))]
    for k, i, h, _, (sees, b) in program.hidden():
        l, u = ends[k].lower[i], ends[k].upper[i]
        slope = 1.0 if l >= 0 else 0.0 if u <= 0 else u / (u - l)
        below = {"adaptive": float(u > -l), "zero": 0.0, "one": 1.0}[line] if l < 0 < u else slope
        program.at_most((h, 0.0), (slope * sees, slope * b - (slope * l if l < 0 < u else 0.0)))
        for each in {0.0, 1.0} if triangle and l < 0 < u else {below}:
            program.at_most((each * sees, each * b), (h, 0.0))
    return program.largest(output, False)


@pytest.mark.parametrize("seed, sizes, epsilon", NETS)
def test_linear_bounds_are_those_of_one_line_on_each_side(seed, sizes, epsilon):
    (*weights, last), (*biases, b) = random_network(seed, sizes)
    box = box_around(np.random.default_rng(seed).normal(size=sizes[0]), epsilon)
    for output, sign in ((0, 1), (1, -1)):  # an upper and a lower bound
        net = [*weights, sign * last], [*biases, sign * b]
        true, plain = true_maximum(*net, box, output), interval_bounds(*net, *box).upper[output]
        for line in LINES:
            found = linear_bounds(*net, *box, lower_line=line).upper[output]
            low, high = np.maximum(linear_bounds(weights, biases, *box, lower_line=line), 0)
            from_box = net[1][-1][output] + np.maximum(net[0][-1][output] * low, net[0][-1][output] * high).sum()
            lines = relaxed_maximum(*net, box, output, line, False)
            triangle = relaxed_maximum(*net, box, output, line, True)
            # A program also knows that what a unit sees lies between its ends, which boxes may have brought nearer.
            best, room = min(lines, from_box), 1e-9 * (1 + abs(found))
            assert best <= found + room
            assert found <= best + room or (len(sizes) > 3 and epsilon > 0.1)
            assert true - 1e-6 <= triangle <= found + 1e-9 and found <= plain
            other = linear_bounds([*weights, last], [*biases, b], *box, lower_line=line)[0 if sign < 0 else 1]
            assert abs(sign * other[output] - found) <= 1e-12 * (1 + abs(found))


def test_linear_bounds_are_exact_where_no_unit_changes_sides():
    for seed in range(6):
        weights, biases = random_network(seed, (3, 6, 5, 2))
        box = box_around(np.random.default_rng(seed).normal(size=3), 1e-4)
        for output in range(2):
            found = linear_bounds(weights, biases, *box).upper[output]
            assert abs(found - true_maximum(weights, biases, box, output)) < 1e-6


def exact_slopes(weights, biases, box):
    """The Jacobians in a box: one for each pattern of active units that holds in some open part of it."""
    low, high = box
    n, sizes, found = len(low), [len(w) for w in weights[:-1]], []
    for bits in product((0.0, 1.0), repeat=sum(sizes)):
        slope, shift, rows, rights = np.eye(n), np.zeros(n), [], []
        for w, b, on in zip(weights[:-1], biases, np.split(np.array(bits), np.cumsum(sizes)[:-1])):
            slope, shift = w @ slope, w @ shift + b
            away = np.where(on > 0, -1.0, 1.0)  # active: slope x + shift is at least a room, else at most its negative
            rows += [np.r_[sign * row, 1.0] for sign, row in zip(away, slope)]
            rights += list(-away * shift)
            slope, shift = on[:, None] * slope, on * shift
        room = linprog(-np.eye(n + 1)[n], np.array(rows), rights, bounds=[*zip(low, high), (None, 1.0)])
        if room.status == 0 and -room.fun > 1e-9:
            found.append(weights[-1] @ slope)
    return np.array(found)


def test_local_lipschitz_against_all_patterns_of_active_units():
    tight = loose = 0
    for seed, sizes in enumerate([(2, 4, 2), (2, 3, 3, 2), (3, 4, 2, 2), (2, 5, 1)] * 2):
        weights, biases = random_network(seed, sizes)
        for epsilon in (0.01, 0.3, 1.0):
            box = box_around(np.random.default_rng(seed).normal(size=sizes[0]), epsilon)
            slopes, found = exact_slopes(weights, biases, box), local_lipschitz(weights, biases, *box)
            exact = np.abs(slopes).sum(axis=2).max()
            assert (slopes >= found.lower - 1e-12).all() and (slopes <= found.upper + 1e-12).all()
            assert exact <= found.bound * (1 + 1e-12)
            if len(slopes) == 1 and len(sizes) == 3:  # intervals of a first layer are exact
                assert abs(found.bound - exact) <= 1e-12 * exact + 1e-300
            tight, loose = tight + (found.bound <= exact * (1 + 1e-9)), loose + (found.bound > 1.1 * exact)
    assert tight > 6 and loose > 6
    first = [W[0], W[1][:1]], [B[0], B[1][:1]]
    for epsilon, exact in ((0.3, 2.5), (0.5, 2.5)):
        slopes = exact_slopes(*first, box_around(X, epsilon))
        assert abs(np.abs(slopes).sum(axis=2).max() - exact) < 1e-12


def test_all_patterns_see_a_corner_that_samples_miss():
    weights, biases = [np.array([[1.0, 1.0]]), np.array([[1.0]])], [np.array([-1.999]), np.zeros(1)]
    box = [-1.0, -1.0], [1.0, 1.0]
    x = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    assert (x.sum(axis=1) < 1.999).all()
    assert np.abs(exact_slopes(weights, biases, box)).sum(axis=2).max() == 2
    assert 2 <= local_lipschitz(weights, biases, *box).bound <= 2 * (1 + 1e-14)

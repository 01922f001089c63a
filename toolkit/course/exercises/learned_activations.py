"""Exercises of the chapter *Learned, evolved, periodic*."""
import numpy as np

from toolkit.course.exercises._check import Exercise, close_to, exactly

__all__ = ["EXERCISES"]


def _basis(x, grid, order):
    start = (np.arange(grid + order) - order) / grid
    up = np.maximum(x[:, None] - start, 0)
    down = np.maximum(start + (order + 1) / grid - x[:, None], 0)
    return (4 * up * down * (grid / (order + 1)) ** 2) ** 2


def _not_squared(x, grid, order):
    return np.sqrt(_basis(x, grid, order))


def _not_cut_off(x, grid, order):
    start = (np.arange(grid + order) - order) / grid
    return (4 * (x[:, None] - start) * (start + (order + 1) / grid - x[:, None]) * (grid / (order + 1)) ** 2) ** 2


def _judge_basis(basis):
    if not callable(basis):
        return f"expected a function relu_kan(x, grid, order), got {basis!r}"
    for grid, order in ((5, 3), (8, 2)):
        x = np.linspace(-0.3, 1.3, 17)
        expected, found = _basis(x, grid, order), np.asarray(basis(x.copy(), grid, order), float)
        if found.shape != expected.shape:
            return f"expected the shape {expected.shape} for 17 inputs, grid {grid} and order {order}: {found.shape}"
        wrong = ~(abs(found - expected) <= 1e-12 * (1 + abs(expected)))
        if wrong.any():
            n, i = np.argwhere(wrong)[0]
            return (f"for grid {grid} and order {order} function {i} at x = {x[n]:g} is {expected[n, i]:.6g}, "
                    f"yours is {found[n, i]:.6g}")
    return None


EXERCISES = {
    "learned.flips": Exercise(
        solution=6,
        judge=exactly(6, (3, "that is how often a whole period fits; the bit changes twice in one"),
                      (20, "that is the angle in radians; how many half turns are in it?"),
                      (7, "the first change is at pi / 20, not at 0"),
                      otherwise="count the multiples of pi between 0.2 and 20"),
        wrong=(3, 20, 7, 6.366),
        praise="at every multiple of pi / 20: six of them. A plain sign changes once, at 0.",
    ),
    "learned.saturates": Exercise(
        solution=0.5,
        judge=close_to(0.5, 1e-6, (1.0, "that is for v = 1"), (2.0, "the v is in the denominator"),
                       otherwise="for large x only v x counts in the denominator v x + s"),
        wrong=(1.0, 2.0, 0.0),
        praise="1 / v. Below 0 nothing holds it: there the batch is the larger denominator.",
    ),
    "learned.alive": Exercise(
        solution=4,
        judge=exactly(4, (3, "that is at a knot, where one function has just become 0"),
                      (23, "that is how many there are"), (20, "that is how many cells there are"),
                      otherwise="each function covers order + 1 cells: how many of them cover one cell?"),
        wrong=(3, 23, 20),
        praise="order + 1, however fine the grid is: so a step moves few weights, and leaves the rest alone.",
    ),
    "learned.step": Exercise(
        solution=8.0,
        judge=close_to(8.0, 1e-6, (1.0, "beyond 2^24, 17 million, float32 has no odd numbers"),
                       (5.96, "that is a hundred million times half an ulp of 1; numbers lie a power of 2 apart"),
                       (4.0, "that is the spacing below 2^26"), (16.0, "that is the spacing from 2^27 on"),
                       otherwise="a hundred million lies between 2^26 and 2^27, and float32 has 24 bits"),
        wrong=(1.0, 5.96, 4.0, 16.0, 11.92),
        praise="8: a variance of 1 comes out as a multiple of 8, often 0 or below.",
    ),
    "learned.write_basis": Exercise(
        solution=_basis,
        judge=_judge_basis,
        wrong=(_not_squared, _not_cut_off, 3.0),
        praise="two ReLUs that face each other, squared: no recursion, and the same hats for every cell.",
    ),
}

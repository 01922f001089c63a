"""Newton's steps on a smoothed maximum: the counts of the authors' code, many digits, what holds of each step."""
import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from toolkit.catalog import get_method
from toolkit.soft_operators import regularized_newton, smoothed_maximum
from toolkit.soft_operators.kernels import descent_attempt, newton_attempt, smoothed_slope, solve_shifted
from toolkit.softmax import softmax

TAU = 0.1


def problem(m=40, n=8):
    """The card's, whose minimum is nearly flat."""
    i, j = np.arange(m)[:, None], np.arange(n)
    a, b = np.sin(1 + 3 * i + 7 * j + i * j), np.cos(2 + np.arange(m))
    return a - softmax(-b / TAU) @ a, b, np.ones(n)


A, B, START = problem()


def value(x):
    return float(smoothed_maximum(A @ x - B, temperature=TAU))


def test_counts_and_values_of_the_authors_code():
    assert value(START) == pytest.approx(5.15349480519, abs=1e-11)
    for curvature, steps, solves, first in (("exact", 12, 19, 3.3187987109531756),
                                            ("approximate", 60, 115, 5.070890193797571)):
        run = regularized_newton(A, B, START, temperature=TAU, curvature=curvature)
        assert (run.steps, run.solves) == (steps, solves) and run.slope < 1e-9
        assert run.value == pytest.approx(1.1723549159144, abs=1e-12)
        tried = next(k for k in range(1, 9) if one(curvature, k).steps == 1)
        assert one(curvature, tried).value == pytest.approx(first, rel=1e-12)


def one(curvature, solves):
    with pytest.warns(RuntimeWarning, match="more than tol"):
        return regularized_newton(A, B, START, temperature=TAU, curvature=curvature, solves=solves)


def test_the_value_against_many_digits():
    """Not the place: the problem is nearly flat in some directions."""
    found = regularized_newton(A, B, START, temperature=TAU, curvature="exact", tol=1e-13)
    with mpmath.workdps(30):
        a, b = mpmath.matrix(A.tolist()), mpmath.matrix(B.tolist())

        def slope_and_value(x):
            z = [(sum(a[i, j] * x[j] for j in range(8)) - b[i]) / mpmath.mpf(TAU) for i in range(40)]
            w = [mpmath.exp(v - max(z)) for v in z]
            total = sum(w)
            p = [v / total for v in w]
            g = [sum(p[i] * a[i, j] for i in range(40)) for j in range(8)]
            return p, g, TAU * (max(z) + mpmath.log(total))

        x = [mpmath.mpf(float(v)) for v in found.x]
        for _ in range(3):
            p, g, _ = slope_and_value(x)
            h = mpmath.matrix(8, 8)
            for j in range(8):
                for k in range(8):
                    h[j, k] = (sum(p[i] * a[i, j] * a[i, k] for i in range(40)) - g[j] * g[k]) / TAU
            d = mpmath.lu_solve(h + mpmath.eye(8) * mpmath.mpf(10) ** -12, mpmath.matrix(g))
            x = [x[j] - d[j] for j in range(8)]
        right = float(slope_and_value(x)[2])
    assert abs(found.value - right) <= 4 * np.finfo(float).eps * abs(right) and found.slope < 1e-13


def arrays(m=40, n=8):
    return np.zeros((4, n)), np.zeros((4, m)), np.zeros((n, n)), np.zeros((n, n))


@pytest.mark.parametrize("exact", [True, False])
def test_each_step(exact):
    """f never rises, no step is longer than gamma, and the gradient is that of `smoothed_maximum`."""
    x, gamma, (vectors, rows, h, root) = START.copy(), 1.0, arrays()
    for _ in range(60):
        before, at, allowed = x.copy(), value(x), gamma
        gamma, moved = newton_attempt(A, B, TAU, exact, gamma, x, vectors, rows, h, root)
        assert value(x) <= at + 1e-15 and np.linalg.norm(x - before) <= allowed + 1e-8
        assert moved or (x == before).all()
        assert_allclose(vectors[0], A.T @ softmax((A @ x - B) / TAU), atol=1e-13)


def test_a_large_and_a_small_gamma():
    """The first is nearly Newton's step, the second nearly one along the gradient, of length gamma."""
    p = softmax((A @ START - B) / TAU)
    g = A.T @ p
    approximate = A.T @ np.diag(p) @ A / TAU
    for gamma in (1e3, 1e-5):
        x, (vectors, rows, h, root) = START.copy(), arrays()
        newton_attempt(A, B, TAU, False, gamma, x, vectors, rows, h, root)
        shift = np.linalg.norm(g) / (gamma + 1e-8)
        assert_allclose(vectors[1], np.linalg.solve(approximate + shift * np.eye(8), g), rtol=1e-8)
    assert_allclose(vectors[1], 1e-5 * g / np.linalg.norm(g), atol=1e-7)


def test_the_difference_of_the_curvatures_is_that_of_the_gradients():
    x = np.random.default_rng(0).normal(size=8)
    (vectors, rows, _, root) = arrays()
    curvatures = []
    for exact in (False, True):
        h = np.zeros((8, 8))
        newton_attempt(A, B, TAU, exact, 1.0, x.copy(), vectors, rows, h, root)
        curvatures.append(h)
    g = A.T @ softmax((A @ x - B) / TAU)
    assert_allclose(curvatures[0] - curvatures[1], np.outer(g, g) / TAU, atol=1e-12)


def test_solving():
    rng, root, d = np.random.default_rng(1), np.zeros((5, 5)), np.zeros(5)
    half, g = rng.normal(size=(5, 5)), rng.normal(size=5)
    h = half @ half.T
    assert solve_shifted(h, 0.5, g, root, d)
    assert_allclose(d, np.linalg.solve(h + 0.5 * np.eye(5), g), rtol=1e-10)
    assert not solve_shifted(-h, 0.5, g, root, d) and not solve_shifted(h * np.nan, 0.5, g, root, d)


def test_descent_is_slow():
    """A few of the 101 668 steps that 1 / L needs."""
    x, (vectors, rows, _, _) = START.copy(), arrays()
    bound = (A**2).sum(axis=1).max()
    assert bound / TAU == pytest.approx(73.52, abs=0.01)
    values = [value(x)]
    for _ in range(300):
        descent_attempt(A, B, TAU, bound, x, vectors, rows)
        values.append(value(x))
    assert (np.diff(values) < 0).all() and np.linalg.norm(vectors[0]) > 0.01


def test_a_value_keeps_its_slope_at_a_low_temperature():
    z, p, g = np.zeros(2), np.zeros(2), np.zeros(1)
    assert smoothed_slope(np.array([[1.0], [-1.0]]), np.zeros(2), 1e-9, np.array([3.0]), z, p, g) == 3.0
    assert g[0] == 1.0
    run = regularized_newton([[1.0], [-1.0]], [0.0, 0.0], [3.0], temperature=1e-3, curvature="exact")
    assert abs(run.x[0]) < 1e-9 and run.value == pytest.approx(1e-3 * np.log(2))


def test_arguments_and_warnings():
    for wrong, message in (({"a": np.zeros(3)}, r"a has shape \(3,\); allowed: \(m, n\)"),
                           ({"b": np.zeros(3)}, r"b has shape \(3,\); allowed: \(40,\), as a has shape \(40, 8\)"),
                           ({"start": [np.nan] * 8}, "start has nan; allowed: finite numbers"),
                           ({"curvature": "none"}, "curvature is 'none'; allowed: 'approximate', 'exact'"),
                           ({"gamma": 0.0}, "gamma is 0.0; allowed: a finite number > 0")):
        with pytest.raises(ValueError, match=rf"^regularized_newton\(\): {message}"):
            regularized_newton(**{"a": A, "b": B, "start": START} | wrong)
    with pytest.warns(RuntimeWarning, match=r"after 3 solves the gradient has the length 1\.9"):
        run = regularized_newton(A, B, START, solves=3)
    assert run.solves == 3
    narrow = regularized_newton(A.astype(np.float32), B.astype(np.float32), START.astype(np.float32), temperature=TAU)
    assert narrow.x.dtype == np.float32
    before = START.copy()
    regularized_newton(A, B, START, temperature=TAU, solves=200)
    assert (before == START).all()


def test_the_row_of_the_register_is_this_problem():
    path = get_method("regularized_newton").run(115, 0.1)
    assert path[0] == pytest.approx(1.94811688058, abs=1e-10) and path[114] > 1e-9 > path[115]

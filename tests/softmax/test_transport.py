"""Sinkhorn's iteration and sparse plans against linear programming, L-BFGS and reference values."""
import math
import warnings

import mpmath
import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose, assert_array_equal

from toolkit.softmax import softmax
from toolkit.transport import sinkhorn, sparse_transport, transport_cost
from toolkit.transport.kernels import sparse_dual

COST = np.array([[0.0, 1, 4], [1, 0, 1], [4, 1, 0]])
GRID = np.subtract.outer(np.arange(4), np.arange(4)) ** 2 / 9
A, B, GAMMA = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1]), 2.0
# Duals by L-BFGS in float64 from many starts, k = 1 to 4.
DUALS = (0.4555555556, 0.3266358025, 0.3012839506, 0.3006172840)


def linear_program(cost, a, b):
    m, n = cost.shape
    sums = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])
    return scipy.optimize.linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([a, b])).fun


def test_sinkhorn_reference_values():
    result = sinkhorn(COST, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], epsilon=1.0, tol=0)
    assert_allclose(result.plan[0], [0.191303980236, 0.219030918483, 0.0896651012803], atol=1e-11)
    assert_allclose(transport_cost(result.plan, COST), 0.814388122765, atol=1e-11)
    assert_allclose(result.dual, -0.972682065904, atol=1e-11)
    assert result.error < 1e-15
    naive = sinkhorn(COST, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], epsilon=1.0, tol=0, form="naive")
    assert_allclose(naive.plan, result.plan, rtol=1e-13)
    assert_allclose(naive.dual, result.dual, rtol=1e-13)


def test_sinkhorn_tends_to_the_linear_program():
    costs = [transport_cost(sinkhorn(GRID, A, B, epsilon=e, sweeps=4000, tol=0).plan, GRID) for e in (0.1, 0.01, 0.003)]
    best = linear_program(GRID, A, B)
    assert costs[0] > costs[1] > costs[2] >= best - 1e-9 and costs[2] - best < 1e-4


@pytest.mark.parametrize(("format", "epsilon"), [("float32", 0.03), ("float16", 0.2)])
def test_the_naive_form_divides_by_zero(format, epsilon):
    """Only the far corner is needed: exp(-4 / epsilon) is 0."""
    a, b = [0.98, 0.01, 0.01], [0.01, 0.01, 0.98]
    far = np.array([[4.0, 4, 4], [4, 4, 4], [4, 4, 4]])
    assert np.isnan(sinkhorn(far, a, b, epsilon=epsilon, form="naive", format=format, sweeps=5).plan).all()
    stable = sinkhorn(far, a, b, epsilon=epsilon, format=format, sweeps=5)
    assert_allclose(stable.plan, np.outer(a, b), rtol=0.3)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_sparse_plans(k):
    result = sparse_transport(GRID, A, B, k=k, gamma=GAMMA)
    assert abs(result.dual - DUALS[k - 1]) < (2e-5 if k < 3 else 1e-9)
    assert (result.plan >= 0).all() and ((result.plan > 0).sum(axis=0) <= k).all()
    assert_allclose(result.plan.sum(axis=0), B, rtol=1e-14)
    assert result.error < 1e-7 if k > 2 else 0.05 < result.error < 0.5
    if k > 2:  # the gap is closed: the plan attains the value of the dual
        value = transport_cost(result.plan, GRID) + GAMMA / 2 * (result.plan**2).sum()
        assert abs(value - result.dual) < 1e-7


def test_one_part_per_column_is_the_linear_program_and_a_constant():
    assert_allclose(DUALS[0], linear_program(GRID, A, B) + GAMMA / 2 * (B**2).sum(), atol=1e-9)


@pytest.mark.parametrize("k", [3, 4])
def test_dual_and_its_gradient(k):
    plan, gradient, x, q = np.empty((4, 4)), *np.empty((3, 4))

    def minus_dual(f):
        value = sparse_dual(GRID, A, B, k, GAMMA, f, plan, gradient, x, q)
        return -value, -gradient

    best = scipy.optimize.minimize(minus_dual, np.zeros(4), jac=True, method="L-BFGS-B")
    assert_allclose(-best.fun, DUALS[k - 1], atol=1e-8)
    f = np.array([0.1, -0.2, 0.05, 0.3])
    expected = [(minus_dual(f - h)[0] - minus_dual(f + h)[0]) / 2e-6 for h in 1e-6 * np.eye(4)]
    minus_dual(f)
    assert_allclose(gradient, expected, atol=1e-8)


def test_arguments():
    for wrong, message in (
            ({"a": [0.5, 0.5, 0.5]}, r"a has the sum 1\.5; allowed: 1"),
            ({"b": [0.5, 0.5]}, r"b has shape \(2,\); allowed: \(3,\)$"),
            ({"b": [1.5, -0.5, 0]}, r"b has -0\.5 at 1; allowed: finite numbers >= 0"),
            ({"cost": COST[0]}, r"cost has shape \(3,\); allowed: \(\.\.\., m, n\)"),
            ({"cost": [[0, 1], [math.nan, 2]]}, r"cost has nan at \(1, 0\); allowed: finite numbers, and inf"),
            ({"cost": [[0, math.inf], [math.inf, math.inf]]}, "cost forbids all of a row of sum 0.5"),
            ({"cost": [[math.inf]], "format": "float8_e4m3fn"}, "cost has inf; allowed in float8_e4m3fn"),
            ({"cost": np.ones((2, 3, 3)), "a": np.ones((3, 3)) / 3}, r"allowed: \(2, 3\) or \(3,\)"),
            ({"sweeps": 0}, "sweeps is 0; allowed: an integer, at least 1")):
        with pytest.raises(ValueError, match=f"^sinkhorn\\(\\): .*{message}"):
            sinkhorn(**{"cost": COST} | wrong)
    with pytest.raises(ValueError, match=r"^sparse_transport\(\): cost has inf at \(0, 1\); allowed: finite numbers$"):
        sparse_transport([[0, math.inf], [1, 1]])
    with pytest.raises(ValueError, match="form is 'exp'; allowed: 'naive', 'stable'"):
        sinkhorn(COST, form="exp")
    before = COST.copy()
    sinkhorn(COST, format="float16", sweeps=3)  # says nothing: a format is tried, not waited for
    assert_array_equal(COST, before)


def exact_plan(cost, a, b, epsilon, sweeps=400):
    """The plan by 50 digits, where entries may be forbidden and sums 0."""
    with mpmath.workdps(50):
        weights = mpmath.matrix([[mpmath.exp(-mpmath.mpf(c) / mpmath.mpf(epsilon)) if c < math.inf else 0 for c in row]
                                 for row in cost])
        m, n = len(a), len(b)
        u, v = [mpmath.mpf(1)] * m, [mpmath.mpf(1)] * n
        for _ in range(sweeps):
            u = [mpmath.mpf(a[i]) / sum(weights[i, j] * v[j] for j in range(n)) for i in range(m)]
            v = [mpmath.mpf(b[j]) / sum(weights[i, j] * u[i] for i in range(m)) for j in range(n)]
        return np.array([[float(u[i] * weights[i, j] * v[j]) for j in range(n)] for i in range(m)])


def test_accuracy_with_zero_sums_and_forbidden_costs():
    cost = np.array([[0.0, 1, math.inf, 2], [1, 0, 1, math.inf], [math.inf, 1, 0, 1], [3, 2, 1, 0]])
    a, b = [0.125, 0.375, 0.5, 0.0], [0.25, 0.25, 0.5, 0.0]
    for epsilon in (0.5, 2.0):
        found, exact = sinkhorn(cost, a, b, epsilon=epsilon, tol=1e-13), exact_plan(cost, a, b, epsilon)
        assert_allclose(found.plan, exact, rtol=1e-12, atol=1e-12)
        assert (found.plan[cost == math.inf] == 0).all()
        assert (found.plan[3] == 0).all() and (found.plan[:, 3] == 0).all()
        assert found.rows[3] == found.columns[3] == -math.inf and math.isfinite(found.dual)
        naive = sinkhorn(cost, a, b, epsilon=epsilon, tol=1e-13, form="naive")
        assert_allclose(naive.plan, exact, rtol=1e-12, atol=1e-12)
        assert_allclose(naive.dual, found.dual, rtol=1e-12)
    assert transport_cost(found.plan, cost) < 2
    assert_array_equal(sparse_transport(GRID, [0.5, 0.0, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0], k=2).plan[:, 2:], 0)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_sweeps_end_within_the_tolerance_whatever_the_unit_of_the_costs(unit):
    for tol in (1e-3, 1e-9):
        found = sinkhorn(unit * GRID, A, B, epsilon=0.02 * unit, tol=tol)
        assert 0 < found.error <= tol
        assert found.error > 1e-4 * tol  # and no later than that
    assert_allclose(found.plan, sinkhorn(GRID, A, B, epsilon=0.02).plan, rtol=1e-6)


def test_what_has_not_converged_says_so():
    message = r"^sinkhorn\(\): after 3 sweeps a sum is off by .*, more than tol, 1e-09$"
    with pytest.warns(RuntimeWarning, match=message) as said:
        sinkhorn(GRID, A, B, epsilon=0.01, sweeps=3)
    assert said[0].filename == __file__
    impossible = [[0.0, math.inf, math.inf], [1.0, math.inf, math.inf], [1.0, 1.0, 1.0]]
    with pytest.warns(RuntimeWarning, match="a sum is off by"):
        sinkhorn(impossible)
    with pytest.warns(RuntimeWarning, match="a sum is off by nan"):
        sinkhorn([[400.0, 400.0], [400.0, 400.0]], epsilon=0.1, form="naive")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sinkhorn(GRID, A, B, epsilon=0.01, sweeps=3, tol=0)
        sinkhorn(GRID, A, B, epsilon=0.01, sweeps=3, tol=1)


def test_an_offset_of_costs_moves_potentials_alone():
    cost = np.array([[0, 48.0], [32, 16]])
    plain = sinkhorn(cost, epsilon=16)
    for rows, columns in ((2.0**53, 0), (0, 2.0**53), (-2.0**53, 0), (2.0**60, 2.0**60), (2.0**53, -2.0**52)):
        found = sinkhorn(cost + np.array([[rows], [0]]) + [0, columns], epsilon=16)
        assert found.error <= 1e-9
        if abs(rows) < 2.0**60:
            assert_allclose(found.plan, plain.plan, rtol=1e-8)
    found = sinkhorn(np.full((2, 2), 1e308))
    assert_allclose(found.plan, 0.25)
    assert found.dual == pytest.approx(1e308)
    assert_allclose(sinkhorn([[-1e308, 1e308], [1e308, -1e308]]).plan, [[0.5, 0], [0, 0.5]])


def test_batches_of_plans_are_their_plans():
    costs = np.random.default_rng(0).random((2, 3, 4, 5))
    a = softmax(np.random.default_rng(1).normal(size=(2, 3, 4)))
    for plans in (sinkhorn(costs, a), sparse_transport(costs, a, k=2, steps=20)):
        shapes = [x.shape for x in plans]
        assert shapes == [(2, 3, 4, 5), (2, 3, 4), (2, 3, 5), (2, 3), (2, 3)]
        assert transport_cost(plans.plan, costs).shape == (2, 3)
    plans = sinkhorn(costs, a)
    for at in np.ndindex(2, 3):
        for batch, single in zip(plans, sinkhorn(costs[at], a[at]), strict=True):
            assert_array_equal(batch[at], single)
    assert_array_equal(sinkhorn(costs[0], A).plan[1], sinkhorn(costs[0, 1], A).plan)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("plan_of", [sinkhorn, sparse_transport])
def test_plans_have_the_dtype_of_the_costs(plan_of, dtype):
    found, exact = plan_of(GRID.astype(dtype)), plan_of(GRID.astype(dtype).astype(np.float64))
    assert found.plan.dtype == found.rows.dtype == found.columns.dtype == dtype
    assert_array_equal(found.plan, exact.plan.astype(dtype))
    assert found.dual == exact.dual and isinstance(found.error, float)
    # Sums of float32 numbers that are 1 as well as float32 can say it.
    third = plan_of(GRID.astype(dtype), np.array([0.1, 0.2, 0.3, 0.4], dtype))
    assert third.plan.dtype == dtype


def test_sparse_transport_has_no_scale_of_its_own():
    cost = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0) + 0.3))
    plain = sparse_transport(cost, k=2, steps=200)
    for scale in (2.0**100, 2.0**-100):
        scaled = sparse_transport(cost * scale, k=2, gamma=scale, steps=200)
        assert_array_equal(scaled.plan, plain.plan)
        assert scaled.dual == plain.dual * scale

"""Sinkhorn's iteration and sparse plans against linear programming, L-BFGS and reference values."""
import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose, assert_array_equal

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
    result = sinkhorn(COST, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], epsilon=1.0)
    assert_allclose(result.plan[0], [0.191303980236, 0.219030918483, 0.0896651012803], atol=1e-11)
    assert_allclose(transport_cost(result.plan, COST), 0.814388122765, atol=1e-11)
    assert_allclose(result.dual, -0.972682065904, atol=1e-11)
    assert result.error < 1e-15
    naive = sinkhorn(COST, [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], epsilon=1.0, form="naive")
    assert_allclose(naive.plan, result.plan, rtol=1e-13)
    assert_allclose(naive.dual, result.dual, rtol=1e-13)


def test_sinkhorn_tends_to_the_linear_program():
    costs = [transport_cost(sinkhorn(GRID, A, B, epsilon=e, sweeps=4000).plan, GRID) for e in (0.1, 0.01, 0.003)]
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
    with pytest.raises(ValueError, match="a is .*; allowed: 3 numbers > 0 that add up to 1"):
        sinkhorn(COST, [0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"cost has shape \(3,\); allowed: two dimensions"):
        sinkhorn(COST[0])
    with pytest.raises(ValueError, match="form is 'exp'; allowed: 'naive', 'stable'"):
        sinkhorn(COST, form="exp")
    before = COST.copy()
    sinkhorn(COST, format="float16", sweeps=3)
    assert_array_equal(COST, before)


def test_sparse_transport_has_no_scale_of_its_own():
    cost = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0) + 0.3))
    plain = sparse_transport(cost, k=2, steps=200)
    for scale in (2.0**100, 2.0**-100):
        scaled = sparse_transport(cost * scale, k=2, gamma=scale, steps=200)
        assert_array_equal(scaled.plan, plain.plan)
        assert scaled.dual == plain.dual * scale

"""Polyak's rates: the bound that they minimise, and the runs of a quadratic."""
import numpy as np
import pytest

from toolkit.optimizers import polyak_rate
from toolkit.optimizers.kernels import polyak_average_step, polyak_momentum_step, polyak_plain_step

EIGENVALUES = np.logspace(-3, 0, 50)


def test_the_rate_minimises_the_bound_on_the_next_distance():
    rng = np.random.default_rng(1)
    for _ in range(20):
        g, d, gap, beta = rng.normal(size=5), 0.1 * rng.normal(size=5), rng.exponential(), rng.uniform()

        def bound(rate):
            return -2 * rate * gap + rate**2 * (g @ g) - 2 * rate * beta * (g @ d)

        best = polyak_rate(gap, g, memory=d, beta=beta)
        if best > 0:
            assert bound(best) <= min(bound(0.99 * best), bound(1.01 * best))
        else:
            assert gap + beta * (g @ d) <= 0
        assert polyak_rate(gap, g, memory=d, beta=beta, form="plain") == pytest.approx(gap / (g @ g), rel=1e-14)
        assert polyak_rate(gap, g, memory=d, form="average") == pytest.approx(gap / (d @ d), rel=1e-14)
    assert polyak_rate(1.0, [0.0, 0.0]) == 0 and polyak_rate(-1.0, [1.0]) == 0
    assert polyak_rate(5.0, [1.0], most=0.5) == 0.5


def last_height(step, beta, count=2000):
    w, memory = np.random.default_rng(0).standard_normal(50), np.zeros(50)
    for _ in range(count):
        g = EIGENVALUES * w
        step(0.5 * (w @ g), w, g, memory, beta, np.inf)
    return 0.5 * (EIGENVALUES * w) @ w


@pytest.mark.parametrize("beta, published", [(0.5, 2e-21), (0.9, 2e-64), (0.95, 5e-47), (0.99, 5e-11)])
def test_the_second_term_helps_on_a_quadratic(beta, published):
    height = last_height(polyak_momentum_step, beta)
    assert published / 3 < height < 3 * published
    assert height < 0.1 * last_height(polyak_plain_step, beta)


def test_without_momentum_all_forms_are_one():
    heights = [last_height(step, 0.0, 100) for step in (polyak_plain_step, polyak_momentum_step, polyak_average_step)]
    np.testing.assert_allclose(heights, heights[0], rtol=1e-9)

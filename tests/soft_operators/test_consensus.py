"""The consensus of particles against many digits, Stein's identity by quadrature, and runs on a rugged landscape."""
import inspect

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import toolkit
from toolkit.catalog import get_method
from toolkit.soft_operators import consensus_point, consensus_step

X = np.array([[-1.0], [0.5], [2.0]])


def rugged(v):
    return (v**2 + 2.5 * (1 - np.cos(2 * np.pi * v))).sum(axis=-1)


def test_reference_values():
    found = [consensus_point(X, X[:, 0] ** 2, beta=beta).item() for beta in (1, 10, 100)]
    assert_allclose(found, [0.0499162529088, 0.499170832045, 0.5], atol=1e-12)


def test_the_point_against_many_digits():
    assert "``8 + 4 beta (E - min E)`` epsilon, averaged by the weights" in " ".join(
        inspect.getdoc(consensus_point).split())
    rng = np.random.default_rng(0)
    for n, d, beta, offset in ((2, 1, 0.0, 0.0), (5, 2, 1.0, 1e3), (40, 3, 30.0, 0.0), (40, 1, 1000.0, -50.0)):
        x, energy = rng.normal(2, 1, (n, d)), rng.normal(0, 3, n)
        found = consensus_point(x, energy + offset, beta=beta)
        with mpmath.workdps(50):
            e = [mpmath.mpf(v) for v in (energy + offset).tolist()]
            w = [mpmath.exp(-beta * (v - min(e))) for v in e]
            total = mpmath.fsum(w)
            slack = float(mpmath.fsum(a * beta * (v - min(e)) for a, v in zip(w, e, strict=True)) / total)
            for j in range(d):
                right = mpmath.fsum(a * mpmath.mpf(v) for a, v in zip(w, x[:, j].tolist(), strict=True)) / total
                size = abs(x[:, j] - x[energy.argmin(), j]).max()
                allowed = np.finfo(float).eps * ((8 + 4 * slack) * size + abs(float(right)))
                assert abs(float(mpmath.mpf(float(found[j])) - right)) <= allowed


def test_invariants():
    rng = np.random.default_rng(1)
    x, energy = rng.normal(size=(4, 20, 3)), rng.integers(0, 9, (4, 20)).astype(float)
    assert_allclose(consensus_point(x, energy, beta=0.0), x.mean(axis=1), atol=1e-14)
    assert_array_equal(consensus_point(x, energy + 512.0), consensus_point(x, energy))
    point = consensus_point(x, energy, beta=1.0)
    assert (point <= x.max(axis=1)).all() and (point >= x.min(axis=1)).all()
    best = np.arange(4), rng.normal(size=(4, 20)).argmin(axis=1)
    sharp = np.full((4, 20), 1.0)
    sharp[best] = 0.0
    assert_array_equal(consensus_point(x, sharp, beta=1e6), x[best])
    same = np.full((1, 20, 3), 0.1)
    assert_array_equal(consensus_point(same, energy[:1]), same[:, 0])
    assert_array_equal(consensus_step(same, energy[:1], np.ones_like(same)), same)


def test_stein():
    """``v - x = -beta s² E_w[E']``, for places from a normal distribution, and the card's value by quadrature."""
    x, s, beta = 2.0, 0.5, 1.0
    with mpmath.workdps(30):
        def weight(v):
            return mpmath.exp(-(v - x) ** 2 / (2 * s * s) - beta * (v**2 + 2.5 * (1 - mpmath.cos(2 * mpmath.pi * v))))

        cuts = list(mpmath.linspace(-3, 7, 41))
        total, mean, slope = (mpmath.quad(lambda v, of=of: of(v) * weight(v), cuts) for of in (
            lambda v: 1, lambda v: v, lambda v: 2 * v + 5 * mpmath.pi * mpmath.sin(2 * mpmath.pi * v)))
        step = float(mean / total - x)
        assert step == pytest.approx(-0.719879117974813, abs=1e-14)
        assert float(-beta * s * s * slope / total) == pytest.approx(step, abs=1e-14)
    places = np.linspace(-3, 7, 20001)
    energy = rugged(places[:, None]) + (places - x) ** 2 / (2 * s * s) / beta
    assert consensus_point(places[:, None], energy, beta=beta)[0] - x == pytest.approx(step, abs=1e-12)


@pytest.mark.parametrize(("beta", "value"), [(1.0, 1.40350877193), (10.0, 0.380952380952)])
def test_on_a_bowl_it_is_the_proximal_step(beta, value):
    places = np.linspace(-3, 7, 20001)
    energy = 1.7 * places**2 / 2 + (places - 2) ** 2 / (2 * 0.25) / beta
    assert consensus_point(places[:, None], energy, beta=beta)[0] == pytest.approx(value, abs=1e-9)
    assert value == pytest.approx(2 / (1 + 1.7 * beta * 0.25), abs=1e-11)


@pytest.mark.parametrize("isotropic", [False, True])
def test_the_step_is_its_definition(isotropic):
    rng = np.random.default_rng(2)
    x, noise = rng.normal(size=(2, 3, 10, 2))
    energy = rugged(x)
    found = consensus_step(x, energy, noise, beta=5.0, drift=0.1, spread=0.3, isotropic=isotropic)
    v = consensus_point(x, energy, beta=5.0)[:, None]
    y = x - 0.1 * (x - v)
    far = np.linalg.norm(y - v, axis=-1, keepdims=True) if isotropic else abs(y - v)
    assert_allclose(found, y + 0.3 * far * noise, rtol=4e-16, atol=1e-15)


def test_a_crowd_finds_what_descent_does_not():
    """Three of the card's runs: 50 particles on a rugged landscape in two dimensions, start around (2, 2)."""
    rng, found = np.random.default_rng(0), []
    for _ in range(3):
        x = rng.normal(2, 2, (50, 2))
        for _ in range(400):
            x = consensus_step(x, rugged(x), rng.normal(size=x.shape), beta=10.0, drift=0.01, spread=0.1 * 1.6**0.5)
        found.append(np.abs(consensus_point(x, rugged(x), beta=10.0)).max())
    assert max(found) < 0.25
    x = rng.normal(2, 2, (200, 2))
    for _ in range(2000):
        x -= 0.01 * (2 * x + 5 * np.pi * np.sin(2 * np.pi * x))
    assert (np.abs(x).max(axis=1) < 0.25).mean() < 0.05


def test_special_values():
    inf, nan = np.inf, np.nan
    assert consensus_point(X, [inf, 1.0, inf]).item() == 0.5
    assert consensus_point([[nan], [1.0]], [inf, 0.0]).item() == 1.0
    for energy in ([nan, 0.0, 0.0], [inf] * 3, [-inf, 0.0, 1.0]):
        assert np.isnan(consensus_point(X, energy)).all()
        assert np.isnan(consensus_step(X, energy, np.zeros_like(X))).all()
    assert consensus_point(X.astype(np.float32), X[:, 0].astype(np.float32)).dtype == np.float32
    assert consensus_point(np.zeros((0, 3, 2)), np.zeros((0, 3))).shape == (0, 2)
    far = consensus_point(X, np.array([1e5, 1e5 + 1, 2e5]), beta=1.0)
    assert far.item() == pytest.approx(-1 + 1.5 * np.exp(-1) / (1 + np.exp(-1)))
    fortran = np.asfortranarray(np.random.default_rng(3).normal(size=(6, 3)))
    fortran.flags.writeable = False
    assert_array_equal(consensus_point(fortran, np.arange(6)), consensus_point(fortran.copy(order="C"), np.arange(6)))


def test_arguments():
    for wrong, message in (({"x": np.zeros(3)}, r"x has shape \(3,\); allowed: \(\.\.\., n, d\)"),
                           ({"energy": np.zeros(2)}, r"energy has shape \(2,\); allowed: \(3,\), one for each place"),
                           ({"beta": -1.0}, r"beta is -1\.0; allowed: a finite number >= 0")):
        with pytest.raises(ValueError, match=f"^consensus_point\\(\\): {message}"):
            consensus_point(**{"x": X, "energy": X[:, 0]} | wrong)
    with pytest.raises(ValueError, match=r"noise has shape \(3,\); allowed: \(3, 1\), as x"):
        consensus_step(X, X[:, 0], np.zeros(3))


def test_gradients_against_differences():
    rng = np.random.default_rng(4)
    x, energy, g = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5)), rng.normal(size=(2, 3))
    for i, of in enumerate(("x", "energy")):
        _, pull = toolkit.vjp(consensus_point, x, energy, beta=2.0, of=of)
        found, given = pull(g), (x, energy)[i]
        for at in np.ndindex(given.shape):
            ahead, behind = (x.copy(), energy.copy()), (x.copy(), energy.copy())
            ahead[i][at] += 1e-5
            behind[i][at] -= 1e-5
            change = consensus_point(*ahead, beta=2.0) - consensus_point(*behind, beta=2.0)
            assert found[at] == pytest.approx((change * g).sum() / 2e-5, abs=1e-9)


def test_the_rows_of_the_register():
    work, y = np.zeros(102), np.zeros(101)
    x = np.linspace(-2, 3, 101)
    found = get_method("consensus_point").default.kernel(2.0, x, work, y)
    assert_allclose(y, rugged(x[:, None]), atol=1e-12)
    assert found == pytest.approx(consensus_point(x[:, None], y, beta=2.0)[0])
    path = get_method("consensus_step").run(120)
    assert path[0] > 1 and path[-1] < 0.01

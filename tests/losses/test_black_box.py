"""Losses by draws: by enumeration, in fractions, in digits, and by the dilogarithm."""
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from mpmath import harmonic, mp, polylog

from toolkit.losses import (
    black_box_losses,
    geometric_log_loss,
    kernels,
    poisson_log_loss,
    two_draw_loss,
)

TV = np.exp([2.0, 1.0, -1.0, 0.5]) / np.exp([2.0, 1.0, -1.0, 0.5]).sum()
Q = np.array([0.5, 0.3, 0.15, 0.05])


def mean_of_two_draws(p, q):
    classes = range(len(p))
    return sum(p[a] * p[b] * q[y] * two_draw_loss(a, b, y) for a, b, y in product(classes, classes, classes))


def test_two_draws_by_enumeration():
    assert mean_of_two_draws(TV, Q) == pytest.approx(-0.3255622087329112, rel=1e-14)
    assert mean_of_two_draws(Q, Q) == pytest.approx(-0.365, rel=1e-14)
    for q in (0.2, 0.5, 0.9):
        means = [mean_of_two_draws([p, 1 - p], [q, 1 - q]) for p in np.linspace(0, 1, 101)]
        assert np.argmin(means) == round(100 * q)
        assert means[7] == pytest.approx(0.07**2 + 0.93**2 - 2 * (0.07 * q + 0.93 * (1 - q)), abs=1e-14)


def test_harmonic_numbers_in_digits():
    draws = [*range(1, 200), 1000, 10**5, 10**7, 10**9]
    for n, found in zip(draws, geometric_log_loss(draws), strict=True):
        with mp.workdps(40):
            assert abs(mp.mpf(float(found)) - harmonic(n - 1)) <= 4 * 2.0**-52 * harmonic(n - 1)


def poisson_sum(misses, rate, most=10**9):
    total, term = Fraction(0), Fraction(1)
    for k in range(1, min(misses, most) + 1):
        term *= Fraction(misses - k + 1) / Fraction(rate)
        total += term / k
    return total


def test_poisson_sums_in_fractions():
    np.testing.assert_allclose(poisson_log_loss([0, 1, 2, 3, 4]), [0, 0.2, 0.44, 0.736, 1.1136], rtol=1e-15)
    for rate in (1.0, 5.0, 20.0):
        for m in (1, 2, 7, 40, 100):
            right = poisson_sum(m, rate)
            found = Fraction(float(poisson_log_loss(m, rate=rate)))
            assert abs(found - right) <= (m + 2) * Fraction(1, 2**52) * right
    assert np.isinf(poisson_log_loss(300, rate=1.0))


@pytest.mark.parametrize("p", [0.05, 0.3, 0.9])
def test_geometric_scheme_is_unbiased_with_bounded_noise(p):
    """By the closed form of its distribution: mean ``-log p``, variance ``Li2(1 - p) <= pi^2 / 6``."""
    n = np.arange(1, 4000)
    chance, value = p * (1 - p)**(n - 1), geometric_log_loss(n)
    mean = (chance * value).sum()
    variance = (chance * (value - mean)**2).sum()
    assert mean == pytest.approx(-np.log(p), rel=1e-12)
    assert variance == pytest.approx(float(polylog(2, 1 - p).real), rel=1e-9) and variance <= np.pi**2 / 6
    if p == 0.3:
        assert np.sqrt(variance) == pytest.approx(0.9430682, abs=1e-7)
        assert variance == pytest.approx(0.889377624, abs=1e-9)


@pytest.mark.parametrize("rate", [1, 2, 5, 10, 20])
def test_poisson_scheme_is_unbiased(rate):
    """Misses of N draws are Poisson with mean ``rate (1 - p)``."""
    with mp.workdps(30):
        mean = mp.mpf(rate) * mp.mpf("0.7")
        found = mp.fsum(mp.exp(-mean) * mean**m / mp.factorial(m) * mp.mpf(poisson_sum(m, rate).numerator)
                        / poisson_sum(m, rate).denominator for m in range(160))
        assert abs(found + mp.log(mp.mpf("0.3"))) < 1e-3


def outcomes(p, length):
    """All sequences of K = 2 draws, whether each misses, with its probability."""
    for misses in product((False, True), repeat=length):
        yield misses, np.prod([1 - p if miss else p for miss in misses])


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_cap_is_a_bias_by_enumeration(most):
    p = 0.3
    mean = sum(chance * (0.0 if not any(misses) else float(harmonic(misses.index(False) if False in misses else most)))
               for misses, chance in outcomes(p, most))
    series = sum((1 - p)**k / k for k in range(1, most + 1))
    assert mean == pytest.approx(series, rel=1e-13) and series < -np.log(p)
    found = black_box_losses([p, 1 - p], 0, trials=200000, most=most)
    assert found.losses.mean() == pytest.approx(series, abs=0.01) and found.draws.max() == most


def test_means_and_variances_of_trials():
    p = np.array([0.3, 0.7])
    found = black_box_losses(p, 0, trials=200000, seed=1)
    assert found.losses.mean() == pytest.approx(-np.log(0.3), abs=4 * 0.943 / np.sqrt(2e5))
    assert found.losses.std() == pytest.approx(0.9430682, abs=0.01)
    assert found.draws.mean() == pytest.approx(1 / 0.3, abs=0.03)
    poisson = black_box_losses(p, 0, scheme="poisson", trials=200000, rate=20.0)
    assert poisson.losses.mean() == pytest.approx(-np.log(0.3), abs=0.1) and abs(poisson.draws.mean() - 20) < 0.1
    two = black_box_losses(TV, 1, scheme="two draws", trials=200000)
    assert two.losses.mean() == pytest.approx((TV**2).sum() - 2 * TV[1], abs=0.01) and (two.draws == 2).all()
    again = black_box_losses(p, 0, trials=200000, seed=1)
    assert np.array_equal(found.losses, again.losses)
    assert not np.array_equal(found.losses, black_box_losses(p, 0, trials=200000, seed=1, stream=1).losses)


def test_terms_of_the_poisson_scheme_grow_without_bound():
    """The second moment of the k-th term is at least ``k! ((1 - p) / rate)^k / k^2``."""
    terms = [float(mp.factorial(k) * mp.mpf("0.14")**k / k**2) for k in (10, 20, 40, 80)]
    assert terms[0] < 1 and terms[3] > 1e40
    assert kernels.poisson_log_loss_of(60, 5.0, 60) > 1e20


def test_wrong_arguments():
    with pytest.raises(ValueError, match="draws has 0 to 0; allowed: 1"):
        geometric_log_loss(0)
    with pytest.raises(TypeError, match="misses has dtype float64"):
        poisson_log_loss(1.5)
    with pytest.raises(ValueError, match="p is an array"):
        black_box_losses([0.5, 0.2], 0)

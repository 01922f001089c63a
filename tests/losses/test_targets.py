"""Regression by classification: targets and their inverses against definitions, in all formats."""
import doctest
from fractions import Fraction

import ml_dtypes
import mpmath as mp
import numpy as np
import pytest

from toolkit.formats import FORMATS, round_to
from toolkit.losses import targets
from toolkit.losses.targets import categorical, expected_value, hl_gauss, two_hot


def exact_hl_gauss(value, low, high, bins, spread):
    with mp.workdps(80):
        width = mp.mpf(high - low) / bins
        edges = [(low + width * i - mp.mpf(value)) / (spread * width) for i in range(bins + 1)]

        def mass(a, b):
            if b < 0:
                a, b = -b, -a
            return (mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) / 2

        masses = [mass(a, b) for a, b in zip(edges, edges[1:])]
        return [m / mp.fsum(masses) for m in masses]


@pytest.mark.parametrize("spread", [0.05, 0.25, 0.75, 3.0])
@pytest.mark.parametrize("value", [3.3, 0.2, 8.0, 15.0, -4.0, 40.0])
def test_hl_gauss_is_accurate_also_far_outside(value, spread):
    p = hl_gauss(value, low=0, high=8, bins=16, spread=spread)
    for actual, exact in zip(p, exact_hl_gauss(value, 0, 8, 16, spread), strict=True):
        if exact > 1e-300:
            assert abs(float(actual / exact) - 1) <= 4000 * np.finfo(float).eps
        else:
            assert actual <= 1e-299


EPS = {np.float32: 2.0**-23, np.float64: 2.0**-52}
RANGES = [(0, 4, 5), (-1e308, 1e308, 4), (-3e38, 3e38, 7), (1e6, 1e6 + 1, 1000), (0, 1e-300, 3), (-0.3, 0.7, 1),
          (0, 1, 1000)]


def exact_masses(value, low, high, bins, spread):
    """Probabilities of the bins with 60 digits, by tails or at the middle of a short bin."""
    with mp.workdps(60):
        value, low, high, spread = (mp.mpf(float(x)) for x in (value, low, high, spread))
        sigma = spread * (high - low) / bins
        edges = [(low + (high - low) * i / bins - value) / sigma for i in range(bins + 1)]
        nearest = min(abs(e) for e in edges) if not edges[0] < 0 < edges[-1] else mp.mpf(0)

        def mass(a, b):
            a, b = (-b, -a) if b < 0 else (a, b)
            if (b - a) * (abs(a) + abs(b)) < mp.mpf(10) ** -6:
                middle, h = (a + b) / 2, b - a
                return h * mp.exp((nearest**2 - middle**2) / 2) * (1 + h**2 * (middle**2 - 1) / 24)
            if a > 1e9:
                return mp.exp((nearest**2 - a**2) / 2) / a
            return mp.exp(nearest**2 / 2) * (mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) * mp.sqrt(mp.pi / 2)

        masses = [mass(a, b) for a, b in zip(edges, edges[1:])]
        total = mp.fsum(masses)
        return [m / total for m in masses]


def within(dtype, low, high, places):
    with np.errstate(over="ignore"):
        values = dtype([low * (1 - t) + high * t for t in places])
    return values[np.isfinite(values)]


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("spread", [1e-6, 0.01, 0.75, 3.0, 50.0, 1e6, 1e300])
@pytest.mark.parametrize(("low", "high", "bins"), RANGES)
def test_masses_of_intervals_do_not_cancel(low, high, bins, spread, dtype):
    places = [-1e3, -1.1, -1e-9, 0, 0.5, 0.3, 1 / 3, 1 - 1e-12, 1, 1.5, 4, 1e8]
    values = within(dtype, low, high, places if bins < 1000 else places[6:7])
    rows = hl_gauss(values, low=low, high=high, bins=bins, spread=spread)
    assert rows.dtype == dtype and rows.shape == (values.size, bins)
    for value, row in zip(values, rows, strict=True):
        shown = np.flatnonzero(row > 0)[::max(1, bins // 40)]
        exact = exact_masses(value, low, high, bins, spread)
        for i in {*shown.tolist(), 0, bins - 1, int(row.argmax())}:
            bound = min(40 + 6 * abs(float(mp.log(max(exact[i], mp.mpf(10) ** -300)))), 4000) + bins
            assert abs(row[i] - exact[i]) <= bound * EPS[dtype] * exact[i] + np.finfo(dtype).smallest_subnormal


def test_masses_far_outside_lean_on_the_end():
    assert hl_gauss(np.float32(1e8), low=0, high=4, bins=5).tolist() == [0, 0, 0, 0, 1]
    assert hl_gauss(-1e308, low=0, high=5e-324, bins=3).tolist() == [1, 0, 0]
    assert hl_gauss(1e308, low=-1e308, high=1e308, bins=4, spread=5e-324).tolist() == [0, 0, 0, 1]
    assert hl_gauss(0.5, low=0, high=1, bins=2, spread=5e-324).tolist() == [0.5, 0.5]
    assert hl_gauss(0.5, low=0, high=1, bins=4, spread=1.7e308).tolist() == [0.25] * 4
    for values in (np.float32([1e38, -1e38, 0, 3e38]), np.array([1e308, -1e308, 1e-320, 0.0])):
        for low, high in ((-1, 1), (-1.7e308, 1.7e308), (-3.4e38, 3.4e38), (0, 1e-320), (1e308, 1.1e308)):
            for spread in (5e-324, 1e-5, 0.75, 1e5, 1.7e308):
                for bins in (1, 2, 1000):
                    p = hl_gauss(values, low=low, high=high, bins=bins, spread=spread)
                    assert (p >= 0).all() and np.abs(p.sum(axis=-1) - 1).max() <= bins * EPS[p.dtype.type]


def exact_moved(p, reward, discount, low, high):
    """The projection in rational arithmetic, and so the two atoms of one value: ``reward`` with discount 0."""
    low, high, last = Fraction(float(low)), Fraction(float(high)), len(p) - 1
    step, masses = (high - low) / last, [Fraction(0)] * len(p)
    for j, weight in enumerate(p):
        moved = Fraction(float(reward)) + Fraction(float(discount)) * (low + step * j)
        place = (min(max(moved, low), high) - low) / step
        left = min(int(place), last - 1)
        masses[left] += Fraction(float(weight)) * (1 - (place - left))
        masses[left + 1] += Fraction(float(weight)) * (place - left)
    return masses


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize(("low", "high", "bins"), [(a, b, max(n, 2)) for a, b, n in RANGES])
def test_shares_of_atoms_do_not_cancel(low, high, bins, dtype):
    places = [-0.1, 0, 1e-12, 1 / 3, 0.5, 0.77, 1 - 1e-7, 1, 2]
    values = within(dtype, low, high, places)
    rows = two_hot(values, low=low, high=high, bins=bins)
    for value, row in zip(values, rows, strict=True):
        exact = exact_moved([1.0] + [0.0] * (bins - 1), value, 0, low, high)
        for got, right in zip(row.tolist(), exact, strict=True):
            assert abs(Fraction(got) - right) <= Fraction(EPS[dtype]) * right + Fraction(1, 10**30)
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(bins)).astype(dtype)
    for reward, discount in zip([0.0, *values], [1.0, 0.9, 0.1, -1.0, 1e-3] * 2):
        reward, discount = dtype(reward), dtype(discount)
        row = categorical(p, reward, discount, low=low, high=high)
        exact = exact_moved(p, reward, discount, low, high)
        for got, right in zip(row.tolist(), exact, strict=True):
            assert abs(Fraction(got) - right) <= bins * Fraction(EPS[dtype]) * right + Fraction(1, 10**25)


def test_the_way_back_from_wide_ranges():
    assert expected_value([0.5, 0.5], low=-1e308, high=1e308) == 0
    assert expected_value([0.0, 0.0, 1.0], low=-1.7e308, high=1.7e308, places="atoms") == 1.7e308
    back = expected_value(np.float32([0.25, 0.75]), low=-3e38, high=3e38, places="atoms")
    assert back.dtype == np.float32 and back == np.float32(1.5e38)
    assert categorical([0.5, 0.5], np.inf, 1.0, low=-1e308, high=1e308).tolist() == [0, 1]
    assert categorical([0.5, 0.5], -1.5e308, 2.0, low=-1e308, high=1e308).tolist() == [0.5 + 0.125, 0.5 - 0.125]


def test_hl_gauss_reference_values():
    p = hl_gauss(3.3, low=0, high=8, bins=8)
    expected = [0.0010768937664189099, 0.040436138077216334, 0.3030616790914351, 0.4801003954111093,
                0.16361953239975066, 0.011546251987126133, 0.0001587052590707951, 4.04007873e-07]
    assert p.tolist() == pytest.approx(expected, rel=2e-9)
    assert expected_value(p, low=0, high=8) == pytest.approx(3.3000251316375815, rel=1e-14)
    assert hl_gauss(15.0, low=0, high=8, bins=8)[-1] == pytest.approx(0.9999985792151737, rel=1e-13)
    edge = hl_gauss(0.2, low=0, high=8, bins=8)
    assert expected_value(edge, low=0, high=8) == pytest.approx(0.7501142540441712, rel=1e-13)


@pytest.mark.parametrize(("spread", "worst"), [(0.25, 0.0927205), (0.5, 0.0022892), (0.75, 4.79453e-6)])
def test_bias_of_the_mean_follows_the_formula(spread, worst):
    values = np.linspace(10, 11, 401)
    bias = expected_value(hl_gauss(values, low=0, high=20, bins=20, spread=spread), low=0, high=20) - values
    assert np.abs(bias).max() == pytest.approx(worst, rel=1e-4)
    assert np.abs(bias).max() == pytest.approx(np.exp(-2 * np.pi**2 * spread**2) / np.pi, rel=1e-3)


def test_naive_hl_gauss_agrees_inside_and_dies_outside():
    values = np.linspace(0, 8, 33)
    kept = {"low": 0, "high": 8, "bins": 8}
    np.testing.assert_allclose(hl_gauss(values, form="naive", **kept), hl_gauss(values, **kept), atol=1e-14)
    assert np.isnan(hl_gauss(np.float32(13), form="naive", **kept)).all()
    assert np.isfinite(hl_gauss(np.float32([13, 1e4, -1e4]), **kept)).all()


@pytest.mark.parametrize("format", FORMATS)
def test_formats(format):
    p = hl_gauss([0.5, 3.3, 7.9], low=0, high=8, bins=8, format=format)
    assert np.array_equal(p, round_to(p, format))
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=0.3 if format.startswith("float8") else 0.05)
    q = two_hot([0.5, 3.3, 7.9, 8.0], low=0, high=8, bins=9, format=format)
    assert np.array_equal(q, round_to(q, format)) and (q >= 0).all()


def test_two_hot_keeps_the_mean_and_moves_what_is_outside():
    values = np.array([[-1.0, 0.0, 0.3], [3.999, 4.0, 7.0]])
    p = two_hot(values, low=0, high=4, bins=9)
    assert p.shape == (2, 3, 9) and ((p > 0).sum(axis=-1) <= 2).all()
    np.testing.assert_allclose(expected_value(p, low=0, high=4, places="atoms"), np.clip(values, 0, 4), atol=1e-15)
    assert np.isnan(two_hot(np.nan, low=0, high=4, bins=9)).any()


def test_categorical_against_the_kernel_of_the_definition():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(7), size=20)
    rewards, discounts = rng.normal(size=20) * 2, rng.uniform(0, 1, 20)
    atoms = np.linspace(-2, 2, 7)
    moved = np.clip(rewards[:, None] + discounts[:, None] * atoms, -2, 2)
    share = np.clip(1 - np.abs(moved[:, None, :] - atoms[None, :, None]) / (atoms[1] - atoms[0]), 0, 1)
    result = categorical(p, rewards, discounts, low=-2, high=2)
    np.testing.assert_allclose(result, (share * p[:, None, :]).sum(axis=-1), atol=1e-14)
    mean = expected_value(result, low=-2, high=2, places="atoms")
    np.testing.assert_allclose(mean, (p * moved).sum(axis=1), atol=1e-14)


def test_categorical_reference_and_where_the_naive_form_loses_everything():
    p = [0.1, 0.2, 0.4, 0.2, 0.1]
    expected = [0.05, 0.17, 0.36, 0.28, 0.14]
    assert categorical(p, 0.3, 0.9, low=-2, high=2).tolist() == pytest.approx(expected, rel=1e-12)
    assert categorical(p, 1, 1, low=-2, high=2).sum() == pytest.approx(1, rel=1e-15)
    assert not categorical(p, 1, 1, low=-2, high=2, form="naive").any()
    assert np.isnan(categorical(p, np.nan, 1, low=-2, high=2)).any()


def test_one_law_moves_by_many_rewards_and_keeps_its_dtype():
    p, rewards = np.float32([0.1, 0.2, 0.4, 0.2, 0.1]), np.random.default_rng(0).normal(size=(3, 2))
    moved = categorical(p, rewards, 0.5, low=-2, high=2)
    assert moved.dtype == np.float32 and moved.shape == (3, 2, 5)
    np.testing.assert_array_equal(moved[1, 1], categorical(p, rewards[1, 1], 0.5, low=-2, high=2))
    column = categorical(np.stack([p, p]), [[1.0], [0.5]], 0.5, low=-2, high=2)
    np.testing.assert_array_equal(column[1], categorical(p, 0.5, 0.5, low=-2, high=2))
    with pytest.raises(ValueError, match=r"^categorical\(\): discounts has shape \(2,\); .* \(3,\), one for each row"):
        categorical(np.stack([p] * 3), 0.0, [1.0, 1.0], low=-2, high=2)
    for dtype in (np.float16, np.float32, np.float64):
        assert hl_gauss(dtype(0.5), low=0, high=1, bins=4).dtype == two_hot(dtype(0.5), low=0, high=1, bins=4).dtype
        mean = expected_value(np.full(4000, 1 / 4000, dtype), low=0, high=1)
        assert mean.dtype == dtype and abs(float(mean) - 0.5) < 4 * np.finfo(dtype).eps


@pytest.mark.parametrize(("call", "message"), [
    (lambda: hl_gauss(1, low=2, high=2, bins=4), "low is 2 and high is 2; allowed: finite numbers, low < high"),
    (lambda: hl_gauss(1, low=0, high=2, bins=0), "bins is 0; allowed: an integer from 1"),
    (lambda: hl_gauss(1, low=0, high=2, bins=4, spread=0), "spread is 0; allowed"),
    (lambda: hl_gauss(1, low=0, high=2, bins=4, form="exact"), "form is 'exact'; allowed: 'naive', 'stable'"),
    (lambda: two_hot(1, low=0, high=2, bins=1), "bins is 1; allowed: an integer from 2"),
    (lambda: categorical([1.0], 1, 1, low=0, high=1), r"p has shape \(1,\); allowed: at least 2 atoms"),
    (lambda: expected_value([1.0], low=0, high=1, places="edges"), "places is 'edges'")])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_categorical_takes_rewards_in_float64_and_sums_that_do_not_drift():
    p = np.float32([1, 0, 0, 0, 0])
    found = categorical(p, 100000001.0, 0.0, low=1e8, high=1e8 + 4)
    assert found.tolist() == [0, 1, 0, 0, 0] and found.dtype == np.float32
    many = np.full(100003, 1 / 100003, np.float32)
    assert categorical(many, 0.0, 0.0, low=0, high=1)[0] == pytest.approx(many.sum(dtype=float), rel=1e-7)


def test_categorical_keeps_bfloat16():
    p = np.full(4, 0.25, ml_dtypes.bfloat16)
    found = categorical(p, 0.0, 0.5, low=0, high=1)
    assert found.dtype == p.dtype and found.tolist() == [0.375, 0.5, 0.125, 0]


def test_examples_in_docstrings():
    result = doctest.testmod(targets)
    assert result.attempted > 0 == result.failed

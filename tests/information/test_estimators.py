"""Estimators of a layer's information: published values, NumPy by the definition, many digits, differences, limits."""
import doctest

import mpmath as mp
import numpy as np
import pytest

from toolkit import grad, value_and_grad, vjp
from toolkit.formats import round_to
from toolkit.information import (
    _binned,
    _kernel_density,
    _symbols,
    bin_edges,
    binned_information,
    distinct_information,
    kde_information,
)

T = np.array([[0, 0], [0, .1], [.2, 0], [5, .3], [0, 40], [.4, .2], [0, 0], [7, 9]])
Y = np.array([0, 0, 0, 1, 1, 1, 0, 1])
SCALES, BOUNDS = ("fixed", "max", "max_squared"), ("upper", "lower")


def layer(seed, n=40, units=3, relu=True):
    t = np.random.default_rng(seed).normal(size=(n, units))
    return np.maximum(t, 0) if relu else np.tanh(t)


def labels(n=40, classes=3):
    return np.random.default_rng(7).integers(0, classes, n)


def entropy_of(symbols):
    """In bits, in 40 digits."""
    _, counts = np.unique(symbols, axis=0, return_counts=True)
    with mp.workdps(40):
        return mp.fsum(mp.mpf(int(c)) / len(symbols) * mp.log(mp.mpf(len(symbols)) / int(c), 2) for c in counts)


def said_of(symbols, y):
    """``H(b) - sum p_c H(b | c)``."""
    with mp.workdps(40):
        return entropy_of(symbols) - mp.fsum(mp.mpf(int((y == c).sum())) / len(y) * entropy_of(symbols[y == c])
                                             for c in np.unique(y))


def test_reference_values():
    assert bin_edges(T, bins=4, low=0.0).tolist() == [0, .1, .3, 5, 9, 40]
    assert (binned_information(T, bins=4, low=0.0), binned_information(T, Y, bins=4, low=0.0)) == (2.75, 1.0)
    for edges in ("range", (0, 40)):
        assert binned_information(T, bins=4, edges=edges) == pytest.approx(.5435644432, abs=1e-10)
        assert binned_information(T, Y, bins=4, edges=edges) == pytest.approx(.1379253810, abs=1e-10)
    fixed = {"scale": "fixed"}
    assert kde_information(T, variance=.1, **fixed) == pytest.approx(1.79126182532, abs=2e-11)
    assert kde_information(T, variance=.1, bound="lower", **fixed) == pytest.approx(1.61783057513, abs=2e-11)
    assert kde_information(T, Y, variance=.1, **fixed) == pytest.approx(.72647642743, abs=2e-11)
    assert kde_information(T, variance=1.0, **fixed) == pytest.approx(1.57713605756, abs=2e-11)
    assert kde_information(T, variance=1.0, bound="lower", **fixed) == pytest.approx(1.50540728597, abs=2e-11)


@pytest.mark.parametrize("format", [None, "float16", "float8_e4m3fn"])
def test_distinct_rows_against_the_definition(format):
    for seed in range(4):
        t, y = layer(seed, 60, 2, relu=seed % 2), labels(60)
        rounded = t if format is None else round_to(t, format)
        for given, right in (((t,), entropy_of(rounded)), ((t, y), said_of(rounded, y))):
            assert abs(distinct_information(*given, format=format) - right) <= 1e-14 * np.log2(60)


@pytest.mark.parametrize("bins", [1, 2, 7, 30, 200])
def test_edges_against_numpy(bins):
    for relu, low in ((True, 0.0), (False, None), (False, -0.5)):
        t = layer(3, relu=relu)
        levels = np.unique(t)
        levels = levels if low is None else levels[levels > low]
        right = [-np.inf if low is None else low, *levels[np.arange(bins) * len(levels) // bins], levels[-1]]
        assert bin_edges(t, bins=bins, low=low).tolist() == right
        np.testing.assert_allclose(bin_edges(t, bins=bins, edges="range"), np.linspace(t.min(), t.max(), bins + 1),
                                   rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("name", ["binned_information", "equal_bins_information", "fixed_bins_information"])
def test_bins_against_the_definition(name):
    options = {"binned_information": {"low": 0.0}, "equal_bins_information": {"edges": "range"},
               "fixed_bins_information": {"edges": (0.0, 2.0)}}[name]
    for seed in range(4):
        t, y = layer(seed), labels()
        for bins in (1, 3, 12, 50):
            edges = bin_edges(t, bins=bins, **options)
            codes = np.digitize(t, edges) - 1
            codes = codes.clip(0, None if name == "binned_information" else bins - 1)
            for given, right in (((t,), entropy_of(codes)), ((t, y), said_of(codes, y))):
                assert abs(binned_information(*given, bins=bins, **options) - right) <= 1e-14 * np.log2(40)


def exact_bound(t, y, variance, scale, bound):
    """The sums over pairs in 40 digits, after the largest activation is found in float64."""
    with mp.workdps(40):
        rows = [[mp.mpf(float(v)) for v in row] for row in t]
        largest = mp.mpf(float(abs(t).max()))
        double = {"fixed": 1, "max": largest, "max_squared": largest**2}[scale]
        double *= (8 if bound == "lower" else 2) * mp.mpf(variance)

        def of(places):
            near = [[mp.exp(-mp.fsum((a - b) ** 2 for a, b in zip(rows[i], rows[j])) / double) for j in places]
                    for i in places]
            return -mp.fsum(mp.log(mp.fsum(row) / len(places), 2) for row in near) / len(places)

        whole = of(range(len(t)))
        if y is None:
            return whole
        return whole - mp.fsum(mp.mpf(int((y == c).sum())) / len(y) * of(np.flatnonzero(y == c)) for c in np.unique(y))


@pytest.mark.parametrize("name", ["kde_information", "kde_lower_information", "kde_information_of_max",
                                  "kde_information_of_square"])
def test_bounds_in_forty_digits(name):
    bound = "lower" if "lower" in name else "upper"
    scale = {"kde_information_of_max": "max", "kde_information_of_square": "max_squared"}.get(name, "fixed")
    t, y = layer(1) * 3, labels()
    for variance in (1e-12, 1e-3, 0.1, 1.0, 100.0, 1e12):
        options = {"variance": variance, "scale": scale, "bound": bound}
        right = exact_bound(t, None, variance, scale, bound)
        assert abs(kde_information(t, **options) - right) <= 1e-13 * right, (variance, right)
        assert abs(kde_information(t, y, **options) - exact_bound(t, y, variance, scale, bound)) <= 1e-13 * right


def test_accuracy_of_kde_information():
    for n in (2, 17, 40):
        t = layer(n, n, 5, relu=False)
        for variance in (1e-3, 30.0, 1e9):
            right = exact_bound(t, None, variance, "max_squared", "upper")
            assert abs(kde_information(t, variance=variance) - right) <= 1e-13 * right


def test_accuracy_of_distinct_information():
    t = np.repeat(np.arange(37.0), np.arange(1, 38))[:, None]
    assert abs(distinct_information(t) - entropy_of(t)) <= 1e-14 * np.log2(len(t))


def test_accuracy_of_binned_information():
    t = layer(11, 500, 1)
    codes = np.digitize(t, bin_edges(t, bins=9, low=0.0)) - 1
    assert abs(binned_information(t, bins=9, low=0.0) - entropy_of(codes)) <= 1e-14 * np.log2(500)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("labelled", [False, True])
def test_gradient_against_differences(scale, bound, labelled):
    t, y, step = layer(5, 12, 2, relu=False) + 2.0, labels(12) if labelled else None, 1e-3
    t[4, 1] = -4.0  # the largest, below 0, so that no step changes which one it is
    options = {"labels": y, "variance": 0.05, "scale": scale, "bound": bound}
    value, gradient = value_and_grad(kde_information)(t, **options)
    assert value == kde_information(t, **options)
    for i in range(t.shape[0]):
        for k in range(t.shape[1]):
            ends = {}
            for way in (-2, -1, 1, 2):
                moved = t.copy()
                moved[i, k] += way * step
                ends[way] = kde_information(moved, **options)
            slope = (8 * (ends[1] - ends[-1]) - (ends[2] - ends[-2])) / (12 * step)
            assert gradient[i, k] == pytest.approx(slope, rel=1e-8, abs=1e-10)
    assert np.allclose(vjp(kde_information, t, **options)[1](-3.0), -3 * gradient, rtol=1e-14)


def test_gradient_of_what_knows_no_scale_is_level_along_the_scale():
    for seed in range(3):
        t = layer(seed)
        gradient = grad(kde_information)(t, variance=0.02)
        assert abs((gradient * t).sum()) < 1e-13 * np.abs(gradient * t).sum()
        assert gradient.dtype == np.float64 and grad(kde_information)(np.float32(t)).dtype == np.float32
    assert (grad(kde_information)(np.ones((4, 2))) == 0).all()
    assert (grad(kde_information)(layer(1), variance=0.0) == 0).all()


def test_bounds_of_information():
    for seed in range(6):
        t, y = layer(seed, relu=seed % 2), labels()
        whole = entropy_of(y[:, None])
        for of in (distinct_information, lambda *a: binned_information(*a, bins=5),
                   lambda *a: binned_information(*a, bins=5, edges="range")):
            assert 0 <= of(t, y) <= min(whole, of(t)) + 1e-12 and of(t) <= np.log2(40) + 1e-12
        for scale in SCALES:
            for variance in (1e-4, 1e-2, 1.0):
                upper, lower = (kde_information(t, variance=variance, scale=scale, bound=bound)
                                for bound in BOUNDS)
                assert 0 <= lower <= upper <= np.log2(40) + 1e-12


def test_adaptive_bins_see_no_increasing_function():
    t, y = layer(9), labels()
    for change in (np.exp, np.sqrt, lambda x: x**3, lambda x: 1e-200 * x, lambda x: 1e200 * x):
        moved = change(t)
        low = float(moved.min())  # that of the many zeros
        for given in ((), (y,)):
            assert (binned_information(moved, *given, bins=6, low=low)
                    == binned_information(t, *given, bins=6, low=0.0))
            assert binned_information(moved, *given, bins=6) == binned_information(t, *given, bins=6)


def test_limits_of_the_noise():
    t, y = layer(2, relu=False), labels()
    assert kde_information(t, variance=0.0) == pytest.approx(np.log2(40), rel=1e-14)
    assert kde_information(t, y, variance=0.0) == pytest.approx(distinct_information(t, y), rel=1e-13)
    assert kde_information(t, variance=1e-30) == pytest.approx(np.log2(40), rel=1e-14)
    small = kde_information(t, variance=1e30)
    assert 0 < small < 1e-29 and kde_information(t, variance=1e33) == pytest.approx(small / 1000, rel=1e-12)
    doubled = np.vstack([t, t])
    assert kde_information(doubled, variance=0.0) == pytest.approx(np.log2(40), rel=1e-14)


def test_a_power_of_two_changes_no_bit_where_the_noise_scales():
    t = layer(4)
    for factor in (2.0**-500, 2.0**-3, 2.0**40, 2.0**500):
        assert kde_information(t * factor) == kde_information(t)
        assert (kde_information(t * 2.0**6, variance=1e-3 * 4.0**6, scale="fixed")
                == kde_information(t, variance=1e-3, scale="fixed"))
    assert binned_information(t * 2.0**500, edges="range") == binned_information(t, edges="range")


def test_the_naive_form_cancels():
    t = np.float32([[3000.0], [3000.1]])
    options = {"variance": 1e-3, "scale": "fixed"}
    assert kde_information(t, form="naive", **options) == 0.0
    right = exact_bound(t.astype(float), None, 1e-3, "fixed", "upper")
    assert kde_information(t, **options) == pytest.approx(float(right), rel=1e-13)
    assert kde_information(np.float32([[3000.0], [3001.5]]), form="naive", **options) != 1.0
    far = np.float32(layer(3)) + np.float32(1e4)  # distances below 0
    assert not abs(kde_information(far, form="naive", **options) - np.log2(40)) < 1e-3
    t, y = layer(6), labels()
    for scale in SCALES:
        for given in ((), (y,)):
            naive, stable = (kde_information(t, *given, scale=scale, variance=0.1, form=form)
                             for form in ("naive", "stable"))
            assert naive == pytest.approx(stable, rel=1e-11)
    assert abs(kde_information(t, form="naive", format="float16") - kde_information(t)) > 1e-4


@pytest.mark.parametrize("format", ["float32", "float16", "bfloat16", "float8_e5m2"])
def test_formats(format):
    t, y = layer(8), labels()
    rounded = np.asarray(round_to(t, format), float)
    assert distinct_information(t, y, format=format) == distinct_information(rounded, y)
    differences = (rounded[:, None] - rounded[None]).reshape(-1, 3)
    exact = (np.asarray(round_to(differences, format), float) == differences).all()
    found, right = kde_information(t, format=format), kde_information(rounded)
    assert found == right if exact else found == pytest.approx(right, abs=0.2)


def test_special_values():
    every = (distinct_information, binned_information, lambda *a: binned_information(*a, edges="range"),
             lambda *a: binned_information(*a, edges=(0, 1)), kde_information,
             lambda *a: kde_information(*a, form="naive", scale="fixed"))
    broken = layer(1)
    broken[3, 1] = np.nan
    for of in every:
        assert np.isnan(of(broken)) and np.isnan(of(broken, labels()))
        assert of(np.full((5, 2), 3.0)) == of(np.zeros((5, 2))) == of([[2.0]]) == of([[2.0]], [7]) == 0
        for empty in (np.zeros((0, 2)), np.zeros((3, 0)), np.zeros(3)):
            with pytest.raises(ValueError, match="activations has shape"):
                of(empty)
        with pytest.raises(ValueError, match="labels has shape"):
            of(broken, [0, 1])
    assert np.isnan(bin_edges(broken, bins=3)).all()
    assert distinct_information([[0.0], [-0.0]]) == 0
    assert bin_edges([[0.0, -1.0]], bins=2, low=0.0).tolist() == [0, np.inf, np.inf, np.inf]
    assert binned_information([[0.0], [-1.0], [1.0]], low=0.0) == pytest.approx(0.9182958340544896)
    assert binned_information([[0.0], [np.inf], [1.0]], bins=4) == pytest.approx(np.log2(3))
    assert np.isnan(binned_information([[0.0], [np.inf], [1.0]], edges="range"))
    assert distinct_information([[True], [False]], [True, False]) == 1
    assert kde_information([[0.0], [np.inf]], scale="fixed") == 1
    for wrong in ((1.0, 0.0), (0.0, np.inf), (0, 1, 2), "other", None, 3):
        with pytest.raises((ValueError, TypeError), match="edges is"):
            binned_information(T, edges=wrong)


@pytest.mark.parametrize("module", [_symbols, _binned, _kernel_density])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed

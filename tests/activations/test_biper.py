"""Bits with a surrogate slope: published numbers, many digits, formats, signs at zero, layouts."""
import inspect

import numpy as np
import pytest
from catalog_cases import all_hold, for_each
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import grad, vjp
from toolkit.activations import approximate_sign, biper, biper_sine, straight_through_sign
from toolkit.activations._elementwise import slope as slope_of
from toolkit.catalog import get_method
from toolkit.formats import FORMATS, round_to, ulp_error

ROWS = [get_method(name) for name in ("biper", "biper_sine", "straight_through_sign", "approximate_sign")]


def sign(x):
    return mpf(1) if x >= 0 else mpf(-1)


VALUES = {"biper": lambda x, w: sign(mp.sin(w * x)), "biper_sine": lambda x, w: mp.sin(w * x),
          "straight_through_sign": lambda x, window: sign(x), "approximate_sign": sign}
SLOPES = {"biper": lambda x, w: w * mp.cos(w * x), "biper_sine": lambda x, w: w * mp.cos(w * x),
          "straight_through_sign": lambda x, window: mpf(abs(x) <= window),
          "approximate_sign": lambda x: max(2 - 2 * abs(x), mpf(0))}


def numbers(dtype):
    rng = np.random.default_rng(3)
    size = 10 ** rng.uniform(-6, 6, 400)
    return np.concatenate([rng.uniform(-2, 2, 400), rng.choice([-1, 1], 400) * size, [0, 0.25, -0.5, 1, -1]]).astype(
        dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("derivative", [False, True])
@for_each(ROWS)
def test_accuracy_is_what_the_docstring_says(method, derivative, dtype):
    declared, x = method.function.elementwise, numbers(dtype)
    assert method.name in ("biper", "biper_sine", "straight_through_sign", "approximate_sign")
    bound = declared.slope_ulp if derivative else declared.ulp
    found = method.slope_at(x) if derivative else method(x)
    with mp.workdps(60):
        table, given = (SLOPES if derivative else VALUES), [mpf(value) for _, value in method.parameters]
        exact = [table[method.name](mpf(float(each)), *given) for each in x]
        units = [float(np.spacing(dtype(abs(float(each))))) for each in exact]
        right = [abs(mpf(float(y)) - true) <= bound * unit for y, true, unit in zip(found, exact, units, strict=True)]
    all_hold(right, found, np.array(exact, float), given=x, of=f"{method.name} within {bound} ulp")
    assert f"t most {declared.ulp:g} ulp, the derivative at most {declared.slope_ulp:g} ulp" in " ".join(
        inspect.getdoc(method.function).split())


def test_reference_values():
    """ω = 20: the bits, the slopes, and one that points down."""
    assert_array_equal(biper([0.02, 0.1, -0.2]), [1, 1, 1])
    assert_allclose(slope_of(biper, [0.02, 0.1, -0.2]), [18.4212198800577, -8.32293673094285, -13.0728724172722],
                    rtol=1e-13)
    assert grad(biper)(0.1) == slope_of(biper_sine, 0.1) < 0 < grad(straight_through_sign)(0.1) == 1


def test_naive_angles_flip_bits():
    """float16 and float32 round the angle; the stable form takes the exact product."""
    assert float(biper_sine(4.7109375, form="naive", format="float16")) == pytest.approx(0.0022, abs=1e-4)
    assert float(biper_sine(4.7109375, format="float16")) == pytest.approx(-0.0290, abs=1e-4)
    assert biper(4.7109375, form="naive", format="float16") == 1 and biper(4.7109375, format="float16") == -1
    x = np.float32(3703.68) / np.float32(20)
    exact = np.sin(20 * np.float64(x))
    assert abs(biper_sine(x) - exact) < 1e-7 < abs(biper_sine(x, form="naive") - exact)


@for_each(ROWS)
def test_special_values(method):
    assert np.isnan(method(np.nan)) and np.isnan(method.slope_at(np.nan))
    assert_array_equal(method.function([0.0, -0.0]), [0, 0] if method.name == "biper_sine" else [1, 1])
    ends = method([np.inf, -np.inf])
    assert np.isnan(ends).all() if "biper" in method.name else ends.tolist() == [1, -1]


@for_each(ROWS)
def test_dtypes_formats_and_layouts(method):
    x = numbers(np.float64)[:400].reshape(20, 20)
    for dtype in (np.float16, np.float32, np.float64):
        assert method(x.astype(dtype)).dtype == dtype == method.slope_at(x.astype(dtype)).dtype
    assert_array_equal(method(x.T), method(x).T)
    assert method(np.array([1, 2])).dtype == np.float64 and method(np.zeros((0, 3))).shape == (0, 3)
    for format in FORMATS:
        for found in (method(x, format=format), method.slope_at(x, format=format)):
            assert_array_equal(found, round_to(found, format))
    rounded = round_to(x, "float16")
    assert ulp_error(method(rounded, format="float16"), method(rounded), "float16").max() <= 0.51


def test_invariants():
    x = np.random.default_rng(0).uniform(-1, 1, 2000)
    assert set(np.unique(biper(x))) == {-1, 1}
    assert_allclose(biper_sine(x + np.pi / 10), biper_sine(x), atol=1e-13)
    assert_array_equal(biper(-x), -biper(x))
    assert abs(slope_of(biper, x)).max() <= 20
    step = 1e-5
    assert_allclose(slope_of(biper, x), (biper_sine(x + step) - biper_sine(x - step)) / (2 * step), atol=1e-5)
    changes = np.count_nonzero(np.diff(biper(np.linspace(0.001, 10.001, 200_001))))
    assert changes == int(20 * 10 / np.pi)


def test_the_slope_of_bits_is_a_surrogate():
    value, pull = vjp(straight_through_sign, [-2.0, -0.5, 0.5], window=1.0)
    assert_array_equal(pull(np.ones(3)), [0, 1, 1])
    value, pull = vjp(approximate_sign, [-2.0, -0.5, 0.25])
    assert_array_equal(pull(np.ones(3)), [0, 1, 1.5])
    with pytest.raises(ValueError, match="omega is 0.0; allowed: numbers > 0"):
        biper(1.0, omega=0.0)
    with pytest.raises(ValueError, match="window is -1.0; allowed: numbers >= 0"):
        straight_through_sign(1.0, window=-1.0)

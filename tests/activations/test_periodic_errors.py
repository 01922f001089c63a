"""What periodic bits miss, by both definitions: integrals in many digits, published numbers, differences."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose

from toolkit import grad
from toolkit.activations import laplace_quantization_error, periodic_penalty, periodic_quantization_error

WEIGHTS = np.random.default_rng(0).laplace(0, 0.05, 200)
EPS = np.finfo(float).eps


def expected(of, c):
    """``E of(|sin(c w)|)`` of a Laplace density of scale 1, over half periods that repeat."""
    half = mp.pi / c
    one = mp.quad(lambda w: of(mp.sin(c * w)) * mp.exp(-w), [0, half / 2, half])
    return one / (1 - mp.exp(-half))


@pytest.mark.parametrize("c", [0.01, 0.3, 0.5, 0.954882471, 1.0, 2.5, 20.0, 300.0])
def test_expected_errors_are_integrals(c):
    with mp.workdps(30):
        mean, square = expected(lambda s: s, mpf(c)), expected(lambda s: s * s, mpf(c))
        spread = laplace_quantization_error(c, omega=1)
        assert abs(spread - (square - mean**2)) <= 8 * EPS * square
        assert abs(laplace_quantization_error(c, omega=1, measure="distance") - (1 - mean)) <= 8 * EPS


def test_published_values():
    assert_allclose([laplace_quantization_error(c, omega=1) for c in (0.5, 1, 20, 0.954882471)],
                    [0.0888003603184532, 0.102794353695317, 0.0947624240152737, 0.102834609038], rtol=1e-11)
    assert_allclose([laplace_quantization_error(c, omega=1, measure="distance") for c in (0.5, 1, 5)],
                    [0.5985, 0.4548, 0.3679], atol=1e-4)
    assert laplace_quantization_error(1e300) == pytest.approx(0.5 - 4 / np.pi**2)
    assert laplace_quantization_error(1e-300) < 1e-290
    assert laplace_quantization_error(1e-300, measure="distance") == pytest.approx(1)


def test_one_is_monotone_and_the_other_is_not():
    c = np.geomspace(1e-3, 1e3, 400)
    spread = np.array([laplace_quantization_error(each, omega=1.0) for each in c])
    distance = np.array([laplace_quantization_error(each, omega=1.0, measure="distance") for each in c])
    assert (np.diff(distance) <= 1e-15).all() and 0.9 < c[spread.argmax()] < 1.0
    assert (np.diff(spread[:spread.argmax()]) > 0).all() and spread[-1] < spread.max() - 0.008


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_of_weights_in_digits(dtype):
    x = WEIGHTS.astype(dtype)
    with mp.workdps(40):
        s = [mp.sin(20 * mpf(float(w))) for w in x]
        mean = mp.fsum(map(abs, s)) / len(s)
        right = {"spread": mp.fsum((abs(a) - mean) ** 2 for a in s) / len(s), "distance": 1 - mean}
        for measure, value in right.items():
            found = periodic_quantization_error(x, measure=measure)
            assert found.dtype == dtype and abs(mpf(float(found)) - value) <= 8 * float(np.finfo(dtype).eps)
        found = periodic_penalty(x, strength=-0.5)
        assert abs(mpf(float(found)) + mp.fsum(a * a for a in s) / len(s) / 2) <= 4 * float(np.finfo(dtype).eps)


def test_weights_of_a_laplace_density_come_near_what_is_expected():
    x = np.random.default_rng(1).laplace(0, 0.05, 400_000)
    for measure in ("spread", "distance"):
        assert periodic_quantization_error(x, measure=measure) == pytest.approx(
            laplace_quantization_error(0.05, measure=measure), abs=1e-3)


@pytest.mark.parametrize("call", [
    lambda x: periodic_quantization_error(x), lambda x: periodic_quantization_error(x, measure="distance"),
    lambda x: periodic_penalty(x, strength=0.037), lambda x: periodic_penalty(x, strength=-1.0)])
def test_gradients_against_differences(call):
    function = periodic_penalty if "penalty" in call.__code__.co_names else periodic_quantization_error
    options = [o for o in ({}, {"measure": "distance"}, {"strength": 0.037}, {"strength": -1.0})
               if function is (periodic_penalty if "strength" in o else periodic_quantization_error)]
    x, step = WEIGHTS[:12], 1e-6
    for each in options:
        found = grad(function)(x, **each)
        for i in range(12):
            ahead, behind = x.copy(), x.copy()
            ahead[i] += step
            behind[i] -= step
            assert found[i] == pytest.approx((function(ahead, **each) - function(behind, **each)) / (2 * step),
                                             rel=1e-5, abs=1e-6)


def test_the_sign_of_the_penalty_decides_where_weights_go():
    """Plus: towards the zeros of the sine, where bits change; minus: away from them."""
    w = np.array([0.05])  # sin(1) > 0, and on the way up to its top
    assert grad(periodic_penalty)(w, strength=1.0) > 0 > grad(periodic_penalty)(w, strength=-1.0)


def test_special_values_and_wrong_arguments():
    assert np.isnan(periodic_penalty([0.1, np.nan])) and np.isnan(periodic_quantization_error([np.inf, 0.1]))
    assert periodic_penalty(np.float16([0.1])).dtype == np.float16
    for call, said in ((lambda: periodic_penalty([]), r"x has shape \(0,\); allowed: at least one weight"),
                       (lambda: laplace_quantization_error(-1.0), "scale is -1.0; allowed: a finite number > 0"),
                       (lambda: periodic_quantization_error([1.0], measure="both"), "measure is 'both'; allowed: ")):
        with pytest.raises(ValueError, match=said):
            call()

"""Special values, edges of the range, types and symmetry, in both float types."""
import itertools
import math

import numpy as np
import pytest

from toolkit import elementary
from toolkit._core.kernel import kernel
from toolkit.elementary import cos, erf, exp, exp2, expm1, log, log1p, pow, sigmoid, sin, softplus, tanh

INF, NAN = math.inf, math.nan
FLOATS = (np.float32, np.float64)

LIMITS = {
    exp: [(0.0, 1), (-0.0, 1), (INF, INF), (-INF, 0), (NAN, NAN)],
    exp2: [(0.0, 1), (-0.0, 1), (1.0, 2), (-1.0, 0.5), (100.0, 2.0**100), (INF, INF), (-INF, 0), (NAN, NAN)],
    expm1: [(0.0, 0.0), (INF, INF), (-INF, -1), (-50.0, -1), (NAN, NAN)],
    log: [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-INF, NAN), (INF, INF), (NAN, NAN)],
    log1p: [(0.0, 0.0), (-1.0, -INF), (-2.0, NAN), (-INF, NAN), (INF, INF), (NAN, NAN)],
    tanh: [(0.0, 0.0), (30.0, 1), (-30.0, -1), (INF, 1), (-INF, -1), (NAN, NAN)],
    sigmoid: [(0.0, 0.5), (-0.0, 0.5), (50.0, 1), (INF, 1), (-INF, 0), (NAN, NAN)],
    softplus: [(50.0, 50), (INF, INF), (-INF, 0), (NAN, NAN)],
    erf: [(0.0, 0.0), (6.0, 1), (-6.0, -1), (INF, 1), (-INF, -1), (NAN, NAN)],
    sin: [(0.0, 0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    cos: [(0.0, 1), (-0.0, 1), (INF, NAN), (-INF, NAN), (NAN, NAN)],
}
ODD_AT_ZERO = (expm1, log1p, tanh, erf, sin)


@kernel
def vectorised(x, out):
    for i in range(x.size):
        out[i] = exp(log(x[i])) + log1p(expm1(x[i]))


@kernel
def typed(x, out):
    out[0] = exp(x)
    out[1] = pow(x, x)


def same(a, b):
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("function", LIMITS, ids=lambda f: f.__name__)
def test_limits(function, dtype):
    for x, expected in LIMITS[function]:
        assert same(function(dtype(x)), expected), x


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("function", ODD_AT_ZERO, ids=lambda f: f.__name__)
def test_zero_keeps_its_sign_and_small_numbers_their_value(function, dtype):
    assert math.copysign(1, function(dtype(-0.0))) == -1
    assert math.copysign(1, function(dtype(0.0))) == 1
    for bits in (1, 2, 3, 1000):
        x = dtype(bits) * np.finfo(dtype).smallest_subnormal
        scale = 2 / math.sqrt(math.pi) if function is erf else 1
        for signed in (x, -x):
            assert function(signed) == dtype(scale * float(signed))


@pytest.mark.parametrize(("function", "x", "expected"), [
    (exp, 709.782712893384, 1.7976931348622732e308), (exp, 709.7827128933841, INF),
    (exp, -745.1332191019411, 5e-324), (exp, -745.1332191019412, 0.0), (exp, -1e300, 0.0), (exp, 1e300, INF),
    (exp2, 1024.0, INF), (exp2, 1023.0, 2.0**1023), (exp2, -1074.0, 5e-324), (exp2, -1075.0, 0.0),
    (exp2, -1074.9999999999998, 5e-324), (exp2, -1022.0, 2.0**-1022), (exp2, -1e308, 0.0),
    (expm1, 709.782712893384, 1.7976931348622732e308), (expm1, 709.7827128933841, INF), (expm1, -37.5, -1.0),
    (log, 5e-324, -744.4400719213812), (log, 1.7976931348623157e308, 709.782712893384),
    (log1p, -0.9999999999999999, -36.7368005696771), (log1p, 1.7976931348623157e308, 709.782712893384),
    (log1p, 1e-20, 1e-20), (sigmoid, -745.1332191019411, 5e-324), (sigmoid, -746.0, 0.0),
    (sigmoid, 36.0, 1 - 2.220446049250313e-16), (sigmoid, -1e308, 0.0),
    (softplus, -745.1332191019411, 5e-324),
    (softplus, -746.0, 0.0), (softplus, 1e308, 1e308), (softplus, 0.0, 0.6931471805599453),
    (tanh, 18.0, 0.9999999999999996), (erf, 5.5, 0.9999999999999927),
    (cos, 1e-300, 1.0), (sin, 1e-300, 1e-300),
])
def test_edges_of_float64(function, x, expected):
    assert function(x) == expected


@pytest.mark.parametrize(("function", "x", "expected"), [
    (exp, 88.72283, 3.4027985e38), (exp, 88.72284, INF), (exp, -103.97207, 1e-45), (exp, -103.9721, 0.0),
    (exp2, 127.99999, 3.4028056e38), (exp2, 128.0, INF), (exp2, -149.0, 1e-45), (exp2, -150.0, 0.0),
    (log, 1e-45, -103.27893), (log1p, 3.4028235e38, 88.72284), (sigmoid, -103.0, 1e-45),
    (sigmoid, 17.3, 1 - 2.0**-24), (sigmoid, 17.4, 1.0), (softplus, -103.0, 1e-45), (expm1, 89.0, INF),
])
def test_edges_of_float32(function, x, expected):
    assert function(np.float32(x)) == np.float32(expected)


NUMBERS = (0.0, 1e-310, 0.5, 1.0, 1.5, 2.0, 3.0, 1e15 + 1, 2.0**53, 1e300, INF)
SIGNED = tuple(s * x for x in NUMBERS for s in (1.0, -1.0)) + (NAN,)


def c99_pow(x, y):
    """C's pow, from Python's, which raises where C returns inf or NaN. (np.power makes (-inf)**0.5 a NaN.)"""
    try:
        return math.pow(x, y)
    except OverflowError:
        return math.copysign(INF, x) if y % 2 == 1 else INF
    except ValueError:
        if x == 0:
            return math.copysign(INF, x) if y % 2 == 1 else INF
        return NAN


@pytest.mark.parametrize(("x", "y"), list(itertools.product(SIGNED, SIGNED)))
def test_pow_agrees_with_c99_at_all_special_pairs(x, y):
    expected, result = c99_pow(x, y), pow(x, y)
    if math.isfinite(expected) and expected != 0:
        assert result == pytest.approx(expected, rel=2.0**-51)
        assert expected not in (1.0, -1.0) or result == expected
    else:
        assert same(result, expected)


def test_pow_is_exact_where_the_result_is():
    for base in range(2, 60):
        for power in range(2, 9):
            assert pow(float(base), float(power)) == base**power
            assert pow(float(base**power), 1.0) == base**power
            if base**power < 2**53:
                assert pow(float(base * base), 0.5) == base
    for n in range(-1074, 1024):
        assert pow(2.0, float(n)) == math.ldexp(1.0, n)
    assert pow(-2.0, 3.0) == -8 and pow(-2.0, 2.0) == 4 and math.isnan(pow(-2.0, 0.5))


def test_pow_keeps_the_float64_exponent_of_a_float32_base():
    assert pow(np.float32(3), 1 / 3) == np.float32(3.0 ** (1 / 3))


@pytest.mark.parametrize("name", elementary.__all__)
def test_integers_count_as_float64(name):
    function = getattr(elementary, name)
    assert function(2, 3) == 8 if name == "pow" else function(2) == function(2.0)


def test_the_type_of_the_argument_is_kept():
    for dtype in FLOATS:
        for function in LIMITS:
            function(dtype(0.5))
            returned = {str(s.args[0]): str(s.return_type) for s in function.__wrapped__.nopython_signatures}
            assert returned[np.dtype(dtype).name] == np.dtype(dtype).name
        out = np.empty(2, np.float64)
        typed(dtype(0.7), out)
        assert out[0] == exp(dtype(0.7)) and out[1] == pow(dtype(0.7), dtype(0.7))


@pytest.mark.parametrize("dtype", FLOATS)
def test_inside_a_loop_over_an_array(dtype):
    x = np.linspace(0.01, 20, 4096).astype(dtype)
    out = np.empty_like(x)
    vectorised(x, out)
    np.testing.assert_allclose(out, 2 * x, rtol=8 * np.finfo(dtype).eps)
    single = [dtype(exp(log(v))) + dtype(log1p(expm1(v))) for v in x]
    assert np.array_equal(out, np.array(single, dtype))

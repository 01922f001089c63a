"""Elementwise functions at the ends of a dtype or format: x and parameters at 0, subnormal, and near the largest."""
import numpy as np
import pytest
from activation_oracle import exact
from catalog_cases import for_each
from mpmath import mp, mpf

from toolkit import activations
from toolkit.activations._elementwise import slope
from toolkit.catalog import methods
from toolkit.elementary import products
from toolkit.formats import get_format, round_to

ROWS = [method for method in methods("activation") if method.kind == "Elementwise"]
every_row = for_each(ROWS)
# What rounding a product or quotient of x and the parameter adds in a tail: its size, in ulp.
EXPONENTS = {"softplus": lambda x, a: abs(x * a), "swish": lambda x, a: abs(x * a), "celu": lambda x, a: abs(x / a),
             "cel0_threshold": lambda x, a: above_the_lower_end(abs(x), mp.sqrt(a / 2))}


def above_the_lower_end(t, low):
    """The lower end as a share of the distance to it."""
    return low / (t - low) if t > low else 0


def ends(fmt):
    """Numbers of a format, of both signs: ends, and ordinary ones."""
    sizes = [0, fmt.smallest_subnormal, 3 * fmt.smallest_subnormal, fmt.smallest_normal, 1e-3, 0.3, 1, 2.9, 9, 20,
             95, 720, fmt.max**0.5, fmt.max / 8, fmt.max / 2, fmt.max]
    sizes = np.unique(round_to([float(size) for size in sizes if size <= fmt.max], fmt))
    return np.concatenate([-sizes[::-1], sizes])


def last_place(size, fmt):
    exponent = mp.floor(mp.log(size, 2)) if size else -np.inf
    return mpf(2) ** (max(exponent, fmt.smallest_normal_exponent) - fmt.fraction_bits)


def size_of_terms(name, x, derivative, result):
    """What a bound is relative to: of a sum whose terms cancel, the larger one."""
    if name != "crrelu":
        return abs(result)
    other = mpf(bool(x > 0)) if derivative else mpf(max(x, 0))
    return max(other, abs(result - other))


def is_right(found, method, x, a, derivative, fmt, bound):
    given = [value for _, value in method.parameters]
    given[:1] = [] if a is None else [a]
    result = exact(method.name, x, *given, derivative=derivative)
    if not np.isfinite(found):
        beyond = abs(result) >= mpf(fmt.max) + last_place(mpf(fmt.max), fmt) / 2
        return beyond and (np.isnan(found) if fmt.finite_only else np.sign(found) == mp.sign(result))
    least = fmt.smallest_normal * 2.0 ** (3 if fmt.bits < 16 else 10)
    size = max(size_of_terms(method.name, x, derivative, result), mpf(least))
    bound += EXPONENTS.get(method.name, lambda x, a: 0)(mpf(x), mpf(a or 0))
    return abs(mpf(float(found)) - result) <= max(bound, 1) * last_place(size, fmt)


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize(("dtype", "format"), [(np.float32, None), (np.float64, None), (np.float64, "float16"),
                                               (np.float64, "float8_e4m3fn")])
@every_row
def test_ends_of_the_dtype(method, dtype, format, derivative):
    """No intermediate over- or underflows where the result does not: within the bound wherever one is promised."""
    declared, fmt = method.function.elementwise, get_format(format or dtype)
    x = ends(fmt)
    x = x[(x > method.domain[0]) & (x < method.domain[1])]
    a = ends(fmt) if declared.parameters else np.zeros(1)
    a = a if declared.least is None else a[a > 0]
    x, a = (each.ravel() for each in np.meshgrid(x, a))
    options = {declared.parameters[0]: a.astype(dtype)} if declared.parameters else {}
    options |= dict(method.parameters[1:]) | ({} if format is None else {"format": format})
    function = slope if derivative else lambda function, x, **options: function(x, **options)
    found = function(method.function, x.astype(dtype), **options)
    bound = (declared.slope_ulp if derivative else declared.ulp) + bool(declared.parameters) + (format is not None)
    zero = declared.slope_zero if derivative else None
    wrong = []
    for i in range(x.size):
        given = a[i] if declared.parameters else None
        if zero is not None and abs(mpf(x[i]) * (mpf(a[i]) / 2 if method.name == "swish" else 1) - zero) < 0.1:
            continue
        if not is_right(found[i], method, x[i], given, derivative, fmt, bound):
            wrong.append((float(x[i]), given, float(found[i])))
    assert not wrong, f"{len(wrong)} of {x.size}: {wrong[:5]}"


@pytest.mark.parametrize(("name", "x", "options", "right"), [
    ("softplus", 1e38, {"beta": 10}, 1e38), ("softplus", 1.0, {"beta": 1e39}, 1),
    ("softplus", 0.0, {"beta": 1e30}, 6.931472e-31),
    ("softplus", -1e37, {"beta": 1e39}, 0), ("softplus", -3.4e38, {"beta": 1e-46}, np.inf),
    ("leaky_relu", -1e-10, {"alpha": 1e39}, -1e29), ("leaky_relu", 0.0, {"alpha": 1e39}, 0),
    ("leaky_relu", -1e30, {"alpha": 1e-46}, -1e-16), ("leaky_relu", -np.inf, {"alpha": 0}, 0),
    ("leaky_relu", 0.0, {"alpha": np.inf}, 0), ("elu", 0.0, {"alpha": np.inf}, 0),
    ("elu", -1.0, {"alpha": 1e39}, -np.inf),
    ("celu", -1.0, {"alpha": 1e39}, -1), ("celu", -1.0, {"alpha": np.inf}, -1), ("celu", -1.0, {"alpha": 1e-46}, 0),
    ("swish", 1.0, {"beta": 1e39}, 1), ("swish", 0.0, {"beta": np.inf}, 0), ("swish", -np.inf, {"beta": 0.0}, -np.inf),
    ("crrelu", 20.0, {"epsilon": 1e39}, 20), ("crrelu", 0.0, {"epsilon": np.inf}, 0),
    ("crrelu", np.inf, {"epsilon": np.inf}, np.inf), ("squareplus", -1e20, {"b": 4}, 1e-20),
    ("squareplus", 3e38, {"b": 4}, 3e38), ("squareplus", -1.0, {"b": 1e39}, 0.5 * 1e39**0.5),
    ("soft_shrink", 3e38, {"theta": 1e39}, 0), ("threshold", 0.0, {"theta": 1e39, "value": 2}, 2)])
def test_parameters_beyond_float32(name, x, options, right):
    """Wherever they are in float64 the result is rounded once; an infinite one is a limit."""
    found = getattr(activations, name)(np.float32(x), **options)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.float32(right), rtol=3e-7)


@pytest.mark.parametrize(("name", "x", "options", "right"), [
    ("softplus", 300, {"beta": 2}, 288), ("softplus", 300, {"beta": 1e6}, 288), ("softplus", -2, {"beta": 1e6}, 0),
    ("swish", 300, {"beta": 1e6}, 288), ("swish", -300, {"beta": np.inf}, -0.0), ("celu", -300, {"alpha": 1e6}, -288),
    ("celu", -300, {"alpha": 2.0**-9}, -(2.0**-9)), ("leaky_relu", 0, {"alpha": 1e6}, 0), ("gelu_tanh", 300, {}, 288),
    ("elu", 0, {"alpha": 1e6}, 0), ("tanh", 448, {}, 1), ("elu", -1, {"alpha": 1e6}, np.nan)])
def test_parameters_beyond_a_format_without_infinity(name, x, options, right):
    np.testing.assert_equal(getattr(activations, name)(x, format="float8_e4m3fn", **options), right)


@pytest.mark.parametrize(("function", "formula", "bound"), [
    (products.times_exp, lambda v, x: v * mp.exp(x), 1.5),
    (products.times_bell, lambda v, x: v * mp.exp(-x * x / 2), 3),
    (products.times_normal_cdf, lambda v, x: v * mp.ncdf(x), 6),
    (products.times_gelu_slope, lambda v, x: v * (mp.ncdf(x) + x * mp.npdf(x)), 8)])
def test_products_underflow_only_where_their_result_does(function, formula, bound):
    rng = np.random.default_rng(3)
    worst = 0.0
    for x, v in zip(-rng.uniform(2, 52, 400), rng.choice([-1, 1], 400) * 10 ** rng.uniform(-5, 308, 400)):
        x = 20 * x if function is products.times_exp else x
        with mp.workdps(40):
            result = formula(mpf(float(v)), mpf(float(x)))
        if abs(result) > 1e-300:
            worst = max(worst, float(abs(function(v, x) - result)) / np.spacing(abs(float(result))))
    assert 0.4 < worst <= bound
    assert function(np.inf, -np.inf) == 0 and np.isnan(function(np.nan, -1.0)) and np.isnan(function(1.0, np.nan))


def test_gated_units_with_ends_in_both_halves():
    assert activations.reglu(-1.0, np.inf) == 0 and activations.glu(-np.inf, np.inf) == 0
    assert np.isnan(activations.reglu(-1.0, np.nan)) and np.isnan(activations.reglu(np.nan, 1.0))
    np.testing.assert_allclose(activations.geglu(np.float32(-20), np.float32(1e30)), 0, atol=1e-45)
    np.testing.assert_allclose(activations.glu(np.float32(-100), np.float32(1e38)), 1e38 * np.exp(-100.0), rtol=1e-6)

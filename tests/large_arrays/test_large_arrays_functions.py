"""exp, log and log1p in lanes against mpmath, over their whole range."""
import large_array_probe as probe
import mpmath
import numpy as np
import pytest
from large_array_rows import LAST_GAP, NORMAL_GAP, ulp_errors

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
LIFT = {np.float32: 2.0**64, np.float64: 2.0**512}


def over(function, *arguments):
    out = np.empty_like(arguments[0])
    function(*arguments, out)
    return out


def exact(function, values):
    return [function(mpmath.mpf(float(v))) for v in values]


def exponents(dtype, low, high, count=3000):
    """Numbers over a range, more of them near 0 and where the integral power of 2 changes."""
    rng = np.random.default_rng(2)
    steps = (rng.integers(int(low / np.log(2)), int(high / np.log(2)) + 1, count // 3) + 0.5) * np.log(2)
    near = np.geomspace(1e-10, 1, count // 6)
    values = np.concatenate([rng.uniform(low, high, count // 3), steps, -near, near]).astype(dtype)
    return values[(low <= values) & (values <= high)]


@dtypes
def test_exp_lifted(dtype):
    d = exponents(dtype, -LAST_GAP[dtype], 0)
    e = (np.random.default_rng(3).uniform(-0.5, 0.5, d.size) * np.spacing(d)).astype(dtype)
    true = [LIFT[dtype] * mpmath.exp(mpmath.mpf(float(a)) + float(b)) for a, b in zip(d, e, strict=True)]
    assert ulp_errors(over(probe.exp_lifted_each, d, e), true).max() <= 1.5
    special = np.array([0, -0.0, -np.inf, np.nan, -2e3], dtype)
    values = over(probe.exp_lifted_each, special, np.zeros_like(special))
    np.testing.assert_array_equal(values, [LIFT[dtype], LIFT[dtype], 0, np.nan, 0])


@dtypes
def test_lift(dtype):
    assert probe.lift(np.ones(1, dtype)) == LIFT[dtype]


@dtypes
def test_lowered_rounds_once(dtype):
    info = np.finfo(dtype)
    least = float(np.log2(info.smallest_subnormal))
    exponent = np.append(np.random.default_rng(4).uniform(2 * least if dtype == np.float32 else least - 400, 0, 3000),
                         np.random.default_rng(5).uniform(least - 2, least + info.nmant, 1000))
    lifted = (np.exp2(exponent / 2) * np.exp2(exponent / 2 + np.log2(LIFT[dtype]))).astype(dtype)
    lowered = over(probe.lowered_each, lifted)
    true = [mpmath.mpf(float(v)) / LIFT[dtype] for v in lifted]
    assert ulp_errors(lowered, true).max() <= 0.5
    assert np.count_nonzero((lowered > 0) & (lowered < info.tiny)) > 500
    np.testing.assert_array_equal(over(probe.lowered_each, np.array([0, np.nan, LIFT[dtype]], dtype)), [0, np.nan, 1])


@dtypes
def test_exp_through_the_subnormals(dtype):
    d = np.linspace(-LAST_GAP[dtype] - 2, -NORMAL_GAP[dtype], 1500).astype(dtype)
    true = exact(mpmath.exp, d)
    lifted = over(probe.exp_lifted_each, d, np.zeros_like(d))
    assert ulp_errors(over(probe.lowered_each, lifted), true).max() <= 1
    assert ulp_errors(over(probe.exp_plain_each, d), true).max() <= 1


@dtypes
def test_exp_of_any_number(dtype):
    most = np.log(float(np.finfo(dtype).max))
    z = exponents(dtype, -NORMAL_GAP[dtype], most * 0.9999999)
    assert ulp_errors(over(probe.exp_plain_each, z), exact(mpmath.exp, z)).max() <= 1.5
    special = np.array([np.inf, -np.inf, np.nan, 0, -0.0, most + 0.5, -2 * most, 1e30, -1e30], dtype)
    np.testing.assert_array_equal(over(probe.exp_plain_each, special), [np.inf, 0, np.nan, 1, 1, np.inf, 0, np.inf, 0])


@dtypes
def test_mantissa_and_power(dtype):
    # As two_pass uses it: of logits far beyond the range of exp.
    z = exponents(dtype, -1e4, 1e4)
    f, k = np.empty_like(z), np.empty_like(z)
    probe.mantissa_each(z, f, k)
    assert ((0.707 < f) & (f < 1.415)).all() and (k == np.rint(k)).all()
    true = [mpmath.exp(mpmath.mpf(float(v))) / mpmath.mpf(2) ** int(n) for v, n in zip(z, k, strict=True)]
    assert ulp_errors(f, true).max() <= 1.5


@dtypes
def test_lifted_powers_of_2(dtype):
    least = -151 if dtype == np.float32 else -1076
    k = np.append(np.arange(least, 1), [least - 1, -5000, -np.inf]).astype(dtype)
    true = [float(mpmath.mpf(2) ** int(n) * LIFT[dtype]) for n in k[:-3]] + [0, 0, 0]
    np.testing.assert_array_equal(over(probe.power_each, k), true)


def test_logarithms():
    rng = np.random.default_rng(5)
    a = np.concatenate([10 ** rng.uniform(-323, 308, 1500), 10 ** rng.uniform(-17, 2, 1500), [0, 5e-324, 1, 2, 8.9e307],
                        2.0 ** np.arange(0, 1000, 25) * 1.4142135623730951])
    lanes = over(probe.log1p_each, a)
    assert ulp_errors(lanes, exact(mpmath.log1p, a)).max() <= 1.1
    np.testing.assert_array_equal(over(probe.log1p_of_numbers, a), lanes)
    u = 1 + a
    assert ulp_errors(over(probe.log_each, u), exact(mpmath.log, u)).max() <= 1.1
    for function in (probe.log_each, probe.log1p_each):
        special = over(function, np.array([np.inf, np.nan]))
        assert special[0] == np.inf and np.isnan(special[1])

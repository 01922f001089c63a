"""Where a sum meets its edge: results near 0, special weights, thresholds, parameters beyond a format."""
from fractions import Fraction
from math import ceil, exp, inf, nan

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import softmax as maps
from toolkit import vjp
from toolkit.losses import aldr_kl, comp_sum, ldr_kl
from toolkit.sampling import gumbel_softmax, reinmax
from toolkit.softmax import log_softmax, logaddexp, logmeanexp, logsumexp, min_p_softmax, softmax, top_p_softmax

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def exact_sum(z):
    with mpmath.workdps(60):
        return mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(float(v))) for v in z))


def off(found, exact, dtype):
    """In units of the last place of the exact number, or of 2**-91 if those are more."""
    with mpmath.workdps(60):
        unit = max(mpmath.mpf(float(np.spacing(abs(dtype(float(exact)))))), mpmath.mpf(2)**-91)
        return abs(mpmath.mpf(float(found)) - exact) / unit


@dtypes
def test_logsumexp_near_0_keeps_its_digits(dtype):
    """Of log-probabilities hardly anything is left of the terms m and log1p(r)."""
    rng = np.random.default_rng(0)
    pair = np.array([-0.42002022, -1.0701226], np.float32).astype(dtype)
    rows = [pair, np.array([0.25, -np.inf], dtype), np.array([-1e-300, -800], dtype)]
    for size in (2, 3, 7, 50):
        for shift in (0, 1e-3, -1e-6, 0.02):
            rows.append((log_softmax(rng.normal(0, 2, size)) + shift).astype(dtype))
    assert max(off(logsumexp(z), exact_sum(z), dtype) for z in rows) <= 2
    stacked = np.stack([np.resize(z, 2) for z in rows])
    assert_array_equal(logsumexp(stacked.T, axis=0), [logsumexp(z) for z in stacked])
    assert off(logaddexp(*pair), exact_sum(pair), dtype) <= 2 and logaddexp(*pair).dtype == dtype


@pytest.mark.parametrize("z, b, value, sign", [
    ([0, inf], [nan, 1], nan, nan), ([0, 1000], [inf, 1], inf, 1), ([nan, 0], [1, 0], nan, nan),
    ([nan, 0], [0, 1], 0, 1), ([inf, 0], [0, 1], 0, 1), ([inf, 0], [-1, 2], inf, -1), ([inf, inf], [1, -1], nan, nan),
    ([inf, 0], [1, -inf], nan, nan), ([-inf, 0], [inf, 1], nan, nan), ([0, 1], [-inf, 1], inf, -1),
    ([0, 1], [-inf, inf], nan, nan), ([0, 0], [1, -1], -inf, 0), ([0, 1], [0, 0], -inf, 0), ([-inf, 0], [0, 1], 0, 1),
    ([-inf, 0], [nan, 1], nan, nan), ([1000, 0], [0, inf], inf, 1)])
def test_special_values_of_weights(z, b, value, sign):
    """Terms are ``b exp(z)`` of IEEE arithmetic, as SciPy has them; b = 0 leaves its class out."""
    for dtype in (np.float32, np.float64):
        z, b = np.array(z, dtype), np.array(b, dtype)
        assert_array_equal(logsumexp(z, b=b, return_sign=True), [value, sign])
        assert_array_equal(logsumexp(z, b=b), nan if sign == -1 else value)


@dtypes
def test_weights_at_the_ends_of_the_dtype(dtype):
    info = np.finfo(dtype)
    large, small = float(info.max) * 0.75, float(info.smallest_subnormal) * 4096
    for z, b in (([0, 0], [large, large]), ([0, 0], [small, small]), ([0, -1], [large, -large / 2]),
                 ([1, 0], [-small, 2]), ([0, 60, 3], [large, 1, small]), ([0, 0, 1], [0, large, 2 * small])):
        z, b = np.array(z, dtype), np.array(b, dtype)
        with mpmath.workdps(60):
            terms = [mpmath.mpf(float(w)) * mpmath.exp(float(x)) for x, w in zip(z, b, strict=True)]
            exact, parts = mpmath.log(abs(mpmath.fsum(terms))), [float(t / mpmath.fsum(terms)) for t in terms]
        rows = np.array([b, np.arange(len(b)) == 0], dtype)
        value, sign = logsumexp(np.array([z, z * 0]), b=rows, return_sign=True)
        assert_allclose(value, [float(exact), 0], rtol=4 * info.eps, atol=info.tiny)
        assert_array_equal(sign, [1, 1])
        _, pull = vjp(logsumexp, z, b=b)
        assert_allclose(pull(dtype(1)), parts, rtol=16 * info.eps, atol=info.tiny)


@dtypes
def test_logmeanexp(dtype):
    rng = np.random.default_rng(1)
    for size in (1, 2, 10, 1000):
        for spread in (1e-6, 1, 40):
            z = (rng.normal(0, spread, size) - 0.3).astype(dtype)
            exact = exact_sum(z) - mpmath.log(size)
            unit = np.spacing(dtype(max(abs(z.max()), abs(float(exact) - z.max()))))
            assert abs(mpmath.mpf(float(logmeanexp(z))) - exact) <= 4 * float(unit)
    z = np.array([[0, 1, 2], [0, -inf, 3]], dtype)
    keep = np.array([[True, True, False], [True, False, False]])
    assert_array_equal(logmeanexp(z, where=keep), [logmeanexp(z[0, :2]), 0])
    assert logmeanexp(np.array([0, -inf], dtype)) == dtype(np.log(0.5)) and np.isnan(logmeanexp(np.zeros(0, dtype)))


@dtypes
def test_thresholds_are_compared_exactly(dtype):
    """In whatever order the classes come, and in float32 as in float64."""
    z = np.log(np.float32([0.3, 0.1, 0.1, 0.5]))  # the two largest have 0.8000000042
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        assert_array_equal(np.sort(top_p_softmax(z[order].astype(dtype), mass=0.8)) > 0, [False, False, True, True])
    for size in (7, 10, 1000):
        for k in (1, 2, 3, 7):
            mass = k / size  # a float that is above k / size or below
            assert np.count_nonzero(top_p_softmax(np.zeros(size, dtype), mass=mass)) == ceil(Fraction(mass) * size)
    rng = np.random.default_rng(2)
    for _ in range(40):
        z = rng.normal(0, 2, 12).astype(np.float32)
        with mpmath.workdps(50):
            p = sorted((mpmath.exp(mpmath.mpf(float(v))) for v in z), reverse=True)
            share = mpmath.fsum(p[:4]) / mpmath.fsum(p)
            for mass in (float(share), float(np.nextafter(float(share), 0)), float(np.nextafter(float(share), 1))):
                kept = 4 if share >= mpmath.mpf(mass) else 5
                assert np.count_nonzero(top_p_softmax(z.astype(dtype), mass=mass)) == kept
            ratio = float(mpmath.exp(mpmath.mpf(float(z[0])) - mpmath.mpf(float(z.max()))))
            true = mpmath.exp(mpmath.mpf(float(z[0])) - mpmath.mpf(float(z.max()))) >= mpmath.mpf(ratio)
            assert (min_p_softmax(z.astype(dtype), ratio=ratio)[0] > 0) == true


def test_filters_take_the_temperature_first_and_give_logits():
    z = np.array([[3.0, 2.5, 1.0, 0.0, -1.0], [0.0, 0.1, 0.2, 0.3, 0.4]])
    filters = (maps.top_k_softmax, {"k": 3}), (top_p_softmax, {"mass": 0.7}), (min_p_softmax, {"ratio": 0.5}), (
        maps.typical_softmax, {"mass": 0.5}), (maps.eta_softmax, {"epsilon": 0.2}), (
        maps.epsilon_softmax, {"epsilon": 0.2})
    for function, options in filters:
        assert_array_equal(function(z, temperature=1, **options), function(z, **options))
        for tau in (0.5, 3.0, [0.5, 3.0]):
            scaled = z / np.reshape(tau, (-1, 1))
            p, logits = (function(z, temperature=tau, result=r, **options) for r in ("probabilities", "logits"))
            np.testing.assert_allclose(p, function(scaled, **options), rtol=1e-14)
            assert_array_equal(logits, np.where(p > 0, scaled, -inf))
            np.testing.assert_allclose(softmax(logits), p, rtol=1e-14)
        assert_array_equal(function(z, result="logits", **options), np.where(function(z, **options) > 0, z, -inf))
        assert_array_equal(function(z[0], temperature=0, result="logits", **options), [0, -inf, -inf, -inf, -inf])
        with pytest.raises(ValueError, match="result is 'logit'; allowed: 'probabilities', 'logits'"):
            function(z, result="logit")
        if "k" not in options:
            strict = dict.fromkeys(options, 0.0 if "mass" in options else 1.0)
            for fewest in (2, 4, 9):
                kept = np.count_nonzero(function(z, min_tokens_to_keep=fewest, **strict), axis=1)
                assert (kept == min(fewest, 5)).all()
            with pytest.raises(ValueError, match="min_tokens_to_keep is 0; allowed: an integer, at least 1"):
                function(z, min_tokens_to_keep=0)


def test_typical_eta_and_epsilon_keep_what_their_papers_say():
    rng = np.random.default_rng(3)
    for z in rng.normal(0, 2, (20, 9)):
        p = softmax(z)
        entropy = -(p * np.log(p)).sum()
        order = np.argsort(abs(-np.log(p) - entropy))
        count = 1 + np.searchsorted(np.cumsum(p[order]), 0.6)
        assert_array_equal(np.flatnonzero(maps.typical_softmax(z, mass=0.6)), np.sort(order[:count]))
        eta = min(0.1, np.sqrt(0.1) * np.exp(-entropy))
        assert_array_equal(maps.eta_softmax(z, epsilon=0.1) > 0, (p >= eta) | (p == p.max()))
        assert_array_equal(maps.epsilon_softmax(z, epsilon=0.1) > 0, (p >= 0.1) | (p == p.max()))


def test_typical_has_no_scale_of_its_own():
    for lowest in (-1e30, np.finfo(np.float32).min):
        found = maps.typical_softmax(np.float32([2, 1, 1, 1, lowest]), mass=0.5)
        assert_array_equal(found, np.float32([0, 1, 1, 1, 0]) / 3)
    for temperature in (1e30, 1e-30):
        z = np.arange(1, 6) * (temperature / 1e30)
        assert_array_equal(maps.typical_softmax(z, mass=0.2, temperature=temperature), [0, 0, 1, 0, 0])
    spread = np.array([0.0, -1e-9, -1e300, -1.0, -1e5, -3.0])
    assert_array_equal(maps.typical_softmax(spread, mass=0.99, min_tokens_to_keep=5) > 0, [1, 1, 0, 1, 0, 1])


def test_a_gap_beyond_the_dtype_over_a_temperature():
    for dtype, large in ((np.float32, 3e38), (np.float64, 1e308)):
        z, p = np.array([large, -large], dtype), [1 / (1 + exp(-2)), 1 / (1 + exp(2))]
        assert_allclose(softmax(z, temperature=large), p, rtol=1e-6)
        assert_allclose(log_softmax(z, temperature=large), np.log(p), rtol=1e-6)
        assert_allclose(top_p_softmax(z, mass=0.9, temperature=large), p, rtol=1e-6)
        rows = softmax(np.array([z, z, z]), temperature=np.array([large, np.inf, 0], dtype))
        assert_allclose(rows, [p, [0.5, 0.5], [1, 0]], rtol=1e-6)


def test_a_temperature_beyond_float32():
    z, p = np.float32([3e38, 0]), [1 / (1 + exp(-0.3)), 1 / (1 + exp(0.3))]
    for of in (softmax, top_p_softmax, maps.top_k_softmax):
        assert_allclose(of(z, temperature=1e39), p, rtol=1e-6)
        assert_allclose(of(np.float32([3e-40, 0]), temperature=1e-39), p, rtol=1e-5)
        found = of(np.array([z, z]), temperature=np.array([1e39, inf]))
        assert_allclose(found, [p, [0.5, 0.5]], rtol=1e-6)
        assert found.dtype == np.float32
    assert_allclose(log_softmax(z, temperature=1e39), np.log(p), rtol=1e-6)
    _, pull = vjp(softmax, z, temperature=1e39)
    assert_allclose(pull(np.float32([1, 0])), np.array([1, -1]) * p[0] * p[1] / 1e39, rtol=1e-4)


@pytest.mark.parametrize("format", ["float8_e4m3fn", "float8_e5m2", "float16", (4, 3)])
def test_limits_of_parameters_in_formats_without_infinity(format):
    """What the documentation says of them, also where the parameter, or a gap over it, is beyond the format."""
    z = np.array([1, 2, 3.5, -4, 0])
    equal, first = softmax(np.zeros(5), format=format), [0, 0, 1, 0, 0]
    for tau in (1e9, inf):
        assert_array_equal(softmax(z, temperature=inf, format=format), equal)
        assert np.isfinite(softmax(z, temperature=tau, format=format)).all()
    for tau in (0.0, 1e-9):
        assert_array_equal(softmax(z, temperature=tau, format=format), first)
        assert_array_equal(maps.dense_to_sparse_gate(z, temperature=tau, format=format), first)
        assert_array_equal(gumbel_softmax(z, np.zeros(5), temperature=tau, format=format), first)
        for form in ("common", "stable"):
            logs = log_softmax(z, temperature=tau, form=form, format=format)
            assert_array_equal(logs, [-inf, -inf, 0, -inf, -inf])
    masked = np.append(z, -inf)  # as left out, also where the format has no infinity
    assert_array_equal(softmax(masked, format=format)[:5], softmax(z, format=format))
    assert_array_equal(log_softmax(masked, format=format)[:5], log_softmax(z, format=format))
    for cap in (2.0**-10, 0.01, 400.0, 500.0, 2.0**15):
        assert np.isfinite(maps.capped_softmax(z, cap=cap, format=format)).all()
    assert np.isfinite(reinmax(masked, np.eye(6)[1], z[0], temperature=inf, format=format)).all()
    for strength in (1e-9, 1e9):
        assert np.isfinite(ldr_kl(z, 1, strength=strength, format=format))
        assert not np.isnan(aldr_kl(z, 1, strength=strength, format=format))
    assert np.isfinite(aldr_kl(z, 1, alpha=1e9, format=format)) and np.isfinite(comp_sum(z, 1, tau=1e9, format=format))


@pytest.mark.parametrize(("call", "message"), [
    (lambda: logaddexp([1.0, 2.0], [1.0, 2.0, 3.0]), r"logaddexp\(\): b has shape \(3,\); allowed: .*, the shape of a"),
    (lambda: logsumexp([1.0], keepdims="a"), r"logsumexp\(\): keepdims is 'a'; allowed: True, False"),
    (lambda: logmeanexp([1.0], keepdims="a"), r"logmeanexp\(\): keepdims is 'a'; allowed: True, False"),
    (lambda: logsumexp([1.0], return_sign=2), r"logsumexp\(\): return_sign is 2; allowed: True, False")])
def test_wrong_arguments_of_sums(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize("z, right", [([-3.621105194091797, -0.027117470279335976], 1.066797738e-11),
                                      ([-0.2686108350753784, -1.445792555809021], -7.211030416e-11)])
def test_logsumexp_of_float32_keeps_its_digits_near_zero(z, right):
    """Right by mpmath with 50 digits."""
    z = np.float32(z)
    for found in (logsumexp(z), *logsumexp(np.tile(z, (3, 1))), *logsumexp(z[:, None], axis=0)):
        assert found == pytest.approx(right, rel=1e-6)

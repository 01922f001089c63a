"""Published reference values, special values, failures that the naive forms must show, error messages."""
import warnings

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal

from toolkit.softmax import (ALGORITHMS, FORMS, kernels, log_softmax, log_softmax_vjp, log_stablemax,
                             log_stablemax_vjp, logsumexp, logsumexp_vjp, softmax, softmax_vjp, stablemax,
                             stablemax_vjp)

INF, NAN = np.inf, np.nan
PROBABILITIES = [lambda z, a=a, **o: softmax(z, algorithm=a, **o) for a in ALGORITHMS[1:]] + [stablemax]
LOGS = [log_softmax, lambda z, **o: log_softmax(z, form="common", **o), log_stablemax,
        lambda z, **o: log_stablemax(z, form="common", **o)]
floats = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])


# --- reference values for arXiv:2001.04438, arXiv:1805.02867, arXiv:2401.13875 and arXiv:2501.04697

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_softmax_of_1_2_3(algorithm):
    expected = [0.0900305731703805, 0.244728471054798, 0.665240955774822]
    assert_allclose(softmax([1, 2, 3], algorithm=algorithm), expected, rtol=1e-14)
    if algorithm != "naive":
        assert_allclose(softmax([1000, 1001, 1002], algorithm=algorithm), expected, rtol=1e-14)


def test_logs_of_1_2_3():
    assert_allclose(logsumexp([1, 2, 3]), 3.40760596444438, rtol=1e-14)
    assert_allclose(logsumexp([1000, 1001, 1002]), 1002.407605964444, rtol=1e-14)
    for form in FORMS:
        assert_allclose(log_softmax([1, 2, 3], form=form),
                        [-2.40760596444438, -1.40760596444438, -0.40760596444438], rtol=1e-13)
    p = softmax([1, 2, 3])
    assert_allclose(-(p * np.log(p)).sum(), 0.832395581839939, rtol=1e-14)
    assert_allclose(softmax_vjp(p, [1, 0, -1]), [0.141817093609812, 0.14077035746963, -0.282587451079442],
                    rtol=1e-13)


def test_tiny_probability_and_its_underflow():
    assert_allclose(softmax([0.0, 0.0, -104.0])[2], 3.40677841077265e-46, rtol=1e-13)
    assert softmax(np.array([0, 0, -104], np.float32))[2] == 0
    for algorithm in ALGORITHMS:  # 0.54 of the smallest subnormal, and exp is 1.07 * 2**-150
        assert softmax(np.array([0, -103.9], np.float32), algorithm=algorithm)[1] == np.float32(1e-45)


def test_extended_exponentials():
    pairs = [kernels.extended_exp(np.float32(x), None) for x in (1, 2, 3)]
    assert_allclose([m for m, _ in pairs], [1.35914099, 0.92363197, 1.25534606], rtol=2e-7)
    assert [n for _, n in pairs] == [1, 3, 4]
    v, e = kernels.extended_sum(np.array([1, 2, 3], np.float32), None)
    assert_allclose(v, 1.8870547, rtol=2e-7)
    assert e == 4
    z = np.array([1000, 1001, 1002], np.float32)
    assert [kernels.extended_exp(x, None)[1] for x in z] == [1443, 1444, 1446]
    v, e = kernels.extended_sum(z, None)
    assert_allclose(v, 1.1238754, rtol=2e-7)
    assert e == 1446
    assert_allclose(softmax(z, algorithm="two_pass"), [0.09003057, 0.24472846, 0.665241], rtol=2e-7)


def test_mantissas_lie_around_1():
    mantissas = np.array([kernels.extended_exp(x, None)[0] for x in np.linspace(-5000.0, 5000.0, 4001)])
    assert (mantissas >= 0.7071).all() and (mantissas <= 1.4143).all()


def test_online_trace():
    for stop, m, d in ((1, 1, 1), (2, 3, 1.1353352832366), (3, 3, 1.5032147244081)):
        assert_allclose(kernels.online_normalizer(np.array([1.0, 3.0, 2.0])[:stop], None), (m, d), rtol=1e-13)


@pytest.mark.parametrize("tau, p, entropy", [
    (0.5, [0.864954876799, 0.117058913239, 0.0158422011785, 0.00214400878358], 0.455428622853),
    (1.0, [0.643914259888, 0.23688281809, 0.087144318742, 0.0320586032801], 0.947536963975),
    (2.0, [0.455054233923, 0.276004344707, 0.167405097278, 0.101536324092], 1.24505042747)])
def test_temperature(tau, p, entropy):
    for algorithm in ALGORITHMS:
        assert_allclose(softmax([2, 1, 0, -1], temperature=tau, algorithm=algorithm), p, rtol=1e-11)
    log_p = log_softmax([2, 1, 0, -1], temperature=tau)
    assert_allclose(-(np.exp(log_p) * log_p).sum(), entropy, rtol=1e-11)


def test_stablemax_values():
    s = [kernels.stable_s(np.float64(x), None) for x in (-100, -4, -1, 0, 1, 10)]
    assert_allclose(s, [1 / 101, 0.2, 0.5, 1, 2, 11], rtol=1e-15)
    for a, loss in ((10, 0.655), (100, 0.0109), (1e3, 1.12e-4), (1e4, 1.12e-6)):
        z = np.r_[a, np.full(112, -a)]
        assert_allclose(-log_stablemax(z)[0], loss, rtol=5e-3)
        assert_allclose(-log_stablemax(z)[0], np.log1p(112 / (1 + a)**2), rtol=1e-13)
    g = np.zeros(3)
    g[1] = -1
    z = np.array([0.5, -2.0, 3.0])
    assert_allclose(log_stablemax_vjp(z, g), (stablemax(z) + g) / (1 + abs(z)), rtol=1e-14)


def test_stablemax_is_softmax_of_signed_log1p():
    z = np.linspace(-50, 50, 21)
    g = np.sign(z) * np.log1p(abs(z))
    assert_allclose(stablemax(z), softmax(g), rtol=1e-13)
    assert_allclose(log_stablemax(z), log_softmax(g), rtol=1e-13)


# --- failures of the naive forms, and that the others avoid them

def test_naive_softmax_overflows_and_underflows():
    with pytest.warns(RuntimeWarning, match=r"softmax\(algorithm='naive'\) .* in 1 of 1 rows"):
        assert_array_equal(softmax(np.array([88, 89, 90], np.float32), algorithm="naive"), [0, NAN, NAN])
    with pytest.warns(RuntimeWarning):
        assert_array_equal(softmax(np.array([-104, -105, -106], np.float32), algorithm="naive"), [NAN] * 3)


def test_naive_softmax_in_float16():
    assert np.float16(np.exp(11)) == 59872  # finite, but two of them are not
    with pytest.warns(RuntimeWarning):
        assert_array_equal(softmax([11, 11], algorithm="naive", format="float16"), [0, 0])
    with pytest.warns(RuntimeWarning):
        assert_array_equal(softmax([12, 11], algorithm="naive", format="float16"), [NAN, 0])
    # Silently wrong: no inf and no NaN appears.
    assert_array_equal(softmax([-17, -18, -19], algorithm="naive", format="float16"), [1, 0, 0])
    assert_allclose(softmax([-17, -18, -19], format="float16"), [0.665, 0.245, 0.090], atol=5e-4)


def test_naive_softmax_is_silent_where_it_works():
    softmax([[1.0, 2.0], [-INF, 3.0]], algorithm="naive")
    softmax([[1.0, NAN], [INF, 3.0], [-INF, -INF]], algorithm="naive")


def test_log_of_softmax_loses_the_tail():
    z = np.array([0, -110], np.float32)
    with pytest.warns(RuntimeWarning, match=r"log_softmax\(form='naive'\)"):
        assert_array_equal(log_softmax(z, form="naive"), [0, -INF])
    assert_array_equal(log_softmax(z), [0, -110])
    assert_array_equal(log_softmax(z, form="common"), [0, -110])


def test_common_form_loses_the_top():
    z = np.array([0, -17], np.float32)
    assert log_softmax(z, form="common")[0] == 0 == scipy.special.log_softmax(z)[0]
    assert_allclose(log_softmax(z)[0], -4.139938e-08, rtol=1e-6)
    assert_allclose(logsumexp(np.array([0, -20], np.float32)), 2.0611537e-09, rtol=1e-7)


@pytest.mark.parametrize("format, gap, step", [
    ("float16", 7.6246, 2**-8), ("bfloat16", 5.5452, 2**-5), ("float32", 16.6355, 2**-14),
    ("float64", 36.7368, 1e-4)])
def test_gap_at_which_the_common_form_collapses(format, gap, step):
    # -log of half an ulp of 1: 1 + r rounds to 1 from there on (arXiv:2501.04697, two classes).
    below, above = np.floor(gap / step) * step - step, np.ceil(gap / step) * step + step
    assert log_softmax([0, -above], form="common", format=format)[0] == 0
    assert log_softmax([0, -below], form="common", format=format)[0] < 0
    assert log_softmax([0, -above], format=format)[0] < 0


def test_stablemax_collapses_later_and_in_the_naive_form_only():
    z = np.array([1e6, -1e6], np.float32)
    assert log_stablemax(z, form="naive")[0] == 0 == log_stablemax(z, form="common")[0]
    assert_allclose(log_stablemax(z)[0], -1 / (1 + 1e6)**2, rtol=4e-7)
    naive = log_stablemax(np.array([1e3, -1e3], np.float32), form="naive")[0]
    assert 0.03 < abs(naive / -9.98002996e-07 - 1) < 0.05


def test_naive_stablemax_overflows_in_float16():
    z = np.full(113, 600.0)
    with pytest.warns(RuntimeWarning, match=r"stablemax\(algorithm='naive'\)"):
        assert (stablemax(z, algorithm="naive", format="float16") == 0).all()
    assert_allclose(stablemax(z, format="float16"), 1 / 113, rtol=1e-3)
    with pytest.warns(RuntimeWarning, match=r"log_stablemax\(form='naive'\)"):
        log_stablemax(z, form="naive", format="float16")


def test_plain_sums_absorb_and_compensated_sums_do_not():
    z = np.zeros(5000)
    assert_array_equal(softmax(z, format="float16"), 1 / 2048)
    assert_array_equal(log_softmax(z, format="float16"), np.float16(-np.log(5000)).astype(float))
    assert logsumexp(z, format="float16") == np.float16(np.log(5000))


def test_a_sum_beyond_the_format_is_infinite_and_not_nan():
    z = np.zeros(70_000)
    assert logsumexp(z, format="float16") == INF == logsumexp(z, b=np.ones(70_000), format="float16")
    assert (log_softmax(z, format="float16") == -INF).all() and (stablemax(z, format="float16") == 0).all()
    assert (log_stablemax(z, format="float16") == -INF).all()


def test_two_pass_says_where_its_reduction_ends():
    with pytest.warns(RuntimeWarning, match="two_pass"):
        softmax(np.array([3e4, 0], np.float32), algorithm="two_pass")
    assert_array_equal(softmax(np.array([2e4, 0, -INF], np.float32), algorithm="two_pass"), [1, 0, 0])
    assert_array_equal(softmax([1e12, 0], algorithm="two_pass"), [1, 0])


def test_division_by_temperature_comes_after_the_shift():
    z = np.array([2, 1], np.float32)
    assert_array_equal(softmax(z, temperature=5e-39), [1, 0])
    assert_array_equal(softmax([2, 1], temperature=1e-5, format="float16"), [1, 0])
    with pytest.warns(RuntimeWarning):
        assert np.isnan(softmax(z, temperature=5e-39, algorithm="naive")).any()


@pytest.mark.parametrize("algorithm", ALGORITHMS[1:])
def test_limits_of_temperature(algorithm):
    z = np.array([1, 3, 3, -INF])
    for zero in (0, -0.0):
        assert_array_equal(softmax(z, temperature=zero, algorithm=algorithm), [0, 0.5, 0.5, 0])
    assert_array_equal(softmax(z, temperature=INF, algorithm=algorithm), softmax([0, 0, 0, -INF]))
    assert_array_equal(softmax([1, INF], temperature=0, algorithm=algorithm), [NAN, NAN])
    assert_array_equal(log_softmax(z, temperature=0), [-INF, -np.log(2), -np.log(2), -INF])


# --- special values

@floats
@pytest.mark.parametrize("function", PROBABILITIES + LOGS)
def test_special_rows_of_maps(function, dtype):
    masked = -INF if function in LOGS else 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in ([NAN, 1, 2], [1, NAN, 2], [1, 2, NAN], [INF, 1, 2], [1, INF, 2], [INF, INF, 0],
                    [INF, NAN, 1], [INF, -INF, 1], [-INF] * 3, [-INF, NAN, 0], [-INF], [NAN], [INF]):
            assert np.isnan(function(np.array(row, dtype))).all(), row
        none = function(np.array([NAN, INF, 1, -INF], dtype), where=False)
        assert_array_equal(none, [masked] * 4)
        half = function(np.array([[1, NAN], [2, 2]], dtype), where=[True, False])
        assert_array_equal(half[:, 1], [masked] * 2)
        with pytest.raises(ValueError, match="z has shape"):
            function(np.zeros((2, 0), dtype))
        assert function(np.zeros((0, 3), dtype)).shape == (0, 3)
        assert function(dtype(3)) == (0 if function in LOGS else 1)
        kept = function(np.array([1, -INF, 2], dtype))
        assert_array_equal(kept, np.insert(function(np.array([1, 2], dtype)), 1, masked))
        assert kept.dtype == dtype


@floats
def test_special_rows_of_logsumexp(dtype):
    def lse(row, **options):
        return logsumexp(np.array(row, dtype), **options)
    assert lse([-INF, -INF]) == -INF == lse([]) == lse([1, 2], where=False)
    assert lse([1, INF, -INF]) == INF == lse([INF, INF])
    assert np.isnan([lse([1, NAN]), lse([INF, NAN]), lse([-INF, NAN]), lse([NAN])]).all()
    assert lse([], return_sign=True) == (-INF, 0)
    assert lse([-INF], return_sign=True) == (-INF, 0)
    assert lse([INF], return_sign=True) == (INF, 1)
    assert np.isnan(lse([NAN], return_sign=True)).all()
    assert lse([3]) == 3 and lse([[1, 2]]).dtype == dtype


def test_many_equal_logits_in_float16():
    z = np.zeros(70_000, np.float16)
    assert_array_equal(softmax(z), np.float16(1 / 70_000))
    assert_array_equal(log_softmax(z), np.float16(-11.16))
    assert logsumexp(z) == np.float16(11.16)


def test_gradients_at_special_values():
    assert np.isnan(softmax_vjp([0.5, NAN], [1.0, 0.0])).all()
    assert np.isnan(log_softmax_vjp([NAN, NAN], [1.0, 0.0])).all()
    at = np.array([0.25, 0.75, 0.0])
    for vjp in (softmax_vjp, stablemax_vjp, log_stablemax_vjp, lambda p, g: log_softmax_vjp(np.log1p(p), g)):
        for place in range(3):
            g = np.zeros(3)
            g[place] = NAN
            assert np.isnan(vjp(at, g)).all()
            g[place] = -INF
            assert not np.isfinite(vjp(at, g)).any()
    for p in ([0.5, 0.5, 0.0], [1.0, 0.0, 0.0]):
        assert not np.isfinite(softmax_vjp(p, [1.0, 0.0, 2.0], temperature=0)).any()
        logs = log_softmax(p, temperature=0)
        assert not np.isfinite(log_softmax_vjp(logs, [1.0, 0.0, 2.0], temperature=0)).any()
    assert np.isnan(logsumexp_vjp([-INF, -INF], 1.0)).all()
    assert_array_equal(logsumexp_vjp([1.0, 2.0], 3.0, b=[0, 0]), [0, 0])
    for vjp in (stablemax_vjp, log_stablemax_vjp):
        assert np.isnan(vjp([NAN, 1.0], [1.0, 0.0])).all()
        assert_array_equal(vjp([1.0, -INF], [1.0, 0.0])[1], 0)
        assert_array_equal(vjp([1.0, 2.0], [NAN, 1.0], where=False), [0, 0])


def test_kink_of_s_has_slope_1_on_both_sides():
    # Differentiating the paper's where(x < 0, 1/(1 - x), x + 1) automatically gives NaN at 1.
    for z in ([1.0, 0.0, -1.0], [0.0, -0.0]):
        assert np.isfinite(log_stablemax_vjp(np.array(z, np.float32), np.eye(len(z))[0])).all()
    assert_array_equal(log_stablemax_vjp([0.0, 0.0], [1.0, 0.0]), [0.5, -0.5])


# --- weights and signs of logsumexp, as SciPy

@pytest.mark.parametrize("z, b", [
    ([1.0, 2.0, 3.0], [1, -1, 2]), ([1.0, 2.0], [1, -1]), ([2.0, 2.0], [1, -1]), ([0.0, 5.0], [0, 1]),
    ([INF, 1.0], [-1, 1]), ([INF, INF], [-1, 1]), ([-INF, 1.0], [-1, 3]), ([NAN, 1.0], [1, 1]),
    ([7.0], [-2.0]), ([INF, 2.0], [0, 1]), ([1000.0, 0.0], [1e-300, 1e300])])
def test_weights_as_scipy(z, b):
    value, sign = logsumexp(z, b=b, return_sign=True)
    expected, expected_sign = scipy.special.logsumexp(z, b=b, return_sign=True)
    assert_allclose(value, expected, rtol=1e-14)
    assert_array_equal(sign, expected_sign)
    with np.errstate(invalid="ignore"):
        assert_allclose(logsumexp(z, b=b), scipy.special.logsumexp(z, b=b), rtol=1e-14)


def test_weights_at_special_values():
    assert logsumexp([1000.0, 1000.0], b=[1, -1], return_sign=True) == (-INF, 0)  # SciPy 1.17: NaN
    assert logsumexp([NAN, 1.0], b=[0, 1]) == 1  # a weight of 0 leaves out
    assert logsumexp([1.0, 2.0], b=0, return_sign=True) == (-INF, 0)
    assert logsumexp([], b=[], return_sign=True) == (-INF, 0)
    assert np.isnan(logsumexp([1.0, 2.0], b=[NAN, 1]))
    assert logsumexp([2.0, 1.0, 0.0], b=[1, INF, 1], return_sign=True) == (INF, 1)
    small = logsumexp(np.array([0, 0], np.float32), b=np.array([1, 1e-10], np.float32))
    assert_allclose(small, 1e-10, rtol=1e-6)
    assert logsumexp([[1.0, 2.0]], b=[[1, 1]], keepdims=True).shape == (1, 1)
    value, sign = logsumexp(np.ones((2, 3)), b=[1, -1, -1], return_sign=True, where=[True, True, False])
    assert_array_equal(value, [-INF] * 2)
    assert_array_equal(sign, [0, 0])


def test_scipy_agrees_where_it_is_right():
    z = np.random.default_rng(0).normal(0, 3, (4, 5, 6))
    for axis in (0, -1, (0, 2), None):
        assert_allclose(softmax(z, axis=axis), scipy.special.softmax(z, axis=axis), rtol=1e-13)
        assert_allclose(log_softmax(z, axis=axis), scipy.special.log_softmax(z, axis=axis), rtol=1e-12)
        for keepdims in (False, True):
            ours = logsumexp(z, axis=axis, keepdims=keepdims)
            theirs = scipy.special.logsumexp(z, axis=axis, keepdims=keepdims)
            assert ours.shape == theirs.shape
            assert_allclose(ours, theirs, rtol=1e-14)


# --- errors

@pytest.mark.parametrize("call, error, message", [
    (lambda: softmax([1.0], algorithm="fast"), ValueError, "algorithm is 'fast'; allowed: 'naive', "),
    (lambda: log_softmax([1.0], form="best"), ValueError, "form is 'best'; allowed: 'naive', 'common', "),
    (lambda: log_stablemax([1.0], form=2), ValueError, "form is 2; allowed"),
    (lambda: stablemax([1.0], algorithm="online"), ValueError, "is 'online'; allowed: 'naive', 'scaled'"),
    (lambda: softmax([1.0], temperature=-1), ValueError, "temperature is -1; allowed: a number >= 0"),
    (lambda: softmax([1.0], temperature=NAN), ValueError, "temperature is nan"),
    (lambda: softmax([1.0], temperature="1"), TypeError, "temperature is '1'"),
    (lambda: log_softmax([1.0], temperature=[1.0]), TypeError, r"temperature is \[1.0\]"),
    (lambda: softmax([1j]), TypeError, "z has dtype complex128"),
    (lambda: softmax_vjp([1.0], ["g"]), TypeError, "g has dtype"),
    (lambda: log_softmax_vjp([1j], [1.0]), TypeError, "log_p has dtype complex128"),
    (lambda: softmax_vjp([1.0], [1.0, 2.0]), ValueError, r"g has shape \(2,\)"),
    (lambda: logsumexp([1.0], b=[1j]), TypeError, "b has dtype complex128"),
    (lambda: logsumexp_vjp(np.ones((2, 3)), [1, 2, 3]), ValueError, r"g has shape \(3,\); allowed: \(2,\)"),
    (lambda: softmax([1.0], axis=1), ValueError, "axis is 1; allowed")])
def test_errors_name_argument_value_and_what_is_allowed(call, error, message):
    with pytest.raises(error, match=message):
        call()

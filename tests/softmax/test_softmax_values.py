"""Published reference values, failures that the naive forms must show, limits of temperature."""
import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal
from pulls import log_stablemax_pull, softmax_pull

from toolkit.kernels import in_format
from toolkit.softmax import ALGORITHMS, FORMS, kernels, log_softmax, log_stablemax, logsumexp, softmax, stablemax

INF, NAN = np.inf, np.nan


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
    assert_allclose(softmax_pull(p, [1, 0, -1]), [0.141817093609812, 0.14077035746963, -0.282587451079442],
                    rtol=1e-13)


def test_tiny_probability_and_its_underflow():
    assert_allclose(softmax([0.0, 0.0, -104.0])[2], 3.40677841077265e-46, rtol=1e-13)
    assert softmax(np.array([0, 0, -104], np.float32))[2] == 0
    for algorithm in ALGORITHMS:  # 0.54 of the smallest subnormal, and exp is 1.07 * 2**-150
        assert softmax(np.array([0, -103.9], np.float32), algorithm=algorithm)[1] == np.float32(1e-45)


def test_extended_exponentials():
    pairs = [kernels.extended_exp(np.float32(x)) for x in (1, 2, 3)]
    assert_allclose([m for m, _ in pairs], [1.35914099, 0.92363197, 1.25534606], rtol=2e-7)
    assert [n for _, n in pairs] == [1, 3, 4]
    v, e = kernels.extended_sum(in_format(np.array([1, 2, 3], np.float32), None))
    assert_allclose(v, 1.8870547, rtol=2e-7)
    assert e == 4
    z = np.array([1000, 1001, 1002], np.float32)
    assert [kernels.extended_exp(x)[1] for x in z] == [1443, 1444, 1446]
    v, e = kernels.extended_sum(in_format(z, None))
    assert_allclose(v, 1.1238754, rtol=2e-7)
    assert e == 1446
    assert_allclose(softmax(z, algorithm="two_pass"), [0.09003057, 0.24472846, 0.665241], rtol=2e-7)


def test_mantissas_lie_around_1():
    mantissas = np.array([kernels.extended_exp(x)[0] for x in np.linspace(-5000.0, 5000.0, 4001)])
    assert (mantissas >= 0.7071).all() and (mantissas <= 1.4143).all()


def test_online_trace():
    for stop, m, d in ((1, 1, 1), (2, 3, 1.1353352832366), (3, 3, 1.5032147244081)):
        assert_allclose(kernels.online_normalizer(np.array([1.0, 3.0, 2.0])[:stop]), (m, d), rtol=1e-13)


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
    s = [kernels.stable_s(np.float64(x)) for x in (-100, -4, -1, 0, 1, 10)]
    assert_allclose(s, [1 / 101, 0.2, 0.5, 1, 2, 11], rtol=1e-15)
    for a, loss in ((10, 0.655), (100, 0.0109), (1e3, 1.12e-4), (1e4, 1.12e-6)):
        z = np.r_[a, np.full(112, -a)]
        assert_allclose(-log_stablemax(z)[0], loss, rtol=5e-3)
        assert_allclose(-log_stablemax(z)[0], np.log1p(112 / (1 + a)**2), rtol=1e-13)
    g = np.zeros(3)
    g[1] = -1
    z = np.array([0.5, -2.0, 3.0])
    assert_allclose(log_stablemax_pull(z, g), (stablemax(z) + g) / (1 + abs(z)), rtol=1e-14)


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
    with pytest.warns(RuntimeWarning, match=r"stablemax\(form='naive'\)"):
        assert (stablemax(z, form="naive", format="float16") == 0).all()
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

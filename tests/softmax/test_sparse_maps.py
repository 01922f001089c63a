"""Sparse maps against exact rational arithmetic, reference values, and each other in the limits."""
import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pulls import alpha_entmax_order_pull, alpha_entmax_pull, entmax15_pull, sparsemax_pull
from sparse_oracle import entmax_of_values, first_of_each, repeated

from toolkit.formats import FLOAT16, round_to
from toolkit.gradients import vjp
from toolkit.softmax import alpha_entmax, entmax15, softmax, sparsemax

Z = [1.0, 0.8, 0.1, -0.5]
# float64; the same to 1e-12 as what deep-spin/entmax gives (sparsemax, entmax15, entmax_bisect with 50 steps) and
# autograd through it, with upstream [1, -1, 0.5, 2].
REFERENCE = {
    1.25: ([0.465519636838, 0.362631769423, 0.130473518427, 0.0413750753126],
           [0.400232138808, -0.602745517947, 0.0456246388031, 0.156888740335]),
    1.5: ([0.529247894323, 0.393749042874, 0.0770030628033, 0.0],
          [0.621099771487, -0.719263955974, 0.0981641844872, 0.0]),
    2.0: ([0.6, 0.4, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0]),
    4.0: ([0.845168322536, 0.154831677464, 0.0, 0.0], None),
}
ALPHAS = (1.0, 1 + 1e-6, 1.001, 1.01, 1.1, 1.25, 1.5, 1.75, 2.0)


def exact_entmax(z, alpha):
    """By bisection for the threshold u of ``exp_ε(z - u)``, in 50 digits."""
    with mpmath.workdps(50):
        order = mpmath.mpf(float(alpha)) - 1
        z = [mpmath.mpf(float(v)) for v in z]

        def parts(u):
            if order == 0:
                return [mpmath.exp(v - u) for v in z]
            return [max(1 + order * (v - u), 0) ** (1 / order) for v in z]

        low, high = max(z), max(z) + mpmath.log(len(z)) + mpmath.mpf(2) ** -100
        for _ in range(160):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(parts(middle)) > 1 else (low, middle)
        return np.array([float(v) for v in parts(low)])


@pytest.mark.parametrize("alpha", REFERENCE)
def test_reference_values(alpha):
    p, grad = REFERENCE[alpha]
    assert_allclose(alpha_entmax(Z, alpha=alpha), p, atol=1e-12)
    if grad is not None:
        assert_allclose(alpha_entmax_pull(p, [1, -1, 0.5, 2], alpha=alpha), grad, atol=1e-11)
    assert_allclose(alpha_entmax_pull(p, [1, -1, 0.5, 2], alpha=alpha).sum(), 0, atol=1e-14)


def test_named_maps_are_members_of_the_family():
    z = np.random.default_rng(0).normal(0, 1.5, (50, 9))
    for named, gradient, alpha in ((sparsemax, sparsemax_pull, 2.0), (entmax15, entmax15_pull, 1.5)):
        assert_array_equal(named(z), alpha_entmax(z, alpha=alpha))
        assert_array_equal(gradient(named(z), z), alpha_entmax_pull(named(z), z, alpha=alpha))
    assert_allclose(alpha_entmax(z, alpha=1.0), softmax(z), rtol=1e-14)
    assert_allclose(alpha_entmax(z, alpha=1 + 2**-40), softmax(z), rtol=1e-10)


def largest_error(p, expected, eps):
    return np.abs(p - expected).max() / (eps / 2 * expected.max())


@pytest.mark.parametrize("alpha", [*ALPHAS, 3.0, 4.0])
def test_accuracy_in_float32_down_to_the_limit(alpha):
    rng = np.random.default_rng(2)
    for size, spread in ((2, 0.5), (6, 1.0), (40, 2.0), (300, 0.3)):
        z = rng.normal(0, spread, size).astype(np.float32)
        # The row sees α - 1 as a float32.
        seen = 1 + float(np.float32(alpha - 1))
        assert largest_error(alpha_entmax(z, alpha=alpha), exact_entmax(z, seen), np.finfo(np.float32).eps) <= 1


@pytest.mark.parametrize("alpha", ALPHAS)
def test_accuracy_in_emulated_float16(alpha):
    rng = np.random.default_rng(3)
    for size in (2, 5, 40):
        z = round_to(rng.normal(0, 1, size), FLOAT16)
        p = alpha_entmax(z, alpha=alpha, format=FLOAT16)
        assert largest_error(p, exact_entmax(z, alpha), FLOAT16.epsilon) <= 1.01


@pytest.mark.parametrize("alpha", [*ALPHAS, 1.0001, 3.0, 4.0])
@pytest.mark.parametrize("format", ["float16", "bfloat16", "float8_e5m2", "float8_e4m3fn"])
def test_no_nan_in_small_formats(alpha, format):
    rng = np.random.default_rng(5)
    z = np.clip(rng.normal(0, rng.choice([0.1, 1, 30], (60, 1)), (60, 12)), -200, 200)
    z[:5] = z[:5, :1]
    p = alpha_entmax(z, alpha=alpha, format=format)
    assert not np.isnan(p).any() and (p >= 0).all()
    assert (np.abs(p.sum(axis=1) - 1) < 0.25).all()


def test_a_gap_of_one_over_alpha_minus_one_is_enough():
    for alpha in (1.25, 1.5, 2.0, 3.0):
        gap = 1 / (alpha - 1)
        assert_array_equal(alpha_entmax([0.0, -gap], alpha=alpha), [1.0, 0.0])
        assert alpha_entmax([0.0, -0.99 * gap], alpha=alpha)[1] > 0


def test_support_shrinks_as_alpha_grows():
    z = np.random.default_rng(6).normal(size=(40, 12))
    sizes = np.array([(alpha_entmax(z, alpha=a) > 0).sum(axis=1) for a in (1.1, 1.25, 1.5, 2, 3, 4)])
    assert (np.diff(sizes, axis=0) <= 0).all()


@pytest.mark.parametrize("alpha", [1.0, 1.0001, 1.1, 1.25, 1.5, 1.7, 2.0, 3.0])
def test_gradient_in_alpha(alpha):
    z = np.array([[1.0, 0.8, 0.1, -0.5], [0.0, 0.3, -0.2, 0.1]])
    g = np.array([1.0, -1.0, 0.5, 2.0])
    h = 2**-14
    around = [alpha_entmax(z, alpha=alpha + k * h) @ g for k in range(5)]
    # one-sided, since α ends at 1
    expected = (-25 * around[0] + 48 * around[1] - 36 * around[2] + 16 * around[3] - 3 * around[4]) / (12 * h)
    assert_allclose(alpha_entmax_order_pull(alpha_entmax(z, alpha=alpha), g, alpha=alpha), expected, rtol=1e-9)


def test_gradient_in_alpha_reference_and_limit():
    p = entmax15(Z)
    # as autograd through entmax_bisect of deep-spin/entmax
    slope = [float(alpha_entmax_order_pull(p, row)) for row in np.eye(4)]
    assert_allclose(slope, [0.204766997056, 0.0786648757807, -0.283431872837, 0], atol=1e-11)
    p = softmax(Z)
    own = -p * np.log(p) ** 2 / 2
    assert_allclose([float(alpha_entmax_order_pull(p, row, alpha=1.0)) for row in np.eye(4)],
                    own - p * own.sum(), rtol=1e-12)
    narrow = alpha_entmax_order_pull(p.astype(np.float32), np.float32([1, 0, 0, 0]), alpha=1 + 1e-5)
    assert narrow.dtype == np.float32 and abs(narrow / (own[0] - p[0] * own.sum()) - 1) < 1e-5


def test_naive_forms_lose_the_sum_beside_an_offset():
    z = np.float32(Z) + np.float32(1e4)
    with pytest.warns(RuntimeWarning, match=r"entmax15\(form='naive'\) lost the sum in 1 of 1 rows"):
        broken = entmax15(z, form="naive")
    assert round(float(broken.sum()), 3) == 1.353
    assert_allclose(entmax15(z), entmax15(Z), atol=2e-3)  # the offset itself has rounded the logits
    assert_allclose(sparsemax(Z, form="naive"), [0.6, 0.4, 0, 0], atol=1e-15)


def test_bisection_loses_digits_towards_one():
    z = np.float32(Z)
    errors = []
    for alpha in (1.1, 1.01, 1.001):
        seen = exact_entmax(z, 1 + float(np.float32(alpha - 1)))
        errors.append([largest_error(alpha_entmax(z, alpha=alpha, form=f), seen, np.finfo(np.float32).eps)
                       for f in ("common", "stable")])
    common, stable = np.transpose(errors)
    assert common[2] > 20 * stable[2] and common[2] > 10 * common[0] and stable.max() <= 4
    assert_array_equal(alpha_entmax(z, alpha=1.0, form="common"), np.full(4, np.float32(0.25)))


def test_arguments():
    for wrong, error in ((-0.5, ValueError), (5, ValueError), (math.nan, ValueError), ("2", TypeError)):
        with pytest.raises(error, match="alpha is .*; allowed: a number from 0 to 4"):
            alpha_entmax(Z, alpha=wrong)
    with pytest.raises(ValueError, match="alpha contains 5; allowed: numbers from 0 to 4"):
        alpha_entmax([Z, Z], alpha=[1, 5])
    with pytest.raises(ValueError, match=r"alpha has shape \(3,\); allowed: \(2,\) or \(2, 1\)"):
        alpha_entmax([Z, Z], alpha=[1, 2, 3])
    for alpha in (0.5, [1.5]):
        with pytest.raises(ValueError, match="form is 'common'; allowed for alpha below 1 and for an array: 'stable'"):
            alpha_entmax([Z], alpha=alpha, form="common")
    with pytest.raises(ValueError, match="form is 'sort'; allowed: 'naive', 'stable'"):
        sparsemax(Z, form="sort")


def test_an_alpha_for_each_row():
    rng = np.random.default_rng(7)
    z, g = rng.normal(0, 2, (4, 3, 6)).astype(np.float32), rng.normal(size=(4, 3, 6)).astype(np.float32)
    alpha = rng.choice([0.5, 1.0, 1.25, 1.5, 2.0, 3.0], (4, 3))
    p = alpha_entmax(z, alpha=alpha)
    d, slope = alpha_entmax_pull(p, g, alpha=alpha), alpha_entmax_order_pull(p, g, alpha=alpha)
    assert p.dtype == d.dtype == slope.dtype == np.float32 and slope.shape == (4, 3)
    for at in np.ndindex(4, 3):
        one = float(alpha[at])
        assert_array_equal(p[at], alpha_entmax(z[at], alpha=one))
        assert_array_equal(d[at], alpha_entmax_pull(p[at], g[at], alpha=one))
        assert slope[at] == alpha_entmax_order_pull(p[at], g[at], alpha=one)
    assert_array_equal(alpha_entmax(z, alpha=alpha[..., None]), p)
    assert_array_equal(alpha_entmax(np.moveaxis(z, -1, 1), alpha=alpha, axis=1), np.moveaxis(p, -1, 1))
    assert_array_equal(alpha_entmax(z, alpha=np.array(1.5)), alpha_entmax(z, alpha=1.5))
    keep = rng.random(z.shape) < 0.8
    keep[..., 0] = True
    assert_array_equal(alpha_entmax(z, alpha=alpha, where=keep) > 0, keep & (alpha_entmax(
        np.where(keep, z, -np.inf), alpha=alpha) > 0))
    value, pull = vjp(alpha_entmax, z, alpha=alpha)
    assert_array_equal(pull(g), d)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 0.99])
def test_an_alpha_below_1_leaves_no_class_out(alpha):
    rng = np.random.default_rng(8)
    g, h = np.array([1.0, -1.0, 0.5, 2.0]), 1e-6
    for dtype, units in ((np.float32, 1), (np.float64, 8)):
        for values, counts in (([0, -1e6], [1, 99_999]), ([0, -1, -30], [1, 1, 1]), ([0, -0.3], [1, 1999]),
                               (rng.normal(0, 3, 4), [1, 1, 1, 99_997])):
            z, values = repeated(values, counts, dtype)
            p = alpha_entmax(z, alpha=alpha)
            expected = entmax_of_values(values, counts, dtype(alpha - 1))
            assert largest_error(p[first_of_each(counts)], expected, np.finfo(dtype).eps) <= units
            assert ((p > 0).all() or expected.min() < 1e-45) and abs(math.fsum(p) - 1) <= np.finfo(dtype).eps
    p = alpha_entmax(Z, alpha=alpha)
    difference = [g @ (alpha_entmax(Z + step, alpha=alpha) - alpha_entmax(Z - step, alpha=alpha)) / (2 * h)
                  for step in h * np.eye(4)]
    assert_allclose(alpha_entmax_pull(p, g, alpha=alpha), difference, atol=1e-9)
    middle = max(alpha, h)
    difference = g @ (alpha_entmax(Z, alpha=middle + h) - alpha_entmax(Z, alpha=middle - h)) / (2 * h)
    assert_allclose(alpha_entmax_order_pull(alpha_entmax(Z, alpha=middle), g, alpha=middle), difference, atol=1e-8)
    assert_array_equal(alpha_entmax([-np.inf, 3.0], alpha=alpha), [0, 1])


def test_below_1_the_family_goes_on_without_a_jump():
    for alpha in (1 - 2.0**-40, 1 - 2.0**-52):
        assert_allclose(alpha_entmax(Z, alpha=alpha), softmax(Z), rtol=1e-11)
    assert_allclose(alpha_entmax([0.0, -2.0], alpha=0.0), np.array([1 / (c := 2**0.5), 1 / (c + 2)]), rtol=1e-15)


def test_special_rows():
    nan, inf = math.nan, math.inf
    for row in ([nan, 0.0], [inf, 0.0], [-inf, -inf]):
        assert np.isnan(sparsemax(row)).all() and np.isnan(alpha_entmax(row, alpha=1.0)).all()
    assert_array_equal(sparsemax(np.zeros(70_000, np.float16)).astype(float), float(np.float16(1 / 70_000)))
    assert_array_equal(alpha_entmax([-inf, 3.0, -inf], alpha=1.25), [0, 1, 0])

"""Losses at the ends: parameters, weights, logits and reductions that are 0, infinite, or as large as a dtype goes."""
import warnings

import mpmath as mp
import numpy as np
import pytest
from test_loss_family import exact_combined, exact_comp_sum, exact_focal, exact_ldr, exact_z_loss

from toolkit import grad, losses
from toolkit.catalog import Loss, methods
from toolkit.losses.adversarial import smooth_adversarial_comp_sum

DTYPES = (np.float32, np.float64)
LARGEST, TINIEST = 1.7e308, 5e-324
ENDS = [
    *[("comp_sum", {"tau": tau}, exact_comp_sum(tau)) for tau in (0.0, TINIEST, 1 + 2.0**-52, 1e30, LARGEST)],
    *[("focal_loss", {"gamma": gamma}, exact_focal(gamma)) for gamma in (0.0, TINIEST, 40.0, 1e30, LARGEST)],
    *[("poly1_loss", {"epsilon": e}, exact_combined(1.0, e)) for e in (-1.0, 0.0, TINIEST, 1e30)],
    *[("z_loss", {"scale": scale}, exact_z_loss(scale)) for scale in (0.0, TINIEST, 1e30)],
    *[("symmetric_cross_entropy", {"alpha": a, "beta": b, "floor": f}, exact_combined(a, -b * f))
      for a, b, f in ((0.0, 1.0, -4.0), (1.0, 0.0, -LARGEST), (0.0, 1.0, -1e30), (1e30, 1.0, -TINIEST))],
    *[("ldr_kl", {"strength": s, "margin": m}, exact_ldr(s, m))
      for s in (1e-30, 1e-4, 1e30) for m in (0.0, 1.0, 1e25)],
]
ROWS = [([2, 1, -1, 0.5], 1), ([0, 0], 0), ([80, 0, -50], 0), ([30, 0, -50], 1), ([1e30, 0, 3], 0), ([-1e30, -2e30], 0),
        ([1e-6, -1e-6, 0], 2), ([3, 2, -np.inf], 1), ([-np.inf, 5], 1)]


def close(actual, exact, largest, dtype):
    """Equal to four digits of the largest, an infinity where the dtype ends; NaN is never equal."""
    limit = mp.mpf(float(np.finfo(dtype).max))
    if abs(exact) >= limit:
        return float(actual) == float(np.sign(float(mp.sign(exact)))) * np.inf
    slack = max(largest * mp.mpf("1e-4"), mp.mpf(float(np.finfo(dtype).tiny)))
    return np.isfinite(actual) and abs(mp.mpf(float(actual)) - exact) <= slack


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "keywords", "exact"), ENDS, ids=[f"{name}-{kw}" for name, kw, _ in ENDS])
def test_parameters_at_the_ends(name, keywords, exact, dtype):
    for row, label in ROWS:
        z = np.array(row, dtype)
        kept = z != -np.inf
        value, grad = getattr(losses, name).value_and_gradient(z, label, **keywords)
        with mp.workdps(60):
            if name == "focal_loss" and kept.sum() == 1:
                right, slopes = mp.mpf(0), [mp.mpf(0)]
            else:
                right, slopes = exact(z[kept], int(kept[:label].sum()))
            scale = max(abs(right), mp.mpf(float(abs(z[kept] - z[label]).max())) if name == "ldr_kl" else 0)
            assert close(value, right, scale, dtype), (row, value, right)
            assert not grad[~kept].any()
            for g, s in zip(grad[kept], slopes, strict=True):
                assert close(g, s, max(map(abs, slopes)), dtype), (row, grad, slopes)


@pytest.mark.parametrize("keywords", [{"alpha": 1 + 2.0**-52}, {"alpha": LARGEST}, {"strength": 1e-44},
                                      {"strength": 1e30}, {"margin": 1e30}, {"alpha": 1e30, "strength": 1e-30}],
                         ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_adaptive_loss_lies_between_its_two_strengths(keywords, dtype):
    for row, label in ROWS:
        z = np.array(row, dtype)
        value, grad = losses.aldr_kl.value_and_gradient(z, label, **keywords)
        least = losses.ldr_kl(z, label, **{k: v for k, v in keywords.items() if k != "alpha"})
        hinge = max(0, *(float(v) - float(z[label]) + keywords.get("margin", 1) for k, v in enumerate(z) if k != label),
                    0)
        slack = 1e-4 * max(abs(float(least)), abs(hinge), 1e-30)
        assert float(least) - slack <= value <= hinge + slack and np.isfinite(grad).all() and abs(grad.sum()) < 1e-6


def of_catalog():
    return pytest.mark.parametrize("method", methods("loss", Loss), ids=[m.name for m in methods("loss", Loss)])


def computed(method, z, labels, **options):
    """Value and gradient for the logits, where a loss takes more than these too."""
    options = dict(method.parameters) | options
    value, grad = method.function.value_and_gradient(*method.completed((z,)), labels, **options)
    return value, grad[0] if isinstance(grad, tuple) else grad


@of_catalog()
@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_at_the_ends(method, dtype):
    big = float(np.finfo(dtype).max)
    for nan in ([np.nan, 0, 1], [0, 1, np.nan], [np.inf, 0, 1], [0, np.inf, 1], [-np.inf] * 3):
        value, grad = computed(method, np.array([nan], dtype), [0], reduction="none")
        assert np.isnan(value).all() and np.isnan(grad).any()
    for row in ([big, -big, 0], [-big, big, 0], [big, big, big], [-big, -big, -big], [big, 0, 0], [-big, 0, 0]):
        value, grad = computed(method, np.array([row], dtype), [0], reduction="none")
        assert not np.isnan(value).any() and not np.isnan(grad).any(), row
    if method.takes("where"):
        value, grad = computed(method, np.array([[0, 1, -np.inf]], dtype), [0], reduction="none")
        without, slopes = computed(method, np.array([[0, 1]], dtype), [0], reduction="none")
        np.testing.assert_allclose(value, without, rtol=1e-6)
        np.testing.assert_allclose(grad[:, :2], slopes, rtol=1e-6)
        assert grad[0, 2] == 0
        for row in ([0, 1, -np.inf], [0, -np.inf, -np.inf]):
            value, grad = computed(method, np.array([row], dtype), [2], reduction="none")
            sure = 1 / (1 + np.exp(-1.0)) if row[1] == 1 else 1
            brier = 1 + (1 + np.exp(-2.0)) / (1 + np.exp(-1.0))**2 if row[1] == 1 else 2
            limit = {"generalized_cross_entropy": 1 / 0.7, "mean_absolute_error": 1, "spherical_loss": 1,
                     "brier_loss": brier, "correctness_loss": sure * sure}.get(method.name, np.inf)
            assert value[0] == pytest.approx(limit, rel=1e-6) and not np.isnan(grad).any(), row


@of_catalog()
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_and_weights_at_the_ends(method, dtype):
    z = np.array([[1, 2, 0], [0, 3, -1], [2, -2, 1], [4, 0, 0]], dtype)
    y = np.array([0, 1, 2, 2])
    each, slopes = computed(method, z, y, reduction="none")
    empty = computed(method, z[:0], y[:0])
    assert np.isnan(empty[0]) and empty[1].shape == (0, 3) and computed(method, z[:0], y[:0], reduction="sum")[0] == 0
    for unit in (1.0, 5e-324, 1e-300, 1e300, 1.7e308):
        weights = np.array([1.0, 1.0, 0.0, 1.0]) * unit
        value, grad = computed(method, z, y, sample_weight=weights)
        assert value == pytest.approx(each[[0, 1, 3]].mean(dtype=float), rel=1e-6)
        np.testing.assert_allclose(grad, slopes * [[1 / 3], [1 / 3], [0], [1 / 3]], rtol=1e-5)
    value, grad = computed(method, z, y, sample_weight=np.zeros(4))
    assert np.isnan(value) and not grad.any()
    value, grad = computed(method, z, y, sample_weight=[0.0, 2.0, 1.0, 0.0], reduction="none")
    np.testing.assert_allclose(value, each * [0, 2, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(grad, slopes * [[0], [2], [1], [0]], rtol=1e-6)
    broken, kept = np.where(np.arange(4)[:, None] == 1, dtype(np.nan), z), {"sample_weight": [1, 0, 1, 1]}
    assert computed(method, broken, y, **kept)[0] == computed(method, z, y, **kept)[0]
    if method.takes("weight"):
        value, _ = computed(method, z, y, weight=[1.7e308, 1.7e308, 0])
        assert value == pytest.approx(computed(method, z, y, weight=[1, 1, 0])[0], rel=1e-6)
        value, grad = computed(method, z, y, ignore_index=2)
        assert value == pytest.approx(each[:2].mean(dtype=float), rel=1e-6)
        value, grad = computed(method, z, np.full(4, 7), ignore_index=7)
        assert np.isnan(value) and not grad.any()
        assert computed(method, z, np.full(4, 7), ignore_index=7, reduction="sum")[0] == 0
    small = computed(method, np.float32(z), y, sample_weight=np.full(4, 1e40), reduction="sum")
    assert small[0] == np.copysign(np.inf, each.sum()) and not np.isnan(small[1]).any()


def test_a_mean_of_losses_whose_sum_overflows():
    z = np.array([[1e308, 0.0]] * 4)
    assert losses.cross_entropy(z, [1] * 4) == 1e308
    assert losses.cross_entropy(z, [1] * 4, sample_weight=[1e300] * 4) == 1e308
    z32 = np.float32([[1e38, -2.5e38]])
    assert losses.cross_entropy(z32, np.float32([[0.75, 0.25]])) == pytest.approx(0.25 * 3.5e38, rel=1e-6)
    assert losses.cross_entropy(z32, [0], label_smoothing=0.5) == pytest.approx(0.25 * 3.5e38, rel=1e-6)
    assert losses.cross_entropy(z32, [0], label_smoothing=0.5, weight=[1.0, 1.0]) == pytest.approx(0.25 * 3.5e38)
    one = losses.cross_entropy.value_and_gradient(np.float32([[50, 0]]), [0], weight=[1e45, 1.0], reduction="sum")
    assert one[0] == pytest.approx(1e45 * np.exp(-50.0), rel=1e-5) and one[1][0, 1] == pytest.approx(one[0], rel=1e-5)


@pytest.mark.parametrize("form", ["naive", "common", "stable"])
@pytest.mark.parametrize("function", [losses.cross_entropy, losses.stablemax_cross_entropy])
def test_smoothing_at_the_ends_beside_a_masked_label(function, form):
    z = np.array([[0.0, 1.0, -np.inf]])
    hard, hard_grad = function.value_and_gradient(z, [0], form=form)
    assert function(z, [0], form=form, label_smoothing=0) == hard
    even = function(z[:, :2], np.array([[0.5, 0.5]]), form=form)
    for label in (0, 1, 2):
        value, grad = function.value_and_gradient(z, [label], form=form, label_smoothing=1)
        assert value == pytest.approx(even, rel=1e-15) and np.isfinite(grad).all() and grad[0, 2] == 0
    with warnings.catch_warnings(action="ignore"):
        value, grad = function.value_and_gradient(z, [2], form=form, label_smoothing=0.1)
    assert value == np.inf and not np.isnan(grad).any()


def test_gaps_and_slopes_that_overflow():
    f4 = np.float32
    slopes = grad(losses.multiclass_hinge)(f4([-3e38, 0, 0, 0]), 0, power=2)
    np.testing.assert_allclose(slopes, f4([-np.inf, 1.5e38, 1.5e38, 1.5e38]), rtol=3e-7)
    slopes = grad(losses.multiclass_hinge)(f4([-3e38, 3e38, 0, 0]), 0, power=2)
    np.testing.assert_allclose(slopes[1:], f4([3e38, 1.5e38, 1.5e38]), rtol=3e-7)
    z, options = f4([3e38, -3e38]), {"strength": 1e38, "margin": 0}
    assert losses.ldr_kl(z, 0, **options) == pytest.approx(1e38 * np.log((1 + np.exp(-6)) / 2), rel=5e-7)
    whole = losses.aldr_kl([3.0, -3.0], 0, strength=1, margin=0)
    assert losses.aldr_kl(z, 0, **options) == pytest.approx(1e38 * whole, rel=1e-6)


def test_a_row_of_weights_below_float32_keeps_its_loss():
    z, q, weight = np.float32([[0, 1, 2]]), np.float32([[1, 0, 0]]), [1e-50, 1, 1]
    value, slope = losses.cross_entropy.value_and_gradient(z, q, weight=weight)
    plain = losses.cross_entropy.value_and_gradient(z, q)
    assert value == pytest.approx(float(plain[0]), rel=5e-7)
    np.testing.assert_allclose(slope, plain[1], rtol=5e-7)
    assert losses.cross_entropy(z, q, weight=weight, reduction="sum") == 0


@pytest.mark.parametrize(("power", "message"), [(10**5000, "power is an integer of 16610 bits"),
                                                (np.array([1, 2]), r"power is an array of shape \(2,\)")],
                         ids=["long", "array"])
def test_wrong_powers_of_the_hinge(power, message):
    with pytest.raises(ValueError, match=message):
        losses.multiclass_hinge([0.0, 1.0], 1, power=power)


def test_the_adversarial_loss_at_the_ends():
    z, moved = np.array([2.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
    value, (grad, attacked) = smooth_adversarial_comp_sum.value_and_gradient(z, moved, 0, rho=5e-324)
    assert value == smooth_adversarial_comp_sum(z, moved, 0, rho=1e-300) and np.isfinite([grad, attacked]).all()
    assert smooth_adversarial_comp_sum(z, moved, 1, rho=1e-308) == np.inf
    assert np.isfinite(smooth_adversarial_comp_sum(z, moved, 0, rho=1.7e308, nu=0))
    huge = np.array([1.5e308, -1.5e308, 0.0])
    value, both = smooth_adversarial_comp_sum.value_and_gradient(huge, -huge, 0, nu=1e-10)
    assert np.isfinite(value) and value == pytest.approx(1e-10 * 1.5e308 * 20**0.5 * 2 / 2, rel=0.5)
    assert np.isfinite(both).all()
    assert np.isfinite(smooth_adversarial_comp_sum.value_and_gradient(z, z, 0, nu=1.7e308)[1]).all()

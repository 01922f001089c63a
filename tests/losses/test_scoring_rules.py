"""Brier and spherical loss, log-softmax with a last logit of 0, and what losses make one say."""
from functools import partial

import numpy as np
import pytest
from accuracy_cases import exactly
from mpmath import mp
from row_map_oracle import log_softmax as exact_log_softmax

from toolkit import vjp
from toolkit.formats import FLOAT16
from toolkit.losses import (
    brier_loss,
    comp_sum,
    cross_entropy,
    expected_loss,
    focal_loss,
    log_softmax_plus,
    propriety_gap,
    spherical_loss,
)

TV, LABEL = np.array([2.0, 1.0, -1.0, 0.5]), 1


def test_published_values():
    """Of ``z = (2, 1, -1, 0.5)``, ``y = 1``."""
    loss, grad = brier_loss.value_and_gradient(TV, LABEL)
    assert float(loss) == pytest.approx(0.9927087437456599, rel=4e-16)
    np.testing.assert_allclose(grad, [0.4784791230466381, -0.44514612278517046, -0.011322474586849767,
                                      -0.02201052567461792], rtol=1e-14)
    loss, grad = spherical_loss.value_and_gradient(TV, LABEL)
    assert float(loss) - 1 == pytest.approx(-0.3375749576244464, rel=1e-15)
    np.testing.assert_allclose(grad, [0.2842494475204331, -0.2991059781344179, 0.00070458393675749,
                                      0.01415194667722736], rtol=1e-13)
    found = log_softmax_plus([2.0, 1.0, -1.0])
    np.testing.assert_allclose(found, [-0.4401896985611953, -1.4401896985611953, -3.4401896985611953,
                                       -2.4401896985611953], rtol=2e-16)


@pytest.mark.parametrize("function", [brier_loss, spherical_loss])
@pytest.mark.parametrize(("dtype", "format", "last", "gone"), [
    (np.float32, None, 103.5, 104.5), (np.float64, None, 744.0, 746.0), (np.float64, FLOAT16, 17.0, 17.5)])
def test_a_gradient_that_is_exactly_0(function, dtype, format, last, gone):
    """Of a label that the model is sure not to see: the factor p_y is no number any more."""
    for gap, left in ((last, True), (gone, False)):
        loss, grad = function.value_and_gradient(np.array([gap, 0.0], dtype), 1, format=format)
        assert loss >= 0.99 and grad.any() == left, (gap, grad)
        assert cross_entropy.value_and_gradient(np.array([gap, 0.0], dtype), 1, format=format)[1][1] == -1


def test_brier_loss_is_the_brier_score_of_calibration():
    from toolkit.uncertainty import brier_score
    z, y = np.random.default_rng(0).normal(size=(50, 4)), np.arange(50) % 4
    assert brier_loss(z, y) == pytest.approx(brier_score(z, y), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_plus_against_many_digits(dtype):
    rng = np.random.default_rng(1)
    rows = [rng.normal(0, scale, n).astype(dtype) for scale in (0.1, 3, 40) for n in (1, 2, 10, 99)]
    rows += [np.array(row, dtype) for row in ([-800, -900], [-100, -120], [500, -500], [-30], [0, 0, 0])]
    for a in rows:
        with mp.workdps(60):
            right = exact_log_softmax([*exactly(a), mp.mpf(0)])
            found = log_softmax_plus(a)
            assert found.dtype == dtype and found.shape == (a.size + 1,)
            for v, exact in zip(found, right, strict=True):
                unit = float(np.spacing(dtype(float(abs(exact)))))
                assert abs(mp.mpf(float(v)) - exact) <= 3 * unit


def test_log_softmax_plus_forgets_its_0_in_the_naive_form():
    with pytest.warns(RuntimeWarning, match="overflowed"):
        assert np.isneginf(log_softmax_plus([-800.0, -900.0], form="naive")).all()
    with pytest.warns(RuntimeWarning):
        assert np.isneginf(log_softmax_plus(np.float32([-100, -120]), form="naive")).all()
    assert log_softmax_plus([-800.0, -900.0]).tolist() == [-800, -900, 0]
    z = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(log_softmax_plus(z, form="naive"), log_softmax_plus(z), rtol=1e-14)
    np.testing.assert_array_equal(log_softmax_plus(z.T, axis=0), log_softmax_plus(z).T)


def test_gradient_of_log_softmax_plus():
    a, g = np.random.default_rng(2).normal(size=(2, 4, 3)), np.random.default_rng(3).normal(size=(2, 4, 4))
    value, pull = vjp(log_softmax_plus, a)
    for k in range(3):
        step = 1e-6 * (np.arange(3) == k)
        slope = (log_softmax_plus(a + step) - log_softmax_plus(a - step)) / 2e-6
        np.testing.assert_allclose(pull(g)[..., k], (g * slope).sum(-1), atol=1e-8)
    assert pull(g).shape == a.shape and value.shape == g.shape


def test_expected_loss_is_its_definition():
    rng = np.random.default_rng(4)
    z, q = rng.normal(size=(6, 3)), rng.dirichlet(np.ones(3), 6)
    for of in (cross_entropy, brier_loss, spherical_loss, focal_loss):
        found = expected_loss(of, z, q)
        right = sum(q[:, k] * of(z, np.full(6, k), reduction="none") for k in range(3))
        np.testing.assert_allclose(found, right, rtol=1e-14)
    p = np.exp(log_softmax_plus(z))[:, :3]
    p /= p.sum(1, keepdims=True)
    np.testing.assert_allclose(expected_loss(brier_loss, np.log(p), q), (p**2).sum(1) - 2 * (p * q).sum(1)
                               + 1, rtol=1e-13)
    assert expected_loss(cross_entropy, [0.0, -np.inf], [1.0, 0.0]) == 0
    with pytest.raises(ValueError, match="belief has a row"):
        expected_loss(brier_loss, [0.0, 0.0], [0.4, 0.4])


def test_who_is_proper():
    for classes, steps in ((2, 50), (3, 12), (4, 6)):
        for of in (cross_entropy, brier_loss, spherical_loss):
            assert propriety_gap(of, classes=classes, steps=steps).gap == 0
    focal = propriety_gap(focal_loss, steps=50)
    assert focal.gap > 0.05 and 0.5 > focal.report.min() > focal.belief.min()  # less sure than one is
    absolute = propriety_gap(partial(comp_sum, tau=2.0), steps=50)
    assert absolute.report.tolist() in ([0, 1], [1, 0])
    robust = propriety_gap(partial(comp_sum, tau=1.5), steps=100)
    right = robust.belief**2 / (robust.belief**2).sum()
    np.testing.assert_allclose(robust.report, right, atol=0.006)
    assert propriety_gap(partial(cross_entropy, label_smoothing=0.2)).gap > 0
    with pytest.raises(TypeError, match="loss is 'brier'"):
        propriety_gap("brier")

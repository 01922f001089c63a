"""Brier and spherical loss, log-softmax with a last logit of 0, and what losses make one say."""
from functools import partial

import numpy as np
import pytest
from accuracy_cases import exactly
from mpmath import mp
from row_map_oracle import log_softmax as exact_log_softmax

from toolkit import losses, vjp
from toolkit.formats import FLOAT16

TV, LABEL = np.array([2.0, 1.0, -1.0, 0.5]), 1


def test_published_values():
    """Of ``z = (2, 1, -1, 0.5)``, ``y = 1``."""
    loss, grad = losses.brier_loss.value_and_gradient(TV, LABEL)
    assert float(loss) == pytest.approx(0.9927087437456599, rel=4e-16)
    np.testing.assert_allclose(grad, [0.4784791230466381, -0.44514612278517046, -0.011322474586849767,
                                      -0.02201052567461792], rtol=1e-14)
    loss, grad = losses.spherical_loss.value_and_gradient(TV, LABEL)
    assert float(loss) - 1 == pytest.approx(-0.3375749576244464, rel=1e-15)
    np.testing.assert_allclose(grad, [0.2842494475204331, -0.2991059781344179, 0.00070458393675749,
                                      0.01415194667722736], rtol=1e-13)
    found = losses.log_softmax_plus([2.0, 1.0, -1.0])
    np.testing.assert_allclose(found, [-0.4401896985611953, -1.4401896985611953, -3.4401896985611953,
                                       -2.4401896985611953], rtol=2e-16)


@pytest.mark.parametrize("function", [losses.brier_loss, losses.spherical_loss])
@pytest.mark.parametrize(("dtype", "format", "last", "gone"), [
    (np.float32, None, 103.5, 104.5), (np.float64, None, 744.0, 746.0), (np.float64, FLOAT16, 17.0, 17.5)])
def test_a_gradient_that_is_exactly_0(function, dtype, format, last, gone):
    """Of a label that the model is sure not to see: the factor p_y is no number any more."""
    for gap, left in ((last, True), (gone, False)):
        loss, grad = function.value_and_gradient(np.array([gap, 0.0], dtype), 1, format=format)
        assert loss >= 0.99 and grad.any() == left, (gap, grad)
        assert losses.cross_entropy.value_and_gradient(np.array([gap, 0.0], dtype), 1, format=format)[1][1] == -1


def test_brier_loss_is_the_brier_score_of_calibration():
    from toolkit.uncertainty import brier_score
    z, y = np.random.default_rng(0).normal(size=(50, 4)), np.arange(50) % 4
    assert losses.brier_loss(z, y) == pytest.approx(brier_score(z, y), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_plus_against_many_digits(dtype):
    rng = np.random.default_rng(1)
    rows = [rng.normal(0, scale, n).astype(dtype) for scale in (0.1, 3, 40) for n in (1, 2, 10, 99)]
    rows += [np.array(row, dtype) for row in ([-800, -900], [-100, -120], [500, -500], [-30], [0, 0, 0])]
    for a in rows:
        with mp.workdps(60):
            right = exact_log_softmax([*exactly(a), mp.mpf(0)])
            found = losses.log_softmax_plus(a)
            assert found.dtype == dtype and found.shape == (a.size + 1,)
            for v, exact in zip(found, right, strict=True):
                unit = float(np.spacing(dtype(float(abs(exact)))))
                assert abs(mp.mpf(float(v)) - exact) <= 3 * unit


def test_log_softmax_plus_forgets_its_0_in_the_naive_form():
    with pytest.warns(RuntimeWarning, match="overflowed"):
        assert np.isneginf(losses.log_softmax_plus([-800.0, -900.0], form="naive")).all()
    with pytest.warns(RuntimeWarning):
        assert np.isneginf(losses.log_softmax_plus(np.float32([-100, -120]), form="naive")).all()
    assert losses.log_softmax_plus([-800.0, -900.0]).tolist() == [-800, -900, 0]
    z = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(losses.log_softmax_plus(z, form="naive"), losses.log_softmax_plus(z), rtol=1e-14)
    np.testing.assert_array_equal(losses.log_softmax_plus(z.T, axis=0), losses.log_softmax_plus(z).T)


def test_gradient_of_log_softmax_plus():
    a, g = np.random.default_rng(2).normal(size=(2, 4, 3)), np.random.default_rng(3).normal(size=(2, 4, 4))
    value, pull = vjp(losses.log_softmax_plus, a)
    for k in range(3):
        step = 1e-6 * (np.arange(3) == k)
        slope = (losses.log_softmax_plus(a + step) - losses.log_softmax_plus(a - step)) / 2e-6
        np.testing.assert_allclose(pull(g)[..., k], (g * slope).sum(-1), atol=1e-8)
    assert pull(g).shape == a.shape and value.shape == g.shape


def test_expected_loss_is_its_definition():
    rng = np.random.default_rng(4)
    z, q = rng.normal(size=(6, 3)), rng.dirichlet(np.ones(3), 6)
    for of in (losses.cross_entropy, losses.brier_loss, losses.spherical_loss, losses.focal_loss):
        found = losses.expected_loss(of, z, q)
        right = sum(q[:, k] * of(z, np.full(6, k), reduction="none") for k in range(3))
        np.testing.assert_allclose(found, right, rtol=1e-14)
    p = np.exp(losses.log_softmax_plus(z))[:, :3]
    p /= p.sum(1, keepdims=True)
    np.testing.assert_allclose(losses.expected_loss(losses.brier_loss, np.log(p), q), (p**2).sum(1) - 2 * (p * q).sum(1)
                               + 1, rtol=1e-13)
    assert losses.expected_loss(losses.cross_entropy, [0.0, -np.inf], [1.0, 0.0]) == 0
    with pytest.raises(ValueError, match="belief has a row"):
        losses.expected_loss(losses.brier_loss, [0.0, 0.0], [0.4, 0.4])


def test_who_is_proper():
    for classes, steps in ((2, 50), (3, 12), (4, 6)):
        for of in (losses.cross_entropy, losses.brier_loss, losses.spherical_loss):
            assert losses.propriety_gap(of, classes=classes, steps=steps).gap == 0
    focal = losses.propriety_gap(losses.focal_loss, steps=50)
    assert focal.gap > 0.05 and 0.5 > focal.report.min() > focal.belief.min()  # less sure than one is
    absolute = losses.propriety_gap(partial(losses.comp_sum, tau=2.0), steps=50)
    assert absolute.report.tolist() in ([0, 1], [1, 0])
    robust = losses.propriety_gap(partial(losses.comp_sum, tau=1.5), steps=100)
    right = robust.belief**2 / (robust.belief**2).sum()
    np.testing.assert_allclose(robust.report, right, atol=0.006)
    assert losses.propriety_gap(partial(losses.cross_entropy, label_smoothing=0.2)).gap > 0
    with pytest.raises(TypeError, match="loss is 'brier'"):
        losses.propriety_gap("brier")

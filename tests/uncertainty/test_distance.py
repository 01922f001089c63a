"""Similarity and distance to a support set, and Gaussian classes: sorting, scikit-learn, many digits."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose
from sklearn.covariance import EmpiricalCovariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from toolkit import vjp
from toolkit.softmax import log_sdm, sdm, softmax
from toolkit.uncertainty import (
    Gaussians,
    dkw_band,
    fit_gaussians,
    gaussian_logits,
    mahalanobis_confidence,
    nearest_distance,
    sdm_distance,
    sdm_similarity,
)
from toolkit.uncertainty import kernels as of_uncertainty

CARD = Gaussians(np.array([[0, 0], [3, 0], [0, 3.0]]), np.array([[1, 0.3], [0.3, 0.5]]), np.ones(3) / 3)
THREE = ([1.0, 0.2], [-6.0, -6.0], [20.0, -4.0])


def test_sdm_reference_values():
    z = [2, 0.5, -1]
    assert_allclose(sdm(z, similarity=np.e - 2, distance=1), softmax(z), rtol=2e-16)
    assert_allclose(sdm(z, similarity=0, distance=1), [0.676336753452, 0.239121152366, 0.0845420941816], rtol=1e-11)
    assert_allclose(sdm(z, similarity=10, distance=1), [0.975957325522, 0.0234778843587, 0.000564790118937], rtol=1e-11)
    assert_allclose(sdm(z, similarity=10, distance=0.5), [0.848063438313, 0.131535326087, 0.0204012356], rtol=1e-9)
    assert_allclose(log_sdm(z, similarity=10, distance=1), [-0.00979369481628, -1.50979369482, -3.00979369482],
                    rtol=1e-11)
    assert 0.9 * np.log(12) == pytest.approx(2.23641598481)  # the rescaled similarity of the estimator


def test_sdm_where_the_released_code_has_a_floor():
    for z in ([40, 0], [5, 0]):
        row = np.float32(z)
        assert log_sdm(row, similarity=100, distance=1, form="released")[1] == pytest.approx(-3.447, abs=5e-4)
        assert log_sdm(row, similarity=100, distance=1)[1] == -z[0]
    p = sdm(np.float32([5, 0]), similarity=100, distance=1)[1]
    assert p / (p + 2.0**-23) == pytest.approx(7.6e-4, rel=1e-2)
    with pytest.warns(RuntimeWarning, match="overflowed"):
        assert np.isnan(sdm(np.float32([19.3, 0]), similarity=100, distance=1, form="naive")).any()
    assert (sdm([3.0, -np.inf, 1], similarity=4, distance=0) == [0.5, 0, 0.5]).all()


def test_sdm_of_each_row_and_its_gradients():
    rng, h = np.random.default_rng(0), 1e-6
    z, g, q, d = rng.normal(0, 2, (3, 4)), rng.normal(0, 1, (3, 4)), np.array([0, 3.0, 50]), np.array([0.1, 0.5, 0.9])
    for of in (sdm, log_sdm):
        assert_allclose(of(z, similarity=q, distance=d)[1], of(z[1], similarity=3, distance=0.5), rtol=0)

        def total(z, q, d, of=of):
            return (g * of(z, similarity=q, distance=d)).sum(axis=1)

        options = {"similarity": q, "distance": d}
        slopes = np.stack([(total(z + h * e, q, d) - total(z - h * e, q, d)) / (2 * h) for e in np.eye(4)], axis=1)
        assert_allclose(vjp(of, z, **options)[1](g), slopes, atol=1e-8)
        for name, up, down in (("similarity", (q + h, d), (q + 0 * h, d)), ("distance", (q, d + h), (q, d))):
            pulled = vjp(of, z, of=name, **options)[1](g)
            assert_allclose(pulled, (total(z, *up) - total(z, *down)) / h, rtol=2e-4, atol=2e-5)
    onehot, p = np.eye(4)[0], sdm(z[1], similarity=3, distance=0.5)
    loss = {"similarity": 3.0, "distance": 0.5}
    assert_allclose(vjp(log_sdm, z[1], **loss)[1](-onehot), 0.5 * (p - onehot), rtol=1e-13)
    entropy = -(p * np.log(p)).sum()
    assert vjp(log_sdm, z[1], of="similarity", **loss)[1](-onehot) == pytest.approx(-entropy / (5 * np.log(5) ** 2))


def by_sorting(x, predicted, support, right, said, skipped):
    order = np.argsort(((support - x) ** 2).sum(axis=1), kind="stable")
    run = [i for i in order if i != skipped]
    agrees = [said[i] == right[i] == predicted for i in run]
    return agrees.index(False) if False in agrees else len(agrees)


def test_similarity_and_distance_by_sorting():
    rng = np.random.default_rng(1)
    support, right = rng.integers(-3, 4, (60, 2)) * 0.5, rng.integers(0, 2, 60)
    right[support[:, 0] > 0] = 1
    said = np.where(rng.uniform(size=60) < 0.1, 1 - right, right)
    x, predicted = rng.normal(0, 1.5, (40, 2)), rng.integers(0, 2, 40)
    exact = [by_sorting(a, c, support, right, said, -1) for a, c in zip(x, predicted, strict=True)]
    assert (sdm_similarity(x, predicted, support, right, said) == exact).all() and max(exact) > 3
    assert (sdm_similarity(x, predicted, support, right, said, cap=2) == np.minimum(exact, 2)).all()
    own = [by_sorting(support[i], said[i], support, right, said, i) for i in range(60)]
    assert (sdm_similarity(support, said, support, right, said, own=True) == own).all()
    far = nearest_distance(x, support)
    assert_allclose(far, np.sqrt(((x[:, None] - support) ** 2).sum(axis=2)).min(axis=1), rtol=1e-15)
    known = nearest_distance(support, support, own=True)
    shares = [min(1 - (known[right == c] < v).mean() for c in (0, 1)) for v in far]
    assert_allclose(sdm_distance(far, known, right), shares, rtol=1e-15)
    assert sdm_distance(known.max() + 1e-9, known, right) == 0 and sdm_distance(0.0, known, right) == 1
    assert (sdm_distance(far, known, right, classes=3) == 0).all()  # nobody has seen the third
    assert np.isnan(sdm_distance(np.nan, known, right)) and sdm_distance(np.zeros((2, 0)), known, right).shape == (2, 0)


def test_band_reference_value_and_coverage():
    assert dkw_band(50) == pytest.approx(0.192064558264, rel=1e-11) and dkw_band(0) == 1
    draws = np.sort(np.random.default_rng(2).uniform(size=(4000, 50)), axis=1)
    off = np.maximum(np.arange(1, 51) / 50 - draws, draws - np.arange(50) / 50).max(axis=1)
    assert (off <= dkw_band(50)).mean() > 0.95


def data(rows=200, d=5, seed=3):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    return rng.normal(0, 1, (rows, d)) @ rng.normal(0, 1, (d, d)) + 2 * np.eye(3, d)[y], y


def test_gaussians_are_those_of_scikit_learn():
    x, y = data()
    found = fit_gaussians(x, y, shrinkage=0)
    means = np.array([x[y == c].mean(axis=0) for c in range(3)])
    assert_allclose(found.means, means, rtol=1e-12, atol=1e-14)
    theirs = EmpiricalCovariance(assume_centered=True).fit(x - means[y])
    assert_allclose(found.covariance, theirs.covariance_, rtol=1e-12, atol=1e-13)
    shrunk = fit_gaussians(x, y, shrinkage=0.5).covariance
    assert_allclose(shrunk - found.covariance, 0.5 * np.trace(found.covariance) / 5 * np.eye(5), atol=1e-13)
    far = np.full(5, 4.0)
    right = max(-0.5 * (far - m) @ theirs.get_precision() @ (far - m) for m in means)
    for form in ("stable", "naive", "expanded"):
        assert mahalanobis_confidence(far, found, form=form) == pytest.approx(right, rel=1e-9)


def test_logits_are_those_of_scikit_learn():
    x, y = data()
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y)
    ours = softmax(gaussian_logits(x, fit_gaussians(x, y, shrinkage=0)))
    assert_allclose(ours, theirs.predict_proba(x), rtol=1e-7, atol=1e-12)


def test_confidence_reference_values():
    right = ((-0.512195121951, 0.90621002561364), (-39.512195121951, 0.999999364143748), (-245.487804878, 1))
    for f, (m, p) in zip(THREE, right, strict=True):
        assert mahalanobis_confidence(f, CARD) == pytest.approx(m, rel=1e-11)
        assert softmax(gaussian_logits(f, CARD)).max() == pytest.approx(p, rel=1e-13)
    assert (mahalanobis_confidence(CARD.means, CARD) == 0).all()


def test_confidence_in_forty_digits():
    x, y = data(60, 6)
    for shrinkage in (1e-6, 1e-3, 1.0):
        model = fit_gaussians(x, y, shrinkage=shrinkage)
        kappa = np.linalg.cond(model.covariance)
        with mp.workdps(40):
            inverse = mp.inverse(mp.matrix(model.covariance.tolist()))
            for f in 3 * x[:8]:
                squares = []
                for mean in model.means:
                    off = mp.matrix([mpf(a) - mpf(b) for a, b in zip(f, mean, strict=True)])
                    squares.append((off.T * inverse * off)[0])
                right = -min(squares) / 2
                assert abs(mahalanobis_confidence(f, model) - right) < 32 * 6 * kappa * 2.0**-52 * abs(right)
    nearest = model.means[1] + 0.1
    slope = vjp(mahalanobis_confidence, nearest, gaussians=model)[1](1.0)
    assert_allclose(slope, -np.linalg.solve(model.covariance, nearest - model.means[1]), rtol=1e-9)


def test_an_affine_map_of_the_features_changes_nothing():
    x, y = data()
    turn = np.random.default_rng(4).normal(0, 1, (5, 5))
    before = mahalanobis_confidence(x, fit_gaussians(x, y, shrinkage=0))
    after = mahalanobis_confidence(x @ turn + 3, fit_gaussians(x @ turn + 3, y, shrinkage=0))
    assert_allclose(after, before, rtol=1e-8) and (before <= 0).all()


def test_a_pseudo_inverse_is_blind_where_nothing_moved():
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.normal(0, 1, (50, 2)), np.full(50, 7.0)])
    y = np.arange(50) % 2
    plain = fit_gaussians(x, y, shrinkage=0)
    far = plain.means[0] + [0, 0, 50.0]
    assert mahalanobis_confidence(far, plain, form="naive") == pytest.approx(0, abs=1e-12)
    assert mahalanobis_confidence(far, fit_gaussians(x, y)) < -1e5
    with pytest.raises(ValueError, match="not positive definite"):
        mahalanobis_confidence(far, plain)
    room, inverse = np.empty((3, 3)), np.empty((3, 3))
    assert of_uncertainty.pseudo_inverse(plain.covariance.copy(), room, inverse) == 2
    assert_allclose(inverse, np.linalg.pinv(plain.covariance, hermitian=True), atol=1e-12)


def test_the_expanded_form_loses_the_difference():
    model = Gaussians(np.array([[9999.0, 1e4]]), np.eye(2), np.ones(1))
    assert mahalanobis_confidence([1e4, 1e4], model, form="expanded", format="float32") == 0
    assert mahalanobis_confidence([1e4, 1e4], model, format="float32") == -0.5
    near = Gaussians(np.array([[60.0, 60.0]]), np.eye(2), np.ones(1))
    assert mahalanobis_confidence([61.0, 60.0], near, format="float16") == -0.5
    assert mahalanobis_confidence([61.0, 60.0], near, form="expanded", format="float16") != -0.5


def test_ends_of_confidence():
    assert np.isnan(mahalanobis_confidence([np.nan, 0.0], CARD))
    assert mahalanobis_confidence(np.ones((0, 2)), CARD).shape == (0,)
    assert mahalanobis_confidence(np.float32([1, 0.2]), CARD) == pytest.approx(-0.512195, abs=1e-6)

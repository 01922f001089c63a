"""Surrogates of targets: reference values, the definition, the bound, and that the loss never rises."""
import numpy as np
import pytest
from numpy.testing import assert_allclose

from toolkit import grad
from toolkit.catalog import get_method
from toolkit.losses import cross_entropy
from toolkit.soft_operators import target_surrogate_step
from toolkit.softmax import softmax

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(size=(30, 4)), RNG.integers(0, 3, 30)
ONE_HOT = np.eye(3)[LABELS]


def total(w, x=X, labels=LABELS):
    return float(cross_entropy(x @ w, labels, reduction="sum"))


def test_reference_values():
    """Of the target: two rows of logits, moved by twice their gradients."""
    z, labels = np.array([[0.5, -1, 0.3], [0, 0.2, -0.7]]), [2, 0]
    assert_allclose(cross_entropy(z, labels, reduction="none"), [0.913861604409, 0.999891923501], atol=1e-12)
    g = grad(cross_entropy)(z, labels, reduction="sum")
    assert_allclose(g, [[0.489749323043, 0.109277844883, -0.599027167926],
                        [-0.632080797558, 0.449377528643, 0.182703268915]], atol=1e-12)
    moved = target_surrogate_step(np.eye(2), z, g, inner=None)  # a model that can say everything
    assert_allclose(cross_entropy(moved, labels, reduction="none"), [0.186069487881, 0.213324267078], atol=1e-12)


@pytest.mark.parametrize("inner", [0, 1, 7, 60])
def test_inner_steps_are_the_definition(inner):
    """Gradient descent on ``<g, z - z_t> + |z - z_t|² / (2 rate)`` with the size ``rate / lambda_max``."""
    w, g, rate = RNG.normal(size=(4, 3)), RNG.normal(size=(30, 3)), 1.5
    found, right = target_surrogate_step(X, w, g, rate=rate, inner=inner), w.copy()
    for _ in range(inner):
        right -= rate / np.linalg.eigvalsh(X.T @ X)[-1] * X.T @ (g + (X @ right - X @ w) / rate)
    assert_allclose(found, right, atol=1e-13 * abs(right).max())
    vector = target_surrogate_step(X, w[:, 0], g[:, 0], rate=rate, inner=inner)
    assert_allclose(vector, found[:, 0], atol=1e-13)


def test_without_a_limit_it_is_a_projection():
    w, g = RNG.normal(size=(4, 3)), RNG.normal(size=(30, 3))
    wide = X * [1, 0.1, 0.01, 0.001]
    found = target_surrogate_step(wide, w, g, rate=2.0, inner=None)
    q = np.linalg.qr(wide)[0]
    assert_allclose(wide @ found, wide @ w - 2 * q @ (q.T @ g), atol=1e-12)
    assert_allclose(found, w - 2 * np.linalg.pinv(wide) @ g, atol=1e-10 * abs(found).max())
    many = target_surrogate_step(X, w, g, inner=3000)
    assert_allclose(many, target_surrogate_step(X, w, g, inner=None), atol=1e-10)


def test_the_surrogate_is_a_bound():
    rng = np.random.default_rng(1)
    z, other, y = rng.normal(0, 3, (20000, 3)), rng.normal(0, 3, (20000, 3)), rng.integers(0, 3, 20000)
    g, step = softmax(z) - np.eye(3)[y], other - z
    bound = cross_entropy(z, y, reduction="none") + (g * step).sum(axis=1) + (step**2).sum(axis=1) / 4
    assert (cross_entropy(other, y, reduction="none") <= bound + 1e-12).all()


@pytest.mark.parametrize("inner", [1, 5, 100, None])
def test_the_loss_never_rises(inner):
    w, losses = np.zeros((4, 3)), []
    for _ in range(60):
        losses.append(total(w))
        w = target_surrogate_step(X, w, softmax(X @ w) - ONE_HOT, rate=2.0, inner=inner)
    assert (np.diff(losses) <= 1e-12).all() and losses[-1] < losses[0]


def test_more_inner_steps_use_a_gradient_better():
    found = []
    for inner in (1, 10, 100, None):
        w = np.zeros((4, 3))
        for _ in range(10):
            w = target_surrogate_step(X * [1, 1, 0.1, 0.1], w, softmax(X * [1, 1, 0.1, 0.1] @ w) - ONE_HOT, inner=inner)
        found.append(total(w, X * [1, 1, 0.1, 0.1]))
    assert (np.diff(found) < 0).all()


def test_special_values_and_arguments():
    w, g = np.zeros((4, 3)), np.ones((30, 3))
    for inner in (3, None):
        assert (target_surrogate_step(0 * X, w, g, inner=inner) == 0).all()
        assert target_surrogate_step(X.astype(np.float32), w.astype(np.float32), g.astype(np.float32),
                                     inner=inner).dtype == np.float32
    for wrong, message in (({"features": X[0]}, r"features has shape \(4,\); allowed: \(n, d\)"),
                           ({"weights": w[:2]}, r"weights has shape \(2, 3\); allowed: \(4,\) or \(4, K\)"),
                           ({"g": g[:2]}, r"g has shape \(2, 3\); allowed: \(30, 3\), one for each logit"),
                           ({"g": g * np.inf}, "g has inf; allowed: finite numbers"),
                           ({"inner": -1}, "inner is -1; allowed: an integer, at least 0")):
        with pytest.raises(ValueError, match=rf"^target_surrogate_step\(\): {message}"):
            target_surrogate_step(**{"features": X, "weights": w, "g": g} | wrong)


def test_the_row_of_the_register():
    method = get_method("target_surrogate_step")
    few, many = method.run(30, 1.0), method.run(30, 100.0)
    assert few[0] == many[0] == pytest.approx(np.log(3)) and (np.diff(few) <= 0).all() and (np.diff(many) <= 0).all()
    assert many[-1] < few[-1]

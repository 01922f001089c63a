"""Random-feature attention: the formula in many digits, its invariants, and what no odd layer can learn."""
import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.attention import (
    random_features,
    random_features_attention,
    random_features_parity,
    random_features_weights,
)

RNG = np.random.default_rng(4)
X0, X, W = RNG.normal(size=(2, 4)), RNG.normal(size=(2, 6, 4)), random_features_weights(5, 4, mean=0.5, seed=1)


def test_accuracy_of_random_features():
    found = random_features(X0, X, W)
    with mp.workdps(50):
        for b in range(2):
            for m in range(5):
                x0, x, w = ([list(map(mpf, map(float, row))) for row in each] for each in (X0[b:b + 1], X[b], W[m]))
                turned = [mp.fsum(x0[0][a] * w[a][c] for a in range(4)) for c in range(4)]
                sizes = [mp.fsum(abs(x0[0][a] * w[a][c]) for a in range(4)) for c in range(4)]
                for c in range(4):
                    terms = [max(mp.fdot(turned, token), 0) * token[c] / 6 for token in x]
                    size = mp.fsum(mp.fdot(sizes, map(abs, token)) * abs(token[c]) / 6 for token in x)
                    assert abs(mpf(float(found[b, m, c])) - mp.fsum(terms)) <= 64 * float(np.finfo(float).eps) * size
    assert random_features(np.float32(X0), np.float32(X), np.float32(W)).dtype == np.float32


def test_reference_value():
    x0, x = [1, 0, 0.5], [[0.5, 1, 0], [-1, 0.2, 0.3]]
    w = [np.eye(3), [[0, 0.5, -1], [0.3, 0, 0], [1, -1, 0.2]]]
    assert_allclose(random_features_attention(x0, x, w, [[0.2, 0.1, -0.3], [1, -0.5, 0.4]]), 0.05, rtol=1e-14)


def test_invariants():
    here = random_features(X0, X, W)
    assert_allclose(random_features(X0, X[:, ::-1], W), here, rtol=1e-12)
    assert_allclose(random_features(X0, np.concatenate([X, X], axis=1), W), here, rtol=1e-12, atol=1e-15)
    assert_allclose(random_features(3 * X0, X, W), 3 * here, rtol=1e-12)
    assert_array_equal(random_features(-X0, -X, W), -here)
    assert random_features(X0[:, None], X, W).shape == (2, 2, 5, 4)


def test_gradients():
    g = RNG.normal(size=(2, 5, 4))
    for name, x in (("query", X0), ("tokens", X)):
        found, right = vjp(random_features, X0, X, W, of=name)[1](g), np.zeros_like(x)
        for at in np.ndindex(x.shape):
            for sign in (1, -1):
                moved = x.copy()
                moved[at] += sign * 1e-6
                given = (moved, X) if name == "query" else (X0, moved)
                right[at] += sign * (g * random_features(*given, W)).sum() / 2e-6
        assert_allclose(found, right, atol=1e-8)
    v = RNG.normal(size=(5, 4))
    right = (random_features(X0, X, W) * v).sum(axis=(1, 2))
    assert_allclose(random_features_attention(X0, X, W, v), right, rtol=1e-14)


def unit(*sizes, seed):
    x = np.random.default_rng(seed).normal(size=sizes)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def with_constant(x):
    return np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)


def fitted(features, target, train):
    """Relative error on the rest of a ridge regression, with the best of nine penalties."""
    a, y = features.reshape(len(target), -1), target - target[:train].mean()
    gram = a[:train] @ a[:train].T
    errors = []
    for penalty in 10.0 ** np.arange(-6, 3):
        w = np.linalg.solve(gram + penalty * np.trace(gram) / train * np.eye(train), y[:train])
        errors.append(((a[train:] @ (a[:train].T @ w) - y[train:]) ** 2).sum() / (y[train:] ** 2).sum())
    return min(errors)


@pytest.mark.parametrize("constant", [False, True])
def test_an_even_target_is_out_of_reach_without_a_constant(constant):
    x0, x = unit(600, 2, seed=1), unit(600, 4, 2, seed=2)
    target = (np.einsum("bd,bnd->bn", x0, x) ** 2).mean(axis=1)
    given = [with_constant(each) if constant else each for each in (x0, x)]
    error = fitted(random_features(*given, random_features_weights(60, 2 + constant)), target, 400)
    assert error < 0.05 if constant else 0.9 < error < 1.2


def test_parity():
    y = RNG.normal(size=50)
    assert random_features_parity(y, y) == 1 and random_features_parity(y, -y) == 0
    even, odd = RNG.normal(size=(2, 50))
    share = random_features_parity(even + odd, even - odd)
    assert_allclose(share, (even**2).sum() / (even**2 + odd**2).sum(), rtol=1e-12)


@pytest.mark.parametrize(("arguments", "says"), [
    ((X0, X[..., :3], W), r"tokens has shape \(2, 6, 3\); allowed: \(..., N, 4\), as query"),
    ((X0, X, W[0]), r"weights has shape \(4, 4\); allowed: \(M, 4, 4\)"),
])
def test_what_is_said_of_wrong_shapes(arguments, says):
    with pytest.raises(ValueError, match=rf"^random_features\(\): {says}"):
        random_features(*arguments)

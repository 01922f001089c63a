"""Gradients for label probabilities: where p - q cancels, the error is that of p and q, as the docstrings state."""
import loss_oracle
import mpmath as mp
import numpy as np
import pytest

from toolkit import losses
from toolkit.losses import cross_entropy, stablemax_cross_entropy, symmetric_cross_entropy, z_loss

DTYPES = (np.float32, np.float64)


def near(rng, z, dtype, kind="softmax"):
    """Rows of label probabilities as near to those of the logits as rounding allows, or a few ulp away, or far."""
    w = np.exp(z.astype(float) - z.max(axis=1, keepdims=True)) if kind == "softmax" else (
        1 + np.abs(z.astype(float))) ** np.where(z < 0, -1.0, 1.0)
    q = w / w.sum(axis=1, keepdims=True)
    q[::3] *= 1 + rng.normal(size=q[::3].shape) * 1e-5
    q[1::3] = rng.dirichlet(np.ones(z.shape[1]), size=len(q[1::3]))
    return (q / q.sum(axis=1, keepdims=True)).astype(dtype)


def check(grads, exact, sizes, q, units, dtype):
    """Each entry within `units` epsilon of its size; the likeliest label's, a sum of the others, of theirs too."""
    eps = np.finfo(dtype).eps
    for row, right, size, labels in zip(grads, exact, sizes, q, strict=True):
        anchor, total = int(labels.argmax()), mp.fsum(size)
        for k, (g, e) in enumerate(zip(row, right, strict=True)):
            allowed = units * size[k] if k != anchor else units * total + len(row) / 2 * (total - size[k])
            assert abs(mp.mpf(float(g)) - e) <= eps * allowed + float(np.finfo(dtype).tiny)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 3, 20, 300])
@pytest.mark.parametrize("kind", ["softmax", "stablemax"])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": True}], ids=str)
def test_difference_of_probabilities_is_as_accurate_as_they_are(kind, classes, options, dtype):
    rng = np.random.default_rng(classes)
    z = (rng.normal(size=(12 if classes < 300 else 3, classes)) * 2).astype(dtype)
    q = near(rng, z, dtype, kind)
    weight = rng.uniform(0.5, 2, classes) if "weight" in options else np.ones(classes)
    given = {**options, "weight": weight} if "weight" in options else options
    function = cross_entropy if kind == "softmax" else stablemax_cross_entropy
    grads = function.value_and_gradient(z, q, reduction="none", **given)[1]
    exact, sizes = [], []
    with mp.workdps(50):
        amount = mp.mpf(options.get("label_smoothing", 0))
        for row, labels in zip(z, q, strict=True):
            w = loss_oracle.scores(row, kind)
            full = [((1 - amount) * mp.mpf(float(v)) + amount / classes) * float(c)
                    for v, c in zip(labels, weight, strict=True)]
            p = [mp.fsum(full) * v / mp.fsum(w) for v in w]
            slope = [1 if kind == "softmax" else 1 / (1 + abs(mp.mpf(float(v)))) for v in row]
            exact.append([(a - b) * s for a, b, s in zip(p, full, slope, strict=True)])
            sizes.append([max(a, b) * s for a, b, s in zip(p, full, slope, strict=True)])
            if kind == "stablemax":  # the anchor is a sum before the slope
                k = int(labels.argmax())
                others = mp.fsum(max(a, b) for j, (a, b) in enumerate(zip(p, full, strict=True)) if j != k)
                sizes[-1][k] = (max(p[k], full[k]) + others * classes / 2) * slope[k]
        check(grads, exact, sizes, q * weight, 4 if kind == "softmax" else 6, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_row_that_showed_it(dtype):
    z, q = dtype([0.1, 0.2, 0.3]), dtype([0.3006, 0.3322, 0.3672])
    grad = cross_entropy.value_and_gradient(z, q)[1]
    with mp.workdps(50):
        exact = loss_oracle.gradient(z, q)
        p = [mp.exp(mp.mpf(float(v))) for v in z]
        size = [max(v / mp.fsum(p), mp.mpf(float(w))) for v, w in zip(p, q, strict=True)]
        check([grad], [exact], [size], [q], 4, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 20])
def test_the_symmetric_loss_and_its_teacher(classes, dtype):
    rng = np.random.default_rng(classes)
    z = (rng.normal(size=(12, classes)) * 2).astype(dtype)
    q = near(rng, z, dtype)
    grads = symmetric_cross_entropy.value_and_gradient(z, q, reduction="none")[1]
    exact, sizes = [], []
    with mp.workdps(50):
        alpha, beta = mp.mpf(float(dtype(0.1))), 1
        for row, labels in zip(z, q, strict=True):
            w = loss_oracle.scores(row, "softmax")
            p, t = [v / mp.fsum(w) for v in w], [mp.mpf(float(v)) for v in labels]
            cost = [min(-mp.log(v), 4) for v in t]
            back = mp.fsum(a * b for a, b in zip(p, cost, strict=True))
            exact.append([alpha * (mp.fsum(t) * a - b) + beta * a * (c - back)
                          for a, b, c in zip(p, t, cost, strict=True)])
            sizes.append([alpha * max(a, b) + beta * a * max(c, back) for a, b, c in zip(p, t, cost, strict=True)])
        check(grads, exact, sizes, q, 8, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_pull_of_the_z_loss_and_its_label(dtype):
    rng = np.random.default_rng(4)
    for scale in (1e-4, 0.1, 3.0):
        z = (rng.normal(size=(20, 5)) * 3).astype(dtype)
        grads = z_loss.value_and_gradient(z, np.arange(20) % 5, scale=scale, reduction="none")[1]
        with mp.workdps(50):
            for i, (row, grad) in enumerate(zip(z, grads, strict=True)):
                w = loss_oracle.scores(row, "softmax")
                p, lse, label = [v / mp.fsum(w) for v in w], mp.log(mp.fsum(w)), i % 5
                if abs(lse) < 1:
                    continue
                for k in range(5):
                    own = p[k] if k != label else p[k] - 1
                    pull = 2 * mp.mpf(float(dtype(scale))) * lse * p[k]
                    allowed = (8 + (k == label) * 2.5) * max(abs(own), abs(pull)) * np.finfo(dtype).eps
                    assert abs(mp.mpf(float(grad[k])) - (own + pull)) <= allowed


SOFT = [("focal_loss", {"gamma": gamma}, lambda l, p, miss, g=gamma: miss**g * l,
         lambda l, p, miss, g=gamma: miss**g * (1 + g * p * l / miss), 8 + 2 * gamma) for gamma in (0.5, 2.0)]
SOFT += [("poly1_loss", {"epsilon": e}, lambda l, p, miss, e=e: l + e * miss, lambda l, p, miss, e=e: 1 + e * p, 8)
         for e in (-1.0, 2.0)]
SOFT += [("comp_sum", {"tau": t}, lambda l, p, miss, t=t: mp.expm1((1 - t) * l) / (1 - t),
          lambda l, p, miss, t=t: p ** (t - 1), 60) for t in (0.5, 2.0)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "keywords", "value", "slope", "units"), SOFT, ids=[f"{s[0]}-{s[1]}" for s in SOFT])
def test_losses_of_a_probability_for_label_probabilities(name, keywords, value, slope, units, dtype):
    rng = np.random.default_rng(6)
    z = (rng.normal(size=(12, 6)) * 3).astype(dtype)
    z[::4, 2] += 30
    q = near(rng, z, dtype)
    found, grads = getattr(losses, name).value_and_gradient(z, q, reduction="none", **keywords)
    exact, sizes = [], []
    with mp.workdps(60):
        for row, labels, loss in zip(z, q, found, strict=True):
            w = loss_oracle.scores(row, "softmax")
            p, t = [v / mp.fsum(w) for v in w], [mp.mpf(float(v)) for v in labels]
            miss = [mp.fsum(v for j, v in enumerate(p) if j != k) for k in range(6)]
            each = [(-mp.log(a) if m > 0.5 else -mp.log1p(-m), a, m) for a, m in zip(p, miss, strict=True)]
            right = mp.fsum(b * value(*e) for b, e in zip(t, each, strict=True))
            assert abs(mp.mpf(float(loss)) - right) <= units * np.finfo(dtype).eps * right
            pulls = [b * slope(*e) for b, e in zip(t, each, strict=True)]
            exact.append([a * mp.fsum(pulls) - b for a, b in zip(p, pulls, strict=True)])
            sizes.append([max(a * mp.fsum(pulls), b) for a, b in zip(p, pulls, strict=True)])
        check(grads, exact, sizes, q, units, dtype)
    hard = getattr(losses, name).value_and_gradient(z, np.eye(6, dtype=dtype)[np.arange(12) % 6], **keywords)
    for a, b in zip(hard, getattr(losses, name).value_and_gradient(z, np.arange(12) % 6, **keywords), strict=True):
        np.testing.assert_allclose(a, b, rtol=64 * np.finfo(dtype).eps, atol=np.abs(b).max() * np.finfo(dtype).eps)

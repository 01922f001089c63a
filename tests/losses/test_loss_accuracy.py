"""Errors of losses and gradients in ulp against mpmath: the bounds that the docstrings state."""
import loss_oracle
import mpmath as mp
import numpy as np
import pytest

from toolkit.formats import ulp_error
from toolkit.losses import cross_entropy, stablemax_cross_entropy

FUNCTIONS = {"softmax": cross_entropy.value_and_gradient, "stablemax": stablemax_cross_entropy.value_and_gradient}
LOSS_ULP = {"softmax": 3, "stablemax": 4}
OTHERS_ULP = {"softmax": 4, "stablemax": 6}
LABEL_ULP = {"softmax": 4, "stablemax": 6}  # and K/2 for the plain sum of the others
DTYPES = (np.float32, np.float64)
NORMAL_GAP = {np.float32: 87.0, np.float64: 708.0}
LAST_GAP = {np.float32: 103.9, np.float64: 745.0}


def rows_of_logits(rng, dtype, count, classes, kind):
    """Rows of scales 0.01 to 30 (StableMax: to 1e6); in each third row one class is far above the others."""
    top = 1.5 if kind == "softmax" else 6.0
    z = rng.normal(size=(count, classes)) * 10 ** rng.uniform(-2, top, size=(count, 1))
    z[::3, rng.integers(classes)] += rng.uniform(0, 60, size=len(z[::3]))
    return z.astype(dtype)


def labels_of(rng, z):
    """The top class in each second row, any class in the others."""
    return np.where(np.arange(len(z)) % 2, rng.integers(z.shape[1], size=len(z)), z.argmax(axis=1))


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [1, 2, 3, 10, 300])
def test_integer_labels(kind, dtype, classes):
    rng = np.random.default_rng(classes)
    z = rows_of_logits(rng, dtype, 120 if classes <= 10 else 12, classes, kind)
    y = labels_of(rng, z)
    losses, grads = FUNCTIONS[kind](z, y, reduction="none")
    exact = [loss_oracle.loss(row, label, kind) for row, label in zip(z, y, strict=True)]
    assert ulp_error(losses, np.array(exact), dtype).max() <= LOSS_ULP[kind]
    g = np.array([loss_oracle.gradient(row, label, kind) for row, label in zip(z, y, strict=True)])
    error = np.asarray(ulp_error(grads, g, dtype))
    at_label = np.arange(classes) == y[:, None]
    assert error[~at_label].max(initial=0) <= OTHERS_ULP[kind]
    assert error[at_label].max() <= LABEL_ULP[kind] + classes / 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 113, 1000])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_class_ahead_by_a_gap(dtype, classes, place):
    """The rows of Softmax Collapse, as long as e^-gap is normal, with the label on top and one below."""
    label = {"first": 0, "middle": classes // 2, "last": classes - 1}[place]
    gaps = np.append(np.linspace(0, NORMAL_GAP[dtype], 88), [16.6355, 16.6356, 36.7368]).astype(dtype)
    z = np.zeros((gaps.size, classes), dtype)
    z[:, label] = gaps
    for y in (label, (label + 1) % classes):
        losses = cross_entropy(z, np.full(gaps.size, y), reduction="none")
        with mp.workdps(loss_oracle.DIGITS):
            exact = [mp.log1p((classes - 1) * mp.exp(-mp.mpf(float(gap)))) + float(gap) * (y != label)
                     for gap in gaps]
        assert ulp_error(losses, np.array(exact), dtype).max() <= LOSS_ULP["softmax"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gap", [0.0, 10.0, 25.0, 80.0])
def test_fifty_thousand_classes(dtype, gap):
    z = np.zeros(50257, dtype)
    z[7] = gap
    value = cross_entropy(z, 7)
    with mp.workdps(60):
        assert ulp_error(value, mp.log1p(50256 * mp.exp(-mp.mpf(gap))), dtype) <= LOSS_ULP["softmax"]


def short_rows(kind, count=200_000):
    """Many rows of two and three classes, for softmax with a sum just above a power of two."""
    rng = np.random.default_rng(9)
    if kind == "softmax":
        gap = rng.integers(0, 14, (count, 1)) * np.log(2) - 0.6 * rng.random((count, 1))**3
        two = np.hstack([np.zeros_like(gap), -gap]) + rng.uniform(-20, 20, (count, 1))
    else:
        two = np.abs(rng.normal(size=(count, 2))) * 10 ** rng.uniform(-2, 4, (count, 1)) * [1, -1]
    three = rng.normal(size=(count, 3)) * 10 ** rng.uniform(-2, 1.5, (count, 1))
    return two.astype(np.float32), three.astype(np.float32)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_many_short_rows_of_float32(kind):
    """The worst of a few hundred rows is far from the worst: here float64 is exact enough to look at more."""
    for z in short_rows(kind):
        y = np.where(np.arange(len(z)) % 4, z.argmax(axis=1), z.argmin(axis=1))
        at_label = np.arange(z.shape[1]) == y[:, None]
        wide = z.astype(float)
        w = np.exp(wide - z[at_label][:, None]) if kind == "softmax" else (1 + np.abs(wide)) ** np.sign(wide)
        others = np.where(at_label, 0, w).sum(axis=1)
        losses, grads = FUNCTIONS[kind](z, y, reduction="none")
        assert ulp_error(losses, np.log1p(others / w[at_label]), np.float32).max() <= LOSS_ULP[kind]
        g = np.where(at_label, -others[:, None], w) / w.sum(axis=1, keepdims=True)
        error = ulp_error(grads, g if kind == "softmax" else g / (1 + np.abs(wide)), np.float32)
        assert error[~at_label].max() <= OTHERS_ULP[kind]
        assert error[at_label].max() <= LABEL_ULP[kind] + z.shape[1] / 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_classes_down_to_the_smallest_subnormal(dtype):
    gaps = np.linspace(NORMAL_GAP[dtype], LAST_GAP[dtype], 60).astype(dtype)
    z = np.stack([np.zeros_like(gaps), -gaps], axis=1)
    losses = cross_entropy(z, np.zeros(gaps.size, int), reduction="none")
    exact = np.array([loss_oracle.loss(row, 0) for row in z])
    assert ulp_error(losses, exact, dtype).max() <= 1
    assert (losses > 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_below_the_normal_numbers_each_class_rounds_to_the_smallest_subnormal(dtype):
    classes, quantum = 113, float(np.finfo(dtype).smallest_subnormal)
    gaps = np.linspace(NORMAL_GAP[dtype] + 1, LAST_GAP[dtype], 20).astype(dtype)
    z = np.zeros((gaps.size, classes), dtype)
    z[:, 0] = gaps
    losses = cross_entropy(z, np.zeros(gaps.size, int), reduction="none")
    for value, row in zip(losses, z, strict=True):
        assert abs(mp.mpf(float(value)) - loss_oracle.loss(row, 0)) <= classes * mp.mpf(quantum)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [1, 2, 5, 113])
def test_ties(dtype, classes):
    for height in (-80.0, 0.0, 1e30):
        value, grad = cross_entropy.value_and_gradient(np.full(classes, height, dtype), 0)
        with mp.workdps(40):
            assert ulp_error(value, mp.log(classes), dtype) <= 1
            assert ulp_error(grad[1:], np.full(classes - 1, mp.mpf(1) / classes), dtype).max(initial=0) <= 1
    assert classes > 1 or (value == 0 and not np.signbit(grad).any() and grad.tolist() == [0.0])


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_probability_labels(kind, dtype):
    rng = np.random.default_rng(5)
    z = rows_of_logits(rng, dtype, 90, 6, kind)
    q = rng.dirichlet(np.full(6, 0.5), size=90).astype(dtype)
    q[::5] = (np.arange(6) == rng.integers(6, size=(18, 1)))
    losses, grads = FUNCTIONS[kind](z, q, reduction="none")
    exact = np.array([loss_oracle.loss(row, labels, kind) for row, labels in zip(z, q, strict=True)])
    assert ulp_error(losses, exact, dtype).max() <= LOSS_ULP[kind]
    g = np.array([loss_oracle.gradient(row, labels, kind) for row, labels in zip(z, q, strict=True)])
    # p - q cancels where both agree: the error is that of the two terms.
    slope = 1 if kind == "softmax" else 1 / (1 + np.abs(z.astype(float)))
    assert (np.abs((grads - g).astype(float)) <= 8 * np.finfo(dtype).eps * slope).all()

"""The small network: its gradient against differences, its runs repeatable, its accuracy what a chapter says."""
import doctest

import numpy as np
import pytest
from sklearn.datasets import load_digits

from toolkit.training import digits
from toolkit.losses import comp_sum

HIDDEN, ROWS = 16, 7


def pocket(seed=0):
    types = {"f32": np.float32, "i32": np.int32, "u64": np.uint64}
    arrays = {name: np.zeros(size, types[kind]) for name, (kind, size) in digits.pocket_sizes(ROWS, HIDDEN).items()}
    rng = np.random.default_rng(seed)
    arrays["x"][:] = rng.uniform(size=arrays["x"].size)
    digits.start(HIDDEN, seed, arrays["floats"], arrays["random"])
    return arrays, rng.integers(0, 10, ROWS)


def forward(weights, x):
    """Logits in float64, from the flat weights."""
    first, bias = weights[:64 * HIDDEN].reshape(64, HIDDEN), weights[64 * HIDDEN:65 * HIDDEN]
    second, last = weights[65 * HIDDEN:81 * HIDDEN].reshape(HIDDEN, 16), weights[81 * HIDDEN:81 * HIDDEN + 16]
    return (np.maximum(x @ first + bias, 0) @ second + last)[:, :10]


def test_gradient_against_differences():
    arrays, y = pocket()
    count = 81 * HIDDEN + 16
    weights = arrays["floats"][:count].astype(float)
    x = arrays["x"].reshape(ROWS, 64).astype(float)
    loss = digits.learn(digits.LOSSES["comp_sum"], 1.7, 0.0, 0.0, 0.01, 0, ROWS, HIDDEN, arrays["x"], y,
                        arrays["floats"], arrays["places"])
    assert loss == pytest.approx(comp_sum(forward(weights, x), y, tau=1.7), rel=1e-6)
    found = arrays["floats"][count:2 * count]
    for i in np.random.default_rng(1).permutation(count)[:60]:
        ahead, behind = weights.copy(), weights.copy()
        ahead[i] += 1e-5
        behind[i] -= 1e-5
        slope = (comp_sum(forward(ahead, x), y, tau=1.7) - comp_sum(forward(behind, x), y, tau=1.7)) / 2e-5
        expected = slope if i < 65 * HIDDEN or (i - 65 * HIDDEN) % 16 < 10 else 0.0
        assert found[i] == pytest.approx(expected, abs=2e-5)
    moved = weights - arrays["floats"][:count]  # Adam's first step has the size of its rate
    np.testing.assert_allclose(moved[abs(found) > 1e-4], 0.01 * np.sign(found[abs(found) > 1e-4]), rtol=1e-3)


def test_training_is_repeatable_and_learns():
    x, y = load_digits(return_X_y=True)
    first, again = (digits.train(x[:200] / 16, y[:200], steps=60, hidden=32)(x / 16) for _ in range(2))
    assert np.array_equal(first, again) and first.dtype == np.float32
    right = first.argmax(axis=1) == y
    assert right[:200].mean() > 0.97 and right[200:].mean() > 0.8
    other = digits.train(x[:200] / 16, y[:200], steps=60, hidden=32, seed=1)(x / 16)
    assert not np.array_equal(first, other)


def test_wrong_labels():
    labels = np.repeat(np.arange(10), 1000)
    told = labels.copy()
    digits.with_wrong_labels(0.4, 0, np.zeros(1, np.uint64), told)
    assert (told != labels).mean() == pytest.approx(0.36, abs=0.02)
    assert np.bincount(told[told != labels], minlength=10).min() > 250


def test_noise_is_learned_by_heart_or_not():
    """What the chapter says, with room for another machine: the generalized loss is far above cross-entropy."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(y))
    x, y = x[order] / 16, y[order]
    told = y[:900].copy()
    digits.with_wrong_labels(0.4, 0, np.zeros(1, np.uint64), told)
    right = {tau: (digits.train(x[:900], told, parameters=(tau,))(x[900:]).argmax(axis=1) == y[900:]).mean()
             for tau in (1.0, 1.7)}
    assert right[1.0] < 0.7 and right[1.7] > 0.84


def test_wrong_arguments():
    with pytest.raises(ValueError, match="loss is 'hinge'; allowed: 'comp_sum'"):
        digits.train(np.zeros((2, 64)), [0, 1], loss="hinge")
    with pytest.raises(ValueError, match=r"images has shape \(2, 63\)"):
        digits.train(np.zeros((2, 63)), [0, 1])


def test_examples_in_docstrings():
    result = doctest.testmod(digits)
    assert result.attempted > 0 == result.failed

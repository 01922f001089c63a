"""h-calibration: the card's values, its definition without running sums, another k-means, and differences."""
import doctest

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.cluster import KMeans

from toolkit import vjp
from toolkit.uncertainty import _h_calibration as h
from toolkit.uncertainty import h_calibration_error


def some_logits(count=80, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    z = 3 * rng.normal(size=(count, classes))
    return z, np.array([rng.choice(classes, p=row) for row in softmax(z / 2.5, axis=1)])


def by_definition(p, y, window, bins, padded=True, slack=0.0):
    """Window by window, with the k-means of scikit-learn from the same start."""
    order = np.argsort(p, axis=None, kind="stable")
    flat, hits = p.ravel()[order], np.eye(p.shape[1])[y].ravel()[order]
    off, r, t = flat - hits, window // 2, []
    for i in range(len(flat)):
        inside = off[max(i - r, 0):i + r + 1]
        t.append(max(abs(inside.sum()) / (window if padded else len(inside)) - slack, 0))
    steps = np.linspace(flat[0], flat[-1], bins + 1)
    start = (0.5 * (steps[1:] + steps[:-1]))[:, None]
    found = KMeans(bins, init=start, n_init=1, tol=0, max_iter=1000).fit(flat[:, None]).labels_
    return np.mean([np.mean(np.array(t)[found == b]) for b in np.unique(found)])


def test_values_of_the_card():
    p, o = np.array([0.1, 0.3, 0.4, 0.6, 0.9]), np.array([0, 1, 0, 1, 1.0])
    work, pull = np.empty(h.h_work(5, 1)), np.empty(5)
    assert h.h_error_of_sorted(p, o, 1, 1, 0.0, True, work, pull) == pytest.approx(0.14, rel=1e-14)
    t = [0.2, 2 / 30, 7 / 30, 1 / 30, 1 / 6]
    for slack in (0.05, 0.2, 0.5):
        assert h.h_error_of_sorted(p, o, 1, 1, slack, True, work, pull) == pytest.approx(
            np.maximum(np.array(t) - slack, 0).mean(), abs=1e-15)


def test_error_against_the_definition():
    for seed, (count, window, bins) in enumerate(((80, 21, 4), (80, 201, 3), (30, 1, 2), (400, 201, 5), (800, 51, 4))):
        z, y = some_logits(count, seed=seed)
        p = softmax(z / 1.7, axis=1)
        for padded in (True, False):
            options = {"window": window, "bins": bins, "padded": padded, "temperature": 1.7}
            whole = h_calibration_error(z, y, leave_out=False, **options)
            assert whole == pytest.approx(by_definition(p, y, window, bins, padded), abs=1e-12)
            left = [by_definition(p[y != k], y[y != k], window, bins, padded) for k in range(5)]
            assert h_calibration_error(z, y, **options) == pytest.approx(np.mean(left), abs=1e-12)
    assert h_calibration_error(z.T, y, axis=0) == h_calibration_error(z, y)
    assert h_calibration_error([*z, z[0]], [*y, -1], ignore_index=-1) == h_calibration_error(z, y)
    assert h_calibration_error(z, y, slack=1.0) == 0
    assert h_calibration_error(z, y, format="bfloat16") == pytest.approx(h_calibration_error(z, y), rel=0.05)


def test_a_window_that_sees_all_entries_sees_no_error():
    z, y = some_logits(20)  # 100 entries: of each row probabilities and hits sum to 1
    assert h_calibration_error(10 * z, y, leave_out=False) == pytest.approx(0, abs=1e-14)
    assert h_calibration_error(10 * z, y, window=11, leave_out=False) > 0.05


def test_padding_hides_error_at_the_ends():
    # Two classes, always sure of the first, which is right half the time: 200 entries of either kind.
    z, y = np.array([[5.0, -5.0]] * 200), np.arange(200) % 2
    padded, cut = (h_calibration_error(z, y, padded=each, leave_out=False, bins=2) for each in (True, False))
    assert 0.5 < padded / cut < 0.9


def test_order_of_many_places():
    values = np.random.default_rng(0).integers(0, 50, 500).astype(float)
    order = np.empty(500)
    h.places_in_order(values, order)
    assert sorted(order) == list(range(500)) and (np.diff(values[order.astype(int)]) >= 0).all()


@pytest.mark.parametrize("leave_out", [False, True])
def test_gradient_against_differences(leave_out):
    z, y = some_logits(30, seed=3)
    for padded in (True, False):
        options = {"window": 15, "bins": 1, "padded": padded, "leave_out": leave_out, "temperature": 1.3}
        value, pull = vjp(h_calibration_error, z, y, **options)
        assert value == h_calibration_error(z, y, **options)
        found = pull(2.0)
        for i, k in ((0, 0), (7, 3), (12, 4), (29, 1)):
            ahead, behind = z.copy(), z.copy()
            ahead[i, k] += 1e-7
            behind[i, k] -= 1e-7
            change = h_calibration_error(ahead, y, **options) - h_calibration_error(behind, y, **options)
            assert found[i, k] == pytest.approx(2 * change / 2e-7, abs=1e-7)
    value, pull = vjp(h_calibration_error, np.vstack([z, z[:1]]), [*y, -1], ignore_index=-1, **options)
    np.testing.assert_allclose(pull(2.0), np.vstack([found, np.zeros(5)]), rtol=1e-12)


def test_special_values():
    z, y = some_logits(20)
    assert np.isnan(h_calibration_error(z, np.zeros(20, int)))
    assert h_calibration_error(z, np.zeros(20, int), leave_out=False) > 0
    hidden = np.column_stack([z, np.full(20, -np.inf)])
    assert h_calibration_error(hidden, y, window=11) > 0
    assert h_calibration_error([[0.0]], [0], leave_out=False) == 0
    assert h_calibration_error(np.float32(z), y, window=11) == pytest.approx(
        h_calibration_error(z, y, window=11), rel=1e-4)
    for window in (0, 4, 2.5):
        with pytest.raises((ValueError, TypeError), match="window is"):
            h_calibration_error(z, y, window=window)
    with pytest.raises(ValueError, match="slack is -1"):
        h_calibration_error(z, y, slack=-1)


def test_examples_in_docstrings():
    result = doctest.testmod(h)
    assert result.attempted > 0 == result.failed

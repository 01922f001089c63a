"""Overlaps of boxes and their suppression: reference values, definitions, ends, gradients."""
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import grad, vjp
from toolkit.soft_operators import SUPPRESSIONS, box_iou, soft_nms

BOXES = np.array([(0, 0, 99, 99), (10, 0, 109, 99), (50, 0, 149, 99), (200, 200, 299, 299)], float)
SCORES = np.array([0.9, 0.85, 0.7, 0.6])


def rational_overlap(a, b, offset=0):
    a, b = ([Fraction(float(edge)) for edge in box] for box in (a, b))

    def side(low, high):
        return max(high - low + offset, 0)

    shared = side(max(a[0], b[0]), min(a[2], b[2])) * side(max(a[1], b[1]), min(a[3], b[3]))
    union = sum(side(c[0], c[2]) * side(c[1], c[3]) for c in (a, b)) - shared
    return shared / union if union else Fraction(0)


def random_boxes(rng, count, most=1000):
    low = rng.integers(0, most, (count, 2))
    return np.concatenate([low, low + rng.integers(0, most, (count, 2))], axis=1).astype(float)


def test_reference_values():
    assert_allclose(box_iou(BOXES, BOXES, offset=1)[[0, 0, 1], [1, 2, 2]],
                    [0.818181818182, 0.333333333333, 0.428571428571], atol=1e-12)
    expected = {"hard": [0.9, 0, 0, 0.6], "linear": [0.9, 0.0883116883117, 0.466666666667, 0.6],
                "gaussian": [0.9, 0.15432278811, 0.560516182042, 0.6]}
    for method, scores in expected.items():
        assert_allclose(soft_nms(BOXES, SCORES, method=method, offset=1).scores, scores, atol=1e-12)
    gaussian = soft_nms(BOXES, SCORES, method="gaussian")
    assert_allclose(gaussian.scores[[2, 1]], [0.563847470094, 0.156258797037], atol=1e-12)
    assert_array_equal(gaussian.order, [0, 3, 2, 1])
    assert gaussian.kept.all() and not gaussian.suppressed.any()
    assert_array_equal(soft_nms(BOXES, SCORES, method="hard").order, [0, 3, -1, -1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1])
def test_overlaps_against_rational_arithmetic(dtype, offset):
    rng = np.random.default_rng(0)
    a, b = random_boxes(rng, 30), random_boxes(rng, 40)
    found = box_iou(a.astype(dtype), b.astype(dtype), offset=offset)
    exact = np.array([[float(rational_overlap(one, other, offset)) for other in b] for one in a])
    assert found.dtype == dtype and (np.abs(found - exact) <= 8 * np.finfo(dtype).eps * exact).all()


def defined(boxes, scores, method, sigma, threshold, least):
    """Scores and order by the definition, in many digits."""
    left, order = {i: mpmath.mpf(float(s)) for i, s in enumerate(scores)}, []
    found = [mpmath.mpf(0)] * len(scores)
    while left and max(left.values()) >= least:
        best = max(left, key=lambda i: (left[i], -i))
        found[best] = left.pop(best)
        order.append(best)
        for i in left:
            share = rational_overlap(boxes[best], boxes[i])
            overlap = mpmath.mpf(share.numerator) / share.denominator
            decay = {"hard": 0, "linear": 1 - overlap}.get(method)
            if method == "gaussian":
                left[i] *= mpmath.exp(-overlap**2 / sigma)
            elif overlap > threshold:
                left[i] *= decay
    return found, order


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", SUPPRESSIONS)
def test_scores_against_the_definition(method, dtype):
    rng = np.random.default_rng(1)
    for sigma in (0.1, 0.5, 5.0):
        for count in (1, 2, 5, 12):
            boxes, scores = random_boxes(rng, count, 100).astype(dtype), rng.uniform(0.01, 1, count).astype(dtype)
            with mpmath.workdps(40):
                exact, order = defined(boxes, scores, method, sigma, 0.3, 0.001)
                found = soft_nms(boxes, scores, method=method, sigma=sigma)
                assert_array_equal(found.order[:len(order)], order)
                assert (found.order[len(order):] == -1).all()
                bound = count * (8 + 8 / sigma) * float(np.finfo(dtype).eps)
                assert all(abs(mpmath.mpf(float(f)) - e) <= bound * e for f, e in zip(found.scores, exact, strict=True))


def test_the_order_of_the_input_does_not_matter():
    rng = np.random.default_rng(2)
    boxes, scores = random_boxes(rng, 20, 50), rng.permutation(20) / 20 + 0.01
    turn = rng.permutation(20)
    for method in SUPPRESSIONS:
        one, other = soft_nms(boxes, scores, method=method), soft_nms(boxes[turn], scores[turn], method=method)
        assert_array_equal(one.scores[turn], other.scores)
        assert (np.diff(one.scores[one.order[one.order >= 0]]) <= 0).all() and (one.scores <= scores).all()


def test_limits():
    assert_array_equal(soft_nms(BOXES, SCORES, method="gaussian", sigma=1e300).scores, SCORES)
    assert_array_equal(soft_nms(BOXES, SCORES, method="gaussian", sigma=1e-5).kept,
                       soft_nms(BOXES, SCORES, method="hard", iou_threshold=0).kept)
    for method in ("hard", "linear"):
        assert_array_equal(soft_nms(BOXES, SCORES, method=method, iou_threshold=1).scores, SCORES)
    equal = soft_nms([BOXES[0]] * 3, [0.5, 0.5, 0.5], method="hard")
    assert_array_equal(equal.order, [0, -1, -1])
    # at the threshold itself nothing decays
    assert soft_nms([(0, 0, 1, 1), (0, 0, 2, 1)], [0.9, 0.8], method="hard", iou_threshold=0.5).kept.all()
    assert not soft_nms(BOXES, SCORES, score_threshold=0.65).kept[3]  # though it overlaps no other


def test_special_values():
    assert_array_equal(box_iou([(0, 0, 0, 0)], [(0, 0, 0, 0), (0, 0, 1, 1)]), [[0, 0]])
    assert box_iou([(1, 1, 0, 0)], [(0, 0, 1, 1)]) == 0
    assert np.isnan(box_iou([(0, 0, np.nan, 1)], [(0, 0, 1, 1)])).all()
    found = soft_nms([(0, 0, 1, np.nan), (0, 0, 1, 1), (0, 0, 1, 1)], [0.9, 0.8, np.nan])
    assert_array_equal(found.scores, [np.nan, 0.8, np.nan])
    assert_array_equal(found.kept, [False, True, False])
    assert soft_nms(np.zeros((0, 4)), np.zeros(0)).order.shape == (0,)


def test_float16_is_computed_in_float32():
    boxes = np.array([(0, 0, 600, 600), (10, 0, 610, 600)], np.float16)  # areas beyond 65504
    found = box_iou(boxes, boxes)
    assert found.dtype == np.float16 and found[0, 1] == np.float16(590 / 610)
    assert soft_nms(boxes, np.float16([0.9, 0.8]), method="hard").scores.dtype == np.float16


def test_batches():
    boxes, scores = np.stack([BOXES, BOXES[::-1]]), np.stack([SCORES, SCORES[::-1]])
    both = soft_nms(boxes, scores)
    for n in range(2):
        for part, alone in zip(both, soft_nms(boxes[n], scores[n]), strict=True):
            assert_array_equal(part[n], alone)
    assert_array_equal(box_iou(boxes, BOXES)[1], box_iou(boxes[1], BOXES))


def differences(function, x, step=1e-5):
    found = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[at] += step
        behind[at] -= step
        found[at] = (function(ahead) - function(behind)) / (2 * step)
    return found


def test_gradients_against_differences():
    rng = np.random.default_rng(3)
    boxes, others = (random_boxes(rng, n, 10) + rng.uniform(0, 0.5, (n, 4)) for n in (5, 4))
    g = rng.normal(size=(5, 4))
    _, pull = vjp(box_iou, boxes, others)
    assert_allclose(pull(g), differences(lambda x: (g * box_iou(x, others)).sum(), boxes), atol=1e-8)
    scores, g = rng.permutation(5) / 5 + 0.1, rng.normal(size=5)
    for method in SUPPRESSIONS:
        def total(boxes, scores, method=method):
            return (g * soft_nms(boxes, scores, method=method).scores).sum()

        value, pull = vjp(soft_nms, boxes, scores, method=method)
        assert_allclose(pull(g), differences(lambda x: total(x, scores), boxes), atol=1e-8)
        _, pull = vjp(soft_nms, boxes, scores, method=method, of="scores")
        assert_allclose(pull(g), differences(lambda x: total(boxes, x), scores), atol=1e-8)
        assert_array_equal(value.scores, soft_nms(boxes, scores, method=method).scores)


def test_equal_boxes_are_a_top_and_distant_ones_give_nothing():
    _, pull = vjp(box_iou, BOXES[:1], BOXES[[0, 3]])
    assert_allclose(pull([[1.0, 1.0]]), np.zeros((1, 4)), atol=1e-18)
    with pytest.raises(TypeError, match="gives an array"):
        grad(box_iou)(BOXES, BOXES)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"^box_iou\(\): boxes has shape \(4,\); allowed: \(..., N, 4\)"):
        box_iou(BOXES[0], BOXES)
    with pytest.raises(ValueError, match=r"^soft_nms\(\): scores has shape \(3,\); allowed: \(4,\), one for each box"):
        soft_nms(BOXES, SCORES[:3])
    with pytest.raises(ValueError, match="method is 'soft'; allowed: 'hard', 'linear', 'gaussian'"):
        soft_nms(BOXES, SCORES, method="soft")

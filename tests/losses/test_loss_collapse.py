"""Softmax Collapse: what the common form loses, where, and that the stable form keeps it.

Numbers are those of the method cards: gaps at which sums absorb, damage before that, StableMax tails.
"""
import math

import loss_oracle
import mpmath as mp
import numpy as np
import pytest
from loss_oracle import gradient_of, run_row

from toolkit.formats import FORMATS
from toolkit.losses import cross_entropy, kernels, stablemax_cross_entropy

F32 = np.float32


def confident(classes, label, gap, dtype=np.float32):
    z = np.zeros(classes, dtype)
    z[label] = gap
    return z


def collapse_gap(classes, label, **options):
    """Smallest gap at which the common form's loss is exactly 0, by bisection."""
    dtype = options.pop("dtype", np.float64)
    low, high = dtype(0), dtype(100)
    while (middle := dtype((low + high) / 2)) not in (low, high):
        gone = cross_entropy(confident(classes, label, middle, dtype), label, form="common", **options) == 0
        low, high = (low, middle) if gone else (middle, high)
    return float(high)


def test_libraries_return_a_loss_of_0_at_a_gap_of_17():
    """optax, JAX, SciPy and Keras in float32: loss 0, and a gradient that no longer sums to 0."""
    z = F32([0, -17])
    loss, grad = cross_entropy.value_and_gradient(z, 0, form="common")
    assert loss == 0 and grad[0] == 0 and float(grad[1]) == pytest.approx(4.139938e-08, rel=1e-7)
    loss, grad = cross_entropy.value_and_gradient(z, 0)  # each number rounded by itself: equal to a few ulp
    assert float(loss) == pytest.approx(4.1399377e-08, rel=3e-7)
    assert grad.tolist() == pytest.approx([-4.1399377e-08, 4.1399377e-08], rel=3e-7)


def test_example_of_gap_25():
    loss, grad = cross_entropy.value_and_gradient(confident(113, 0, 25), 0, form="common")
    assert loss == 0 and grad[0] == 0
    assert grad[1] == pytest.approx(1.389e-11, rel=1e-3)
    assert grad.astype(np.float64).sum() == pytest.approx(1.56e-9, rel=4e-3)
    grad = gradient_of(cross_entropy, confident(113, 0, 25), 0)
    assert grad[0] == pytest.approx(-1.5555e-9, rel=1e-4)


@pytest.mark.parametrize(("label", "gap"),
                         [(0, 16.636), (1, 16.636), (28, 19.97), (56, 20.66), (112, 21.354)])
def test_collapse_of_a_plain_sum_depends_on_where_the_label_is(label, gap):
    """Terms after the 1 are absorbed one by one; terms before it pile up first."""
    assert collapse_gap(113, label, dtype=np.float32) == pytest.approx(gap, abs=0.006)
    exact = math.log(112 * 2**24)
    assert collapse_gap(113, label, dtype=np.float32) <= exact + 1e-5


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_two_classes_collapse_at_minus_log_u(name):
    card = {"float16": 7.6246, "bfloat16": 5.5452, "float32": 16.6355, "float64": 36.7368}[name]
    gap = collapse_gap(2, 0, format=None if name == "float64" else name)
    assert gap == pytest.approx(card, rel=FORMATS[name].epsilon * 2 + 1e-5)


def sum_in_lanes(w):
    lanes = np.zeros(8, w.dtype)
    for start in range(0, w.size - 7, 8):
        lanes = lanes + w[start:start + 8]
    while lanes.size > 1:
        lanes = lanes[:lanes.size // 2] + lanes[lanes.size // 2:]
    total = lanes[0]
    for term in w[w.size // 8 * 8:]:
        total = total + term
    return total


def test_damage_starts_before_the_collapse():
    """K = 113, float32: error of the label's gradient, with a sum in 8 lanes as in SIMD code, and in ours."""
    card = {10: 6e-5, 14: 1e-3, 16: 3e-3, 17: 0.126, 18: 0.091, 20: 0.48, 21: 1.0}
    for gap, expected in card.items():
        z = confident(113, 0, gap)
        others = 112 * math.exp(-gap)
        exact = -others / (1 + others)
        w = np.exp(z - z[0])
        in_lanes = abs(float(F32(1) / sum_in_lanes(w) - F32(1)) / exact - 1)
        assert in_lanes == pytest.approx(expected, rel=0.15)
        in_order = abs(float(gradient_of(cross_entropy, z, 0, form="common")[0]) / exact - 1)
        assert in_order > 0.9 * in_lanes
        stable = float(gradient_of(cross_entropy, z, 0)[0])
        assert stable == pytest.approx(exact, rel=112 * 2**-24)


@pytest.mark.parametrize("gap", [17, 25, 60, 100])
def test_stable_row_sums_to_zero_and_common_does_not(gap):
    for label in (0, 50, 112):
        z = confident(113, label, gap)
        total, grad = F32(0), gradient_of(cross_entropy, z, label, format="float32")
        for k in [*range(label), *range(label + 1, 113), label]:
            total = F32(total + grad[k])
        assert total == 0 and grad[label] < 0
        grad = gradient_of(cross_entropy, z, label).astype(float)  # each entry is rounded by itself
        slack = 113 * float(np.finfo(F32).smallest_subnormal)
        assert grad[label] < 0 and abs(grad.sum()) <= 4 * np.finfo(F32).eps * -grad[label] + slack
    assert gradient_of(cross_entropy, confident(113, 0, gap), 0, form="common").sum() > 0


@pytest.mark.parametrize("name", FORMATS)
def test_stable_form_keeps_a_loss_in_every_format(name):
    fmt = FORMATS[name]
    gap = np.float64(min(-math.log(fmt.unit_roundoff) + 1, fmt.max, -math.log(fmt.smallest_subnormal) - 1))
    assert cross_entropy(confident(2, 0, gap, np.float64), 0, format=name) > 0
    if gap > -math.log(fmt.unit_roundoff):
        assert cross_entropy(confident(2, 0, gap, np.float64), 0, form="common", format=name) == 0


@pytest.mark.parametrize("function", [cross_entropy, stablemax_cross_entropy])
@pytest.mark.parametrize("classes", [5000, 60_000])
def test_float16_counts_thousands_of_ties(function, classes):
    """A sum that drops what it rounds off stops at 2048; one that adds that up by itself, at 4096."""
    z, uniform = np.zeros(classes), np.full(classes, 1 / classes)
    assert function(z, 0, form="common", format="float16") == np.float16(math.log(2048))
    assert function(z, 0, format="float16") == np.float16(math.log(classes))
    assert function(z, uniform, format="float16") == pytest.approx(math.log(classes), rel=1e-3)


def test_naive_form_warns_where_it_breaks():
    for z, y, value in (([100, 0], 0, math.nan), ([-200, -201], 1, math.nan), ([0, -110], 1, math.inf)):
        with pytest.warns(RuntimeWarning, match="naive.* inf or NaN in 1 of 1 rows") as record:
            assert cross_entropy(F32(z), y, form="naive") == pytest.approx(value, nan_ok=True)
        assert record[0].filename == __file__
        assert np.isfinite(cross_entropy(F32(z), y))
    for label in (1, [0.5, 0.5]):
        assert cross_entropy([0, -math.inf], label, form="naive") == math.inf  # the truth needs no warning


@pytest.mark.parametrize(("top", "loss"), [(10, 0.655), (100, 0.0109), (1e3, 1.12e-4), (1e4, 1.12e-6)])
def test_stablemax_tail(top, loss):
    """``(K - 1) / a^2`` for logits a and -a, where softmax has ``(K - 1) e^(-2a)``."""
    z = np.full(113, -top, np.float32)
    z[0] = top
    value, grad = stablemax_cross_entropy.value_and_gradient(z, 0)
    assert float(value) == pytest.approx(loss, rel=5e-3)
    assert float(value) == pytest.approx(math.log1p(112 / (1 + top) ** 2), rel=4e-7)
    if top >= 100:
        assert -float(grad[0]) == pytest.approx(112 / top**3, rel=0.05)


def test_stablemax_moves_the_cliff_and_the_stable_form_removes_it():
    """float32, logits a and -a: the published form is 4 % off at 1e3 and exactly 0 at 1e6."""
    z = F32([1e3, -1e3])
    assert float(stablemax_cross_entropy(z, 0, form="naive")) == pytest.approx(9.98e-7, rel=0.05)
    assert abs(float(stablemax_cross_entropy(z, 0, form="naive")) / 9.98003e-7 - 1) > 0.03
    z = F32([1e6, -1e6])
    assert stablemax_cross_entropy(z, 0, form="naive") == stablemax_cross_entropy(z, 0, form="common") == 0
    assert float(stablemax_cross_entropy(z, 0)) == pytest.approx(1e-12, rel=1e-5)
    common, stable = (gradient_of(stablemax_cross_entropy, z, 0, form=form) for form in ("common", "stable"))
    assert common[0] == 0 > stable[0]


@pytest.mark.parametrize(("format", "classes", "where"), [("float16", 113, 478), ("bfloat16", 113, 168),
                                                         ("float32", 113, 4.3e4), ("float16", 31, 247)])
def test_stablemax_common_form_collapses_where_the_card_says(format, classes, where):
    """An exact sum rounds to 1 at ``a = sqrt((K - 1) / u) - 1``; a plain one from the last class on, too."""
    def loss(top):
        z = np.full(classes, -top)
        z[-1] = top
        return stablemax_cross_entropy(z, classes - 1, form="common", format=format)

    assert loss(1.05 * where) == 0 < loss(0.9 * where)


def test_stablemax_at_a_logit_of_exactly_1():
    """Automatic derivatives of the published where() are NaN there in float32: 0 times 1/0."""
    for dtype in (np.float32, np.float64):
        loss, grad = stablemax_cross_entropy.value_and_gradient(np.array([1, 0, -1], dtype), 0)
        assert float(loss) == pytest.approx(math.log(3.5 / 2))
        assert grad.tolist() == pytest.approx([-3 / 14, 2 / 7, 1 / 14])


def test_stablemax_sum_overflows_float16_but_the_ratios_do_not():
    z = np.full(113, 600.0)
    with pytest.warns(RuntimeWarning, match="naive"):
        assert stablemax_cross_entropy(z, 0, form="naive", format="float16") == math.inf
    assert float(stablemax_cross_entropy(z, 0, format="float16")) == pytest.approx(math.log(113), rel=1e-3)


def test_stablemax_of_huge_logits():
    z = F32([3e38, -3e38, 1e38])
    for label in range(3):
        exact = loss_oracle.loss(z, label, "stablemax")
        assert float(stablemax_cross_entropy(z, label)) == pytest.approx(float(exact), rel=4e-7)


def test_published_values_of_the_shared_test_vector():
    """losses.md: ``z = (2, 1, -1, 0.5), y = 1``, and label smoothing 0.1."""
    z = [2.0, 1.0, -1.0, 0.5]
    p = [0.6094600375988771, 0.2242078180482011, 0.0303432285594162, 0.1359889157935055]
    for form in ("naive", "common", "stable"):
        loss, grad = cross_entropy.value_and_gradient(z, 1, form=form)
        assert float(loss) == pytest.approx(1.495181898085856, rel=3e-16)
        assert grad.tolist() == pytest.approx([p[0], p[1] - 1, p[2], p[3]], rel=4e-15)
        smooth = cross_entropy(z, 1, form=form, label_smoothing=0.1)
        assert float(smooth) == pytest.approx(1.532681898085856, rel=3e-16)


def test_kernels_are_the_function_to_a_few_ulp():
    """The function keeps ``z - max`` as a pair, which the kernel rounds; of a format it is the kernel."""
    z = F32([3, -1, 0.5])
    grad = np.empty_like(z)
    loss = run_row(kernels.cross_entropy_stable, z, 2, grad)
    expected = cross_entropy.value_and_gradient(z, 2)
    assert loss == pytest.approx(expected[0], rel=4e-7) and grad == pytest.approx(expected[1], rel=1e-6)
    assert mp.almosteq(mp.mpf(float(loss)), loss_oracle.loss(z, 2), 1e-7)

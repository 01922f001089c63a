"""The loss inside the engine: every family, form, order of summation and format, against arbitrary precision."""
import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "losses"))
import loss_oracle

from toolkit._core.numbers import in_format
from toolkit.collapse import collapse_gap, underflow_gap
from toolkit.collapse.kernels import ORDERS
from toolkit.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, round_to
from toolkit.losses import kernels as public
from toolkit.training.loss import BOOST, TALLIES, LossSettings, lanes32, loss_block, mode_of, native32
from toolkit.training.loss import emulated as emulated_mode
from toolkit.training.ordered_losses import ORDERED

FAMILIES = ("cross_entropy", "stablemax")
FORMS = ("common", "complement")
PRECISIONS = {f.name: f for f in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)}
SLACK = 12  # half ulp, beside one for each class and one for each unit of the largest gap


def loss_of(logits, labels, *, loss="cross_entropy", form="common", order="lanes", fmt=FLOAT32, rows=None, scale=1.0,
            penalty=0.0, emulated=False, dtype=np.float64):
    """(tallies by name, gaps, gradients) of rows of logits, the mean taken over `rows`."""
    logits = np.atleast_2d(np.asarray(logits, dtype))
    labels = np.atleast_1d(np.asarray(labels, np.int32))
    n, classes = logits.shape
    padded = np.zeros((n, classes + 3), dtype)
    padded[:, :classes] = logits
    mode = emulated_mode if emulated else mode_of(fmt.code)
    settings = LossSettings(ORDERED[loss, form], ORDERS[order], fmt.code, float(scale), float(penalty))
    tally, gaps, d = np.zeros(len(TALLIES)), np.zeros(n), np.full_like(padded, np.nan)
    loss_block(padded, labels, classes, None, (0.0,), mode, settings, 1.0 / (rows or n),
               np.zeros((3, classes), np.float32), np.zeros((3, classes)), True, True, tally, gaps, d)
    assert np.all(d[:, classes:] == 0.0), "padding gets no gradient"
    return dict(zip(TALLIES, tally.tolist(), strict=True)), gaps, d[:, :classes] / BOOST


def row_loss(z, y, **options):
    """(loss, gradient) of one row."""
    tally, _, d = loss_of(z, y, **options)
    return tally["loss"], d[0]


# ---- against arbitrary precision

def rows_to_test():
    """Logits that every format holds exactly: multiples of 1/8 below 32."""
    rng = np.random.default_rng(8)
    rows = []
    for classes in (2, 5, 31, 113):
        for spread in (1.0, 8.0):
            z = np.clip(np.rint(rng.standard_normal(classes) * spread * 4) / 8, -31, 31)
            rows += [(z, int(np.argmax(z))), (z, int(np.argmin(z))), (z, int(rng.integers(classes)))]
        tie = np.full(classes, -2.0)
        tie[:2] = 3.0
        rows += [(tie, 0), (tie, classes - 1), (np.ones(classes), 1)]
        for gap in (5.0, 9.0):
            z = np.zeros(classes)
            z[classes // 2] = gap
            rows.append((z, classes // 2))
    return rows


@pytest.fixture(scope="module")
def exact():
    kinds = {"cross_entropy": "softmax", "stablemax": "stablemax"}
    return {family: [(z, y, float(loss_oracle.loss(z, y, kind)), np.array(loss_oracle.gradient(z, y, kind), float))
                     for z, y in rows_to_test()] for family, kind in kinds.items()}


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_losses_and_gradients_are_accurate(family, form, order, fmt, exact):
    """Common: to ulp of 1. Complement: to ulp of the value itself, also where the loss is tiny."""
    for z, y, loss, gradient in exact[family]:
        got, g = row_loss(z, y, loss=family, form=form, order=order, fmt=fmt)
        error = (SLACK + z.size + np.ptp(z)) * fmt.unit_roundoff
        smallest = 2 * fmt.smallest_subnormal
        floor = 1.0 if form == "common" else 0.0
        assert abs(got - loss) <= error * (loss + floor) + smallest, (z, y)
        others = np.arange(z.size) != y
        slack = error * np.abs(gradient) + smallest
        assert np.all(np.abs(g - gradient)[others] <= slack[others]), (z, y)
        label_slack = error * (abs(gradient[y]) + floor) + z.size * smallest
        assert abs(g[y] - gradient[y]) <= label_slack, (z, y)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
def test_sequential_common_form_is_the_public_loss(family, fmt):
    """One formula, two places: the same bits."""
    kernel = {"cross_entropy": public.cross_entropy_common, "stablemax": public.stablemax_cross_entropy_common}[family]
    for z, y in rows_to_test():
        loss, g = row_loss(z, y, loss=family, order="sequential", fmt=fmt, emulated=True)
        expected = np.zeros(z.size)
        assert loss == kernel(in_format(z.copy(), fmt), y, in_format(expected, fmt))
        np.testing.assert_array_equal(g, expected)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", FORMS)
def test_native_and_emulated_float64_are_the_same(family, form):
    for order in ORDERS:
        for z, y in rows_to_test():
            native, emulated = (row_loss(z, y, loss=family, form=form, order=order, fmt=FLOAT64, emulated=e)
                                for e in (False, True))
            assert native[0] == emulated[0]
            np.testing.assert_array_equal(native[1], emulated[1])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
def test_stablemax_at_logits_of_exactly_1(form, fmt):
    """Where autograd through the published `where` meets 1 / 0 in its untaken branch, and gives NaN."""
    loss, g = row_loss([1.0, 1.0, 0.0, -1.0], 0, loss="stablemax", form=form, fmt=fmt)
    w = np.array([2.0, 2.0, 1.0, 0.5])
    expected = (w / w.sum() - [1, 0, 0, 0]) / (1 + np.abs([1.0, 1.0, 0.0, -1.0]))
    assert loss == pytest.approx(math.log(5.5 / 2), rel=8 * fmt.unit_roundoff)
    np.testing.assert_allclose(g, expected, rtol=10 * fmt.unit_roundoff)


# ---- where the common form collapses, and the complement form does not

def confident(classes, label, gap, fmt):
    z = np.full(classes, float(-round_to(gap, fmt)))
    z[label] = 0.0
    return z


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("order", ["sequential", "pairwise", "lanes"])
@pytest.mark.parametrize("classes", [2, 31, 113])
def test_collapse_begins_where_the_order_of_summation_says(classes, order, fmt):
    """Loss, label gradient and metric vanish together, at `collapse_gap` to a few of the format's logits."""
    for label in (0, 1, classes // 2, classes - 1):
        gap = collapse_gap(fmt, classes, order=order, label=label)
        step = max(4 * fmt.unit_roundoff * gap, 4 * fmt.unit_roundoff)
        for beyond, offset in ((False, -step), (True, step)):
            z = confident(classes, label, gap + offset, fmt)
            tally, _, g = loss_of(z, label, order=order, fmt=fmt)
            gone = tally["loss"] == 0.0, g[0, label] == 0.0, tally["collapsed"] == 1.0, tally["zero_loss"] == 1.0
            assert gone == (beyond,) * 4, (label, gap, offset)
            assert np.all(np.delete(g[0], label) > 0.0), "the wrong classes still push"


# The method card's table, label 0: the gap at which a sum rounded once is 1, -ln u + ln(K - 1).
@pytest.mark.parametrize(("fmt", "classes", "gap"), [
    (FLOAT16, 31, 11.026), (FLOAT16, 113, 12.343), (BFLOAT16, 31, 8.946), (BFLOAT16, 113, 10.264),
    (FLOAT32, 2, 16.636), (FLOAT32, 31, 20.037), (FLOAT32, 113, 21.354), (FLOAT64, 113, 41.455)])
def test_collapse_of_an_exact_sum_is_the_cards(fmt, classes, gap):
    spacing = max(8 * fmt.unit_roundoff * gap, 0.001)
    assert row_loss(confident(classes, 0, gap - spacing, fmt), 0, order="exact", fmt=fmt)[0] > 0.0
    assert row_loss(confident(classes, 0, gap + spacing, fmt), 0, order="exact", fmt=fmt)[0] == 0.0


# "Plain sequential f32 loop, label at index k", of the card; lanes and pairs are our table of `collapse_gap`.
@pytest.mark.parametrize(("order", "label", "gap"), [
    ("sequential", 0, 16.636), ("sequential", 28, 19.97), ("sequential", 56, 20.66), ("sequential", 112, 21.354)])
def test_float32_sums_of_113_classes_depend_on_the_order(order, label, gap):
    for sign, gone in ((-1, False), (1, True)):
        z = confident(113, label, gap + sign * 0.01, FLOAT32)
        assert (row_loss(z, label, order=order)[0] == 0.0) == gone


def test_damage_before_the_collapse():
    """Float32, 113 classes: relative error of the label's gradient at gaps 10, 14, 20; at 25 only Σ g = 1.56e-9."""
    for gap, low, high in ((10.0, 1e-6, 1e-4), (14.0, 1e-4, 3e-3), (20.0, 0.2, 0.6)):
        z = confident(113, 0, gap, FLOAT32)
        exact = -112 * math.exp(-gap) / (1 + 112 * math.exp(-gap))
        assert low < abs(row_loss(z, 0, order="pairwise")[1][0] / exact - 1) < high
        assert abs(row_loss(z, 0, order="pairwise", form="complement")[1][0] / exact - 1) < 1e-6
    tally, _, g = loss_of(confident(113, 0, 25.0, FLOAT32), 0)
    assert tally["loss"] == 0.0 and g[0, 0] == 0.0 and g[0, 1] == pytest.approx(1.389e-11, rel=1e-3)
    assert tally["row_sum"] == pytest.approx(1.56e-9, rel=3e-3)


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("order", ORDERS)
def test_complement_form_lives_until_exp_underflows(order, fmt):
    last = underflow_gap(fmt)
    for classes in (2, 31, 113):
        for gap in np.linspace(1.0, 0.98 * last, 23):
            z = confident(classes, classes // 2, gap, fmt)
            loss, g = row_loss(z, classes // 2, form="complement", order=order, fmt=fmt)
            assert loss > 0.0 and g[classes // 2] < 0.0
        z = confident(classes, 0, 1.02 * last, fmt)
        tally, _, g = loss_of(z, 0, form="complement", order=order, fmt=fmt)
        assert tally["loss"] == 0.0 and not np.any(g) and tally["zero_gradient"] == 1.0


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("form", FORMS)
def test_rows_sum_to_0_in_the_complement_form_alone(form, fmt):
    """As far as a sum in another order can tell; the common form's rows are off by an ulp of 1."""
    worst = 0.0
    for gap in np.linspace(2.0, 0.8 * min(underflow_gap(fmt), 100.0), 20):
        _, g = row_loss(confident(31, 7, gap, fmt), 7, form=form, order="sequential", fmt=fmt)
        worst = max(worst, abs(math.fsum(g)) / np.max(np.abs(g)))
    assert worst <= 31 * fmt.unit_roundoff if form == "complement" else worst >= 0.9


def test_complement_loss_is_the_function_itself_beyond_the_collapse():
    for gap in (20.0, 40.0, 80.0):
        loss, g = row_loss(confident(113, 5, gap, FLOAT32), 5, form="complement")
        assert loss == pytest.approx(112 * math.exp(-gap), rel=1e-5, abs=0)
        assert g[5] == pytest.approx(-112 * math.exp(-gap), rel=1e-5, abs=0)


def test_stablemax_collapses_at_wide_symmetric_logits():
    """s_top / sum >= 1 / u: +-a with a = sqrt((K - 1) / u) - 1, 4.3e4 in float32 and 168 in bfloat16 for K = 113."""
    for fmt, a in ((FLOAT32, 4.33e4), (BFLOAT16, 168.0), (FLOAT16, 478.0)):
        for factor, gone in ((0.9, False), (1.1, True)):
            z = np.full(113, -factor * a)
            z[0] = factor * a
            z = np.asarray(round_to(z, fmt))
            loss, _ = row_loss(z, 0, loss="stablemax", order="exact", fmt=fmt)
            assert (loss == 0.0) == gone, (fmt.name, factor)
            loss, g = row_loss(z, 0, loss="stablemax", form="complement", order="exact", fmt=fmt)
            assert loss > 0.0 and g[0] < 0.0


@pytest.mark.parametrize(("rows", "gap"), [(672, 10.82), (5107, 8.79)])
def test_float16_dies_a_second_time_at_the_mean(rows, gap):
    """p_k / N rounds to 0 from a gap of 17.33 - ln N on: before the sum collapses at 12.34."""
    assert underflow_gap(FLOAT16, rows=rows) == pytest.approx(gap, abs=0.01)
    for sign, gone in ((-1, False), (1, True)):
        z = confident(113, 0, gap + sign * 0.04, FLOAT16)
        tally, _, g = loss_of(z, 0, fmt=FLOAT16, rows=rows)
        assert np.all((g[0, 1:] == 0.0) == gone)
        assert g[0, 0] < 0.0 and tally["loss"] > 0.0 and tally["zero_gradient"] == 0.0
    tally, _, g = loss_of(confident(113, 0, 13.0, FLOAT16), 0, fmt=FLOAT16, rows=rows)
    assert tally["loss"] == 0.0 and tally["zero_gradient"] == 1.0 and not np.any(g), "both deaths: frozen"
    assert np.all(loss_of(confident(113, 0, 40.0, FLOAT32), 0, fmt=FLOAT32, rows=rows)[2][0, 1:] > 0.0)


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("rows", [3, 672, 5107, 8938])
def test_the_mean_is_taken_in_the_format(rows, fmt):
    """Gradient of a row times 1 / N, both rounded, as the derivative of a library's mean."""
    z = np.linspace(-3.0, 3.0, 31)
    share = row_loss(z, 4, fmt=fmt, rows=rows)[1]
    g = row_loss(z, 4, fmt=fmt, rows=1)[1]
    np.testing.assert_array_equal(share, round_to(g * round_to(1 / rows, fmt), fmt))


# ---- infinities and NaN

@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_infinities_and_nan(family, form, fmt):
    options = dict(loss=family, form=form, fmt=fmt)
    for z in ([math.nan, 0.0, 1.0], [math.inf, 0.0, 1.0], [math.inf, math.inf, 1.0]):
        for y in range(3):
            tally, _, g = loss_of(z, y, **options)
            assert not math.isfinite(tally["loss"]) and np.any(np.isnan(g)), (z, y)
            assert tally["collapsed"] == tally["zero_loss"] == 0.0
    tally, _, g = loss_of([-math.inf, 0.0, 0.0], 1, **options)  # a class left out
    if family == "cross_entropy":
        assert tally["loss"] == pytest.approx(math.log(2), rel=4 * fmt.unit_roundoff) and g[0, 0] == 0.0
    assert loss_of([-math.inf, 0.0, 0.0], 0, **options)[0]["loss"] == math.inf


def test_logits_beyond_float16_are_nan_and_count_as_not_collapsed():
    tally, _, g = loss_of([7e4, 0.0], 0, fmt=FLOAT16, dtype=np.float32)
    assert math.isnan(tally["loss"]) and tally["collapsed"] == 0.0 and np.all(np.isnan(g))
    assert tally["correct"] == 1.0 and tally["largest"] == np.float32(7e4), "accuracy looks at the network's logits"


# ---- tallies, scale, penalty, squared error

def test_tallies_counted_by_hand():
    logits = np.array([
        [0.0, 0.0, 0.0],       # a tie is not correct
        [2.0, 0.0, 1.0],       # correct
        [30.0, 0.0, 0.0],      # correct, collapsed, zero loss
        [30.0, 0.0, 0.0],      # wrong, collapsed all the same
        [200.0, 0.0, -250.0],  # correct, collapsed, and its other gradients underflow too
        [-30.0, -60.0, -70.0],  # correct, collapsed
    ])
    tally, gaps, g = loss_of(logits, [0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(gaps, [0, 1, 30, -30, 200, 30])
    losses = [math.log(3), math.log(1 + math.exp(-1) + math.exp(-2)), 0, 30, 0, 0]
    assert tally["loss"] == pytest.approx(sum(losses), rel=1e-6)
    expected = {"correct": 4, "collapsed": 4, "zero_loss": 3, "zero_label_gradient": 3, "zero_gradient": 1,
                "largest": 250}
    assert {name: tally[name] for name in expected} == expected
    assert tally["row_sum"] == pytest.approx(np.abs(g.sum(axis=1)).sum(), rel=1e-6) and tally["row_sum"] < 1e-7
    z = np.zeros((6, 6))
    z[:, :3] = logits
    unwatched, uncounted, slopes = np.zeros(len(TALLIES)), np.zeros(len(TALLIES)), {}
    for counting, counts in ((True, unwatched), (False, uncounted)):
        slopes[counting] = np.zeros((6, 6))
        loss_block(z, np.array([0, 0, 0, 1, 0, 0], np.int32), 3, None, (0.0,), native32,
                   LossSettings(0, 3, 0, 1.0, 0.0), 1 / 6, np.zeros((3, 3), np.float32), np.zeros((3, 3)), counting,
                   False, counts, np.zeros(6), slopes[counting])
    unwatched = dict(zip(TALLIES, unwatched))
    assert unwatched["collapsed"] == 0.0 and unwatched["loss"] == tally["loss"] and unwatched["zero_loss"] == 3
    assert not uncounted.any() and np.array_equal(slopes[True], slopes[False])


@pytest.mark.parametrize("form", ["common", "complement"])
@pytest.mark.parametrize("classes", [8, 9, 15, 16, 17, 31, 32, 33, 64, 97, 113, 128, 130])
def test_vectors_have_the_bits_of_the_rows(classes, form):
    """Gradients where nothing is counted; ties, collapsed rows, infinities and a NaN in the middle of a block."""
    rng = np.random.default_rng(classes)
    rows, width = 40, -(-classes // 16) * 16
    logits = np.zeros((rows, width), np.float32)
    logits[:, :classes] = rng.normal(size=(rows, classes)) * rng.choice([0.1, 3, 30, 200], (rows, 1))
    logits[3, :classes] = 1.5
    logits[5, :2], logits[6, classes - 1], logits[7, 2], logits[8, 1] = (4, 4), np.inf, -np.inf, 1e30
    logits[20, 3] = np.nan
    labels = rng.integers(0, classes, rows).astype(np.int32)
    settings = LossSettings(ORDERED["cross_entropy", form], ORDERS["lanes"], FLOAT32.code, 1.0, 0.0)
    found = {}
    for mode in (native32, lanes32):
        d = found[mode] = np.full((rows, width), np.nan, np.float32)
        loss_block(logits, labels, classes, None, (0.0,), mode, settings, 1 / 77,
                   np.zeros((3, classes), np.float32), np.zeros((3, classes)), False, False, np.zeros(len(TALLIES)),
                   np.zeros(rows), d)
    lost = np.isnan(found[native32])
    assert np.array_equal(lost, np.isnan(found[lanes32]))
    assert np.array_equal(found[native32][~lost].view(np.int32), found[lanes32][~lost].view(np.int32))
    assert np.isfinite(found[lanes32][:3]).all() and np.isnan(found[lanes32][20]).any()


@pytest.mark.parametrize("family", [*FAMILIES, "mse"])
def test_scale_and_penalty_by_differences(family):
    """d of mean loss(scale z) + penalty mean ||z||^2 over 3 rows, by central differences; the loss tallied is bare."""
    rng = np.random.default_rng(9)
    z, y = rng.standard_normal((3, 7)) * 2, np.array([0, 6, 3])

    options = dict(loss=family, form="complement", fmt=FLOAT64, scale=0.7, penalty=0.05)

    def total(z):
        return (loss_of(z, y, **options)[0]["loss"] + 0.05 * np.sum(z * z)) / 3

    _, _, d = loss_of(z, y, **options)
    for i in range(3):
        for k in range(7):
            step = np.zeros((3, 7))
            step[i, k] = 1e-6
            assert d[i, k] == pytest.approx((total(z + step) - total(z - step)) / 2e-6, abs=2e-9)


def test_the_metric_looks_at_unscaled_logits():
    """As published: `alpha` multiplies the logits of the loss alone."""
    z = confident(3, 0, 20.0, FLOAT32)
    assert [loss_of(z, 0, scale=s)[0]["collapsed"] for s in (0.1, 1.0)] == [1.0, 1.0]
    assert [loss_of(z, 0, scale=s)[0]["zero_loss"] for s in (0.1, 1.0)] == [0.0, 1.0]


@pytest.mark.parametrize("fmt", PRECISIONS.values(), ids=PRECISIONS)
def test_squared_error(fmt):
    z = np.array([0.5, -1.0, 2.0, 0.25])
    loss, g = row_loss(z, 2, loss="mse", fmt=fmt)
    error = z - [0, 0, 1, 0]
    assert loss == pytest.approx(np.mean(error**2), rel=4 * fmt.unit_roundoff)
    np.testing.assert_allclose(g, error / 2, rtol=2 * fmt.unit_roundoff)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fmt", [FLOAT32, FLOAT64])
def test_the_loss_has_a_precision_of_its_own(fmt, dtype):
    """The collapse follows the loss's format, not that of the training; gradients come back in the latter."""
    z = np.zeros(31)
    z[3] = 25.0
    tally, _, g = loss_of(z, 3, fmt=fmt, dtype=dtype)
    assert g.dtype == dtype and (tally["loss"] == 0.0) == (fmt is FLOAT32)
    if fmt is FLOAT64:
        assert g[0, 3] == pytest.approx(-30 * math.exp(-25), rel=1e-6 if dtype == np.float32 else 1e-4)


def test_formats_are_known():
    assert set(PRECISIONS) <= set(FORMATS)

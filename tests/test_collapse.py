"""Softmax Collapse: published thresholds, rational arithmetic as the oracle, and properties."""
import dataclasses
import doctest
import json
import math
import os
import re
import subprocess
import sys
from fractions import Fraction

import ml_dtypes
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from toolkit._core.numbers import in_format
from toolkit.collapse import CollapseReport, collapse_gap, collapse_margin, diagnose, diagnosis, gaps, underflow_gap
from toolkit.collapse.kernels import ORDERS, sum_exactly, sum_in_lanes, sum_in_order, sum_pairwise
from toolkit.formats import BFLOAT16, FLOAT8_E4M3FN, FLOAT16, FLOAT32, FLOAT64, get_format, round_to, ulp

COUNTS = ["collapsed", "nan_rows", "zero_losses", "zero_label_gradients", "zero_gradient_rows",
          "overflowed_logits", "naive_overflows", "naive_underflows", "shifted_underflows"]


# --- published thresholds: method card, section 1 --------------------------------------------------------

@pytest.mark.parametrize("name, margin, gap, digits", [
    ("float16", 7.6246, 17.33, 2), ("bfloat16", 5.5452, 93, 0), ("float32", 16.6355, 103.97, 2),
    ("float64", 36.7368, 745.13, 2)])
def test_margins_and_underflow_gaps(name, margin, gap, digits):
    assert round(collapse_margin(name), 4) == margin and round(underflow_gap(name), digits) == gap


def test_underflow_of_a_mean_and_of_flushed_subnormals():
    assert underflow_gap("float32", flush=True) == pytest.approx(87.34, abs=0.005)
    assert underflow_gap("float16", rows=5107) == pytest.approx(8.8, abs=0.05)
    assert underflow_gap("float16", rows=672) == pytest.approx(10.8, abs=0.05)
    for name in ("float16", "float32", "bfloat16"):
        fmt, gap = get_format(name), underflow_gap(name)
        assert round_to(math.exp(-gap - 1e-9), fmt) == 0 < round_to(math.exp(-gap + 1e-9), fmt)


@pytest.mark.parametrize("classes, float16, bfloat16, float32, float64", [
    (2, 7.625, 5.545, 16.636, 36.737), (10, 9.822, 7.742, 18.833, 38.934),
    (23, 10.716, 8.636, 19.727, 39.828), (31, 11.026, 8.946, 20.037, 40.138),
    (47, 11.453, 9.374, 20.464, 40.565), (59, 11.685, 9.606, 20.696, 40.797),
    (97, 12.189, 10.110, 21.200, 41.301), (113, 12.343, 10.264, 21.354, 41.455),
    (1000, 14.531, 12.452, 23.542, 43.644), (50257, 18.450, 16.370, 27.460, 47.562)])
def test_exact_gap(classes, float16, bfloat16, float32, float64):
    for name, value in (("float16", float16), ("bfloat16", bfloat16), ("float32", float32),
                        ("float64", float64)):
        assert collapse_gap(name, classes) == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize("label, gap, digits", [
    (0, 16.636, 3), (1, 16.636, 3), (28, 19.97, 2), (56, 20.66, 2), (112, 21.354, 3), (-1, 21.354, 3)])
def test_sequential_gap_depends_on_the_label(label, gap, digits):
    assert round(collapse_gap("float32", 113, order="sequential", label=label), digits) == gap


@pytest.mark.parametrize("classes, gap", [
    (2, 16.636), (10, 18.245), (23, 19.033), (31, 19.344), (47, 19.771), (59, 20.003), (97, 20.507),
    (113, 20.661), (1000, 22.850), (50257, 26.767)])
def test_pairwise_gap_is_that_of_torch_log_softmax_in_float32(classes, gap):
    found = collapse_gap("float32", classes, order="pairwise")
    assert found == pytest.approx(gap, abs=6e-4)
    if classes % 2:  # the card's closed form; for even K the halves have K / 2 terms
        assert found == pytest.approx(15.942 + math.log(classes - 1), abs=1e-3)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "float8_e5m2"])
@pytest.mark.parametrize("order", ["sequential", "pairwise"])
@pytest.mark.parametrize("label", [0, 7, 12])
def test_diagnose_collapses_where_the_gap_says(name, order, label):
    """The two values of the format beside the gap: one row collapses, the other does not."""
    gap = collapse_gap(name, 13, order=order, label=label)
    near = float(round_to(gap, name))
    below = near if near < gap else near - float(ulp(np.nextafter(near, 0), name))
    above = near if near >= gap else near + float(ulp(near, name))
    logits = np.zeros((2, 13))
    logits[:, label] = below, above
    entry = diagnose(logits, [label, label], formats=[name], order=order)[name]
    assert entry.collapsed == 1 == diagnose(logits[1:], formats=[name], order=order)[name].collapsed


@pytest.mark.parametrize("function, message", [
    (lambda: collapse_gap("float32", 1), "classes is 1; allowed: at least 2"),
    (lambda: collapse_gap("float32", 10, order="random"), "order is 'random'; allowed: 'sequential'"),
    (lambda: collapse_gap("float32", 10, label=10), "label is 10; allowed: an integer from -10 to 9"),
    (lambda: underflow_gap("float16", rows=0), "rows is 0; allowed: at least 1"),
    (lambda: collapse_margin("float15"), "format is 'float15'; allowed")])
def test_bad_arguments_of_gaps(function, message):
    with pytest.raises(ValueError, match=message):
        function()
    with pytest.raises(TypeError, match="classes is 2.5; allowed: an integer"):
        collapse_gap("float32", 2.5)


# --- the sums, against rational arithmetic ---------------------------------------------------------------

def nearest(exact, fmt):
    """The fraction `exact` rounded to a format, ties to even, without overflow."""
    if exact == 0:
        return exact
    exponent = max(fmt.smallest_normal_exponent, _floor_log2(abs(exact)))
    step = Fraction(2) ** (exponent - fmt.fraction_bits)
    return round(exact / step) * step


def _floor_log2(positive):
    exponent = positive.numerator.bit_length() - positive.denominator.bit_length()
    return exponent if Fraction(2) ** exponent <= positive else exponent - 1


def fraction_of(number):
    """An mpmath number as a Fraction."""
    sign, mantissa, exponent, _ = number._mpf_
    return (-1) ** sign * mantissa * Fraction(2) ** exponent


def sum_by(order, terms, fmt):
    if order == "exact":
        return nearest(sum(terms), fmt)
    if order == "sequential":
        total = Fraction(0)
        for term in terms:
            total = nearest(total + term, fmt)
        return total
    if order == "lanes":
        lanes = [sum_by("sequential", terms[k::8], fmt) for k in range(8)]
        while len(lanes) > 1:
            lanes = [nearest(a + b, fmt) for a, b in zip(lanes, lanes[len(lanes) // 2:])]
        return lanes[0]

    def block(i, level):
        start, end = -(-i * len(terms) // 2**level), -(-(i + 1) * len(terms) // 2**level)
        if end - start <= 1:
            return sum(terms[start:end], Fraction(0))
        return nearest(block(2 * i, level + 1) + block(2 * i + 1, level + 1), fmt)

    return block(0, 0)


SUMS = {"sequential": sum_in_order, "pairwise": sum_pairwise, "exact": sum_exactly, "lanes": sum_in_lanes}


@pytest.mark.parametrize("fmt", [FLOAT64, FLOAT32, FLOAT16, BFLOAT16], ids=lambda f: f.name)
@pytest.mark.parametrize("order", list(ORDERS))
def test_sums_against_rational_arithmetic(order, fmt):
    rng = np.random.default_rng(1)
    for size in (1, 2, 3, 5, 8, 13, 113):
        for _ in range(20):
            terms = np.asarray(round_to(np.exp(-rng.exponential(12.0, size)), fmt))
            terms[rng.integers(size)] = 1.0
            expected = sum_by(order, [Fraction(t) for t in terms.tolist()], fmt)
            assert Fraction(float(SUMS[order](in_format(terms.copy(), fmt)))) == expected
            if fmt is FLOAT64:
                assert Fraction(float(SUMS[order](terms.copy()))) == expected
            if fmt is FLOAT32:
                assert Fraction(float(SUMS[order](in_format(terms.astype(np.float32), None)))) == expected


def exactly(terms, fmt):
    return float(sum_exactly(in_format(np.array(terms), fmt)))


def test_exact_sum_sees_ties_and_what_lies_beside_them():
    half = BFLOAT16.unit_roundoff
    assert exactly([1.0, half], BFLOAT16) == 1.0
    assert exactly([1.0, half, 2.0**-130], BFLOAT16) == 1.0 + 2 * half
    assert exactly([2.0**-130, half, 1.0], BFLOAT16) == 1.0 + 2 * half
    assert exactly([1.0 + 2 * half, half], BFLOAT16) == 1.0 + 4 * half
    assert exactly([1.0, 2.0**-53], FLOAT64) == 1.0
    assert exactly([2.0**-54, 2.0**-53, 1.0], FLOAT64) == 1.0 + 2.0**-52
    assert np.isnan(exactly([1.0, np.nan], BFLOAT16))


# --- the counts, against rational arithmetic -------------------------------------------------------------

def expected_counts(rows, labels, order, fmt):
    """Counts of a format by rational arithmetic; logits must be finite and within the format."""
    counts = dict.fromkeys(COUNTS, 0)
    largest = Fraction(fmt.max) + Fraction(float(ulp(fmt.max, fmt))) / 2
    with mpmath.workprec(300):
        exp = {}

        def rounded_exp(x):
            if x not in exp:
                exp[x] = nearest(fraction_of(mpmath.exp(mpmath.mpf(x.numerator) / x.denominator)), fmt)
            return exp[x]

        for row, y in zip(rows, labels, strict=True):
            z = [nearest(Fraction(v), fmt) for v in row.tolist()]
            naive = [rounded_exp(v) for v in z]
            shifted = [rounded_exp(nearest(v - max(z), fmt)) for v in z]
            total = sum_by(order, shifted, fmt)
            summed = sum_by("sequential", shifted, fmt)
            quotient = mpmath.mpf(summed.numerator) / summed.denominator
            logarithm = nearest(fraction_of(mpmath.log(quotient)), fmt)
            gradient = [nearest(v / summed, fmt) for v in shifted]
            gradient[y] = nearest(gradient[y] - 1, fmt)
            counts["naive_overflows"] += sum(v >= largest for v in naive)
            counts["naive_underflows"] += naive.count(0)
            counts["shifted_underflows"] += shifted.count(0)
            counts["collapsed"] += total == 1
            counts["zero_losses"] += nearest(logarithm + nearest(max(z) - z[y], fmt), fmt) == 0
            counts["zero_label_gradients"] += gradient[y] == 0
            counts["zero_gradient_rows"] += not any(gradient)
    return counts


@pytest.mark.parametrize("fmt", [FLOAT64, FLOAT32, FLOAT16, BFLOAT16, get_format("e5m4")],
                         ids=lambda f: f.name)
@pytest.mark.parametrize("order", list(ORDERS))
def test_counts_against_rational_arithmetic(order, fmt):
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1.5, (60, 9))
    labels = rng.integers(0, 9, 60)
    top = np.where(rng.random(60) < 0.8, labels, rng.integers(0, 9, 60))
    rows[np.arange(60), top] += rng.uniform(0, 3 * collapse_margin(fmt), 60)
    rows[:3] *= 30
    entry = diagnose(rows, labels, formats=[fmt], order=order).formats[0]
    assert {name: getattr(entry, name) for name in COUNTS} == expected_counts(rows, labels, order, fmt)
    assert 0 < entry.collapsed < 60 and 0 < entry.zero_losses < 60


def test_the_paper_codes_metric_in_numpy():
    """Cast, subtract the maximum, exp, sum, compare with 1; NumPy's exp and pairwise sum are not ours."""
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(2000, 113)).astype(np.float32)
    labels = rng.integers(0, 113, 2000)
    logits[np.arange(2000), labels] += rng.uniform(0, 40, 2000).astype(np.float32)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    wide = shifted.astype(np.float64).sum(axis=1).astype(np.float32)
    for order, sums, slack in (("pairwise", shifted.sum(axis=1), 30), ("exact", wide, 2)):
        found = diagnose(logits, labels, formats=["float32"], order=order)["float32"].collapsed
        assert found == pytest.approx(np.count_nonzero(sums == 1.0), abs=slack)


def test_a_wrong_row_collapses_but_has_a_loss():
    logits = np.array([[30.0, 0.0, 0.0], [30.0, 0.0, 0.0]])
    entry = diagnose(logits, [0, 1], formats=["float32"])["float32"]
    assert (entry.collapsed, entry.zero_losses, entry.zero_label_gradients) == (2, 1, 1)
    assert entry.zero_gradient_rows == 0 and entry.share("collapsed") == 1.0 and entry.share(1) == 0.5
    unlabelled = diagnose(logits, formats=["float32"])["float32"]
    assert unlabelled.zero_losses == 2 and unlabelled.zero_label_gradients is None
    assert unlabelled.share("zero_gradient_rows") is None


def test_every_gradient_of_a_float16_row_dies():
    logits = np.array([[17.0, 0, 0], [17.5, 0, 0], [9.0, 0, 0], [1.0, 0, 0]])
    entry = diagnose(logits, [0, 0, 0, 0], formats=["float16"])["float16"]
    assert (entry.collapsed, entry.zero_losses, entry.zero_gradient_rows) == (3, 3, 1)
    assert "have no gradient at all" in entry.sentence and "stable form" in entry.sentence


def test_overflow_and_underflow():
    logits = np.array([[70000.0, 0.0, -70000.0], [12.0, 0.0, -18.0], [-20.0, -20.0, -20.0]])
    entry = diagnose(logits, formats=["float16"])["float16"]
    assert entry.overflowed_logits == 2 and entry.nan_rows == 1 and entry.unusable_rows == 0
    assert (entry.naive_overflows, entry.naive_underflows, entry.shifted_underflows) == (1, 4, 2)
    assert "2 finite logits lie beyond 65504 and break 1 of 3 rows" in entry.sentence
    (small,) = diagnose([[449.0, 0.0], [465.0, 0.0], [-500.0, 0.0]], formats=[FLOAT8_E4M3FN])
    assert (small.overflowed_logits, small.nan_rows, small.collapsed) == (2, 2, 1)
    (many,) = diagnose(np.zeros((1, 1000)), formats=[FLOAT8_E4M3FN], order="pairwise")
    assert many.nan_rows == 1 and "as their sum is too large" in many.sentence


def test_rows_without_a_softmax_and_left_out_classes():
    logits = np.array([[np.nan, 0, 0], [0, np.nan, 40], [np.inf, 0, 0], [-np.inf, -np.inf, -np.inf],
                       [-np.inf, 0.0, 40.0], [-np.inf, 0.0, 1.0], [0.0, 0.0, 0.0]])
    report = diagnose(logits, [0, 0, 0, 0, 2, 2, 0], formats=["float64", "float32", "float8_e4m3fn"])
    assert report.unusable_rows == 4 and "they hold NaN or +inf or only -inf: 4" in repr(report)
    for entry in report:
        assert entry.nan_rows == 4 == entry.unusable_rows and entry.overflowed_logits == 0
        assert entry.collapsed == entry.zero_losses == 1
        assert "break" not in entry.sentence


# --- shapes, dtypes, chunks ------------------------------------------------------------------------------

def counted(report):
    return [dataclasses.astuple(entry) for entry in report]


def test_layouts_and_chunks_do_not_matter(monkeypatch, tmp_path):
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 12, (4, 5, 6, 7)).astype(np.float32)
    labels = rng.integers(0, 7, (4, 5, 6))
    logits.setflags(write=False)
    whole = counted(diagnose(logits, labels))
    np.save(tmp_path / "z.npy", logits)
    assert counted(diagnose(np.load(tmp_path / "z.npy", mmap_mode="r"), labels.reshape(-1))) == whole
    assert counted(diagnose(np.moveaxis(logits, -1, 1), labels, axis=1)) == whole
    assert counted(diagnose(np.asfortranarray(logits), labels)) == whole
    assert counted(diagnose(logits.astype(">f4"), labels.astype(float).tolist())) == whole
    monkeypatch.setattr(diagnosis, "CHUNK", 20)
    assert counted(diagnose(logits, labels)) == whole
    assert counted(diagnose(logits.reshape(-1, 7), labels.reshape(-1))) == whole
    assert counted(diagnose(np.moveaxis(logits, -1, 0), labels, axis=0)) == whole


def test_small_shapes_and_other_dtypes():
    assert diagnose([20.0, 0.0], 0, formats=["float32"])["float32"].zero_losses == 1
    assert diagnose([20, 0], [0]).dtype == "int64" and diagnose([True, False]).rows == 1
    one = diagnose(np.zeros((3, 1)), [0, 0, 0], formats="float16")["float16"]
    assert one.collapsed == one.zero_gradient_rows == 3 and one.collapse_gap == 0
    empty = diagnose(np.zeros((0, 5)), [])
    assert empty.rows == 0 and empty["float32"].share("collapsed") == 0.0 and "nothing is lost" in repr(empty)
    brain = np.array([[20, 0], [1, 0]], ml_dtypes.bfloat16)
    assert diagnose(brain).dtype == "bfloat16" and diagnose(brain)["float32"].collapsed == 1
    assert diagnose(brain, formats=np.float16)["float16"].collapsed == 1


@pytest.mark.parametrize("logits, labels, keywords, error, message", [
    (3.0, None, {}, ValueError, r"logits is a single number; allowed: an array \(\.\.\., K\)"),
    (np.zeros((2, 0)), None, {}, ValueError, r"logits has shape \(2, 0\): no class "),
    (["a"], None, {}, TypeError, "logits has dtype <U1; allowed: booleans, integers, float16, float32, float64"),
    ([1j], None, {}, TypeError, "logits has dtype complex128"),
    (np.array([[None]]), None, {}, TypeError, "logits has dtype object"),
    (np.zeros((2, 3), np.longdouble), None, {}, TypeError, "logits has dtype"),
    (np.zeros((2, 3)), [0], {}, ValueError, r"labels has shape \(1,\); allowed: one label for each of"),
    (np.zeros((2, 3)), [0, 3], {}, ValueError, r"labels\[1\] is 3; allowed: 0 to 2"),
    (np.zeros((2, 3)), [-1, 0], {}, ValueError, r"labels\[0\] is -1; allowed: 0 to 2"),
    (np.zeros((2, 3)), [0.0, np.nan], {}, ValueError, r"labels\[1\] is nan; allowed: 0 to 2"),
    (np.zeros((2, 3)), [0.5, 1.0], {}, ValueError, r"labels\[0\] is 0.5; allowed: whole numbers"),
    (np.zeros((2, 3)), ["0", "1"], {}, TypeError, "labels has dtype <U1; allowed: booleans, integers"),
    (np.zeros((2, 3)), [True, False], {}, TypeError, "labels has dtype bool"),
    (np.zeros((2, 3)), None, {"axis": 2}, ValueError, "axis is 2; allowed for logits of 2 dimension"),
    (np.zeros((2, 3)), None, {"order": "any"}, ValueError, "order is 'any'"),
    (np.zeros((2, 3)), None, {"order": ["exact"]}, ValueError, r"order is \['exact'\]"),
    (np.zeros((2, 3)), None, {"formats": 16}, ValueError, "format is 16"),
    (np.zeros((2, 3)), None, {"formats": []}, ValueError, "formats is empty"),
    (np.zeros((2, 3)), None, {"formats": ["float99"]}, ValueError, "format is 'float99'"),
])
def test_bad_arguments_of_diagnose(logits, labels, keywords, error, message):
    with pytest.raises(error, match=message):
        diagnose(logits, labels, **keywords)


def test_labels_as_people_keep_them():
    logits = np.array([[20.0, 0, -1.5], [1, 0.25, 0], [-30, 5, 0], [0, 0, 9]])
    labels = np.array([0, 1, 1, 2])
    whole = repr(diagnose(logits, labels))
    for kept in (labels.astype(float), labels[:, None], labels.astype(np.uint8), np.eye(3)[labels],
                 np.eye(3, dtype=bool)[labels], np.eye(3, dtype=int)[labels]):
        assert repr(diagnose(logits, kept)) == whole
    with pytest.raises(ValueError, match="row 2 is not one-hot; allowed: one class index"):
        diagnose(logits, [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]])


def test_rows_of_an_ignored_label_count_nowhere():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 12, (50, 4)), rng.integers(0, 4, 50)
    logits[7] = np.nan
    left_out = rng.random(50) < 0.3
    left_out[7] = True
    for value in (-100, 255):
        given = np.where(left_out, value, labels)
        for kept in (given, given.astype(float), given[:, None]):
            report = diagnose(logits, kept, ignore_index=value)
            assert report.formats == diagnose(logits[~left_out], labels[~left_out]).formats
            assert (report.rows, report.ignored_rows) == ((~left_out).sum(), left_out.sum())
            assert f"to be ignored: {left_out.sum()}" in repr(report)
    with pytest.raises(ValueError, match=r"labels\[\d+\] is -100; allowed: 0 to 3, and one value .*ignore_index"):
        diagnose(logits, np.where(left_out, -100, labels))
    for wrong, error, message in ((None, ValueError, "no labels"), (labels, TypeError, "an integer or None")):
        with pytest.raises(error, match=message):
            diagnose(logits, wrong, ignore_index=-100 if wrong is None else 0.5)


# --- the report ------------------------------------------------------------------------------------------

def test_report():
    report = diagnose([[20.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [0, 0], formats=["float32", "float64"])
    assert isinstance(report, CollapseReport) and report[FLOAT32] is report["float32"]
    assert [entry.format for entry in report] == [FLOAT32, FLOAT64]
    with pytest.raises(KeyError, match="this report has float32, float64"):
        report["float16"]
    for thing, field in ((report, "rows"), (report["float32"], "collapsed")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, field, 0)
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["rows"] == 2 and plain["classes"] == 3 and plain["formats"][0]["format"] == "float32"
    assert plain["formats"][0]["collapsed_share"] == 0.5 and plain["formats"][1]["collapsed"] == 0
    head, table, key, sentences = repr(report).split("\n\n")
    assert "2 x 3" in head and len(set(map(len, table.splitlines()))) == 1
    columns = [re.split(" {2,}", line)[0] for line in key.splitlines()]
    assert re.split(" {2,}", table.splitlines()[0]) == columns and all(len(line) <= 120 for line in key.splitlines())
    assert sentences.splitlines()[0].startswith("float32: 1 of 2 rows (50.0 %) collapse")
    assert sentences.endswith("float64: nothing is lost; rows can collapse from a gap of 36.737 on.")
    assert repr(report).isascii()


# --- properties ------------------------------------------------------------------------------------------

some_logits = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(2, 12)),
                         elements=st.floats(-40, 40, width=32))


@settings(max_examples=80, deadline=None)
@given(some_logits, st.randoms(use_true_random=False))
def test_order_of_classes_does_not_matter_to_the_exact_sum(logits, random):
    order = list(range(logits.shape[1]))
    random.shuffle(order)
    there, here = diagnose(logits[:, order], order="exact"), diagnose(logits, order="exact")
    for a, b in zip(there, here, strict=True):
        assert a.collapsed == b.collapsed and a.shifted_underflows == b.shifted_underflows


@settings(max_examples=80, deadline=None)
@given(some_logits, st.sampled_from(list(ORDERS)))
def test_doubled_logits_collapse_at_least_as_often(logits, order):
    once, twice = diagnose(logits, order=order), diagnose(2 * logits, order=order)
    for a, b in zip(once, twice, strict=True):
        assert a.collapsed <= b.collapsed and a.shifted_underflows <= b.shifted_underflows


@settings(max_examples=80, deadline=None)
@given(some_logits, st.data())
def test_nan_rows_are_counted_apart(logits, data):
    bad = data.draw(hnp.arrays(bool, len(logits)))
    broken = logits.copy()
    broken[bad, data.draw(st.integers(0, logits.shape[1] - 1))] = data.draw(st.sampled_from([np.nan, np.inf]))
    good = diagnose(logits[~bad])
    for a, b in zip(diagnose(broken), good, strict=True):
        assert a.nan_rows == a.unusable_rows == bad.sum() and b.nan_rows == 0
        assert (a.collapsed, a.zero_losses) == (b.collapsed, b.zero_losses)


@settings(max_examples=80, deadline=None)
@given(hnp.arrays(np.int64, (4, 5), elements=st.integers(-40, 40)), st.integers(-50, 50),
       st.sampled_from(list(ORDERS)))
def test_a_shift_that_the_format_holds_changes_nothing(logits, shift, order):
    for a, b in zip(diagnose(logits, order=order), diagnose(logits + shift, order=order), strict=True):
        assert (a.collapsed, a.zero_losses) == (b.collapsed, b.zero_losses)
        assert a.shifted_underflows == b.shifted_underflows


@pytest.mark.parametrize("module", [diagnosis, gaps], ids=lambda m: m.__name__)
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 == result.failed


def test_without_compilation():
    code = """
import json
import numpy as np
from toolkit.collapse import collapse_gap, diagnose
z = np.random.default_rng(5).normal(0, 20, (6, 5))
z[0, 0] = np.nan
z[1] *= 1e4
y = [0, 1, 2, 3, 4, 0]
names = ["float32", "float16", "float8_e4m3fn"]
found = [diagnose(z, y, formats=names, order=o).to_dict() for o in ("sequential", "pairwise", "exact")]
print(json.dumps(found + [collapse_gap("float16", 5, order="pairwise")]))
"""
    command = [sys.executable, "-W", "error", "-c", code]
    seen = [subprocess.run(command, check=True, stdout=subprocess.PIPE,
                           env={**os.environ, "NUMBA_DISABLE_JIT": flag}).stdout for flag in "01"]
    assert seen[0] == seen[1] and len(json.loads(seen[0])) == 4

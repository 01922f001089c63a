"""At most 4 ulp in every output of every function, over random and adversarial rows, against mpmath."""
import warnings
from functools import partial

import large_array_rows as rows
import mpmath
import numpy as np
import pytest
from large_array_rows import ulp_errors

from toolkit.large_arrays import Naive, _arrays, map_lines
from toolkit.large_arrays._chunks import CHUNK
from toolkit.losses import cross_entropy, stablemax_cross_entropy
from toolkit.softmax import ALGORITHMS, log_softmax, log_stablemax, logsumexp, softmax, stablemax

dtypes = pytest.mark.parametrize("dtype", rows.DTYPES)


def as_column(function):
    """The function of a row, which is taken as a column between one without large gaps and one with them."""
    def of_row(z, *label, **options):
        gaps = np.where(np.arange(z.size) % 2 == 0, -500, 0)
        columns = np.stack([np.zeros(z.size), z, gaps], axis=1).astype(z.dtype)
        out = function(columns, *(np.full(3, y) for y in label), axis=0, **options)
        return tuple(a[..., 1] for a in out) if label else out[..., 1]

    return of_row


@pytest.fixture(params=["in one thread", "in chunks", "as a column"])
def way(request, monkeypatch):
    """How a row is taken, as a function of its function: as short rows are, as rows too long for one thread are ..."""
    if request.param == "in chunks":
        monkeypatch.setattr(_arrays, "LONG_ROW", 0)
    return as_column if request.param == "as a column" else lambda function: function


def worst(cases, function, exact):
    """The largest error over all cases, in ulp."""
    return max(ulp_errors(function(case.z), exact(case)).max() for case in cases)


def distance(computed, true):
    """The largest error in ulp against a longdouble, in arrays too long for mpmath."""
    return (np.abs(computed - true) / np.spacing(np.abs(true).astype(computed.dtype))).max()


def check_losses(function, cases, slopes, loss_ulp, label_ulp, others_ulp):
    for case in cases:
        for label in {0, int(case.z.argmax()), int(case.z.argmin()), case.z.size // 2}:
            loss, grad = function(case.z, label, reduction="none")
            assert ulp_errors(loss, [-case.logs[label]]).max() <= loss_ulp
            errors = ulp_errors(grad, rows.exact_gradient(case, label, slopes))
            assert errors[label] <= label_ulp and np.delete(errors, label).max(initial=0) <= others_ulp


@dtypes
@pytest.mark.parametrize("algorithm", [None, *ALGORITHMS[1:]])
def test_softmax(dtype, algorithm, way):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"softmax\(algorithm='two_pass'\)")  # rows around 1e6
        assert worst(rows.softmax_cases(dtype), way(partial(softmax, algorithm=algorithm)),
                     lambda case: case.probabilities) <= 4


@dtypes
def test_naive_softmax_where_nothing_overflows(dtype):
    most = rows.NORMAL_GAP[dtype] - 8
    cases = [case for case in rows.softmax_cases(dtype) if abs(case.z).max() < most]
    assert worst(cases, partial(map_lines, Naive()), lambda case: case.probabilities) <= 3


@dtypes
def test_log_softmax(dtype, way):
    assert worst(rows.softmax_cases(dtype), way(log_softmax), lambda case: case.logs) <= 3


@dtypes
def test_logsumexp(dtype, way):
    for case in rows.softmax_cases(dtype):
        value, m = way(logsumexp)(case.z), mpmath.mpf(float(case.z.max()))
        if dtype == np.float32:  # m and log1p(r) are added in float64: all digits, also where they cancel
            assert ulp_errors(value, [case.logsumexp]).max() <= 2
        larger = float(max(abs(m), case.logsumexp - m))
        unit = np.spacing(dtype(larger)) if larger else np.finfo(dtype).smallest_subnormal
        assert abs(mpmath.mpf(float(value)) - case.logsumexp) <= 2 * float(unit)


@dtypes
def test_many_classes_below_the_smallest_subnormal_make_a_loss_together(dtype):
    """Each rounds to 0 alone: 3000 of them are several hundred times the smallest subnormal."""
    for gap in np.linspace(rows.NORMAL_GAP[dtype] - 2, rows.LAST_GAP[dtype] + 9, 25):
        for others in (1, 7, 107, 3000):
            z = np.append(np.zeros(1), np.full(others, -gap)).astype(dtype)
            rest = others * mpmath.exp(mpmath.mpf(float(z[1])))
            loss, grad = cross_entropy.value_and_gradient(z, 0)
            for value in (loss, -log_softmax(z)[0], logsumexp(z)):
                assert ulp_errors(value, [mpmath.log1p(rest)]).max() <= 2
            assert ulp_errors(grad[0], [-rest / (1 + rest)]).max() <= 2


@dtypes
def test_stablemax(dtype, way):
    assert worst(rows.stablemax_cases(dtype), way(stablemax), lambda case: case.probabilities) <= 3


@dtypes
def test_log_stablemax(dtype, way):
    assert worst(rows.stablemax_cases(dtype), way(log_stablemax), lambda case: case.logs) <= 2


@dtypes
def test_cross_entropy(dtype, way):
    check_losses(way(cross_entropy.value_and_gradient), rows.softmax_cases(dtype), False, 2, 3, 3)


@dtypes
def test_stablemax_cross_entropy(dtype, way):
    check_losses(way(stablemax_cross_entropy.value_and_gradient), rows.stablemax_cases(dtype), True, 2, 3, 4)


@dtypes
@pytest.mark.parametrize("scale, shift", [(3, 0), (3, 100), (300, 0), (1e-3, -1e4)])
def test_several_chunks(dtype, scale, shift, monkeypatch):
    """Against NumPy's longdouble, with masked entries, and the largest number in the last chunk or in the first."""
    monkeypatch.setattr(_arrays, "LONG_ROW", 2 * CHUNK)
    z = (scale * np.random.default_rng(6).standard_normal(3 * CHUNK + 17) + shift).astype(dtype)
    z[::2] = -np.inf  # sorted, they fill a chunk
    for given in (np.sort(z), np.sort(z)[::-1].copy(), z):
        m = given.max()
        d = given.astype(np.longdouble) - m
        r = np.exp(d[d < 0]).sum() + np.count_nonzero(d == 0) - 1
        for algorithm in (None, *ALGORITHMS[1:]):
            assert distance(softmax(given, algorithm=algorithm), np.exp(d) / (1 + r)) <= 4
        kept = given > -np.inf
        assert distance(log_softmax(given)[kept], (d - np.log1p(r))[kept]) <= 3
        assert distance(logsumexp(given), m + np.log1p(r)) <= 2


@dtypes
@pytest.mark.parametrize("classes", [5, 50257, 2**18 + 3, 2**20])
def test_rows_sum_to_1(dtype, classes):
    """Where float32 sums one after the other were off by 7e-4."""
    rng = np.random.default_rng(classes)
    unit_roundoff = float(np.finfo(dtype).eps) / 2
    for z in (rng.standard_normal(classes), 4 * rng.standard_normal(classes) + 100, np.zeros(classes)):
        for function in (*(lambda z, a=a: softmax(z, algorithm=a) for a in ALGORITHMS[1:]), stablemax):
            p = function(z.astype(dtype))
            assert abs(float(p.astype(np.longdouble).sum() - 1)) <= 2 * unit_roundoff


@dtypes
def test_gradient_rows_sum_to_almost_0(dtype):
    """Within 2 ulp of the label's entry where classes are few; each entry is rounded by itself."""
    for case in rows.softmax_cases(dtype):
        label = int(case.z.argmax())
        grad = cross_entropy.value_and_gradient(case.z, label)[1].astype(np.longdouble)
        slack = case.z.size * float(np.finfo(dtype).smallest_subnormal)
        assert abs(grad.sum()) <= 4 * np.finfo(dtype).eps * abs(grad[label]) + slack

"""Invariants of every map over drawn shapes, axes, masks, dtypes and memory layouts."""
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from pulls import log_softmax_pull, log_stablemax_pull, logsumexp_pull, softmax_pull, stablemax_pull

from toolkit.softmax import ALGORITHMS, FORMS, log_softmax, log_stablemax, logsumexp, softmax, stablemax

MAPS = {f"softmax {a}": (lambda z, a=a, **o: softmax(z, algorithm=a, **o)) for a in ALGORITHMS}
MAPS |= {f"log_softmax {f}": (lambda z, f=f, **o: log_softmax(z, form=f, **o)) for f in FORMS}
MAPS |= {f"log_stablemax {f}": (lambda z, f=f, **o: log_stablemax(z, form=f, **o)) for f in FORMS}
MAPS |= {"stablemax": stablemax, "stablemax naive": lambda z, **o: stablemax(z, form="naive", **o)}
GRADIENTS = {"softmax": softmax_pull, "log_softmax": log_softmax_pull, "stablemax": stablemax_pull,
             "log_stablemax": log_stablemax_pull}
SOFTMAX_LIKE = [name for name in MAPS if "stable" not in name]

maps = pytest.mark.parametrize("name", MAPS)
gradients = pytest.mark.parametrize("name", GRADIENTS)
dtypes = st.sampled_from([np.float16, np.float32, np.float64])


def examples(count):
    """The same drawn examples in each run; no deadline, as the first one may compile."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)


SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)


@st.composite
def logits(draw, dtype=None, shapes=SHAPES, bound=9):
    """Arrays of logits in any memory layout, at a scale where no form breaks."""
    dtype = draw(dtypes) if dtype is None else dtype
    z = draw(hnp.arrays(np.float32, shapes, elements=st.floats(-bound, bound, width=16))).astype(dtype)
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed", "read-only"]))
    if layout == "F":
        z = np.asfortranarray(z)
    elif layout == "strided":
        z = np.repeat(z, 3, axis=-1)[..., 1::3]
    elif layout == "reversed":
        z = z[::-1].copy()[::-1]
    z.flags.writeable = layout != "read-only"
    return z


def draw_axes(data, ndim):
    axes = data.draw(st.lists(st.integers(0, ndim - 1), min_size=1, unique=True))
    axis = tuple(a - ndim if data.draw(st.booleans()) else a for a in axes)
    return data.draw(st.sampled_from([axis, axis[0], None]))


def as_rows(z, axis):
    """`z` as 2-D rows of classes."""
    axes = range(z.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted(a % z.ndim for a in axes)
    back = np.moveaxis(z, axes, range(-len(axes), 0))
    return back.reshape(int(np.prod(back.shape[:z.ndim - len(axes)])), -1)


def nearly_equal(actual, expected, units=4):
    """Equal within a few ulp: a class in another lane adds up in another order."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    finite = np.isfinite(expected)
    assert_array_equal(actual[~finite], expected[~finite])
    assert (np.abs(actual[finite] - expected[finite]) <= units * np.spacing(np.abs(expected[finite]))).all()


def is_log(name):
    return name.startswith("log")


@maps
@examples(25)
@given(logits(), st.data())
def test_masked_is_sliced_and_axis_is_moveaxis_to_a_few_ulp(name, z, data):
    function, before = MAPS[name], z.copy()
    axis = draw_axes(data, z.ndim)
    where = data.draw(hnp.arrays(bool, z.shape))
    out = function(z, axis=axis, where=where)
    assert out.shape == z.shape and out.dtype == z.dtype
    assert_array_equal(z, before)
    for row, keep, result in zip(as_rows(z, axis), as_rows(where, axis), as_rows(out, axis)):
        assert (result[~keep] == (-np.inf if is_log(name) else 0)).all()
        if keep.any():
            nearly_equal(result[keep], function(row[keep]))
            left_out = function(np.where(keep, row, row.dtype.type(-np.inf)))
            assert_array_equal(left_out, result)  # the same row for the kernel


@gradients
@examples(25)
@given(logits(), st.data())
def test_masked_gradients_are_sliced_gradients(name, z, data):
    vjp, value = GRADIENTS[name], MAPS.get(name, softmax if name == "softmax" else log_softmax)
    axis = draw_axes(data, z.ndim)
    where = data.draw(hnp.arrays(bool, z.shape))
    g = np.linspace(-1, 2, z.size).reshape(z.shape).astype(z.dtype)
    first = z if "stable" in name else value(z, axis=axis, where=where)
    out = vjp(first, g, axis=axis, where=where)
    assert out.shape == z.shape and out.dtype == z.dtype
    for row, g_row, keep, result in zip(*(as_rows(a, axis) for a in (first, g, where, out))):
        assert (result[~keep] == 0).all()
        if keep.any():
            assert_array_equal(result[keep], vjp(row[keep], g_row[keep]))


@examples(50)
@given(logits(), st.booleans(), st.booleans(), st.data())
def test_reductions_over_any_axis(z, keepdims, weighted, data):
    axis = draw_axes(data, z.ndim)
    where = data.draw(hnp.arrays(bool, z.shape))
    b = np.linspace(0.5, 2, z.size).reshape(z.shape).astype(z.dtype) if weighted else None
    out = logsumexp(z, axis=axis, where=where, keepdims=keepdims, b=b)
    assert out.dtype == z.dtype
    assert np.shape(out) == z.sum(axis=axis, keepdims=keepdims).shape
    weights = [None] * out.size if b is None else as_rows(b, axis)
    for row, w, keep, value in zip(as_rows(z, axis), weights, as_rows(where, axis), np.reshape(out, -1)):
        nearly_equal(value, logsumexp(row[keep], b=None if w is None else w[keep]))
    gradient = logsumexp_pull(z, out, axis=axis, where=np.True_) if np.isfinite(out).all() else None
    assert gradient is None or gradient.shape == z.shape and gradient.dtype == z.dtype


@maps
@examples(30)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, max_side=8)))
def test_rows_are_distributions(name, z):
    out = MAPS[name](z)
    p = np.exp(out) if is_log(name) else out
    assert (p >= 0).all() and (p <= 1).all()
    assert_allclose(p.sum(), 1, rtol=(z.size + 4) * np.finfo(float).eps)
    order = np.argsort(z, kind="stable")
    assert (np.diff(out[order]) >= -4 * np.spacing(np.abs(out[order][1:]))).all()


@maps
@examples(30)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, max_side=8)),
       st.randoms(use_true_random=False))
def test_permutations_permute(name, z, random):
    order = list(range(z.size))
    random.shuffle(order)
    assert_allclose(MAPS[name](z[order]), MAPS[name](z)[order], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", SOFTMAX_LIKE)
@examples(30)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, max_side=8)), st.integers(-600, 600))
def test_softmax_does_not_see_a_shift(name, z, shift):
    shift = float(shift) if name != "softmax naive" else shift / 10
    z = np.round(z * 2**20) / 2**20  # so that z + shift is exact
    assert_allclose(MAPS[name](z + shift), MAPS[name](z), rtol=1e-13, atol=1e-14)
    assert_allclose(logsumexp(z + shift), logsumexp(z) + shift, rtol=1e-13, atol=1e-13)


@examples(60)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, max_side=8)))
def test_logsumexp_lies_between_max_and_max_plus_log_n(z):
    value = logsumexp(z)
    assert z.max() <= value <= z.max() + np.log(z.size) + 1e-14 * (1 + abs(value))
    assert_allclose(log_softmax(z), z - value, rtol=1e-12, atol=1e-14)


@examples(60)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, max_side=8)), st.integers(1, 7))
def test_logsumexp_of_chunks(z, cut):
    parts = [logsumexp(part) for part in (z[:cut], z[cut:])]
    assert_allclose(logsumexp(parts), logsumexp(z), rtol=1e-14, atol=1e-14)


@gradients
@examples(40)
@given(logits(dtype=np.float64, shapes=hnp.array_shapes(max_dims=1, min_side=2, max_side=8), bound=60),
       st.data())
def test_gradients_of_shift_invariant_maps_sum_to_zero(name, z, data):
    g = data.draw(hnp.arrays(np.float64, z.shape, elements=st.floats(-3, 3, width=16)))
    first = {"softmax": softmax, "log_softmax": log_softmax}.get(name, lambda z: z)(z)
    out = GRADIENTS[name](first, g)
    weight = 1 + np.abs(z) if "stable" in name else 1.0  # with respect to log s, StableMax is a softmax
    size = max(np.abs(out * weight).sum(), np.abs(g).max())
    assert abs((out * weight).sum()) <= 16 * np.finfo(float).eps * size


@maps
@examples(20)
@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=5), elements=st.floats(width=32)))
def test_any_float_is_taken_without_a_numpy_warning(name, z):
    # Only naive forms, and two_pass beyond its range, may warn, and then with their own words.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=r"\w+\((algorithm|form)='(naive|two_pass)'\)")
        out = MAPS[name](z)
    if "naive" not in name and "two_pass" not in name:
        clean = np.isfinite(z.max(axis=-1))
        assert not np.isnan(out[clean]).any() and np.isnan(out[~clean]).all()


@examples(30)
@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4)))
def test_algorithms_agree(z):
    expected = softmax(z)
    for algorithm in ALGORITHMS[1:]:
        assert_allclose(softmax(z, algorithm=algorithm), expected, rtol=1e-12, atol=1e-300)

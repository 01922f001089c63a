"""Axes, memory layouts, places and threads: where a line stands changes no bit of it."""
import numba
import numpy as np
import pytest
from large_array_cases import DTYPES, LOSSES, NAMES, close, moderate, results

from toolkit import losses, vjp
from toolkit.large_arrays import _arrays

names = pytest.mark.parametrize("name", NAMES)
dtypes = pytest.mark.parametrize("dtype", DTYPES)


def labels_for(name, shape, classes):
    return (np.arange(np.prod(shape, dtype=int)) * 3 % classes).reshape(shape) if name in LOSSES else None


def same_bits(actual, expected):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)


@pytest.fixture
def threads():
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


@names
@dtypes
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -2])
def test_any_axis_is_the_last_of_moved_ones(name, dtype, axis):
    """Within 4 ulp: columns add up in order, rows in as many partial sums as a vector has lanes."""
    z = moderate(np.random.default_rng(0), (3, 5, 7, 4), dtype)
    shape = tuple(np.delete(z.shape, axis))
    labels = labels_for(name, shape, z.shape[axis])
    expected = results(name, np.ascontiguousarray(np.moveaxis(z, axis, -1)), labels)
    least = 1 if name == "logsumexp" else 0  # a sum of m and log1p(r), which may cancel
    for result, other in zip(results(name, z, labels, axis=axis), expected, strict=True):
        assert result.shape in (z.shape, shape)
        close(np.moveaxis(result, axis, -1) if result.ndim == 4 else result, other, least=least)


@names
@dtypes
@pytest.mark.parametrize("axis", [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 1, 2), (0, 1, 2, 3)])
def test_several_axes_are_one(name, dtype, axis):
    z = moderate(np.random.default_rng(1), (3, 5, 2, 4), dtype)
    others = [a for a in range(4) if a not in axis]
    rows = np.ascontiguousarray(z.transpose(*others, *axis)).reshape(*[z.shape[a] for a in others], -1)
    labels = labels_for(name, rows.shape[:-1], rows.shape[-1])
    for result, other in zip(results(name, z, labels, axis=axis), results(name, rows, labels), strict=True):
        if result.shape == z.shape:
            result = result.transpose(*others, *axis).reshape(rows.shape)
        close(result, other)


@names
@dtypes
def test_memory_layouts_and_untouched_inputs(name, dtype):
    z = moderate(np.random.default_rng(2), (6, 37), dtype)
    labels = labels_for(name, (6,), 37)
    expected = results(name, z, labels)
    strided = np.full((6, 3 * 37), np.nan, dtype)
    strided[:, 1::3] = z
    read_only = z.copy()
    read_only.flags.writeable = False
    shifted = np.empty(z.nbytes + 1, np.uint8)[1:].view(dtype).reshape(z.shape)  # not aligned
    shifted[...] = z
    for given in (z, np.asfortranarray(z), strided[:, 1::3], np.flip(np.flip(z).copy()), read_only, shifted,
                  z.astype(z.dtype.newbyteorder())):
        before = given.copy()
        out = results(name, given, labels)
        same_bits(out, expected)
        assert np.array_equal(before, given)
        assert all(a.flags.writeable and not np.shares_memory(a, given) for a in out if a.ndim)
    columns = np.ascontiguousarray(z.T)
    columns.flags.writeable = False
    for given in (columns, z.T):
        before = given.copy()
        for result, other in zip(results(name, given, labels, axis=0), expected, strict=True):
            close(result.T if result.ndim == 2 else result, other)
        assert np.array_equal(before, given)


@names
@dtypes
def test_no_lines_and_no_dimensions(name, dtype):
    for shape, axis in (((0, 5), -1), ((5, 0), 0), ((2, 0, 3), 0), ((2, 0, 3), -1)):
        lines = tuple(np.delete(shape, axis))
        labels = np.zeros(lines, int) if name in LOSSES else None
        for result in results(name, np.zeros(shape, dtype), labels, axis=axis):
            assert result.shape in (shape, lines) and result.dtype == dtype
    if name not in LOSSES:
        value = results(name, dtype(2.5))[0]
        assert np.ndim(value) == 0 and value == (2.5 if name == "logsumexp" else 0 if "log" in name else 1)


@names
@dtypes
def test_a_line_has_the_same_bits_wherever_it_stands(name, dtype):
    """Rows of an array beside one row alone; columns in each lane, in whole groups, the last group and alone."""
    z = moderate(np.random.default_rng(3), (7, 45), dtype)
    labels = labels_for(name, (7,), 45)
    together = results(name, z, labels)
    for i in range(7):
        same_bits([np.asarray(a) for a in results(name, z[i], None if labels is None else labels[i])],
                  [np.asarray(a[i]) for a in together])
    for columns in (2, 3, 17, 64, 65, 127, 300):
        places = np.arange(columns) % 7
        given = np.ascontiguousarray(z[places].T)
        out = results(name, given, None if labels is None else labels[places], axis=0)
        two = results(name, np.ascontiguousarray(z[[0, 1]].T), None if labels is None else labels[:2], axis=0)
        for a, b in zip(out, two, strict=True):
            a, b = (a.T, b.T) if a.ndim == 2 else (a, b)
            for place in (0, 1):
                assert all(np.array_equal(line, b[place]) for line in a[places == place])
            for i, place in enumerate(places):
                assert np.array_equal(a[i], a[place])


@pytest.mark.filterwarnings("ignore:softmax:RuntimeWarning")  # two passes break here, and say so
@names
@dtypes
def test_a_column_has_the_same_bits_beside_any_other(name, dtype):
    """Columns with and without large gaps, masked and broken ones, in the same vector."""
    z = moderate(np.random.default_rng(8), (40, 37), dtype)
    z[:, ::3] *= 60
    z[5, 1:20:4] = -np.inf
    z[3, 4], z[2, 7], z[:, 8], z[:, 9], z[:, 10] = np.nan, np.inf, -np.inf, 3.0, 1e30
    labels = labels_for(name, (37,), 40)
    together = results(name, z, labels, axis=0)
    for column in range(37):
        for other in (0, 1, 8, 10):
            places = [column, other]
            two = results(name, np.ascontiguousarray(z[:, places]), None if labels is None else labels[places], axis=0)
            for all_of_them, pair in zip(together, two, strict=True):
                assert np.array_equal(all_of_them[..., column], pair[..., 0], equal_nan=True)


@names
@dtypes
@pytest.mark.parametrize("shape, axis", [((700, 97), -1), ((97, 700), 0), ((3, 211, 110), 1), ((40000, 3), -1),
                                         ((3, 40001), 0), ((5, 13107), -1), ((3, 200001), -1)])
def test_threads_change_no_bit(name, dtype, shape, axis, threads, monkeypatch):
    monkeypatch.setattr(_arrays, "PARALLEL_FROM", 2**15)
    monkeypatch.setattr(_arrays, "LONG_ROW", 2**17)
    z = moderate(np.random.default_rng(4), shape, dtype)
    labels = labels_for(name, tuple(np.delete(shape, axis)), shape[axis])
    threads(1)
    alone = results(name, z, labels, axis=axis)
    threads(numba.config.NUMBA_NUM_THREADS)
    same_bits(results(name, z, labels, axis=axis), alone)
    some = results(name, np.ascontiguousarray(np.take(z, [0, 1], axis=0 if axis else -1)),  # below the threshold
                   None if labels is None else np.take(labels, [0, 1], axis=0 if axis else -1), axis=axis)
    for a, b in zip(alone, some, strict=True):
        same_bits([np.take(a, [0, 1], axis=0 if axis else -1)], [b])


@names
def test_float16_is_computed_in_float32(name):
    z = moderate(np.random.default_rng(5), (4, 21), np.float16)
    labels = labels_for(name, (4,), 21)
    for given, axis in ((z, -1), (np.ascontiguousarray(z.T), 0)):
        for narrow, wide in zip(results(name, given, labels, axis=axis),
                                results(name, given.astype(np.float32), labels, axis=axis), strict=True):
            assert narrow.dtype == np.float16 and np.array_equal(narrow, wide.astype(np.float16))


@pytest.mark.parametrize("name", LOSSES)
@dtypes
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_ignored_labels_and_class_weights(name, dtype, reduction):
    classes, count = 9, 70
    rng = np.random.default_rng(6)
    z = moderate(rng, (count, classes), dtype)
    labels = rng.integers(classes, size=count)
    labels[::5] = -100
    weight = rng.uniform(0.5, 2, classes)
    weight[4] = 0
    kept = labels != -100
    options = {"weight": weight, "ignore_index": -100}
    factors = np.where(kept, weight[labels * kept], 0)
    each = [np.zeros(count), np.zeros((count, classes))]
    losses, grads = results(name, z[kept], labels[kept])
    each[0][kept], each[1][kept] = losses, grads
    divisor = factors.sum() if reduction == "mean" else 1
    losses, grads = each[0] * factors, each[1] * (factors / divisor)[:, None]
    expected = losses if reduction == "none" else losses.sum() / divisor
    eps = np.finfo(dtype).eps
    for given, axis in ((z, -1), (np.ascontiguousarray(z.T), 0)):
        loss, grad = results(name, given, labels, axis=axis, reduction=reduction, **options)
        np.testing.assert_allclose(loss, expected, rtol=6 * eps)
        grad = grad if axis else grad.T
        np.testing.assert_allclose(grad, grads, rtol=8 * eps)
        assert not grad[~kept].any() and not grad[labels == 4].any()
        ignored = results(name, given, np.full(count, -100), axis=axis, reduction="none", ignore_index=-100)
        assert not ignored[0].any() and not ignored[1].any()


@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_alone_have_the_bits_of_both(name):
    z = moderate(np.random.default_rng(7), (30, 40), np.float32)
    for axis in (0, 1):
        labels = np.arange(z.shape[1 - axis]) % z.shape[axis]
        loss, grad = results(name, z, labels, axis=axis)
        assert np.array_equal(getattr(losses, name)(z, labels, axis=axis, reduction="none"), loss)
        alone = vjp(getattr(losses, name), z, labels, axis=axis, reduction="none")[1](1.0)
        assert np.array_equal(alone, grad)

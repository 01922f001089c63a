"""The row machinery: dtypes, axes, masks, memory layouts, formats and error messages."""
import threading
import warnings

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from toolkit._core import loops, row_threads
from toolkit._core.arrays import Rows, check_axis, common_dtype, map_rows, real_array, reduce_rows, warn_about_rows
from toolkit._core.kernel import kernel
from toolkit._core.numbers import like


@kernel
def scale_row(z, factor, out):
    factor = like(factor, z)
    for j in range(z.size):
        out[j] = z[j] * factor


@kernel
def weigh_row(z, b):
    """A sum that depends on the order of the classes."""
    total = z[0] * 0
    for j in range(z.size):
        total += z[j] * b[j]
    return total


def double(z, **options):
    return map_rows(scale_row, {"z": z}, 2.0, **options)


def weigh(z, b, **options):
    return reduce_rows(weigh_row, {"z": z, "b": b}, empty=-1.0, **options)


@pytest.mark.parametrize("z, dtype", [
    (np.zeros(2, np.float16), np.float16), (np.zeros(2, np.float32), np.float32), (np.zeros(2), np.float64),
    (np.zeros(2, ">f4"), np.float32), (np.zeros(2, np.int8), np.float64),
    (np.zeros(2, np.uint64), np.float64), ([True, False], np.float64), ([1, 2], np.float64),
    ([1.0], np.float64), (3, np.float64),
    (np.float32(3), np.float32), ((np.float32(1), np.float32(2)), np.float32)])
def test_dtype_of_result(z, dtype):
    assert double(z).dtype == dtype and double(z).dtype.isnative


@pytest.mark.parametrize("other, dtype", [
    ([1, 2], np.float32), ([1.0, 2.0], np.float32), (2.5, np.float32), (None, np.float32),
    (np.arange(2), np.float32), (np.ones(2, np.float16), np.float32), (np.ones(2), np.float64),
    (np.float64(1), np.float64)])
def test_only_floating_arrays_widen_the_result(other, dtype):
    assert common_dtype(z=np.zeros(2, np.float32), b=other) == dtype


@pytest.mark.parametrize("bad, dtype", [
    ([1j], "complex128"), (["a"], "<U1"), ([None], "object"), (np.zeros(2, "M8[s]"), "datetime64"),
    (np.zeros(2, np.longdouble), "longdouble|float128|float96")])
def test_wrong_dtype_names_the_argument(bad, dtype):
    if np.longdouble == np.float64 and "longdouble" in dtype:
        pytest.skip("longdouble is float64 on this platform")
    with pytest.raises(TypeError, match=f"logits has dtype ({dtype})"):
        real_array(bad, "logits")


def test_ragged_sequence_names_the_argument():
    with pytest.raises(ValueError, match="z is not an array: .*inhomogeneous"):
        double([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize("axis, ndim, expected", [
    (-1, 3, (2,)), (0, 3, (0,)), (None, 3, (0, 1, 2)), ((2, 0), 3, (0, 2)), ([-1, 0], 2, (0, 1)),
    (np.int64(1), 2, (1,)), (-1, 0, (0,)), (0, 0, (0,)), (None, 0, (0,))])
def test_axis(axis, ndim, expected):
    assert check_axis(axis, ndim) == expected


@pytest.mark.parametrize("axis, error, message", [
    (3, ValueError, "axis is 3; allowed for z of 3 dimension.*: -3 to 2"),
    (-4, np.exceptions.AxisError, "axis is -4"), ((0, 3), IndexError, r"axis is \(0, 3\)"),
    ((0, -3), ValueError, "names a dimension twice"), ((), ValueError, r"axis is \(\)"),
    (1.0, TypeError, "axis is 1.0"), ("0", TypeError, "axis is '0'")])
def test_bad_axis(axis, error, message):
    with pytest.raises(error, match=message):
        double(np.zeros((2, 3, 4)), axis=axis)


def test_no_classes_is_an_error_for_maps_and_a_value_for_reductions():
    with pytest.raises(ValueError, match=r"z has shape \(2, 0\): no class on axis -1"):
        double(np.zeros((2, 0)))
    assert weigh(np.zeros((2, 0)), 1.0).tolist() == [-1, -1]
    assert double(np.zeros((0, 3))).shape == (0, 3)
    assert weigh(np.zeros((0, 3)), 1.0).shape == (0,)
    assert weigh(np.zeros((0, 3)), 1.0, axis=0).tolist() == [-1, -1, -1]


def test_scalars():
    assert double(3.0) == 6 and isinstance(double(3.0), np.float64)
    assert isinstance(double(np.array(3, np.float16)), np.float16)
    assert isinstance(weigh(3.0, 2.0), np.float64)
    assert isinstance(weigh([3.0, 1.0], 2.0), np.float64)
    assert weigh(3.0, 2.0, keepdims=True).shape == ()
    assert double(3.0, where=False) == 0


@pytest.mark.parametrize("where, error, message", [
    ([1, 0, 1], TypeError, "where has dtype int64; allowed: booleans"),
    ([True, False], ValueError, r"where has shape \(2,\); allowed: what broadcasts to \(2, 3\), the shape"),
    (np.ones((2, 2, 3), bool), ValueError, r"where has shape \(2, 2, 3\)")])
def test_bad_mask(where, error, message):
    with pytest.raises(error, match=message):
        double(np.zeros((2, 3)), where=where)


def test_mask():
    z = np.arange(6.0).reshape(2, 3)
    keep = np.array([[True, False, True]])
    assert double(z, where=keep, masked=-1.0).tolist() == [[0, -1, 4], [6, -1, 10]]
    assert Rows(z, where=keep).rows(z, "z").tolist() == [[0, -np.inf, 2], [3, -np.inf, 5]]
    assert weigh(z, 1.0, where=keep, fills=(0.0,)).tolist() == [2, 8]


def layouts(z):
    yield np.asfortranarray(z)
    frozen = z.copy()
    frozen.flags.writeable = False
    yield frozen
    wide = np.zeros(z.shape[:-1] + (2 * z.shape[-1],), z.dtype)
    wide[..., ::2] = z
    yield wide[..., ::2]
    yield z[::-1].copy()[::-1]
    packed = np.zeros(z.shape, [("tag", "i1"), ("value", z.dtype)])
    packed["value"] = z
    yield packed["value"]
    yield z.astype(z.dtype.newbyteorder())


@pytest.mark.parametrize("axis", [0, 1, -1, None, (0, 2), (2, 0), (1, 2)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_axes_and_layouts(axis, dtype):
    z = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    total = z.sum(axis=axis, dtype=dtype)
    for version in (z, *layouts(z)):
        before = version.copy()
        assert np.array_equal(double(version, axis=axis), 2 * z)
        assert np.array_equal(weigh(version, dtype(1), axis=axis), total)
        assert np.array_equal(weigh(version, dtype(1), axis=axis, keepdims=True),
                              z.sum(axis=axis, keepdims=True, dtype=dtype))
        assert np.array_equal(version, before)


def test_layouts_need_no_new_compilation():
    z = np.arange(24.0).reshape(2, 3, 4)
    double(z)
    known = [len(getattr(each, "signatures", ())) for each in (loops.map_rows, scale_row)]
    for version in layouts(z):
        double(version, axis=0)
    assert [len(getattr(each, "signatures", ())) for each in (loops.map_rows, scale_row)] == known


def test_rows_are_shared_between_threads_and_keep_their_bits(monkeypatch):
    z = np.random.default_rng(3).normal(size=(7, 19))
    b = z[::-1].copy()
    expected = double(z), weigh(z, b)
    begun = []

    class Counted(threading.Thread):
        def start(self):
            begun.append(self)
            super().start()

    monkeypatch.setattr(row_threads, "THREADS_FROM", 1)
    monkeypatch.setattr(threading, "Thread", Counted)
    monkeypatch.setattr(row_threads.numba, "get_num_threads", lambda: 3)
    assert all(map(np.array_equal, (double(z), weigh(z, b)), expected))
    assert bool(begun) is not numba.config.DISABLE_JIT


@settings(deadline=None, derandomize=True, database=None)
@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4),
                  elements=st.integers(-99, 99)), st.data())
def test_axis_is_moveaxis(z, data):
    axes = data.draw(st.lists(st.integers(0, z.ndim - 1), min_size=1, unique=True))
    b = np.arange(z.size, dtype=float).reshape(z.shape)
    back = np.moveaxis(z, sorted(axes), range(-len(axes), 0))
    rows = back.reshape(back.shape[:z.ndim - len(axes)] + (-1,))
    weights = np.moveaxis(b, sorted(axes), range(-len(axes), 0)).reshape(rows.shape)
    assert np.array_equal(weigh(z, b, axis=tuple(axes)), (rows * weights).sum(axis=-1))
    assert np.array_equal(double(z, axis=tuple(axes)), 2 * z)


@pytest.mark.parametrize("given, format, result", [
    (np.float32, "bfloat16", np.float32), (np.float32, "float32", np.float32),
    (np.float16, "float16", np.float16), (np.float16, "bfloat16", np.float64),
    (np.float16, "float8_e4m3fn", np.float16),
    (np.float32, "float64", np.float64), (np.float32, (11, 5), np.float64),
    (np.int32, "float16", np.float64)])
def test_emulation_keeps_the_dtype_that_holds_the_format(given, format, result):
    assert double(np.array([1, 3], given), format=format).dtype == result


def test_emulation_rounds_inputs_and_leaves_them_alone():
    z = np.array([2049.0, 1.0])
    assert double(z, format="float16").tolist() == [4096, 2]
    assert weigh(z, 1.0, format="float16") == 2048
    assert z.tolist() == [2049, 1]
    layout = Rows(z, where=[True, False], format="float8_e4m3fn")
    assert layout.rows([1.0, 2.0], "z").tolist() == [[1, -np.inf]]
    assert layout.per_row(1.03, "g").tolist() == [1]


def test_bad_format_says_what_is_allowed():
    with pytest.raises(ValueError, match="format is 'float7'; allowed"):
        double([1.0], format="float7")


def test_per_row():
    layout = Rows(np.zeros((2, 3, 4)), axis=1)
    expected = np.arange(8.0)
    assert np.array_equal(layout.per_row(expected.reshape(2, 4), "g"), expected)
    assert np.array_equal(layout.per_row(expected.reshape(2, 1, 4), "g"), expected)
    assert np.array_equal(layout.per_row([1, 2, 3, 4], "labels", np.int64), [1, 2, 3, 4] * 2)
    with pytest.raises(ValueError, match=r"labels has shape \(3,\); allowed: \(2, 4\) or \(2, 1, 4\)"):
        layout.per_row([1, 2, 3], "labels")
    assert Rows(1.0).per_row(2, "g").tolist() == [2]


def test_others_broadcast_to_the_first():
    assert weigh(np.ones((2, 3)), [1, 2, 3]).tolist() == [6, 6]
    with pytest.raises(ValueError, match=r"b has shape \(2,\); allowed: what broadcasts to \(2, 3\)"):
        weigh(np.ones((2, 3)), [1, 2])


def test_warning_counts_rows_of_finite_logits():
    rows = np.array([[1.0, -np.inf], [np.inf, 0], [np.nan, 0], [-np.inf, -np.inf], [2, 3]])
    with pytest.warns(RuntimeWarning, match="it broke in 2 of 5 rows of finite logits"):
        warn_about_rows(rows, np.ones(5, bool), "it broke")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_rows(rows, np.zeros(5, bool), "it broke")
        warn_about_rows(rows[1:4], np.ones(3, bool), "it broke")


def test_warning_points_at_the_caller():
    from toolkit.softmax import softmax
    with pytest.warns(RuntimeWarning) as record:
        softmax([1000.0], algorithm="naive")
    assert record[0].filename == __file__

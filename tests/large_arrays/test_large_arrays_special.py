"""NaN, infinities and masks in every lane and in the remainder, in rows and in columns, of every function."""
import numpy as np
import pytest
from large_array_cases import DTYPES, MAPS, NAMES, close, masked_value, moderate, results

names = pytest.mark.parametrize("name", NAMES)
dtypes = pytest.mark.parametrize("dtype", DTYPES)
layouts = pytest.mark.parametrize("layout", ["rows", "columns"])


def evaluate(name, z, labels, layout):
    """Results of rows `z`, by way of the layout; gradients and maps with classes last."""
    if layout == "rows":
        return results(name, z, labels)
    return tuple(a.T for a in results(name, np.ascontiguousarray(z.T), labels, axis=0))


def lines(dtype, classes):
    """A clean line before and after each of `classes` lines that get a special value."""
    return moderate(np.random.default_rng(classes), (2 * classes + 1, classes), dtype)


def sizes(dtype):
    """Two vectors and a remainder: a special value in each place is one in each lane and in the remainder."""
    return 2 * 64 // np.dtype(dtype).itemsize + 3


@names
@dtypes
@layouts
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_inf_in_each_place_spoil_their_line_alone(name, dtype, layout, value):
    classes = sizes(dtype)
    z = lines(dtype, classes)
    labels = np.arange(len(z)) * 7 % classes if "cross" in name else None
    clean = evaluate(name, z, labels, layout)
    special = z.copy()
    special[1::2][np.arange(classes), np.arange(classes)] = value
    for result, expected in zip(evaluate(name, special, labels, layout), clean, strict=True):
        assert np.array_equal(result[::2], expected[::2])
        if name == "logsumexp" and value == np.inf:
            assert (result[1::2] == np.inf).all()
        elif "naive" in name and value == np.inf or result.ndim == 2 and "cross" in name:
            assert np.isnan(result[1::2]).any(axis=1).all()
        else:
            assert np.isnan(result[1::2]).all()


@names
@dtypes
@layouts
def test_minus_inf_in_each_place_is_as_if_absent(name, dtype, layout):
    """Within 4 ulp and not bit by bit: then others stand in other lanes and add up in another order."""
    classes = sizes(dtype)
    z = lines(dtype, classes)
    places = np.arange(classes)
    labels = np.zeros(len(z), int)
    labels[1] = 1  # not the class that is missing
    special = z.copy()
    special[1::2][places, places] = -np.inf
    out = evaluate(name, special, labels if "cross" in name else None, layout)
    for place in places:
        i = 2 * place + 1
        shorter = np.delete(z[i], place)[None]
        label = [labels[i] - (labels[i] > place)] if "cross" in name else None
        for result, expected in zip(out, results(name, shorter, label), strict=True):
            if result.ndim == 2:
                assert result[i, place] == masked_value(name)
                close(np.delete(result[i], place), expected[0])
            else:
                close(result[i], expected[0])


@names
@dtypes
def test_masked_entries_are_minus_inf_whatever_they_hold(name, dtype):
    classes = sizes(dtype)
    z = lines(dtype, classes)
    z[:, 0] += 3
    where = np.random.default_rng(1).random(z.shape) < 0.6
    where[:, 0] = True
    labels = np.zeros(len(z), int) if "cross" in name else None
    expected = results(name, np.where(where, z, dtype(-np.inf)), labels)
    for hidden in (np.nan, np.inf, -np.inf, 0):
        given = np.where(where, z, dtype(hidden))
        for axis, array, mask in ((-1, given, where), (0, np.ascontiguousarray(given.T), where.T)):
            out = results(name, array, labels, axis=axis, where=mask)
            assert all(np.array_equal(a.T if axis == 0 else a, b) for a, b in zip(out, expected, strict=True))


@names
@dtypes
@layouts
def test_lines_of_minus_inf_alone(name, dtype, layout):
    for classes in (1, 5, sizes(dtype)):
        z = lines(dtype, classes)
        labels = np.zeros(len(z), int) if "cross" in name else None
        clean = evaluate(name, z, labels, layout)
        special = z.copy()
        special[1::2] = -np.inf
        for result, expected in zip(evaluate(name, special, labels, layout), clean, strict=True):
            assert np.array_equal(result[::2], expected[::2])
            if name == "logsumexp":
                assert (result[1::2] == -np.inf).all()
            else:
                assert np.isnan(result[1::2]).all()


@pytest.mark.parametrize("name", MAPS)
@dtypes
def test_a_line_masked_completely(name, dtype):
    z = np.full((3, 20), np.nan, dtype)
    assert (results(name, z, where=False)[0] == masked_value(name)).all()


@names
@dtypes
@layouts
def test_one_class(name, dtype, layout):
    z = np.array([[0.5], [-3], [0], [-0.0], [30]], dtype)
    for result in evaluate(name, z, np.zeros(5, int) if "cross" in name else None, layout):
        one = 1 if name in MAPS and "log" not in name else 0
        close(result, z[:, 0] if name == "logsumexp" else np.full(result.shape, one, dtype))


@names
@dtypes
def test_naive_maps_are_the_only_ones_that_large_logits_break(name, dtype):
    if "naive" in name:
        return
    z = np.array([[1e4, 1e4 - 1, -1e4], [3e4, -np.inf, 0], [-1e4, -2e4, -2e4]], dtype)
    labels = [0, 0, 0] if "cross" in name else None
    if "two_pass" in name:
        z /= 4
    for result in results(name, z, labels):
        assert not np.isnan(result).any()

"""Results in an array of the caller's: the same bits, in place or not, and nothing lost where it cannot be."""
from functools import partial

import numpy as np
import pytest
from large_array_cases import DTYPES, MAPS

from toolkit import activations
from toolkit.softmax import softmax

ALL = {**MAPS, "tempered": partial(softmax, temperature=0.7),
       **{name: getattr(activations, name) for name in ("relu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh",
                                                       "elu", "hard_swish", "log_sigmoid")}}
del ALL["softmax naive"]  # a task, which has no public function


def logits(shape, dtype, seed=7):
    return (3 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5,), (7, 10), (9, 131), (2, 3, 40), (2, 2**16 + 5), (1, 2**18 + 9)])
@pytest.mark.parametrize("name", ALL)
def test_in_place_and_elsewhere_are_the_same_bits(name, shape, dtype):
    z = logits(shape, dtype)
    expected, kept = ALL[name](z), z.copy()
    elsewhere = np.full_like(z, 7)
    assert ALL[name](z, out=elsewhere) is elsewhere and np.array_equal(elsewhere, expected, equal_nan=True)
    assert np.array_equal(z, kept)
    assert ALL[name](z, out=z) is z and np.array_equal(z, expected, equal_nan=True)


@pytest.mark.parametrize("name", sorted(MAPS.keys() - {"softmax naive"}))
@pytest.mark.parametrize("axis", [0, 1, (0, 2)])
def test_other_axes_too(name, axis):
    z = logits((6, 5, 33), np.float32)
    expected = MAPS[name](z, axis=axis)
    assert MAPS[name](z, axis=axis, out=z) is z and np.array_equal(z, expected)


@pytest.mark.parametrize("name", ["softmax", "log_stablemax", "tempered", "sigmoid", "hard_swish"])
def test_an_array_that_overlaps_or_is_not_contiguous(name):
    memory = logits((12, 20), np.float64)
    z, overlapping = memory[:10], memory[2:]
    expected = ALL[name](z)
    assert ALL[name](z, out=overlapping) is overlapping and np.array_equal(overlapping, expected)
    z, wide = logits((10, 20), np.float32), np.zeros((10, 40), np.float32)
    assert np.array_equal(ALL[name](z, out=wide[:, ::2]), ALL[name](z)) and not wide[:, 1::2].any()


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "stablemax", "log_stablemax", "tempered", "gelu"])
def test_integers_half_precision_and_formats(name):
    if name != "gelu":
        half = np.ones((70, 300), np.float16)
        assert np.array_equal(ALL[name](half, axis=0, out=np.empty_like(half)), ALL[name](half, axis=0))
    for z, dtype, options in (([[1, 2, 3]], np.float64, {}), (np.float16([[1, 2, 3]]), np.float16, {}),
                              (np.float32([[1, 2, 3]]), np.float32, {"format": "float16"})):
        out = np.zeros((1, 3), dtype)
        assert ALL[name](z, out=out, **options) is out and np.array_equal(out, ALL[name](z, **options))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "stablemax", "log_stablemax", "tempered", "gelu",
                                  "hard_swish"])
def test_what_cannot_take_the_result_is_refused(name):
    z = logits((4, 6), np.float32)
    fixed = np.zeros_like(z)
    fixed.flags.writeable = False
    for out, error, words in ((np.zeros((4, 6)), ValueError, "out is float64 of shape"),
                              (np.zeros((6, 4), np.float32), ValueError, r"out is float32 of shape \(6, 4\)"),
                              ([0.0], TypeError, r"out is \[0.0\]; allowed: an array of float32"),
                              (np.ma.zeros((4, 6), np.float32), TypeError, "out is a masked array; allowed: an array"),
                              (fixed, ValueError, "cannot be written to")):
        with pytest.raises(error, match=words):
            ALL[name](z, out=out)

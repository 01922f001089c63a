"""Sums keep their digits with a hundred thousand classes and more: each map, number and loss, and its gradient."""
import math

import numpy as np
import pytest

from toolkit.catalog import METHODS
from toolkit.catalog._loss import Loss
from toolkit.catalog._row_map import ENTRIES, LOGS, RowMap
from toolkit.catalog._scalar import Scalar
from toolkit.kernels import in_format
from toolkit.losses import cross_entropy
from toolkit.softmax import ALGORITHMS, kernels, softmax, stablemax

EPS = float(np.finfo(np.float32).eps)
SPARSE = ("sparsemax", "entmax15", "alpha_entmax", "k_sparsemax")  # whose sums are those of a threshold
MAPS = [m for m in METHODS if isinstance(m, RowMap) and m.family in ("softmax", "sampling") and m.name not in SPARSE]
LOSSES = [m for m in METHODS if isinstance(m, Loss)]
NUMBERS = [m for m in METHODS if isinstance(m, Scalar)]


def named(methods):
    return pytest.mark.parametrize("method", methods, ids=lambda method: method.name)


def logits(classes, seed=0):
    """One row, largest in the middle."""
    z = np.random.default_rng(seed).normal(0, 2, classes).astype(np.float32)
    z[classes // 2] = 12
    return z[None]


def close(found, exact, units, scale=None):
    """Within units of float32 of each number, or of `scale`."""
    found, exact = np.asarray(found, np.float64), np.asarray(exact, np.float64)
    assert np.array_equal(np.isinf(found), np.isinf(exact))
    with np.errstate(invalid="ignore"):
        far = np.abs(found - exact) > units * EPS * (np.abs(exact) if scale is None else scale)
    assert not far.any(), (found[far][:3], exact[far][:3])


@pytest.mark.parametrize("classes", [128256, 2**20])
@named(MAPS)
def test_sums_of_maps_keep_their_digits(method, classes):
    """float32 beside float64, whose own rows sum to 1: a plain sum in float32 is off by 40 to 1000 units here."""
    arguments = method.completed((logits(classes),))
    wide = tuple(np.asarray(each, np.float64) for each in arguments)
    narrow, exact = method(*arguments), method(*wide)
    if method.result is ENTRIES:
        close(narrow, exact, 24, scale=np.abs(exact).max())
    else:  # of exp(-gap), a rounded gap takes gap / 2 units
        close(narrow, exact, 8 if method.result is LOGS else 16 - np.log(np.maximum(exact, 1e-30)))
    if method.result.sums == (1, 1):
        assert abs(math.fsum(method.result.mass(exact)[0]) - 1) <= 2.0**-48
    if method.gradient is not None and classes == 128256:
        g = np.random.default_rng(1).normal(size=(1, classes)).astype(np.float32)
        _, pull = method.vjp(arguments, dict(method.parameters))
        _, exact_pull = method.vjp(wide, dict(method.parameters))
        slope = exact_pull(g.astype(np.float64))
        close(pull(g), slope, 24, scale=np.abs(slope).max())


@pytest.mark.parametrize(("method", "classes"), [
    pytest.param(method, classes, id=f"{method.name}-{classes}") for method in LOSSES for classes in (128256, 2**20)
    if classes < 2**17 or method.name != "aldr_kl"])  # which makes 60 searches over the classes
def test_sums_of_losses_keep_their_digits(method, classes):
    z, y = logits(classes), np.array([classes // 2])
    options = dict(method.parameters) | {"reduction": "none"}
    arguments = method.completed((z,))
    both = method.function.value_and_gradient(*arguments, y, **options)
    exact = method.function.value_and_gradient(*(each.astype(np.float64) for each in arguments), y, **options)
    for found, true in zip(both, exact, strict=True):
        close(found, true, 24, scale=np.abs(true).max())


@named(NUMBERS)
def test_sums_of_numbers_keep_their_digits(method):
    z = logits(2**20)
    if method.domain[0] >= 0:
        z = softmax(z)
    # The logarithms of a reference, of a size of 14, are rounded to float32 before.
    close(method(z), method(z.astype(np.float64)), 8 if method.name == "anchor_divergence" else 4)


@pytest.mark.parametrize("options", [{"label_smoothing": 0.1}, {"weight": True}, {"soft": True}], ids=str)
def test_sums_of_labels_keep_their_digits(options):
    """Smoothing, weights and label probabilities run on the exact kernels."""
    z = logits(128256)
    y = np.array([128256 // 2])
    if options.pop("soft", False):
        y = softmax(logits(128256, seed=3).astype(np.float64)).astype(np.float32)
    if options.pop("weight", False):
        options["weight"] = np.linspace(0.5, 1.5, 128256)
    both = cross_entropy.value_and_gradient(z, y, **options)
    exact = cross_entropy.value_and_gradient(z.astype(np.float64), y, **options)
    close(both[0], exact[0], 8)
    close(both[1], exact[1], 24, scale=np.abs(exact[1]).max())
    assert abs(math.fsum(exact[1][0])) <= 2.0**-51


@pytest.mark.parametrize("algorithm", [None, *ALGORITHMS[1:]])
def test_a_temperature_keeps_the_sum_of_2_to_the_25(algorithm):
    assert softmax(np.zeros(2**25, np.float32), temperature=2, algorithm=algorithm).sum(dtype=np.float64) == 1


def test_named_teaching_variants_run_the_kernel_of_the_figure():
    """Whose sum of 2**25 ones stops at 2**24, and whose bits are these for few classes too."""
    z = np.zeros(2**25, np.float32)
    assert softmax(z, algorithm="naive")[0] == stablemax(z, form="naive")[0] == np.float32(2.0**-24)
    z = logits(1000)[0]
    for function, kernel, option in ((softmax, kernels.softmax_naive, {"algorithm": "naive"}),
                                     (stablemax, kernels.stablemax_naive, {"form": "naive"})):
        p = np.empty_like(z)
        kernel(in_format(z, None), in_format(p, None))
        assert np.array_equal(function(z, **option), p)


def test_a_mean_over_ten_million_rows_keeps_its_digits():
    z = np.zeros((10**7, 1), np.float32)
    z = np.concatenate([z, z - np.float32(0.1)], axis=1)
    each = cross_entropy(z[:1], np.zeros(1, np.int64))
    assert cross_entropy(z, np.zeros(10**7, np.int64)) == each

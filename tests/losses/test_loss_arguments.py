"""Labels, weights, smoothing, masks, reductions, layouts, dtypes against definitions; and wrong arguments."""
import doctest
import functools
import inspect
import re

import loss_oracle
import numpy as np
import pytest
from loss_oracle import gradient_of, run_row

import toolkit.losses
from toolkit.catalog import Loss, methods
from toolkit.formats import round_to
from toolkit.losses import cross_entropy, kernels, stablemax_cross_entropy
from toolkit.losses.adversarial import smooth_adversarial_comp_sum

VALUE = {"softmax": cross_entropy, "stablemax": stablemax_cross_entropy}
GRAD = {kind: functools.partial(gradient_of, function) for kind, function in VALUE.items()}
BOTH = {kind: function.value_and_gradient for kind, function in VALUE.items()}
FORMS = ("naive", "common", "stable")
LOSSES = list({method.function: None for method in methods("loss", Loss)
               if method.function.__name__ in toolkit.losses.__all__})
KINDS = pytest.mark.parametrize("kind", VALUE)

RNG = np.random.default_rng(20)
Z = RNG.normal(scale=3, size=(7, 5))
Y = np.array([0, 4, 2, 2, 1, 3, 0])
ONE_HOT = (Y[:, None] == np.arange(5)).astype(float)
Q = RNG.dirichlet(np.ones(5), size=7)
WEIGHT = np.array([0.5, 2.0, 1.0, 0.0, 3.0])


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("labels", [Y, Q], ids=["classes", "probabilities"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_against_the_definition(kind, form, labels, smoothing, weight, reduction):
    w = np.ones(5) if weight is None else weight
    q = ONE_HOT if labels.ndim == 1 else labels
    losses, grads = loss_oracle.plain(Z, w * ((1 - smoothing) * q + smoothing / 5), kind)
    divisor = (q * w).sum() if reduction == "mean" else 1
    losses = losses if reduction == "none" else losses.sum() / divisor
    options = {"form": form, "label_smoothing": smoothing, "weight": weight, "reduction": reduction}
    loss, grad = BOTH[kind](Z, labels, **options)
    np.testing.assert_allclose(loss, losses.astype(float), rtol=1e-14)
    np.testing.assert_allclose(grad, (grads / divisor).astype(float), rtol=1e-12, atol=1e-15)
    assert np.array_equal(loss, VALUE[kind](Z, labels, **options))
    assert np.array_equal(grad, GRAD[kind](Z, labels, **options))


def exact_losses(kind, z, labels, form):
    """``(losses, gradients)`` of rows by the exact kernels, which formats and figures run."""
    rows, grads = np.ascontiguousarray(z), np.empty_like(z)
    scores = "cross_entropy" if kind == "softmax" else "stablemax_cross_entropy"
    prefix = "soft_" if labels.ndim == 2 else ""
    row_kernel = getattr(kernels, f"{prefix}{scores}_{form}")
    labels = labels.astype(z.dtype) if labels.ndim == 2 else labels
    losses = [run_row(row_kernel, *given) for given in zip(rows, labels, grads, strict=True)]
    return np.array(losses, z.dtype), grads


def nearly_equal(actual, expected, units=4, labels=None):
    """Equal within a few ulp: classes in other lanes add up in another order. Of probabilities as labels, of these."""
    for a, b in zip(actual, expected, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype and a.shape == b.shape
        least = labels if labels is not None and labels.shape == b.shape else 0
        assert (np.abs(a - b) <= units * np.spacing(np.maximum(np.abs(b), least).astype(b.dtype))).all()


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_hot_probabilities_give_the_bits_of_classes_in_the_exact_kernels(kind, form, dtype):
    z = (4 * Z).astype(dtype)
    by_class, by_probability = exact_losses(kind, z, Y, form), exact_losses(kind, z, ONE_HOT, form)
    assert all(np.array_equal(a, b) for a, b in zip(by_class, by_probability, strict=True))


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_hot_probabilities_are_classes_to_a_few_ulp(kind, form, dtype):
    z = (4 * Z).astype(dtype)
    for reduction in ("none", "mean"):
        by_class = BOTH[kind](z, Y, form=form, reduction=reduction)
        by_probability = BOTH[kind](z, ONE_HOT, form=form, reduction=reduction)
        nearly_equal(by_class, by_probability, 16)


@KINDS
def test_ignored_rows_count_for_nothing(kind):
    labels = np.where(np.arange(7) % 3 == 0, -100, Y)
    kept = labels != -100
    loss, grad = BOTH[kind](Z, labels, ignore_index=-100)
    assert loss == VALUE[kind](Z[kept], Y[kept])
    assert np.array_equal(grad[kept], GRAD[kind](Z[kept], Y[kept])) and not grad[~kept].any()
    none = VALUE[kind](Z, labels, ignore_index=-100, reduction="none")
    assert not none[~kept].any() and (none[kept] > 0).all()
    smooth = VALUE[kind](Z, labels, ignore_index=-100, label_smoothing=0.2, weight=WEIGHT)
    assert smooth == VALUE[kind](Z[kept], Y[kept], label_smoothing=0.2, weight=WEIGHT)
    assert VALUE[kind](Z, Y, ignore_index=2) == VALUE[kind](Z[Y != 2], Y[Y != 2])


@KINDS
def test_nothing_to_average_is_nan_with_gradient_zero(kind):
    for labels, options in ((-1, {"ignore_index": -1}), (3, {"weight": WEIGHT})):
        loss, grad = BOTH[kind](Z, np.full(7, labels), **options)
        assert np.isnan(loss) and not grad.any()
    loss, grad = BOTH[kind](np.zeros((0, 3)), np.zeros(0, int))
    assert np.isnan(loss) and grad.shape == (0, 3)
    assert VALUE[kind](np.zeros((0, 3)), np.zeros(0, int), reduction="sum") == 0
    assert VALUE[kind](np.zeros((0, 3)), np.zeros((0, 3)), reduction="none").shape == (0,)


@KINDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_masked_classes_are_as_if_absent(kind, form, smoothing):
    keep = np.array([True, False, True, True, False])
    labels = np.array([0, 2, 3, 0, 2, 3, 0])
    sliced = BOTH[kind](Z[:, keep], np.searchsorted(np.flatnonzero(keep), labels), form=form,
                        label_smoothing=smoothing)
    without = np.where(keep, Z, -np.inf)
    for masked in (BOTH[kind](Z, labels, form=form, label_smoothing=smoothing, where=keep),
                   BOTH[kind](without, labels, form=form, label_smoothing=smoothing)):
        nearly_equal((masked[0], masked[1][:, keep]), sliced)
        assert not masked[1][:, ~keep].any()


def test_masked_classes_in_a_format_without_infinity():
    keep = np.array([True, True, True, False, True])
    masked = cross_entropy.value_and_gradient(Z, np.zeros(7, int), where=keep, format="float8_e4m3fn")
    sliced = cross_entropy.value_and_gradient(Z[:, keep], np.zeros(7, int), format="float8_e4m3fn")
    assert masked[0] == sliced[0] and np.array_equal(masked[1][:, keep], sliced[1])


@KINDS
def test_axes(kind):
    z = RNG.normal(size=(3, 4, 5))
    y = RNG.integers(4, size=(3, 5))
    loss, grad = BOTH[kind](z, y, axis=1, reduction="none")
    moved = BOTH[kind](np.moveaxis(z, 1, -1), y, reduction="none")
    nearly_equal((loss, grad), (moved[0], np.moveaxis(moved[1], -1, 1)))
    flat = RNG.integers(12, size=5)
    loss, grad = BOTH[kind](z, flat, axis=(0, 1))
    moved = BOTH[kind](z.reshape(12, 5).T, flat)
    nearly_equal((loss, grad), (moved[0], moved[1].T.reshape(3, 4, 5)))
    probabilities = RNG.dirichlet(np.ones(4), size=(3, 5))
    loss = VALUE[kind](z, np.moveaxis(probabilities, -1, 1), axis=1, reduction="none")
    assert np.array_equal(loss, VALUE[kind](np.moveaxis(z, 1, -1), probabilities, reduction="none"))


@KINDS
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_dtypes(kind, reduction):
    for dtype in (np.float16, np.float32, np.float64):
        for labels in (Y, Y.astype(np.uint8), ONE_HOT, ONE_HOT.astype(np.float16)):
            loss, grad = BOTH[kind](Z.astype(dtype), labels, reduction=reduction)
            assert loss.dtype == grad.dtype == dtype
    assert BOTH[kind](np.arange(10).reshape(2, 5), [1, 4])[1].dtype == np.float64
    assert VALUE[kind]([2.0, 1.0], 1).dtype == np.float64


def test_float16_is_computed_in_float32():
    z = np.float16([[12, -12], [0, 0.5]])
    wide = cross_entropy.value_and_gradient(z.astype(np.float32), [0, 1])
    narrow = cross_entropy.value_and_gradient(z, [0, 1])
    assert narrow[0] == np.float16(wide[0]) and np.array_equal(narrow[1], wide[1].astype(np.float16))


@KINDS
@pytest.mark.parametrize("form", FORMS)
def test_emulated_float64_and_float32_give_the_bits_of_the_exact_kernels(kind, form):
    for labels in (Y, Q):
        native = exact_losses(kind, Z, labels, form)
        emulated = BOTH[kind](Z, labels, form=form, format="float64", reduction="none")
        assert np.array_equal(native[0], emulated[0])
        nearly_equal(emulated, native, 16)  # the label's entry is a sum, which a format rounds at each addition
        # Without a format other kernels run, which do not round z - max.
        nearly_equal(BOTH[kind](Z, labels, form=form, reduction="none"), native, 16,
                     labels if labels.ndim == 2 else None)
        native = BOTH[kind](Z.astype(np.float32), labels, form=form, reduction="none")
        emulated = BOTH[kind](Z, labels, form=form, reduction="none", format="float32")
        np.testing.assert_allclose(emulated[0], native[0], rtol=3e-7)


@pytest.mark.parametrize("format", ["float16", "bfloat16", "float8_e5m2", (5, 7)])
def test_emulated_results_are_values_of_the_format(format):
    for reduction in ("mean", "none"):
        for labels in (Y, Q):
            for x in cross_entropy.value_and_gradient(Z, labels, format=format, reduction=reduction, weight=WEIGHT):
                assert np.array_equal(x, round_to(x, format))


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("labels", [Y, Q], ids=["classes", "probabilities"])
def test_weights_are_rounded_to_the_emulated_format(labels, reduction):
    weight = np.array([0.1, 0.7, 1.1, 0.3, 2.3])
    options = {"reduction": reduction, "format": "bfloat16"}
    given = cross_entropy.value_and_gradient(Z, labels, weight=weight, **options)
    rounded = cross_entropy.value_and_gradient(Z, labels, weight=round_to(weight, "bfloat16"), **options)
    assert all(np.array_equal(a, b) for a, b in zip(given, rounded, strict=True))


@KINDS
def test_layouts_and_inputs_untouched(kind):
    expected = BOTH[kind](Z, Q)
    wide = np.zeros((7, 10))
    wide[:, ::2] = Z
    read_only = Z.copy()
    read_only.flags.writeable = False
    for z in (np.asfortranarray(Z), wide[:, ::2], Z[::-1][::-1], read_only, Z.astype(">f8"), Z.tolist()):
        before = np.array(z, copy=True)
        loss, grad = BOTH[kind](z, np.asfortranarray(Q))
        assert loss == expected[0] and np.array_equal(grad, expected[1]) and np.array_equal(before, z)
    shared = BOTH[kind](np.broadcast_to(Z[0], (3, 5)), [1, 1, 1], reduction="none")[0]
    assert (shared == VALUE[kind](Z[0], 1)).all()


@KINDS
def test_special_values(kind):
    nan, inf = np.nan, np.inf
    rows = [[nan, 0, 1], [0, nan, 1], [inf, 0, 1], [0, 1, inf], [-inf, -inf, -inf]]
    for y in (0, 2):
        losses, grads = BOTH[kind](np.array(rows), np.full(5, y), reduction="none")
        assert np.isnan(losses).all() and np.isnan(grads).any(axis=1).all()
    losses, grads = BOTH[kind](np.array([[0.0, -inf], [-inf, 3.0]]), [1, 1], reduction="none")
    assert losses.tolist() == [inf, 0.0] and grads[1].tolist() == [0.0, 0.0]
    assert grads[0, 0] == 1 and grads[0, 1] == (-1 if kind == "softmax" else 0)
    q = np.array([[0.0, 1.0], [0.5, 0.5]])
    assert VALUE[kind](np.array([[-inf, 1.0], [-inf, 1.0]]), q, reduction="none").tolist() == [0.0, inf]


def test_a_class_of_weight_zero_may_have_an_infinite_loss():
    assert cross_entropy([[0.0, -np.inf], [0.0, 0.0]], [1, 0], weight=[1.0, 0.0]) == pytest.approx(np.log(2))


def test_the_mean_gradient_of_classes_sums_to_almost_zero():
    """Each entry is rounded by itself: within 4 ulp of the label's, and not exactly."""
    z = (8 * Z).astype(np.float32)
    for row, label in zip(gradient_of(cross_entropy, z, Y).astype(float), Y, strict=True):
        assert abs(row.sum()) <= 4 * np.finfo(np.float32).eps * abs(row[label])


def test_the_mean_gradient_in_a_format_still_sums_to_zero():
    z = (8 * Z).astype(np.float32)
    for labels, anchor in ((Y, Y), (Q.astype(np.float32), Q.argmax(axis=1))):
        for row, label in zip(gradient_of(cross_entropy, z, labels, format="float32"), anchor, strict=True):
            total = np.float32(0)
            for k in [*range(label), *range(label + 1, 5), label]:
                total += row[k]
            assert total == 0


WRONG = [
    ({"labels": Y.astype(float)}, ValueError, r"labels has dtype float64 and shape \(7,\); allowed"),
    ({"labels": ONE_HOT.astype(int)}, ValueError, r"labels has dtype int64 and shape \(7, 5\); allowed"),
    ({"labels": ONE_HOT > 0}, TypeError, "labels has dtype bool; allowed .*integers"),
    ({"labels": Y[:6]}, ValueError, r"labels .* shape \(6,\); allowed"),
    ({"labels": Q[:, :4]}, ValueError, r"labels .* shape \(7, 4\); allowed"),
    ({"labels": Y + 1}, ValueError, r"labels contains 5 at index \(1,\); allowed: 0 to 4"),
    ({"labels": Y - 1, "ignore_index": -100}, ValueError, r"labels contains -1 .* ignore_index \(-100\)"),
    ({"labels": np.array(["a"] * 7)}, TypeError, "labels has dtype <U1"),
    ({"labels": 2 * Q}, ValueError, "labels contains .*; allowed: probabilities from 0 to 1"),
    ({"labels": Q * np.nan}, ValueError, "labels contains nan at index"),
    ({"labels": Q / 2}, ValueError, r"labels has a row that sums to 0\.5; allowed: 1"),
    ({"labels": Q, "ignore_index": 0}, ValueError, "ignore_index is 0 but labels are probabilities"),
    ({"ignore_index": 1.5}, TypeError, "ignore_index is 1.5; allowed: an integer"),
    ({"logits": Z.astype(complex)}, TypeError, "logits has dtype complex128"),
    ({"logits": np.zeros((7, 0))}, ValueError, "logits has shape"),
    ({"form": "complement"}, ValueError, "form is 'complement'; allowed: 'naive', 'common', 'stable'"),
    ({"form": 2}, ValueError, "form is 2; allowed"),
    ({"reduction": None}, ValueError, "reduction is None; allowed: 'mean', 'sum', 'none'"),
    ({"label_smoothing": 1.1}, ValueError, "label_smoothing is 1.1; allowed: a number from 0 to 1"),
    ({"label_smoothing": "a"}, ValueError, "label_smoothing is 'a'"),
    ({"label_smoothing": np.nan}, ValueError, "label_smoothing is nan"),
    ({"weight": [1.0, 2.0]}, ValueError, r"weight has shape \(2,\); allowed: \(5,\)"),
    ({"weight": [1.0, 2, -1, 1, 1]}, ValueError, "weight contains -1.0; allowed: finite numbers >= 0"),
    ({"axis": 2}, ValueError, "axis is 2"),
    ({"axis": 0.5}, TypeError, "axis is 0.5"),
    ({"where": np.ones(5)}, TypeError, "where has dtype float64; allowed: booleans"),
    ({"where": Y[:, None] != np.arange(5)}, ValueError, r"labels contains 0 at .* that where masks"),
    ({"labels": Q, "where": np.arange(5) > 0}, ValueError, "labels has probability .* where masks"),
    ({"format": "float13"}, ValueError, "format is 'float13'"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG)
def test_wrong_arguments(arguments, error, message):
    given = {"logits": Z, "labels": Y} | arguments
    with pytest.raises(error, match=message):
        gradient_of(cross_entropy, given.pop("logits"), given.pop("labels"), **given)


def test_every_loss_describes_its_parameters_and_shares_the_common_ones():
    shared = inspect.signature(cross_entropy).parameters
    for function in LOSSES:
        for name, parameter in inspect.signature(function).parameters.items():
            assert re.search(rf"^(\w+, )*{name}(, \w+)*( :|$)", inspect.getdoc(function), re.MULTILINE)
            assert name not in shared or parameter == shared[name]
            firm = name in ("logits", "log_probabilities", "labels")
            assert parameter.kind is (parameter.POSITIONAL_OR_KEYWORD if firm else parameter.KEYWORD_ONLY)
        assert set(shared) - set(inspect.signature(function).parameters) <= {"label_smoothing", "logits"}


def test_unknown_keywords_are_refused_by_name_with_those_allowed():
    for function in (*LOSSES, smooth_adversarial_comp_sum):
        message = rf"{function.__name__}\(\) has no keyword 'dim'; allowed: log.*, .*reduction"
        for call in (function, function.value_and_gradient):
            with pytest.raises(TypeError, match=message):
                call(Z, Y, dim=1)


def test_examples_in_docstrings():
    for function in LOSSES:
        module = inspect.getmodule(inspect.unwrap(function))
        found = doctest.DocTestFinder().find(function, function.__name__, globs={**vars(module), "np": np})
        results = [doctest.DocTestRunner().run(each) for each in found]
        assert sum(result.attempted for result in results) > 0 == sum(result.failed for result in results)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [cross_entropy, stablemax_cross_entropy])
def test_a_plain_call_has_the_bits_of_another(function, dtype):
    """Plain arrays take a short way; an option that changes nothing takes the long one. What is wrong is told alike."""
    rng = np.random.default_rng(0)
    for shape in ((1, 10), (64, 10), (300, 100), (7, 1)):
        z, y = (rng.normal(size=shape) * 9).astype(dtype), rng.integers(0, shape[1], shape[0])
        value, gradient = function.value_and_gradient(z, y, ignore_index=-7)
        for options in ({}, {"axis": 1, "reduction": "mean"}):
            found, slopes = function.value_and_gradient(z, y, **options)
            assert found == value == function(z, y, **options) and type(found) is type(value)
            assert np.array_equal(slopes, gradient) and slopes.dtype == dtype
    assert np.isnan(function(np.array([[np.nan, 1]], dtype), np.array([0])))
    with pytest.raises(ValueError, match=r"labels contains 2 at index \(0,\); allowed: 0 to 1"):
        function(np.zeros((1, 2), dtype), np.array([2]))

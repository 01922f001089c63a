"""What every method of the catalog keeps: a new row is tested here without a new line."""
import numpy as np
import pytest
from catalog_cases import CLASSES, VARIANTS, every_method, every_variant, labels, logits, run_kernel, upstream

from toolkit.catalog import Elementwise
from toolkit.formats import get_format, round_to

EPS = np.finfo(np.float64).eps


def assert_close(actual, expected, units=64, loss_of_digits=None):
    """Equal within `units` of epsilon, of each value or, where a form loses digits, of the largest."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(actual, expected, rtol=units * EPS,
                               atol=units * EPS * largest if loss_of_digits else 0)


def loses_digits(method, variant):
    """Whether small results have fewer digits: in a naive form, and in a map that is 0 from some gap on."""
    return variant.role != "stable" or "weak_order" in method.holds


@every_variant
def test_result_is_what_it_says(method, variant):
    z = logits(method)
    assert not list(method.flaws(z, method.of_rows(z, variant.name)))


# Without a format their public functions run the kernels of toolkit.large_arrays, which keep more digits.
FOR_LARGE_ARRAYS = {"softmax": "all", "log_softmax": "stable", "logsumexp": "all", "stablemax": "all",
                    "log_stablemax": "stable", "cross_entropy": "stable", "stablemax_cross_entropy": "stable",
                    "top_p_softmax": "stable", "min_p_softmax": "stable", "typical_softmax": "stable",
                    "eta_softmax": "stable", "epsilon_softmax": "stable", "top_k_softmax": "stable",
                    "label_smoothing": "stable"}


def runs_other_kernels(method, variant):
    return FOR_LARGE_ARRAYS.get(method.name) in ("all", variant.name)


def test_methods_with_kernels_for_large_arrays_exist():
    assert set(FOR_LARGE_ARRAYS) <= {method.name for method, _ in VARIANTS}


@every_variant
def test_public_function_runs_the_row_kernel(method, variant):
    """In float32, float64 and emulated float16, bit by bit, with the gradient of losses."""
    for dtype, format in ((np.float32, None), (np.float64, None), (np.float64, "float64"),
                          (np.float64, "float16")):
        if format is None and runs_other_kernels(method, variant):
            continue
        z = (logits(method, count=2) / 8).astype(dtype)  # the label of row 1 is 1
        fmt = None if format is None else get_format(format).code
        row = z[1] if format is None else round_to(z[1], format)
        beside = [each[1] for each in method.completed((z,))[1:]]
        *grad, result = run_kernel(method.exports()[variant.name], row, fmt, beside=beside)
        assert np.array_equal(method.of_rows(z, variant.name, format=format)[1], result)
        for each in grad:
            options = {method.selector: variant.name, "format": format}
            assert np.array_equal(method.pulled(z, np.ones(2), **options)[1], each)


@every_variant
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_public_function_is_near_the_row_kernel(method, variant, dtype):
    """Where it runs another: within the rounding of ``z - max`` and of a plain sum of a few classes."""
    if not runs_other_kernels(method, variant):
        return
    z = (logits(method, count=2) / 8).astype(dtype)
    *grad, result = run_kernel(method.exports()[variant.name], z[1], None)
    np.testing.assert_allclose(method.of_rows(z, variant.name)[1], result, rtol=16 * np.finfo(dtype).eps)
    for each in grad:
        found = method.pulled(z, np.ones(2, dtype), **{method.selector: variant.name})[1]
        np.testing.assert_allclose(found, each, rtol=16 * np.finfo(dtype).eps)


@every_method
def test_variants_agree_where_nothing_breaks(method):
    z = logits(method) / 8
    expected = method.of_rows(z)
    for variant in method.variants:
        assert_close(method.of_rows(z, variant.name), expected, loss_of_digits=loses_digits(method, variant))


@every_variant
def test_order_of_the_classes(method, variant):
    z = logits(method)
    order = np.random.default_rng(3).permutation(CLASSES)
    options = method.for_labels(np.argsort(order)[labels(len(z))])
    moved = method.of_rows(z[:, order], variant.name, **options)
    expected = method.of_rows(z, variant.name)
    expected = expected[:, order] if expected.ndim == 2 else expected
    assert_close(moved, expected, loss_of_digits=loses_digits(method, variant))


@every_variant
def test_shift(method, variant):
    if "shift" in method.holds:
        z = np.rint(logits(method))
        assert_close(method.of_rows(z + 3, variant.name), method.of_rows(z, variant.name),
                     loss_of_digits=loses_digits(method, variant))


@every_variant
def test_a_larger_logit_has_a_larger_result(method, variant):
    if "order" in method.holds:
        z = np.sort(logits(method), axis=1)
        assert (np.diff(method.of_rows(z, variant.name), axis=1) > 0).all()
    if "weak_order" in method.holds:
        z = np.sort(logits(method), axis=1)
        p = method.of_rows(z, variant.name)
        assert (np.diff(p, axis=1) >= 0).all() and (p == 0).any() and (p > 0).any(axis=1).all()


@every_method
def test_from_a_margin_on_the_loss_is_0(method):
    if "margin" in method.holds:
        z = logits(method)
        z[:, 0] = z[:, 1:].max(axis=1) + method.plot_range[1]
        assert (method.of_rows(z, labels=np.zeros(len(z), int)) == 0).all()


@every_method
def test_gradient_rows_sum_to_zero(method):
    if "zero_sum" in method.holds:
        for dtype in (np.float32, np.float64):
            grad = method.pulled(logits(method, dtype=dtype), upstream(method).astype(dtype))
            assert (np.abs(grad.sum(axis=1)) <= 4 * CLASSES * np.finfo(dtype).eps * np.abs(grad).max()).all()


@every_variant
def test_masked_classes_are_as_if_absent(method, variant):
    keep = np.array([True, False, True, True, False])
    z = logits(method)
    options = method.for_labels(np.zeros(len(z), int))
    sliced = method.of_rows(z[:, keep], variant.name, **options)
    results = [method.of_rows(z, variant.name, where=keep, **options)]
    if method.name != "logmeanexp":  # a mean counts its zeros
        results.append(method.of_rows(np.where(keep, z, -np.inf), variant.name, **options))
    for masked in results:
        kept = masked if masked.ndim == 1 else masked[:, keep]
        if runs_other_kernels(method, variant):  # classes in other lanes add up in another order
            np.testing.assert_allclose(kept, sliced, rtol=4 * EPS)
        else:
            assert np.array_equal(kept, sliced)
        if masked.ndim == 2:
            assert (masked[:, ~keep] == method.result.masked).all()


@every_method
def test_masked_classes_have_gradient_zero(method):
    keep = np.array([True, True, True, True, False])
    z, g = logits(method, count=4), upstream(method, count=4)
    masked = method.pulled(z, g, where=keep)
    assert not masked[:, ~keep].any()
    g = g[:, keep] if g.ndim == 2 else g
    assert_close(masked[:, keep], method.pulled(z[:, keep], g), loss_of_digits=True)


@every_variant
def test_nan_reaches_the_result(method, variant):
    for place in (0, 2, CLASSES - 1):
        z = logits(method)
        z[2, place] = np.nan
        result = method.of_rows(z, variant.name)
        assert np.isnan(result[2]).all() and not np.isnan(np.delete(result, 2, axis=0)).any()


@every_variant
def test_dtype_is_kept(method, variant):
    z = logits(method) / 8
    for dtype in (np.float16, np.float32, np.float64):
        assert method.of_rows(z.astype(dtype), variant.name).dtype == dtype
    assert method.of_rows(np.rint(z).astype(np.int32), variant.name).dtype == np.float64


@every_variant
def test_emulated_float64_is_float64_but_for_sums(method, variant):
    """Sums over classes round at each addition in a format, and keep their digits without one."""
    z = logits(method)
    emulated, plain = method.of_rows(z, variant.name, format="float64"), method.of_rows(z, variant.name)
    if isinstance(method, Elementwise):
        assert np.array_equal(emulated, plain)
    else:
        assert_close(emulated, plain, loss_of_digits=loses_digits(method, variant))


@every_variant
@pytest.mark.parametrize("format", ["float32", "float16", "bfloat16", (6, 5)])
def test_emulated_results_are_values_of_the_format(method, variant, format):
    result = method.of_rows(logits(method) / 8, variant.name, format=format)
    assert np.array_equal(result, round_to(result, format))


@every_variant
def test_layouts_and_untouched_inputs(method, variant):
    z = logits(method)
    expected = method.of_rows(z, variant.name)
    spread = np.zeros((len(z), 2 * CLASSES))
    spread[:, ::2] = z
    read_only = z.copy()
    read_only.flags.writeable = False
    flipped = np.flip(np.flip(z).copy())
    for given in (np.asfortranarray(z), spread[:, ::2], flipped, read_only, z.astype(">f8")):
        before = np.array(given, copy=True)
        assert np.array_equal(method.of_rows(given, variant.name), expected)
        assert np.array_equal(given, before)


@every_method
def test_gradient_layouts(method):
    z, g = logits(method), upstream(method)
    read_only = z.copy()
    read_only.flags.writeable = False
    for given in (np.asfortranarray(z), read_only):
        assert np.array_equal(method.pulled(given, g), method.pulled(z, g))


@every_method
def test_any_axis(method):
    z = logits(method).reshape(2, 3, CLASSES)
    moved = np.moveaxis(z, -1, 0)
    options = method.for_labels(labels(6).reshape(2, 3))
    expected, result = method.of_rows(z, **options), method.of_rows(moved, axis=0, **options)
    result = np.moveaxis(result, 0, -1) if result.ndim == 3 else result
    if method.name in FOR_LARGE_ARRAYS:  # columns add up in order, rows in as many sums as a vector has lanes
        np.testing.assert_allclose(result, expected, rtol=4 * EPS)
    else:
        assert np.array_equal(result, expected)


@every_method
def test_no_rows_and_one_class(method):
    assert len(method.of_rows(np.zeros((0, CLASSES)))) == 0
    single = method.of_rows(np.full((1, 1), 0.5))
    assert single.shape[0] == 1
    assert method.of_one_class(single.ravel()[0])


@every_method
def test_unknown_variant(method):
    if method.selector is not None:
        with pytest.raises(ValueError, match=f"{method.selector} is 'wrong'; allowed: '"):
            method.of_rows(logits(method), "wrong")

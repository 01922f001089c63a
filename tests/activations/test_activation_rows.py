"""What every elementwise activation of the catalog keeps: a new row is tested here without a new line."""
import inspect
import re

import numpy as np
import pytest
from activation_oracle import KINKS, NAIVE_FROM, VALUES, truth, ulps
from catalog_cases import all_hold, for_each, for_each_variant

from toolkit._core.kernel import kernel
from toolkit.activations._elementwise import _LOOPS, EVERYWHERE
from toolkit.activations._elementwise import slope as slope_of
from toolkit.catalog import ELEMENTWISE, activation_kernel, methods
from toolkit.formats import get_format, round_to

ROWS = [method for method in methods("activation") if method.kind == "Elementwise"]
every_row, every_form = for_each(ROWS), for_each_variant(ROWS)

EPS = np.finfo(np.float64).eps
# Central differences of order 8.
WEIGHTS = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
STEP = 2.0**-6


def numbers(method, dtype=np.float64, count=60, seed=0):
    """Numbers over the plot range, and small ones of both signs."""
    rng = np.random.default_rng(seed)
    small = rng.choice([-1, 1], count) * 10 ** rng.uniform(-7, 2, count)
    return within(method, np.concatenate([rng.uniform(*method.plot_range, count), small]).astype(dtype))


def within(method, x):
    """`x` mirrored or brought into the domain, at a distance from its ends where the range of numbers has one."""
    low, high = method.domain
    if high < np.inf:
        return low + (high - low) / (2 + np.abs(x))
    return x if low == -np.inf else low + np.abs(x)


def moderate(method, dtype=np.float64):
    """Numbers at which no form breaks in float16."""
    low, high = method.domain
    return in_naive_domain(method, np.clip(numbers(method, dtype), max(low + 0.1, -2.5), min(high - 0.1, 2.5)))


def in_naive_domain(method, x):
    """`x`, moved out to where the naive form means something, if it does not everywhere."""
    least = NAIVE_FROM.get(method.name, 0)
    return np.copysign(np.maximum(np.abs(x), x.dtype.type(least)), x) if least else x


def slope(method, x, **options):
    return slope_of(method.function, x, **dict(method.parameters), **options)


def functions(method):
    """The value and the derivative as functions of an array, with the bounds that are declared for them."""
    declared = method.function.elementwise
    yield lambda x, **options: method.function(x, **options), declared.ulp, None
    yield lambda x, **options: slope_of(method.function, x, **options), declared.slope_ulp, declared.slope_zero


def kernels(method):
    """``(form, whether it is the derivative, kernel)`` of all that an activation declares."""
    declared = method.function.elementwise
    for derivative, forms in enumerate((declared.forms, declared.slopes)):
        for form, each in forms.items():
            yield form, bool(derivative), each


@pytest.mark.parametrize(("dtype", "format"), [(np.float32, None), (np.float64, None), (np.float64, "float16")])
@every_row
def test_public_functions_run_the_entry_kernels(method, dtype, format):
    """Those that have lanes run them instead, in the stable form and in no format: to within both bounds."""
    x = moderate(method, dtype)
    rounded = x if format is None else round_to(x, format)
    fmt = None if format is None else np.int64(get_format(format).code)
    for form, derivative, of in kernels(method):
        options = {"format": format} | ({"form": form} if form == "naive" else {})
        public = slope(method, x, **options) if derivative else method(x, variant=form, format=format)
        out = np.empty_like(x)
        others = [np.full_like(x, value) for _, value in method.parameters]
        others = others if format is None else [round_to(a, format) for a in others]
        _LOOPS[len(others)](of, rounded, *others, out, fmt)
        declared = method.function.elementwise
        if declared.lanes and form == "stable" and format is None:
            bound = 2 * (declared.slope_ulp if derivative else declared.ulp)
            assert np.all(np.abs(public - out) <= bound * np.spacing(np.abs(out)))
            continue
        assert np.array_equal(public, out)
        if dtype == np.float64 and format is None:
            with np.errstate(all="ignore"):
                assert np.array_equal(public, [of(each, *(value for _, value in method.parameters)) for each in x])


@every_row
def test_the_docstring_says_what_is_declared(method):
    written, declared = inspect.getdoc(method.function), method.function.elementwise
    text = " ".join(written.split())
    assert f"t most {declared.ulp:g} ulp, the derivative at most {declared.slope_ulp:g} ulp" in text
    if declared.slope_zero is not None:
        assert f"for x not within 0.1 of {declared.slope_zero:.4g}, where terms cancel" in text
    parameters = re.search(r"Parameters\n-+\n(.*?)\n\n", written, re.DOTALL)[1]
    named = [name for names in re.findall(r"^(\w[^:\n]*) :", parameters, re.MULTILINE) for name in names.split(", ")]
    assert sorted(named) == sorted(inspect.signature(method.function).parameters)
    assert "Returns ---" in text or "`; so is the result" in text
    for section in ("Accuracy ---", "Gradient ---", "Examples ---"):
        assert section in text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("derivative", [False, True])
@every_row
def test_accuracy_is_what_the_docstring_says(method, derivative, dtype):
    function, bound, zero = tuple(functions(method))[derivative]
    x = numbers(method, dtype, count=120, seed=5)
    if derivative:
        x = x[np.abs(x[:, None] - np.array(KINKS)).min(axis=1) > 1e-6]
    if zero is not None:
        x = x[np.abs(x - zero) > 0.1]
    computed = function(x, **dict(method.parameters))
    exact = [truth(method, each, derivative) for each in x]
    errors = [ulps(y, true, dtype) for y, true in zip(computed, exact)]
    assert sum(error is not None for error in errors) > 100
    all_hold([error is None or error <= bound for error in errors], computed, np.array(exact, float), given=x,
             of=f"{'derivative of ' * derivative}{method.name} within {bound} ulp")


@pytest.mark.parametrize("derivative", [False, True])
@every_row
def test_accuracy_in_float32_at_very_many_numbers(method, derivative):
    """Against float64, whose own accuracy the test above measures; also close to where terms cancel."""
    function, bound, zero = tuple(functions(method))[derivative]
    x = numbers(method, np.float32, count=100_000, seed=6)
    if zero is not None:
        near = zero + np.random.default_rng(7).uniform(-0.3, 0.3, 100_000)
        x = np.concatenate([x, near]).astype(np.float32)
        x = x[np.abs(x.astype(float) - zero) > 0.1]
    narrow = {name: np.float32(value) for name, value in method.parameters}
    exact = function(x.astype(float), **{name: value.astype(float) for name, value in narrow.items()})
    kept = (np.abs(exact) >= 2.0**-116) & (np.abs(exact) < np.finfo(np.float32).max)
    last_place = np.spacing(np.abs(exact[kept]).astype(np.float32)).astype(float)
    found = function(x, **narrow)[kept]
    assert kept.sum() > 10_000
    all_hold(np.abs(found - exact[kept]) / last_place <= bound, found, exact[kept], given=x[kept],
             of=f"{'derivative of ' * derivative}{method.name} within {bound} ulp")


def test_every_row_has_a_truth():
    lacking, left = {method.name for method in ROWS} - set(VALUES), set(VALUES) - {method.name for method in ROWS}
    assert not lacking, f"give VALUES and SLOPES of tests/activations/activation_oracle.py a line for {lacking}"
    assert not left


@every_row
def test_derivative_against_differences_of_the_value(method):
    step, (low, high) = STEP, np.clip(method.domain, -8, 8)
    if method.domain != EVERYWHERE:  # higher derivatives are large near its ends
        step, low, high = STEP / 8, low + (high - low) / 4, high - (high - low) / 4
    x = np.random.default_rng(1).uniform(low, high, 200)
    if method.domain == EVERYWHERE:
        x = x[np.abs(x[:, None] - np.array(KINKS)).min(axis=1) > 8 * step]
    expected = sum(weight / step * (method(x + k * step) - method(x - k * step)) for k, weight in WEIGHTS.items())
    np.testing.assert_allclose(slope(method, x), expected, rtol=1e-10, atol=1e-11)


@every_row
def test_forms_agree_where_nothing_breaks(method):
    x = in_naive_domain(method, within(method, np.random.default_rng(2).uniform(-2.5, 2.5, 100)))
    for _, derivative, of in kernels(method):
        expected = slope(method, x) if derivative else method(x)
        found = [of(each, *(value for _, value in method.parameters)) for each in x]
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=64 * EPS)


@every_row
def test_lipschitz_constant_is_the_largest_slope(method):
    if method.lipschitz is None:  # it jumps, or has no derivative at an end of its domain
        return
    low, high = method.plot_range
    x = np.concatenate([np.linspace(low, high, 400_001), np.nextafter(KINKS, -np.inf), np.nextafter(KINKS, np.inf)])
    slopes = np.abs(slope(method, x))
    largest, at = slopes.max(), x[slopes.argmax()]
    if method.lipschitz == np.inf:
        assert np.abs(slope(method, 1e6)) > 1e3 * largest
    else:
        largest = max(largest, *np.abs(slope(method, [-1e6, 1e6])))  # some slopes come near their limit only far out
        said = f"lipschitz of {method.name} is {method.lipschitz}, but the largest slope is {largest!r}, near x = {at}"
        assert largest <= method.lipschitz * (1 + 4 * EPS) + 1e-11, said
        assert largest >= method.lipschitz * (1 - 1e-7), f"{said}; plot_range must come near where it is attained"


@every_form
def test_declared_invariants(method, variant):
    x = np.sort(within(method, np.random.default_rng(3).uniform(-8, 8, 300)))
    x = x if variant.role == "stable" else in_naive_domain(method, x)
    plus, minus = method(x, variant=variant.name), method(-x, variant=variant.name)
    atol = 64 * EPS if variant.role == "naive" else 0
    if "monotone" in method.holds:
        assert (np.diff(plus) >= -1e-12).all()
    if "odd" in method.holds:
        np.testing.assert_allclose(minus, -plus, rtol=16 * EPS, atol=atol)
    if "linear_gap" in method.holds:
        np.testing.assert_allclose(plus - minus, x, rtol=1e-14, atol=max(atol, 4 * EPS))


@every_row
def test_special_values(method):
    for function, of in ((method, method.name), (lambda x: slope(method, x), f"the derivative of {method.name}")):
        assert np.isnan(function(np.nan)), f"{of} loses a NaN: it is {function(np.nan)}"
        if method.domain != EVERYWHERE:
            low, high = method.domain
            assert not np.isnan(function(np.array([low, high]))).any()
            assert np.isnan(function(np.array([low - 1, -np.inf, high + 1])))[:2 + (high < np.inf)].all()
            continue
        ends = function(np.array([-np.inf, np.inf]))
        assert not np.isnan(ends).any(), f"{of} at -inf and inf is {ends}; allowed: what it tends to, not NaN"
        far = 1e4 * np.array([-1.0, 1.0])
        finite = np.isfinite(ends)
        np.testing.assert_allclose(ends[finite], function(far)[finite], atol=1.1e-4)
        with np.errstate(over="ignore"):
            assert (np.abs(function(far)[~finite]) >= 100).all()


@every_form
def test_dtypes_and_layouts(method, variant):
    x = moderate(method).reshape(10, 12)
    for dtype in (np.float16, np.float32, np.float64):
        assert method(x.astype(dtype), variant=variant.name).dtype == dtype
    assert method(np.array([2, 3]), variant=variant.name).dtype == np.float64
    expected = method(x, variant=variant.name)
    read_only = x.copy()
    read_only.flags.writeable = False
    for given in (np.asfortranarray(x), read_only, np.repeat(x, 2, axis=1)[:, ::2], x.astype(">f8"), x.tolist()):
        before = np.array(given, copy=True)
        assert np.array_equal(method(given, variant=variant.name), expected)
        assert np.array_equal(given, before)
    assert method(x[0, 0], variant=variant.name) == expected[0, 0]
    assert method(np.zeros((0, 3)), variant=variant.name).shape == (0, 3)


@every_form
@pytest.mark.parametrize("format", ["float64", "float32", "float16", "bfloat16", (6, 5)])
def test_emulated_results_are_values_of_the_format(method, variant, format):
    x = moderate(method)
    for result in (method(x, variant=variant.name, format=format), slope(method, x, format=format)):
        assert np.array_equal(result, round_to(result, format))
    if format == "float64" and not (method.function.elementwise.lanes and variant.name == "stable"):
        assert np.array_equal(method(x, variant=variant.name, format=format), method(x, variant=variant.name))


@pytest.mark.parametrize("which", ["value", "naive", "slope", "naive slope"])
def test_one_kernel_computes_any_activation(which):
    chosen = activation_kernel(which)
    compiled = kernel(lambda kind, x: chosen(kind, x))
    assert list(ELEMENTWISE) == [method for method in ROWS if method.domain == EVERYWHERE
                                 and method.chapter == "activation_gallery"]
    for kind, method in enumerate(ELEMENTWISE):
        declared = method.function.elementwise
        forms = declared.slopes if "slope" in which else declared.forms
        own = forms.get("naive", forms["stable"]) if "naive" in which else forms["stable"]
        assert compiled(kind, -1.5) == chosen(kind, -1.5) == own(-1.5, *(value for _, value in method.parameters))


def test_a_choice_of_activations_is_checked():
    with pytest.raises(ValueError, match="which is 'curvature'; allowed: 'value', 'naive', "):
        activation_kernel("curvature")


@every_row
@pytest.mark.parametrize("format", ["float32", "float16", "bfloat16"])
def test_a_format_adds_one_ulp_to_the_bound(method, format):
    """Against float64 at the same numbers; constants and parameters are rounded too."""
    emulated = get_format(format)
    x = np.unique(round_to(np.linspace(*method.plot_range, 2001), format))
    low, high = method.domain
    x = x[(x > low) & (x < high)]
    for function, bound, zero in functions(method):
        exact = function(x, **dict(method.parameters))
        found = function(x, format=format, **dict(method.parameters))
        kept = (np.abs(exact) >= 2**10 * emulated.smallest_normal) & (np.abs(exact) <= emulated.max)
        if zero is not None:
            kept &= np.abs(x - zero) > 0.1
        last_place = 2.0 ** (np.floor(np.log2(np.abs(exact[kept]))) - emulated.fraction_bits)
        assert kept.sum() > 10 and (np.abs(found - exact)[kept] <= (bound + 1) * last_place).all()

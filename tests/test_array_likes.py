"""What is given for an array: masks and units are kept or refused, narrow dtypes come back, dtypes are as promised."""
import sys

import ml_dtypes
import numpy as np
import pytest
from catalog_cases import for_each
from scipy import sparse

from toolkit import activations, collapse, formats, grad, losses, sampling, softmax, transport, uncertainty, vjp
from toolkit._core import dlpack
from toolkit._core.array_likes import array_of
from toolkit.catalog import METHODS, Elementwise, EntryLoss
from toolkit.catalog._of_rows import OfRows
from toolkit.losses import adversarial, targets

NARROW = [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2]
MASK = np.array([[True, False, False, False], [False, False, False, True]])  # of 4 classes: even, as pairs want them
OF_ARRAYS = [method for method in METHODS if isinstance(method, OfRows | Elementwise)]
OF_ROWS = [method for method in OF_ARRAYS if isinstance(method, OfRows)]
of_arrays, with_where = for_each(OF_ARRAYS), for_each([m for m in OF_ROWS if m.takes("where")])


def example(method, dtype=np.float64):
    """Two rows of 4 numbers, with what belongs beside them; labels of classes that the mask leaves."""
    classes = -(-4 // getattr(method, "multiple", 1)) * getattr(method, "multiple", 1)
    arguments = method.example(rows=2, classes=classes, dtype=dtype)
    return tuple(np.full_like(each, 2) if each.dtype.kind in "iu" else each for each in arguments)


def masked(z):
    return np.ma.array(z, mask=np.resize(MASK, z.shape))


@with_where
def test_the_mask_of_a_masked_array_counts_as_where(method):
    z, *others = example(method)
    hidden, keep = masked(z), ~np.resize(MASK, z.shape)
    found, expected = method(hidden, *others), method(z, *others, where=keep)
    assert type(found) is not np.ma.MaskedArray and np.array_equal(found, expected, equal_nan=True)
    both = keep & (np.arange(z.shape[1]) != 1)
    assert np.array_equal(method(hidden, *others, where=np.arange(z.shape[1]) != 1), method(z, *others, where=both),
                          equal_nan=True)
    if method.gradient is not None or hasattr(method.function, "value_and_gradient"):
        options = dict(method.parameters)
        value, pull = method.vjp((hidden, *others), options)
        g = np.ones_like(value)
        expected = method.vjp((z, *others), options | {"where": keep})[1](g)
        assert np.array_equal(pull(g), expected, equal_nan=True)


@for_each([m for m in OF_ROWS if not m.takes("where")])
def test_a_function_without_a_mask_refuses_masked_arrays(method):
    z, *others = example(method)
    with pytest.raises(TypeError, match=r"is a masked array of shape \(.*\); allowed here: arrays without masked"):
        method(masked(z), *others)
    assert np.array_equal(method(np.ma.array(z, mask=False), *others), method(z, *others), equal_nan=True)


@for_each([m for m in OF_ARRAYS if isinstance(m, Elementwise) and not isinstance(m, EntryLoss)])
def test_an_elementwise_function_keeps_the_mask(method):
    x = np.abs(example(method)[0]) / 8 + 0.01
    found, pull = method.vjp((masked(x),), dict(method.parameters))
    slopes = method.slope_at(x)
    for result, expected in ((found, method(x)), (pull(np.ones_like(x)), slopes), (pull(2.0), 2 * slopes)):
        assert isinstance(result, np.ma.MaskedArray) and np.array_equal(result.mask, MASK)
        assert np.array_equal(result.data[~MASK], expected[~MASK])


Z, Q, ROW = np.zeros((2, 4)), np.full((2, 4), 0.25), np.arange(3.0)
HIDDEN = np.ma.array([0.0, 1.0, 2.0], mask=[True, False, False])
LABEL = np.ma.array([0, 1], mask=[True, False])


@pytest.mark.parametrize("call", [
    lambda: softmax.logsumexp(ROW, b=HIDDEN), lambda: softmax.softmax(ROW, where=HIDDEN > 0),
    lambda: vjp(softmax.softmax, ROW)[1](HIDDEN), lambda: losses.cross_entropy(Z, LABEL),
    lambda: losses.cross_entropy(Z, masked(Q)), lambda: losses.cross_entropy(ROW, 0, weight=HIDDEN),
    lambda: adversarial.smooth_adversarial_comp_sum(ROW, HIDDEN, 0),
    lambda: adversarial.smooth_adversarial_comp_sum(HIDDEN, ROW, 1),
    lambda: targets.two_hot(HIDDEN, low=0, high=3, bins=4), lambda: targets.categorical(ROW, HIDDEN, 1, low=0, high=1),
    lambda: targets.expected_value(HIDDEN, low=0, high=1), lambda: sampling.gumbel_max(ROW, HIDDEN),
    lambda: transport.sinkhorn(masked(Q)), lambda: transport.sinkhorn(np.zeros((3, 3)), HIDDEN + 1),
    lambda: transport.sparse_transport(masked(Q)), lambda: transport.transport_cost(masked(Q), Q),
    lambda: uncertainty.fit_temperature(Z, LABEL), lambda: collapse.diagnose(masked(Q)),
    lambda: collapse.diagnose(Z, LABEL), lambda: activations.prelu(ROW, a=HIDDEN), lambda: activations.glu(ROW, HIDDEN),
    lambda: activations.householder(Z, HIDDEN[:2]), lambda: formats.round_to(HIDDEN, "float16"),
    lambda: formats.ulp_error(ROW, HIDDEN, "float16"), lambda: formats.to_bits(HIDDEN, "float16")])
def test_a_mask_that_would_be_lost_is_refused_in_one_line(call):
    with pytest.raises(TypeError, match=r"\w+ is a masked array of shape \(.*\); allowed here: .*$") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_mask_of_logits_counts_in_calibration():
    z = np.array([[4.0, 1, 0, 9], [3, 2.5, 0, 0]])
    hidden = np.ma.array(z, mask=[[False] * 3 + [True]] * 2)
    assert uncertainty.fit_temperature(hidden, [0, 1]) == uncertainty.fit_temperature(z[:, :3], [0, 1])
    with pytest.raises(ValueError, match="a class that where masks"):
        uncertainty.fit_temperature(hidden, [3, 1])


def test_a_mask_of_logits_counts_in_means_and_draws():
    z, noise, keep = np.array([[4.0, 1, 0, 9], [3, 2.5, 0, 0]]), sampling.gumbel_noise((3, 2, 4)), ~MASK
    hidden = np.ma.array(z, mask=MASK)
    assert np.array_equal(softmax.logmeanexp(hidden), softmax.logmeanexp(z, where=keep))
    for draw in (sampling.gumbel_max, sampling.gumbel_softmax):
        assert np.array_equal(draw(hidden, noise), draw(z, noise, where=keep))
        assert np.array_equal(draw(hidden, noise, where=z > 0), draw(z, noise, where=keep & (z > 0)))
        for dtype in NARROW:
            assert draw(z.astype(dtype), noise).dtype == dtype
    pulled = vjp(sampling.gumbel_softmax, hidden, noise)[1](np.ones((3, 2, 4)) * np.arange(4))
    assert np.all((pulled == 0) == MASK)


class Kelvin(np.ndarray):
    unit = "K"


class Plain(np.ndarray):
    units = "dimensionless"


class Tensor:
    """Stands for a tensor that a gradient passes through, as PyTorch's refuses."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.\nUse tensor.detach().numpy() instead.")


class OnlyDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class NarrowTensor:
    """As PyTorch's: NumPy is refused, DLPack is not."""

    def __init__(self, array, kind):
        self.patterns, self.kind = array.view(f"u{array.itemsize}"), kind

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType")

    def __dlpack__(self):
        self.capsule = self.patterns.__dlpack__()
        dlpack._Tensor.from_address(dlpack._pointer_of(self.capsule, b"dltensor")).code = self.kind
        return self.capsule


@pytest.mark.parametrize(("name", "kind"), [("bfloat16", 4), ("float8_e4m3fn", 10), ("float8_e5m2", 12)])
def test_narrow_tensors_are_taken_by_dlpack(name, kind, monkeypatch):
    whole = np.arange(-12.0, 12).astype(getattr(ml_dtypes, name)).reshape(2, 3, 4)
    for array in (whole, whole[:, ::2], whole.T, whole[0, 0, 0], whole[:0]):
        found = array_of(NarrowTensor(np.asarray(array), kind), "x")
        assert found.dtype == name and np.array_equal(found.astype(float), array.astype(float))
    assert activations.relu(NarrowTensor(whole, kind)).dtype == name
    with pytest.raises(TypeError, match="x is not an array: Got unsupported ScalarType"):
        array_of(NarrowTensor(whole, 5), "x")
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(TypeError, match=f"a tensor of {name}, which NumPy knows only beside the package ml_dtypes"):
        array_of(NarrowTensor(whole, kind), "x")


@pytest.mark.parametrize(("x", "message"), [
    ([HIDDEN, HIDDEN], "x is a list that holds masked arrays"),
    ([[0.0], [np.ma.masked]], "x is a list that holds masked arrays"),
    (ROW.view(Kelvin), "x has the unit K; allowed: numbers without"), ([ROW.view(Kelvin)], "x has the unit Kelvin"),
    (Tensor(), r"x is not an array: Can't call numpy\(\) on Tensor that requires grad.$"),
    (sparse.csr_array(Q), "x has dtype object from csr_array"), (np.zeros(2, [("a", float)]), r"x has dtype \[\('a'"),
    ({1.0}, "x has dtype object from set"), (2**70, "x has dtype object from int"), ("1", "x has dtype <U1"),
    (b"1", r"x has dtype \|S1"), (np.zeros(2, "m8[s]"), r"x has dtype timedelta64\[s\]"),
    ([None], "x has dtype object"), (np.zeros(2, ml_dtypes.int4), "x has dtype int4"),
    (np.zeros(2, ml_dtypes.float8_e4m3), "x has dtype float8_e4m3;")])
def test_what_would_lose_its_meaning_is_refused_in_one_line(x, message):
    with pytest.raises(TypeError, match=message) as caught:
        activations.relu(x)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("x", [
    np.matrix([[1.0, -2.0]]), np.array([[1.0, -2.0]]).view(Plain), OnlyDlpack(np.array([[1.0, -2.0]])),
    np.array([[1.0, -2.0]], ">f8"), [np.array([1.0, -2.0])], np.ma.array([[1.0, -2.0]]),
    memoryview(np.array([[1.0, -2.0]]))])
def test_what_is_only_another_kind_of_array_is_taken(x):
    found = activations.relu(x)
    assert type(found) is np.ndarray and found.dtype == np.float64 and found.tolist() == [[1.0, 0.0]]
    assert softmax.softmax(x).tolist() == softmax.softmax([[1.0, -2.0]]).tolist()


def as_dtype(arguments, dtype):
    return [each.astype(dtype) if each.dtype.kind == "f" else each for each in arguments]


@pytest.mark.parametrize("dtype", [*NARROW, np.float16])
@of_arrays
def test_narrow_dtypes_come_back_computed_in_float32(method, dtype):
    arguments = as_dtype(example(method), dtype)
    wide = as_dtype([np.asarray(each, np.float32) if each.dtype == dtype else each for each in arguments], np.float32)
    with np.errstate(all="ignore"):
        found, expected = method(*arguments), method(*wide)
        assert found.dtype == dtype and np.array_equal(found, expected.astype(dtype), equal_nan=True)
        pull = method.vjp(tuple(arguments), dict(method.parameters))[1] if has_gradient(method) else None
        if pull is not None:
            gradient = pull(np.ones_like(found))
            assert np.asarray(gradient).dtype == dtype


def has_gradient(method):
    return isinstance(method, Elementwise) or method.gradient is not None


def test_narrow_dtypes_meet_others():
    z = np.array([[0.0, 1.0, 2.0]], ml_dtypes.bfloat16)
    assert softmax.softmax(z, format="bfloat16").dtype == z.dtype
    assert softmax.softmax(z, format="float16").dtype == np.float64
    assert losses.cross_entropy(z, [1]).dtype == grad(losses.cross_entropy)(z, [1]).dtype == z.dtype
    assert losses.cross_entropy(z, np.full_like(z, 0.3335)).dtype == z.dtype
    assert targets.two_hot(z, low=0, high=3, bins=4).dtype == targets.expected_value(z, low=0, high=3).dtype == z.dtype
    for other in (np.float16, np.float32, np.float64, ml_dtypes.float8_e5m2):  # draws have the dtype of the logits
        assert sampling.gumbel_softmax(z, np.zeros(3, other)).dtype == z.dtype
    for other, dtype in ((np.float16, np.float32), (np.float64, np.float64), (ml_dtypes.float8_e5m2, np.float32)):
        assert activations.glu(z, np.zeros(3, other)).dtype == dtype
    assert sampling.gumbel_softmax(z, [0.0, 1.0, 2.0]).dtype == z.dtype


class Numbers:
    """Stands for a tensor of another library."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


def test_numbers_of_other_libraries_keep_their_dtype_beside_lists():
    z = Numbers(np.zeros(3, np.float32))
    assert sampling.gumbel_softmax(z, [0.0, 1.0, 2.0]).dtype == activations.glu(z, 2.0).dtype == np.float32
    assert activations.glu(np.zeros(3, np.float32), Numbers(np.zeros(3))).dtype == np.float64


@of_arrays
def test_dtypes_are_those_of_the_arrays(method):
    arguments = example(method, np.float32)
    found = method(*arguments)  # Python numbers as parameters
    assert found.dtype == np.float32
    if has_gradient(method):
        assert np.asarray(method.vjp(arguments, dict(method.parameters))[1](found.tolist())).dtype == np.float32
    if not isinstance(method, Elementwise):
        return
    for whole in (1, True, np.int8(1), np.array(1, np.uint64)):
        assert isinstance(method(whole), np.float64)
    for number, kind in ((np.float32(1), np.float32), (np.array(1, np.float16), np.float16), (1.0, np.float64)):
        assert isinstance(method(number), kind) and isinstance(method.slope_at(number), kind)

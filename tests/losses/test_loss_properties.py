"""Properties of the losses on rows of any size, scale, dtype and label."""
import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from toolkit.kernels import in_format
from toolkit.losses import cross_entropy, kernels, stablemax_cross_entropy

LOSSES = st.sampled_from([cross_entropy.value_and_gradient, stablemax_cross_entropy.value_and_gradient])
FORMS = st.sampled_from(["common", "stable"])
DTYPES = st.sampled_from([np.float32, np.float64])
SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def rows(draw, largest=1e4, most=20):
    """A row of finite logits and a label."""
    dtype = draw(DTYPES)
    width = 8 * np.dtype(dtype).itemsize
    bound = float(dtype(largest))
    z = draw(hnp.arrays(dtype, st.integers(1, most), elements=st.floats(-bound, bound, width=width)))
    return z, draw(st.integers(0, z.size - 1))


@SETTINGS
@given(LOSSES, FORMS, rows(largest=1e30))
def test_finite_logits_give_a_finite_loss_of_at_least_0(function, form, row):
    loss, grad = function(*row, form=form)
    assert 0 <= loss < np.inf
    assert np.isfinite(grad).all() and grad[row[1]] <= 0 and (np.delete(grad, row[1]) >= 0).all()


@SETTINGS
@given(rows(largest=1e30))
def test_the_row_gradient_in_a_format_sums_to_exactly_0(row):
    z, y = row
    grad = np.empty(z.size)
    fmt = z.dtype.name
    kernels.cross_entropy_stable(in_format(z.astype(np.float64), fmt), y, in_format(grad, fmt))
    total = z.dtype.type(0)
    for term in [*np.delete(grad, y), grad[y]]:
        total = total + z.dtype.type(term)
    assert total == 0


@SETTINGS
@given(LOSSES, rows())
def test_the_weighted_sum_of_the_gradient_is_0(function, row):
    """``sum_k g_k = 0`` for cross-entropy and ``sum_k (1 + |z_k|) g_k = 0`` for StableMax."""
    z, y = row
    grad = function(z, y)[1].astype(np.longdouble)
    if function is stablemax_cross_entropy.value_and_gradient:
        grad = grad * (1 + np.abs(z.astype(np.longdouble)))
    tolerance = 4 * np.finfo(z.dtype).eps * np.abs(grad).sum() + z.size * np.finfo(z.dtype).tiny * 1e4
    assert abs(grad.sum()) <= tolerance


@SETTINGS
@given(LOSSES, FORMS, rows(), st.randoms(use_true_random=False))
def test_order_of_the_classes_does_not_matter(function, form, row, random):
    z, y = row
    order = list(range(z.size))
    random.shuffle(order)
    loss, grad = function(z, y, form=form)
    moved_loss, moved_grad = function(z[order], order.index(y), form=form)
    rtol = 3 * z.size * np.finfo(z.dtype).eps
    atol = rtol if form == "common" else 0  # it loses digits beside the 1 of the top class
    np.testing.assert_allclose(moved_loss, loss, rtol=rtol, atol=atol)
    np.testing.assert_allclose(moved_grad, grad[order], rtol=rtol, atol=atol)


@SETTINGS
@given(rows(largest=40.0), st.integers(-64, 64))
def test_a_shift_that_loses_no_bits_changes_few(row, shift):
    """Few and not none: exponentials of a calm row are reduced before they are shifted."""
    z, y = row
    z = np.rint(z)
    moved = cross_entropy.value_and_gradient(z + z.dtype.type(shift), y)
    for a, b in zip(moved, cross_entropy.value_and_gradient(z, y), strict=True):
        assert np.all(np.abs(a - b) <= 6 * np.spacing(np.abs(b)))


@SETTINGS
@given(LOSSES, rows(), st.floats(0, 1))
def test_smoothing_is_linear_in_the_labels(function, row, amount):
    z, y = row
    hard = float(function(z, y)[0])  # by other kernels than smoothed labels, which round z - max
    uniform = float(function(z, y, label_smoothing=1.0)[0])
    mixed = float(function(z, y, label_smoothing=amount)[0])
    expected = (1 - amount) * hard + amount * uniform
    assert abs(mixed - expected) <= 8 * np.finfo(z.dtype).eps * (hard + uniform)


@SETTINGS
@given(LOSSES, rows(largest=100.0))
def test_raising_the_label_lowers_the_loss(function, row):
    z, y = row
    higher = z.copy()
    higher[y] += 1
    assert function(higher, y)[0] <= function(z, y)[0]

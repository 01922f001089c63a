"""Entropies and divergences against mpmath, near each other and at the ends."""
import doctest

import ml_dtypes
import mpmath as mp
import numpy as np
import pytest

from toolkit import grad, vjp
from toolkit.catalog import methods
from toolkit.formats import FORMATS, round_to
from toolkit.information import _entropies, _terms, entropy, js_divergence, kl_divergence, rel_entr, xlogy

DTYPES = (np.float32, np.float64)


def pairs(rng, classes, dtype):
    """Rows of probabilities: far from each other, near, and with zeros."""
    p, q = rng.dirichlet(np.ones(classes), size=9), rng.dirichlet(np.ones(classes), size=9)
    for i, size in enumerate((1e-1, 1e-3, 1e-5)):
        q[3 + i] = p[3 + i] * (1 + size * rng.normal(size=classes).clip(-3, 3))
    p[6, 0] = q[7, 1] = p[7, 1] = 0
    return p.astype(dtype), q.astype(dtype)


def exact(p, q):
    """``(generalised KL, JS)`` by the definitions."""
    with mp.workdps(60):
        p, q = ([mp.mpf(float(v)) for v in row] for row in (p, q))
        kl = mp.fsum((a * mp.log(a / b) if a else 0) - a + b for a, b in zip(p, q, strict=True) if a or b)
        js = mp.fsum(a * mp.log(2 * a / (a + b)) / 2 for x in ((p, q), (q, p)) for a, b in zip(*x, strict=True) if a)
        return kl, js


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 5, 300])
def test_divergences_do_not_cancel_near_each_other(classes, dtype):
    p, q = pairs(np.random.default_rng(classes), classes, dtype)
    kl, js = kl_divergence(p, q), js_divergence(p, q)
    assert kl.dtype == js.dtype == dtype
    for i in range(len(p)):
        for found, right in zip((kl[i], js[i]), exact(p[i], q[i]), strict=True):
            assert abs(mp.mpf(float(found)) - right) <= 16 * np.finfo(dtype).eps * right
    assert not kl_divergence(p, p).any() and not js_divergence(p, p).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 5, 300])
def test_entropy_is_accurate_for_sure_rows_too(classes, dtype):
    rng = np.random.default_rng(classes)
    z = (rng.normal(size=(8, classes)) * 3).astype(dtype)
    z[::2, 1] += np.arange(0, 80, 20)
    for row, found in zip(z, entropy(z, from_logits=True), strict=True):
        with mp.workdps(80):
            w = [mp.exp(mp.mpf(float(v))) for v in row]
            others = mp.fsum(v for k, v in enumerate(w) if k != int(row.argmax())) / max(w)
            logs = [mp.log(v) - mp.log(max(w)) - mp.log1p(others) for v in w]
            right = -mp.fsum(mp.exp(v) * v for v in logs)
            assert abs(mp.mpf(float(found)) - right) <= 8 * np.finfo(dtype).eps * right
    p = rng.dirichlet(np.ones(classes), size=5).astype(dtype)
    for row, found in zip(p, entropy(p), strict=True):
        with mp.workdps(60):
            terms = [mp.mpf(float(v)) * mp.log(mp.mpf(float(v))) for v in row if v]
            slack = 8 * np.finfo(dtype).eps * mp.fsum(map(abs, terms))
            assert abs(mp.mpf(float(found)) + mp.fsum(terms)) <= slack


def test_divergence_of_logits_keeps_the_second_order():
    rng = np.random.default_rng(0)
    for size in (3.0, 1e-2, 1e-5):
        a = rng.normal(size=(20, 6)) * 2
        b = a + size * rng.normal(size=a.shape)
        found = kl_divergence(a, b, from_logits=True)
        for x, y, value in zip(a, b, found, strict=True):
            with mp.workdps(60):
                p, q = ([mp.exp(mp.mpf(float(v))) for v in row] for row in (x, y))
                p, q = ([v / mp.fsum(w) for v in w] for w in (p, q))
                right = mp.fsum(v * mp.log(v / w) for v, w in zip(p, q, strict=True))
                assert abs(float(value / right) - 1) <= 1e-9
    assert np.allclose(js_divergence(a, b + 1, from_logits=True), js_divergence(b, a, from_logits=True))


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("method", [method for method in methods("information") if method.kind == "Scalar"],
                         ids=lambda method: method.name)
def test_numbers_give_a_number_in_every_format(method, format):
    """Also where a constant of a series, such as 1431, is beyond the format."""
    export, slack = method.exports()["stable"], 8 * format.epsilon
    for first in np.linspace(*np.clip(method.plot_range, -8, 8), 33):
        rows = [round_to(np.array([[first, 0.5, 0.25]]), format), round_to(np.full((1, 3), 1 / 3), format)]
        found, right = np.zeros(1), np.zeros(1)
        for out, code in ((found, format.code), (right, FORMATS["float64"].code)):
            export(*(row.copy() for row in rows[:len(export.read)]), out, fmt=code)
        assert abs(found - right) <= slack * max(1, abs(first)), (
            f"{method.name} of {rows[0].tolist()} in {format.name} is {found[0]}, right is {right[0]}")


def test_zeros_infinities_and_nan():
    assert kl_divergence([1.0, 0.0], [0.0, 1.0]) == np.inf and abs(
        kl_divergence([0.0, 1.0], [0.5, 0.5]) - np.log(2)) < 1e-15
    assert js_divergence([1.0, 0.0], [0.0, 1.0]) == np.log(2) and entropy([1.0, 0.0, 0.0]) == 0
    a, b = np.array([1.0, 2.0, -np.inf]), np.array([1.0, 2.0, 3.0])
    assert kl_divergence(a, b, from_logits=True) == pytest.approx(np.log1p(np.e**3 / (np.e + np.e**2)))
    assert kl_divergence(b, a, from_logits=True) == np.inf
    assert entropy(a, from_logits=True) == entropy(a[:2], from_logits=True)
    assert kl_divergence([0.0, 0.0], [1e300, 0.0], from_logits=True) == 5e299
    for function in (kl_divergence, js_divergence):
        assert np.isnan(function([np.nan, 1.0], [0.5, 0.5])) and np.isnan(function([0.5, 0.5], [0.5, np.nan]))
        assert np.isnan(function([np.nan, 1.0], [0.5, 0.5], from_logits=True))
    assert np.isnan(entropy([np.nan, 1.0])) and np.isnan(entropy([np.inf, 1.0], from_logits=True))
    x = [0.0, 0.0, 2.0, np.nan, 1.0, 0.0]
    y = [0.0, np.nan, 0.0, 1.0, np.e, np.inf]
    np.testing.assert_allclose(xlogy(x, y), [0, np.nan, -np.inf, np.nan, 1, 0], rtol=1e-15)
    np.testing.assert_allclose(rel_entr([0.0, 1, 1, -1, np.nan, 0.5], [0.0, 0, 1, 1, 1, 0.25]),
                               [0, np.inf, 0, np.inf, np.nan, 0.5 * np.log(2)], rtol=1e-15)


def test_axes_masks_and_gradient():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 4, 5))
    assert np.array_equal(entropy(np.moveaxis(z, 1, -1), from_logits=True), entropy(z, from_logits=True, axis=1))
    keep = np.array([True, False, True, True, True])
    for options in ({"from_logits": True}, {"from_logits": True, "where": keep}, {"from_logits": True, "axis": None}):
        value, pull = vjp(entropy, z, **options)
        slopes, direction = pull(np.ones_like(value)), rng.normal(size=z.shape)
        ahead, behind = (entropy(z + s * direction, **options).sum() for s in (1e-5, -1e-5))
        assert (slopes * direction).sum() == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)
    p = rng.dirichlet(np.ones(4), size=3)
    np.testing.assert_allclose(vjp(entropy, p)[1](np.ones(3)), -(np.log(p) + 1), rtol=1e-14)
    assert np.array_equal(kl_divergence(p, p[0]), kl_divergence(p, np.broadcast_to(p[0], p.shape)))


@pytest.mark.parametrize(("dtype", "p", "q", "rtol"), [(np.float32, [0, 0, -60], [1e-4, 0, -120], 1e-3),
                                                      (np.float64, [0, 0, -60], [1e-9, 0, -120], 1e-6),
                                                      (np.float64, [0, 1, -50], [0, 1, 3], 1e-14)])
def test_divergence_of_logits_near_each_other_but_for_a_class_far_below(dtype, p, q, rtol):
    p, q = np.array(p, dtype), np.array(q, dtype)
    with mp.workdps(60):
        a, b = ([mp.exp(mp.mpf(float(v))) for v in row] for row in (p, q))
        a, b = ([v / mp.fsum(row) for v in row] for row in (a, b))
        right = mp.fsum(v * mp.log(v / w) for v, w in zip(a, b, strict=True))
    assert kl_divergence(p, q, from_logits=True) == pytest.approx(float(right), rel=rtol)


def test_divergence_from_a_masked_logit_is_inf_where_the_probability_underflows():
    assert kl_divergence(np.float32([0, -200]), np.float32([0, -np.inf]), from_logits=True) == np.inf


@pytest.mark.parametrize(("dtype", "z"), [(np.float32, [0, 1e-4, 3e-4]), (np.float64, [0, 1e-10, 3e-10])])
def test_gradient_of_entropy_keeps_its_digits_and_its_dtype_near_uniform_rows(dtype, z):
    z = np.array(z, dtype)
    slope = grad(entropy)(z, from_logits=True)
    with mp.workdps(60):
        w = [mp.exp(mp.mpf(float(v))) for v in z]
        p = [v / mp.fsum(w) for v in w]
        h = -mp.fsum(v * mp.log(v) for v in p)
        right = [-v * (mp.log(v) + h) for v in p]
    assert slope.dtype == grad(entropy)(np.array([0.25, 0.75], dtype)).dtype == dtype
    np.testing.assert_allclose(slope.astype(float), np.array(right, float), rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("function", [kl_divergence, js_divergence])
def test_narrow_arrays_keep_their_dtype_from_logits_too(function):
    for dtype in (ml_dtypes.bfloat16, np.float16):
        p, q = np.array([1, 2, 3], dtype), np.array([1, 2, 2], dtype)
        found = function(p, q, from_logits=True)
        assert found.dtype == dtype
        assert found == function(p.astype(np.float32), q.astype(np.float32), from_logits=True).astype(dtype)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e-30), (np.float64, 1e-300)])
def test_terms_of_small_numbers_do_not_cancel(dtype, size):
    p, q = dtype(size), dtype(2 * size)
    right = float(p) * float(np.log(float(p) / float(q)))
    np.testing.assert_allclose(rel_entr(p, q), right, rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_allclose(kl_divergence([p], [q]), right + float(q) - float(p), rtol=8 * np.finfo(dtype).eps)


def test_rows_are_broadcast_to_each_other():
    p, q = np.float32([0.5, 0.5]), np.float32([[0.5, 0.5], [0.25, 0.75]])
    for options in ({}, {"from_logits": True}):
        found = kl_divergence(p, q, **options)
        assert np.array_equal(found, [kl_divergence(p, each, **options) for each in q]) and found.dtype == np.float32
    assert kl_divergence([0.5, 0.5], q).dtype == np.float32


@pytest.mark.parametrize(("call", "message"), [
    (lambda: entropy("a"), r"entropy\(\): p has dtype"),
    (lambda: entropy([0.5], from_logits="a"), r"entropy\(\): from_logits is 'a'; allowed: True, False"),
    (lambda: kl_divergence([0.5, 0.5], [1.0, 0, 0]), r"kl_divergence\(\): q has shape \(3,\); allowed: .* \(2,\)"),
    (lambda: js_divergence([0.5, 0.5], [1.0, 0, 0], from_logits=True), r"js_divergence\(\): q has shape \(3,\)"),
    (lambda: xlogy([1, 2], [1, 2, 3]), r"xlogy\(\): y has shape \(3,\); allowed: .* \(2,\), the shape of x"),
    (lambda: vjp(entropy, [[0.5, 0.5]])[1]([1, 2, 3]), r"pull\(\): g has shape \(3,\); allowed: \(1,\) or \(1, 1\)"),
])
def test_errors_name_the_function_and_what_is_wrong(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_examples_in_docstrings():
    for module in (_entropies, _terms):
        result = doctest.testmod(module)
        assert result.attempted > 0 == result.failed

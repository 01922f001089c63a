"""Fenchel-Young losses of sparsemax and entmax: against their definition in 40 digits, and what only they do."""
import doctest

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from toolkit.gradients import value_and_grad
from toolkit.losses import _entmax_loss, cross_entropy, entmax_loss
from toolkit.softmax import alpha_entmax


def exact(z, y, alpha):
    """``max over p of <p, z> + H(p)`` less z_y, p by bisection for the threshold."""
    label, (values, counts) = mpf(float(z[y])), np.unique(z, return_counts=True)
    with mpmath.workdps(40):
        z, order = [mpf(float(v)) for v in values], mpf(float(alpha)) - 1

        def parts(u):
            if order == 0:
                return [mpmath.exp(v - u) for v in z]
            return [max(1 + order * (v - u), 0) ** (1 / order) for v in z]

        def total(terms):
            return sum(int(n) * term for n, term in zip(counts, terms, strict=True))

        low, high = max(z), max(z) + mpmath.log(sum(map(int, counts))) + 1
        for _ in range(130):
            middle = (low + high) / 2
            low, high = (middle, high) if total(parts(middle)) > 1 else (low, middle)
        p = parts(low)
        if order == 0:
            entropy = -total([part * mpmath.log(part) if part else 0 for part in p])
        else:
            entropy = (1 - total([part ** (order + 1) for part in p])) / (order * (order + 1))
        return float(total([part * v for part, v in zip(p, z, strict=True)]) - label + entropy)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [1.0, 1.25, 1.5, 1.75, 2.0, 3.0, 4.0])
def test_accuracy_of_the_stable_form(alpha, dtype):
    rng, u = np.random.default_rng(0), np.finfo(dtype).eps / 2
    reach = 1 / (alpha - 1) if alpha > 1 else 9.0
    rows = [rng.normal(5, 1, 5), rng.normal(0, 0.01, 20), np.r_[0, np.full(2000, -0.9 * reach)],
            *([0, -reach * (1 - 10.0**-k)] for k in (1, 2, 3, 5)), [1000, 999.5], [0, -20, 3]]
    for z in rows:
        z = np.asarray(z, dtype)
        for y in (int(z.argmax()), len(z) - 1):
            truth = exact(z, y, alpha)
            error = abs(float(entmax_loss(z, y, alpha=alpha)) - truth)
            assert error <= 16 * u * (truth + truth**0.5), (z[:3], y)


def test_a_small_loss_cancels_as_it_is_written():
    z = np.float32([1000, 999.001])
    truth = exact(z, 0, 2.0)
    assert float(entmax_loss(z, 0, alpha=2)) == pytest.approx(truth, rel=1e-6)
    assert not float(entmax_loss(z, 0, alpha=2, form="naive")) > 0


@pytest.mark.parametrize("alpha", [1.25, 1.5, 2.0, 3.0])
def test_from_a_margin_on_the_loss_is_0(alpha):
    gap = 1 / (alpha - 1)
    value, gradient = value_and_grad(entmax_loss)(np.float32([gap, 0, -1]), 0, alpha=alpha)
    assert value == 0 and not gradient.any()
    assert 0 < entmax_loss([0.99 * gap, 0, -1], 0, alpha=alpha)


def test_at_1_it_is_cross_entropy_and_at_2_half_a_square():
    z, y = np.random.default_rng(1).normal(0, 4, (20, 7)), np.arange(20) % 7
    one = entmax_loss(z, y, alpha=1, reduction="none")
    np.testing.assert_allclose(one, cross_entropy(z, y, reduction="none"), rtol=1e-13)
    p = alpha_entmax(z, alpha=2.0)
    inside = p[np.arange(20), y] > 0
    square = ((p - np.eye(7)[y]) ** 2).sum(axis=1) / 2
    two = entmax_loss(z, y, alpha=2, reduction="none")
    assert 0 < inside.sum() < 20
    np.testing.assert_allclose(two[inside], square[inside], rtol=1e-13)
    assert (two[~inside] > square[~inside]).all()


@pytest.mark.parametrize("alpha", [1.0, 1.5, 1.7, 2.0, 3.0])
def test_gradient_is_p_less_the_label(alpha):
    z, h = np.array([1.0, 0.8, 0.3, 0.75]), 1e-6
    for y in range(4):
        gradient = value_and_grad(entmax_loss)(z, y, alpha=alpha)[1]
        np.testing.assert_allclose(gradient, alpha_entmax(z, alpha=alpha) - np.eye(4)[y], atol=1e-15)
        difference = [(entmax_loss(z + step, y, alpha=alpha) - entmax_loss(z - step, y, alpha=alpha)) / (2 * h)
                      for step in h * np.eye(4)]
        np.testing.assert_allclose(gradient, difference, atol=1e-8)


def test_special_rows():
    assert entmax_loss([0, -np.inf], 1) == np.inf and np.isnan(entmax_loss([np.nan, 0], 1))
    assert entmax_loss([3.0], 0) == 0 and entmax_loss([-np.inf, 3.0], 1) == 0
    with pytest.raises(ValueError, match="alpha is 0.5; allowed: a number from 1 to 4"):
        entmax_loss([1.0, 0], 0, alpha=0.5)


def test_examples_in_docstrings():
    result = doctest.testmod(_entmax_loss)
    assert result.attempted > 0 == result.failed

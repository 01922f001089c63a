"""Luce's choice and steps of a utility: reference values, what does not change, gradients."""
import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.losses import cross_entropy
from toolkit.soft_operators import luce_choice, utility_step
from toolkit.softmax import softmax


def test_reference_values():
    u = np.log([0.5, 0.3, 0.2])
    for beta, p in ((0.5, [0.41544591325, 0.321803020654, 0.262751066096]),
                    (2, [0.657894736842, 0.236842105263, 0.105263157895])):
        assert_allclose(luce_choice(u, beta=beta), p, atol=1e-11)
    p = luce_choice([0.5, 0.3, 0.2], beta=10)
    assert_allclose(p, [0.843794734481, 0.114195199385, 0.0420100661341], atol=1e-12)
    z, surprises = np.array([2.0, 1.0, 0.0]), [2.40760596444, 1.77283603464, 1.26793067101]
    for utilities, surprise in zip(([2, 1, 0], [1.66737952211, 0.877635764473, 0.454984713415],
                                    [1.38190097852, 0.748039609528, 0.870059411953]), surprises, strict=True):
        assert_allclose(z, utilities, atol=1e-11)
        assert_allclose(cross_entropy(z, 2), surprise, atol=1e-11)
        z = utility_step(z, 2, eta=0.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_against_many_digits(dtype):
    rng = np.random.default_rng(0)
    for classes in (1, 2, 10, 100):
        for scale in (0.1, 3, 40):
            z, y = (scale * rng.normal(size=classes)).astype(dtype), int(rng.integers(classes))
            for eta in (0.25, 2.0):
                found = utility_step(z, y, eta=eta)
                with mpmath.workdps(40):
                    shares = [mpmath.exp(mpmath.mpf(float(v))) for v in z]
                    total = mpmath.fsum(shares)
                    for k, (before, after) in enumerate(zip(z, found, strict=True)):
                        exact = mpmath.mpf(float(before)) + eta * ((k == y) - shares[k] / total)
                        assert abs(exact - float(after)) <= 3 * float(np.finfo(dtype).eps) * (abs(before) + eta)
                assert found.dtype == dtype


def test_beta_of_both_ends_and_of_two_steps():
    z = np.random.default_rng(1).normal(size=(4, 6))
    assert_array_equal(luce_choice(z, beta=0), np.full((4, 6), luce_choice(np.zeros(6))[0]))
    assert_array_equal(luce_choice(z, beta=np.inf).argmax(axis=1), z.argmax(axis=1))
    assert_allclose(luce_choice(np.log(luce_choice(z, beta=0.7)), beta=3), luce_choice(z, beta=2.1), rtol=1e-13)
    for beta in (0.1, 1, 10):
        assert_array_equal(luce_choice(np.tanh(z), beta=beta).argmax(axis=1), z.argmax(axis=1))
    assert_array_equal(luce_choice([0.0, -np.inf, 1.0], beta=0), [0.5, 0, 0.5])


def test_long_sequences_do_not_vanish():
    z = np.float32([-800, -801])
    assert np.exp(z).sum() == 0
    assert_allclose(luce_choice(z), [0.731059, 0.268941], rtol=1e-5)


def test_it_ends_where_the_shares_are_the_frequencies():
    z, f = np.zeros(3), np.array([0.5, 0.3, 0.2])
    for _ in range(500):
        z = utility_step(z, f)
    assert_allclose(softmax(z), f, atol=1e-12)
    assert_allclose(utility_step(z, f), z, atol=1e-12)


def test_surprise_falls_up_to_a_step_of_two():
    z = 3 * np.random.default_rng(2).normal(size=(200, 5))
    y = np.arange(200) % 5
    before = cross_entropy(z, y, reduction="none")
    for eta in (0.5, 1.0, 2.0):
        assert (cross_entropy(utility_step(z, y, eta=eta), y, reduction="none") < before).all()


def test_gradients_against_differences():
    rng, h = np.random.default_rng(3), 1e-5
    z, g = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    for function, given, options in ((luce_choice, (), {"beta": 1.7}), (utility_step, ([0, 3],), {"eta": 0.8})):
        _, pull = vjp(function, z, *given, **options)
        found = pull(g)
        for at in np.ndindex(z.shape):
            ahead, behind = z.copy(), z.copy()
            ahead[at] += h
            behind[at] -= h
            change = (g * (function(ahead, *given, **options) - function(behind, *given, **options))).sum() / (2 * h)
            assert_allclose(found[at], change, atol=1e-9)
    _, pull = vjp(luce_choice, z, beta=1.7, of="beta")
    change = (g * (luce_choice(z, beta=1.7 + h) - luce_choice(z, beta=1.7 - h))).sum() / (2 * h)
    assert_allclose(pull(g), change, rtol=1e-8)


def test_labels_that_are_none():
    with pytest.raises(ValueError, match="y has 3; allowed: labels from 0 to 2"):
        utility_step([0.0, 1, 2], 3)
    with pytest.raises(ValueError, match=r"y has shape \(2,\); allowed: labels, or \(3,\) of numbers >= 0"):
        utility_step([0.0, 1, 2], [0.5, 0.5])

"""Schedules, the bound of the last step, and refined schedules: published values, closed forms and many digits."""
from fractions import Fraction

import numpy as np
import pytest

from toolkit.optimizers import best_rate, last_iterate_bound, refined_schedule, schedule

# (rate, bound) at T = 400 and 4000, D = G = 1: those of the authors' package, to 12 digits.
PUBLISHED = {
    ("constant", 0.0): (.018175895078, .137544808073, .005032529647, .049676806207),
    ("inverse_root", 0.0): (.212085581604, .122264273251, .183667585046, .043543484755),
    ("cooldown", 0.2): (.025373661417, .109323012489, .008118293826, .034211523853),
    ("cooldown", 0.5): (.032490867838, .102422226401, .010358149544, .032175417589),
    ("cosine", 0.0): (.048241886844, .103385905867, .015340247961, .032585850797),
    ("root_cooldown", 1.0): (.073797056192, .101242596936, .023525493509, .031868279978),
    ("linear", 0.0): (.049563130691, .100629865436, .015792895317, .031651892905),
}


def test_shapes():
    np.testing.assert_allclose(schedule("cosine", 4), [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5], rtol=1e-15)
    np.testing.assert_allclose(schedule("inverse_root", 4), 1 / np.sqrt([1, 2, 3, 4]), rtol=1e-15)
    np.testing.assert_allclose(schedule("cooldown", 9, cooldown=0.4), [1, 1, 1, 1, 1, 1, .75, .5, .25], rtol=1e-15)
    np.testing.assert_allclose(schedule("root_cooldown", 9, cooldown=0.4)[-3:], 1 - np.sqrt([.25, .5, .75]),
                               rtol=1e-15)
    for name in ("constant", "linear", "cosine", "inverse_root", "cooldown", "root_cooldown"):
        rates = schedule(name, 1000, cooldown=0.3)
        assert rates[0] == 1 and (np.diff(rates) <= 0).all() and rates[-1] > 0
    np.testing.assert_array_equal(schedule("cooldown", 7, cooldown=0), 1)
    np.testing.assert_allclose(schedule("cooldown", 7, cooldown=1), schedule("linear", 7), rtol=1e-15)


@pytest.mark.parametrize("name, share", PUBLISHED)
def test_best_rates_and_bounds_are_the_published_ones(name, share):
    few, low, many, lower = PUBLISHED[name, share]
    for steps, expected in ((400, (few, low)), (4000, (many, lower))):
        rates = schedule(name, steps, cooldown=share)
        np.testing.assert_allclose(best_rate(rates), expected, rtol=2e-9)
        np.testing.assert_allclose(last_iterate_bound(expected[0] * rates), expected[1], rtol=2e-9)


def exact_bound(rates, norms, distance):
    """The formula in rational arithmetic."""
    e, g = [Fraction(x) for x in rates], [Fraction(x) for x in norms]
    squares = [a * a * b * b for a, b in zip(e, g)]
    whole = sum(e)
    third = sum(e[k] / sum(e[k + 1:]) * sum(squares[k:]) / sum(e[k:]) for k in range(len(e) - 1))
    return Fraction(distance) ** 2 / (2 * whole) + sum(squares) / (2 * whole) + third / 2


def test_bounds_in_rational_arithmetic():
    rng = np.random.default_rng(3)
    for count in (1, 2, 5, 40):
        rates, norms = rng.uniform(0.01, 1, count), rng.uniform(0.1, 3, count)
        found = last_iterate_bound(rates, gradients=norms, distance=0.7)
        assert found == pytest.approx(float(exact_bound(rates, norms, 0.7)), rel=1e-14)
        rate, bound = best_rate(rates, gradients=norms, distance=0.7)
        assert bound == pytest.approx(float(exact_bound(rate * rates, norms, 0.7)), rel=1e-14)
        for other in (0.9, 1.1):
            assert last_iterate_bound(other * rate * rates, gradients=norms, distance=0.7) > bound


def test_the_constant_schedule_has_a_closed_form():
    for steps in (1, 4, 400, 4000):
        harmonic = sum(1 / k for k in range(1, steps))
        rate, bound = best_rate(np.ones(steps), gradients=2.0, distance=3.0)
        np.testing.assert_allclose(bound, 6 * np.sqrt((1 + harmonic) / steps), rtol=1e-14)
        np.testing.assert_allclose(rate, 1.5 / np.sqrt(steps * (1 + harmonic)), rtol=1e-14)


def test_steps_of_zero_at_the_end_move_nothing():
    rates = schedule("cosine", 50)
    assert last_iterate_bound([*rates, 0.0, 0.0]) == last_iterate_bound(rates)
    assert last_iterate_bound([0.0, 0.0]) == np.inf
    assert np.isfinite(last_iterate_bound([0.0, 1.0, 0.0, 1.0]))
    assert last_iterate_bound(np.ones((2, 3, 4))).shape == (2, 3)


@pytest.mark.parametrize("norms, expected", [
    ((1, 1, 1, 1, 1), (.8, .6, .4, .2, 0)), ((4, 2, 1, 1, 1), (.0613, .2264, .6038, .3019, 0)),
    ((1, 1, 1, 2, 4), (.6981, .3962, .0943, .0047, 0))])
def test_refined_schedules_are_the_published_ones(norms, expected):
    np.testing.assert_allclose(refined_schedule(norms, scale=False), expected, atol=5e-5)
    for factor in (1e-150, 1.0, 1e150):
        found = refined_schedule(factor * np.array(norms))
        np.testing.assert_allclose(found, np.array(expected) / max(expected), atol=2e-4)
    weights = [1 / Fraction(n) for n in norms]
    exact = [w * sum(weights[t + 1:]) / sum(weights) for t, w in enumerate(weights)]
    np.testing.assert_allclose(refined_schedule(norms, per_entry=True, scale=False), np.array(exact, float), rtol=1e-15)


def test_norms_that_fall_and_rise_ask_for_a_warm_up_and_a_decay():
    norms = np.concatenate([np.linspace(4, 1, 11), np.linspace(1, 2, 90)[1:]])
    rates = refined_schedule(norms[:100])
    assert rates.argmax() in (9, 10)
    np.testing.assert_allclose(rates[[0, 5, 50]], [.067, .172, .181], atol=5e-3)


def test_a_median_forgets_one_tiny_norm():
    norms = np.ones(101)
    norms[50] = 1e-6
    assert refined_schedule(norms).argmax() == 50
    np.testing.assert_allclose(refined_schedule(norms, smoothing=0.03), refined_schedule(np.ones(101)), rtol=1e-14)
    rng = np.random.default_rng(0)
    noisy = rng.exponential(size=60) + 0.1
    mirrored = np.concatenate([noisy[1:7][::-1], noisy, noisy[-7:-1][::-1]])
    smooth = [np.median(mirrored[t:t + 13]) for t in range(60)]
    np.testing.assert_allclose(refined_schedule(noisy, smoothing=0.2), refined_schedule(smooth), rtol=1e-13)

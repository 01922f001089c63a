"""Steps of mirror descent against the definition in many digits, reference values and what theory says of a game."""
import inspect

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import toolkit
from toolkit.catalog import get_method
from toolkit.soft_operators import exponentiated_gradient_step, optimistic_gradient_step

GAME = np.array([[0.0, -1, 2], [1, 0, -1], [-2, 1, 0]])
X0, Y0 = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.5, 0.3])


def exact(z, change):
    """Log-probabilities of ``z - change`` by 50 digits."""
    with mpmath.workdps(50):
        moved = [mpmath.mpf(float(a)) - c for a, c in zip(z, change, strict=True)]
        total = mpmath.log(mpmath.fsum(map(mpmath.exp, moved)))
        return [a - total for a in moved]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("function", "epsilons"), [(exponentiated_gradient_step, 6), (optimistic_gradient_step, 8)])
def test_steps_against_many_digits(function, epsilons, dtype):
    assert f"within {epsilons} epsilon of the largest" in " ".join(inspect.getdoc(function).split())
    rng, optimistic = np.random.default_rng(0), function is optimistic_gradient_step
    for spread in (0.1, 1, 10, 300):
        for size in (2, 3, 40):
            z, g, before = (rng.normal(0, spread, size).astype(dtype) for _ in range(3))
            rate = float(dtype(rng.uniform(0, 2)))
            found = function(z, g, before, rate=rate) if optimistic else function(z, g, rate=rate)
            long = [[mpmath.mpf(float(v)) for v in row] for row in (g, before)]
            change = [rate * (2 * a - b if optimistic else a) for a, b in zip(*long, strict=True)]
            of_each = abs(z) + rate * (2 * abs(g) + abs(before) if optimistic else abs(g))
            right = exact(z, change)
            allowed = epsilons * np.finfo(dtype).eps * (of_each.max() + np.abs(np.array(right, float)))
            assert found.dtype == dtype
            assert (np.abs([float(a - b) for a, b in zip(map(float, found), right, strict=True)]) <= allowed).all()


def test_reference_values():
    step = exponentiated_gradient_step(np.log([0.5, 0.3, 0.2]), [1, 0, -1], rate=0.5)
    assert_allclose(np.exp(step), [0.325039887112, 0.321540105424, 0.353420007464], atol=1e-12)


def play(rounds, rate, optimistic):
    """The gap of the last weights of both players, and of their mean."""
    logs, before, total = [np.log(X0), np.log(Y0)], [0.0, 0.0], np.zeros((2, 3))
    for _ in range(rounds):
        x, y = np.exp(logs)
        total += [x, y]
        slopes = GAME @ y, -GAME.T @ x
        for i, g in enumerate(slopes):
            logs[i] = (optimistic_gradient_step(logs[i], g, before[i] + 0 * g, rate=rate) if optimistic
                       else exponentiated_gradient_step(logs[i], g, rate=rate))
        before = slopes
    gaps = [(GAME.T @ x).max() - (GAME @ y).min() for x, y in (np.exp(logs), total / rounds)]
    return gaps, np.exp(logs)


def test_a_game_of_a_thousand_rounds():
    """The weights played last by the plain rule are walking away, those of the optimistic one closing in."""
    assert play(999, 0.1, False)[0][0] == pytest.approx(2.045457011, abs=1e-9)
    assert play(999, 0.1, True)[0][0] == pytest.approx(0.07944996669, abs=1e-11)


def test_the_optimistic_rule_ends_at_the_equilibrium():
    (last, mean), (x, y) = play(3000, 0.3, True)
    assert last < 1e-10 < mean < 0.01
    assert_allclose([x, y], [[0.25, 0.5, 0.25]] * 2, atol=1e-10)


def test_two_sequences_are_one():
    """``softmax(L - rate m)`` with m the gradient before: the form with gathered gradients."""
    rng = np.random.default_rng(1)
    gradients, gathered, logs, before = rng.normal(size=(20, 4)), np.zeros(4), np.full(4, np.log(0.25)), np.zeros(4)
    for g in gradients:
        gathered -= 0.3 * g
        logs, before = optimistic_gradient_step(logs, g, before, rate=0.3), g
        played = gathered - 0.3 * g
        assert_allclose(logs, played - np.log(np.exp(played).sum()), atol=1e-13)


def test_a_perfect_guess_leaves_little_regret():
    """With the next gradient as the guess, the regret is at most ``log K / rate``."""
    rng, rate = np.random.default_rng(2), 0.2
    gradients = rng.normal(size=(300, 5))
    logs, paid = np.zeros(5), 0.0
    for g in gradients:
        paid += np.exp(exponentiated_gradient_step(logs, g, rate=rate)) @ g
        logs = exponentiated_gradient_step(logs, g, rate=rate)
    assert paid - gradients.sum(axis=0).min() <= np.log(5) / rate


def test_invariants():
    z, g, before = np.random.default_rng(3).normal(size=(3, 6, 4))
    step = exponentiated_gradient_step(z, g, rate=0.7)
    assert_allclose(np.exp(step).sum(axis=1), 1, rtol=1e-14)
    assert_allclose(exponentiated_gradient_step(z, g + 3, rate=0.7), step, atol=1e-14)
    assert_allclose(np.exp(exponentiated_gradient_step(step, g, rate=0.0)), np.exp(step), rtol=1e-14)
    assert_allclose(optimistic_gradient_step(z, g, g, rate=0.7), step, atol=1e-14)
    assert_allclose(exponentiated_gradient_step(z, g, form="naive", rate=0.7), step, atol=1e-13)
    assert_array_equal(exponentiated_gradient_step(z.T, g.T, axis=0, rate=0.7).T, step)
    keep = np.array([True, True, False, True])
    masked = exponentiated_gradient_step(z, g, where=keep)
    assert (masked[:, 2] == -np.inf).all()
    assert_array_equal(masked[:, keep], exponentiated_gradient_step(z[:, keep], g[:, keep]))
    assert optimistic_gradient_step(z, g, before, format="float16").dtype == np.float64


def test_the_naive_form_loses_weights_for_good():
    z, g = np.zeros(2, np.float32), np.array([0, 120], np.float32)
    with pytest.warns(RuntimeWarning, match=r"exponentiated_gradient_step\(form='naive'\) lost weights in 1 of 1 rows"):
        down = exponentiated_gradient_step(z, g, rate=1.0, form="naive")
    assert down[1] == -np.inf and exponentiated_gradient_step(down, -g, rate=1.0)[1] == -np.inf
    stable = exponentiated_gradient_step(exponentiated_gradient_step(z, g, rate=1.0), -g, rate=1.0)
    assert_allclose(stable, [-np.log(2)] * 2, rtol=1e-5)


def test_special_values():
    for function, more in ((exponentiated_gradient_step, ()), (optimistic_gradient_step, ([0.0, 0, 0],))):
        out = function([[0.0, -np.inf, 1], [0, np.nan, 1], [0, 1, 2]], [[1.0, 5, 1], [0, 0, 0], [np.nan, 0, 0]], *more)
        assert out[0, 1] == -np.inf and np.isfinite(out[0, [0, 2]]).all() and np.isnan(out[1:]).all()
        assert function(np.zeros((0, 3)), np.zeros((0, 3)), *(np.zeros((0, 3)),) * len(more)).shape == (0, 3)
        half = function(np.zeros(3, np.float16), np.ones(3, np.float16), *(np.zeros(3, np.float16),) * len(more))
        assert half.dtype == np.float16
        with pytest.raises(ValueError, match="z has shape"):
            function(np.zeros(0), np.zeros(0), *(np.zeros(0),) * len(more))


@pytest.mark.parametrize("name", ["exponentiated_gradient_step", "optimistic_gradient_step"])
def test_gradients_against_differences(name):
    method, rng = get_method(name), np.random.default_rng(4)
    given = [rng.normal(size=(2, 4)) for _ in range(len(method.example()))]
    u, keep = rng.normal(size=(2, 4)), np.array([True, False, True, True])
    for i, of in enumerate(("z", "g", "before")[:len(given)]):
        for where in (None, keep):
            options, total = {"rate": 0.4, "where": where}, []
            _, pull = toolkit.vjp(method.function, *given, of=of, **options)
            for k in np.ndindex(2, 4):
                values = []
                for step in (1e-5, -1e-5):
                    moved = [each.copy() for each in given]
                    moved[i][k] += step
                    values.append(np.where(True if where is None else keep, method.function(*moved, **options), 0) * u)
                total.append((values[0] - values[1]).sum() / 2e-5)
            assert_allclose(pull(u), np.reshape(total, (2, 4)), atol=1e-9)


@pytest.mark.parametrize("name", ["exponentiated_gradient_step", "optimistic_gradient_step"])
def test_the_row_of_the_register_plays_the_game(name):
    method = get_method(name)
    gaps = method.run(9999, 0.1)
    assert gaps[0] == pytest.approx((GAME.T @ X0).max() - (GAME @ Y0).min())
    if name == "optimistic_gradient_step":
        assert gaps[999] == pytest.approx(0.07944996669, abs=1e-11) and gaps[-1] < 1e-10
    else:
        assert gaps[999] == pytest.approx(2.045457011, abs=1e-9)
        assert gaps[-1] == pytest.approx(1.999888301, abs=1e-6)

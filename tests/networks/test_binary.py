"""Training of a perceptron of bits: its gradient where the bits are waves, and that it learns digits."""
import numpy as np
import pytest
from sklearn.datasets import load_digits

from toolkit.activations import biper_sine, periodic_penalty
from toolkit.networks import binary
from toolkit.networks.binary import fit_binary
from toolkit.networks.plan import bias_of, plan_of, weights_of

X, Y = load_digits(return_X_y=True)
X = X / 16


def loss(x, y, weights, factors, penalty):
    hidden = np.maximum(x @ biper_sine(weights[0], omega=5.0) * factors[0], 0)
    z = hidden @ biper_sine(weights[1], omega=5.0) * factors[1]
    more = sum(periodic_penalty(w, omega=5.0, strength=penalty) for w in weights)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])), float(more)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_gradients_of_the_first_stage_against_differences(penalty):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
    given = {"n_train": 9, "n_all": 9, "arity": 0, "sizes": (4, 5, 3), "activation": "relu"}
    plan, behind = plan_of(**given, biased=False), plan_of(**given, biased=True)
    parameters, grads = np.zeros((2, (5 + 6) * 16))
    arrays = [weights_of(parameters, behind, 1)[:, :5], weights_of(parameters, behind, 2)[:, :3],
              bias_of(parameters, behind, 1)[:5], bias_of(parameters, behind, 2)[:3]]
    found = [weights_of(grads, behind, 1)[:, :5], weights_of(grads, behind, 2)[:, :3],
             bias_of(grads, behind, 1)[:5], bias_of(grads, behind, 2)[:3]]
    for array in arrays[:2]:
        array[:] = rng.normal(size=array.shape) / 5
    for array in arrays[2:]:
        array[:] = rng.uniform(0.5, 1, array.shape)
    code = tuple(binary.CODES).index("biper_sine")
    said = binary.gradient_of_bits(plan, behind, code, 5.0, penalty, parameters, x, y,
                                   np.zeros(binary.room_for(plan)), grads)
    assert abs(said - loss(x, y, arrays[:2], arrays[2:], penalty)[0]) < 1e-14
    for array, slopes in zip(arrays, found, strict=True):
        for at in np.ndindex(array.shape):
            ends, here = [], array[at]
            for step in (1e-6, -1e-6):
                array[at] = here + step
                ends.append(sum(loss(x, y, arrays[:2], arrays[2:], penalty)))
            array[at] = here
            assert abs(slopes[at] - (ends[0] - ends[1]) / 2e-6) < 1e-6


def test_the_first_step_is_adam_on_the_gradient():
    still, moved = (fit_binary(X[:64], Y[:64], code="sign", number=1.0, lr=lr, epochs=1, width=8)
                    for lr in (0.0, 0.01))
    steps = np.abs(moved.parameters - still.parameters) / 0.01
    assert (steps < 1.001).all() and np.mean(np.abs(steps - 1) < 0.001) > 0.3


@pytest.mark.parametrize(("code", "number"), [("biper", 20.0), ("sign", 1.0)])
def test_bits_learn_digits_and_settle(code, number):
    run = fit_binary(X[:800], Y[:800], code=code, number=number, lr=0.002, epochs=8)
    assert (run.logits(X[800:], code, number).argmax(axis=1) == Y[800:]).mean() > 0.8
    assert run.flips[-1] < run.flips[0]
    before = run.parameters.copy()
    again = fit_binary(X[:800], Y[:800], code=code, number=number, lr=0.002, epochs=1, start=run)
    assert (run.parameters == before).all() and (again.parameters != before).any()
    same = fit_binary(X[:800], Y[:800], code=code, number=number, lr=0.002, epochs=8)
    assert (same.parameters == before).all()


def test_the_penalty_moves_weights_by_its_sign():
    sizes = [np.mean(np.sin(20 * fit_binary(X[:300], Y[:300], code="biper_sine", epochs=6, penalty=penalty).numbers[0])
                     ** 2) for penalty in (1.0, 0.0, -1.0)]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize(("given", "message"), [
    ({"code": "plain"}, "code"), ({"number": 0.0}, "number"), ({"batch": 99}, "batch"),
    ({"code": "sign", "penalty": 0.1}, "penalty"), ({"lr": -1.0}, "lr")])
def test_what_is_not_allowed(given, message):
    with pytest.raises(ValueError, match=f"{message} is"):
        fit_binary(X[:20], Y[:20], **({"batch": 10} | given))

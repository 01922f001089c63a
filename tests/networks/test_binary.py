"""Training of a perceptron of bits: its gradient where the bits are waves, and that it learns digits."""
import numpy as np
from sklearn.datasets import load_digits

from toolkit.activations import biper, biper_sine, straight_through_sign
from toolkit.networks.binary import BinaryRun, gradients, train_binary


def loss(x, y, weights, factors):
    z = BinaryRun(weights, factors, []).logits(x, biper_sine, omega=5.0)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def test_gradients_of_the_first_stage_against_differences():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
    arrays = [rng.normal(size=(4, 5)) / 5, rng.normal(size=(5, 3)) / 5, rng.uniform(0.5, 1, 5), rng.uniform(0.5, 1, 3)]
    found = sum(gradients(x, y, arrays[:2], arrays[2:], biper_sine, {"omega": 5.0}), [])
    for place, given in enumerate(arrays):
        for at in np.ndindex(given.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [each.copy() for each in arrays]
                moved[place][at] += step
                ends.append(loss(x, y, moved[:2], moved[2:]))
            assert abs(found[place][at] - (ends[0] - ends[1]) / 2e-6) < 1e-6


def test_bits_learn_digits_and_settle():
    x, y = load_digits(return_X_y=True)
    x = x / 16
    for bit, options in ((biper, {"omega": 20.0}), (straight_through_sign, {})):
        run = train_binary(x[:800], y[:800], bit=bit, lr=0.002, epochs=8, **options)
        assert (run.logits(x[800:], bit, **options).argmax(axis=1) == y[800:]).mean() > 0.8
        assert run.flips[-1] < run.flips[0]
        again = train_binary(x[:800], y[:800], bit=bit, lr=0.002, epochs=1, start=run, **options)
        assert again.weights[0] is not run.weights[0]


def test_the_penalty_moves_weights_by_its_sign():
    x, y = load_digits(return_X_y=True)
    sizes = [np.mean(np.sin(20 * train_binary(x[:300] / 16, y[:300], bit=biper_sine, lr=0.002, epochs=6, omega=20.0,
                                              penalty=penalty).weights[0]) ** 2) for penalty in (1.0, 0.0, -1.0)]
    assert sizes[0] < sizes[1] < sizes[2]

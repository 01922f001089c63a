"""Tables of the tasks, splits of their rows, and the random numbers behind them."""
import numpy as np
import pytest

from toolkit._core import random as _random
from toolkit.elementary.normal import standard_normal
from toolkit.networks.initial import fill_weights
from toolkit.networks.plan import n_parameters, plan_of
from toolkit.training.task_rows import OPERATIONS, fill_modular, fill_parity, shuffle_rows


def generator(seed=0, stream=0):
    state = np.zeros(1, np.uint64)
    _random.seeded(state, seed, stream)
    return state


def draw(function, count, state, *arguments):
    return np.array([function(state, *arguments) for _ in range(count)])


# ---- random numbers

# Reference outputs of splitmix64.c (Vigna, https://prng.di.unimi.it/splitmix64.c), which adds the golden ratio and
# hashes, as widely published for these seeds.
SPLITMIX64 = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
    1234567: [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
              16408922859458223821],
}


@pytest.mark.parametrize("seed", SPLITMIX64)
def test_generator_is_splitmix64(seed):
    state = np.array([seed], np.uint64)
    for expected in SPLITMIX64[seed]:
        assert _random.uniform(state) == (expected >> 11) * 2.0**-53
        assert int(_random.mixed(state[0])) == expected


def test_uniform_numbers_fill_the_unit_interval_evenly():
    x = draw(_random.uniform, 40000, generator(3, 2))
    counts = np.bincount((x * 100).astype(int), minlength=100)
    assert 0 <= x.min() and x.max() < 1
    assert 60 < np.sum((counts - 400.0) ** 2 / 400) < 145, "chi-square of 99 degrees: within 1e-3 of either end"
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.02
    last_bits = (x * 2.0**53).astype(np.int64) & 1
    assert abs(last_bits.mean() - 0.5) < 0.01, "53 random bits, to the last"


def test_normal_numbers_have_the_moments_of_the_bell():
    x = draw(standard_normal, 40000, generator(4, 2))
    assert abs(x.mean()) < 0.02 and abs(x.var() - 1) < 0.03
    assert abs(np.mean(x**3)) < 0.06 and abs(np.mean(x**4) - 3) < 0.2
    assert abs(np.mean(np.abs(x) < 0.6744897501960817) - 0.5) < 0.01 and 3.5 < np.abs(x).max() < 6


def test_integers_below_n_are_even():
    x = draw(_random.below, 21000, generator(5, 2), 7)
    counts = np.bincount(x, minlength=7)
    assert counts.size == 7 and np.sum((counts - 3000.0) ** 2 / 3000) < 22.5


def test_streams_and_seeds_are_unlike_each_other():
    firsts = np.array([draw(_random.uniform, 200, generator(seed, stream))
                       for seed in (0, 1, 2, 2**62) for stream in range(6)])
    assert np.unique(firsts).size == firsts.size
    correlations = np.corrcoef(firsts)[np.triu_indices(len(firsts), 1)]
    assert np.abs(correlations).max() < 0.3 and abs(correlations.mean()) < 0.02
    np.testing.assert_array_equal(draw(_random.uniform, 5, generator(7, 1)), draw(_random.uniform, 5, generator(7, 1)))


def test_shuffle_gives_each_permutation_its_share():
    state, counts = generator(6, 2), {}
    for _ in range(6000):
        order = np.arange(4)
        _random.shuffle(order, state)
        counts[tuple(order)] = counts.get(tuple(order), 0) + 1
    assert len(counts) == 24
    assert sum((n - 250) ** 2 / 250 for n in counts.values()) < 50, "chi-square of 23 degrees: below 1e-3 of its tail"


# ---- rows

def modular(task, p):
    n = p * (p - 1 if task == "divide" else p)
    inputs, labels = np.full(2 * n, -7, np.int32), np.full(n, -7, np.int32)
    fill_modular(OPERATIONS[task], p, inputs, labels)
    return inputs.reshape(n, 2), labels


@pytest.mark.parametrize("p", [2, 3, 31, 113])
@pytest.mark.parametrize("task", OPERATIONS)
def test_tables_hold_every_pair_once_with_its_label(task, p):
    inputs, labels = modular(task, p)
    a, b = inputs[:, 0].astype(int), inputs[:, 1].astype(int) - p
    assert a.min() == 0 and a.max() == p - 1 and b.min() == (task == "divide") and b.max() == p - 1
    assert np.unique(a * p + b).size == labels.size
    if task == "divide":
        np.testing.assert_array_equal((labels * b) % p, a)
        assert labels.min() == 0 and labels.max() < p
    else:
        rule = {"add": a + b, "subtract": a - b, "multiply": a * b}[task]
        np.testing.assert_array_equal(labels, rule % p)
    counts = np.bincount(labels, minlength=p)
    if task == "multiply":
        assert counts[0] == 2 * p - 1 and np.all(counts[1:] == p - 1)
    else:
        assert np.all(counts == (p - 1 if task == "divide" else p))


def parity(relevant, bits, samples, seed):
    inputs, labels = np.full(bits * samples, -7, np.int32), np.full(samples, -7, np.int32)
    fill_parity(relevant, bits, generator(seed, 0), inputs, labels)
    return inputs.reshape(samples, bits), labels


@pytest.mark.parametrize(("relevant", "bits", "samples"), [(3, 43, 2000), (1, 5, 16), (8, 8, 128)])
def test_parity_rows_are_distinct_and_labelled_right(relevant, bits, samples):
    inputs, labels = parity(relevant, bits, samples, 1)
    on = inputs >= 0
    assert np.all(inputs[on] == np.broadcast_to(np.arange(bits), inputs.shape)[on]) and np.all(inputs[~on] == -1)
    assert np.unique(on, axis=0).shape[0] == samples
    np.testing.assert_array_equal(labels, on[:, :relevant].sum(axis=1) % 2)
    if samples == 2000:
        assert abs(on.mean() - 0.5) < 0.01 and np.abs(on.mean(axis=0) - 0.5).max() < 0.05
        assert abs(labels.mean() - 0.5) < 0.05


def test_a_split_is_a_permutation_of_rows_with_their_labels():
    inputs, labels = modular("add", 31)
    flat, moved = inputs.reshape(-1).copy(), labels.copy()
    shuffle_rows(flat, moved, 2, generator(0, 1))
    rows = flat.reshape(-1, 2)
    np.testing.assert_array_equal((rows[:, 0] + rows[:, 1] - 31) % 31, moved)
    keys = rows[:, 0] * 100 + rows[:, 1]
    assert set(keys) == set(inputs[:, 0] * 100 + inputs[:, 1]) and np.unique(keys).size == 961
    assert np.mean(keys == inputs[:, 0] * 100 + inputs[:, 1]) < 0.01
    other, labels = modular("add", 31)
    other = other.reshape(-1).copy()
    shuffle_rows(other, labels, 2, generator(1, 1))
    assert np.mean(other == flat) < 0.1, "another seed, another split"


def test_a_split_keeps_long_rows_together():
    inputs, labels = parity(2, 6, 20, 3)
    flat, moved = inputs.reshape(-1).copy(), labels.copy()
    shuffle_rows(flat, moved, 6, generator(0, 1))
    before = {tuple(row): label for row, label in zip(inputs, labels, strict=True)}
    assert before == {tuple(row): label for row, label in zip(flat.reshape(-1, 6), moved, strict=True)}


# ---- initial weights

def initial(sizes, biased=False, seed=0, gain=1.0):
    plan = plan_of(n_train=1, n_all=2, arity=2, sizes=sizes, biased=biased, activation="relu")
    parameters = np.full(n_parameters(plan), 0.0, np.float32)
    fill_weights(plan, parameters, seed, gain, np.zeros(1, np.uint64))
    tensors, start = [], 0
    for fan_in, units in zip(sizes[:-1], sizes[1:], strict=True):
        width = -(-units // 16) * 16
        for rows in (fan_in, 1) if biased else (fan_in,):
            block = parameters[start:start + rows * width].reshape(rows, width)
            assert np.all(block[:, units:] == 0.0), "padding"
            tensors.append(block[:, :units])
            start += rows * width
    assert start == parameters.size
    return tensors


def test_initial_weights_are_those_of_pytorch():
    """U(-1, 1) / sqrt(fan_in): norms sqrt(fan_out / 3), 8.165, 8.165 and 6.137, with a deviation of 0.45 / sqrt(n)."""
    for seed in range(3):
        tensors = initial((226, 200, 200, 113), seed=seed)
        for w, fan_in, norm in zip(tensors, (226, 200, 200), (8.165, 8.165, 6.137), strict=True):
            assert np.linalg.norm(w) == pytest.approx(norm, rel=4 * 0.45 / np.sqrt(w.size))
            bound = fan_in**-0.5
            assert np.abs(w).max() <= np.float32(bound) and np.abs(w).max() > 0.999 * bound
            counts = np.histogram(w, 20, (-bound, bound))[0]
            assert np.sum((counts - w.size / 20) ** 2 / (w.size / 20)) < 44, "chi-square of 19 degrees, tail 1e-3"
    assert np.abs(np.corrcoef(tensors[1].ravel(), tensors[0].ravel()[:40000])[0, 1]) < 0.02


def test_initial_biases_gain_and_seeds():
    one, again, other = initial((20, 30, 7), True, 5), initial((20, 30, 7), True, 5), initial((20, 30, 7), True, 6)
    assert [t.shape for t in one] == [(20, 30), (1, 30), (30, 7), (1, 7)]
    for a, b, c in zip(one, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.any(a == c)
    assert np.abs(one[1]).max() <= 20**-0.5 and np.abs(one[3]).max() <= 30**-0.5
    np.testing.assert_allclose(initial((20, 30, 7), True, 5, 4.0)[2], 4 * one[2], rtol=1e-6)
    np.testing.assert_array_equal(initial((20, 30, 7), False, 5)[1], one[2], "biases take no stream of the weights")

"""Sparse codes and dictionaries: against NumPy, against conditions of the least, and the table of a demonstration."""
import numpy as np
import pytest

from toolkit import activations, catalog
from toolkit.networks import learn_dictionary, sparse_code

RNG = np.random.default_rng(0)
ATOMS = RNG.normal(size=(32, 128))
ATOMS /= np.linalg.norm(ATOMS, axis=0)
PRICES = {"l1": 0.1, "l0": 0.1, "half": 0.1, "mcp": 0.3, "scad": 0.2, "cel0": 0.05}
SHAPES = {"mcp": 3.0, "scad": 3.7, "cel0": 1.0}


def signals(count, rng):
    codes = np.zeros((count, 128))
    for code in codes:
        code[rng.choice(128, 4, replace=False)] = rng.choice([-1, 1], 4) * rng.uniform(0.5, 1.5, 4)
    clean = codes @ ATOMS.T
    return codes, clean, clean + 0.05 * rng.normal(size=clean.shape)


def threshold(name, x, lam, step):
    """Of a share `step` of the penalty."""
    if name == "mcp":
        return activations.mcp_threshold(x, lam=step * lam, gamma=3 / step)
    if name == "scad":
        t = np.abs(x)
        ramp = ((2.7 * t) - step * 3.7 * lam) / (2.7 - step)
        soft, beyond = np.maximum(t - step * lam, 0), np.where(t <= 3.7 * lam, ramp, t)
        return np.sign(x) * np.where(t <= (1 + step) * lam, soft, beyond)
    if name == "cel0":
        return activations.cel0_threshold(x, lam=step * lam, norm=np.sqrt(step) * np.linalg.norm(ATOMS, axis=0))
    return {"l1": activations.soft_shrink(x, theta=step * lam), "l0": activations.hard_threshold(x, lam=step * lam),
            "half": activations.half_threshold(x, lam=step * lam)}[name]


@pytest.mark.parametrize("name", PRICES)
def test_codes_against_numpy(name):
    """Step by step, and the objective; both rows, "sparse_code" and "sparse_code_l0", call this function."""
    lam, (_, _, noisy) = PRICES[name], signals(3, np.random.default_rng(1))
    start = 0.3 * RNG.normal(size=(3, 128))
    found = sparse_code(noisy, ATOMS, penalty=name, lam=lam, steps=25, start=start)
    assert found.step == pytest.approx(1 / np.linalg.eigvalsh(ATOMS @ ATOMS.T)[-1], rel=1e-8)
    code = start
    for t in range(26):
        costs = activations.sparsity_penalty(code, penalty=name, lam=lam, shape=SHAPES.get(name)).sum(axis=1)
        expected = ((noisy - code @ ATOMS.T) ** 2).sum(axis=1) / 2 + costs
        np.testing.assert_allclose(found.objective[:, t], expected, rtol=1e-10)
        before, code = code, threshold(name, code + found.step * (noisy - code @ ATOMS.T) @ ATOMS, lam, found.step)
    np.testing.assert_allclose(found.codes, before, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_the_objective_never_rises_up_to_the_safe_step(name, share):
    _, _, noisy = signals(20, np.random.default_rng(2))
    step = share * 0.999999 / np.linalg.norm(ATOMS, 2) ** 2
    start = np.random.default_rng(3).normal(size=(20, 128))
    for begin in (None, start):
        path = sparse_code(noisy, ATOMS, penalty=name, lam=PRICES[name], step=step, steps=120, start=begin).objective
        assert (np.diff(path, axis=1) <= 4e-15 * path[:, :1]).all()


def test_a_step_that_is_too_long_lets_it_rise():
    _, _, noisy = signals(5, np.random.default_rng(2))
    path = sparse_code(noisy, ATOMS, step=4 / np.linalg.norm(ATOMS, 2) ** 2, steps=60).objective
    assert (path[:, -1] > path[:, 0]).all()


def test_soft_codes_meet_the_conditions_of_the_least():
    """``|D'(s - D r)| <= λ``, and equal to λ sign r where r is not 0."""
    _, _, noisy = signals(10, np.random.default_rng(4))
    codes = sparse_code(noisy, ATOMS, lam=0.3, steps=6000).codes
    slopes = (noisy - codes @ ATOMS.T) @ ATOMS
    assert (np.abs(slopes) <= 0.3 + 1e-7).all() and (codes != 0).sum() > 30
    np.testing.assert_allclose(slopes[codes != 0], 0.3 * np.sign(codes[codes != 0]), atol=1e-6)


def test_at_equal_sparsity_soft_codes_reconstruct_far_worse():
    """The demonstration: mean entries that are not 0, error relative to the clean signal, exact supports."""
    true, clean, noisy = signals(200, np.random.default_rng(5))

    def told(penalty, lam, start=None):
        codes = sparse_code(noisy, ATOMS, penalty=penalty, lam=lam, start=start).codes
        error = np.linalg.norm(codes @ ATOMS.T - clean, axis=1) / np.linalg.norm(clean, axis=1)
        return (codes != 0).sum(axis=1).mean(), error.mean(), ((codes != 0) == (true != 0)).all(axis=1).mean()

    warm = sparse_code(noisy, ATOMS, lam=0.05).codes
    entries, error, exact = told("l1", 0.3)
    assert 4.5 < entries < 6.5 and 0.27 < error < 0.36 and exact < 0.5
    for penalty, lam, largest in (("half", 0.1, 0.1), ("l0", 0.1, 0.075), ("cel0", 0.05, 0.075)):
        entries, error, exact = told(penalty, lam, warm)
        assert 3.8 < entries < 4.4 and error < largest and exact > 0.85


def test_batches_and_ends():
    _, _, noisy = signals(6, np.random.default_rng(6))
    whole = sparse_code(noisy, ATOMS, steps=30)
    apart = sparse_code(noisy.reshape(2, 3, 32), ATOMS, steps=30)
    assert apart.codes.shape == (2, 3, 128) and apart.objective.shape == (2, 3, 31)
    assert np.array_equal(apart.codes.reshape(6, 128), whole.codes)
    assert np.array_equal(sparse_code(noisy[0], ATOMS, steps=30).codes, whole.codes[0])
    assert sparse_code(np.zeros((0, 32)), ATOMS).codes.shape == (0, 128)
    assert not sparse_code(noisy, ATOMS, steps=0).codes.any()
    start = whole.codes.copy()
    sparse_code(noisy, ATOMS, steps=5, start=start)
    assert np.array_equal(start, whole.codes)


def test_a_round_against_numpy():
    """One round of `learn_dictionary`: codes as `sparse_code` has them, then each atom by its own least squares."""
    rng = np.random.default_rng(7)
    s, d = rng.normal(size=(40, 6)), rng.normal(size=(6, 5))
    found = learn_dictionary(s, d, lam=0.2, rounds=1, steps=7)
    d = d / np.linalg.norm(d, axis=0)
    codes = sparse_code(s, d, lam=0.2, steps=7).codes
    np.testing.assert_allclose(found.codes, codes, rtol=1e-12, atol=1e-14)
    for j in range(5):
        rest = s - codes @ d.T + np.outer(codes[:, j], d[:, j])
        atom = rest.T @ codes[:, j] / (codes[:, j] @ codes[:, j])
        d[:, j] = atom / max(np.linalg.norm(atom), 1)
    np.testing.assert_allclose(found.dictionary, d, rtol=1e-11)


@pytest.mark.parametrize("name", ["l1", "half", "mcp", "cel0"])
def test_no_round_loses(name):
    rng = np.random.default_rng(8)
    s = rng.normal(size=(60, 8))
    found = learn_dictionary(s, s[:12].T, penalty=name, lam=0.1, rounds=25, steps=5, start=rng.normal(size=(60, 12)))
    assert (np.diff(found.objective) <= 1e-13).all() and found.objective[-1] < 0.8 * found.objective[0]
    assert (np.linalg.norm(found.dictionary, axis=0) <= 1 + 1e-12).all()


def test_a_dictionary_is_found_again():
    rng = np.random.default_rng(9)
    true = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    codes = rng.normal(size=(400, 10)) * (rng.random((400, 10)) < 0.15)
    found = learn_dictionary(codes @ true.T, rng.normal(size=(10, 10)), lam=0.05, rounds=300, steps=5).dictionary
    assert (np.abs(true.T @ found).max(axis=1) > 0.97).sum() >= 9


def test_hard_steps_from_zero_may_never_leave_it():
    rng = np.random.default_rng(10)
    s = rng.normal(size=(30, 8))
    s /= np.linalg.norm(s, axis=1, keepdims=True)
    assert not learn_dictionary(s, s[:12].T, penalty="l0", lam=0.4, rounds=3).codes.any()


@pytest.mark.parametrize("name", ["sparse_code", "sparse_code_l0", "learn_dictionary"])
def test_the_rows_go_down(name):
    path = catalog.get_method(name).run(60)
    assert (np.diff(path) <= 1e-13).all() and path[-1] < 0.7 * max(path[0], 0.3)


@pytest.mark.parametrize(("options", "said"), [
    ({"penalty": "l2"}, "penalty is 'l2'"), ({"lam": -1.0}, "lam is -1.0"), ({"step": 0.0}, "step is 0.0"),
    ({"penalty": "scad", "step": 3.0}, "step is 3; allowed for 'scad': below a - 1 = 2.7"),
    ({"start": np.zeros((2, 128))}, "start has shape"), ({"shape": 2.0}, "shape is 2.0; allowed for 'l1': None"),
    ({"penalty": "mcp", "shape": np.ones(3)}, "shape has shape")])
def test_wrong_arguments(options, said):
    with pytest.raises(ValueError, match=said):
        sparse_code(np.zeros((3, 32)), ATOMS, **options)

"""Gates of experts trained apart and of an expert for one user, and terms for routers, against more digits."""
import doctest
import itertools

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.losses import cross_entropy, z_loss
from toolkit.softmax import (
    _global_local_mixture,
    _load_balancing_loss,
    _phatgoose,
    _router_z_loss,
    _sigmoid_gate,
    global_local_mixture,
    load_balancing_loss,
    logsumexp,
    phatgoose_gate,
    router_z_loss,
    sigmoid_gate,
    softmax,
)

U = [.5, -1, 2, 0, 1, -.5, .3, 1.2]
V = [[1, 0, 1, 0, 1, 0, 1, 0], [.2, -1, 1.5, .1, .4, -.6, .3, .9], [-1, 1, -1, 1, -1, 1, -1, 1],
     [0, 0, 0, 1, 1, 0, 0, 0]]
GENERIC, OWN = np.log([.7, .2, .1]), np.log([.1, .8, .1])
RNG = np.random.default_rng(5)
STEP = 1e-6


@pytest.mark.parametrize("module", [_global_local_mixture, _load_balancing_loss, _phatgoose, _router_z_loss,
                                    _sigmoid_gate])
def test_examples_in_docstrings(module):
    found = doctest.testmod(module)
    assert found.attempted > 0 == found.failed


def slopes(of, x, g):
    """``d sum(g * of(x)) / dx`` by central differences."""
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = STEP
        found[place] = np.sum(g * (of(x + step) - of(x - step))) / (2 * STEP)
    return found


def test_phatgoose_reference_values():
    """By hand in float64, from the published router."""
    s = [1.60826489641, 2.76803954363, -1.60828901996, 0.113234875727]
    assert_allclose(phatgoose_gate(U, V, k=4, result="logits"), s, rtol=1e-11)
    p = [0.22454000631, 0.716106243235, 0.00900247893622, 0.0503512715192]
    assert_allclose(phatgoose_gate(U, V, k=4), p, rtol=1e-11)
    assert_allclose(phatgoose_gate(U, V), [0.238708235342, 0.761291764658, 0, 0], rtol=1e-11)
    kept = np.array(p)[:2] / (sum(p[:2]) + 1e-6)  # as the published code divides
    assert_allclose(kept, [0.238707981572, 0.76129095533], rtol=1e-11)
    assert abs(phatgoose_gate(U, V)[:2] - kept).max() < 1e-6


def exact_scores(x, v, eps):
    def standardized(row):
        row = [mpf(float(a)) for a in row]
        mean = mp.fsum(row) / len(row)
        root = mp.sqrt(mp.fsum((a - mean) ** 2 for a in row) / len(row) + mpf(float(eps)))
        return [(a - mean) / root for a in row], max(map(abs, row)) / root

    (n, of_x), rows = standardized(x), [standardized(row) for row in v]
    scores = [mp.fsum(a * b for a, b in zip(n, m, strict=True)) / mp.sqrt(len(n)) for m, _ in rows]
    return scores, max(of_x, *(size for _, size in rows))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_phatgoose_scores_are_as_accurate_as_promised(dtype):
    eps, largest = np.finfo(dtype).eps, float(np.finfo(dtype).max)
    for d, size, shift in itertools.product((1, 2, 8, 300), (1e-4, 1, 1e4, largest / 64), (0, 3, 1000)):
        x, v = size / 8 * RNG.uniform(-1, 1, (2, 6, d)) + (shift if size < 1e30 else 0)
        x, v = x.astype(dtype), v.astype(dtype)
        found = phatgoose_gate(x, v, k=6, result="logits")
        assert found.dtype == dtype
        for t in range(6):
            with mp.workdps(60):
                right, c = exact_scores(x[t], v, dtype(1e-5))
            off = max(abs(mpf(float(a)) - b) for a, b in zip(found[t], right, strict=True))
            assert off <= (8 + c) * mp.sqrt(d) * eps, (d, size, shift, off / eps, c)


def test_phatgoose_knows_no_scale():
    x, v = RNG.normal(size=(5, 16)), RNG.normal(size=(4, 16))
    right = phatgoose_gate(x, v, k=4, eps=0)
    assert_allclose(phatgoose_gate(7 * x + 2, v * [[5], [1], [.1], [1e200]] - 3, k=4, eps=0), right, rtol=1e-6)
    scores = phatgoose_gate(x, np.concatenate([x, -x]), k=10, result="logits")
    assert abs(scores).max() <= 4
    assert_allclose(scores[:, :5].diagonal(), 4, rtol=1e-4)


def test_phatgoose_of_special_inputs():
    assert_array_equal(phatgoose_gate(np.ones(8), V), [.5, .5, 0, 0])  # a constant: all scores are 0
    assert_array_equal(phatgoose_gate(np.ones(8), V, eps=0), [.5, .5, 0, 0])
    x = np.array([U, U])
    x[0, 3] = np.nan
    assert np.isnan(phatgoose_gate(x, V)[0]).all() and np.isfinite(phatgoose_gate(x, V)[1]).all()
    broken = np.array(V)
    broken[2, 0] = np.nan
    assert np.isnan(phatgoose_gate(U, broken)).all()
    for batch in ((0,), (2, 3)):
        assert phatgoose_gate(np.zeros((*batch, 8)), V).shape == (*batch, 4)
    assert phatgoose_gate(np.float16(U), np.float16(V)).dtype == np.float16
    assert_allclose(phatgoose_gate(np.float16(U), np.float16(V)), phatgoose_gate(U, V), atol=2e-3)
    for wrong in (V[0], np.zeros((0, 8)), np.zeros((4, 7))):
        with pytest.raises(ValueError, match="v has shape .*; allowed: .experts, 8., a vector for each expert"):
            phatgoose_gate(U, wrong)


@pytest.mark.parametrize("result", ["probabilities", "logits"])
@pytest.mark.parametrize("k", [2, 4])
def test_phatgoose_gradients(k, result):
    x, v = RNG.normal(size=(3, 5)), RNG.normal(size=(4, 5))
    g = RNG.normal(size=(3, 4))
    kept = np.where(phatgoose_gate(x, v, k=k) > 0, g, 0)

    def value(x, v):
        return np.nan_to_num(phatgoose_gate(x, v, k=k, result=result), neginf=0.0)

    found = vjp(phatgoose_gate, x, v, k=k, result=result)[1](kept)
    assert_allclose(found, slopes(lambda x: value(x, v), x, kept), atol=1e-8)
    found = vjp(phatgoose_gate, x, v, k=k, result=result, of="v")[1](kept)
    assert_allclose(found, slopes(lambda v: value(x, v), v, kept), atol=1e-8)


def test_phatgoose_softmax_first_or_choice_first():
    """Softmax over all, then the best two made to sum to 1: the same weights."""
    x, v = RNG.normal(size=(40, 16)), RNG.normal(size=(6, 16))
    p = softmax(phatgoose_gate(x, v, k=6, result="logits"))
    p[p < np.sort(p, axis=1)[:, [-2]]] = 0
    assert_allclose(phatgoose_gate(x, v), p / p.sum(axis=1, keepdims=True), rtol=1e-13)


def test_sigmoid_gate_begins_half_open_and_learns_from_both():
    x, v, g = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=3)
    assert_array_equal(sigmoid_gate(x, np.zeros(5)), [.5] * 3)
    assert_allclose(sigmoid_gate(x, v), 1 / (1 + np.exp(-x @ v)), rtol=1e-14)
    assert_allclose(vjp(sigmoid_gate, x, v)[1](g), slopes(lambda x: sigmoid_gate(x, v), x, g), atol=1e-9)
    found = vjp(sigmoid_gate, x, v, of="v")[1](g)
    assert found.shape == x.shape
    assert_allclose(found.sum(axis=0), slopes(lambda v: sigmoid_gate(x, v), v, g), atol=1e-9)
    assert_array_equal(sigmoid_gate(x.T, v[:, None], axis=0), sigmoid_gate(x, v))
    assert sigmoid_gate(np.zeros((2, 0)), np.zeros((2, 0))).tolist() == [.5, .5]


def test_global_local_reference_values():
    assert_allclose(global_local_mixture(GENERIC, OWN, 0.4), [0.340787403933, 0.559212596067, 0.1], rtol=1e-11)
    logits = softmax(0.401312339887548 * GENERIC + 0.598687660112452 * OWN)
    assert abs(logits - global_local_mixture(GENERIC, OWN, 0.4)).max() > 0.05  # a mean of logits is another thing


def test_global_local_ends():
    z, local = RNG.normal(size=(2, 4, 5))
    for gate, one in ((-np.inf, z), (np.inf, local)):
        assert_allclose(global_local_mixture(z, local, gate), softmax(one), rtol=1e-14)
    assert_allclose(global_local_mixture(z, local, [-1.0, 0.0, 1e-9, 3.0], hard=True),
                    softmax(np.stack([z[0], z[1], local[2], local[3]])), rtol=1e-14)
    each = global_local_mixture(z, local, [-1.0, 0.0, 2.0, 3.0])
    for row, gate in enumerate((-1.0, 0.0, 2.0, 3.0)):
        assert_array_equal(each[row], global_local_mixture(z[row], local[row], gate))
    assert_allclose(global_local_mixture(z, local, 700.0) - softmax(local), 0, atol=1e-15)
    # what an expert alone knows stays: 1 - sigmoid(50) would be 0
    assert global_local_mixture([0.0, -800.0], [-800.0, 0.0], 50.0)[0] == pytest.approx(np.exp(-50), rel=1e-14)
    assert_allclose(global_local_mixture(z, z, 0.3), softmax(z), rtol=1e-15)
    keep = np.array([True, True, False, True, True])
    assert_array_equal(global_local_mixture(z, local, 1.0, where=keep)[:, keep],
                       global_local_mixture(z[:, keep], local[:, keep], 1.0))
    assert np.isnan(global_local_mixture([0.0, np.nan], [0.0, 0.0], np.inf)).all()


@pytest.mark.parametrize("hard", [False, True])
def test_global_local_gradients(hard):
    z, local = RNG.normal(size=(2, 4, 5))
    gate, g = np.array([-1.0, 0.5, 2.0, -0.3]), RNG.normal(size=(4, 5))

    def pulled(of):
        return vjp(global_local_mixture, z, local, gate, hard=hard, of=of)[1](g)

    def value(z, local, gate):
        return global_local_mixture(z, local, gate, hard=hard)

    assert_allclose(pulled("z"), slopes(lambda z: value(z, local, gate), z, g), atol=1e-9)
    assert_allclose(pulled("local"), slopes(lambda local: value(z, local, gate), local, g), atol=1e-9)
    assert_allclose(pulled("gate"), slopes(lambda gate: value(z, local, gate), gate, g), atol=1e-9)
    if hard:  # at 0 the global expert answers, and learns
        assert not vjp(global_local_mixture, z, local, 0.0, hard=True, of="local")[1](g).any()
        assert vjp(global_local_mixture, z, local, 0.0, hard=True)[1](g).any()


def exact_term(z, k):
    """From the definition; ties go to the first."""
    z = [[mpf(float(a)) for a in row] for row in z]
    f, mean = [mpf(0)] * len(z[0]), [mpf(0)] * len(z[0])
    for row in z:
        total = mp.fsum(mp.exp(a - max(row)) for a in row)
        mean = [m + mp.exp(a - max(row)) / total / len(z) for m, a in zip(mean, row, strict=True)]
        for i in sorted(range(len(row)), key=lambda i: -row[i])[:k]:
            f[i] += mpf(1) / (len(z) * min(k, len(row)))
    return len(f) * mp.fsum(a * b for a, b in zip(f, mean, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 9])
def test_load_balancing_is_as_accurate_as_promised(dtype, k):
    for tokens, experts, size in itertools.product((1, 7, 200), (1, 2, 5), (0.01, 1, 30, 300)):
        z = RNG.normal(0, size, (tokens, experts)).astype(dtype)
        with mp.workdps(40):
            right = exact_term(z, k)
        found = load_balancing_loss(z, k=k)
        spread = float((z.max(axis=1, keepdims=True) - z).max())
        assert found.dtype == dtype and found.shape == ()
        assert abs(mpf(float(found)) - right) <= (16 + spread) * float(np.finfo(dtype).eps) * right


def test_load_balancing_of_even_and_busy_experts():
    assert load_balancing_loss(np.eye(4) * 1e-9) == pytest.approx(1)
    assert load_balancing_loss(np.eye(4) * 50) == pytest.approx(1)
    assert load_balancing_loss([[50.0, 0, 0, 0]] * 3) == pytest.approx(4)
    assert load_balancing_loss([[50.0, 49, 0, 0]] * 3, k=2) == pytest.approx(2)


def test_an_even_load_is_not_the_least_term():
    """Loads of 3/4 and 1/4: weights near 1/2 where the busy expert is chosen, and 1 where the other one is."""
    z = np.array([[1e-9, 0.0]] * 3 + [[0.0, 60.0]])
    assert load_balancing_loss(z) == pytest.approx(0.875) and load_balancing_loss(np.zeros((4, 2))) == 1


def test_load_balancing_gradient_and_masks():
    z, g = 3 * RNG.normal(size=(6, 4)), 0.7
    for k in (1, 2):
        assert_allclose(vjp(load_balancing_loss, z, k=k)[1](g), slopes(lambda z: load_balancing_loss(z, k=k), z, g),
                        atol=1e-9)
    keep = np.array([True, False, True, True])
    assert load_balancing_loss(z, where=keep) == load_balancing_loss(z[:, keep])
    assert load_balancing_loss(np.where(keep, z, -np.inf)) == load_balancing_loss(z[:, keep])
    assert load_balancing_loss(z.T, axis=0) == load_balancing_loss(z) == load_balancing_loss(z.reshape(2, 3, 4))
    pulled = vjp(load_balancing_loss, z, where=keep)[1](1.0)
    assert not pulled[:, 1].any()
    assert_allclose(pulled[:, keep], vjp(load_balancing_loss, z[:, keep])[1](1.0), rtol=1e-12)
    z[2, 1] = np.nan
    assert np.isnan(load_balancing_loss(z)) and load_balancing_loss(np.zeros((0, 3))) == 0


def test_router_z_loss_reductions():
    z, g = 3 * RNG.normal(size=(6, 4)), RNG.normal(size=6)
    each = router_z_loss(z, reduction="none")
    assert_allclose(each, logsumexp(z) ** 2, rtol=1e-14)
    assert router_z_loss(z) == pytest.approx(each.mean())
    assert router_z_loss(z, reduction="sum") == pytest.approx(each.sum())
    for reduction, above in (("mean", 0.7), ("sum", 0.7), ("none", g)):
        found = vjp(router_z_loss, z, reduction=reduction, scale=0.3)[1](above)
        assert_allclose(found, slopes(lambda z: router_z_loss(z, reduction=reduction, scale=0.3), z, above), atol=1e-7)
    y = np.zeros(6, int)
    assert_allclose(z_loss(z, y, scale=0.01), cross_entropy(z, y) + router_z_loss(z, scale=0.01), rtol=1e-13)


def test_router_z_loss_of_special_scores():
    assert router_z_loss([[-np.inf, -np.inf]]) == np.inf == router_z_loss([[np.inf, 0.0]])
    assert np.isnan(router_z_loss([[np.nan, 0.0]])) and np.isnan(router_z_loss(np.zeros((0, 3))))
    assert router_z_loss([[800.0, 0.0]], form="naive") == np.inf and router_z_loss([[800.0, 0.0]]) == 640000
    # the square alone leaves the range of float16
    assert router_z_loss([[300.0, 0.0]], scale=1e-4, format="float16") == pytest.approx(9, rel=1e-2)
    pulled = vjp(router_z_loss, [[1e308, -np.inf]], scale=2.0)[1](1.0)
    assert pulled[0, 1] == 0 and pulled[0, 0] == np.inf

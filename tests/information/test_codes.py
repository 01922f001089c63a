"""Codes and couplings: the card's values, vertices by linear algebra, all trees of words, random plans, many digits."""
import doctest
import itertools

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import linprog

from toolkit.information import (
    _entropy_bottleneck,
    _huffman,
    _minimum_entropy_coupling,
    bottleneck_coupling,
    entropy_bottleneck,
    huffman_lengths,
    kernels,
    minimum_entropy_coupling,
)

METHODS = ("greedy", "zero_seeking", "exact", "independent")


def bits(x):
    x = np.ravel(x)
    x = x[x > 0]
    return float(-(x * np.log2(x)).sum())


def information(plan):
    return bits(plan.sum(0)) + bits(plan.sum(1)) - bits(plan)


def pairs(count, n, m, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))) for _ in range(count)]


def test_examples():
    for module in (_minimum_entropy_coupling, _huffman, _entropy_bottleneck):
        assert doctest.testmod(module).failed == 0


def test_reference_values():
    p, q = np.array([.5, .3, .2]), np.array([.6, .4])
    plan = minimum_entropy_coupling(p, q)
    np.testing.assert_allclose(plan, [[.5, 0], [0, .3], [.1, .1]], atol=1e-15)
    assert bits(plan) == pytest.approx(1.6854752972, abs=1e-10)
    assert information(plan) == pytest.approx(.7709505945, abs=1e-10)
    assert (bits(p), bits(q)) == pytest.approx((1.4854752973, .9709505945), abs=1e-10)
    assert bits(minimum_entropy_coupling(p, q, method="exact")) == pytest.approx(1.6854752972, abs=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (2, 2), (3, 5), (5, 4)])
def test_sums_and_bounds_of_couplings(method, n, m):
    for p, q in pairs(10, n, m):
        plan = minimum_entropy_coupling(p, q, method=method)
        assert (plan >= 0).all()
        np.testing.assert_allclose(plan.sum(1), p, atol=1e-12)
        np.testing.assert_allclose(plan.sum(0), q, atol=1e-12)
        assert max(bits(p), bits(q)) - 1e-9 <= bits(plan) <= bits(p) + bits(q) + 1e-9
        if method != "independent":
            assert np.count_nonzero(plan > 1e-12) <= n + m - 1


def least_over_vertices(p, q):
    """Each set of n + m - 1 cells that has a solution is a vertex; of their entropies the least."""
    n, m = len(p), len(q)
    sums = np.zeros((n + m, n * m))
    for i, j in np.ndindex(n, m):
        sums[i, i * m + j] = sums[n + j, i * m + j] = 1
    right, best = np.concatenate([p, q])[:-1], np.inf
    for cells in itertools.combinations(range(n * m), n + m - 1):
        table = sums[:-1, cells]
        if abs(np.linalg.det(table)) > 0.5:  # totally unimodular: 0, 1 or -1
            x = np.linalg.solve(table, right)
            if x.min() > -1e-12:
                best = min(best, bits(x.clip(0)))
    return best


@pytest.mark.parametrize(("n", "m", "count"), [(2, 2, 20), (3, 2, 20), (3, 3, 20), (4, 3, 10), (4, 4, 3)])
def test_exact_is_the_least_over_all_vertices(n, m, count):
    for p, q in pairs(count, n, m, seed=n + m):
        assert bits(minimum_entropy_coupling(p, q, method="exact")) == pytest.approx(least_over_vertices(p, q),
                                                                                     abs=1e-12)


def test_no_random_vertex_beats_exact():
    rng = np.random.default_rng(5)
    for p, q in pairs(4, 5, 5, seed=9):
        least = bits(minimum_entropy_coupling(p, q, method="exact"))
        sums = np.concatenate([np.kron(np.eye(5), np.ones(5)), np.kron(np.ones(5), np.eye(5))])
        for _ in range(25):
            vertex = linprog(rng.normal(size=25), A_eq=sums[:-1], b_eq=np.concatenate([p, q])[:-1]).x
            assert bits(vertex.clip(0)) >= least - 1e-9


def test_greedy_is_within_its_bound_of_the_least():
    gaps = [bits(minimum_entropy_coupling(p, q)) - bits(minimum_entropy_coupling(p, q, method="exact"))
            for p, q in pairs(60, 4, 4, seed=2)]
    assert -1e-9 <= min(gaps) and 0.01 < max(gaps) < np.log2(np.e) / np.e


def test_greedy_matchings_against_their_definition():
    for p, q in pairs(20, 6, 5, seed=3):
        for method, choose in (("greedy", lambda a, b: (a.argmax(), b.argmax())), ("zero_seeking", _nearest)):
            a, b, plan = p.copy(), q.copy(), np.zeros((6, 5))
            while min(a.max(), b.max()) > 1e-13:
                i, j = choose(a, b)
                mass = min(a[i], b[j])
                plan[i, j] += mass
                a[i] -= mass
                b[j] -= mass
            np.testing.assert_allclose(minimum_entropy_coupling(p, q, method=method), plan, atol=1e-13)


def _nearest(a, b):
    gap = np.abs(a[:, None] - b)
    gap[a <= 1e-13] = gap[:, b <= 1e-13] = 9
    return np.unravel_index(gap.argmin(), gap.shape)


def test_float_residues_do_not_keep_it_from_ending():
    plan = minimum_entropy_coupling([.1, .2, .3, .4], [.3, .3, .3, .1])
    np.testing.assert_allclose(plan.sum(0), [.3, .3, .3, .1], atol=1e-12)
    assert np.count_nonzero(plan) <= 7
    assert minimum_entropy_coupling([1.0, 0.0], [0.0, 1.0]).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("arguments", [([.5, .6], [1.0]), ([], [1.0]), ([[.5, .5]], [1.0]), ([np.nan, 1], [1.0]),
                                       ([1.5, -.5], [1.0])])
def test_what_is_no_distribution_is_refused(arguments):
    with pytest.raises(ValueError, match="p has"):
        minimum_entropy_coupling(*arguments)
    with pytest.raises(ValueError, match="p has"):
        huffman_lengths(arguments[0])


def test_exact_says_how_many_symbols_it_takes():
    with pytest.raises(ValueError, match="at most 12"):
        minimum_entropy_coupling(np.full(7, 1 / 7), np.full(7, 1 / 7), method="exact")
    with pytest.raises(ValueError, match="at most 9"):
        entropy_bottleneck(np.full(10, .1), 1.0)


# --- Huffman ---------------------------------------------------------------------------------------------


def least_mean_length(p):
    """Over all lengths that satisfy Kraft's inequality."""
    return min(float(p @ lengths) for lengths in itertools.product(range(1, len(p)), repeat=len(p))
               if sum(2.0 ** -np.array(lengths)) <= 1)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_no_code_without_commas_is_shorter(n):
    for p, _ in pairs(6, n, 2, seed=n):
        lengths = huffman_lengths(p)
        assert sum(2.0 ** -lengths) == 1
        assert p @ lengths == pytest.approx(least_mean_length(p), abs=1e-12)
        assert bits(p) <= p @ lengths + 1e-12 < bits(p) + 1


def test_huffman_of_powers_of_two_and_of_nothing():
    assert huffman_lengths([.5, .25, .125, .125]).tolist() == [1, 2, 3, 3]
    assert huffman_lengths([0.0, .5, .5]).tolist() == [0, 1, 1]
    assert huffman_lengths([1.0]).tolist() == [0]


# --- the bottleneck --------------------------------------------------------------------------------------

P = [.7, .2, .1]


@pytest.mark.parametrize(("rate", "said"), [(.2, .1105), (.4, .3266), (.6, .5105), (.8, .7528), (1.0, .9214),
                                            (1.1, 1.0297)])
def test_bottleneck_reference_values(rate, said):
    found = entropy_bottleneck(P, rate)
    assert found.information == pytest.approx(said, abs=6e-5)
    assert found.rate == pytest.approx(rate, abs=1e-11)


def test_maps_of_the_papers_example():
    rates = [entropy_bottleneck(P, rate, method="map").rate for rate in (.1, .5, .8, 1.0, 2.0)]
    assert rates == pytest.approx([0, .4690, .7219, .8813, 1.1568], abs=5e-5)
    up, down = entropy_bottleneck(P, .6), entropy_bottleneck(P, .8)
    assert up.plan[1, 2] == pytest.approx(.0187, abs=5e-5)
    assert up.plan[1, 0] == pytest.approx(.1813, abs=5e-5)
    assert down.move[0] == 2
    assert down.move[1] * .1 == pytest.approx(.1 - .0899, abs=5e-5) or down.move[1] * .1 == pytest.approx(
        .0899, abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("method", ["moves", "map", "greedy"])
def test_plans_are_what_the_numbers_say(n, method):
    for p, _ in pairs(4, n, 2, seed=n):
        for rate in np.linspace(0, bits(p) + 0.2, 7):
            found = entropy_bottleneck(p, rate, method=method)
            np.testing.assert_allclose(found.plan.sum(1), p, atol=1e-12)
            assert found.rate == pytest.approx(bits(found.plan.sum(0)), abs=1e-11)
            assert found.information == pytest.approx(information(found.plan), abs=1e-11)
            assert found.information <= found.rate + 1e-11
            assert found.rate <= rate + 1e-11
            if found.move is None:
                assert found.information == pytest.approx(found.rate, abs=1e-11)


def test_greedy_merging_is_within_its_bound_and_below_the_best_map():
    for p, _ in pairs(30, 6, 2, seed=4):
        second = np.sort(p)[-2]
        for rate in np.linspace(0.05, bits(p), 8):
            best = entropy_bottleneck(p, rate, method="map").information
            greedy = entropy_bottleneck(p, rate, method="greedy").information
            assert rate - bits([second, 1 - second]) - 1e-9 <= greedy <= best + 1e-11
            assert best <= entropy_bottleneck(p, rate).information + 1e-11


def test_moves_beat_random_codes_of_the_same_rate():
    """On the example whose optimum is known, codes drawn at random and scaled to the rate say less."""
    rng, p = np.random.default_rng(0), np.array(P)
    for _ in range(3000):
        plan = p[:, None] * rng.dirichlet(np.full(4, rng.choice([.05, .2, 1.0])), size=3)
        rate = bits(plan.sum(0))
        if rate < 1.15:
            assert information(plan) <= entropy_bottleneck(p, rate).information + 1e-9


def test_information_of_a_move_in_digits():
    found = entropy_bottleneck(P, .6)
    symbol, share = found.move
    with mp.workdps(30):
        s = mp.mpf(share)
        h = -(s * mp.log(s, 2) + (1 - s) * mp.log(1 - s, 2))
        assert float(mp.mpf(".6") - mp.mpf(P[symbol]) * h) == pytest.approx(found.information, abs=1e-12)


@pytest.mark.parametrize("decoder", METHODS)
def test_coupling_through_a_code(decoder):
    for p, q in pairs(6, 4, 4, seed=6):
        for rate in (0.3, 0.9, 3.0):
            found = bottleneck_coupling(p, q, rate, decoder=decoder)
            np.testing.assert_allclose(found.plan.sum(1), p, atol=1e-12)
            np.testing.assert_allclose(found.plan.sum(0), q, atol=1e-12)
            assert found.information == pytest.approx(information(found.plan), abs=1e-11)
            assert found.information >= found.bound - 1e-9
            assert found.information <= found.encoder.rate + 1e-9
    assert bottleneck_coupling([.5, .5], [.5, .5], 0.0).information == pytest.approx(0, abs=1e-12)


def test_all_maps_come_once():
    bell = (1, 1, 2, 5, 15, 52, 203)
    for n in range(1, 7):
        places, seen = np.zeros(n), set()
        seen.add(tuple(places))
        while kernels.next_map(places):
            assert tuple(places) not in seen
            seen.add(tuple(places))
        assert len(seen) == bell[n]

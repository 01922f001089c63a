"""Top-k gates, the filters of decoding and the k-sparse projection against brute force and reference values."""
import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pulls import top_k_softmax_pull

from toolkit._core.sorting import keep_heap_of_largest
from toolkit.softmax import k_sparsemax, kernels, min_p_softmax, softmax, sparsemax, top_k_softmax, top_p_softmax

V, U = [1.0, 0.9, -0.5, 0.2], [-2.0, 0.3, 0.0, 1.5]


def rows(count=60, classes=7, seed=0):
    return np.random.default_rng(seed).normal(0, 1.5, (count, classes))


@pytest.mark.parametrize("size", [1, 2, 3, 10, 257])
def test_sorting(size):
    rng = np.random.default_rng(size)
    for x in (rng.normal(size=size), rng.integers(0, 3, size).astype(np.float32), np.arange(size) * 1.0):
        ordered = x.copy()
        kernels.sort_descending(ordered)
        assert_array_equal(ordered, np.sort(x)[::-1])


def test_the_largest_come_first():
    rng = np.random.default_rng(4)
    for x in (rng.normal(size=200), rng.integers(0, 5, 99) * 1.0, np.arange(50.0), np.arange(50.0)[::-1].copy()):
        for k in (1, 2, 7, x.size):
            kept = x.copy()
            keep_heap_of_largest(kept, k)
            assert_array_equal(np.sort(kept[:k]), np.sort(x)[x.size - k:])
            assert kept[0] == kept[:k].min()


def test_gate_reference_values():
    """By hand in float64: slope and logit rank, and all experts."""
    assert_allclose(top_k_softmax(V, bias=U, rank="slope"), [0.0997504891197, 0.90024951088, 0, 0], atol=1e-11)
    assert_allclose(top_k_softmax(V, bias=U), [0, 0.377540668798, 0, 0.622459331202], atol=1e-11)
    everyone = [0.0376598663752, 0.339880802423, 0.0620906227445, 0.560368708457]
    assert_allclose(top_k_softmax(V, bias=U, k=4), everyone, atol=1e-11)
    assert_allclose(top_k_softmax(V, bias=U, renormalize=False), np.array(everyone) * [0, 1, 0, 1], atol=1e-11)


@pytest.mark.parametrize("rank", ["logit", "slope"])
@pytest.mark.parametrize("k", [1, 2, 5, 7, 9])
def test_gate_is_softmax_of_the_chosen(k, rank):
    z, bias = rows(), np.random.default_rng(1).normal(size=7)
    score = z if rank == "slope" else z + bias
    kept = score >= np.sort(score, axis=1)[:, [-min(k, 7)]]
    expected = softmax(np.where(kept, z + bias, -np.inf))
    assert_allclose(top_k_softmax(z, bias=bias, k=k, rank=rank), expected, rtol=1e-14)
    whole = top_k_softmax(z, bias=bias, k=k, rank=rank, renormalize=False)
    assert_allclose(whole, np.where(kept, softmax(z + bias), 0), rtol=1e-14)


def test_ties_go_to_the_first():
    assert_array_equal(top_k_softmax([0.0, 1.0, 1.0, 1.0]), [0, 0.5, 0.5, 0])
    assert_array_equal(top_k_softmax(np.zeros(5), k=3) > 0, [True, True, True, False, False])
    assert_array_equal(top_p_softmax(np.zeros(4), mass=0.5), [0.5, 0.5, 0, 0])


@pytest.mark.parametrize("renormalize", [True, False])
@pytest.mark.parametrize("rank", ["logit", "slope"])
def test_gradient_of_the_gate_with_a_bias(rank, renormalize):
    z, g = np.array(V), np.array([1.0, -1.0, 0.5, 2.0])
    options = {"bias": U, "rank": rank, "renormalize": renormalize}
    h = 1e-5
    steps = h * np.eye(4)
    difference = [g @ (top_k_softmax(z + s, **options) - top_k_softmax(z - s, **options)) / (2 * h) for s in steps]
    assert_allclose(top_k_softmax_pull(z, g, **options), difference, atol=1e-9)


@pytest.mark.parametrize("mass", [0.0, 0.3, 0.7, 0.95, 1.0])
def test_nucleus_is_the_smallest_set(mass):
    for z in rows(20, 5):
        p = softmax(z)
        fewest = min((s for n in range(1, 6) for s in itertools.combinations(range(5), n)
                      if p[list(s)].sum() >= mass - 1e-15), key=lambda s: (len(s), -p[list(s)].sum()))
        assert_array_equal(np.flatnonzero(top_p_softmax(z, mass=mass)), sorted(fewest))


def test_filters_choose_among_probabilities():
    z = rows()
    p = softmax(z)
    assert_array_equal(min_p_softmax(z, ratio=0.2) > 0, p >= 0.2 * p.max(axis=1, keepdims=True))
    for filtered in (min_p_softmax(z, ratio=0.2), top_p_softmax(z, mass=0.8), top_k_softmax(z, k=3)):
        assert_allclose(filtered, softmax(np.where(filtered > 0, z, -np.inf)), rtol=1e-14)
    assert_allclose(min_p_softmax(z, ratio=0.0), p, rtol=1e-14)
    assert_array_equal(min_p_softmax([3.0, 3.0, 1.0], ratio=1.0), [0.5, 0.5, 0])


def test_projection_reference_values_and_brute_force():
    z = [0.5, 0.4, 0.3, 0.2]
    assert_allclose(k_sparsemax(z), [0.55, 0.45, 0, 0], atol=1e-15)
    assert_allclose(k_sparsemax(z, k=3), [13 / 30, 1 / 3, 7 / 30, 0], atol=1e-15)
    assert_allclose(k_sparsemax(z, k=4), [0.4, 0.3, 0.2, 0.1], atol=1e-15)
    for z in rows(20, 5):
        candidates = [sparsemax(np.where(np.isin(np.arange(5), s), z, -np.inf)) for s in
                      itertools.combinations(range(5), 2)]
        nearest = min(candidates, key=lambda p: np.linalg.norm(p - z))
        assert_allclose(k_sparsemax(z), nearest, atol=1e-15)
        assert_array_equal(k_sparsemax(z, k=1), np.eye(5)[z.argmax()])
        assert_array_equal(k_sparsemax(z, k=5), sparsemax(z))


def test_special_rows_and_arguments():
    inf, nan = math.inf, math.nan
    for method in (top_k_softmax, top_p_softmax, min_p_softmax, k_sparsemax):
        for row in ([nan, 1.0, 2.0, 3.0], [5.0, 1.0, nan, 0.0], [-inf] * 3, [inf, 0.0, 0.0]):
            assert np.isnan(method(row)).all()
        assert_array_equal(method([-inf, 2.0, -inf]), [0, 1, 0])
    for wrong, error in ((0, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match=f"k is {wrong}; allowed: an integer, at least 1"):
            k_sparsemax(V, k=wrong)
    with pytest.raises(ValueError, match="rank is 'bias'; allowed: 'logit', 'slope'"):
        top_k_softmax(V, rank="bias")
    with pytest.raises(ValueError, match="mass is 1.5; allowed: a number from 0 to 1"):
        top_p_softmax(V, mass=1.5)
    with pytest.raises(ValueError, match="ratio is -1; allowed: a number from 0 to 1"):
        min_p_softmax(V, ratio=-1)

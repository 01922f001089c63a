"""The entropy penalty of attention heads: numbers of the paper's program, edges, and what its gradient can cure."""
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from toolkit import vjp
from toolkit.attention import entropy_penalty, head_entropy
from toolkit.information import entropy

P = np.array([[0.97, 0.01, 0.01, 0.01], [0.25] * 4, [0.5, 0.3, 0.15, 0.05]])
Z = np.log(P)


def test_reference_values_of_the_papers_program():
    assert_allclose(entropy_penalty(Z, form="common"), [0.2760941796, 0.480453008373, 0.201576627605], rtol=1e-11)
    assert_allclose(entropy_penalty(Z), entropy_penalty(Z, form="common"), rtol=1e-6)


def test_it_is_0_within_the_tolerance_and_jumps_at_its_edge():
    share = entropy(Z, from_logits=True) / np.log(4)
    for row, value in zip(Z, share, strict=True):
        assert entropy_penalty(row, threshold=value, tolerance=0.0) < 1e-30
        assert entropy_penalty(row, threshold=value, tolerance=0.1) == 0
        assert_array_equal(vjp(entropy_penalty, row, threshold=value, tolerance=0.1)[1](1.0), 0)
    outside = entropy_penalty(Z[0], threshold=share[0] + 0.1 + 1e-9, tolerance=0.1)
    assert_allclose(outside, (0.1 * np.log(4)) ** 2, rtol=1e-6)


def test_gradient_by_differences():
    z, g = 4 * np.random.default_rng(0).normal(size=(8, 6)), np.linspace(1, 2, 8)
    value, pull = vjp(entropy_penalty, z, threshold=0.8)
    assert (value > 0).sum() >= 4
    right = np.zeros_like(z)
    for at in np.ndindex(z.shape):
        for sign in (1, -1):
            moved = z.copy()
            moved[at] += sign * 1e-6
            right[at] += sign * (g * entropy_penalty(moved, threshold=0.8)).sum() / 2e-6
    assert_allclose(pull(g), right, atol=1e-7)
    of_threshold = vjp(entropy_penalty, z, threshold=0.8, of="threshold")[1](g)
    ahead, behind = ((g * entropy_penalty(z, threshold=t)).sum() for t in (0.8 + 1e-6, 0.8 - 1e-6))
    assert_allclose(of_threshold, (ahead - behind) / 2e-6, rtol=1e-6)


def test_an_early_row_of_a_causal_sequence_cannot_enter_the_band():
    """T = 1024, θ - γ = 0.3: log i reaches 0.3 log 1024 at i = 8, so that the first 7 rows stay out."""
    inside = [entropy_penalty(np.where(np.arange(1024) < i, 0.0, -np.inf)) == 0 for i in range(1, 12)]
    assert inside == [False] * 7 + [True] * 4
    seen = np.arange(1024) < 7
    assert entropy_penalty(np.zeros(1024), where=seen, threshold=1.0, seen=True) == 0
    assert entropy_penalty(np.zeros(1024), where=seen, threshold=1.0) > 0


def test_special_values():
    assert entropy_penalty([0.5]) == 0 and np.isnan(entropy_penalty([np.nan, 0.0]))
    assert np.isnan(entropy_penalty([np.inf, 0.0]))
    assert_array_equal(entropy_penalty([1.0, -np.inf, 2.0], seen=True), entropy_penalty([1.0, 2.0], seen=True))
    assert entropy_penalty(np.zeros((2, 0))).tolist() == [0, 0]
    far = [0.0] + [-40.0] * 3
    assert np.isnan(entropy_penalty(far, form="common", format="float16"))
    assert entropy_penalty(far, format="float16") > 0.4
    assert entropy_penalty(np.float16(Z)).dtype == np.float16


def test_overload_is_cured_and_collapse_is_not():
    """400 steps on the scores of 64 rows: from nearly even rows all return, from one-hot ones few do."""
    back = {}
    for scale in (0.1, 64.0):
        z = scale * np.random.default_rng(0).normal(size=(64, 64))
        for _ in range(400):
            z -= vjp(entropy_penalty, z)[1](np.ones(64))
        back[scale] = (entropy_penalty(z) == 0).mean()
    assert back[0.1] == 1 and back[64.0] < 0.2


def test_entropy_of_heads():
    z = np.stack([np.zeros((4, 4)), 99 * np.eye(4)])
    assert_allclose(head_entropy(z), [1, 0], atol=1e-15)
    causal = np.tril(np.ones((4, 4), bool))
    assert_allclose(head_entropy(z, where=causal), [1, 0], atol=1e-15)
    assert_allclose(head_entropy(np.where(causal, z, -np.inf)), [1, 0], atol=1e-15)
    assert np.isnan(head_entropy(np.zeros((2, 1)))) and head_entropy(np.float32(z)).dtype == np.float32

"""Sets from the rows that chose the model, and thresholds for early answers: definitions, values, coverage."""
import itertools
import warnings

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax

from toolkit.uncertainty import (
    accumulated_gap,
    conformal_quantile,
    conformal_scores,
    early_stopping_interval,
    early_stopping_p_value,
    early_stopping_sets,
    halting_thresholds,
    halting_times,
    lower_envelope,
    reuse_bound,
)
from toolkit.uncertainty.kernels import envelope_row, order_of


def models(seed=0, count=4, n=12, rows=15, classes=5):
    rng = np.random.default_rng(seed)
    held, new = 2 * rng.normal(size=(count, n, classes)), 2 * rng.normal(size=(count, rows, classes))
    labels = rng.integers(0, classes, n)
    held[:, np.arange(n), labels] += 1.5
    return held, labels, new


def sets_by_definition(held, labels, new, alpha, score, reuse):
    """Row by row and label by label."""
    count, n, classes = held.shape
    losses = np.array([-log_softmax(z, axis=1)[np.arange(n), labels] for z in held])
    thresholds = [np.inf if (k := int(np.ceil((n + 1) * (1 - alpha) - 1e-9))) > n
                  else np.sort(conformal_scores(z, labels, score=score))[k - 1] for z in held]
    chosen, by = np.zeros((new.shape[1], classes), bool), np.zeros((new.shape[1], classes), int)
    for i, k in itertools.product(range(new.shape[1]), range(classes)):
        totals = [losses[m].sum() - (0 if reuse else log_softmax(new[m, i])[k]) for m in range(count)]
        by[i, k] = np.argmin(totals)
        chosen[i, k] = conformal_scores(new[by[i, k], i], k, score=score) <= thresholds[by[i, k]]
    return chosen, by


@pytest.mark.parametrize("score", ["log", "probability", "aps"])
def test_early_stopping_sets_against_the_definition(score):
    for seed, alpha in ((0, 0.1), (1, 0.25), (2, 0.5)):
        held, labels, new = models(seed)
        for form in ("naive", "stable"):
            found = early_stopping_sets(held, labels, new, alpha=alpha, score=score, form=form)
            chosen, by = sets_by_definition(held, labels, new, alpha, score, form == "naive")
            np.testing.assert_array_equal(found.models, by)
            np.testing.assert_array_equal(found.chosen, chosen)
    assert len(np.unique(early_stopping_sets(held, labels, new).models)) > 1
    one = early_stopping_sets(held[:1], labels, new[:1], alpha=0.25, score=score)
    many = early_stopping_sets(held[:1], labels, new[:1], alpha=0.25, score=score, form="naive")
    np.testing.assert_array_equal(one.chosen, many.chosen)


def test_early_stopping_sets_shapes_and_ends():
    held, labels, new = models()
    assert early_stopping_sets(held, labels, new[:, 0]).chosen.shape == (5,)
    assert early_stopping_sets(held, labels, new.reshape(4, 3, 5, 5)).models.shape == (3, 5, 5)
    assert early_stopping_sets(held, labels, new, alpha=0.01).chosen.all()
    assert not early_stopping_sets(held, labels, new, alpha=1).chosen.any()
    assert (early_stopping_sets(held, labels, new, alpha=1, best=True).chosen.sum(axis=1) == 1).all()


def test_early_stopping_sets_cover_over_all_orders():
    """Each of six rows is the new one in turn: the label is covered at least as often as promised."""
    held, labels, _ = models(5, count=6, n=6)
    for alpha in (0.2, 0.4, 0.6):
        hits = []
        for i in range(6):
            others = np.delete(np.arange(6), i)
            found = early_stopping_sets(held[:, others], labels[others], held[:, i], alpha=alpha)
            hits.append(found.chosen[labels[i]])
        assert np.mean(hits) >= 1 - alpha - 1e-12


def test_lower_envelope_against_every_point():
    rng = np.random.default_rng(1)
    for count in (1, 2, 5, 40):
        for _ in range(20):
            a, losses = rng.normal(size=count), rng.exponential(size=count) * rng.choice([0.1, 1, 5])
            found = lower_envelope(a, losses)
            assert found.starts[0] == -np.inf and (np.diff(found.starts) > 0).all()
            y = rng.uniform(-6, 6, 400)
            values = (y[:, None] - a) ** 2 + losses
            mine = found.models[np.searchsorted(found.starts, y, side="right") - 1]
            np.testing.assert_allclose(values[np.arange(400), mine], values.min(axis=1), rtol=1e-12, atol=1e-12)
            order, pieces, starts = np.empty((3, count))
            order_of(a, order)
            assert envelope_row(a, losses, order, pieces, starts) == len(found.models)
    same = lower_envelope([1.0, 1.0, 1.0, 2.0], [3.0, 2.0, 2.0, 90.0])
    assert same.models.tolist() == [1, 3] and same.starts[1] == 45.5


def interval_by_definition(held, targets, predictions, alpha):
    errors = abs(held - targets)
    totals, q = (errors**2).sum(axis=1), conformal_quantile(errors, alpha=alpha)
    y = np.linspace(-20, 20, 400001)
    by = ((y[:, None] - predictions) ** 2 + totals).argmin(axis=1)
    kept = y[abs(y - predictions[by]) <= q[by]]
    m = totals.argmin()
    return (kept.min(), kept.max()) if kept.size else (predictions[m] - q[m], predictions[m] + q[m])


def test_early_stopping_interval_against_a_grid():
    rng = np.random.default_rng(2)
    for count in (1, 3, 8):
        held, targets = rng.normal(size=(count, 9)), rng.normal(size=9)
        predictions = rng.normal(size=(count, 6)) * 3
        found = early_stopping_interval(held, targets, predictions, alpha=0.3)
        for i in range(6):
            expected = interval_by_definition(held, targets, predictions[:, i], 0.3)
            np.testing.assert_allclose([found.lower[i], found.upper[i]], expected, atol=2e-4)
    wide = early_stopping_interval(held, targets, predictions[:, 0], alpha=0.05)
    assert wide.lower == -np.inf and wide.upper == np.inf


def test_early_stopping_interval_and_useless_models():
    """The card's worst case: useless models, of which the luckiest is chosen. Shares and widths of 3000 trials."""
    for n, count, naive, stable, widths in ((20, 1, 0.900, 0.900, (4.99, 4.97)), (20, 10, 0.819, 0.897, (3.93, 5.24)),
                                            (20, 100, 0.759, 0.901, (3.32, 5.55))):
        rng = np.random.default_rng(n + count)
        hits, wide = np.zeros(3), np.zeros(3)
        for _ in range(3000):
            held, targets, new, y = (rng.normal(size=s) for s in ((count, n), n, count, ()))
            for k, (form, hull) in enumerate((("naive", False), ("stable", False), ("stable", True))):
                low, high = early_stopping_interval(held, targets, new, form=form, hull=hull)
                hits[k] += np.any((low <= y) & (y <= high)) / 3000
                wide[k] += np.nansum(high - low) / 3000
        np.testing.assert_allclose(hits[:2], [naive, stable], atol=0.02)
        np.testing.assert_allclose(wide[:2], widths, atol=0.12)
        assert hits[2] >= hits[1] and wide[2] >= wide[1]
        assert reuse_bound(n, count) < hits[0] + 0.02


def test_early_stopping_interval_with_gaps():
    held, targets = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [1.0, -1.0, 0.5]
    found = early_stopping_interval(held, targets, [-5.0, 5.0], alpha=0.25, hull=False)
    assert found.lower.tolist() == [-6.0, 4.0] and found.upper.tolist() == [-4.0, 6.0]
    whole = early_stopping_interval(held, targets, [-5.0, 5.0], alpha=0.25)
    assert (whole.lower, whole.upper) == (-6.0, 6.0)
    one = early_stopping_interval(held, targets, [[5.0] * 2] * 2, alpha=0.25, hull=False)
    assert one.lower.shape == (2, 2) and np.isnan(one.lower[:, 1]).all()


def test_early_stopping_p_value():
    rng = np.random.default_rng(3)
    held_losses, held = rng.random((3, 19)), rng.random((3, 19))
    losses, scores = 4 * rng.random((3, 30)), rng.random((3, 30))
    for form in ("naive", "stable"):
        found = early_stopping_p_value(held_losses, held, losses, scores, form=form)
        for i in range(30):
            m = (held_losses.sum(axis=1) + (0 if form == "naive" else losses[:, i])).argmin()
            assert found[i] == (1 + (held[m] >= scores[m, i]).sum()) / 20
    # over all orders p-values at most alpha come at most that often
    ranks = [early_stopping_p_value(np.delete(held_losses, i, 1), np.delete(held, i, 1), held_losses[:, i], held[:, i])
             for i in range(19)]
    assert all(np.mean(np.array(ranks) <= a) <= a + 1e-12 for a in np.linspace(0.05, 1, 20))


def test_reuse_bound_reference_values():
    for (count, n), right in {(10, 100): (0.7680, 0.7806), (100, 1000): (0.8448, 0.8529),
                              (100, 10000): (0.8824, 0.8796)}.items():
        found = reuse_bound(n, count), reuse_bound(n, count, bound="markov")
        np.testing.assert_allclose(found, right, atol=5e-5)
        rank = int(0.1 * (n + 1))
        by_scipy = 0.99 * stats.beta.ppf(0.01 / count, n + 1 - rank, rank)
        np.testing.assert_allclose(found[1], by_scipy, rtol=1e-9)
    assert reuse_bound(1, 1000) < 0 and reuse_bound(5, 10, bound="markov") == 0.99


def sequences(seed, count, steps=20):
    """The card's: 70 % easy, 30 % that begin by misleading."""
    rng = np.random.default_rng(seed)
    y = rng.choice([-1, 1], (count, 1))
    drift = np.where(rng.random((count, 1)) < 0.7, 0.4, np.where(np.arange(steps) < 6, -0.3, 0.6))
    evidence = np.cumsum(drift * y + rng.normal(size=(count, steps)), axis=1)
    return 1 - np.exp(-np.abs(evidence) / 3), np.sign(evidence) == y


def thresholds_by_definition(scores, right, alpha, delta, grid):
    half, steps = len(scores) // 2, scores.shape[1]

    def times(s, lam):
        return np.array([next((t for t in range(steps - 1) if row[t] >= lam[t]), steps - 1) for row in s])

    def losses(r, tau):
        return np.maximum(r[:, -1].astype(int) - r[np.arange(len(r)), tau], 0)

    eta = np.full(steps, np.inf)
    for t in range(steps):
        for value in grid:
            eta[t] = value
            stopped = np.array([(row[:t + 1] >= eta[:t + 1]).any() for row in scores[:half]])
            first = np.array([(row[:t + 1] >= eta[:t + 1]).argmax() for row in scores[:half]])[stopped]
            if stopped.sum() == 0 or losses(right[:half][stopped], first).mean() <= alpha:
                break
            eta[t] = np.inf
    lam = np.full(steps, np.inf)
    for t in range(steps - 1, -1, -1):
        lam[t] = eta[t]
        tau = times(scores[half:], lam)
        lost = losses(right[half:], tau)
        for later in range(t, steps):
            inside = tau <= later
            if not inside.any() or stats.binom.cdf(lost[inside].sum(), inside.sum(), alpha) > delta:
                lam[t] = np.inf
                return lam
    return lam


def test_halting_thresholds_against_the_definition():
    grid = np.linspace(0, 1, 21)
    for seed in range(3):
        scores, right = sequences(seed, 240, 8)
        for alpha in (0.1, 0.2):
            found = halting_thresholds(scores, right, alpha=alpha, delta=0.1, grid=grid)
            expected = thresholds_by_definition(scores, right, alpha, 0.1, grid)
            np.testing.assert_array_equal(halting_times(scores, found), halting_times(scores, expected))
            np.testing.assert_array_equal(found[:-1], expected[:-1])


def test_halting_threshold_of_the_mean_gap():
    scores, right = sequences(0, 1000)
    found = halting_thresholds(scores, right, control="marginal")
    assert len(set(found)) == 1

    def p_value(lam):
        tau = halting_times(scores, np.full(20, lam))
        lost = (right[:, -1] & ~right[np.arange(1000), tau]).sum()
        return stats.binom.cdf(lost, 1000, 0.1)

    assert p_value(found[0]) <= 0.01 < p_value(found[0] - 0.01)


def test_early_answers_as_the_card_measured():
    accuracy, gap, worst, used = np.zeros((4, 2))
    for seed in range(2):
        scores, right = sequences(seed, 3000)
        new, told = sequences(100 + seed, 20000)
        for k, control in enumerate(("marginal", "accumulated")):
            lam = halting_thresholds(scores, right, control=control)
            tau, of = halting_times(new, lam), accumulated_gap(new, told, lam)
            accuracy[k] += told[np.arange(20000), tau].mean() / 2
            gap[k] += of.gap[-1] / 2
            worst[k] += np.nanmax(of.gap[of.halted >= 50]) / 2
            used[k] += (tau + 1).mean() / 40
    np.testing.assert_allclose(accuracy, [0.872, 0.889], atol=0.012)
    np.testing.assert_allclose(gap, [0.083, 0.073], atol=0.01)
    np.testing.assert_allclose(worst, [0.208, 0.073], atol=0.03)
    np.testing.assert_allclose(used, [0.505, 0.605], atol=0.03)


def test_accumulated_gap_is_its_definition():
    scores, right = sequences(7, 300)
    lam = np.full(20, 0.7)
    found, tau = accumulated_gap(scores, right, lam), halting_times(scores, lam)
    lost = right[:, -1] & ~right[np.arange(300), tau]
    for t in range(20):
        assert found.halted[t] == (tau <= t).sum()
        if found.halted[t]:
            assert found.gap[t] == lost[tau <= t].mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(accumulated_gap(scores, right, np.full(20, np.inf)).gap[0])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: early_stopping_sets(np.ones((2, 3, 4)), [0, 1, 2], np.ones((3, 4))), "logits has shape"),
    (lambda: early_stopping_sets(np.ones((2, 3, 4)), [0, 1, 2], np.ones((2, 5))), "held has shape"),
    (lambda: early_stopping_sets(np.full((2, 3, 4), np.nan), [0, 1, 2], np.ones((2, 4))), "held has a NaN"),
    (lambda: early_stopping_interval(np.ones((2, 3)), [1.0], [1.0, 2.0]), "targets"),
    (lambda: early_stopping_interval(np.ones((2, 3)), [1.0, 2, 3], [1.0, np.inf]), "predictions has an infinite"),
    (lambda: lower_envelope([1.0, 2.0], [1.0]), "losses has shape"),
    (lambda: early_stopping_p_value(np.ones((2, 3)), np.ones((2, 4)), np.ones(2), np.ones(2)), "held_losses"),
    (lambda: early_stopping_p_value(np.ones((2, 3)), np.ones((2, 3)), np.ones(2), np.ones((2, 4))), "the same"),
    (lambda: halting_thresholds([[0.1, 0.2]], [[1, 2]]), "right has an entry"),
    (lambda: halting_thresholds([[0.1, 0.2]], [[1, 0]]), "at least 2 rows"),
    (lambda: halting_thresholds([[0.1, np.nan]], [[1, 0]]), "scores have a NaN"),
    (lambda: halting_times([[0.1, 0.2]], [0.5]), "thresholds have shape"),
    (lambda: halting_thresholds([[0.1, 0.2]] * 2, [[1, 0]] * 2, grid=[]), "grid has shape"),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Where losses of pairs end, against SciPy and closed forms, and the way there."""
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from toolkit.preferences import bradley_terry, kernels, population_optimum, preference_descent

BEST, REFERENCE = np.array([0.6, 0.3, 0.1]), np.array([0.4, 0.4, 0.2])
REWARDS = np.array([2.0, 0.0, -1.0])


def expected(loss, strength, wrong):
    """The loss of a margin, as a function of it, by NumPy."""
    odds = np.log((1 - wrong) / wrong)

    def of(h):
        if loss == "ipo":
            return (h - 0.5 / strength)**2
        if loss == "exo":
            q = expit(strength * h)
            return (q * (np.log(q) - np.log(1 - wrong)) + (1 - q) * (np.log1p(-q) - np.log(wrong)) if odds
                    else q * np.log(q) + (1 - q) * np.log1p(-q))
        s = h if loss == "expo" else strength * h
        plain = np.logaddexp(0, -s)
        return (1 - wrong) * plain + wrong * np.logaddexp(0, s) if loss == "smoothed" else plain

    return of


def by_scipy(preferences, reference, loss, strength, wrong):
    """The policy of least expected loss, by another program."""
    n, of, start = len(reference), expected(loss, strength, wrong), np.log(reference)

    def total(z):
        ratio = z if loss == "expo" else z - start
        found = sum(preferences[i, j] * of(ratio[i] - ratio[j]) for i in range(n) for j in range(n) if i != j)
        found *= 2 / (n * (n - 1))
        if loss == "expo":
            found += strength * np.sum(reference * (start - log_softmax(z)))
        return found

    best = minimize(total, start, method="BFGS", options={"gtol": 1e-11, "maxiter": 5000}).x
    best = minimize(total, best, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-16, "maxiter": 4000}).x
    return np.exp(log_softmax(best))


@pytest.mark.parametrize("loss", ["dpo", "ipo", "exo", "expo", "smoothed"])
@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_population_optimum_against_scipy(loss, strength):
    rng = np.random.default_rng(1)
    for n in (2, 4):
        liked = rng.uniform(0.1, 0.9, (n, n))
        liked = np.triu(liked, 1) + np.tril(1 - liked.T, -1) + np.eye(n) / 2
        reference = rng.dirichlet(np.ones(n) * 3)
        found = population_optimum(liked, reference, loss=loss, strength=strength, wrong=0.1)
        assert np.allclose(found, by_scipy(liked, reference, loss, strength, 0.1), atol=2e-6)
        z, grad, logs = np.log(found), np.empty(n), np.empty(n)
        kernels.population_gradient(("dpo", "ipo", "exo", "expo", "srpo", "smoothed").index(loss), z,
                                    np.log(reference), liked, strength, 0.1, logs, grad, np.empty((n, n)))
        assert abs(grad).max() < 1e-10


def test_closed_forms():
    """DPO is ``reference p^(1 / beta)``, and Pre-DPO that with twice the exponent; IPO's has mean preferences."""
    liked = bradley_terry(BEST)
    for beta in (0.05, 0.1, 0.5, 1.0, 10.0):
        for loss, exponent in (("dpo", 1 / beta), ("pre_dpo", 2 / beta)):
            logs = np.log(REFERENCE) + exponent * np.log(BEST)
            found = population_optimum(liked, REFERENCE, loss=loss, strength=beta)
            assert np.allclose(found, np.exp(log_softmax(logs)), atol=1e-9), (loss, beta)
        logs = np.log(REFERENCE) + (liked.mean(axis=1)) / beta  # the mean preference, the answer itself included
        assert np.allclose(population_optimum(liked, REFERENCE, loss="ipo", strength=beta), np.exp(log_softmax(logs)),
                           atol=1e-9)
    uniform = np.full(3, 1 / 3)
    assert np.allclose(population_optimum(liked, uniform, loss="dpo", strength=1.0), BEST, atol=1e-9)


@pytest.mark.parametrize("strength, dpo, ipo, expo", [
    (0.01, (1, 0, 0), (1, 0, 0), (0.592, 0.305, 0.103)),
    (0.1, (0.999, 0.001, 0), (0.805, 0.186, 0.009), (0.544, 0.337, 0.119)),
    (1.0, (0.632, 0.316, 0.053), (0.453, 0.391, 0.155), (0.444, 0.387, 0.169)),
    (10.0, (0.425, 0.397, 0.178), (0.405, 0.400, 0.195), (0.406, 0.399, 0.196))])
def test_published_toy(strength, dpo, ipo, expo):
    """The population version of it; there the losses of a pair's two orders are averaged, not added: half a weight."""
    liked = bradley_terry(BEST)
    for loss, right, factor in (("dpo", dpo, 1), ("ipo", ipo, 1), ("expo", expo, 2)):
        found = population_optimum(liked, REFERENCE, loss=loss, strength=factor * strength)
        assert np.allclose(found, right, atol=6e-4), loss


@pytest.mark.parametrize("strength, dpo, ipo", [
    (0.1, (0.9995, 0.0005, 0), (0.894, 0.103, 0.003)), (1.0, (0.783, 0.196, 0.022), (0.647, 0.279, 0.074)),
    (10.0, (0.623, 0.291, 0.087), (0.605, 0.298, 0.097))])
def test_a_perfect_reference_stays_only_with_expo(strength, dpo, ipo):
    liked = bradley_terry(BEST)
    for loss, right in (("dpo", dpo), ("ipo", ipo), ("expo", BEST)):
        found = population_optimum(liked, BEST, loss=loss, strength=strength)
        assert np.allclose(found, right, atol=1e-9 if loss == "expo" else 6e-4), loss


def test_srpo_is_where_all_residuals_are_zero():
    """With its reviser ``reference e^{(P - V) / beta}``; so it does not matter which pairs were sampled how often."""
    beta, reference = 0.2, np.full(3, 1 / 3)
    liked = bradley_terry(np.exp(REWARDS))
    policy = population_optimum(liked, reference, loss="srpo", strength=beta)
    assert np.allclose(policy, (0.8019, 0.1252, 0.0729), atol=5e-5)
    revised = reference[:, None] * np.exp(liked / beta)
    revised /= revised.sum(axis=0)
    of, by = np.log(policy / reference), np.log(revised / reference[:, None])
    for w in range(3):
        for l in range(3):
            if w != l:
                left = kernels.srpo_residuals(of[w], of[l], (by[w, l], by[l, w], by[l, l], by[w, w]), beta,
                                              liked[w, l] - 0.5)
                assert np.allclose(left, 0, atol=1e-14)


@pytest.mark.parametrize("often, right", [(None, (0.7849, 0.1525, 0.0626)), (0, (0.7953, 0.1283, 0.0764)),
                                          (2, (0.7258, 0.2045, 0.0697))])
def test_ipo_depends_on_who_was_sampled(often, right):
    """By least squares, with arm `often` drawn in 80 % of the pairs' places."""
    liked, mu = bradley_terry(np.exp(REWARDS)), np.full(3, 1 / 3)
    if often is not None:
        mu = np.full(3, 0.1)
        mu[often] = 0.8
    rows, goals = [], []
    for i in range(3):
        for j in range(3):
            if i != j:
                weight = np.sqrt(mu[i] * mu[j])
                rows.append(weight * (np.eye(3)[i] - np.eye(3)[j]))
                goals.append(weight * (liked[i, j] - 0.5) / 0.2)
    h = np.linalg.lstsq(np.array(rows), np.array(goals), rcond=None)[0]
    assert np.allclose(np.exp(log_softmax(h)), right, atol=5e-5)
    if often is None:
        assert np.allclose(population_optimum(liked, mu, loss="ipo", strength=0.2), right, atol=5e-5)


def test_preference_descent_is_gradient_descent():
    """Of two answers, by NumPy; and the shares that DPO and IPO reach."""
    certain = np.array([[0.5, 1.0], [0.0, 0.5]])
    dpo = preference_descent(certain, [1, 1], 100000, loss="dpo", strength=1.0)[[100, 1000, 10000, 100000], 0]
    assert np.allclose(dpo, (0.948, 0.9949, 0.9995, 0.99995), atol=5e-4)
    assert np.isclose(preference_descent(certain, [1, 1], 1000, loss="ipo", strength=1.0)[-1, 0], expit(0.5))
    assert np.isclose(population_optimum(certain, [1, 1], loss="ipo", strength=1.0)[0], 0.6224593312, atol=1e-10)
    assert np.isclose(population_optimum(certain, [1, 1], loss="ipo", strength=0.1)[0], 0.9933071491, atol=1e-10)
    z = np.zeros(2)
    for _ in range(50):
        z -= 0.1 * -expit(z[1] - z[0]) * np.array([1, -1])
    assert np.allclose(preference_descent(certain, [1, 1], 50, strength=1.0)[-1], np.exp(log_softmax(z)))


@pytest.mark.parametrize("labels, ends", [
    ("certain", {"dpo": (0.303, 0.904, 0.9994), "smoothed": (0.253, 0.771, 0.865), "ipo": (0.238, 0.238, 0.238),
                 "exo": (0.316, 0.827, 0.940), "expo": (0.414, 0.449, 0.449)}),
    ("flipped", {"dpo": (None, None, 0.865), "ipo": (None, None, 0.204), "exo": (None, None, 0.828),
                 "expo": (None, None, 0.392)})])
def test_four_answers_over_time(labels, ends):
    """Halved weights again: half the rate, twice the anchor."""
    rewards = np.array([2.0, 1.0, 0.0, -1.0])
    liked = np.where(rewards[:, None] > rewards, 1.0, 0.0)
    if labels == "flipped":
        liked = np.where(liked > 0, 0.9, 0.1)
    for loss, right in ends.items():
        strength = 0.4 if loss == "expo" else 0.5
        path = preference_descent(liked, [0.1, 0.2, 0.3, 0.4], 20000, loss=loss, strength=strength, wrong=0.1,
                                  learning_rate=0.1)[[99, 999, 19999], 0]
        for found, known in zip(path, right, strict=True):
            assert known is None or abs(found - known) < 6e-4 + (labels == "flipped" and loss == "expo") * 1e-3, loss


def test_bradley_terry():
    found = bradley_terry([3.0, 2.0, 1.0])
    assert np.allclose(found + found.T, 1) and np.isclose(found[0, 2], 0.75) and np.isclose(found[1, 2], 2 / 3)
    assert np.allclose(bradley_terry(np.exp(REWARDS)), expit(REWARDS[:, None] - REWARDS))
    for wrong in ([1.0], [1.0, 0.0], [[1.0, 2.0]], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="p is not a row"):
            bradley_terry(wrong)


def test_certain_preferences_have_no_optimum_under_dpo():
    certain = np.triu(np.ones((3, 3)), 1) + np.eye(3) / 2
    found = {loss: population_optimum(certain, [1, 1, 1], loss=loss, strength=0.5, wrong=0.1)
             for loss in ("dpo", "smoothed", "ipo", "exo", "expo", "srpo")}
    assert found.pop("dpo")[1] < 1e-10
    assert all((p > 1e-4).all() and np.isclose(p.sum(), 1) for p in found.values())
